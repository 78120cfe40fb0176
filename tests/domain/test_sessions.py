"""Laws of sessions: a refresh token works once, a copied one ends the session, what is revoked is over."""

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from argon2 import PasswordHasher

from domain import sessions, standing
from domain.access import Scope, Viewer
from domain.database import connect, execute, fetchval
from domain.errors import Forbidden, SessionRevoked, TooBusy, Unauthenticated, WrongCredentials
from domain.settings import Settings
from tests.people import join, sign_in, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


async def test_signing_in_says_who_one_is() -> None:
    ana = await join("ana")
    signed_in = await sessions.sign_in(
        email=" ANA@example.org ", password=PASSWORD, user_agent="Firefox\n7", address="192.0.2.7"
    )
    seen = await sessions.viewer_of(signed_in.access_token)
    assert seen == Viewer(
        account_id=ana.id,
        name="Ana",
        is_owner=True,
        scope=Scope.WRITE,
        session_id=signed_in.session_id,
        token_id=None,
    )
    assert timedelta(0) < signed_in.access_expires_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert timedelta(days=29) < signed_in.refresh_expires_at - datetime.now(UTC) <= timedelta(days=30)
    (session,) = await sessions.sessions_of(seen)
    assert (session.user_agent, session.address, session.is_current) == ("Firefox 7", "192.0.2.7", True)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.org", "not the password"),
        ("ana@example.org", ""),
        ("ana@example.org", "x" * 100_000),
        ("nobody@example.org", PASSWORD),
        ("nul\x00@example.org", PASSWORD),
        ("half\ud800@example.org", PASSWORD),
        ("' or true --", PASSWORD),
        ("", ""),
    ],
)
async def test_whatever_is_wrong_the_words_are_the_same(email: str, password: str) -> None:
    await join("ana")
    with pytest.raises(WrongCredentials) as refused:
        await sessions.sign_in(email=email, password=password)
    assert refused.value.message == "Email and password do not belong together."
    assert refused.value.details == {}
    assert await fetchval("select count(*) from session") == 0


async def test_guessing_has_to_wait_per_person_and_address() -> None:
    await join("ana")
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await sign_in("ana", "not the password", address="10.0.0.1")
    with pytest.raises(TooBusy) as refused:
        await sign_in("ana", PASSWORD, address="10.0.0.1")
    assert 0 < refused.value.details["retry_after_seconds"] <= 300
    await sign_in("ana", PASSWORD, address="10.0.0.2")


async def test_guessing_everybody_from_one_address_has_to_wait() -> None:
    for number in range(100):
        with pytest.raises(WrongCredentials):
            await sign_in(f"person{number}", "not the password", address="10.0.0.1")
    with pytest.raises(TooBusy):
        await sign_in("somebody", PASSWORD, address="10.0.0.1")


async def test_a_hash_with_old_parameters_is_renewed_when_the_password_is_seen() -> None:
    ana = await join("ana")
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await execute("update account set password_hash = $2 where id = $1", ana.id, old)
    await sign_in("ana")
    assert str(await fetchval("select password_hash from account")).startswith(
        "$argon2id$v=19$m=19456,t=3,p=1$"
    )
    await sign_in("ana")


async def test_a_refresh_token_works_once_and_its_copy_ends_the_session() -> None:
    await join("ana")
    first = await sign_in("ana")
    second = await sessions.refresh(first.refresh_token, user_agent="Other", address="192.0.2.8")
    assert second.session_id == first.session_id
    await sessions.viewer_of(first.access_token)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(first.refresh_token)
    for access_token in (first.access_token, second.access_token):
        with pytest.raises(SessionRevoked):
            await sessions.viewer_of(access_token)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(second.refresh_token)


async def test_of_many_refreshes_at_once_at_most_one_token_stays_good() -> None:
    await join("ana")
    for _ in range(5):
        signed_in = await sign_in("ana")
        answers = await asyncio.gather(
            *(sessions.refresh(signed_in.refresh_token) for _ in range(8)), return_exceptions=True
        )
        renewed = [answer for answer in answers if isinstance(answer, sessions.SignedIn)]
        assert len(renewed) == 1
        assert all(isinstance(answer, SessionRevoked) for answer in answers if answer not in renewed)
        with pytest.raises(SessionRevoked):
            await sessions.refresh(renewed[0].refresh_token)


async def test_a_forged_refresh_token_ends_nothing() -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    raw = base64.urlsafe_b64decode(signed_in.refresh_token)
    for forged in (
        "",
        "x",
        "é",
        signed_in.refresh_token + "A",
        signed_in.refresh_token + "=",
        signed_in.access_token,
        base64.urlsafe_b64encode(raw[:20] + bytes(32) + raw[52:]).decode(),
        base64.urlsafe_b64encode(raw[:1] + uuid4().bytes + raw[17:]).decode(),
    ):
        with pytest.raises(Unauthenticated):
            await sessions.refresh(forged)
    assert (await sessions.refresh(signed_in.refresh_token)).session_id == signed_in.session_id


async def test_a_session_that_is_over_can_not_be_refreshed() -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    await execute("update session set expires_at = now() - interval '1 second'")
    with pytest.raises(Unauthenticated):
        await sessions.refresh(signed_in.refresh_token)
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(signed_in.access_token)


