"""A batch outlives the browser: closed in the middle, opened again, all of it is there once, in its place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.journeys.browsing import CHROMIUM_FLAGS, canvas, drop, new_board, sign_up
from tests.pictures import photo
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

COUNT = 8


@contextmanager
def a_browser(chromium: str, server: RunningServer, profile: Path) -> Iterator[Page]:
    """One that keeps its profile, as that of a person does."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=chromium,
            args=CHROMIUM_FLAGS,
            base_url=server.url,
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",
            color_scheme="dark",
        )
        mistakes: list[str] = []
        page = context.pages[0]
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        try:
            yield page
        finally:
            context.close()
        assert mistakes == []


def slow(page: Page, bytes_per_second: int) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second},
    )


def test_a_batch_goes_on_after_the_browser_was_closed(
    chromium: str, server: RunningServer, tmp_path: Path, picture_taker: Callable[[Page, str], None]
) -> None:
    expect.set_options(timeout=30_000)
    files = [("first.jpg", photo(300, 200, seed=99))]
    files += [
        (f"photo-{number}.jpg", photo(900, 700, seed=number) + bytes(1_200_000)) for number in range(1, COUNT)
    ]
    profile = tmp_path / "profile"
    with a_browser(chromium, server, profile) as page:
        sign_up(page)
        url = new_board(page)
        slow(page, 200_000)
        drop(page, files)
        expect(page.get_by_test_id("upload-panel")).to_have_attribute("data-count", str(COUNT))
        expect(page.get_by_test_id("upload-panel")).to_have_attribute("data-done", "1")
        page.wait_for_function(
            """async count => {
                const open = indexedDB.open("webref.uploads");
                const db = await new Promise(done => { open.onsuccess = () => done(open.result); });
                const all = db.transaction("uploads").objectStore("uploads").getAll();
                const kept = await new Promise(done => { all.onsuccess = () => done(all.result); });
                db.close();
                // All but the first, which is on the board: before that some may not be kept yet.
                const names = kept.map(one => one.name);
                return kept.length === count && !names.includes("first.jpg") && kept.some(one => one.address);
            }""",
            arg=COUNT - 1,
        )
    script = Script(server)
    script.sign_in()
    board_id = url.rsplit("/", 1)[1]
    before = script.items_on(board_id)
    assert len(before) < COUNT, "the browser was closed too late for this test to say anything"

    with a_browser(chromium, server, profile) as page:
        page.goto("/")
        left = page.get_by_role("region", name="Unfinished uploads")
        expect(left).to_contain_text("on the way to “Mood” when this browser was closed")
        picture_taker(page, "left-behind")
        left.get_by_role("button", name="Go on").click()
        page.wait_for_url(url)
        expect(canvas(page)).to_have_attribute("data-items", str(COUNT), timeout=60_000)
        expect(canvas(page)).to_have_attribute("data-pending", "0")
        page.wait_for_function(
            """async () => {
                const open = indexedDB.open("webref.uploads");
                const db = await new Promise(done => { open.onsuccess = () => done(open.result); });
                const count = db.transaction("uploads").objectStore("uploads").count();
                const kept = await new Promise(done => { count.onsuccess = () => done(count.result); });
                db.close();
                return kept === 0;
            }"""
        )
    items = script.items_on(board_id)
    assert sorted(item["image"]["name"] for item in items) == sorted(name for name, _ in files)
    assert len({item["image"]["id"] for item in items}) == COUNT
    assert {item["id"] for item in before} <= {item["id"] for item in items}
    library = script.ask("{ images(first: 50) { totalCount } }")
    assert library["images"]["totalCount"] == COUNT
    places = {(item["x"], item["y"]) for item in items}
    assert len(places) == COUNT, "each lies where it was dropped, beside the others"
    assert not list((server.data / "blobs" / "parts").iterdir())
