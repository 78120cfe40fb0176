"""The main job, end to end, as a person does it: sign up, drop pictures, move one, and a friend sees it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import (
    all_sharp,
    befriend,
    canvas,
    drag,
    drop,
    new_board,
    pictures,
    seen,
    sign_in,
    sign_up,
    until_changed,
)
from tests.pictures import hostile, photo
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]
CENTRE = (640, 420)


def board_id_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_pictures_dropped_by_one_are_seen_moved_and_kept_by_all(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    expect(ana.get_by_text("Drop pictures here")).to_be_visible()
    drop(ana, pictures(1))
    all_sharp(ana, 1)

    script = befriend(server, ana)
    sign_in(ben, "ben@example.org")
    ben.get_by_role("link", name=re.compile("Mood")).first.click()
    all_sharp(ben, 1)
    [before] = script.items_on(board_id_of(url))

    ben_saw = seen(ben)
    ana.mouse.move(*CENTRE)
    ana.mouse.down()
    ana.mouse.move(CENTRE[0] + 60, CENTRE[1] + 40, steps=8)
    until_changed(ben, ben_saw)  # the drag itself, live
    assert script.items_on(board_id_of(url)) == [before], "a drag in progress must not be in the rows"
    ana.mouse.move(CENTRE[0] + 120, CENTRE[1] + 80, steps=8)
    ana.mouse.up()
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    [after] = script.items_on(board_id_of(url))
    assert after["x"] > before["x"]
    assert after["y"] > before["y"]

    moved = seen(ana)
    ana.keyboard.press("Control+z")
    until_changed(ana, moved)
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    [undone] = script.items_on(board_id_of(url))
    assert (undone["x"], undone["y"]) == (before["x"], before["y"])
    ana.keyboard.press("Control+Shift+z")
    expect(canvas(ana)).to_have_attribute("data-pending", "0")

    for page in (ana, ben):
        page.reload()
        all_sharp(page, 1)
    [kept] = script.items_on(board_id_of(url))
    assert (kept["x"], kept["y"]) == (after["x"], after["y"])


def test_a_folder_of_pictures_becomes_a_board_to_work_on(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana, "Forest moods")
    drop(ana, pictures(24))
    expect(canvas(ana)).to_have_attribute("data-drawn", "24")  # placeholders, before the uploads have ended
    expect(ana.get_by_text(re.compile(r"Adding files: \d+ of 24"))).to_be_visible()
    all_sharp(ana, 24)

    canvas(ana).focus()
    ana.keyboard.press("Shift+1")
    ana.keyboard.press("Control+a")
    expect(canvas(ana)).to_have_attribute("data-selected", "24")
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-selected", "0")
    drag(ana, (60, 130), (640, 400))  # a rubber band from empty canvas
    banded = int(canvas(ana).get_attribute("data-selected") or 0)
    assert 0 < banded < 24

    ana.keyboard.press("Delete")
    expect(canvas(ana)).to_have_attribute("data-items", str(24 - banded))
    ana.keyboard.press("Control+z")
    expect(canvas(ana)).to_have_attribute("data-items", "24")
    ana.keyboard.press("n")
    ana.keyboard.type("# Light\n\nWarm, low, from the left.")
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-items", "25")
    drag(ana, CENTRE, (CENTRE[0] + 330, CENTRE[1] + 250))  # to where it hides nothing
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    expect(ana.get_by_test_id("upload-panel")).to_be_hidden()
    picture_taker(ana, "board")

    ana.goto("/")
    expect(ana.get_by_text("Forest moods")).to_be_visible()
    ana.goto(url)
    expect(canvas(ana)).to_have_attribute("data-items", "25")


def test_what_is_no_picture_is_refused_in_words_and_the_rest_arrives(open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    new_board(ana)
    content, _ = hostile()["html.jpg"]
    drop(ana, [*pictures(2), ("page.jpg", content)])
    expect(ana.get_by_text("2 of 3 added")).to_be_visible()
    panel = ana.get_by_test_id("upload-panel")
    expect(panel).to_contain_text("page.jpg")
    expect(panel.get_by_role("button", name="Try again")).to_be_hidden()
    panel.get_by_role("button", name="Leave them out").click()
    all_sharp(ana, 2)


def test_work_goes_on_while_the_server_is_away_and_arrives_when_it_is_back(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    script = befriend(server, ana)
    [before] = script.items_on(board_id_of(url))

    server.kill()
    drag(ana, CENTRE, (CENTRE[0] + 100, CENTRE[1]))
    expect(ana.get_by_text("The server cannot be reached", exact=False)).to_be_visible(timeout=20_000)
    server.start()
    expect(canvas(ana)).to_have_attribute("data-pending", "0", timeout=40_000)

    [after] = script.items_on(board_id_of(url))
    assert after["x"] > before["x"]


def test_a_viewer_looks_and_cannot_change(server: RunningServer, open_page: OpenPage) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    script = befriend(server, ana, role="Viewer")
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    all_sharp(ben, 1)
    [before] = script.items_on(board_id_of(url))

    drag(ben, CENTRE, (CENTRE[0] + 100, CENTRE[1]))
    ben.keyboard.press("Delete")
    drop(ben, pictures(1))
    ben.wait_for_timeout(500)

    assert script.items_on(board_id_of(url)) == [before]
    expect(canvas(ben)).to_have_attribute("data-items", "1")


def test_access_that_is_taken_away_closes_the_board(server: RunningServer, open_page: OpenPage) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    befriend(server, ana)
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    expect(canvas(ben)).to_have_attribute("data-ready", "true")

    ana.get_by_role("button", name="People").click()
    ana.get_by_role("button", name="Remove Ben").click()

    expect(ben.get_by_text("This board is not here")).to_be_visible()


def test_signing_in_leads_back_to_where_one_was(open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    ana.context.clear_cookies()
    ana.goto(url)
    ana.get_by_label("E-mail").fill("ana@example.org")
    ana.get_by_label("Password", exact=True).fill("not the password")
    ana.get_by_role("button", name=re.compile("sign in", re.I)).click()
    expect(ana.get_by_role("alert")).to_be_visible()
    sign_in(ana, at=None)
    expect(ana).to_have_url(url)


def test_a_file_can_be_picked_as_well_as_dropped(open_page: OpenPage, tmp_path: Path) -> None:
    ana = open_page(820, 1180)
    sign_up(ana)
    new_board(ana)
    path = tmp_path / "lake.jpg"
    path.write_bytes(photo(400, 300, seed=3))
    with ana.expect_file_chooser() as chooser:
        ana.get_by_role("button", name="Choose pictures…").click()
    chooser.value.set_files(path)
    all_sharp(ana, 1)


def test_a_token_from_the_settings_is_a_key_for_scripts(server: RunningServer, open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    ana.goto("/settings/tokens")
    ana.get_by_role("button", name=re.compile("new.*token", re.I)).first.click()
    ana.get_by_label("Name").fill("Nightly import")
    ana.get_by_label("May").select_option(index=1)
    ana.get_by_role("button", name=re.compile("create|make", re.I)).last.click()
    secret = ana.get_by_label("Token", exact=True).input_value()
    script = Script(server)
    script.http.headers["Authorization"] = f"Bearer {secret}"
    assert script.create_board("From a script")
    ana.goto("/")
    expect(ana.get_by_text("From a script")).to_be_visible()


def test_any_picture_can_be_the_cover_of_its_board(server: RunningServer, open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    board_id = board_id_of(new_board(ana))
    drop(ana, pictures(1))
    all_sharp(ana, 1)  # the earliest on the board is its cover: it is to be this one
    drop(ana, [("other.jpg", photo(640, 480, seed=9))], 640, 700)
    all_sharp(ana, 2)
    script = Script(server).sign_in()
    cover = "query ($id: ID!) { board(id: $id) { cover { name } } }"
    assert script.ask(cover, id=board_id)["board"]["cover"]["name"] == "landscape-0.jpg"

    canvas(ana).focus()
    ana.keyboard.press("Shift+1")
    ana.get_by_role("tree", name="Items on this board").focus()
    ana.keyboard.press("End")
    ana.keyboard.press("Shift+2")
    ana.mouse.click(*CENTRE, button="right")
    ana.get_by_role("menuitem", name="Use as the board's cover").click()

    expect(ana.get_by_text("This picture is the cover of the board now.")).to_be_visible()
    assert script.ask(cover, id=board_id)["board"]["cover"]["name"] == "other.jpg"
