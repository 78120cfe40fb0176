"""Finding pictures as people do: by colour, words and likeness, from the address; and two that become one."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.browsing import canvas, sign_up
from tests.journeys.scenery import landscape
from tests.pictures import saved
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]


def a_smaller_copy(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        return saved(picture.resize((picture.width // 2, picture.height // 2)), "JPEG", quality=70)


def test_pictures_are_found_by_colour_and_words_and_the_address_says_so(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    script = Script(server).sign_in()
    for name, colour in (
        ("rose.png", (214, 40, 40)),
        ("IMG_2041.png", (40, 90, 210)),
        ("moss.png", (60, 150, 70)),
    ):
        script.upload(saved(Image.new("RGB", (300, 200), colour), "PNG"), name)
    ana.goto("/library")
    wall = ana.locator("[data-picture]")
    expect(wall).to_have_count(3)
    ana.get_by_role("button", name="Colour", exact=True).click()
    ana.get_by_role("button", name="Red", exact=True).click()
    expect(wall).to_have_count(1)
    expect(wall.first).to_contain_text("rose.png")
    assert "colour=d8342b" in ana.url
    ana.keyboard.press("Escape")
    ana.get_by_role("button", name="Stop filtering by colour").click()
    expect(wall).to_have_count(3)
    ana.go_back()
    expect(wall).to_have_count(1)
    ana.goto("/library?q=041")
    expect(wall).to_have_count(1)
    expect(wall.first).to_contain_text("IMG_2041.png")
    ana.goto("/library?q=041&format=jpeg")
    expect(ana.get_by_text("No picture matches")).to_be_visible()
    ana.get_by_role("button", name="Show all pictures").click()
    expect(wall).to_have_count(3)
    wall.filter(has_text="moss.png").click()
    ana.get_by_role("button", name=re.compile("More pictures with the colour")).first.click()
    expect(wall).to_have_count(1)
    expect(wall.first).to_contain_text("moss.png")


def test_two_that_are_nearly_one_become_one_and_apart_again(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    script = Script(server).sign_in()
    board = script.create_board("Mood")
    whole = landscape(1)
    small = script.upload(a_smaller_copy(whole), "small.jpg")["id"]
    script.add_images(board, [small])
    script.upload(whole, "whole.jpg")
    script.upload(landscape(5), "other.jpg")
    ana.goto("/library/duplicates")
    group = ana.get_by_role("region", name=re.compile("2 pictures"))
    # They are paired by the workers, in the background.
    for _ in range(30):
        if group.count():
            break
        ana.wait_for_timeout(500)
        ana.reload()
    expect(group).to_contain_text("whole.jpg")
    expect(group).not_to_contain_text("other.jpg")
    expect(group.get_by_role("radio").first).to_be_checked()
    group.get_by_role("button", name="Merge").click()
    expect(ana.get_by_text("1 picture merged and moved to the trash.")).to_be_visible()
    expect(ana.get_by_text("No duplicates")).to_be_visible()
    ana.get_by_role("button", name="Undo").click()
    expect(ana.get_by_text("They are apart again.")).to_be_visible()
    expect(group).to_contain_text("small.jpg")
    [item] = script.items_on(board)
    assert item["image"]["id"] == small
    group.get_by_role("button", name="Not duplicates").click()
    expect(ana.get_by_text("No duplicates")).to_be_visible()
    ana.goto("/library?q=small")
    ana.locator("[data-picture]").first.click()
    ana.get_by_role("link", name="Mood").click()
    ana.wait_for_url(re.compile(rf"/boards/{board}\?item="))
    expect(canvas(ana)).to_have_attribute("data-items", "1")
