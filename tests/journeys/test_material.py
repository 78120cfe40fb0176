"""What is brought onto a board beside files: pages of documents, the library; a video plays there."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import sources
from tests.journeys.browsing import all_sharp, canvas, drop, new_board, sign_up
from tests.journeys.scenery import landscape
from tests.pictures import saved
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]


def test_pages_of_a_document_are_chosen_and_lie_beside_it(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    page = open_page()
    sign_up(page)
    url = new_board(page)
    drop(page, [("handbook.pdf", sources.pdf(pages=5))])
    expect(canvas(page)).to_have_attribute("data-items", "1")
    page.get_by_role("button", name="Pages…").click()
    dialog = page.get_by_role("dialog", name="Pages of handbook.pdf")
    dialog.get_by_label("Pages to lay beside it").fill("9")
    expect(dialog.get_by_text("There are 5 pages")).to_be_visible()
    dialog.get_by_label("Pages to lay beside it").fill("2-3")
    dialog.get_by_role("button", name="Page 5").click()
    expect(dialog.get_by_label("Pages to lay beside it")).to_have_value("2-3, 5")
    page.wait_for_function(
        """() => [...document.querySelectorAll("dialog img")]
            .filter(one => one.naturalWidth === 320).length === 5"""
    )
    picture_taker(page, "pages")
    dialog.get_by_role("button", name="Add 3 pages").click()
    expect(canvas(page)).to_have_attribute("data-items", "4")
    expect(canvas(page)).to_have_attribute("data-pending", "0")
    script = Script(server).sign_in()
    first, *pages = sorted(script.items_on(url.rsplit("/", 1)[1]), key=lambda item: float(item["x"]))
    assert first["image"]["name"] == "handbook.pdf"
    assert [item["image"]["name"] for item in pages] == [f"handbook, page {n}.png" for n in (2, 3, 5)]
    assert {item["y"] for item in pages} == {first["y"]}
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(canvas(page)).to_have_attribute("data-items", "1")
    page.keyboard.press("Control+A")
    canvas(page).click(button="right", position={"x": 640, "y": 400})
    page.get_by_role("menuitem", name="Pages…").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()

    # The sheets of a TIFF likewise, from what is said when it came.
    sheets = [Image.new("RGB", (300, 200), colour) for colour in ("red", "lime", "blue")]
    drop(page, [("scan.tif", saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:]))])
    expect(canvas(page)).to_have_attribute("data-items", "2")
    said = page.locator(".toast", has_text="“scan.tif” has 3 pages")
    said.get_by_role("button", name="Pages…").click()
    dialog = page.get_by_role("dialog", name="Pages of scan.tif")
    dialog.get_by_role("button", name="Page 3").click()
    dialog.get_by_role("button", name="Page 2").click()
    picture_taker(page, "sheets")
    dialog.get_by_role("button", name="Add 2 pages").click()
    expect(canvas(page)).to_have_attribute("data-items", "4")
    expect(canvas(page)).to_have_attribute("data-pending", "0")
    seen = script.ask("{ images(first: 20) { nodes { name palette } } }")["images"]["nodes"]
    colours = {image["name"]: image["palette"][0] for image in seen if image["name"].startswith("scan")}
    assert colours == {
        "scan.tif": "#ff0000",
        "scan, page 2.png": "#00ff00",
        "scan, page 3.png": "#0000ff",
    }


def test_pictures_of_the_library_are_found_beside_the_board_and_dragged_onto_it(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    page = open_page()
    sign_up(page)
    url = new_board(page)
    script = Script(server).sign_in()
    for number in range(4):
        script.upload(landscape(number), f"hill-{number}.jpg")
    page.keyboard.press("Shift+L")
    panel = page.get_by_role("region", name="Library")
    tiles = panel.locator("[data-picture]")
    expect(tiles).to_have_count(4)
    picture_taker(page, "library-beside")
    tiles.nth(0).drag_to(canvas(page), target_position={"x": 300, "y": 500})
    expect(canvas(page)).to_have_attribute("data-items", "1")
    tiles.nth(1).click()
    tiles.nth(3).click(modifiers=["Shift"])
    panel.get_by_role("button", name="Place 3 pictures").click()
    all_sharp(page, 4)
    panel.get_by_label("Search the library").fill("hill-2")
    expect(tiles).to_have_count(1)
    tiles.first.focus()
    page.keyboard.press("Enter")
    expect(canvas(page)).to_have_attribute("data-items", "5")
    expect(canvas(page)).to_have_attribute("data-pending", "0")
    panel.get_by_label("Search the library").fill("")
    panel.get_by_role("button", name="Black", exact=True).click()
    expect(panel.get_by_role("button", name="Black", exact=True)).to_have_attribute("aria-pressed", "true")
    items = script.items_on(url.rsplit("/", 1)[1])
    assert sorted(item["image"]["name"] for item in items) == [
        *("hill-0.jpg", "hill-1.jpg", "hill-2.jpg", "hill-2.jpg", "hill-3.jpg"),
    ]
    dropped = next(item for item in items if item["image"]["name"] == "hill-3.jpg")
    assert dropped["x"] != 0, "it lies where it was let go"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="videos need ffmpeg")
def test_a_video_plays_in_its_place_and_in_the_library(
    server: RunningServer, open_page: OpenPage, tmp_path: Path, picture_taker: TakePicture
) -> None:
    film = tmp_path / "film.webm"
    drawn = ("-f", "lavfi", "-i", "testsrc=size=320x180:rate=8:duration=2", "-c:v", "libvpx")
    subprocess.run(["ffmpeg", "-loglevel", "error", *drawn, str(film)], check=True)
    page = open_page()
    sign_up(page)
    new_board(page)
    page.get_by_label("Choose pictures").set_input_files(film)
    all_sharp(page, 1)
    page.keyboard.press("Control+A")
    page.get_by_role("button", name="Play the video").click()
    video = page.locator("video")
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
    picture_taker(page, "video")
    page.get_by_role("button", name="Pause").click()
    expect(video).to_have_js_property("paused", True)
    page.get_by_role("button", name="Stop the video").click()
    expect(video).to_have_count(0)
    page.keyboard.press("Shift+V")
    expect(video).to_have_count(1)
    page.goto("/library")
    page.locator("[data-picture]").click()
    page.get_by_role("button", name="Play film.webm").click()
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0")
