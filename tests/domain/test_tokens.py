"""Laws of API tokens: shown once, stored hashed, over the moment they are revoked, never breeding."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain import operators, standing, tokens
from domain.access import Scope
from domain.database import execute, fetchval
from domain.errors import (
    BadInput,
    Forbidden,
    LimitExceeded,
    MutationIdConflict,
    NotFound,
    Unauthenticated,
)
from tests.people import join, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


async def test_a_token_acts_for_its_person_within_its_scope() -> None:
    account = await join("ana")
    ana = await viewer("ana")
    for scope in Scope:
        made = await tokens.create_token(ana, name=f"for {scope}", scope=scope)
        seen = await tokens.viewer_of(made.secret)
        assert (seen.account_id, seen.scope, seen.session_id) == (account.id, scope, None)
        assert seen.token_id == made.token.id
    assert {token.name for token in await tokens.tokens_of(ana)} == {"for READ", "for WRITE"}


async def test_only_a_hash_of_the_secret_is_kept() -> None:
    await join("ana")
    made = await tokens.create_token(await viewer("ana"), name="script", scope=Scope.WRITE)
    prefix, key, secret = made.secret.split("_")
    assert (prefix, len(secret)) == ("wr", 64)
    row = str(await fetchval("select token::text from token"))
    assert key in row
    assert secret not in row


async def test_whatever_is_wrong_with_a_token_the_words_are_the_same() -> None:
    await join("ana")
    ana = await viewer("ana")
    made = await tokens.create_token(ana, name="script", scope=Scope.READ)
    over = await tokens.create_token(
        ana, name="over", scope=Scope.READ, expires_at=datetime.now(UTC) + timedelta(minutes=1)
    )
    await execute("update token set expires_at = now() - interval '1 s' where id = $1", over.token.id)
    gone = await tokens.create_token(ana, name="gone", scope=Scope.READ)
    await tokens.revoke_tokens(ana, [gone.token.id])
    words = set()
    for wrong in (
        "",
        "wr_",
        made.secret[:-1],
        made.secret[:-1] + ("0" if made.secret[-1] != "0" else "1"),
        made.secret.upper(),
        made.secret + "\n",
        "wr_" + "0" * 16 + "_" + "0" * 64,
        over.secret,
        gone.secret,
    ):
        with pytest.raises(Unauthenticated) as refused:
            await tokens.viewer_of(wrong)
        words.add(refused.value.message)
    assert len(words) == 1
    await tokens.viewer_of(made.secret)


async def test_a_revoked_token_is_over_at_once_and_revoking_twice_is_once() -> None:
    await join("ana")
    ana = await viewer("ana")
    made = await tokens.create_token(ana, name="script", scope=Scope.WRITE)
    seen = await tokens.viewer_of(made.secret)
    assert await standing.still_signed_in([seen]) == {seen}
    assert await tokens.revoke_tokens(ana, [made.token.id, uuid4()]) == [made.token.id]
    assert await tokens.revoke_tokens(ana, [made.token.id]) == []
    with pytest.raises(Unauthenticated):
        await tokens.viewer_of(made.secret)
    assert await standing.still_signed_in([seen]) == set()
    assert await tokens.tokens_of(ana) == []


async def test_tokens_do_not_breed_and_readers_manage_nothing() -> None:
    await join("ana")
    made = await tokens.create_token(await viewer("ana"), name="script", scope=Scope.WRITE)
    writer = await tokens.viewer_of(made.secret)
    for token in (writer, replace(writer, scope=Scope.READ)):
        with pytest.raises(Forbidden):
            await tokens.create_token(token, name="child", scope=Scope.READ)
    with pytest.raises(Forbidden):
        await tokens.revoke_tokens(replace(writer, scope=Scope.READ), [made.token.id])
    assert await fetchval("select count(*) from token") == 1
    await tokens.viewer_of(made.secret)


async def test_nobody_revokes_the_tokens_of_others() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    made = await tokens.create_token(await viewer("ben"), name="script", scope=Scope.READ)
    assert await tokens.revoke_tokens(await viewer("ana"), [made.token.id]) == []
    await tokens.viewer_of(made.secret)


async def test_the_token_of_a_disabled_account_sleeps() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    made = await tokens.create_token(await viewer("ben"), name="script", scope=Scope.READ)
    await operators.disable_account("ben@example.org")
    with pytest.raises(Unauthenticated):
        await tokens.viewer_of(made.secret)
    await operators.enable_account("ben@example.org")
    await tokens.viewer_of(made.secret)


async def test_last_use_is_noted_once_a_minute() -> None:
    await join("ana")
    made = await tokens.create_token(await viewer("ana"), name="script", scope=Scope.READ)
    assert made.token.last_used_at is None
    await tokens.viewer_of(made.secret)
    first = await fetchval("select last_used_at from token")
    await tokens.viewer_of(made.secret)
    assert first is not None
    assert await fetchval("select last_used_at from token") == first
    await execute("update token set last_used_at = now() - interval '2 minutes'")
    await tokens.viewer_of(made.secret)
    assert await fetchval("select last_used_at from token") > first


@pytest.mark.parametrize(
    "expires_at", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1)], ids=["past", "without an offset"]
)
async def test_a_token_ends_in_the_future(expires_at: datetime) -> None:
    await join("ana")
    with pytest.raises(BadInput):
        await tokens.create_token(await viewer("ana"), name="script", scope=Scope.READ, expires_at=expires_at)


async def test_there_is_a_bound_on_tokens_even_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_OPEN", 5)
    await join("ana")
    ana = await viewer("ana")
    answers = await asyncio.gather(
        *(tokens.create_token(ana, name="script", scope=Scope.READ) for _ in range(12)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, LimitExceeded) for answer in answers) == 7
    assert len(await tokens.tokens_of(ana)) == 5


async def test_a_retried_creation_makes_one_token() -> None:
    await join("ana")
    ana, mutation_id = await viewer("ana"), uuid4()
    first = await tokens.create_token(ana, name="script", scope=Scope.READ, mutation_id=mutation_id)
    again = await tokens.create_token(ana, name="script", scope=Scope.READ, mutation_id=mutation_id)
    assert again.token.id == first.token.id
    with pytest.raises(Unauthenticated):
        await tokens.viewer_of(first.secret)
    with pytest.raises(MutationIdConflict):
        await tokens.create_token(ana, name="other", scope=Scope.READ, mutation_id=mutation_id)
    await tokens.viewer_of(again.secret)
    with pytest.raises(MutationIdConflict):
        await tokens.create_token(ana, name="script", scope=Scope.READ, mutation_id=mutation_id)
    await tokens.viewer_of(again.secret)
    assert await fetchval("select count(*) from token") == 1


async def test_an_operator_makes_and_revokes_tokens() -> None:
    await join("ana")
    made = await operators.create_token("ana@example.org", name="backup", scope=Scope.READ)
    assert [token.id for token in await operators.tokens_called("ana@example.org")] == [made.token.id]
    await operators.revoke_token(made.token.id)
    with pytest.raises(Unauthenticated):
        await tokens.viewer_of(made.secret)
    with pytest.raises(NotFound):
        await operators.revoke_token(made.token.id)
