"""Frames, crops, numbers and the clipboard by hand: each one change, each taken back in one step."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import canvas, drag, new_board
from tests.journeys.test_hands import a_board, board_of, of_kind
from tests.running import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]


def test_framing_cropping_and_carrying_to_another_board(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page(1600, 900)
    ana.emulate_media(color_scheme="light")
    script = a_board(server, ana, 2)
    expect(canvas(ana)).to_have_attribute("data-zoom", "1.0000")
    began = board_of(script, ana)["seq"]

    # A frame around all of it takes what is wholly inside, and is named where it stands.
    ana.keyboard.press("Shift+F")
    drag(ana, (180, 90), (1420, 800))
    title = ana.get_by_label("Title of the frame")
    title.fill("Mountains")
    picture_taker(ana, "framing")
    title.press("Enter")
    board = board_of(script, ana)
    [frame] = of_kind(board, "FRAME")
    assert frame["name"] == "Mountains"
    assert [item["parentId"] for item in of_kind(board, "IMAGE")] == [frame["id"]] * 2
    assert board["seq"] == began + 2

    # A picture is dragged out of it, and in again, each in one change.
    place = ana.evaluate("() => [innerWidth / 2, innerHeight / 2]")
    ana.mouse.click(place[0] - 160, place[1] - 40)
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    drag(ana, (place[0] - 160, place[1] - 40), (4, 845))
    board = board_of(script, ana)
    assert sorted(item["parentId"] is None for item in of_kind(board, "IMAGE")) == [False, True]
    assert board["seq"] == began + 3
    ana.keyboard.press("Control+z")
    board = board_of(script, ana)
    assert all(item["parentId"] == frame["id"] for item in of_kind(board, "IMAGE"))

    # What was taken back is selected, and cropped: it shows only when it is kept.
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    ana.keyboard.press("Shift+C")
    expect(ana.get_by_role("toolbar", name="Crop")).to_be_visible()
    ana.get_by_role("button", name="1:1").click()
    picture_taker(ana, "cropping")
    assert [item["crop"] for item in of_kind(board_of(script, ana), "IMAGE")] == [None, None]
    ana.keyboard.press("Enter")
    board = board_of(script, ana)
    [cropped] = [item for item in of_kind(board, "IMAGE") if item["crop"]]
    assert cropped["width"] == pytest.approx(cropped["height"])

    # Numbers are counted out.
    ana.keyboard.press("Shift+I")
    field = ana.get_by_label("Rotation")
    field.fill("90/2")
    field.press("Enter")
    picture_taker(ana, "numbers")
    ana.keyboard.press("Escape")
    [turned] = [item for item in of_kind(board_of(script, ana), "IMAGE") if item["crop"]]
    assert turned["transform"]["rotation"] == 45

    # The frame goes to another board whole.
    canvas(ana).focus()
    ana.keyboard.press("Escape")
    ana.keyboard.press("Control+a")
    ana.keyboard.press("Control+c")
    ana.goto("/")
    new_board(ana, "Elsewhere")
    ana.set_viewport_size({"width": 900, "height": 800})
    ana.mouse.move(450, 400)
    canvas(ana).focus()
    ana.keyboard.press("Control+v")
    expect(canvas(ana)).to_have_attribute("data-items", "3")
    there = board_of(script, ana)
    [copy] = of_kind(there, "FRAME")
    assert copy["name"] == "Mountains"
    assert copy["id"] != frame["id"]
    images = of_kind(there, "IMAGE")
    assert [item["parentId"] for item in images] == [copy["id"]] * 2
    assert [item["crop"] for item in images if item["crop"]] == [cropped["crop"]]
    expect(canvas(ana)).to_have_attribute("data-coarse", "0", timeout=30_000)
    picture_taker(ana, "pasted")
    ana.keyboard.press("Control+z")
    expect(canvas(ana)).to_have_attribute("data-items", "0")
