"""Accounts: who may join this server, and what people change about themselves."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from domain import attempts, invites, letters, passwords
from domain.access import Viewer, require_scope
from domain.database import Connection, execute, fetch, fetchrow, fetchval, transaction
from domain.entries import good_colour, good_email, good_line
from domain.errors import (
    AddressUnproven,
    AlreadyExists,
    NotFound,
    RegistrationClosed,
    Unauthenticated,
    WrongCredentials,
)
from domain.letters import Kind
from domain.notices import announce_access
from domain.standing import require_fresh, require_server_owner, require_session

# Distinct on a dark canvas, for cursors and names; picked by the account's id.
COLOURS = ("#e5484d", "#f76b15", "#ffc53d", "#46a758", "#12a594", "#0090ff", "#6e56cf", "#d6409f")

NO_PASSWORD = ""
"""The hash of whoever signs in elsewhere only: no password has it."""

ONE_OWNER = 0x57_45_42_52_45_46  # advisory lock: whoever holds it decides who owns the server


class RegistrationPolicy(StrEnum):
    """Who may make an account: everyone, people with an invite, or nobody."""

    OPEN = "OPEN"
    INVITE = "INVITE"
    CLOSED = "CLOSED"


class Account(Struct, frozen=True):
    """A person. email is for the person and the server's owner only; colour: #rrggbb.

    email_proven_at: None: nobody knows yet whether it is theirs.
    """

    id: UUID
    email: str
    name: str
    colour: str
    is_owner: bool
    created_at: datetime
    disabled_at: datetime | None
    email_proven_at: datetime | None = None


def account_from(row: Any) -> Account:
    """From a whole row."""
    return Account(*(row[name] for name in Account.__struct_fields__))


async def register(
    *,
    name: str,
    email: str,
    password: str,
    invite_code: str | None = None,
    address: str = "",
    language: str = "en",
) -> Account:
    """Makes an account. The very first one owns the server and needs no permission.

    Whether this person may join is decided before the email is looked at, so somebody without
    an invite, or a code that was mailed to it, learns nothing about it. Who did not come by such a
    code is mailed one that verifies the address.
    Raises RegistrationClosed, AddressUnproven, AlreadyExists, BadInput, TooBusy.
    """
    name = good_line(name, "name")
    email = good_email(email)
    passwords.require_good_password(password)
    with attempts.REGISTRATIONS.guess(address, wrong=(RegistrationClosed, AlreadyExists)):
        if not await needs_first_account():
            await _require_admission(email, invite_code)
        hashed = await passwords.hash_password(password)
        async with transaction() as connection:
            await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
            first = await needs_first_account()
            policy = RegistrationPolicy.OPEN if first else await _require_admission(email, invite_code)
            proven = invite_code is not None and await letters.proves(invite_code, email)
            account = await insert_account(
                name=name, email=email, password_hash=hashed, is_owner=first, is_proven=proven
            )
            used = (
                invite_code is not None
                and not first
                and await invites.use(connection, invite_code, email, account.id)
            )
            if policy is RegistrationPolicy.INVITE and not used:
                raise _invite_refused()
            if proven and invite_code is not None:
                await letters.opened(connection, invite_code, Kind.JOIN, Kind.INVITE)
                await invites.let_in(connection, account.id, email)
            elif letters.are_sent():
                await letters.write(connection, Kind.VERIFY, email, language=language, account_id=account.id)
    return account


async def insert_account(
    *, name: str, email: str, password_hash: str, is_owner: bool = False, is_proven: bool = False
) -> Account:
    """The row itself, inside the caller's transaction; colours go round, so that neighbours differ.

    Raises AlreadyExists.
    """
    row = await fetchrow(
        "insert into account (id, email, name, colour, password_hash, is_owner, email_proven_at)"
        " select $1, $2, $3, ($4::text[])[1 + count(*) % cardinality($4::text[])], $5, $6,"
        "   case when $7 then now() end from account"
        " on conflict (email) do nothing returning *",
        uuid4(),
        email,
        name,
        COLOURS,
        password_hash,
        is_owner,
        is_proven,
    )
    if row is None:
        raise AlreadyExists(
            "There is an account with this email already. Sign in, or use another email.", field="email"
        )
    return account_from(row)


async def needs_first_account() -> bool:
    """Whether nobody has registered yet: whoever comes first will own the server."""
    return not await fetchval("select exists (select from account)")


async def account_of(viewer: Viewer) -> Account:
    row = await fetchrow("select * from account where id = $1", viewer.account_id)
    if row is None:
        raise NotFound("This account does not exist.")
    return account_from(row)


async def accounts_by_ids(ids: Sequence[UUID]) -> list[Account | None]:
    """In the order of ids, None where there is none.

    For the people met on things that the viewer may read: show their names and colours only.
    """
    rows = await fetch("select * from account where id = any($1::uuid[])", list(ids))
    found = {row["id"]: account_from(row) for row in rows}
    return [found.get(identifier) for identifier in ids]


async def acquaintances_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[Account | None]:
    """The same for ids that anybody may have sent: only the viewer and who is on a board with them."""
    rows = await fetch(
        "select account.* from account where id = any($2::uuid[]) and (id = $1 or exists ("
        " select from board_grant mine join board_grant theirs on theirs.board = mine.board"
        " where mine.account = $1 and theirs.account = account.id))",
        viewer.account_id,
        list(ids),
    )
    found = {row["id"]: account_from(row) for row in rows}
    return [found.get(identifier) for identifier in ids]


async def edit_profile(viewer: Viewer, *, name: str | None = None, colour: str | None = None) -> Account:
    """Changes the viewer's own name or colour; None leaves it. Running it twice equals once."""
    require_scope(viewer)
    if name is not None:
        name = good_line(name, "name")
    if colour is not None:
        colour = good_colour(colour)
    row = await fetchrow(
        "update account set name = coalesce($2, name), colour = coalesce($3, colour),"
        " touched = pg_current_xact_id()"  # answers that were kept are checked by it
        " where id = $1 and disabled_at is null returning *",
        viewer.account_id,
        name,
        colour,
    )
    if row is None:
        raise Unauthenticated("This account is disabled.")
    return account_from(row)


