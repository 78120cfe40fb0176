"""Snapshots: a board's state kept at some points of its log, so that no fold of it is long."""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain.database import Connection, affected, fetch, fetchrow, transaction
from domain.errors import DomainError
from domain.operations import BoardState, decode, replay

LOG = logging.getLogger("webref.snapshots")

LINES_AT_ONCE = 200
BOARDS_AT_ONCE = 100

_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(BoardState)


class Point(Struct, frozen=True):
    """A board right after change `seq`, which was made at `at`; None: before its first change."""

    seq: int
    at: datetime | None
    state: BoardState


START = Point(0, None, BoardState())


class Torn(Exception):
    """The log does not hold the lines from there on: they have been compacted."""


def packed(state: BoardState) -> bytes:
    return zlib.compress(_packer.encode(state))


def unpacked(content: bytes) -> BoardState:
    return _unpacker.decode(zlib.decompress(content))


async def nearest(board_id: UUID, seq: int) -> Point:
    """The latest snapshot at or before `seq`, else the empty start. Asks nobody for leave."""
    record = await fetchrow(
        "SELECT seq, at, state FROM snapshot WHERE board = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
        board_id,
        seq,
    )
    if record is None:
        return START
    return Point(record["seq"], record["at"], await asyncio.to_thread(unpacked, record["state"]))


async def folded(board_id: UUID, start: Point, seq: int) -> Point:
    """The board right after change `seq`, from `start` on. Raises Torn. Asks nobody for leave."""
    point = start
    while point.seq < seq:
        lines = await fetch(
            "SELECT seq, at, operation FROM change WHERE board = $1 AND seq > $2 AND seq <= $3 "
            "ORDER BY seq LIMIT $4",
            board_id,
            point.seq,
            seq,
            LINES_AT_ONCE,
        )
        if not lines or lines[0]["seq"] != point.seq + 1:
            raise Torn
        point = await asyncio.to_thread(_after, point, lines)
    return point


def _after(point: Point, lines: Sequence[asyncpg.Record]) -> Point:
    state = replay((decode(line["operation"]) for line in lines), point.state)
    return Point(lines[-1]["seq"], lines[-1]["at"], state)


# A board that is being deleted is waited for: its snapshots go first, and none may follow them.
_KEEP = """
INSERT INTO snapshot (board, seq, at, item_count, state)
SELECT b.id, $3, $4, $5, $6 FROM (
    SELECT id FROM board WHERE id = $1 AND created_at = $2 AND log_start <= $3 AND seq >= $3 FOR SHARE
) AS b ON CONFLICT (board, seq) DO NOTHING
"""


async def keep(
    connection: Connection, board_id: UUID, created_at: datetime, point: Point, content: bytes
) -> bool:
    """Whether it was missing. created_at: of the board, for an id may be used again. content: packed."""
    status = await connection.execute(
        _KEEP, board_id, created_at, point.seq, point.at, len(point.state.items), content
    )
    return affected(status) == 1


_DUE = """
SELECT b.id, b.created_at, b.seq, last.seq AS last FROM board b CROSS JOIN LATERAL (
    SELECT coalesce(max(snapshot.seq), 0) AS seq FROM snapshot WHERE snapshot.board = b.id
) AS last WHERE b.seq - last.seq >= $1 ORDER BY b.id LIMIT $2
"""


async def take_snapshots(every_lines: int) -> int:
    """Of every board whose log has grown so much since its last; a long log gets several.

    Several processes may do it at once: they make the same ones. Returns how many were made.
    """
    made = 0
    for board in await fetch(_DUE, every_lines, BOARDS_AT_ONCE):
        try:
            point = await nearest(board["id"], board["last"])
            while board["seq"] - point.seq >= every_lines:
                point = await folded(board["id"], point, point.seq + every_lines)
                content = await asyncio.to_thread(packed, point.state)
                async with transaction() as connection:
                    made += await keep(connection, board["id"], board["created_at"], point, content)
        except Torn:
            continue  # the board is gone, or its log was compacted a moment ago: the next sweep sees it
        except (DomainError, ValueError) as error:
            LOG.warning("no snapshot of board %s could be made: %s", board["id"], error)
    return made
