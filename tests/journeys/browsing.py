"""What a person does in the browser, as functions: sign up, make a board, drop pictures on it."""

import os
import re
import shutil
from base64 import b64encode
from typing import Any

from playwright.sync_api import JSHandle, Locator, Page, expect

from tests.journeys.scenery import landscape
from tests.running import PASSWORD, RunningServer, Script

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
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("create", re.I)).click()
    expect(page.get_by_role("heading", name="Boards")).to_be_visible()


def sign_in(page: Page, email: str = "ana@example.org", *, at: str | None = "/sign-in") -> None:
    """at: None stays on the page, which asks for it by itself."""
    if at:
        page.goto(at)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    if at:
        expect(page.get_by_role("heading", name="Boards")).to_be_visible()


def new_board(page: Page, title: str = "Mood") -> str:
    page.get_by_role("button", name=re.compile("new board", re.I)).first.click()
    page.get_by_label("Name").fill(title)
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url(re.compile(r"/boards/[0-9a-f-]{36}"))
    expect(canvas(page)).to_have_attribute("data-ready", "true")
    return page.url


def canvas(page: Page) -> Locator:
    return page.locator("[data-items]")


def carry(page: Page, files: list[tuple[str, bytes]]) -> JSHandle:
    """Files in the hand of a person over the page, as the file manager would hand them over."""
    encoded = [{"name": name, "bytes": b64encode(content).decode()} for name, content in files]
    return page.evaluate_handle(
        """files => { const transfer = new DataTransfer();
           for (const file of files) {
             const bytes = Uint8Array.from(atob(file.bytes), one => one.charCodeAt(0));
             transfer.items.add(new File([bytes], file.name, {type: 'image/jpeg'}));
           }
           return transfer; }""",
        encoded,
    )


def let_go(page: Page, transfer: JSHandle, x: int = 640, y: int = 420) -> None:
    place: dict[str, Any] = {"clientX": x, "clientY": y, "dataTransfer": transfer, "bubbles": True}
    for event in ("dragenter", "dragover", "drop"):
        canvas(page).dispatch_event(event, place)


def drop(page: Page, files: list[tuple[str, bytes]], x: int = 640, y: int = 420) -> None:
    let_go(page, carry(page, files), x, y)


def pictures(count: int) -> list[tuple[str, bytes]]:
    return [(f"landscape-{number}.jpg", landscape(number)) for number in range(count)]


def all_sharp(page: Page, count: int) -> None:
    """Waits until so many items are there and none of those in view is painted coarser than it should be."""
    expect(canvas(page)).to_have_attribute("data-items", str(count), timeout=30_000)
    expect(canvas(page)).to_have_attribute("data-pending", "0", timeout=60_000)
    expect(canvas(page)).to_have_attribute("data-coarse", "0", timeout=60_000)
    expect(canvas(page)).to_have_attribute("data-ready", "true")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=10)
    page.mouse.up()


def seen(page: Page) -> bytes:
    """What is on the screen, once nothing on it moves."""
    return page.screenshot(animations="disabled")


def until_changed(page: Page, before: bytes) -> None:
    for _ in range(100):
        if seen(page) != before:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing changed on the screen within 5 s")


def befriend(server: RunningServer, owner: Page, role: str = "Editor") -> Script:
    """Ben has an account, and the board that is open in front of its owner is shared with him.

    Returns a script of the owner's.
    """
    script = Script(server)
    script.sign_in()
    script.ask(
        """mutation ($input: SetRegistrationInput!) {
             setRegistration(input: $input) { instance { registration } } }""",
        input={"registration": "OPEN"},
    )
    Script(server).register("Ben", "ben@example.org")
    owner.get_by_role("button", name="People").click()
    owner.get_by_label("Add someone by e-mail").fill("ben@example.org")
    owner.get_by_label("Role", exact=True).select_option(label=role)
    owner.get_by_role("button", name="Add", exact=True).click()
    expect(owner.get_by_text("Ben", exact=True)).to_be_visible()
    owner.keyboard.press("Escape")
    expect(owner.get_by_label("Add someone by e-mail")).to_be_hidden()
    return script
