"""Laws of identities: who proved elsewhere who they are gets their own account and never somebody else's."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import accounts, departing, identities, invites, operators, sessions, standing, tokens
from domain.access import Scope
from domain.accounts import RegistrationPolicy
from domain.database import execute, fetch, fetchrow, fetchval
from domain.elsewhere import Joining
from domain.errors import (
    Forbidden,
    LastWayIn,
    SignInRefused,
    WrongCredentials,
)
from domain.identities import Admission, Profile
from tests.people import join, sign_in, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")

ANA = Profile("https://login.example.org", "1", "ana@example.org", True, "Ana Elsewhere")
BEN = replace(ANA, subject="2", email="ben@example.org", name="Ben Elsewhere")
OPEN = Admission("Harbour", Joining.OPEN, links_by_email=False)
RULE = replace(OPEN, joining=Joining.RULE)
CLOSED = replace(OPEN, joining=Joining.CLOSED)
BY_EMAIL = replace(OPEN, links_by_email=True)


async def refused(profile: Profile, admission: Admission, reason: str, **more: Any) -> None:
    """And nothing has changed by it."""
    before = await everything()
    with pytest.raises(SignInRefused) as refusal:
        await identities.account_for(profile, admission, **more)
    assert refusal.value.details == {"reason": reason}
    assert await everything() == before


async def everything() -> list[Any]:
    return [
        await fetch(f"SELECT * FROM {table} ORDER BY 1")
        for table in ("account", "identity", "session", "token", "invite", "spent_proof")
    ]


async def signed_in(account_id: UUID) -> Any:
    opened = await sessions.open_session(account_id)
    return await sessions.viewer_of(opened.access_token)


async def test_the_first_to_come_owns_the_server_and_the_next_does_not() -> None:
    first = await identities.account_for(ANA, CLOSED)
    second = await identities.account_for(BEN, OPEN)
    owners = {row["id"]: row["is_owner"] for row in await fetch("SELECT id, is_owner FROM account")}
    assert owners == {first: True, second: False}
    row = await fetchrow("SELECT * FROM account WHERE id = $1", first)
    assert row is not None
    assert (row["email"], row["name"], row["password_hash"]) == ("ana@example.org", "Ana Elsewhere", "")


async def test_who_comes_again_is_the_same_whatever_else_they_are_called_now() -> None:
    first = await identities.account_for(ANA, OPEN)
    again = replace(ANA, email="olga@example.org", name="Olga")
    assert await identities.account_for(again, CLOSED) == first
    assert await fetchval("SELECT count(*) FROM account") == 1
    account = await fetchrow("SELECT email, name FROM account")
    assert account is not None
    assert tuple(account) == ("ana@example.org", "Ana Elsewhere")
    assert await fetchval("SELECT email FROM identity") == "olga@example.org"


async def test_two_who_come_at_once_for_the_first_time_are_one() -> None:
    came = await asyncio.gather(*(identities.account_for(ANA, OPEN) for _ in range(6)))
    assert len(set(came)) == 1
    assert await fetchval("SELECT count(*) FROM identity") == 1


async def test_another_issuer_with_the_same_subject_is_somebody_else() -> None:
    await identities.account_for(ANA, OPEN)
    await refused(replace(ANA, issuer="https://evil.example"), OPEN, "EMAIL_TAKEN")
    other = replace(BEN, issuer="https://evil.example", subject="1")
    assert await identities.account_for(other, OPEN) != await identities.account_for(ANA, OPEN)


@pytest.mark.parametrize("policy", list(RegistrationPolicy))
async def test_who_may_join_is_the_servers_rule_unless_the_setting_says_otherwise(
    policy: RegistrationPolicy,
) -> None:
    await join("olga")
    await execute("UPDATE instance SET registration = $1", policy.value)
    await refused(ANA, CLOSED, "CLOSED")
    if policy is RegistrationPolicy.OPEN:
        assert await came_in(ANA, RULE)
    else:
        await refused(ANA, RULE, "NEEDS_INVITE" if policy is RegistrationPolicy.INVITE else "CLOSED")
    assert await came_in(BEN, OPEN)


async def test_an_invite_lets_one_in_by_its_code_or_by_the_proven_address_it_is_for() -> None:
    await join("olga")
    olga = await viewer("olga")
    code = (await invites.create_invite(olga)).code
    await refused(ANA, RULE, "NEEDS_INVITE", invite_code="made up")
    assert await came_in(ANA, RULE, invite_code=code)
    await refused(BEN, RULE, "NEEDS_INVITE", invite_code=code)
    await invites.create_invite(olga, email="ben@example.org")
    await refused(replace(BEN, is_email_verified=False), RULE, "NEEDS_INVITE")
    await refused(replace(BEN, email="cy@example.org"), RULE, "NEEDS_INVITE")
    assert await came_in(BEN, RULE)
    assert await fetchval("SELECT count(*) FROM invite WHERE used_at IS NULL") == 0


@pytest.mark.parametrize("email", [None, "", "nobody", "a@b@c", "ana@example.org\n<x>", "x" * 300 + "@y"])
async def test_without_an_address_there_is_no_account(email: str | None) -> None:
    await refused(replace(ANA, email=email), OPEN, "NO_EMAIL")


async def test_an_account_with_the_address_is_taken_over_by_nobody() -> None:
    await join("ana")
    await refused(ANA, OPEN, "EMAIL_TAKEN")
    await refused(replace(ANA, is_email_verified=False), BY_EMAIL, "EMAIL_TAKEN")
    await refused(replace(ANA, email="ANA@example.org"), OPEN, "EMAIL_TAKEN")
    await sign_in("ana")


async def test_linked_by_a_proven_address_nobody_else_keeps_a_way_in() -> None:
    """Somebody may have made the account under an address of another's, to wait for them in it."""
    ana = await join("ana")
    before = await viewer("ana")
    token = await tokens.create_token(before, name="mine", scope=Scope.WRITE)
    assert await identities.account_for(ANA, BY_EMAIL) == ana.id
    assert await standing.still_signed_in([before]) == set()
    with pytest.raises(WrongCredentials):
        await sign_in("ana")
    with pytest.raises(Exception, match="token"):
        await tokens.viewer_of(token.secret)
    assert await identities.account_for(ANA, CLOSED) == ana.id
    await refused(replace(ANA, subject="another"), BY_EMAIL, "LINKED_OTHERWISE")


