"""Letters: mails as rows, written with their cause, and the codes in their links, known to who receives them.

A code is made when its mail leaves, by who sends it, and only its hash is kept: no row, job or backup holds
what opens an account. It says which letter it belongs to, works once, and not for long.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from domain import jobs
from domain.database import Connection, fetchrow, fetchval
from domain.errors import LinkOver, MailUnavailable, TooBusy
from domain.settings import Settings

URGENT = 20
"""Priority of its job: somebody waits in front of an empty mailbox."""
ATTEMPTS = 12
SECRET_BYTES = 32
CODE_CHARACTERS = (16 + SECRET_BYTES) * 4 // 3
MOST_CODES = 20
MOST_TO_ONE = 4
WINDOW = timedelta(minutes=15)

_is_sent = False


class Kind(StrEnum):
    """VERIFY: is this your address? JOIN: here you make the account you asked for. CHANGED, PASSWORD: that it
    was changed, to who may not have done it. SHARED: a board was shared with them (domain/sharing.py)."""

    VERIFY = "VERIFY"
    RESET = "RESET"
    JOIN = "JOIN"
    INVITE = "INVITE"
    CHANGED = "CHANGED"
    PASSWORD = "PASSWORD"  # noqa: S105 (a word, not one)
    SHARED = "SHARED"


LIFETIMES = {
    Kind.VERIFY: timedelta(days=3),
    Kind.RESET: timedelta(hours=1),
    Kind.JOIN: timedelta(days=1),
    Kind.INVITE: timedelta(days=14),
    Kind.CHANGED: timedelta(days=1),
    Kind.PASSWORD: timedelta(days=1),
    Kind.SHARED: timedelta(days=3),
}
# What strangers may ask for in the name of others is counted by who receives it.
_COUNTED = (Kind.VERIFY, Kind.RESET, Kind.JOIN, Kind.INVITE)


class Letter(Struct, frozen=True):
    """account: who asked for it, or whom it was found to be for. invite: what it hands over.

    board: what was shared.
    """

    id: UUID
    kind: Kind
    email: str
    language: str
    account: UUID | None
    invite: UUID | None
    board: UUID | None
    created_at: datetime
    expires_at: datetime


def letter_of(row: Any) -> Letter:
    values = {name: row[name] for name in Letter.__struct_fields__}
    return Letter(**{**values, "kind": Kind(row["kind"])})


def follow(settings: Settings) -> None:
    """Says once per process whether this server sends mail."""
    global _is_sent
    _is_sent = settings.smtp is not None


def are_sent() -> bool:
    return _is_sent


def require_sending() -> None:
    if not _is_sent:
        raise MailUnavailable(
            "This server sends no mail. Ask its owner, who can set a password with `webref user "
            "set-password`."
        )


async def write(
    connection: Connection,
    kind: Kind,
    email: str,
    *,
    language: str,
    account_id: UUID | None = None,
    invite_id: UUID | None = None,
    board_id: UUID | None = None,
    letter_id: UUID | None = None,
) -> None:
    """In the transaction of its cause. Does the same whoever has the address. The same id: the same letter.

    Raises TooBusy when much has gone there already.
    """
    if kind in _COUNTED:
        await _require_room(connection, email)
    letter_id = letter_id or uuid4()
    written = await connection.fetchval(
        "INSERT INTO letter (id, kind, email, language, account, invite, board, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval) ON CONFLICT (id) DO NOTHING "
        "RETURNING true",
        letter_id,
        kind,
        email,
        language,
        account_id,
        invite_id,
        board_id,
        LIFETIMES[kind],
    )
    if written:
        await jobs.enqueue(
            connection, jobs.LETTER, letter_id, priority=URGENT, queue=jobs.MAIL, max_attempts=ATTEMPTS
        )


async def _require_room(connection: Connection, email: str) -> None:
    """One counter at a time, so that requests at once do not slip through together."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"letter {email}")
    row = await connection.fetchrow(
        "SELECT count(*) AS count, ceil(extract(epoch FROM min(created_at) + $3::interval - now()))::int "
        "AS wait "
        "FROM letter WHERE email = $1 AND kind = ANY($2::text[]) AND created_at > now() - $3::interval",
        email,
        list(_COUNTED),
        WINDOW,
    )
    if row is not None and row["count"] >= MOST_TO_ONE:
        raise TooBusy(
            "Several mails have gone to this address already. Look among the unwanted ones, "
            "or try again in a quarter of an hour.",
            retry_after_seconds=max(1, row["wait"]),
        )


