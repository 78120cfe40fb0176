"""Laws of signing in by a directory, a real one: its word counts, no guess does, its death costs seconds."""

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain import attempts, directory, identities, sessions, tokens
from domain.access import Scope
from domain.database import execute, fetch, fetchval
from domain.elsewhere import Joining
from domain.errors import Forbidden, SignInRefused, TooBusy, WrongCredentials
from domain.settings import Settings
from tests import running
from tests.people import join, viewer
from tests.slapd import BASE, PASSWORD, SEARCH_PASSWORD, SEARCHER, Slapd, slapd

pytestmark = pytest.mark.usefixtures("database", "signing")


@pytest.fixture(scope="module")
def slapd_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd")) as started:
        yield started


@pytest.fixture
def knowing(settings: Settings, slapd_here: Slapd) -> Iterator[Settings]:
    made = replace(
        settings,
        ldap_url=slapd_here.url,
        ldap_name="Harbour",
        ldap_ca=slapd_here.ca,
        ldap_base=BASE,
        ldap_filter="(|(uid={login})(mail={login}))",
        ldap_bind_dn=SEARCHER,
        ldap_bind_password=SEARCH_PASSWORD,
        ldap_registration=Joining.OPEN,
    )
    directory.follow(made)
    yield made
    directory.follow(settings)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "NO_SOONER_SECONDS", 0.02)


async def sign_in(login: str, password: str = PASSWORD) -> sessions.SignedIn:
    return await sessions.sign_in(email=login, password=password)


async def everybody() -> list[Any]:
    return [await fetch(f"SELECT * FROM {table}") for table in ("account", "session", "identity")]


@pytest.mark.parametrize("login", ["ana", "ANA", " ana ", "ana@example.org"])
@pytest.mark.usefixtures("knowing")
async def test_who_is_known_there_is_signed_in_here(login: str) -> None:
    signed_in = await sign_in(login)
    account = signed_in.account
    assert (account.email, account.name, account.is_owner) == ("ana@example.org", "Ana Harbour", True)
    again = await sign_in("ana")
    assert again.account.id == account.id
    assert await fetchval("SELECT password_hash FROM account") == ""
    (row,) = await fetch("SELECT issuer, subject FROM identity")
    assert row["issuer"] == f"ldap:{BASE}"
    assert len(row["subject"]) == 36, "the entryUUID, which stays when names change"


async def test_the_way_there_may_begin_in_the_clear_where_it_goes_on_with_tls(
    knowing: Settings, slapd_here: Slapd
) -> None:
    directory.follow(replace(knowing, ldap_url=slapd_here.start_tls_url))
    assert (await sign_in("ana")).account.name == "Ana Harbour"
    directory.follow(replace(knowing, ldap_url=slapd_here.start_tls_url, ldap_start_tls=False))
    with pytest.raises(SignInRefused):  # this one takes no passwords in the clear
        await sign_in("ana")


GUESSES = [
    ("ana", "wrong"),
    ("ana", ""),
    ("ana", "\x00"),
    ("ana", PASSWORD + "\x00"),
    ("ana", "x" * 10_000),
    ("nobody", PASSWORD),
    ("", PASSWORD),
    ("", ""),
    ("*", PASSWORD),
    ("an*", PASSWORD),
    ("ana)(uid=*", PASSWORD),
    ("*)(|(uid=ana", PASSWORD),
    ("ana\x00", PASSWORD),
    ("\\61na", PASSWORD),
    ("ana)(|(objectClass=*)", PASSWORD),
    (f"uid=ana,ou=people,{BASE}", PASSWORD),
    ("webref", SEARCH_PASSWORD),
    (SEARCHER, SEARCH_PASSWORD),
    ("ä" * 200, PASSWORD),
    ("a" * 10_000, PASSWORD),
    ("ana\nben", PASSWORD),
]


@pytest.mark.parametrize(("login", "password"), GUESSES)
@pytest.mark.usefixtures("knowing")
async def test_a_guess_opens_nothing_and_is_told_nothing(login: str, password: str) -> None:
    before = await everybody()
    with pytest.raises(WrongCredentials) as refusal:
        await sign_in(login, password)
    assert refusal.value.message == "Email and password do not belong together."
    assert refusal.value.details == {}
    assert await everybody() == before


