"""Compaction: the beginning of a board's log gives way to a snapshot, and the law of replay still holds."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from domain import snapshots
from domain.database import Connection, affected, fetch, transaction
from domain.errors import BadInput, DomainError
from domain.snapshots import START, Point, Torn

LOG = logging.getLogger("webref.compaction")

LEAST_DAYS = 7
"""Younger lines stay: a client may still send again what made them (domain/receipts.py)."""

LINES_AT_ONCE = 2_000
BOARDS_AT_ONCE = 100


@dataclass(frozen=True)
class Compacted:
    """What went: boards whose log begins later now, lines of logs, rows of removed items."""

    boards: int = 0
    lines: int = 0
    items: int = 0

    def __add__(self, other: "Compacted") -> "Compacted":
        return Compacted(self.boards + other.boards, self.lines + other.lines, self.items + other.items)


# Up to the first line that is too young: where the log begins with that one, nothing more is read.
_DUE = """
SELECT b.id, b.created_at, b.log_start, old.seq FROM board b CROSS JOIN LATERAL (
    SELECT coalesce((
        SELECT change.seq - 1 FROM change WHERE change.board = b.id AND change.at >= $1
        ORDER BY change.seq LIMIT 1
    ), b.seq) AS seq
) AS old WHERE old.seq > b.log_start AND b.id > $2 ORDER BY b.id LIMIT $3
"""


async def compact(keep_days: int, *, now: datetime | None = None) -> Compacted:
    """Every log keeps what is younger than so many days. Raises BadInput for less than LEAST_DAYS.

    Each step is one transaction under its board's lock and leaves a whole log behind, so it may be
    stopped at any time and run in several processes at once.
    """
    if keep_days < LEAST_DAYS:
        raise BadInput(f"At least {LEAST_DAYS} days of history are kept.", field="days", limit=LEAST_DAYS)
    before = (now or datetime.now(UTC)) - timedelta(days=keep_days)
    done, after = Compacted(), UUID(int=0)
    while boards := await fetch(_DUE, before, after, BOARDS_AT_ONCE):
        for board in boards:
            after = board["id"]
            try:
                done += await _compact_board(board)
            except Torn:
                continue  # another process was quicker, or the board is gone
            except (DomainError, ValueError) as error:
                LOG.warning("the log of board %s could not be compacted: %s", after, error)
    return done


async def _compact_board(board: asyncpg.Record) -> Compacted:
    done, point = Compacted(), START
    if board["log_start"]:
        point = await snapshots.nearest(board["id"], board["log_start"])
    while point.seq < board["seq"]:
        # Its lines do not change any more: the fold needs no lock.
        point = await snapshots.folded(board["id"], point, min(board["seq"], point.seq + LINES_AT_ONCE))
        content = await asyncio.to_thread(snapshots.packed, point.state)
        step = await _begin_at(board["id"], board["created_at"], point, content)
        if step is None:
            return done
        done += step
    return done + Compacted(boards=1)


async def _begin_at(board_id: UUID, created_at: datetime, point: Point, content: bytes) -> Compacted | None:
    """Makes the log begin after this point. None: the board is gone, or begins there already."""
    async with transaction() as connection:
        held = await connection.fetchval(
            "SELECT true FROM board WHERE id = $1 AND created_at = $2 AND log_start < $3 FOR NO KEY UPDATE",
            board_id,
            created_at,
            point.seq,
        )
        if not held:
            return None
        await snapshots.keep(connection, board_id, created_at, point, content)
        lines = await _deleted(
            connection, "DELETE FROM change WHERE board = $1 AND seq <= $2", board_id, point.seq
        )
        await connection.execute("DELETE FROM snapshot WHERE board = $1 AND seq < $2", board_id, point.seq)
        # Not touched since: neither the snapshot nor any line that is kept speaks of it.
        items = await _deleted(
            connection,
            "DELETE FROM item WHERE board = $1 AND removed_at IS NOT NULL AND changed_seq <= $2",
            board_id,
            point.seq,
        )
        await connection.execute(
            "DELETE FROM former_image WHERE board = $1 AND seq <= $2", board_id, point.seq
        )
        await connection.execute(
            "DELETE FROM comment WHERE board = $1 AND removed_at IS NOT NULL AND changed_seq <= $2",
            board_id,
            point.seq,
        )
        await connection.execute("UPDATE board SET log_start = $2 WHERE id = $1", board_id, point.seq)
    return Compacted(lines=lines, items=items)


async def _deleted(connection: Connection, statement: str, board_id: UUID, seq: int) -> int:
    return affected(await connection.execute(statement, board_id, seq))