async def test_linked_by_an_address_that_was_proven_here_too_all_goes_on() -> None:
    ana = await join("ana")
    await execute("UPDATE account SET email_proven_at = now()")
    before = await viewer("ana")
    token = await tokens.create_token(before, name="mine", scope=Scope.WRITE)
    assert await identities.account_for(ANA, BY_EMAIL) == ana.id
    assert await standing.still_signed_in([before]) == {before}
    assert (await tokens.viewer_of(token.secret)).account_id == ana.id
    await sign_in("ana")


async def test_who_is_disabled_stays_out() -> None:
    await join("olga")
    account = await identities.account_for(ANA, OPEN)
    await operators.disable_account("ana@example.org")
    await refused(ANA, OPEN, "DISABLED")
    await refused(replace(ANA, subject="new"), BY_EMAIL, "DISABLED")
    await operators.enable_account("ana@example.org")
    assert await identities.account_for(ANA, OPEN) == account


async def test_a_proof_opens_once() -> None:
    await identities.account_for(ANA, OPEN, "one")
    await refused(ANA, OPEN, "EXPIRED", once="one")
    await identities.account_for(ANA, OPEN, "two")
    await execute("UPDATE spent_proof SET at = now() - interval '2 hours'")
    assert await identities.sweep() == 2


