"""Being on a board together: two people in two browsers see each other's hands, and one follows the other."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import (
    all_sharp,
    befriend,
    canvas,
    drop,
    new_board,
    pictures,
    seen,
    sign_in,
    sign_up,
    until_changed,
)
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]


def faces(page: Page) -> Locator:
    return page.get_by_role("group", name="Also here").get_by_role("button")


def cursor(page: Page) -> Locator:
    return page.get_by_test_id("cursor")


def place_of(element: Locator) -> tuple[float, float]:
    box = element.locator("svg").bounding_box()
    assert box is not None
    return box["x"], box["y"]


def until_near(element: Locator, place: tuple[float, float]) -> None:
    for _ in range(100):
        x, y = place_of(element)
        if abs(x - place[0]) < 4 and abs(y - place[1]) < 4:
            return
        element.page.wait_for_timeout(50)
    raise AssertionError(f"the cursor is at {place_of(element)}, not at {place}")


def zoom_of(page: Page) -> float:
    return float(canvas(page).get_attribute("data-zoom") or 0)


def until_zoom(page: Page, zoom: float) -> None:
    expect(canvas(page)).to_have_attribute("data-zoom", f"{zoom:.4f}")


def test_two_people_see_each_other_and_one_follows(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(4))
    all_sharp(ana, 4)
    expect(faces(ana)).to_have_count(0)
    befriend(server, ana, role="Viewer")
    sign_in(ben, "ben@example.org")
    ben.get_by_role("link", name=re.compile("Mood")).first.click()
    all_sharp(ben, 4)
    for page in (ana, ben):
        page.get_by_role("button", name="Show everything").click()
    until_zoom(ben, zoom_of(ana))

    # Ben only looks, and Ana sees where: his hand arrives where it is on the board.
    expect(faces(ana)).to_have_count(1)
    expect(faces(ben)).to_have_count(1)
    ben.mouse.move(500, 300, steps=5)
    ben.mouse.move(700, 500, steps=10)
    expect(cursor(ana)).to_contain_text("Ben")
    until_near(cursor(ana), (700, 500))
    ana.mouse.move(200, 700, steps=3)
    expect(cursor(ben)).to_contain_text("Ana")

    # What Ana selects is outlined for Ben.
    before = seen(ben)
    ana.keyboard.press("Control+a")
    until_changed(ben, before)
    picture_taker(ana, "presence-cursor")
    picture_taker(ben, "presence-selection")
    ana.keyboard.press("Escape")

    # Ben follows Ana: his view is hers, until he takes it back.
    faces(ben).first.click()
    expect(ben.get_by_test_id("following")).to_have_text("Following Ana — Esc to stop")
    farther = canvas(ana).get_attribute("data-zoom") or ""
    ana.mouse.move(300, 300)
    ana.mouse.wheel(0, -400)
    expect(canvas(ana)).not_to_have_attribute("data-zoom", farther)
    until_zoom(ben, zoom_of(ana))
    ana.mouse.wheel(0, -200)
    until_zoom(ben, zoom_of(ana))
    until_near(cursor(ben), (300, 300))
    picture_taker(ben, "presence-following")
    expect(faces(ana).first).to_be_visible()
    faces(ana).first.click()  # whom one leads cannot lead back
    expect(ana.get_by_text("Ben is following you.")).to_be_visible()
    expect(ana.get_by_test_id("following")).to_have_count(0)

    ben.keyboard.press("Escape")
    expect(ben.get_by_test_id("following")).to_have_count(0)
    stays = zoom_of(ben)
    ana.mouse.move(300, 300)
    ana.mouse.wheel(0, 300)
    faces(ben).first.click()
    until_zoom(ben, zoom_of(ana))
    assert zoom_of(ben) != stays
    ben.mouse.move(640, 400)
    ben.mouse.wheel(0, -100)  # a hand of one's own on the view ends it too
    expect(ben.get_by_test_id("following")).to_have_count(0)

    # Gone is gone.
    ben.context.close()
    expect(faces(ana)).to_have_count(0)
    expect(cursor(ana)).to_have_count(0)


def test_a_server_killed_while_one_drags_and_the_other_draws_loses_neither_and_brings_both_together_again(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(2))
    all_sharp(ana, 2)
    script = befriend(server, ana, role="Editor")
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    all_sharp(ben, 2)
    for page in (ana, ben):
        page.get_by_role("button", name="Show everything").click()
    until_zoom(ben, zoom_of(ana))
    board_id = url.rsplit("/", 1)[1]
    before = {item["id"]: item["x"] for item in script.items_on(board_id)}
    told = len(changes_of(script, board_id))

    # Ana drags: Ben sees it under way, with her name at it. Ben draws meanwhile.
    still = seen(ben)
    ana.mouse.move(640, 240)
    ana.mouse.down()
    ana.mouse.move(760, 240, steps=5)
    until_changed(ben, still)
    canvas(ben).focus()
    ben.keyboard.press("p")
    ben.mouse.move(200, 500)
    ben.mouse.down()
    ben.mouse.move(300, 620, steps=6)
    picture_taker(ana, "together-dragging")
    picture_taker(ben, "together-drawing")

    server.kill()
    ana.mouse.move(900, 240, steps=5)
    ben.mouse.move(400, 520, steps=6)
    for page in (ana, ben):
        page.mouse.up()
        expect(canvas(page)).to_have_attribute("data-pending", "1")
        expect(page.get_by_text("1 change waits here", exact=False)).to_be_visible()
    expect(canvas(ben)).to_have_attribute("data-items", "3")
    expect(faces(ana)).to_have_count(0)  # who is there is not known any more
    expect(cursor(ana)).to_have_count(0)
    picture_taker(ben, "together-apart")

    server.start()
    for page in (ana, ben):
        all_sharp(page, 3)
        expect(faces(page)).to_have_count(1)
    after = {item["id"]: item["x"] for item in script.items_on(board_id)}
    moved = [item for item, x in before.items() if after[item] != x]
    assert len(moved) == 1
    assert len(after) == 3
    changes = changes_of(script, board_id)[told:]
    assert sorted(one["operation"]["__typename"] for one in changes) == ["AddItems", "TransformItems"]
    assert len({one["clientMutationId"] for one in changes}) == 2
    ben.mouse.move(500, 400, steps=6)
    expect(cursor(ana)).to_contain_text("Ben")
    until_near(cursor(ana), (500, 400))
    picture_taker(ana, "together-again")


def changes_of(script: Script, board_id: str) -> list[dict[str, Any]]:
    asked = """query ($id: ID!) { board(id: $id) { changes(first: 100) {
                 nodes { clientMutationId operation { __typename } } } } }"""
    found: list[dict[str, Any]] = script.ask(asked, id=board_id)["board"]["changes"]["nodes"]
    return found


def test_ones_own_other_tab_is_told_apart(server: RunningServer, open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    other = ana.context.new_page()
    other.goto(url)
    expect(canvas(other)).to_have_attribute("data-ready", "true")
    expect(faces(other)).to_have_count(1)
    other.mouse.move(400, 400, steps=4)
    expect(cursor(ana)).to_have_text("You, another tab")
    expect(faces(ana).first).to_have_attribute("title", "You, another tab: click to follow")
    other.close()
    expect(faces(ana)).to_have_count(0)
