"""Invites: codes, known only to whoever was given one, that let one person register."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from msgspec import Struct

from domain.access import Viewer
from domain.database import fetch, fetchrow, fetchval
from domain.entries import good_email, good_ids
from domain.errors import LimitExceeded, MutationIdConflict
from domain.standing import require_server_owner

LIFETIME = timedelta(days=14)
MOST_OPEN = 200
MOST_LISTED = 500


class Invite(Struct, frozen=True):
    """email: the only address that may use it, or None for whoever has the code."""

    id: UUID
    email: str | None
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: UUID | None


class NewInvite(Struct, frozen=True):
    """code: shown this once; only its hash is kept."""

    invite: Invite
    code: str


async def create_invite(
    viewer: Viewer, *, email: str | None = None, mutation_id: UUID | None = None
) -> NewInvite:
    """Makes a code that lets one person register within 14 days. Owner of the server only.

    A retry with the same mutation id gives the same invite a fresh code (the first was never
    seen, and no code is stored to be repeated). Raises LimitExceeded, MutationIdConflict.
    """
    require_server_owner(viewer, "invite people")
    email = good_email(email) if email is not None else None
    open_ones = await fetchval(
        "select count(*) from invite where used_at is null and revoked_at is null and expires_at > now()"
    )
    if open_ones >= MOST_OPEN:
        raise LimitExceeded(f"There are {MOST_OPEN} open invites already. Revoke some.", limit=MOST_OPEN)
    code = secrets.token_urlsafe(32)
    row = await fetchrow(
        "insert into invite (id, code_hash, email, created_by, expires_at)"
        " values ($1, $2, $3, $4, now() + $5::interval)"
        " on conflict (id) do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at"
        " where invite.email is not distinct from excluded.email"
        "   and invite.used_at is null and invite.revoked_at is null"
        " returning *",
        uuid5(viewer.account_id, f"invite {mutation_id}") if mutation_id else uuid4(),
        code_hash(code),
        email,
        viewer.account_id,
        LIFETIME,
    )
    if row is None:
        raise MutationIdConflict("This client mutation id made another invite, or one that is over by now.")
    return NewInvite(_invite_from(row), code)


async def invites_of(viewer: Viewer) -> list[Invite]:
    """Those that are open or were used, newest first; nobody but the server's owner has any."""
    if not viewer.is_owner:
        return []
    rows = await fetch(
        "select * from invite"
        " where revoked_at is null and (used_at is not null or expires_at > now())"
        " order by created_at desc, id limit $1",
        MOST_LISTED,
    )
    return [_invite_from(row) for row in rows]


async def revoke_invites(viewer: Viewer, ids: Sequence[UUID]) -> list[UUID]:
    """Makes codes useless at once; answers the ids of those that are revoked now. Twice equals once."""
    require_server_owner(viewer, "revoke invites")
    rows = await fetch(
        "update invite set revoked_at = coalesce(revoked_at, now())"
        " where id = any($1::uuid[]) and used_at is null returning id",
        good_ids(ids),
    )
    return sorted(row["id"] for row in rows)


async def can_use(code: str, email: str) -> bool:
    """Whether this person could register with the code at this moment."""
    usable = await fetchval(
        "select id from invite where code_hash = $1 and (email is null or email = $2)"
        " and used_at is null and revoked_at is null and expires_at > now()",
        code_hash(code),
        email,
    )
    return usable is not None


async def use(code: str, email: str, account_id: UUID) -> bool:
    """Spends the code inside the caller's transaction; False when somebody else was quicker."""
    spent = await fetchval(
        "update invite set used_at = now(), used_by = $3"
        " where code_hash = $1 and (email is null or email = $2)"
        " and used_at is null and revoked_at is null and expires_at > now() returning id",
        code_hash(code),
        email,
        account_id,
    )
    return spent is not None


async def use_for(email: str, account_id: UUID) -> bool:
    """Spends an invite that is meant for this very address, for somebody who proved that it is theirs."""
    spent = await fetchval(
        "update invite set used_at = now(), used_by = $2"
        " where id = (select id from invite where email = $1 and used_at is null and revoked_at is null"
        "   and expires_at > now() order by created_at limit 1 for update) returning id",
        email,
        account_id,
    )
    return spent is not None


def code_hash(code: str) -> bytes:
    """SHA-256 suffices: the code is 256 random bits, there is nothing to guess."""
    return hashlib.sha256(code.strip().encode(errors="replace")).digest()


def _invite_from(row: Any) -> Invite:
    return Invite(*(row[name] for name in Invite.__struct_fields__))