async def has_password(viewer: Viewer) -> bool:
    """Whether the viewer can sign in with one; who signs in elsewhere may have none."""
    stored = await fetchval("select password_hash from account where id = $1", viewer.account_id)
    return stored not in (None, NO_PASSWORD)


async def change_password(viewer: Viewer, *, current: str | None, new: str) -> None:
    """Sets another password and ends every other session. API tokens stay: revoke them one by one.

    current: None for who has none and signed in a moment ago: a stolen session shall not be a way to stay.
    Raises WrongCredentials when `current` is not the password, BadInput, Forbidden, TooBusy.
    """
    require_session(viewer, "change the password")
    passwords.require_good_password(new)
    stored = await fetchval("select password_hash from account where id = $1", viewer.account_id)
    with attempts.PASSWORD_CHANGES.guess(str(viewer.account_id), wrong=WrongCredentials):
        if stored == NO_PASSWORD and current is None:
            await require_fresh(viewer, "set your first password")
        elif not await passwords.verify_password(current or "", stored):
            raise WrongCredentials("The current password is not right.")
    hashed = await passwords.hash_password(new)
    async with transaction() as connection:
        changed = await fetchval(
            "update account set password_hash = $3, password_changed_at = now()"
            " where id = $1 and password_hash = $2 and disabled_at is null returning id",
            viewer.account_id,
            stored,
            hashed,
        )
        if changed is None:
            raise WrongCredentials("The password was changed somewhere else a moment ago.")
        await end_sessions(connection, viewer.account_id, except_id=viewer.session_id)


async def end_sessions(connection: Connection, account_id: UUID, *, except_id: UUID | None = None) -> None:
    """Revokes an account's sessions inside the caller's transaction; their streams end."""
    await connection.execute(
        "update session set revoked_at = now()"
        " where account = $1 and revoked_at is null and id is distinct from $2",
        account_id,
        except_id,
    )
    await announce_access(connection, account_id)


async def registration_policy() -> RegistrationPolicy:
    policy = await fetchval("select registration from instance where id = 1")
    return RegistrationPolicy(policy) if policy is not None else RegistrationPolicy.INVITE


async def set_registration(viewer: Viewer, policy: RegistrationPolicy) -> RegistrationPolicy:
    """Decides who may register from now on. Owner of the server only."""
    require_server_owner(viewer, "decide who may register")
    await execute(
        "insert into instance (id, registration) values (1, $1)"
        " on conflict (id) do update set registration = excluded.registration",
        policy.value,
    )
    return policy


async def require_open() -> None:
    """That somebody without an invite may ask for an account. Raises RegistrationClosed."""
    policy = await registration_policy()
    if policy is RegistrationPolicy.CLOSED:
        raise _closed()
    if policy is RegistrationPolicy.INVITE:
        raise _invite_refused()


async def _require_admission(email: str, invite_code: str | None) -> RegistrationPolicy:
    """The policy in force, if it lets this person in."""
    policy = await registration_policy()
    if policy is RegistrationPolicy.CLOSED:
        raise _closed()
    invited = invite_code is not None and await invites.can_use(invite_code, email)
    if policy is RegistrationPolicy.INVITE and not invited:
        raise _invite_refused()
    proven = invite_code is not None and await letters.proves(invite_code, email)
    if letters.are_sent() and not invited and not proven:
        raise AddressUnproven(
            "Here an address is proven first: ask for a link to it, and register with the code of that link."
        )
    return policy


def _closed() -> RegistrationClosed:
    return RegistrationClosed("This server takes no new accounts. Ask its owner for one.")


def _invite_refused() -> RegistrationClosed:
    return RegistrationClosed(
        "Joining this server needs an invite that is not used, ended or meant for another email."
        " Ask the server's owner for one."
    )
