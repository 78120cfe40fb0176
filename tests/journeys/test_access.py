"""Everybody can use it: axe finds nothing serious, and the keys are enough."""

import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, pictures, sign_up
from tests.running import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/",
    "/library",
    "/trash",
    "/settings/profile",
    "/settings/password",
    "/settings/sessions",
    "/settings/tokens",
    "/settings/people",
    "/settings/jobs",
    "/nowhere",
]
SERIOUS = ("serious", "critical")


def complaints(page: Page) -> list[str]:
    """What axe finds on the page as it is now, in words."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{page.url} {one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_serious_on_any_page(open_page: OpenPage, scheme: Literal["dark", "light"]) -> None:
    ana = open_page()
    ana.emulate_media(color_scheme=scheme)
    ana.goto("/")
    expect(ana.get_by_label("E-mail")).to_be_visible()
    found = complaints(ana)
    sign_up(ana)
    url = new_board(ana)
    found += complaints(ana)
    drop(ana, pictures(3))
    all_sharp(ana, 3)
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    found += complaints(ana)
    ana.keyboard.press("?")
    expect(ana.get_by_role("dialog", name="Keys and gestures")).to_be_visible()
    found += complaints(ana)
    ana.keyboard.press("Escape")
    ana.get_by_role("button", name="People").click()
    expect(ana.get_by_label("Add someone by e-mail")).to_be_visible()
    found += complaints(ana)
    for path in PAGES:
        ana.goto(path)
        expect(ana.get_by_role("heading").first).to_be_visible()
        ana.wait_for_load_state("networkidle")
        found += complaints(ana)
    ana.goto(url)
    ana.context.clear_cookies()
    ana.goto("/sign-in")
    expect(ana.get_by_label("E-mail")).to_be_visible()
    found += complaints(ana)
    assert found == []


def test_the_keys_are_enough(open_page: OpenPage) -> None:
    ana = open_page()
    ana.goto("/")
    expect(ana.get_by_label("Name")).to_be_focused()
    ana.keyboard.type("Ana")
    ana.keyboard.press("Tab")
    ana.keyboard.type("ana@example.org")
    ana.keyboard.press("Tab")
    ana.keyboard.type("correct horse battery staple")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()
    ana.get_by_role("button", name=re.compile("new board", re.I)).first.focus()
    ana.keyboard.press("Enter")
    ana.keyboard.type("By hand")
    ana.keyboard.press("Enter")
    ana.wait_for_url(re.compile(r"/boards/"))
    expect(canvas(ana)).to_have_attribute("data-ready", "true")

    ana.keyboard.press("n")
    ana.keyboard.type("First")
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-items", "1")
    ana.keyboard.press("Control+d")
    expect(canvas(ana)).to_have_attribute("data-items", "2")
    ana.keyboard.press("ArrowRight")
    ana.keyboard.press("Control+a")
    expect(canvas(ana)).to_have_attribute("data-selected", "2")
    ana.keyboard.press("Delete")
    expect(canvas(ana)).to_have_attribute("data-items", "0")
    ana.keyboard.press("Control+z")
    expect(canvas(ana)).to_have_attribute("data-items", "2")
    expect(canvas(ana)).to_have_attribute("data-pending", "0")
    ana.keyboard.press("Shift+Tab")  # out of the canvas, to what stands before it or the end of the page
    expect(canvas(ana)).not_to_be_focused()


def test_a_note_is_as_tall_as_its_text(open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    new_board(ana)
    ana.keyboard.press("n")
    area = ana.get_by_label("Text of the note")
    before = area.bounding_box()
    ana.keyboard.type("# Light\n\n" + "\n".join(f"- number {number}" for number in range(9)))
    after = area.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"] * 2
    assert area.evaluate("area => area.scrollHeight <= area.clientHeight + 1")
