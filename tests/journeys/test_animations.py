"""Pictures that move, move on the board: until they are paused, and not for who wants less motion."""

import re
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, seen, sign_up, until_changed
from tests.pictures import saved
from tests.running import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
STILL_MS = 700


def clock(colour: tuple[int, int, int], frames: int = 12) -> bytes:
    """A hand that goes round on a coloured dial."""
    steps = []
    for number in range(frames):
        step = Image.new("RGB", (480, 360), (24, 26, 32))
        draw = ImageDraw.Draw(step)
        draw.ellipse((90, 30, 390, 330), fill=colour)
        draw.pieslice((90, 30, 390, 330), number * 30, number * 30 + 40, fill=(255, 255, 255))
        steps.append(step)
    return saved(steps[0], "GIF", save_all=True, append_images=steps[1:], duration=60, loop=0)


def require_still(page: Page) -> None:
    page.wait_for_timeout(200)  # a frame that was on its way
    before = seen(page)
    for _ in range(5):
        page.wait_for_timeout(STILL_MS // 5)
        assert seen(page) == before


def require_moving(page: Page) -> None:
    for _ in range(3):
        until_changed(page, seen(page))


def test_animations_play_until_they_are_paused(
    server: RunningServer, open_page: OpenPage, picture_taker: Callable[[Page, str], None]
) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, [("red.gif", clock((220, 70, 60))), ("blue.gif", clock((60, 110, 220)))])
    all_sharp(ana, 2)
    expect(canvas(ana)).to_have_attribute("data-playing", "false")  # journeys want less motion
    ana.emulate_media(reduced_motion="no-preference")
    expect(canvas(ana)).to_have_attribute("data-playing", "true")
    expect(ana.get_by_text(re.compile("Adding files"))).to_have_count(0)
    ana.keyboard.press("Escape")
    require_moving(ana)

    ana.keyboard.press("Control+a")
    ana.keyboard.press("g")  # in gray, too
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    require_moving(ana)
    picture_taker(ana, "animations")
    ana.keyboard.press("Escape")

    ana.mouse.click(70, 700, button="right")
    ana.get_by_role("menuitem", name="Pause animations").click()
    expect(canvas(ana)).to_have_attribute("data-playing", "false")
    expect(ana.get_by_text("Animations are paused.")).to_be_visible()
    expect(ana.get_by_text("Animations are paused.")).to_have_count(0, timeout=20_000)
    require_still(ana)
    ana.keyboard.press("Shift+M")
    expect(ana.get_by_text("Animations play.")).to_be_visible()
    require_moving(ana)

    ana.emulate_media(reduced_motion="reduce")
    expect(canvas(ana)).to_have_attribute("data-playing", "false")
    ana.goto(url)
    all_sharp(ana, 2)
    require_still(ana)
