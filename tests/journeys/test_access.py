"""Everybody can use it: axe finds nothing on any page, nothing jumps or overflows, the keys are enough."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, pictures, sign_up
from tests.journeys.looking import NOTE_SHIFTS, axe_complaints, shifted, tab_stops, too_small, too_wide
from tests.running import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
PAGES = [
    "/",
    "/library",
    "/library/duplicates",
    "/trash",
    "/settings/profile",
    "/settings/appearance",
    "/settings/keys",
    "/settings/password",
    "/settings/sessions",
    "/settings/tokens",
    "/settings/usage",
    "/settings/people",
    "/settings/jobs",
    "/nowhere",
]


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1600), ("light", 360)])
def test_every_page_is_clean(open_page: OpenPage, scheme: Literal["dark", "light"], width: int) -> None:
    """At both ends: a wide window with a mouse, and a phone."""
    is_phone = width < 600
    ana = open_page(width=width, height=760 if is_phone else 900, touch=is_phone)
    ana.emulate_media(color_scheme=scheme)
    ana.add_init_script(NOTE_SHIFTS)
    found: list[str] = []

    def look() -> None:
        found.extend(axe_complaints(ana) + too_wide(ana))
        if is_phone:
            found.extend(too_small(ana))

    ana.goto("/")
    expect(ana.get_by_label("E-mail")).to_be_visible()
    look()
    sign_up(ana)
    ana.get_by_role("button", name=re.compile("new board", re.I)).first.click()
    expect(ana.get_by_role("dialog", name="New board")).to_be_visible()
    look()
    ana.keyboard.press("Escape")
    new_board(ana)
    look()
    drop(ana, pictures(3), x=width // 2)
    all_sharp(ana, 3)
    look()
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    expect(canvas(ana)).to_have_attribute("data-selected", "3")
    look()
    ana.get_by_role("button", name="More", exact=True).click()
    expect(ana.get_by_role("menu")).to_be_visible()
    look()
    ana.keyboard.press("Escape")
    ana.get_by_role("button", name=re.compile("^Looks")).click()
    expect(ana.get_by_role("slider", name="Opacity")).to_be_visible()
    look()
    ana.keyboard.press("Escape")
    canvas(ana).focus()
    ana.keyboard.press("?")
    expect(ana.get_by_role("dialog", name="Keys and gestures")).to_be_visible()
    look()
    ana.keyboard.press("Escape")
    for command, dialog in (
        ("", "Commands"),
        ("Slideshow", "Slideshow"),
        ("Compare", "Compare pictures"),
    ):
        canvas(ana).focus()
        ana.keyboard.press("Control+a")
        ana.keyboard.press("Control+k")
        ana.keyboard.type(command)
        if command:
            ana.keyboard.press("Enter")
        expect(ana.get_by_role("dialog", name=dialog)).to_be_visible()
        look()
        ana.keyboard.press("Escape")
        expect(ana.get_by_role("dialog", name=dialog)).to_be_hidden()
    ana.get_by_role("button", name="People").click()
    expect(ana.get_by_label("Add someone by e-mail")).to_be_visible()
    look()
    for path in PAGES:
        ana.goto(path)
        expect(ana.get_by_role("heading").first).to_be_visible()
        ana.wait_for_load_state("networkidle")
        look()
        found += shifted(ana)
    ana.context.clear_cookies()
    ana.goto("/sign-in")
    expect(ana.get_by_label("E-mail")).to_be_visible()
    look()
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1600), ("dark", 360)])
def test_what_opens_over_a_board_is_clean(
    open_page: OpenPage, scheme: Literal["dark", "light"], width: int
) -> None:
    """The panels, bars and views beside and over the canvas, and the IDE; at the other two ends."""
    is_phone = width < 600
    ana = open_page(width=width, height=760 if is_phone else 900, touch=is_phone)
    ana.emulate_media(color_scheme=scheme)
    found: list[str] = []

    def look(name: str, shown: Locator, *, is_ours: bool = True) -> None:
        expect(shown).to_be_visible()
        complaints = axe_complaints(ana) + too_wide(ana)
        if is_phone and is_ours:
            complaints += too_small(ana)
        found.extend(f"{name}: {complaint}" for complaint in complaints)

    def press(*keys: str) -> None:
        canvas(ana).focus()
        for key in keys:
            ana.keyboard.press(key)

    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(2), x=width // 2)
    all_sharp(ana, 2)
    press("Control+a", "Shift+I")
    look("numbers", ana.get_by_label("Rotation"))
    ana.keyboard.press("Escape")
    press("Escape", ".", "Shift+C")
    look("crop", ana.get_by_role("toolbar", name="Crop"))
    press("Escape", "Escape", "Shift+1", "m", "Enter")
    look("a comment is written", ana.get_by_label("Write a comment"))
    ana.keyboard.type("Lighter?")
    ana.get_by_role("button", name="Comment", exact=True).click()
    look("comment", ana.get_by_role("button", name=re.compile("Lighter")))
    ana.keyboard.press("Escape")
    press("Control+Alt+c")
    look("comments", ana.get_by_role("region", name="Comments").get_by_text("Lighter?"))
    press("Control+Alt+h")
    history = ana.get_by_role("region", name="History")
    look("activity", history.get_by_test_id("entry").first)
    history.get_by_role("button", name="Look through the board's life").click()
    past = ana.get_by_test_id("past")
    expect(past).to_have_attribute("data-items", "2")
    past.get_by_role("button", name="Compare with now").click()
    look("past", past.get_by_text("0 added since"))
    ana.keyboard.press("Escape")
    press("Control+Alt+h", "Shift+L")
    look("library", ana.get_by_role("region", name="Library").locator("[data-picture]").first)
    press("Shift+L", "o")
    look("outline", ana.get_by_role("treeitem").first)
    ana.goto("/ide")
    # The buttons of GraphiQL are of its own size.
    look("ide", ana.get_by_text("query Boards"), is_ours=False)
    assert not found, "\n".join(found)


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Presses Tab until it comes there, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate_all("found => found.some(one => one === document.activeElement)"):
            return
    raise AssertionError(f"Tab does not come to {target}")


def test_the_keys_are_enough(open_page: OpenPage) -> None:
    """From the sign-in to the settings, and never a mouse."""
    ana = open_page()
    sign_up(ana)
    ana.context.clear_cookies()
    ana.goto("/sign-in")
    expect(ana.get_by_label("E-mail")).to_be_focused()
    ana.keyboard.type("ana@example.org")
    ana.keyboard.press("Tab")
    ana.keyboard.type(PASSWORD)
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()

    ana.keyboard.press("Tab")
    expect(ana.get_by_role("link", name="Skip to content")).to_be_focused()
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("main")).to_be_focused()
    new = ana.get_by_role("button", name=re.compile("new board", re.I))
    tab_to(ana, new)
    opener = ana.evaluate_handle("document.activeElement")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("dialog", name="New board")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.get_by_role("dialog")).to_have_count(0)
    assert ana.evaluate("opener => document.activeElement === opener", opener)
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
    ana.keyboard.press("?")
    expect(ana.get_by_role("dialog", name="Keys and gestures")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_be_focused()
    ana.keyboard.press("Escape")
    ana.keyboard.press("m")
    ana.keyboard.press("Enter")
    expect(ana.get_by_label("Write a comment")).to_be_focused()
    ana.keyboard.type("Lighter?")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("button", name=re.compile("Lighter"))).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.get_by_test_id("pin")).to_be_focused()
    tab_to(ana, canvas(ana))
    # Out of the canvas, to what is on it: the outline shows and chooses what it comes to.
    ana.keyboard.press("Tab")
    expect(canvas(ana)).not_to_be_focused()
    expect(ana.locator(":focus")).to_be_visible()

    tab_to(ana, ana.get_by_role("link", name="All boards"))
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()
    tab_to(ana, ana.get_by_role("link", name="Library"))
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("heading", name="Library", exact=True)).to_be_visible()
    tab_to(ana, ana.get_by_role("button", name=re.compile("^Ana")))
    ana.keyboard.press("ArrowDown")
    expect(ana.get_by_role("menuitem", name="Settings")).to_be_focused()
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("heading", name="Settings")).to_be_visible()
    tab_to(ana, ana.get_by_role("link", name="Appearance"))
    ana.keyboard.press("Enter")
    tab_to(ana, ana.get_by_label("Theme"))
    ana.keyboard.type("Light")
    expect(ana.locator("html")).to_have_attribute("data-theme", "light")


def test_wherever_the_tab_key_comes_to_it_is_seen(open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    drop(ana, pictures(2))
    all_sharp(ana, 2)
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    unseen: list[str] = []
    for path in [None, *PAGES]:
        if path:
            ana.goto(path)
            expect(ana.get_by_role("heading").first).to_be_visible()
            ana.wait_for_load_state("networkidle")
        stops = tab_stops(ana)
        assert len(stops) >= (1 if path == "/nowhere" else 5), (path or url, stops)
        unseen += [f"{path or url}: {stop.html}" for stop in stops if not stop.is_seen]
    assert not unseen, "\n".join(unseen)


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
