"""What hands do on the canvas beyond moving: drawing, framing, cropping, each taken back in one step."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, drag, drop, new_board, pictures, sign_up
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]

ITEMS = """query ($id: ID!) { board(id: $id) { seq items(first: 100) { nodes {
    id kind parentId name width height transform { x y scale rotation }
    ... on DrawingItem { shape points { x y } stroke strokeWidth fill }
    ... on ImageItem { crop { left top right bottom } image { id } } } } } }"""


def board_of(script: Script, page: Page) -> dict[str, Any]:
    expect(canvas(page)).to_have_attribute("data-pending", "0")
    board: dict[str, Any] = script.ask(ITEMS, id=page.url.rsplit("/", 1)[1])["board"]
    return board


def of_kind(board: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in board["items"]["nodes"] if item["kind"] == kind]


def a_board(server: RunningServer, page: Page, count: int) -> Script:
    sign_up(page)
    new_board(page, "Hands")
    if count:
        drop(page, pictures(count))
        all_sharp(page, count)
    script = Script(server)
    script.sign_in()
    return script


def test_drawing_with_pen_and_shapes_and_taking_it_back(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page()
    script = a_board(server, ana, 3)
    tools = ana.get_by_role("toolbar", name="Tools")
    began = board_of(script, ana)["seq"]

    # The pen goes on; each stroke is one change.
    ana.keyboard.press("p")
    expect(tools.get_by_role("button", name="Pen (P)")).to_have_attribute("aria-pressed", "true")
    for y in (300, 360):
        drag(ana, (420, y), (700, y + 60))
    expect(canvas(ana)).to_have_attribute("data-items", "5")
    assert board_of(script, ana)["seq"] == began + 2

    # Esc in the middle of a stroke leaves nothing, and puts the pen down at the second press.
    ana.mouse.move(400, 500)
    ana.mouse.down()
    ana.mouse.move(600, 520, steps=4)
    ana.keyboard.press("Escape")
    ana.mouse.up()
    assert board_of(script, ana)["seq"] == began + 2
    ana.keyboard.press("Escape")
    expect(tools.get_by_role("button", name="Select and move (Q)")).to_have_attribute("aria-pressed", "true")

    # A shape in another colour, filled; it is selected, and can be changed afterwards.
    tools.get_by_role("button", name="Rectangle (B)").click()
    tools.get_by_role("button", name="Colour and width").click()
    ana.get_by_role("button", name="Line: blue").click()
    ana.get_by_role("button", name="Fill: yellow").click()
    picture_taker(ana, "tools")
    ana.keyboard.press("Escape")
    drag(ana, (760, 180), (900, 260))
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    drawn = of_kind(board_of(script, ana), "DRAWING")[-1]
    assert (drawn["shape"], drawn["stroke"], drawn["fill"]) == ("RECTANGLE", "#4b8dff", "#f6d743")
    ana.get_by_role("button", name="Looks: opacity, brightness, gray…").click()
    ana.get_by_role("button", name="Line: black").click()
    ana.get_by_role("button", name="Broad").click()
    picture_taker(ana, "drawing")
    ana.keyboard.press("Escape")
    drawn = of_kind(board_of(script, ana), "DRAWING")[-1]
    assert (drawn["stroke"], drawn["strokeWidth"], drawn["fill"]) == ("#15161a", 16, "#f6d743")

    # Everything is taken back, one step a stroke.
    for left in (6, 6, 5, 4, 3):
        ana.keyboard.press("Control+z")
        expect(canvas(ana)).to_have_attribute("data-items", str(left))
        board_of(script, ana)
