"""Quotas: how much of the server one account may take, and how much it takes now.

What is kept (bytes, boards, items) is counted in the database under a lock of the account's, so that requests
at once do not pass it together. What is open or asked for (sockets, cost) each process counts for itself, in
memory: no read waits for a row.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, structs

from domain.access import Viewer
from domain.database import Connection, execute, fetch, fetchrow, fetchval, transaction
from domain.errors import DomainError, QuotaExceeded, TooBusy
from domain.settings import Settings

LOG = logging.getLogger("webref.quotas")

AGAIN_SECONDS = 15.0
MINUTE = 60.0
MOST_BUCKETS = 20_000


class Kind(StrEnum):
    BYTES = "BYTES"
    BOARDS = "BOARDS"
    ITEMS = "ITEMS"
    SOCKETS = "SOCKETS"
    COST = "COST"


class Quota(Struct, frozen=True):
    """0: without end. bytes: of originals, those in the trash too. cost: entries of lists a minute."""

    bytes: int = 0
    boards: int = 0
    items: int = 0
    sockets: int = 0
    cost: int = 0


class Use(Struct, frozen=True):
    """limit: 0: without end."""

    kind: Kind
    used: int
    limit: int


class _Bucket(Struct):
    """left: how much may be asked for at `at`, by `monotonic`; it fills up within a minute."""

    left: float
    at: float


_general = Quota()
# What operators gave single accounts; at most AGAIN_SECONDS old.
_special: dict[UUID, Quota] = {}
_sockets: Counter[UUID] = Counter()
_buckets: OrderedDict[UUID, _Bucket] = OrderedDict()


def follow(settings: Settings) -> None:
    """Says once per process what an account may take unless it is said otherwise."""
    global _general
    _general = Quota(
        bytes=settings.quota_bytes,
        boards=settings.quota_boards,
        items=settings.quota_items,
        sockets=settings.quota_sockets,
        cost=settings.quota_cost,
    )
    _special.clear()
    _buckets.clear()


def of(account_id: UUID) -> Quota:
    return _special.get(account_id, _general)


async def look() -> None:
    """Reads what operators gave single accounts."""
    rows = await fetch("SELECT * FROM quota")
    fresh = {row["account"]: _over(_general, row) for row in rows}
    _special.clear()
    _special.update(fresh)


async def follow_for_ever() -> None:
    while True:
        try:
            await look()
        except DomainError as error:
            LOG.warning("quotas cannot be read: %s", error.message)
        except Exception:
            LOG.exception("quotas cannot be read; trying again")
        await asyncio.sleep(AGAIN_SECONDS)


def _over(general: Quota, row: object) -> Quota:
    given = {name: row[name] for name in Quota.__struct_fields__}  # type: ignore[index]
    return structs.replace(general, **{name: value for name, value in given.items() if value is not None})


_COUNTS = {
    Kind.BYTES: "SELECT coalesce(sum(size_bytes), 0)::bigint FROM image WHERE owner = $1",
    Kind.BOARDS: "SELECT count(*) FROM board WHERE created_by = $1",
    Kind.ITEMS: "SELECT coalesce(sum(item_count), 0)::bigint FROM board WHERE created_by = $1",
}


async def require_bytes(connection: Connection, account_id: UUID, more: int) -> None:
    """Before a picture of so many bytes is kept, in the transaction that keeps it. Raises QuotaExceeded."""
    await _require(connection, Kind.BYTES, account_id, more, of(account_id).bytes)


async def foresee_bytes(account_id: UUID, more: int) -> None:
    """Before a picture costs anything: what `require_bytes` would say by now. Raises QuotaExceeded."""
    if of(account_id).bytes:
        async with transaction() as connection:
            await require_bytes(connection, account_id, more)


async def require_boards(connection: Connection, account_id: UUID) -> None:
    """Before one more board is made, the same."""
    await _require(connection, Kind.BOARDS, account_id, 1, of(account_id).boards)


async def require_items(connection: Connection, account_id: UUID, more: int) -> None:
    """Before items are added to a board that this account made, by whomever."""
    if more > 0:
        await _require(connection, Kind.ITEMS, account_id, more, of(account_id).items)


async def _require(connection: Connection, kind: Kind, account_id: UUID, more: int, limit: int) -> None:
    if not limit:
        return
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", f"{kind} {account_id}")
    used = await connection.fetchval(_COUNTS[kind], account_id)
    if used + more > limit:
        raise QuotaExceeded(_words(kind, used, limit), quota=kind.value, used=used, limit=limit)


def _words(kind: Kind, used: int, limit: int) -> str:
    match kind:
        case Kind.BYTES:
            return (
                f"{used / 1e6:,.0f} of {limit / 1e6:,.0f} MB of pictures are used. Delete some, in the trash "
                "too, or ask the server's owner for more."
            )
        case Kind.BOARDS:
            return (
                f"{used} of {limit} boards are made. Delete some for good, or ask the server's owner "
                "for more."
            )
        case _:
            return (
                f"{used} of {limit} items lie on the boards of who made this one. Remove some, or ask the "
                "server's owner for more."
            )


@contextlib.contextmanager
def socket_of(account_id: UUID) -> Iterator[None]:
    """While a socket of this account's is open in this process. Raises QuotaExceeded."""
    limit = of(account_id).sockets
    if limit and _sockets[account_id] >= limit:
        raise QuotaExceeded(
            f"{limit} connections of this account are open here. Close some.",
            quota=Kind.SOCKETS.value,
            used=_sockets[account_id],
            limit=limit,
        )
    _sockets[account_id] += 1
    try:
        yield
    finally:
        _sockets[account_id] -= 1
        if not _sockets[account_id]:
            del _sockets[account_id]


