"""A board's life in the browser: who did what, a slider over it, what differs from now, and the way back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, pictures, sign_up
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]


def test_the_past_is_slid_through_played_compared_and_gone_back_to(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page(1600, 900)
    sign_up(ana)
    board_id = new_board(ana).rsplit("/", 1)[1]
    drop(ana, pictures(4))
    all_sharp(ana, 4)
    ana.get_by_role("button", name="Show everything").click()
    script = Script(server)
    script.sign_in()
    items = [item["id"] for item in script.items_on(board_id)]
    script.ask(
        "mutation ($input: RemoveItemsInput!) { removeItems(input: $input) { change { seq } } }",
        input={"boardId": board_id, "ids": items[:1]},
    )
    script.ask(
        "mutation ($input: MoveItemsInput!) { moveItems(input: $input) { change { seq } } }",
        input={"boardId": board_id, "ids": items[1:2], "dx": 90, "dy": -60},
    )
    script.ask(
        "mutation ($input: AddItemsInput!) { addItems(input: $input) { change { seq } } }",
        input={
            "boardId": board_id,
            "items": [{"content": {"note": {"text": "Later"}}, "transform": {"x": 0, "y": 0}}],
        },
    )
    expect(canvas(ana)).to_have_attribute("data-items", "4")
    last = script.ask("query ($id: ID!) { board(id: $id) { seq } }", id=board_id)["board"]["seq"]
    placed = last - 3

    canvas(ana).focus()
    ana.keyboard.press("Control+Alt+h")
    panel = ana.get_by_role("region", name="History")
    expect(panel.get_by_test_id("entry").first).to_contain_text("placed")
    ana.mouse.click(800, 450)
    if canvas(ana).get_attribute("data-selected") == "1":
        expect(panel.get_by_text("Last changed by Ana", exact=False)).to_be_visible()
    picture_taker(ana, "history-panel")

    # Where nothing had been removed yet, nothing had been added either.
    panel.get_by_role("button", name="Look through the board's life").click()
    past = ana.get_by_test_id("past")
    expect(past).to_have_attribute("data-items", "4")
    slider = past.get_by_role("slider", name="Moment of the board's life")
    slider.fill(str(placed))
    expect(past).to_have_attribute("data-seq", str(placed))
    past.get_by_role("button", name="Compare with now").click()
    expect(past.get_by_text("1 added since")).to_be_visible()
    expect(past.get_by_text("1 changed")).to_be_visible()
    expect(past.get_by_text("1 deleted")).to_be_visible()
    picture_taker(ana, "history-compared")
    past.get_by_role("button", name="Compare with now").click()

    # It plays from its beginning to now, and can only be looked at.
    slider.fill("0")
    expect(past).to_have_attribute("data-items", "0")
    past.get_by_role("button", name="Play as a time-lapse (Space)").click()
    expect(past).to_have_attribute("data-seq", str(last))
    expect(past.get_by_role("button", name="Go back to this")).to_be_disabled()
    ana.keyboard.press("Delete")
    ana.mouse.move(800, 450)
    ana.mouse.down()
    ana.mouse.move(900, 500, steps=4)
    ana.mouse.up()
    seq = script.ask("query ($id: ID!) { board(id: $id) { seq } }", id=board_id)["board"]["seq"]
    assert seq == last

    # Going back is one change, taken back by one click.
    slider.fill(str(placed))
    expect(past).to_have_attribute("data-items", "4")
    picture_taker(ana, "history-past")
    past.get_by_role("button", name="Go back to this").click()
    expect(past).to_have_count(0)
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    expect(ana.get_by_text("The board is again as it was", exact=False)).to_be_visible()
    assert {item["id"] for item in script.items_on(board_id)} == set(items)
    ana.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    expect(canvas(ana)).to_have_attribute("data-items", "4")
    assert items[0] not in {item["id"] for item in script.items_on(board_id)}
