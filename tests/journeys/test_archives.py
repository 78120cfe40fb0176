"""ZIP archives as people bring them: dropped on a board, chosen in the library; what is bad is named."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, sign_up
from tests.journeys.scenery import landscape
from tests.pictures import packed
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_an_archive_becomes_pictures_that_lie_together_where_it_was_dropped(
    server: RunningServer,
    open_page: Callable[..., Page],
    picture_taker: Callable[[Page, str], None],
) -> None:
    page = open_page()
    sign_up(page)
    url = new_board(page)
    files = {f"walk/{number}.jpg": landscape(number) for number in range(3)}
    drop(page, [("walk.zip", packed({**files, "walk/notes.txt": b"no picture"})), ("own.jpg", landscape(7))])
    all_sharp(page, 4)
    panel = page.get_by_test_id("upload-panel")
    expect(panel).to_contain_text("1 file in it was not added")
    expect(panel).to_contain_text("notes.txt")
    picture_taker(page, "archive")
    script = Script(server).sign_in()
    items = script.items_on(url.rsplit("/", 1)[1])
    assert sorted(item["image"]["name"] for item in items) == ["0.jpg", "1.jpg", "2.jpg", "own.jpg"]
    assert len({(item["x"], item["y"]) for item in items}) == 4
    page.get_by_role("button", name="Undo").click()
    expect(canvas(page)).not_to_have_attribute("data-items", "4")

    page.goto("/library")
    expect(page.locator("[data-picture]")).to_have_count(4)
    archives: list[FilePayload] = [
        {"name": "more.zip", "mimeType": "application/zip", "buffer": packed({"8.jpg": landscape(8)})},
        {"name": "none.zip", "mimeType": "application/zip", "buffer": packed({"a.txt": b"no picture"})},
    ]
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(archives)
    expect(page.locator("[data-picture]")).to_have_count(5)
    bar = page.get_by_role("region", name="Uploads")
    expect(bar).to_contain_text("1 of 2 files added")
    expect(bar).to_contain_text("Nothing in this archive could be added.")
    expect(bar).to_contain_text("a.txt")
    bar.get_by_role("button", name="Leave out none.zip").click()
    expect(bar).not_to_contain_text("none.zip")
