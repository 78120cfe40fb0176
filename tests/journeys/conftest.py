"""A real browser and a real server for the journeys."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.browsing import CHROMIUM_FLAGS, find_chromium
from tests.running import RunningServer, running_server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; installed through apt when missing and allowed, else the test is skipped."""
    with (Path(tempfile.gettempdir()) / "webref-chromium.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # of the test processes one installs, and the others find it
        if (found := find_chromium()) is None and shutil.which("apt-get") and os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=False)
            subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
            found = find_chromium()
    if found is None:
        message = "no Chromium here: install the package chromium, or name one in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path) as server:
        yield server


FAILED = pytest.StashKey[bool]()
FAILURES = Path("build/journeys")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def open_page(
    browser: Browser, server: RunningServer, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Page]]:
    """Opens a page in a fresh profile; a script error on any of them fails the test.

    What the pages of a failed test showed, and what its server said, is kept in build/journeys.
    """
    pages: list[Page] = []
    mistakes: list[str] = []
    expect.set_options(timeout=15_000)

    def open_one(
        width: int = 1280,
        height: int = 800,
        locale: str = "en-US",
        *,
        touch: bool = False,
        works_offline: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            locale=locale,
            has_touch=touch,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            color_scheme="dark",
        )
        if not works_offline:  # what the server is asked for would depend on what was kept before
            context.add_init_script("delete Navigator.prototype.serviceWorker")
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        pages.append(page)
        return page

    yield open_one
    if request.node.stash.get(FAILED, False):
        FAILURES.mkdir(parents=True, exist_ok=True)
        opened = [page for first in pages for page in first.context.pages]
        for number, page in enumerate(opened):
            page.screenshot(path=FAILURES / f"{request.node.name}-{number}.png")
        shutil.copy(server.log, FAILURES / f"{request.node.name}.log")
    for page in pages:
        page.context.close()
    assert mistakes == []


@pytest.fixture
def picture_taker() -> Callable[[Page, str], None]:
    """Keeps a screenshot in the folder that WEBREF_SCREENSHOTS names; without it, takes none."""
    folder = os.environ.get("WEBREF_SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take
