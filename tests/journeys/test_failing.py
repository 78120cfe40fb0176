"""What does not come in, or cannot be made ready, says why where it would lie, and what can be done."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.browsing import canvas, drop, new_board, sign_up
from tests.journeys.scenery import landscape
from tests.running import RunningServer, Script, running_server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

FULL = "The disk of the server is full. Nothing was lost."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """One on which nobody works, so that a job can be stopped before it is done."""
    with running_server(tmp_path, WEBREF_WORKERS="0") as server:
        yield server


def full(route: Route) -> None:
    fault = {"code": "STORAGE_UNAVAILABLE", "message": FULL, "details": {}}
    route.fulfill(status=507, content_type="application/json", body=json.dumps({"error": fault}))


def test_what_fails_says_why_and_is_tried_again_or_removed(
    server: RunningServer, open_page: Callable[..., Page], picture_taker: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_up(page)
    url = new_board(page)
    page.route("**/uploads/tus*", full)
    drop(page, [(f"hill-{number}.jpg", landscape(number)) for number in range(2)])
    panel = page.get_by_test_id("upload-panel")
    expect(panel).to_have_attribute("data-failed", "2")
    expect(panel.get_by_text(FULL)).to_have_count(2)
    page.unroute("**/uploads/tus*")
    drop(page, [("broken.jpg", b"\xff\xd8\xff" + bytes(4_000)), ("words.jpg", b"no picture")], x=900)
    expect(panel).to_have_attribute("data-failed", "4")
    picture_taker(page, "failing")

    def place(name: str):  # type: ignore[no-untyped-def]
        return page.get_by_role("group", name=f"{name} was not added")

    # Refused for what it is: no other try is offered, neither where it would lie nor in the list.
    expect(place("words.jpg")).to_contain_text("The file is no picture of a kind known here.")
    expect(place("broken.jpg")).to_contain_text("damaged")
    expect(place("broken.jpg").get_by_role("button")).to_have_text(["Remove"])
    expect(panel.get_by_role("button", name="Try broken.jpg again")).to_have_count(0)
    place("broken.jpg").get_by_role("button", name="Remove").click()
    expect(place("broken.jpg")).to_have_count(0)
    panel.get_by_role("button", name="Leave out words.jpg").click()
    expect(place("words.jpg")).to_have_count(0)

    # Of what passes, one is tried again on the board and one in the list.
    place("hill-0.jpg").get_by_role("button", name="Try again").click()
    expect(canvas(page)).to_have_attribute("data-items", "1")
    panel.get_by_role("button", name="Try hill-1.jpg again").click()
    expect(canvas(page)).to_have_attribute("data-items", "2")
    expect(canvas(page)).to_have_attribute("data-pending", "0")
    expect(panel).to_have_count(0)

    # One that is there, but of which no more could be made: said on it, and prepared again from its menu.
    script = Script(server).sign_in()
    board_id = url.rpartition("/")[2]
    jobs = script.ask("{ jobs(first: 50) { nodes { id } } }")["jobs"]["nodes"]
    stop = "mutation ($input: CancelJobsInput!) { cancelJobs(input: $input) { jobs { state } } }"
    script.ask(stop, input={"ids": [job["id"] for job in jobs]})
    assert {item["image"]["state"] for item in script.items_on(board_id)} == {"FAILED"}
    canvas(page).focus()
    page.keyboard.press("Control+A")
    page.wait_for_timeout(300)
    picture_taker(page, "failed")
    canvas(page).click(button="right", position={"x": 450, "y": 300})
    page.get_by_role("menuitem", name=re.compile("^Prepare the pictures? again")).click()
    for _ in range(100):
        if {item["image"]["state"] for item in script.items_on(board_id)} == {"WAITING"}:
            break
        page.wait_for_timeout(50)
    assert {item["image"]["state"] for item in script.items_on(board_id)} == {"WAITING"}
    names = [item["image"]["name"] for item in script.items_on(board_id)]
    assert sorted(names) == ["hill-0.jpg", "hill-1.jpg"]
    assert script.ask("{ images(first: 9) { totalCount } }")["images"]["totalCount"] == 2
