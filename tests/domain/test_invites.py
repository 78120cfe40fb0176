"""Laws of invites: shown once, good once, for whom and as long as they were meant."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain import accounts, invites, letters, operators
from domain.access import Scope
from domain.accounts import RegistrationPolicy
from domain.database import execute, fetchval
from domain.errors import AlreadyExists, Forbidden, LimitExceeded, MutationIdConflict, RegistrationClosed
from tests.people import join, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


async def test_an_invite_lets_one_person_in_once() -> None:
    await join("ana")
    ana = await viewer("ana")
    made = await invites.create_invite(ana)
    assert made.invite.expires_at - made.invite.created_at == timedelta(days=14)
    ben = await join("ben", f" {made.code}\n")
    assert not ben.is_owner
    with pytest.raises(RegistrationClosed):
        await join("eve", made.code)
    (invite,) = await invites.invites_of(ana)
    assert (invite.used_by, invite.used_at is not None) == (ben.id, True)
    assert await fetchval("select count(*) from account") == 2


async def test_of_many_with_one_code_exactly_one_gets_in() -> None:
    await join("ana")
    made = await invites.create_invite(await viewer("ana"))
    answers = await asyncio.gather(
        *(join(f"person{number}", made.code) for number in range(10)), return_exceptions=True
    )
    assert sum(isinstance(answer, accounts.Account) for answer in answers) == 1
    assert sum(isinstance(answer, RegistrationClosed) for answer in answers) == 9
    assert await fetchval("select count(*) from account") == 2


async def test_an_invite_for_an_email_is_for_nobody_else() -> None:
    await join("ana")
    made = await invites.create_invite(await viewer("ana"), email="Ben@Example.org")
    assert made.invite.email == "ben@example.org"
    with pytest.raises(RegistrationClosed):
        await join("eve", made.code)
    await join("ben", made.code)


async def test_the_code_is_kept_as_a_hash_only() -> None:
    await join("ana")
    made = await invites.create_invite(await viewer("ana"))
    assert made.code not in str(await fetchval("select invite::text from invite"))
    assert await fetchval("select code_hash from invite") == letters.code_hash(made.code)


async def test_an_invite_ends_and_can_be_revoked() -> None:
    await join("ana")
    ana = await viewer("ana")
    over, gone = await invites.create_invite(ana), await invites.create_invite(ana)
    await execute("update invite set expires_at = now() - interval '1 s' where id = $1", over.invite.id)
    assert await invites.revoke_invites(ana, [gone.invite.id, uuid4()]) == [gone.invite.id]
    assert await invites.revoke_invites(ana, [gone.invite.id]) == [gone.invite.id]
    for code in (over.code, gone.code, "", "guessed", "half \ud800"):
        with pytest.raises(RegistrationClosed):
            await join("ben", code)
    assert await invites.invites_of(ana) == []


async def test_a_used_invite_can_not_be_revoked() -> None:
    await join("ana")
    ana = await viewer("ana")
    made = await invites.create_invite(ana)
    await join("ben", made.code)
    assert await invites.revoke_invites(ana, [made.invite.id]) == []
    assert len(await invites.invites_of(ana)) == 1


async def test_a_registration_that_fails_does_not_use_up_the_invite() -> None:
    await join("ana")
    made = await invites.create_invite(await viewer("ana"))
    with pytest.raises(AlreadyExists):
        await join("ana", made.code)
    await join("ben", made.code)


async def test_an_open_server_needs_no_code_and_minds_no_wrong_one() -> None:
    await join("ana")
    await accounts.set_registration(await viewer("ana"), RegistrationPolicy.OPEN)
    await join("ben", "an old code")


async def test_only_the_servers_owner_invites() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    ana, ben = await viewer("ana"), await viewer("ben")
    made = await invites.create_invite(ana)
    for stranger in (ben, replace(ana, scope=Scope.READ)):
        with pytest.raises(Forbidden):
            await invites.create_invite(stranger)
    with pytest.raises(Forbidden):
        await invites.revoke_invites(replace(ana, scope=Scope.READ), [made.invite.id])
    assert await invites.revoke_invites(ben, [made.invite.id]) == []
    assert await fetchval("select revoked_at from invite") is None
    assert await invites.invites_of(ben) == []
    assert [invite.id for invite in await invites.invites_of(ana)] == [made.invite.id]


async def test_a_retried_creation_makes_one_invite() -> None:
    await join("ana")
    ana, mutation_id = await viewer("ana"), uuid4()
    first = await invites.create_invite(ana, mutation_id=mutation_id)
    again = await invites.create_invite(ana, mutation_id=mutation_id)
    assert again.invite.id == first.invite.id
    with pytest.raises(MutationIdConflict):
        await invites.create_invite(ana, email="ben@example.org", mutation_id=mutation_id)
    with pytest.raises(RegistrationClosed):
        await join("ben", first.code)
    await join("ben", again.code)
    with pytest.raises(MutationIdConflict):
        await invites.create_invite(ana, mutation_id=mutation_id)


async def test_there_is_a_bound_on_open_invites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "MOST_OPEN", 2)
    await join("ana")
    ana = await viewer("ana")
    await invites.create_invite(ana)
    await invites.create_invite(ana)
    with pytest.raises(LimitExceeded):
        await invites.create_invite(ana)
