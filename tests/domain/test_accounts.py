"""Laws of accounts: one owner, whatever the race; who may join; what one changes about oneself."""

import asyncio
from dataclasses import replace

import pytest

from domain import accounts, attempts, invites, operators, sessions
from domain.access import Scope, Viewer
from domain.accounts import RegistrationPolicy
from domain.database import fetchval
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    Forbidden,
    LastOwner,
    NotFound,
    RegistrationClosed,
    SessionRevoked,
    TooBusy,
    WrongCredentials,
)
from tests.people import join, sign_in, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


async def count(table: str) -> int:
    return int(await fetchval(f"select count(*) from {table}"))


async def test_the_first_account_owns_the_server_and_the_second_does_not() -> None:
    assert await accounts.needs_first_account()
    ana = await join("ana")
    await accounts.set_registration(await viewer("ana"), RegistrationPolicy.OPEN)
    ben = await join("ben")
    assert (ana.is_owner, ben.is_owner) == (True, False)
    assert not await accounts.needs_first_account()


async def test_of_twenty_at_once_exactly_one_owns_the_server() -> None:
    async def attempt(number: int) -> accounts.Account | DomainError:
        try:
            return await join(f"person{number}")
        except DomainError as error:
            return error

    answers = await asyncio.gather(*(attempt(number) for number in range(20)))
    made = [answer for answer in answers if isinstance(answer, accounts.Account)]
    assert [account.is_owner for account in made] == [True]
    assert all(isinstance(answer, RegistrationClosed) for answer in answers if answer not in made)
    assert await count("account") == 1


async def test_of_twenty_at_once_on_an_open_server_exactly_one_owns_it() -> None:
    await join("ana")
    await accounts.set_registration(await viewer("ana"), RegistrationPolicy.OPEN)
    await asyncio.gather(*(join(f"person{number}") for number in range(19)))
    assert await count("account") == 20
    assert await fetchval("select count(*) from account where is_owner") == 1


async def test_one_email_makes_one_account_even_at_once() -> None:
    await join("ana")
    await accounts.set_registration(await viewer("ana"), RegistrationPolicy.OPEN)
    answers = await asyncio.gather(
        *(
            accounts.register(name="Ben", email=email, password=PASSWORD)
            for email in ["Ben@x.org", "ben@X.org "] * 4
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, AlreadyExists) for answer in answers) == 7
    assert await count("account") == 2


@pytest.mark.parametrize("policy", [RegistrationPolicy.INVITE, RegistrationPolicy.CLOSED])
async def test_a_stranger_learns_nothing_about_emails(policy: RegistrationPolicy) -> None:
    await join("ana")
    await accounts.set_registration(await viewer("ana"), policy)
    words = set()
    for email in ("ana@example.org", "nobody@example.org"):
        with pytest.raises(RegistrationClosed) as refused:
            await accounts.register(name="X", email=email, password=PASSWORD, invite_code="guessed")
        words.add(refused.value.message)
    assert len(words) == 1
    assert await count("account") == 1


async def test_a_closed_server_takes_not_even_an_invite() -> None:
    await join("ana")
    made = await invites.create_invite(await viewer("ana"))
    await accounts.set_registration(await viewer("ana"), RegistrationPolicy.CLOSED)
    with pytest.raises(RegistrationClosed):
        await join("ben", made.code)
    assert await fetchval("select used_at from invite") is None


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "two\nlines"),
        ("name", "nul\x00"),
        ("name", "half \ud800"),
        ("email", "ana"),
        ("email", "ana@@example.org"),
        ("email", "ana @example.org"),
        ("email", "an\x00a@example.org"),
        ("email", "a" * 250 + "@x.org"),
        ("password", "short"),
    ],
)
async def test_a_wrong_entry_is_named_and_makes_nothing(field: str, wrong: str) -> None:
    entries = {"name": "Ana", "email": "ana@example.org", "password": PASSWORD} | {field: wrong}
    with pytest.raises(BadInput) as refused:
        await accounts.register(**entries)
    assert refused.value.details["field"] == field
    assert await count("account") == 0


async def test_too_many_refused_registrations_have_to_wait() -> None:
    await join("ana")
    for _ in range(60):
        with pytest.raises(RegistrationClosed):
            await accounts.register(name="X", email="x@x.org", password=PASSWORD, address="10.0.0.1")
    with pytest.raises(TooBusy):
        await accounts.register(name="X", email="x@x.org", password=PASSWORD, address="10.0.0.1")
    with pytest.raises(RegistrationClosed):
        await accounts.register(name="X", email="x@x.org", password=PASSWORD, address="10.0.0.2")


async def test_a_profile_changes_and_stays_where_nothing_is_said() -> None:
    before = await join("ana")
    ana = await viewer("ana")
    after = await accounts.edit_profile(ana, name="  Ana María ")
    assert (after.name, after.colour) == ("Ana María", before.colour)
    assert (await accounts.edit_profile(ana, colour="#ABCDEF")).colour == "#abcdef"
    for wrong in ({"name": " "}, {"colour": "red"}):
        with pytest.raises(BadInput):
            await accounts.edit_profile(ana, **wrong)
    assert await accounts.account_of(ana) == await accounts.edit_profile(ana)


