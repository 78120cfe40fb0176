"""Laws of credentials: only what was looked up is recognised, for less than a minute, never past its end."""

import time
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from domain import credentials, sessions, tokens
from domain.access import Scope
from domain.database import execute, fetchval
from domain.errors import SessionRevoked, Unauthenticated
from domain.settings import Settings
from tests.people import join, sign_in, viewer

pytestmark = pytest.mark.usefixtures("database", "signing")


@pytest.fixture
async def credential(request: pytest.FixtureRequest) -> str:
    """Ana's access token, or a token of hers."""
    await join("ana")
    if request.param == "session":
        return (await sign_in("ana")).access_token
    return (await tokens.create_token(await viewer("ana"), name="script", scope=Scope.READ)).secret


both = pytest.mark.parametrize("credential", ["session", "token"], indirect=True)


def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time
    monkeypatch.setattr("domain.credentials.time.time", lambda: now() + seconds)


@both
async def test_who_was_looked_up_is_recognised_for_less_than_a_minute(
    credential: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credentials.recognised(credential) is None
    seen = await credentials.viewer_of(credential)
    assert credentials.recognised(credential) == seen
    assert credentials.recognised(credential[:-1]) is None
    _later(monkeypatch, 61)
    assert credentials.recognised(credential) is None


@both
async def test_who_is_recognised_is_still_marked_every_minute(credential: str) -> None:
    seen = await credentials.viewer_of(credential)
    table, column = ("session", "last_seen_at") if seen.session_id else ("token", "last_used_at")
    await execute(f"UPDATE {table} SET {column} = now() - interval '50 s'")
    await credentials.viewer_of(credential)
    known_for = credentials._proofs[sessions.digest_of(credential)].until - time.time()
    assert known_for < 11
    await execute(f"UPDATE {table} SET {column} = now() - interval '70 s'")
    await credentials.viewer_of(credential)
    assert await fetchval(f"SELECT now() - max({column}) FROM {table}") < timedelta(seconds=10)


@both
async def test_what_has_ended_is_forgotten_when_it_is_looked_up(credential: str) -> None:
    await credentials.viewer_of(credential)
    await execute("UPDATE account SET disabled_at = now()")
    with pytest.raises((Unauthenticated, SessionRevoked)):
        await credentials.viewer_of(credential)
    assert credentials.recognised(credential) is None


async def test_an_access_token_is_not_recognised_past_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    await join("ana")
    brief = msgspec.structs.replace(sessions._signing(), access_lifetime=timedelta(seconds=20))
    monkeypatch.setattr(sessions, "SIGNING", brief)
    token = (await sign_in("ana")).access_token
    await credentials.viewer_of(token)
    assert credentials.recognised(token) is not None
    _later(monkeypatch, 20)
    assert credentials.recognised(token) is None


async def test_another_secret_recognises_nobody(settings: Settings) -> None:
    await join("ana")
    token = (await sign_in("ana")).access_token
    await credentials.viewer_of(token)
    sessions.sign_with(replace(settings, secret="another secret, long enough for all of this"))
    assert credentials.recognised(token) is None


async def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    await join("ana")
    credentials._proofs.clear()
    monkeypatch.setattr(credentials, "MOST_REMEMBERED", 2)
    made = [(await sign_in("ana")).access_token for _ in range(4)]
    for token in made:
        await credentials.viewer_of(token)
    assert [credentials.recognised(token) is not None for token in made] == [False, False, True, True]


@pytest.mark.parametrize("credential", ["", "x" * 5_000])
async def test_nonsense_is_no_token_of_ours(credential: str, database: str) -> None:
    with pytest.raises(Unauthenticated):
        await credentials.viewer_of(credential)
    assert credentials.recognised(credential) is None
