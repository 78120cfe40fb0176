"""Vouching: a session that began at a provider stands on its word, and ends when that takes it back."""

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from domain.database import execute, fetch, fetchval, transaction
from domain.errors import SignInRefused
from domain.logout_tokens import SignedOut
from domain.notices import announce_access

TAKING_BACK = 0x57_45_42_52_56_43
"""Advisory lock: no word is taken back while a session begins on it, or neither would know of the other."""


class Voucher(Struct, frozen=True):
    """The word on which a session begins: whose it is, about whom, and when it was given, by their clock.

    sid: what the provider calls its own session, where it says so.
    """

    issuer: str
    subject: str
    sid: str | None
    issued_at: datetime


async def require_given(voucher: Voucher) -> None:
    """That it was not taken back on the way here. Inside the transaction that opens the session.

    Raises SignInRefused.
    """
    await execute("select pg_advisory_xact_lock_shared($1)", TAKING_BACK)
    names = [_digest("subject", voucher.issuer, voucher.subject)]
    if voucher.sid is not None:
        names.append(_digest("session", voucher.issuer, voucher.sid))
    if await fetchval(
        "select exists (select from spent_proof where digest = any($1::bytea[]) and at >= $2)",
        names,
        voucher.issued_at,
    ):
        raise SignInRefused("You were signed out there meanwhile. Try again.", reason="EXPIRED")


_ENDED = (
    "with ended as (select id from session where issuer = $1 and revoked_at is null"
    "   and ($2::text is null or subject = $2)"
    "   and ($3::text is null or sid = $3 or (sid is null and subject = $2))"
    "   order by id for update)"
    " update session set revoked_at = now() from ended where session.id = ended.id returning account"
)


async def take_back(said: SignedOut) -> int:
    """Ends the sessions that stand on this word at once, with their streams; answers how many.

    Of one session there: those that began in it, and of the same person those of which was not said in which.
    Who comes with an earlier word later is not let in. A token that came before does nothing.
    """
    taken = ("subject", said.subject or "") if said.sid is None else ("session", said.sid)
    async with transaction() as connection:
        await execute("select pg_advisory_xact_lock($1)", TAKING_BACK)
        if not await fetchval(
            "insert into spent_proof (digest) values ($1) on conflict do nothing returning true",
            _digest("token", said.issuer, said.jti),
        ):
            return 0
        await execute(
            "insert into spent_proof (digest, at) values ($1, $2)"
            " on conflict (digest) do update set at = greatest(spent_proof.at, excluded.at)",
            _digest(taken[0], said.issuer, taken[1]),
            said.issued_at,
        )
        rows = await fetch(_ENDED, said.issuer, said.subject, said.sid)
        for account_id in sorted({row["account"] for row in rows}):
            await announce_access(connection, account_id)
    return len(rows)


def _digest(*names: str) -> bytes:
    return hashlib.sha256(msgspec.json.encode(("taken back", *names))).digest()
