"""Laws of vouching: what began on a provider's word ends when it takes that back, and nothing else does."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import accounts, identities, providers, sessions, standing, tokens, vouching
from domain.access import Scope
from domain.database import execute, fetch, fetchval
from domain.errors import SessionRevoked, SignInRefused
from domain.logout_tokens import SignedOut
from domain.oidc import Door, LogoutRefused
from domain.sessions import SignedIn
from domain.settings import Settings
from domain.vouching import Voucher
from tests.domain.test_oidc import BACK
from tests.forged import KEY, OTHER_KEY, Forger, jwk_of, signed

pytestmark = pytest.mark.usefixtures("database", "signing")

ISSUER = "https://login.example.org"
NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)


def a_word(subject: str, sid: str | None = None, *, issuer: str = ISSUER, at: datetime = EARLIER) -> Voucher:
    return Voucher(issuer, subject, sid, at)


def goodbye(
    subject: str | None = None, sid: str | None = None, *, jti: str = "j", at: datetime = NOON
) -> SignedOut:
    return SignedOut(ISSUER, subject, sid, jti, at)


async def standing_now(signed_in: Sequence[SignedIn]) -> list[bool]:
    """Which of them go on: by their row, by their refresh token, and as the sockets are asked."""
    found = []
    for each in signed_in:
        row = await fetchval("SELECT revoked_at IS NULL FROM session WHERE id = $1", each.session_id)
        try:
            await sessions.viewer_of(each.access_token)
            goes_on = True
        except SessionRevoked:
            goes_on = False
            with pytest.raises(SessionRevoked):
                await sessions.refresh(each.refresh_token)
        assert row == goes_on
        found.append(goes_on)
    return found


async def everything() -> list[Any]:
    return [await fetch(f"SELECT * FROM {table}") for table in ("session", "token", "identity", "account")]


class Crew:
    """Ana with sessions of every origin, and Ben, whom the provider knows too."""

    def __init__(self, ana: UUID, ben: UUID) -> None:
        self.ana = ana
        self.ben = ben
        self.signed_in: dict[str, SignedIn] = {}

    async def stay(self) -> set[str]:
        names = list(self.signed_in)
        stand = await standing_now([self.signed_in[name] for name in names])
        return {name for name, stands in zip(names, stand, strict=True) if stands}


@pytest.fixture
async def crew() -> Crew:
    ids = [
        (
            await accounts.insert_account(
                name=name, email=f"{name}@example.org", password_hash="of a password"
            )
        ).id
        for name in ("ana", "ben")
    ]
    crew = Crew(*ids)
    crew.signed_in = {
        "desk": await sessions.open_session(crew.ana, voucher=a_word("ana-1", "s-1")),
        "phone": await sessions.open_session(crew.ana, voucher=a_word("ana-1", "s-2")),
        "unsaid": await sessions.open_session(crew.ana, voucher=a_word("ana-1")),
        "elsewhere": await sessions.open_session(
            crew.ana, voucher=a_word("ana-1", "s-1", issuer="https://other.example.org")
        ),
        "password": await sessions.open_session(crew.ana, password_hash="of a password"),
        "ben": await sessions.open_session(crew.ben, voucher=a_word("ben-1", "s-3")),
        "ben, unsaid": await sessions.open_session(crew.ben, voucher=a_word("ben-1")),
        "ben's password": await sessions.open_session(crew.ben, password_hash="of a password"),
    }
    return crew


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        (goodbye(sid="s-1"), {"desk"}),
        (goodbye("ana-1", "s-1"), {"desk", "unsaid"}),
        (goodbye("ana-1"), {"desk", "phone", "unsaid"}),
        (goodbye("ana-1", "s-9"), {"unsaid"}),
        (goodbye("ben-1", "s-1"), {"ben, unsaid"}),
        (goodbye("ben-1"), {"ben", "ben, unsaid"}),
        (goodbye(sid="s-9"), set()),
        (goodbye("eve-1"), set()),
        (goodbye("ana"), set()),
        (goodbye("ana-1 "), set()),
        (goodbye("ANA-1"), set()),
        (goodbye(sid="s-%"), set()),
    ],
    ids=lambda value: f"{value.subject} {value.sid}" if isinstance(value, SignedOut) else "",
)
async def test_those_end_that_are_meant(crew: Crew, said: SignedOut, ended: set[str]) -> None:
    before = await everything()
    assert await vouching.take_back(said) == len(ended)
    assert await crew.stay() == crew.signed_in.keys() - ended
    after = await everything()
    assert after[1:] == before[1:], "nobody's account, identity or API token"
    if not ended:
        assert after[0] == before[0]


async def test_api_tokens_stay(crew: Crew) -> None:
    """Signing out of a browser is no word about programs."""
    made = await tokens.create_token(
        await sessions.viewer_of(crew.signed_in["desk"].access_token), name="script", scope=Scope.WRITE
    )
    assert await vouching.take_back(goodbye("ana-1"))
    assert (await tokens.viewer_of(made.secret)).account_id == crew.ana


async def test_sockets_are_told_as_of_any_session_that_ends(crew: Crew) -> None:
    watching = {
        name: await sessions.viewer_of(signed_in.access_token) for name, signed_in in crew.signed_in.items()
    }
    await vouching.take_back(goodbye("ana-1"))
    stand = await standing.still_signed_in(watching.values())
    assert {name for name, who in watching.items() if who in stand} == await crew.stay()


async def test_a_token_that_comes_again_ends_nothing_more(crew: Crew) -> None:
    """A provider that heard no answer may send it again; who kept a copy cannot keep anybody out."""
    said = goodbye("ana-1", jti="once")
    assert await vouching.take_back(said) == 3
    back = await sessions.open_session(crew.ana, voucher=a_word("ana-1", "s-4", at=LATER))
    before = await everything()
    for again in (said, goodbye("ana-1", jti="once", at=LATER), goodbye("ben-1", jti="once")):
        assert await vouching.take_back(again) == 0
    assert await everything() == before
    assert await standing_now([back]) == [True]
    assert await vouching.take_back(goodbye("ana-1", jti="another", at=LATER)) == 1


async def test_of_the_same_token_twice_at_once_one_counts(crew: Crew) -> None:
    ended = await asyncio.gather(*(vouching.take_back(goodbye("ana-1")) for _ in range(4)))
    assert sorted(ended) == [0, 0, 0, 3]


@pytest.mark.parametrize("said", [goodbye("ana-1"), goodbye(sid="s-5"), goodbye("ana-1", "s-5")])
async def test_who_is_signed_out_on_the_way_here_does_not_arrive(crew: Crew, said: SignedOut) -> None:
    await vouching.take_back(said)
    before = await everything()
    for at in (EARLIER, NOON):
        with pytest.raises(SignInRefused) as refusal:
            await sessions.open_session(crew.ana, voucher=a_word("ana-1", "s-5", at=at))
        assert refusal.value.details == {"reason": "EXPIRED"}
    assert await everything() == before
    came = [
        await sessions.open_session(crew.ana, voucher=a_word("ana-1", "s-5", at=LATER)),
        await sessions.open_session(crew.ben, voucher=a_word("ben-1", "s-6")),
        await sessions.open_session(crew.ana, password_hash="of a password"),
    ]
    assert await standing_now(came) == [True] * 3


async def test_no_session_begins_unseen_while_its_word_is_taken_back(crew: Crew) -> None:
    """Neither order loses: it is ended, or it does not begin."""
    for n in range(12):
        voucher = a_word("ana-1", f"race-{n}")
        work = [
            sessions.open_session(crew.ana, voucher=voucher),
            vouching.take_back(goodbye(sid=f"race-{n}", jti=f"j-{n}")),
        ]
        came = await asyncio.gather(*(work if n % 2 else reversed(work)), return_exceptions=True)
        assert all(isinstance(each, SignedIn | SignInRefused | int) for each in came)
    assert await fetch("SELECT FROM session WHERE sid LIKE 'race-%' AND revoked_at IS NULL") == []


async def test_what_is_remembered_of_it_names_nobody_and_is_forgotten(crew: Crew) -> None:
    now = datetime.now(UTC)
    await vouching.take_back(goodbye("ana-1", "s-1", at=now))
    kept = await fetch("SELECT digest, at FROM spent_proof")
    assert len(kept) == 2
    assert all(len(row["digest"]) == 32 for row in kept)
    await execute("UPDATE spent_proof SET at = now() - interval '2 hours'")
    assert await identities.sweep() == 2


async def test_the_session_knows_what_the_provider_calls_its_own(door: Door, forged: Forger) -> None:
    async def opened(**person: Any) -> Any:
        forged.person = person
        begun = await door.begin(BACK, "/")
        signed_in = (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
        assert signed_in is not None
        row = await fetch("SELECT issuer, subject, sid FROM session WHERE id = $1", signed_in.session_id)
        return tuple(row[0])

    assert await opened(sid="s-1") == (forged.issuer, "ana-1", "s-1")
    assert await opened() == (forged.issuer, "ana-1", None)
    for odd in (1, "", None, ["s-1"], "s" * 256, "s\x00"):
        assert await opened(sid=odd) == (forged.issuer, "ana-1", None), "none that could be told to end"
    forged.token = lambda claims: signed({k: v for k, v in claims.items() if k != "email"})
    forged.userinfo = {"sub": "ana-1", "email": "ana@example.org", "sid": "of another"}
    assert await opened() == (forged.issuer, "ana-1", None), "only the ID token says it"


async def test_the_provider_signs_out_whom_it_let_in(door: Door, forged: Forger) -> None:
    forged.person = {"sid": "s-1"}
    begun = await door.begin(BACK, "/")
    signed_in = (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    assert signed_in is not None
    before = await everything()
    for refused in (
        "",
        "x",
        forged.token(forged.honest("n")),
        forged.farewell(sid="s-1", aud="another"),
        forged.farewell(sid="s-1", iss="https://evil.example"),
        forged.farewell(sid="s-1", events=...),
        forged.farewell(sid="s-1", nonce="n"),
        forged.farewell(),
    ):
        with pytest.raises(LogoutRefused) as refusal:
            await door.sign_out(refused)
        assert refusal.value.code == "invalid_request"
    assert await everything() == before
    await execute("DELETE FROM identity")  # the account was unlinked: the session began there all the same
    await door.sign_out(forged.farewell(sid="s-1"))
    assert await standing_now([signed_in]) == [False]
    assert forged.asked[-1][0] == "/keys", "nobody else was asked anything"


async def test_new_keys_of_the_provider_sign_people_out_too(
    door: Door, forged: Forger, knowing: Settings
) -> None:
    await door.sign_out(forged.farewell(sub="ana-1"))
    forged.keys = [jwk_of(OTHER_KEY, kid="2")]
    await door.sign_out(forged.farewell(OTHER_KEY, "2", sub="ana-1"))
    with pytest.raises(LogoutRefused) as refusal:
        await door.sign_out(forged.farewell(sub="ana-1"))
    assert refusal.value.code == "invalid_request"
    away = Door(replace(knowing, oidc_issuer="http://127.0.0.1:9"))
    with pytest.raises(LogoutRefused) as refusal:
        await away.sign_out(forged.farewell(sub="ana-1"))
    assert refusal.value.code == "temporarily_unavailable"
    await away.close()


async def test_tokens_of_unknown_keys_do_not_flood_the_provider(
    door: Door, forged: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can send them, and none of them keeps the provider's own word from being heard."""
    await door.sign_out(forged.farewell(sub="ana-1"))
    monkeypatch.setattr(providers, "AGAIN_SECONDS", 0.3)
    forged.keys = [jwk_of(KEY, kid="1"), jwk_of(OTHER_KEY, kid="2")]
    flood = [signed({"sub": "x"}, OTHER_KEY, kid=f"unknown {n}") for n in range(40)]
    flood.append(forged.farewell(OTHER_KEY, "2", sub="ana-1"))
    forged.asked.clear()
    came = await asyncio.gather(*(door.sign_out(token) for token in flood), return_exceptions=True)
    assert [type(each) for each in came] == [LogoutRefused] * 40 + [type(None)]
    assert len(forged.asked) <= 2
    forged.asked.clear()
    began = time.monotonic()
    for token in flood[:2]:
        with pytest.raises(LogoutRefused):
            await door.sign_out(token)
    assert len(forged.asked) == 2
    assert time.monotonic() - began >= 0.3, "one after the other they are asked for as seldom"
    forged.asked.clear()
    forged.status = 500
    came = await asyncio.gather(*(door.sign_out(token) for token in flood[:40]), return_exceptions=True)
    assert {each.code for each in came if isinstance(each, LogoutRefused)} == {"temporarily_unavailable"}
    assert len(forged.asked) <= 2


async def test_no_token_is_in_the_log(door: Door, forged: Forger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "webref")
    good, bad = forged.farewell(sub="ana-1", sid="s-1"), forged.farewell(sub="ana-1", nonce="n")
    await door.sign_out(good)
    with pytest.raises(LogoutRefused):
        await door.sign_out(bad)
    assert "nonce" in caplog.text, "why it failed is"
    for secret in (good, bad, "ana-1", "s-1"):
        assert secret not in caplog.text
