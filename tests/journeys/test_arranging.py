"""Bringing a board into order: groups, packing, lining up, seen by another at once and taken back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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

ITEMS = """query ($id: ID!) { board(id: $id) { items(first: 100) { nodes {
    id kind parentId opacity brightness transform { x y scale } width height } } } }"""


def items_of(script: Script, page: Page) -> list[dict[str, Any]]:
    board_id = page.url.rsplit("/", 1)[1]
    nodes: list[dict[str, Any]] = script.ask(ITEMS, id=board_id)["board"]["items"]["nodes"]
    return sorted(nodes, key=lambda item: str(item["id"]))


def settled(*pages: Page) -> None:
    for page in pages:
        expect(canvas(page)).to_have_attribute("data-pending", "0")


def outline(page: Page) -> list[str]:
    """What the list of items says, from back to front."""
    rows = page.get_by_role("tree", name="Items on this board").get_by_role("treeitem")
    said: list[str] = rows.evaluate_all("rows => rows.map(row => row.getAttribute('aria-label'))")
    return said


def lefts(items: list[dict[str, Any]]) -> list[float]:
    """Of upright items."""
    return [
        item["transform"]["x"] - item["width"] * item["transform"]["scale"] / 2
        for item in items
        if item["kind"] != "GROUP"
    ]


def test_one_groups_packs_and_aligns_another_sees_it_and_all_is_taken_back(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana, "Order")
    drop(ana, pictures(6))
    all_sharp(ana, 6)
    script = befriend(server, ana)
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    all_sharp(ben, 6)
    states = [items_of(script, ana)]

    def does(keys: str) -> list[dict[str, Any]]:
        ana.keyboard.press(keys)
        settled(ana)
        states.append(items_of(script, ana))
        assert states[-1] != states[-2]
        return states[-1]

    # Two become a group, which is one thing from now on.
    listing = ana.get_by_role("tree", name="Items on this board")
    listing.focus()
    ana.keyboard.press("Home")
    ana.keyboard.press("Shift+ArrowDown")
    canvas(ana).focus()
    expect(canvas(ana)).to_have_attribute("data-selected", "2")
    grouped = does("Control+g")
    [group] = [item["id"] for item in grouped if item["kind"] == "GROUP"]
    assert [item["parentId"] for item in grouped].count(group) == 2
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    expect(canvas(ben)).to_have_attribute("data-items", "7")
    expect(ben.get_by_role("treeitem", name=re.compile("in Group"))).to_have_count(2)

    # Everything is packed, then lined up; the group stays in one piece.
    before = seen(ben)
    ana.keyboard.press("Escape")
    ana.keyboard.press("Control+a")
    expect(canvas(ana)).to_have_attribute("data-selected", "5")
    does("Shift+O")
    until_changed(ben, before)
    aligned = does("Control+ArrowLeft")
    alone = [item for item in aligned if item["parentId"] is None]
    members = [item for item in aligned if item["parentId"] == group]
    assert max(lefts(alone)) - min(lefts(alone)) < 1e-3
    assert abs(min(lefts(members)) - min(lefts(alone))) < 1e-3
    picture_taker(ana, "arranged")

    # What Ana did is taken back one by one, at Ben's, too.
    for state in reversed(states[:-1]):
        ana.keyboard.press("Control+z")
        settled(ana)
        expect(canvas(ana)).to_have_attribute("data-items", str(len(state)))
        assert items_of(script, ana) == state
    expect(canvas(ben)).to_have_attribute("data-items", "6")
    assert outline(ben) == outline(ana)


def test_a_slider_is_one_change_and_a_group_is_gone_into(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page()
    sign_up(ana)
    new_board(ana, "Looks")
    drop(ana, pictures(3))
    all_sharp(ana, 3)
    script = Script(server)
    script.sign_in()
    ana.keyboard.press("Control+a")
    ana.keyboard.press("Control+g")
    settled(ana)
    board = ana.url.rsplit("/", 1)[1]
    seq = "query ($id: ID!) { board(id: $id) { seq } }"
    began = script.ask(seq, id=board)["board"]["seq"]

    # A slider shows what it does while it is held; letting it go is one change for all three.
    ana.get_by_role("button", name=re.compile("^Looks")).click()
    slider = ana.get_by_role("slider", name="Brightness")
    box = slider.bounding_box()
    assert box is not None
    before = seen(ana)
    ana.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    ana.mouse.down()
    ana.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=8)
    until_changed(ana, before)
    assert script.ask(seq, id=board)["board"]["seq"] == began
    ana.mouse.up()
    settled(ana)
    assert script.ask(seq, id=board)["board"]["seq"] == began + 1
    assert [item["brightness"] > 1.5 for item in items_of(script, ana) if item["kind"] == "IMAGE"] == [
        True
    ] * 3
    picture_taker(ana, "looks")

    # So does a key that is held.
    slider.focus()
    for _ in range(5):
        ana.keyboard.down("ArrowLeft")
    assert script.ask(seq, id=board)["board"]["seq"] == began + 1
    ana.keyboard.up("ArrowLeft")
    settled(ana)
    assert script.ask(seq, id=board)["board"]["seq"] == began + 2
    ana.keyboard.press("Escape")

    # A double click goes in, Esc comes out.
    group = ana.get_by_role("toolbar", name="Selection").get_by_text("Group", exact=True)
    expect(group).to_be_visible()
    ana.mouse.dblclick(640, 420)
    expect(group).to_be_hidden()
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    ana.keyboard.press("Escape")
    expect(group).to_be_visible()
    ana.keyboard.press("Delete")
    expect(canvas(ana)).to_have_attribute("data-items", "0")
