"""Journey: signing in with an account elsewhere, being refused in words, linking and unlinking accounts,
proving once more who one is, and being signed out there."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Page, expect

from domain.postgres import Cluster, find_binaries
from tests.journeys.browsing import new_board
from tests.journeys.looking import axe_complaints, too_wide
from tests.mail import Mailbox, mail_server
from tests.oidc import Harbour, harbour
from tests.running import RunningServer, Script, free_port
from tests.slapd import BASE, PASSWORD, SEARCH_PASSWORD, SEARCHER, Slapd, slapd

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]


@pytest.fixture
def provider() -> Iterator[Harbour]:
    with harbour() as started:
        yield started


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, int]]:
    with mail_server() as made:
        yield made


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Slapd]:
    folder = tmp_path / "slapd"
    folder.mkdir()
    with slapd(folder) as started:
        yield started


@pytest.fixture
def server(
    tmp_path: Path, provider: Harbour, directory: Slapd, box: tuple[Mailbox, int]
) -> Iterator[RunningServer]:
    more = provider.environment(
        WEBREF_OIDC_GROUPS="crew,captains",
        WEBREF_SMTP_URL=f"smtp://127.0.0.1:{box[1]}",
        WEBREF_MAIL_FROM="webref <webref@example.org>",
        WEBREF_LDAP_URL=directory.url,
        WEBREF_LDAP_CA=str(directory.ca),
        WEBREF_LDAP_BASE=f"ou=people,{BASE}",
        WEBREF_LDAP_BIND_DN=SEARCHER,
        WEBREF_LDAP_BIND_PASSWORD=SEARCH_PASSWORD,
        WEBREF_LDAP_NAME="Lighthouse Directory",
    )
    port = free_port()
    server = RunningServer(tmp_path / "data", port, {**more, "WEBREF_PUBLIC_URL": f"http://127.0.0.1:{port}"})
    server.start()
    yield server
    server.stop()


@contextmanager
def a_second_process(server: RunningServer) -> Iterator[Callable[[], RunningServer]]:
    """Of the same webref, with one database and one folder; it starts beside what is done meanwhile."""
    second = RunningServer(server.data, environment=server.environment)
    with ThreadPoolExecutor() as aside:
        starting = aside.submit(second.start)

        def started() -> RunningServer:
            starting.result()
            return second

        try:
            yield started
        finally:
            started().stop()


def an_hour_passes(server: RunningServer) -> None:
    """For everybody who is signed in."""

    async def pass_it() -> None:
        connection = await asyncpg.connect(Cluster(server.data / "postgres", find_binaries()).url())
        await connection.execute("UPDATE session SET created_at = created_at - interval '1 hour'")
        await connection.close()

    with ThreadPoolExecutor() as aside:  # this thread is the browser's
        aside.submit(asyncio.run, pass_it()).result()


def say_who(page: Page, login: str) -> None:
    """On the provider's own page."""
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    page.get_by_label("Login").fill(login)
    page.get_by_role("button", name="Continue").click()


def test_signing_in_with_an_account_elsewhere(
    server: RunningServer,
    provider: Harbour,
    box: tuple[Mailbox, int],
    open_page: OpenPage,
    picture_taker: Callable[[Page, str], None],
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

    # Another address takes having signed in lately: the provider asks anew, and leads back to the form.
    page.goto("/settings/profile")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_label("New address")).to_be_focused()
    an_hour_passes(server)
    page.get_by_label("New address").fill("ana@harbour.example.org")
    page.get_by_role("button", name="Send the link").click()
    again = page.get_by_role("link", name="Sign in again with Harbour")
    expect(again).to_be_visible()
    expect(page.get_by_label("New address")).to_have_count(0)
    picture_taker(page, "again")
    page.set_viewport_size({"width": 360, "height": 800})
    assert axe_complaints(page) + too_wide(page) == []
    picture_taker(page, "again-phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    again.click()
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The sign-in with Harbour was cancelled.")).to_be_visible()
    page.get_by_role("link", name="Sign in again with Harbour").click()
    say_who(page, "ana")
    expect(page.get_by_label("New address")).to_have_value("ana@harbour.example.org")
    expect(page.get_by_label("New address")).to_be_focused()
    expect(page).to_have_url(f"{server.url}/settings/profile")
    picture_taker(page, "again-back")
    page.get_by_role("button", name="Send the link").click()
    assert box[0].wait("ana@harbour.example.org").link

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

    with a_second_process(server) as second:
        # Who has a login of the directory proves it without leaving the form, in their own language.
        ben = open_page(width=360, height=740, locale="de-DE")
        ben.goto("/settings/profile")
        ben.get_by_label("E-Mail oder Anmeldename").fill("ben")
        ben.get_by_label("Passwort", exact=True).fill(PASSWORD)
        ben.get_by_role("button", name="Anmelden", exact=True).click()
        expect(ben.get_by_role("button", name="Adresse ändern")).to_be_visible()
        an_hour_passes(server)
        ben.get_by_role("button", name="Adresse ändern").click()
        ben.get_by_role("button", name="Mit Lighthouse Directory erneut anmelden").click()
        dialog = ben.get_by_role("dialog", name="Erneut anmelden")
        dialog.get_by_label("Anmeldename bei Lighthouse Directory").fill("ben")
        dialog.get_by_label("Passwort bei Lighthouse Directory").fill(PASSWORD)
        assert too_wide(ben) == []
        dialog.get_by_role("button", name="Anmelden", exact=True).click()
        ben.get_by_label("Neue Adresse").fill("ben@harbour.example.org")
        ben.get_by_role("button", name="Link senden").click()
        assert box[0].wait("ben@harbour.example.org").link

        # Signed out there, of which another process is told than the one she looks at: that device is, too.
        new_board(other)
        provider.tell(second().url)
        there = other.context.new_page()
        there.goto(f"{provider.issuer}/session/end")
        there.get_by_role("button", name="Yes, sign me out").click()
        expect(other.get_by_text("Your session has ended.")).to_be_visible(timeout=3_000)
        picture_taker(other, "signed-out-there")
        page.goto("/")
        expect(page.get_by_role("button", name="New board").first).to_be_visible()
