"""API tokens: named keys with which programs act for a person, revocable one by one.

A token reads wr_<key>_<secret>. The key finds the row, of the secret only the SHA-256 is kept:
it is 256 random bits, so there is nothing that a slow hash would protect.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from msgspec import Struct

from domain.access import Proof, Scope, Viewer, require_scope
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.entries import good_ids, good_line
from domain.errors import BadInput, LimitExceeded, MutationIdConflict, Unauthenticated
from domain.notices import announce_access
from domain.standing import require_session

PREFIX = "wr_"
SHAPE = re.compile(r"wr_([0-9a-f]{16})_([0-9a-f]{64})")
MOST_OPEN = 100
USED_EVERY = timedelta(minutes=1)


class Token(Struct, frozen=True):
    """last_used_at is exact to a minute; expires_at None: until revoked."""

    id: UUID
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewToken(Struct, frozen=True):
    """secret: the whole token, shown this once."""

    token: Token
    secret: str


async def create_token(
    viewer: Viewer,
    *,
    name: str,
    scope: Scope,
    expires_at: datetime | None = None,
    mutation_id: UUID | None = None,
) -> NewToken:
    """Makes a token that acts for the viewer; from a session only, so that tokens do not breed.

    A retry with the same mutation id gives the same token a fresh secret (the first was never
    seen, and none is stored to be repeated). Raises BadInput, LimitExceeded, MutationIdConflict.
    """
    require_session(viewer, "make tokens")
    return await issue_token(
        viewer.account_id, name=name, scope=scope, expires_at=expires_at, mutation_id=mutation_id
    )


async def issue_token(
    account_id: UUID,
    *,
    name: str,
    scope: Scope,
    expires_at: datetime | None = None,
    mutation_id: UUID | None = None,
) -> NewToken:
    """The making itself, for callers that have settled who may ask."""
    name = good_line(name, "name")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= datetime.now(UTC)):
        raise BadInput("A token ends in the future, at a time with its offset.", field="expiresAt")
    key, secret = secrets.token_hex(8), secrets.token_hex(32)
    async with transaction():
        await execute("select from account where id = $1 for update", account_id)  # one counter at a time
        open_ones = await fetchval(
            "select count(*) from token where account = $1 and revoked_at is null"
            " and (expires_at is null or expires_at > now())",
            account_id,
        )
        if open_ones >= MOST_OPEN:
            raise LimitExceeded(f"There are {MOST_OPEN} tokens already. Revoke some.", limit=MOST_OPEN)
        row = await fetchrow(
            "insert into token (id, account, name, scope, key, secret_hash, expires_at)"
            " values ($1, $2, $3, $4, $5, $6, $7)"
            " on conflict (id) do update set key = excluded.key, secret_hash = excluded.secret_hash"
            " where (token.name, token.scope) = (excluded.name, excluded.scope)"
            "   and token.expires_at is not distinct from excluded.expires_at"
            "   and token.last_used_at is null and token.revoked_at is null"
            " returning *",
            uuid5(account_id, f"token {mutation_id}") if mutation_id else uuid4(),
            account_id,
            name,
            scope.value,
            key,
            _digest(secret),
            expires_at,
        )
    if row is None:
        raise MutationIdConflict("This client mutation id made another token, or one in use by now.")
    return NewToken(_token_from(row), f"{PREFIX}{key}_{secret}")


async def tokens_of(viewer: Viewer) -> list[Token]:
    """The viewer's tokens that still work, newest first."""
    return await tokens_by_account(viewer.account_id)


async def tokens_by_account(account_id: UUID) -> list[Token]:
    rows = await fetch(
        "select * from token where account = $1 and revoked_at is null"
        " and (expires_at is null or expires_at > now()) order by created_at desc, id limit $2",
        account_id,
        MOST_OPEN,
    )
    return [_token_from(row) for row in rows]


async def revoke_tokens(viewer: Viewer, ids: Sequence[UUID]) -> list[UUID]:
    """Makes tokens useless at once and ends their streams; answers those ended now, others are left out."""
    require_scope(viewer)
    return await end_tokens(viewer.account_id, good_ids(ids))


async def end_tokens(account_id: UUID, ids: list[UUID]) -> list[UUID]:
    """The revoking itself, for callers that have settled who may ask."""
    async with transaction() as connection:
        rows = await fetch(
            "update token set revoked_at = now()"
            " where id = any($2::uuid[]) and account = $1 and revoked_at is null returning id",
            account_id,
            ids,
        )
        if rows:
            await announce_access(connection, account_id)
    return sorted(row["id"] for row in rows)


async def viewer_of(bearer: str) -> Viewer:
    """Whom a token acts for. Raises Unauthenticated, in the same words for a wrong, ended or revoked one."""
    return (await proof_of(bearer)).viewer


async def proof_of(bearer: str) -> Proof:
    """The same, good until the token is to be marked as used."""
    parts = SHAPE.fullmatch(bearer)
    row = await fetchrow(_BY_KEY, parts[1], USED_EVERY) if parts is not None else None
    if row is None or parts is None or not hmac.compare_digest(row["secret_hash"], _digest(parts[2])):
        raise Unauthenticated("This API token is not valid: it may be mistyped, over or revoked.")
    used_for: timedelta | None = row["used_for"]
    if used_for is None or used_for < timedelta(0):
        used_for = USED_EVERY
        await execute(
            "update token set last_used_at = now()"
            " where id = $1 and (last_used_at is null or last_used_at < now() - $2::interval)",
            row["id"],
            USED_EVERY,
        )
    viewer = Viewer(
        account_id=row["account"],
        name=row["person"],
        is_owner=row["is_owner"],
        scope=Scope(row["scope"]),
        session_id=None,
        token_id=row["id"],
    )
    return Proof(viewer, time.time() + used_for.total_seconds())


_BY_KEY = (
    "select token.id, account, account.name as person, is_owner, scope, secret_hash,"
    "   last_used_at + $2::interval - now() as used_for"
    " from token join account on account.id = token.account"
    " where key = $1 and revoked_at is null and (token.expires_at is null or token.expires_at > now())"
    "   and disabled_at is null"
)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _token_from(row: Any) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        scope=Scope(row["scope"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )
