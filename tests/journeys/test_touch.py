"""Fingers on a phone: one moves the board or what it is on, two hold them, a resting one opens the menu."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, pictures, sign_up
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
Place = tuple[float, float]


class Hand:
    """Fingers on the glass, as the browser is told of them by its own touch screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.glass: CDPSession = page.context.new_cdp_session(page)

    def touch(self, kind: str, *fingers: Place) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        self.glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def slide(self, start: list[Place], end: list[Place], steps: int = 8) -> None:
        self.touch("touchStart", *start)
        for step in range(1, steps + 1):
            part = step / steps
            here = [
                (x + (to_x - x) * part, y + (to_y - y) * part)
                for (x, y), (to_x, to_y) in zip(start, end, strict=True)
            ]
            self.touch("touchMove", *here)
        self.touch("touchEnd")

    def tap(self, place: Place) -> None:
        self.touch("touchStart", place)
        self.touch("touchEnd")


def transform_of_the_only_item(script: Script, board: str) -> dict[str, Any]:
    answer = script.ask(
        """query ($id: ID!) {
             board(id: $id) { items(first: 1) { nodes { transform { x y scale rotation } } } } }""",
        id=board,
    )
    transform: dict[str, Any] = answer["board"]["items"]["nodes"][0]["transform"]
    return transform


def test_fingers_move_the_board_and_what_is_on_it(open_page: OpenPage, server: RunningServer) -> None:
    ana = open_page(width=360, height=760, touch=True)
    sign_up(ana)
    board = new_board(ana).rsplit("/", 1)[1]
    drop(ana, pictures(1), x=180, y=380)
    all_sharp(ana, 1)
    script = Script(server)
    script.sign_in()
    hand = Hand(ana)

    def zoom() -> float:
        return float(canvas(ana).get_attribute("data-zoom") or "0")

    def settled() -> dict[str, Any]:
        expect(canvas(ana)).to_have_attribute("data-pending", "0")
        return transform_of_the_only_item(script, board)

    # Two fingers beside each other on the board: nothing of it changes, the view does.
    canvas(ana).focus()
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-selected", "0")
    before, near = settled(), zoom()
    hand.slide([(150, 380), (210, 380)], [(60, 380), (300, 380)])
    ana.wait_for_function(  # it is told every now and then while fingers move, and what it came to in the end
        "wanted => Math.abs(document.querySelector('[data-zoom]').dataset.zoom / wanted - 1) < 0.02",
        arg=near * 4,
    )
    hand.slide([(60, 380), (300, 380)], [(150, 380), (210, 380)])
    assert settled() == before

    # One finger on empty moves the view, on a picture the picture.
    hand.slide([(180, 180)], [(180, 150)])
    assert settled() == before
    hand.slide([(180, 350)], [(180, 390)])
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    moved = settled()
    assert moved["y"] == pytest.approx(before["y"] + 40 / zoom(), abs=1)
    assert moved["x"] == pytest.approx(before["x"], abs=0.01)

    # Two fingers on what is selected move, scale and turn it, and leave the view alone.
    near = zoom()
    hand.slide([(150, 390), (210, 390)], [(180, 330), (180, 450)])
    twisted = settled()
    assert twisted["scale"] == pytest.approx(moved["scale"] * 2, rel=0.02)
    assert twisted["rotation"] % 360 == pytest.approx(82, abs=1)
    assert zoom() == pytest.approx(near)
    ana.get_by_role("button", name=re.compile("^Undo")).click()
    assert settled() == moved

    # A finger that rests opens the menu of what is under it; lifting it does not close it.
    hand.touch("touchStart", (180, 390))
    expect(ana.get_by_role("menu")).to_be_visible()
    hand.touch("touchEnd")
    expect(ana.get_by_role("menuitem", name="Duplicate")).to_be_visible()
    assert settled() == moved
    hand.tap((20, 600))
    expect(ana.get_by_role("menu")).to_be_hidden()
