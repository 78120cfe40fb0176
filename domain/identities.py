"""Identities: as whom people are known elsewhere, and to which account that leads here.

An identity is an issuer and a subject, never an email: addresses change hands.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from domain import invites
from domain.access import Viewer
from domain.accounts import (
    NO_PASSWORD,
    ONE_OWNER,
    RegistrationPolicy,
    end_sessions,
    insert_account,
    needs_first_account,
    registration_policy,
)
from domain.database import Connection, execute, fetch, fetchrow, fetchval, transaction
from domain.elsewhere import Joining
from domain.entries import good_email, good_ids, plain_line
from domain.errors import BadInput, LastWayIn, SignInRefused
from domain.notices import announce_access
from domain.standing import require_session

SPENT_FOR = timedelta(hours=1)
LONGEST_NAME = 80


@dataclass(frozen=True)
class Profile:
    """What is known elsewhere of a person who has just proved there who they are.

    may_own: whether they are one of those who own this server; None: that is not said there.
    """

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str | None
    may_own: bool | None = None


@dataclass(frozen=True)
class Admission:
    """Who is let in through a door. links_by_email: into the account that has their proven address."""

    door: str
    joining: Joining
    links_by_email: bool


class Identity(Struct, frozen=True):
    """As whom an account's person is known elsewhere. email: as it was said there the last time."""

    id: UUID
    issuer: str
    email: str | None
    created_at: datetime
    last_used_at: datetime


async def account_for(
    profile: Profile, admission: Admission, once: str | None = None, *, invite_code: str | None = None
) -> UUID:
    """The account of somebody who proved who they are: theirs, else a new one where the admission says so.

    once: names this proof, which opens nothing a second time. Raises SignInRefused.
    """
    async with transaction() as connection:
        await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
        await _spend(once)
        account_id = await _known(profile)
        if account_id is None:
            account_id = await _joined(connection, profile, admission, invite_code)
            await _insert(account_id, profile)
        if profile.may_own:
            await _own(connection, account_id, profile.issuer)
    return account_id


async def link(viewer: Viewer, profile: Profile, once: str | None = None) -> None:
    """From now on the viewer can sign in as this. Twice equals once. Raises SignInRefused, Forbidden."""
    require_session(viewer, "link an account")
    async with transaction():
        await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
        await _spend(once)
        row = await fetchrow(
            "select account from identity where issuer = $1 and (subject = $2 or account = $3)"
            " order by subject = $2 desc limit 1",
            profile.issuer,
            profile.subject,
            viewer.account_id,
        )
        if row is None:
            await _insert(viewer.account_id, profile)
        elif row["account"] != viewer.account_id:
            raise SignInRefused("Another account of this server is linked with it.", reason="LINKED")
        elif not await _touched(profile):
            raise SignInRefused(
                "You are linked with another account there. Unlink that one first.", reason="LINKED_OTHERWISE"
            )


async def unlink_identities(viewer: Viewer, ids: Sequence[UUID]) -> list[UUID]:
    """Nobody signs in as these any more; answers those that were the viewer's. Needs a session.

    Raises LastWayIn where there would be no other way to sign in.
    """
    require_session(viewer, "unlink an account")
    async with transaction():
        row = await fetchrow("select password_hash from account where id = $1 for update", viewer.account_id)
        gone = await fetch(
            "delete from identity where account = $1 and id = any($2::uuid[]) returning id",
            viewer.account_id,
            good_ids(ids),
        )
        left = await fetchval("select exists (select from identity where account = $1)", viewer.account_id)
        if gone and not left and (row is None or row["password_hash"] == NO_PASSWORD):
            raise LastWayIn("It is the only way for you to sign in. Set a password first.")
    return sorted(row["id"] for row in gone)


async def identities_of(viewer: Viewer) -> list[Identity]:
    """As whom the viewer may sign in, the oldest first."""
    rows = await fetch(
        "select id, issuer, email, created_at, last_used_at from identity where account = $1"
        " order by created_at, id",
        viewer.account_id,
    )
    return [Identity(*(row[name] for name in Identity.__struct_fields__)) for row in rows]


async def sweep() -> int:
    """Forgets proofs that are too old to be shown again."""
    rows = await fetch("delete from spent_proof where at < now() - $1::interval returning at", SPENT_FOR)
    return len(rows)


async def _spend(once: str | None) -> None:
    if once is None:
        return
    fresh = await fetchval(
        "insert into spent_proof (digest) values ($1) on conflict do nothing returning true",
        hashlib.sha256(once.encode()).digest(),
    )
    if not fresh:
        raise SignInRefused("This sign-in was used already. Try again.", reason="EXPIRED")


async def _known(profile: Profile) -> UUID | None:
    """Raises SignInRefused for an account that is disabled."""
    account_id = await _touched(profile)
    if account_id is None:
        return None
    if await fetchval("select disabled_at is not null from account where id = $1", account_id):
        raise SignInRefused("Your account here is disabled. Ask the server's owner.", reason="DISABLED")
    return account_id


