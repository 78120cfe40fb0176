"""Two browsers on one board, for U2: one drops a picture, the other one's canvas shows it."""

import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.browsing import (
    CHROMIUM_FLAGS,
    canvas,
    carry,
    find_chromium,
    let_go,
    new_board,
    sign_in,
    sign_up,
)
from tests.running import running_server


def until_painted(folder: Path, content: bytes) -> float:
    """Seconds from the drop in one browser until the other has painted a rendition of it."""
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("U2 needs Chromium: install the package chromium, or name one in CHROMIUM")
    with running_server(folder) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        ana, ben = (browser.new_context(base_url=server.url).new_page() for _ in range(2))
        sign_up(ana)
        url = new_board(ana)
        sign_in(ben)
        ben.goto(url)
        canvas(ben).and_(ben.locator("[data-ready=true]")).wait_for()
        photo = carry(ana, [("photo.jpg", content)])
        began = time.perf_counter()
        let_go(ana, photo)
        ben.locator("[data-items='1'][data-drawn='1'][data-coarse='0']").wait_for(state="attached")
        seconds = time.perf_counter() - began
        browser.close()
    return seconds
