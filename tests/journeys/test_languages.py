"""webref speaks the language of the browser, or the one that is chosen, from the first word on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.running import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]

# What the page shows first, noted by itself: who waits from outside misses what flashes before.
NOTE_THE_FIRST_WORDS = """
    new MutationObserver((_, watch) => {
      const words = document.body?.innerText.trim();
      if (words) { window.firstWords = words; watch.disconnect(); }
    }).observe(document, {childList: true, subtree: true, characterData: true});
"""


def test_the_browsers_language_is_spoken_until_another_is_chosen(open_page: OpenPage) -> None:
    ana = open_page(locale="de-AT")
    ana.add_init_script(NOTE_THE_FIRST_WORDS)
    ana.goto("/")
    expect(ana.get_by_role("heading", name="Erstes Konto anlegen")).to_be_visible()
    assert ana.locator("html").get_attribute("lang") == "de"
    first = ana.evaluate("window.firstWords")
    assert "webref öffnet sich" in first or "Erstes Konto" in first, first

    ana.get_by_label("Name").fill("Ana")
    ana.get_by_label("E-Mail-Adresse").fill("ana")
    ana.get_by_label("Passwort", exact=True).fill("kurz")
    ana.get_by_role("button", name="Konto").click()
    expect(ana.get_by_text("Schreib eine E-Mail-Adresse, etwa ana@example.org.")).to_be_visible()
    expect(ana.get_by_text("6 weitere Zeichen: mindestens 10.")).to_be_visible()
    ana.get_by_label("E-Mail-Adresse").fill("ana@example.org")
    ana.get_by_label("Passwort", exact=True).fill(PASSWORD)
    ana.get_by_role("button", name="Konto").click()
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()
    assert ana.title() == "Boards · webref"
    expect(ana.get_by_text("Dein erstes Board")).to_be_visible()

    ana.goto("/settings/appearance")
    ana.get_by_label("Sprache").select_option(label="English")
    expect(ana.get_by_label("Language")).to_have_value("en")
    assert ana.locator("html").get_attribute("lang") == "en"
    ana.goto("/settings/password")
    ana.get_by_label("Current password").fill("not mine at all")
    ana.get_by_label("New password").fill("correct horse battery staple, again")
    ana.get_by_role("button", name="Change password").click()
    expect(ana.get_by_role("alert")).to_contain_text("password")  # the server's own words

    ana.context.clear_cookies()
    ana.goto("/sign-in")
    ana.get_by_label("Language").select_option(label="Deutsch")
    ana.get_by_label("E-Mail-Adresse").fill("ana@example.org")
    ana.get_by_label("Passwort", exact=True).fill("wrong horse battery staple")
    ana.get_by_role("button", name="Anmelden").click()
    expect(ana.get_by_role("alert")).to_contain_text("E-Mail-Adresse und Passwort passen nicht zusammen.")


def test_a_language_that_nobody_wrote_is_answered_in_english(open_page: OpenPage) -> None:
    ana = open_page(locale="pt-BR")
    ana.goto("/")
    expect(ana.get_by_role("heading", name="Create the first account")).to_be_visible()
    assert ana.locator("html").get_attribute("lang") == "en"