async def _touched(profile: Profile) -> UUID | None:
    found: UUID | None = await fetchval(
        "update identity set last_used_at = now(), email = coalesce($3, email), may_own = $4"
        " where issuer = $1 and subject = $2 returning account",
        profile.issuer,
        profile.subject,
        _address(profile),
        bool(profile.may_own),
    )
    return found


async def _insert(account_id: UUID, profile: Profile) -> None:
    await execute(
        "insert into identity (id, account, issuer, subject, email, may_own) values ($1, $2, $3, $4, $5, $6)",
        uuid4(),
        account_id,
        profile.issuer,
        profile.subject,
        _address(profile),
        bool(profile.may_own),
    )


async def _joined(
    connection: Connection, profile: Profile, admission: Admission, invite_code: str | None
) -> UUID:
    """The account of somebody who comes for the first time."""
    email = _address(profile)
    if email is None:
        raise SignInRefused(
            f"{admission.door} does not say your e-mail address, which an account here needs.",
            reason="NO_EMAIL",
        )
    row = await fetchrow("select id, disabled_at, email_proven_at from account where email = $1", email)
    if row is not None:
        return await _linked_by_email(connection, row, profile, admission)
    first = await needs_first_account()
    needs_invite = await _needs_invite(profile, admission, first=first)
    name = plain_line(profile.name or "", LONGEST_NAME) or email.partition("@")[0][:LONGEST_NAME]
    account = await insert_account(
        name=name,
        email=email,
        password_hash=NO_PASSWORD,
        is_owner=first,
        is_proven=profile.is_email_verified,
    )
    used = not first and (
        (invite_code is not None and await invites.use(connection, invite_code, email, account.id))
        or (profile.is_email_verified and await invites.use_for(connection, email, account.id))
    )
    if needs_invite and not used:
        raise SignInRefused(
            "Joining this server needs an invite. Ask its owner for one.", reason="NEEDS_INVITE"
        )
    if profile.is_email_verified:
        await invites.let_in(connection, account.id, email)
    return account.id


async def _needs_invite(profile: Profile, admission: Admission, *, first: bool) -> bool:
    """Raises SignInRefused where no invite would help."""
    if first:
        if profile.may_own is False:
            raise SignInRefused("The owner of this server has to come first.", reason="CLOSED")
        return False
    if admission.joining is Joining.OPEN:
        return False
    policy = await registration_policy()
    if admission.joining is Joining.CLOSED or policy is RegistrationPolicy.CLOSED:
        raise SignInRefused("This server takes no new accounts. Ask its owner for one.", reason="CLOSED")
    return policy is RegistrationPolicy.INVITE


async def _linked_by_email(connection: Connection, row: Any, profile: Profile, admission: Admission) -> UUID:
    """Into the account with that address.

    Where nobody has proved before that it is theirs, whoever made it, maybe under an address of somebody
    else, is left no way in: no password, no session, no token.
    """
    account_id: UUID = row["id"]
    if not admission.links_by_email or not profile.is_email_verified:
        raise SignInRefused(
            "There is an account with your e-mail address here. Sign in with its password, and link it"
            " under Settings.",
            reason="EMAIL_TAKEN",
        )
    if row["disabled_at"] is not None:
        raise SignInRefused("Your account here is disabled. Ask the server's owner.", reason="DISABLED")
    if await fetchval(
        "select exists (select from identity where account = $1 and issuer = $2)", account_id, profile.issuer
    ):
        raise SignInRefused("Your account here is linked with another one there.", reason="LINKED_OTHERWISE")
    if row["email_proven_at"] is not None:
        return account_id
    await execute(
        "update account set password_hash = $2, password_changed_at = now(),"
        " email_proven_at = coalesce(email_proven_at, now()) where id = $1",
        account_id,
        NO_PASSWORD,
    )
    await execute("update token set revoked_at = now() where account = $1 and revoked_at is null", account_id)
    await end_sessions(connection, account_id)
    return account_id


async def _own(connection: Connection, account_id: UUID, issuer: str) -> None:
    """Somebody who may own the server does, unless whoever owns it may as well."""
    owner = await fetchrow(
        "select id, exists (select from identity where account = account.id and issuer = $1 and may_own)"
        " as stays from account where is_owner",
        issuer,
    )
    if owner is not None and (owner["stays"] or owner["id"] == account_id):
        return
    await execute("update account set is_owner = (id = $1) where is_owner or id = $1", account_id)
    for changed in {account_id} | ({owner["id"]} if owner is not None else set()):
        await announce_access(connection, changed)


def _address(profile: Profile) -> str | None:
    try:
        return good_email(profile.email or "")
    except BadInput:
        return None