async def test_accounts_come_in_the_order_asked_for() -> None:
    ana, ben = await join("ana"), await operators.create_account(name="B", email="b@x.org", password=PASSWORD)
    nobody = (await viewer("ana")).session_id
    assert nobody is not None
    assert await accounts.accounts_by_ids([ben.id, nobody, ana.id]) == [ben, None, ana]


async def test_another_password_ends_the_other_sessions_only() -> None:
    await join("ana")
    here, there = await sign_in("ana"), await sign_in("ana")
    ana = await sessions.viewer_of(here.access_token)
    await accounts.change_password(ana, current=PASSWORD, new="another good one")
    assert await sessions.viewer_of(here.access_token) == ana
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(there.access_token)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(there.refresh_token)
    with pytest.raises(WrongCredentials):
        await sign_in("ana")
    await sign_in("ana", "another good one")


async def test_a_wrong_current_password_changes_nothing_and_can_not_be_guessed() -> None:
    await join("ana")
    ana, there = await viewer("ana"), await sign_in("ana")
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await accounts.change_password(ana, current="not the password", new="another good one")
    with pytest.raises(TooBusy):
        await accounts.change_password(ana, current=PASSWORD, new="another good one")
    await sessions.viewer_of(there.access_token)
    await sign_in("ana")


async def test_a_bad_new_password_is_refused() -> None:
    await join("ana")
    with pytest.raises(BadInput):
        await accounts.change_password(await viewer("ana"), current=PASSWORD, new="short")
    await sign_in("ana")


async def test_a_token_manages_nothing_that_is_the_persons_alone() -> None:
    await join("ana")
    ana = await viewer("ana")
    reader = replace(ana, scope=Scope.READ, session_id=None, token_id=ana.session_id)
    writer = replace(reader, scope=Scope.WRITE)
    before = await accounts.account_of(ana)
    for token in (reader, writer):
        with pytest.raises(Forbidden):
            await accounts.change_password(token, current=PASSWORD, new="another good one")
    with pytest.raises(Forbidden) as refused:
        await accounts.edit_profile(reader, name="Eve")
    assert refused.value.details["required"] == "WRITE"
    with pytest.raises(Forbidden):
        await accounts.set_registration(reader, RegistrationPolicy.OPEN)
    assert await accounts.account_of(ana) == before
    assert await accounts.registration_policy() is RegistrationPolicy.INVITE
    await sign_in("ana")


async def test_only_the_owner_decides_who_may_register() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    with pytest.raises(Forbidden):
        await accounts.set_registration(await viewer("ben"), RegistrationPolicy.OPEN)
    assert await accounts.registration_policy() is RegistrationPolicy.INVITE


async def test_a_disabled_account_is_out_at_once_and_comes_back_with_its_password() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    signed_in = await sign_in("ben")
    ben = await sessions.viewer_of(signed_in.access_token)
    disabled = await operators.disable_account("Ben@example.org")
    assert disabled.disabled_at is not None
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(signed_in.access_token)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(signed_in.refresh_token)
    with pytest.raises(WrongCredentials):
        await sign_in("ben")
    with pytest.raises(DomainError):
        await accounts.edit_profile(ben, name="Still here")
    assert (await operators.disable_account("ben@example.org")).disabled_at == disabled.disabled_at
    await operators.enable_account("ben@example.org")
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(signed_in.access_token)
    await sign_in("ben")


async def test_the_owner_can_not_be_disabled_but_replaced() -> None:
    await join("ana")
    await operators.create_account(name="Ben", email="ben@example.org", password=PASSWORD)
    with pytest.raises(LastOwner):
        await operators.disable_account("ana@example.org")
    await operators.set_owner("ben@example.org")
    owners = [account.email for account in await operators.accounts_present() if account.is_owner]
    assert owners == ["ben@example.org"]
    await operators.disable_account("ana@example.org")
    with pytest.raises(LastOwner):
        await operators.set_owner("ana@example.org")
    assert (await viewer("ben")).is_owner


async def test_an_operator_sets_a_password_and_signs_everybody_out() -> None:
    await join("ana")
    before = await sign_in("ana")
    await operators.set_password("ana@example.org", "set by the operator")
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(before.access_token)
    await sign_in("ana", "set by the operator")
    with pytest.raises(BadInput):
        await operators.set_password("ana@example.org", "short")
    with pytest.raises(NotFound):
        await operators.set_password("nobody@example.org", PASSWORD)


async def test_the_race_between_changing_a_password_and_signing_in_leaves_no_old_session() -> None:
    await join("ana")
    ana = await viewer("ana")
    attempts.forget_all()
    answers = await asyncio.gather(
        accounts.change_password(ana, current=PASSWORD, new="another good one"),
        *(sign_in("ana") for _ in range(12)),
        return_exceptions=True,
    )
    for answer in answers[1:]:
        if isinstance(answer, sessions.SignedIn):
            with pytest.raises(SessionRevoked):
                await sessions.viewer_of(answer.access_token)
        else:
            assert isinstance(answer, WrongCredentials | TooBusy)
    assert isinstance(
        await sessions.viewer_of((await sign_in("ana", "another good one")).access_token), Viewer
    )


async def test_people_who_join_one_after_another_have_different_colours() -> None:
    colours = [
        (await accounts.insert_account(name="A", email=f"{n}@example.org", password_hash="-")).colour
        for n in range(len(accounts.COLOURS))
    ]
    assert colours == list(accounts.COLOURS)