async def test_of_one_proof_shown_many_times_at_once_one_counts() -> None:
    await identities.account_for(ANA, OPEN)
    came = await asyncio.gather(
        *(identities.account_for(ANA, OPEN, "one") for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(each, UUID) for each in came) == 1


async def test_who_may_own_the_server_does_unless_its_owner_may_too() -> None:
    olga = await join("olga")
    ana = await identities.account_for(replace(ANA, may_own=True), OPEN)

    async def owner() -> list[UUID]:
        return [row["id"] for row in await fetch("SELECT id FROM account WHERE is_owner")]

    assert await owner() == [ana] != [olga.id]
    ben = await identities.account_for(replace(BEN, may_own=True), OPEN)
    assert await owner() == [ana], "it does not go to and fro"
    await identities.account_for(replace(ANA, may_own=False), OPEN)
    assert await owner() == [ana], "a server is never without an owner"
    await identities.account_for(replace(BEN, may_own=True), OPEN)
    assert await owner() == [ben]


async def test_who_may_not_own_the_server_is_not_its_first() -> None:
    await refused(replace(ANA, may_own=False), OPEN, "CLOSED")
    assert await came_in(replace(BEN, may_own=True), OPEN)
    assert await came_in(replace(ANA, may_own=False), OPEN)


async def test_the_signed_in_link_and_unlink_and_keep_a_way_in() -> None:
    await join("ana")
    ana = await viewer("ana")
    await identities.link(ana, BEN)
    await identities.link(ana, BEN)
    assert [each.email for each in await identities.identities_of(ana)] == ["ben@example.org"]
    assert await identities.account_for(BEN, CLOSED) == ana.account_id
    with pytest.raises(SignInRefused, match="another account there"):
        await identities.link(ana, replace(BEN, subject="3"))
    (linked,) = await identities.identities_of(ana)
    assert await identities.unlink_identities(ana, [linked.id, uuid4()]) == [linked.id]
    assert await identities.unlink_identities(ana, [linked.id]) == []
    await refused(BEN, CLOSED, "CLOSED")


async def test_nobody_links_what_leads_to_somebody_else() -> None:
    await identities.account_for(ANA, OPEN)
    await join_open("ben")
    ben = await viewer("ben")
    before = await everything()
    with pytest.raises(SignInRefused) as refusal:
        await identities.link(ben, ANA)
    assert refusal.value.details == {"reason": "LINKED"}
    assert await everything() == before


async def test_nobody_unlinks_what_is_another_persons() -> None:
    ana = await signed_in(await identities.account_for(ANA, OPEN))
    await join_open("ben")
    (linked,) = await identities.identities_of(ana)
    assert await identities.unlink_identities(await viewer("ben"), [linked.id]) == []
    assert await identities.identities_of(ana) == [linked]


async def test_a_token_neither_links_nor_unlinks() -> None:
    account = await identities.account_for(ANA, OPEN)
    ana = await signed_in(account)
    made = await tokens.create_token(ana, name="script", scope=Scope.WRITE)
    script = await tokens.viewer_of(made.secret)
    (linked,) = await identities.identities_of(ana)
    before = await everything()
    with pytest.raises(Forbidden):
        await identities.unlink_identities(script, [linked.id])
    with pytest.raises(Forbidden):
        await identities.link(script, BEN)
    assert await everything() == before


async def test_without_a_password_the_last_way_in_stays_until_one_is_set() -> None:
    account = await identities.account_for(ANA, OPEN)
    ana = await signed_in(account)
    (linked,) = await identities.identities_of(ana)
    with pytest.raises(LastWayIn):
        await identities.unlink_identities(ana, [linked.id])
    assert await identities.identities_of(ana) == [linked]
    assert not await accounts.has_password(ana)
    await accounts.change_password(ana, current=None, new=PASSWORD)
    assert await accounts.has_password(ana)
    await sign_in("ana")
    assert await identities.unlink_identities(ana, [linked.id]) == [linked.id]


async def test_a_first_password_needs_a_sign_in_of_a_moment_ago() -> None:
    ana = await signed_in(await identities.account_for(ANA, OPEN))
    await execute("UPDATE session SET created_at = now() - interval '16 minutes'")
    with pytest.raises(WrongCredentials, match="sign in again"):
        await accounts.change_password(ana, current=None, new=PASSWORD)
    assert not await accounts.has_password(ana)


@pytest.mark.parametrize("current", [None, ""])
async def test_who_has_a_password_needs_it_to_change_it(current: str | None) -> None:
    await join("ana")
    with pytest.raises(WrongCredentials):
        await accounts.change_password(await viewer("ana"), current=current, new="another password")
    await sign_in("ana")


@pytest.mark.parametrize("password", ["", " ", "a" * 200, "some password"])
async def test_no_password_opens_an_account_without_one(password: str) -> None:
    await identities.account_for(ANA, OPEN)
    with pytest.raises(WrongCredentials):
        await sign_in("ana", password)


async def test_who_is_erased_cannot_come_back_and_leaves_no_trace() -> None:
    await join("olga")
    await identities.account_for(ANA, OPEN)
    await departing.erase("ana@example.org")
    assert await fetchval("SELECT count(*) FROM identity") == 0
    await refused(ANA, CLOSED, "CLOSED")


async def join_open(name: str) -> None:
    await execute("UPDATE instance SET registration = 'OPEN'")
    await join(name)


async def came_in(profile: Profile, admission: Admission, **more: Any) -> bool:
    account = await identities.account_for(profile, admission, **more)
    return bool(await fetchval("SELECT count(*) = 1 FROM account WHERE id = $1", account))
