"""A person looks: by the palette, close and in turn, mirrored, with keys of their own, without a mouse."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.browsing import (
    all_sharp,
    canvas,
    drop,
    new_board,
    pictures,
    seen,
    sign_in,
    sign_up,
    until_changed,
)

SHOTS = os.environ.get("WEBREF_SHOTS")


def shot(page: Page, name: str) -> None:
    """For eyes, where a folder is named."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def ask(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    shot(page, f"palette-{words.replace(' ', '-')}")
    page.keyboard.press("Enter")


def test_everything_can_be_asked_for_by_name_and_by_a_key_of_ones_own(open_page: Callable[..., Page]) -> None:
    ana = open_page()
    sign_up(ana)
    new_board(ana, "Castles")
    drop(ana, pictures(4))
    all_sharp(ana, 4)
    ana.keyboard.press("Control+k")
    palette = ana.get_by_role("dialog", name="Commands")
    shot(ana, "palette")
    ana.keyboard.type("delete")
    refused = palette.get_by_role("option", name=re.compile("^Delete"))
    expect(refused).to_have_attribute("aria-disabled", "true")
    expect(refused).to_contain_text("Nothing is selected")
    ana.keyboard.press("Enter")  # does nothing
    ana.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(canvas(ana)).to_have_attribute("data-items", "4")
    ask(ana, "select all")
    expect(canvas(ana)).to_have_attribute("data-selected", "4")
    ask(ana, "go to your boards")
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()
    ana.keyboard.press("Control+k")
    ana.keyboard.type("cast")
    expect(palette.get_by_role("option", name=re.compile("Castles"))).to_be_visible()
    ana.keyboard.press("Enter")
    expect(canvas(ana)).to_have_attribute("data-items", "4")

    ana.keyboard.press("?")
    keys = ana.get_by_role("dialog", name="Keys and gestures")
    shot(ana, "keys")
    keys.get_by_label("Find a command or a key").fill("Select all")
    keys.get_by_role("button", name="Another key for Select all").click()
    ana.keyboard.press("Control+w")
    expect(keys.get_by_role("alert")).to_contain_text("closes the tab")
    ana.keyboard.press("g")
    expect(keys.get_by_role("alert")).to_contain_text("is the key of")
    shot(ana, "keys-clash")
    keys.get_by_role("button", name="Use it here instead").click()
    with ana.expect_response(lambda answer: "SetPreferences" in (answer.request.post_data or "")):
        pass
    ana.keyboard.press("Escape")
    ana.keyboard.press("g")
    expect(canvas(ana)).to_have_attribute("data-selected", "4")

    other = open_page()  # another browser of hers: the same keys
    sign_in(other)
    other.goto("/settings/keys")
    mine = other.locator('[data-command="select.all"]')
    expect(mine.locator("kbd")).to_have_text(["Ctrl+A", "G"])
    shot(other, "keys-page")
    other.get_by_role("button", name="Reset all").click()
    expect(mine.locator("kbd")).to_have_text(["Ctrl+A"])


