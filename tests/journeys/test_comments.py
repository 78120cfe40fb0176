"""Talking about pictures: pins that go with what they are on, threads live for all, a commenter's hands."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import (
    all_sharp,
    befriend,
    canvas,
    drag,
    drop,
    new_board,
    pictures,
    sign_in,
    sign_up,
)
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]
CENTRE = (640, 420)


def pins(page: Page) -> Locator:
    return page.get_by_test_id("pin")


def tip(page: Page) -> tuple[float, float]:
    """Where the only pin points at: the lower left of its drop."""
    box = pins(page).bounding_box()
    assert box is not None
    return box["x"], box["y"] + box["height"]


def test_a_commenter_pins_a_thread_that_all_see_and_that_goes_with_its_picture(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana, ben = open_page(), open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    script = befriend(server, ana, role="Commenter")
    sign_in(ben, "ben@example.org")
    ben.goto(url)
    all_sharp(ben, 1)
    for page in (ana, ben):
        page.get_by_role("button", name="Show everything").click()
        page.wait_for_timeout(100)

    # Ben may not change anything, but may say something: with keys alone he finds the way.
    canvas(ben).focus()
    ben.keyboard.press("m")
    expect(ben.get_by_test_id("placing")).to_be_visible()
    ben.mouse.click(CENTRE[0] + 80, CENTRE[1] - 60)
    ben.keyboard.type("The **light** is too cold, see https://example.org/light.")
    ben.keyboard.press("Enter")
    expect(pins(ben)).to_have_count(1)
    expect(pins(ana)).to_have_count(1)
    expect(ana.get_by_role("button", name="Comments, 1 unread")).to_be_visible()
    picture_taker(ana, "comments-unread")
    x, y = tip(ana)
    assert (abs(x - CENTRE[0] - 80) < 4, abs(y - CENTRE[1] + 60) < 4) == (True, True)

    # It goes with its picture, for both, and Ana answers.
    canvas(ana).focus()
    drag(ana, CENTRE, (CENTRE[0] - 100, CENTRE[1] + 40))
    for page in (ana, ben):
        expect(canvas(page)).to_have_attribute("data-pending", "0")
        page.wait_for_function(
            "place => { const drop = document.querySelector('[data-testid=pin]').getBoundingClientRect();"
            " return Math.abs(drop.left - place[0]) < 5 && Math.abs(drop.bottom - place[1]) < 5 }",
            arg=[x - 100, y + 40],
        )
    pins(ana).click()
    expect(ana.get_by_role("link", name="https://example.org/light")).to_be_visible()
    expect(ana.get_by_role("button", name=re.compile(r"^Comments \("))).to_be_visible()
    expect(ben.get_by_role("button", name=re.compile(r"^Comments \("))).to_be_visible()
    ana.get_by_label("Reply").fill("Warmer, yes.")
    picture_taker(ana, "comments-thread")
    ana.keyboard.press("Enter")
    expect(ben.get_by_text("Warmer, yes.")).to_be_visible()
    picture_taker(ben, "comments-commenter")

    # Ben may rewrite and take back his own words, not Ana's.
    ben.get_by_role("button", name="More about this comment").click()
    ben.get_by_role("menuitem", name="Edit").click()
    ben.get_by_label("Edit the comment").fill("The light is far too cold.")
    ben.get_by_role("button", name="Save").click()
    expect(ana.get_by_text("The light is far too cold.")).to_be_visible()
    expect(ana.get_by_text("edited")).to_be_visible()
    expect(ben.get_by_role("button", name="More about this comment")).to_have_count(1)
    ben.get_by_role("button", name="More about this comment").click()
    expect(ben.get_by_role("menuitem", name="Delete the thread")).to_have_count(0)
    ben.keyboard.press("Escape")

    # Settled, it leaves the board and is found in the list; there it is opened again.
    ana.get_by_role("button", name="Resolve this thread").click()
    expect(pins(ana)).to_have_count(0)
    ben.keyboard.press("Escape")
    expect(pins(ben)).to_have_count(0)
    ana.keyboard.press("Control+Alt+c")
    panel = ana.get_by_role("region", name="Comments")
    expect(panel.get_by_text("No open comments")).to_be_visible()
    panel.get_by_role("button", name="Resolved 1").click()
    picture_taker(ana, "comments-panel")
    panel.get_by_test_id("thread").click()
    ana.get_by_role("button", name="Reopen this thread").click()
    expect(pins(ben)).to_have_count(1)

    # An editor takes the whole thread away, and brings it back.
    ana.get_by_role("button", name="More about this comment").first.click()
    ana.get_by_role("menuitem", name="Delete the thread").click()
    expect(pins(ben)).to_have_count(0)
    ana.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(pins(ben)).to_have_count(1)
    board_id = url.rsplit("/", 1)[1]
    asked = script.ask(
        "query ($id: ID!) { board(id: $id) { commentCount "
        "comments { nodes { text isResolved replyCount } } } }",
        id=board_id,
    )
    assert asked["board"]["commentCount"] == 2
    assert asked["board"]["comments"]["nodes"] == [
        {"text": "The light is far too cold.", "isResolved": False, "replyCount": 1}
    ]


def test_a_viewer_reads_and_says_nothing_and_a_phone_shows_a_sheet(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana, ben = open_page(), open_page(360, 720)
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(1))
    all_sharp(ana, 1)
    ana.mouse.click(*CENTRE)
    ana.keyboard.press("m")
    ana.get_by_label("Write a comment").fill("What about this one?")
    ana.keyboard.press("Enter")
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    ana.keyboard.press("Escape")
    befriend(server, ana, role="Viewer")
    sign_in(ben, "ben@example.org")
    ben.goto(f"{url}?comment={_thread_of(server, url)}")
    expect(ben.get_by_text("What about this one?")).to_be_visible()
    expect(ben.get_by_role("textbox")).to_have_count(0)
    picture_taker(ben, "comments-phone")
    ben.get_by_role("button", name="Close the comment").click()
    canvas(ben).focus()
    ben.keyboard.press("m")
    expect(ben.get_by_test_id("placing")).to_have_count(0)
    ben.get_by_role("button", name=re.compile("^Comments")).click()
    expect(ben.get_by_test_id("thread")).to_have_count(1)
    picture_taker(ben, "comments-phone-list")


def _thread_of(server: RunningServer, url: str) -> str:
    script = Script(server).sign_in()
    asked = script.ask(
        "query ($id: ID!) { board(id: $id) { comments { nodes { id } } } }", id=url.rsplit("/", 1)[1]
    )
    return str(asked["board"]["comments"]["nodes"][0]["id"])
