"""Journey: signing in with an account elsewhere, being refused in words, linking and unlinking accounts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.oidc import Harbour, harbour
from tests.running import RunningServer, Script, running_server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]


@pytest.fixture
def provider() -> Iterator[Harbour]:
    with harbour() as started:
        yield started


@pytest.fixture
def server(tmp_path: Path, provider: Harbour) -> Iterator[RunningServer]:
    with running_server(tmp_path, **provider.environment(WEBREF_OIDC_GROUPS="crew,captains")) as server:
        yield server


def say_who(page: Page, login: str) -> None:
    """On the provider's own page."""
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    page.get_by_label("Login").fill(login)
    page.get_by_role("button", name="Continue").click()


def test_signing_in_with_an_account_elsewhere(
    server: RunningServer, open_page: OpenPage, picture_taker: Callable[[Page, str], None]
) -> None:
    olga = Script(server).register("Olga", "olga@example.org")
    board = olga.create_board("Mood")

    page = open_page()
    page.goto(f"/boards/{board}")
    expect(page.get_by_role("link", name="Sign in with Harbour")).to_be_visible()
    picture_taker(page, "sign-in")
    page.get_by_role("link", name="Sign in with Harbour").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("was cancelled")

    # A server that takes people by invite says so, and lets them try with another account.
    page.get_by_role("link", name="Sign in with Harbour").click()
    say_who(page, "ana")
    expect(page.get_by_role("alert")).to_contain_text("by invite")
    picture_taker(page, "sign-in-refused")
    olga.ask("mutation { setRegistration(input: {registration: OPEN}) { __typename } }")
    page.get_by_role("link", name="Sign in with Harbour").click()
    say_who(page, "dot")
    expect(page.get_by_role("alert")).to_contain_text("may not use this server")
    page.get_by_role("link", name="Sign in with Harbour").click()
    say_who(page, "ana")

    # Back to where she wanted to go, which is not hers to see; her own boards are.
    expect(page).to_have_url(f"{server.url}/boards/{board}")
    page.goto("/")
    expect(page.get_by_role("button", name="New board").first).to_be_visible()
    assert page.evaluate("Number(localStorage['webref.access-expires-at']) > Date.now()"), "it goes on"

    # She has no password: the only way in stays until she sets one.
    page.goto("/settings/password")
    linked = page.get_by_role("list", name="Linked accounts")
    expect(linked).to_contain_text("ana@example.org")
    page.get_by_role("button", name="Unlink Harbour").click()
    expect(page.get_by_role("alert")).to_contain_text("Set a password first")
    picture_taker(page, "linked")
    expect(page.get_by_label("Current password")).to_have_count(0)
    page.get_by_label("New password").fill("correct horse battery staple")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_label("Current password")).to_be_visible()
    page.get_by_role("button", name="Unlink Harbour").click()
    expect(page.get_by_text("None yet.")).to_be_visible()

    # And links another account, with which she is the same.
    page.context.clear_cookies(domain="127.0.0.1", name="_session")
    page.get_by_role("button", name="Link Harbour").click()
    say_who(page, "cy")
    expect(linked).to_contain_text("cy@example.org")
    other = open_page(width=360, height=740)
    other.goto("/sign-in")
    expect(other.get_by_role("link", name="Sign in with Harbour")).to_be_visible()
    picture_taker(other, "sign-in-phone")
    other.get_by_role("link", name="Sign in with Harbour").click()
    say_who(other, "cy")
    expect(other.get_by_role("button", name="New board").first).to_be_visible()