def test_a_person_looks_close_in_turn_and_mirrored(open_page: Callable[..., Page]) -> None:
    ana = open_page(1600, 900)
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(4))
    all_sharp(ana, 4)
    zoom = canvas(ana).get_attribute("data-zoom") or ""
    ana.keyboard.press(".")
    expect(canvas(ana)).not_to_have_attribute("data-zoom", zoom)
    first = seen(ana)
    ana.keyboard.press("ArrowRight")
    until_changed(ana, first)
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-zoom", zoom)
    ana.keyboard.press("Escape")

    ana.keyboard.press("Alt+m")
    ana.keyboard.press("Alt+g")
    expect(ana.get_by_test_id("minimap")).to_be_visible()
    shot(ana, "map-and-grid")
    box = ana.get_by_test_id("minimap").bounding_box()
    assert box
    plain = seen(ana)
    ana.mouse.click(box["x"] + 20, box["y"] + 20)
    until_changed(ana, plain)
    ana.keyboard.press("Shift+1")

    # Mirrored, a click still finds what is seen there: what lay on the left is on the right.
    told = ana.locator("p[aria-live=polite]").filter(has_text="selected")
    ana.mouse.click(700, 400)
    expect(told).to_have_text(re.compile(r"landscape-\d.jpg selected"))
    lying = told.inner_text()
    ana.keyboard.press("Escape")
    ana.keyboard.press("Shift+x")
    shot(ana, "mirrored")
    ana.mouse.click(700, 400)
    expect(told).not_to_have_text(lying)
    ana.mouse.click(1600 - 700, 400)
    expect(told).to_have_text(lying)
    ana.keyboard.press("Escape")
    expect(canvas(ana)).to_have_attribute("data-selected", "0")
    ana.keyboard.press("Shift+x")
    ana.keyboard.press("Alt+m")
    ana.keyboard.press("Alt+g")

    ana.keyboard.press("s")
    ana.mouse.move(640, 250)
    expect(ana.get_by_test_id("pipette")).to_contain_text(re.compile("#[0-9a-f]{6}"))
    shot(ana, "pipette")
    ana.mouse.click(640, 250)
    expect(ana.get_by_text(re.compile("#[0-9a-f]{6} is copied|The colour is #"))).to_be_visible()
    expect(canvas(ana)).to_have_attribute("data-selected", "0")

    ana.keyboard.press("Control+a")
    ana.keyboard.press("y")
    compare = ana.get_by_test_id("compare")
    expect(compare.get_by_role("img")).to_have_count(2)
    shot(ana, "compare-split")
    compare.get_by_role("button", name="Difference").click()
    shot(ana, "compare-difference")
    ana.keyboard.press("Escape")
    expect(compare).to_be_hidden()
    ana.keyboard.press("Escape")

    ana.keyboard.press("t")
    shot(ana, "study-ask")
    ana.get_by_label("How many, at most").fill("2")
    ana.get_by_role("button", name="Start").click()
    slides = ana.get_by_test_id("slides")
    one = slides.get_attribute("data-now")
    shot(ana, "study")
    ana.keyboard.press(" ")
    expect(slides.get_by_role("button", name="Go on (Space)")).to_be_visible()
    ana.keyboard.press("ArrowRight")
    expect(slides).not_to_have_attribute("data-now", one or "")
    ana.keyboard.press("ArrowRight")
    expect(slides.get_by_role("status")).to_contain_text("Skipped: 2")
    shot(ana, "study-summary")
    ana.get_by_role("button", name="Back to the board").click()
    expect(slides).to_be_hidden()


def test_the_list_of_a_board_is_walked_searched_and_written_in(open_page: Callable[..., Page]) -> None:
    ana = open_page(900, 700)
    sign_up(ana)
    new_board(ana)
    drop(ana, pictures(3))
    all_sharp(ana, 3)
    ana.keyboard.press("Control+a")
    ana.keyboard.press("Control+g")
    ana.keyboard.press("o")
    tree = ana.get_by_role("tree", name="Items on this board")
    rows = tree.get_by_role("treeitem")
    expect(rows).to_have_count(4)
    expect(tree).to_be_focused()
    ana.keyboard.press("Home")
    ana.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(1)
    ana.keyboard.press("ArrowRight")
    ana.keyboard.press("ArrowRight")
    ana.keyboard.press("F2")
    ana.keyboard.type("Castle")
    ana.keyboard.press("Enter")
    expect(rows.filter(has_text="Castle")).to_have_attribute("aria-selected", "true")
    rows.filter(has_text="Castle").get_by_role("button", name="Hide").click()
    expect(tree.get_by_role("treeitem", name="Picture: Castle, in Group, hidden")).to_be_visible()
    shot(ana, "list")
    ana.get_by_label("Find on this board").fill("cast")
    expect(rows).to_have_count(2)
    ana.keyboard.press("Escape")
    expect(tree).to_be_hidden()
    ana.emulate_media(color_scheme="light")
    ana.set_viewport_size({"width": 360, "height": 740})
    ana.keyboard.press("o")
    shot(ana, "list-360-light")
    ana.keyboard.press("Escape")
    ana.keyboard.press("Control+k")
    shot(ana, "palette-360-light")
    ana.keyboard.press("Escape")
    ana.keyboard.press("?")
    shot(ana, "keys-360-light")
    ana.keyboard.press("Escape")

    # Of many there are only the rows in sight, also while the list is there for screen readers alone.
    canvas(ana).focus()
    for many in (6, 10, 18, 34, 66, 130):
        ana.keyboard.press("Control+a")
        ana.keyboard.press("Control+d")
        expect(canvas(ana)).to_have_attribute("data-items", str(many))
    assert 0 < rows.count() < 40