async def test_tokens_are_stored_only_as_hashes() -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    stored = await fetchval("select refresh_hash from session")
    assert len(stored) == 32
    row = str(await fetchval("select session::text from session"))
    assert signed_in.refresh_token not in row
    assert signed_in.refresh_token.encode().hex() not in row


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_an_access_token_is_ours_or_nothing() -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    key = sessions._signing().access_key
    claims = jwt.decode(signed_in.access_token, options={"verify_signature": False})
    soon = datetime.now(UTC) + timedelta(minutes=5)

    def made(key: bytes = key, algorithm: str = "HS256", typ: str = "at+jwt", **changed: object) -> str:
        present = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(present, key, algorithm=algorithm, headers={"typ": typ})

    unsigned = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none", "typ": "at+jwt"}, claims)
    )
    await sessions.viewer_of(made())
    for wrong in (
        "",
        "a.b.c",
        "wr_" + "0" * 60,
        signed_in.refresh_token,
        signed_in.access_token[:-2],
        f"{unsigned}.",
        made(key=b"another key, just as long as ours"),
        made(algorithm="HS512"),
        made(typ="JWT"),
        made(aud="other"),
        made(aud=None),
        made(exp=None),
        made(exp=datetime.now(UTC) - timedelta(seconds=1)),
        made(sid=None),
        made(sid="no uuid"),
        made(sub=None),
        made(sub=7),
        made(exp=soon, iat=None),
    ):
        with pytest.raises(Unauthenticated):
            await sessions.viewer_of(wrong)
    for stranger in (made(sid=str(uuid4())), made(sub=str(uuid4()))):
        with pytest.raises(SessionRevoked):
            await sessions.viewer_of(stranger)


async def test_another_secret_makes_other_tokens(tmp_path_factory: pytest.TempPathFactory) -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    sessions.sign_with(Settings(data=tmp_path_factory.mktemp("data"), secret="s" * 40))
    with pytest.raises(Unauthenticated):
        await sessions.viewer_of(signed_in.access_token)
    with pytest.raises(Unauthenticated):
        await sessions.refresh(signed_in.refresh_token)


async def test_sessions_are_listed_and_ended_one_by_one() -> None:
    await join("ana")
    here, there, third = await sign_in("ana"), await sign_in("ana"), await sign_in("ana")
    ana = await sessions.viewer_of(here.access_token)
    listed = await sessions.sessions_of(ana)
    assert {session.id for session in listed} == {here.session_id, there.session_id, third.session_id}
    assert [session.id for session in listed if session.is_current] == [here.session_id]
    assert await sessions.revoke_sessions(ana, [there.session_id, uuid4()]) == [there.session_id]
    assert await sessions.revoke_sessions(ana, [there.session_id]) == []
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(there.access_token)
    await sessions.viewer_of(third.access_token)


async def test_nobody_ends_the_sessions_of_others() -> None:
    await join("ana")
    theirs = await sign_in("ana")
    stranger = replace(await viewer("ana"), account_id=uuid4())
    assert await sessions.revoke_sessions(stranger, [theirs.session_id]) == []
    reader = replace(await viewer("ana"), scope=Scope.READ)
    with pytest.raises(Forbidden):
        await sessions.revoke_sessions(reader, [theirs.session_id])
    await sessions.viewer_of(theirs.access_token)


async def test_signing_out_ends_this_session_only_and_twice_is_once() -> None:
    await join("ana")
    here, there = await sign_in("ana"), await sign_in("ana")
    ana = await sessions.viewer_of(here.access_token)
    await sessions.sign_out(ana)
    await sessions.sign_out(ana)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(here.refresh_token)
    await sessions.viewer_of(there.access_token)
    await sessions.sign_out_by_refresh_token("not a token")
    await sessions.sign_out_by_refresh_token(there.refresh_token)
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(there.access_token)


async def test_the_end_of_a_session_is_announced() -> None:
    ana = await join("ana")
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await connect()
    try:
        await connection.add_listener("webref", lambda *notice: heard.put_nowait(str(notice[3])))
        here = await sign_in("ana")
        await sessions.sign_out(await sessions.viewer_of(here.access_token))
        notice = await asyncio.wait_for(heard.get(), 2)
    finally:
        await connection.close()
    assert json.loads(notice) == {"access": str(ana.id)}


async def test_last_seen_moves_once_a_minute() -> None:
    await join("ana")
    signed_in = await sign_in("ana")
    before = await fetchval("select last_seen_at from session")
    await sessions.viewer_of(signed_in.access_token)
    assert await fetchval("select last_seen_at from session") == before
    await execute("update session set last_seen_at = now() - interval '2 minutes'")
    await sessions.viewer_of(signed_in.access_token)
    assert await fetchval("select last_seen_at > now() - interval '10 seconds' from session")


async def test_one_query_says_who_is_still_signed_in() -> None:
    await join("ana")
    here, there = await viewer("ana"), await viewer("ana")
    stranger = replace(here, account_id=uuid4())
    token = replace(here, session_id=None, token_id=UUID(int=7))
    assert await standing.still_signed_in({here, there, stranger, token}) == {here, there}
    await sessions.sign_out(there)
    assert await standing.still_signed_in({here, there}) == {here}
    assert await standing.still_signed_in(set()) == set()