def sockets_of(account_id: UUID) -> int:
    """How many are open in this process."""
    return _sockets[account_id]


def spend(viewer: Viewer | None, cost: int) -> None:
    """Before an operation that may give so many entries of lists; each costs one at least. Raises TooBusy.

    What is answered from bytes that were kept costs nothing.
    """
    limit = of(viewer.account_id).cost if viewer is not None else 0
    if viewer is None or not limit:
        return
    bucket, cost = _bucket(viewer.account_id, limit), max(1, cost)
    if bucket.left < min(cost, limit):
        wait_seconds = max(1, round((min(cost, limit) - bucket.left) * MINUTE / limit))
        raise TooBusy(
            f"This account has asked for {limit} entries within a minute. Wait {wait_seconds} s, "
            "or ask for smaller pages (`first`).",
            retry_after_seconds=wait_seconds,
        )
    bucket.left -= cost


def _bucket(account_id: UUID, limit: int) -> _Bucket:
    now = time.monotonic()
    bucket = _buckets.get(account_id)
    if bucket is None:
        bucket = _buckets[account_id] = _Bucket(float(limit), now)
        if len(_buckets) > MOST_BUCKETS:
            _buckets.popitem(last=False)
    _buckets.move_to_end(account_id)
    bucket.left = min(float(limit), bucket.left + (now - bucket.at) * limit / MINUTE)
    bucket.at = now
    return bucket


async def use_of(viewer: Viewer) -> list[Use]:
    """How much the viewer takes, and may: sockets and cost as this process counts them."""
    row = await fetchrow("SELECT * FROM quota WHERE account = $1", viewer.account_id)
    quota = _general if row is None else _over(_general, row)
    kept = {kind: await fetchval(count, viewer.account_id) for kind, count in _COUNTS.items()}
    spent = 0.0
    if quota.cost and viewer.account_id in _buckets:
        spent = max(0.0, quota.cost - _bucket(viewer.account_id, quota.cost).left)
    return [
        *(Use(kind, used, getattr(quota, kind.value.lower())) for kind, used in kept.items()),
        Use(Kind.SOCKETS, _sockets[viewer.account_id], quota.sockets),
        Use(Kind.COST, round(spent), quota.cost),
    ]


async def set_quota(account_id: UUID, given: dict[str, int | None]) -> Quota:
    """For operators. given: by the names of Quota; None: as for everybody. Holds everywhere within 15 s."""
    row = await fetchrow("SELECT * FROM quota WHERE account = $1", account_id)
    own = {name: row[name] if row is not None else None for name in Quota.__struct_fields__} | given
    if all(value is None for value in own.values()):
        await execute("DELETE FROM quota WHERE account = $1", account_id)
        return _general
    await execute(
        "INSERT INTO quota (account, bytes, boards, items, sockets, cost) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (account) DO UPDATE SET bytes = excluded.bytes, boards = excluded.boards, "
        "items = excluded.items, sockets = excluded.sockets, cost = excluded.cost",
        account_id,
        *own.values(),
    )
    return structs.replace(_general, **{name: value for name, value in own.items() if value is not None})
