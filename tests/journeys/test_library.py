"""The library as a person puts it in order: many pictures at once, searches that stay, the trash."""

import io
import re
import zipfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import sign_up
from tests.journeys.looking import axe_complaints
from tests.journeys.scenery import landscape
from tests.running import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_many_pictures_are_tagged_named_carried_out_thrown_away_and_brought_back(
    server: RunningServer,
    open_page: Callable[..., Page],
    picture_taker: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    page = open_page()
    sign_up(page)
    contents = {f"landscape-{number}.jpg": landscape(number) for number in range(4)}
    for name, content in {**contents, "notes.txt": b"no picture", ".hidden.jpg": b"none either"}.items():
        (tmp_path / "hills" / "more").mkdir(parents=True, exist_ok=True)
        (tmp_path / "hills" / ("more" if "3" in name else "") / name).write_bytes(content)
    page.goto("/library")
    page.get_by_test_id("folder").set_input_files(tmp_path / "hills")
    wall = page.locator("[data-picture]")
    expect(wall).to_have_count(4)
    bar = page.get_by_role("region", name="Uploads")
    expect(bar).to_contain_text("1 file passed over: not pictures.")
    picture_taker(page, "library-folder")
    bar.get_by_role("button", name="Dismiss").click()
    tools = page.get_by_role("toolbar", name=re.compile("What to do with"))

    # A band from beside the last to the middle of the first: all that it touches.
    first, last = wall.first.bounding_box(), wall.last.bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(last["x"] + last["width"] + 40, last["y"] + last["height"] - 10)
    page.mouse.down()
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2, steps=8)
    picture_taker(page, "library-band")
    page.mouse.up()
    expect(tools.get_by_role("status")).to_have_text("4 selected")
    wall.first.click(modifiers=["Control"])
    expect(tools.get_by_role("status")).to_have_text("3 selected")

    tools.get_by_role("button", name="Tags…").click()
    dialog = page.get_by_role("dialog", name="Tags of 3 pictures")
    expect(dialog).to_be_visible()
    complaints = axe_complaints(page)
    dialog.get_by_label("Tags").fill("dusk, hills")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("3 pictures tagged.")).to_be_visible()

    tools.get_by_role("button", name="Rename…").click()
    dialog = page.get_by_role("dialog", name="Rename 3 pictures")
    expect(dialog).to_be_visible()
    complaints += axe_complaints(page)
    dialog.get_by_label("Pattern", exact=True).fill("hill {n:03}")
    dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_text("3 pictures renamed.")).to_be_visible()
    expect(wall.filter(has_text="hill 00")).to_have_count(3)

    with page.expect_download() as downloading:
        tools.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(io.BytesIO(downloading.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["hill 001.jpg", "hill 002.jpg", "hill 003.jpg"]
        assert {archive.read(name) for name in archive.namelist()} < set(contents.values())

    page.goto("/library?tag=dusk")
    expect(wall).to_have_count(3)
    page.get_by_role("button", name="Save this search").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()
    complaints += axe_complaints(page)
    page.get_by_role("dialog").get_by_label("Name").fill("At dusk")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    page.goto("/library")
    expect(wall).to_have_count(4)
    saved = page.get_by_role("group", name="Saved searches")
    saved.get_by_role("button", name="At dusk 3").click()
    expect(wall).to_have_count(3)
    picture_taker(page, "library-saved-search")
    complaints += axe_complaints(page)
    assert not complaints, "\n".join(complaints)

    wall.first.click(modifiers=["Control"])
    page.keyboard.press("Delete")
    expect(page.get_by_text("1 picture moved to the trash.")).to_be_visible()
    expect(wall).to_have_count(2)
    page.goto("/trash")
    thrown = page.get_by_role("region", name="Pictures in the trash")
    thrown.get_by_role("button", name="Restore all").click()
    expect(thrown).to_have_count(0)
    page.goto("/library?tag=dusk")
    expect(wall).to_have_count(3)

    page.goto("/library")
    written = "data:image/jpeg;base64," + b64encode(landscape(9)).decode()
    page.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        written,
    )
    expect(wall).to_have_count(5)
