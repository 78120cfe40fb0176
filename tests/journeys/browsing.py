"""What a person does in the browser, as functions: sign up, make a board, drop pictures on it."""

import os
import re
import shutil
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.pictures import photo
from tests.running import PASSWORD

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(os.environ.get("CHROMIUM", name)):
            return found
    return None


def sign_up(page: Page, name: str = "Ana", email: str = "ana@example.org") -> None:
    page.goto("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("create", re.I)).click()
    expect(page.get_by_role("heading", name="Boards")).to_be_visible()


def sign_in(page: Page, email: str = "ana@example.org") -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    expect(page.get_by_role("heading", name="Boards")).to_be_visible()


def new_board(page: Page) -> str:
    page.get_by_role("button", name=re.compile("new board", re.I)).first.click()
    page.wait_for_url(re.compile(r"/boards/[0-9a-f-]{36}"))
    expect(canvas(page)).to_have_attribute("data-ready", "true")
    return page.url


def canvas(page: Page) -> Locator:
    return page.locator("[data-items]")


def drop(page: Page, files: list[tuple[str, bytes]], x: int = 640, y: int = 420) -> None:
    """Drops files on the canvas as the file manager would."""
    encoded = [{"name": name, "bytes": list(content)} for name, content in files]
    transfer = page.evaluate_handle(
        """files => { const transfer = new DataTransfer();
           for (const file of files)
             transfer.items.add(new File([new Uint8Array(file.bytes)], file.name, {type: 'image/jpeg'}));
           return transfer; }""",
        encoded,
    )
    place: dict[str, Any] = {"clientX": x, "clientY": y, "dataTransfer": transfer, "bubbles": True}
    for event in ("dragenter", "dragover", "drop"):
        canvas(page).dispatch_event(event, place)


def pictures(count: int) -> list[tuple[str, bytes]]:
    return [(f"picture-{number}.jpg", photo(640, 480, seed=number)) for number in range(count)]