async def test_wrong_and_unknown_take_as_long(knowing: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a whole step, so that what differs there is not seen."""
    monkeypatch.setattr(directory, "NO_SOONER_SECONDS", 0.5)
    took = []
    for login, password in (("ana", "wrong"), ("nobody", PASSWORD), ("ana", "")):
        began = time.monotonic()
        with pytest.raises(WrongCredentials):
            await directory.account_for(login, password)
        took.append(time.monotonic() - began)
    steps = [seconds / 0.5 for seconds in took]
    assert all(abs(step - round(step)) < 0.2 or step > round(step) for step in steps), took
    assert min(took) >= 0.5


@pytest.mark.usefixtures("knowing")
async def test_of_two_that_are_meant_neither_is(knowing: Settings) -> None:
    directory.follow(replace(knowing, ldap_filter="(|(uid={login})(objectClass=inetOrgPerson))"))
    with pytest.raises(WrongCredentials):
        await sign_in("ana")


async def test_a_password_here_goes_on_working_and_is_asked_first(knowing: Settings) -> None:
    await join("olga")
    directory.follow(replace(knowing, ldap_url="ldaps://127.0.0.1:9"))
    await sign_in("olga@example.org", running.PASSWORD)
    with pytest.raises(SignInRefused, match="Harbour cannot be asked at the moment"):
        await sign_in("olga@example.org", "wrong")


async def test_the_rules_of_joining_and_linking_are_those_of_everybody(knowing: Settings) -> None:
    await join("ana")
    before = await everybody()
    for login, reason in (("ana", "EMAIL_TAKEN"), ("dot", "NO_EMAIL")):
        with pytest.raises(SignInRefused) as refusal:
            await sign_in(login)
        assert refusal.value.details == {"reason": reason}
    directory.follow(replace(knowing, ldap_registration=Joining.RULE))
    with pytest.raises(SignInRefused, match="invite"):
        await sign_in("ben")
    assert await everybody() == before
    directory.follow(replace(knowing, ldap_link_by_email=True))
    assert (await sign_in("ana")).account.email == "ana@example.org"
    with pytest.raises(WrongCredentials):
        await sign_in("ana@example.org", running.PASSWORD)


@pytest.mark.usefixtures("knowing")
async def test_the_signed_in_link_a_login_by_its_password() -> None:
    await join("olga")
    olga = await viewer("olga")
    with pytest.raises(WrongCredentials):
        await directory.link(olga, "ana", "wrong")
    assert await identities.identities_of(olga) == []
    await directory.link(olga, "ana", PASSWORD)
    assert (await sign_in("ana")).account.id == olga.account_id
    script = await tokens.viewer_of(
        (await tokens.create_token(olga, name="script", scope=Scope.WRITE)).secret
    )
    with pytest.raises(Forbidden):
        await directory.link(script, "ben", PASSWORD)


async def test_who_owns_the_server_may_be_said_there(knowing: Settings) -> None:
    directory.follow(replace(knowing, ldap_owner_filter="(employeeType=captain)"))
    with pytest.raises(SignInRefused, match="owner of this server has to come first"):
        await sign_in("ana")
    assert (await sign_in("ben")).account.is_owner
    assert not (await sign_in("ana")).account.is_owner


@pytest.mark.parametrize(
    "changed",
    [
        {"ldap_ca": None},
        {"ldap_bind_password": "wrong"},
        {"ldap_bind_dn": None, "ldap_bind_password": None},
        {"ldap_base": "dc=elsewhere"},
        {"ldap_filter": "(uid={login}"},
        {"ldap_id_attribute": "noSuchThing"},
        {"ldap_ca": Path("/nowhere")},
    ],
    ids=str,
)
async def test_what_cannot_be_trusted_or_asked_is_said_and_opens_nothing(
    knowing: Settings, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    directory.follow(replace(knowing, **changed))
    with pytest.raises((SignInRefused, WrongCredentials)):
        await sign_in("ana")
    assert all(rows == [] for rows in await everybody())
    assert PASSWORD not in caplog.text
    assert SEARCH_PASSWORD not in caplog.text


async def test_a_certificate_for_another_name_is_none(knowing: Settings, slapd_here: Slapd) -> None:
    directory.follow(replace(knowing, ldap_url=slapd_here.url.replace("127.0.0.1", "localhost")))
    with pytest.raises(SignInRefused):
        await sign_in("ana")


async def test_a_directory_that_hangs_costs_seconds_and_holds_up_nobody_else(
    knowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(directory, "ANSWER_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        directory.follow(replace(knowing, ldap_url=f"ldaps://127.0.0.1:{silent.getsockname()[1]}"))
        began, longest, last = time.monotonic(), 0.0, time.monotonic()
        trying = [asyncio.create_task(sign_in(f"ana{n}")) for n in range(30)]
        while not all(task.done() for task in trying):
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        said = await asyncio.gather(*trying, return_exceptions=True)
    assert {type(each) for each in said} <= {SignInRefused, TooBusy}
    assert SignInRefused in {type(each) for each in said}
    assert time.monotonic() - began < 30
    assert longest < 0.5, "the loop went on meanwhile"


async def test_it_heals_by_itself(knowing: Settings, slapd_here: Slapd) -> None:
    slapd_here.stop()
    with pytest.raises(SignInRefused):
        await sign_in("ana")
    slapd_here.start()
    await sign_in("ana")


async def test_guesses_are_counted(knowing: Settings) -> None:
    attempts.forget_all()
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await sign_in("ana", "wrong")
    with pytest.raises(TooBusy):
        await sign_in("ana")
    await execute("SELECT 1")
