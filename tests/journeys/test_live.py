"""What goes wrong around an open page: a server that dies, a lost database, an ended session; and fingers."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import (
    all_sharp,
    befriend,
    canvas,
    drop,
    new_board,
    pictures,
    sign_in,
    sign_up,
)
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
CENTRE = (640, 420)


@contextmanager
def database_away(server: RunningServer) -> Iterator[None]:
    """PostgreSQL stands still, as on a machine that ran out of breath."""
    [pid_file] = server.data.rglob("postmaster.pid")
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            if process.is_running():
                process.resume()


def test_a_server_killed_in_the_middle_of_a_drag_and_of_a_batch_loses_nothing(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    board_id = new_board(ana).rsplit("/", 1)[1]
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    script = Script(server)
    script.sign_in()
    [before] = script.items_on(board_id)

    ana.mouse.move(*CENTRE)
    ana.mouse.down()
    ana.mouse.move(CENTRE[0] + 60, CENTRE[1], steps=4)
    server.kill()
    ana.mouse.move(CENTRE[0] + 120, CENTRE[1], steps=4)
    ana.mouse.up()
    expect(ana.get_by_text("1 change waits here and will be sent by itself")).to_be_visible()
    server.start()
    expect(canvas(ana)).to_have_attribute("data-pending", "0", timeout=30_000)
    [after] = script.items_on(board_id)
    assert after["x"] > before["x"] + 60

    drop(ana, pictures(20)[1:])
    expect(ana.get_by_text(re.compile(r"Adding files: \d+ of 19"))).to_be_visible()
    server.kill()
    expect(ana.get_by_text("The server cannot be reached", exact=False)).to_be_visible()
    server.start()
    all_sharp(ana, 20)
    images = [item["image"]["id"] for item in script.items_on(board_id)]
    assert len(set(images)) == len(images) == 20


def test_a_database_that_is_away_is_said_and_comes_back_by_itself(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    other = ana.context.new_page()
    with database_away(server):
        canvas(ana).focus()
        ana.keyboard.press("Control+a")
        ana.keyboard.press("ArrowRight")
        other.goto("/")
        expect(ana.get_by_text("1 change waits here", exact=False)).to_be_visible(timeout=40_000)
        expect(other.get_by_text("database does not answer", exact=False)).to_be_visible(timeout=40_000)
    expect(canvas(ana)).to_have_attribute("data-pending", "0", timeout=40_000)
    expect(other.get_by_role("heading", name="Boards")).to_be_visible(timeout=40_000)


def test_a_session_ended_elsewhere_leads_to_signing_in_again(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    script = Script(server)
    script.sign_in()
    sessions = script.ask("{ viewer { sessions { id isCurrent } } }")["viewer"]["sessions"]
    script.ask(
        "mutation ($input: RevokeSessionsInput!) { revokeSessions(input: $input) { __typename } }",
        input={"ids": [session["id"] for session in sessions if not session["isCurrent"]]},
    )
    expect(ana.get_by_text("session has ended", exact=False).first).to_be_visible(timeout=30_000)
    sign_in(ana, at=None)
    expect(ana).to_have_url(url)
    expect(canvas(ana)).to_have_attribute("data-ready", "true")


def test_a_commenter_is_shown_no_tools_that_would_be_refused(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    befriend(server, ana, role="Commenter")
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    all_sharp(ben, 1)
    ben.mouse.click(*CENTRE)
    expect(canvas(ben)).to_have_attribute("data-selected", "1")
    for name in ("New note (N)", "Undo", "Lock (L)", "Flip left to right (H)"):
        expect(ben.get_by_role("button", name=name)).to_have_count(0)
    ben.mouse.click(*CENTRE, button="right")
    expect(ben.get_by_role("menuitem", name="Focus")).to_be_visible()
    expect(ben.get_by_role("menuitem", name="Delete")).to_have_count(0)


def test_fingers_pan_pinch_and_open_the_menu(open_page: OpenPage) -> None:
    ana = open_page(820, 1180)
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(1), 410, 590)
    all_sharp(ana, 1)
    hand = ana.context.new_cdp_session(ana)
    hand.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    before = float(canvas(ana).get_attribute("data-zoom") or 0)
    touch("Start", (370, 590), (450, 590))
    for step in range(1, 11):
        touch("Move", (370 - 5 * step, 590), (450 + 5 * step, 590))
    touch("End")
    expect(canvas(ana)).not_to_have_attribute("data-zoom", f"{before:.4f}")
    assert float(canvas(ana).get_attribute("data-zoom") or 0) > before * 1.5

    touch("Start", (410, 590))
    menu = ana.get_by_role("menuitem", name="Duplicate")
    expect(menu).to_be_visible()
    touch("End")
    ana.wait_for_timeout(300)
    expect(menu).to_be_visible()  # the finger that opened it may be lifted
    menu.click()
    expect(canvas(ana)).to_have_attribute("data-items", "2")

    ana.keyboard.press("Escape")
    ana.keyboard.press("Shift+1")  # so that there is nothing under the finger
    touch("Start", (60, 1000))
    for step in range(1, 41):
        touch("Move", (60 + 18 * step, 1000))
    touch("End")
    expect(canvas(ana)).to_have_attribute("data-selected", "0")
    ana.get_by_role("button", name="More").click()
    expect(ana.get_by_role("menu", name="Board")).to_be_visible()
    ana.mouse.click(60, 1000)
    expect(ana.get_by_role("menu", name="Board")).to_be_hidden()


def test_pictures_that_nobody_works_on_say_so_and_sharpen_when_a_worker_is_back(
    server: RunningServer, open_page: OpenPage
) -> None:
    server.environment["WEBREF_WORKERS"] = "0"
    server.stop()
    server.start()
    ana = open_page()
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(1))
    expect(canvas(ana)).to_have_attribute("data-items", "1")
    expect(ana.get_by_test_id("work-stalled")).to_be_visible(timeout=45_000)

    server.environment["WEBREF_WORKERS"] = "2"
    server.stop()
    server.start()

    expect(ana.get_by_test_id("work-stalled")).to_be_hidden(timeout=45_000)
    all_sharp(ana, 1)