async def withdraw(connection: Connection, account_id: UUID, kinds: Sequence[Kind]) -> None:
    """The links that this account asked for are over; what was not sent yet is not."""
    await connection.execute(
        "UPDATE letter SET ended_at = now() WHERE account = $1 AND kind = ANY($2::text[]) AND ended_at IS "
        "NULL",
        account_id,
        list(kinds),
    )


async def withdraw_invites(connection: Connection, invite_ids: Sequence[UUID]) -> None:
    await connection.execute(
        "UPDATE letter SET ended_at = now() WHERE invite = ANY($1::uuid[]) AND ended_at IS NULL",
        list(invite_ids),
    )


async def end(connection: Connection, letter_id: UUID) -> None:
    await connection.execute("UPDATE letter SET ended_at = now() WHERE id = $1", letter_id)


_GOOD = (
    "SELECT * FROM letter WHERE id = $1 AND $2 = ANY(codes) AND kind = ANY($3::text[]) "
    "AND ended_at IS NULL AND expires_at > now()"
)


async def require_good(code: str, *kinds: Kind) -> None:
    """Before work that a made-up code is not worth. Raises LinkOver."""
    if await fetchval(_GOOD, letter_id_of(code), code_hash(code), list(kinds)) is None:
        raise _over()


async def opened(connection: Connection, code: str, *kinds: Kind) -> Letter:
    """The letter of this code; it is over, once the transaction commits. Raises LinkOver."""
    found = await find_opened(connection, code, *kinds)
    if found is None:
        raise _over()
    return found


async def find_opened(connection: Connection, code: str, *kinds: Kind) -> Letter | None:
    row = await connection.fetchrow(f"{_GOOD} FOR UPDATE", letter_id_of(code), code_hash(code), list(kinds))
    if row is None:
        return None
    await end(connection, row["id"])
    return letter_of(row)


async def proves(code: str, email: str) -> bool:
    """Whether it reached this address, for somebody who wants an account."""
    row = await fetchrow(_GOOD, letter_id_of(code), code_hash(code), [Kind.JOIN, Kind.INVITE])
    return row is not None and row["email"] == email


async def pending_email(account_id: UUID) -> str | None:
    """The address that an account is to have once it is verified."""
    email: str | None = await fetchval(
        "SELECT letter.email FROM letter JOIN account ON account.id = letter.account "
        "WHERE account.id = $1 AND kind = 'VERIFY' AND letter.email <> account.email AND ended_at IS NULL "
        "AND expires_at > now() ORDER BY letter.created_at DESC LIMIT 1",
        account_id,
    )
    return email


def new_code(letter_id: UUID) -> str:
    return base64.urlsafe_b64encode(letter_id.bytes + secrets.token_bytes(SECRET_BYTES)).decode()


def code_hash(code: str) -> bytes:
    """SHA-256 suffices: there are 256 random bits in it, there is nothing to guess."""
    return hashlib.sha256(code.strip().encode(errors="replace")).digest()


def letter_id_of(code: str) -> UUID | None:
    code = code.strip()
    if len(code) != CODE_CHARACTERS or not code.isascii():
        return None
    try:
        return UUID(bytes=base64.b64decode(code, altchars=b"-_", validate=True)[:16])
    except (ValueError, binascii.Error):
        return None


def _over() -> LinkOver:
    return LinkOver("This link was used, is over, or was followed by a newer one. Ask for another.")
