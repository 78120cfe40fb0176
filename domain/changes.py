"""The change log: the only way a board's content changes, and the stream that everybody follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain import access, nearness
from domain.access import Role, Viewer
from domain.database import Connection, column, fetch, fetchrow, fetchval
from domain.errors import BadInput, NotFound
from domain.notices import CHANNEL, BoardNotice, text_of
from domain.operations import Operation, about_of, decode, encode, touched_by
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.tally import tally_of

MOST_CHANGES = 500
MOST_NAMED = 5_000
"""So many items are in the changes of a page: a change may name thousands."""
LAST_SEQ = 2**53 - 1


class ChangeKind(StrEnum):
    """DO: a deed of its own; UNDO takes one back; REDO takes an UNDO back."""

    DO = "DO"
    UNDO = "UNDO"
    REDO = "REDO"


class Change(Struct, frozen=True):
    """One line of the log. reverts: seq of the change that an UNDO or REDO takes back."""

    board_id: UUID
    seq: int
    actor_id: UUID
    at: datetime
    operation: Operation
    inverse: Operation
    kind: ChangeKind = ChangeKind.DO
    reverts: int | None = None
    mutation_id: UUID | None = None


# The row lock on the board orders the log and leaves no gap; a sequence would do neither.
_APPEND = """
WITH bumped AS (
    UPDATE board SET seq = seq + 1, updated_at = clock_timestamp(), item_count = item_count + $10
    WHERE id = $1 RETURNING seq, updated_at, item_count, indexed
), logged AS (
    INSERT INTO change (
        board, seq, actor, at, about, operation, inverse, subjects, aspects, mutation_id, kind, reverts,
        tally, item_count
    )
    SELECT $1, seq, $2, updated_at, $3, $4::jsonb, $5::jsonb, $6::text::uuid[], $14::text::int[], $7, $8, $9,
        $13::jsonb, item_count
    FROM bumped
    RETURNING seq, at
)
SELECT logged.seq, at, bumped.item_count, indexed, pg_notify($11, $12) FROM logged, bumped
"""


async def append(
    connection: Connection,
    board_id: UUID,
    actor_id: UUID,
    operation: Operation,
    inverse: Operation,
    *,
    kind: ChangeKind = ChangeKind.DO,
    reverts: int | None = None,
    mutation_id: UUID | None = None,
    items_added: int = 0,
) -> Change:
    """Writes the next line in the transaction of the rows it speaks of, and announces it.

    items_added: by how many the items present grow (below zero: shrink). Raises NotFound without the board.
    """
    subjects, aspects = touched_by(operation)
    record = await connection.fetchrow(
        _APPEND,
        board_id,
        actor_id,
        about_of(operation),
        encode(operation),
        encode(inverse),
        column(subjects),
        mutation_id,
        kind.value,
        reverts,
        items_added,
        CHANNEL,
        text_of(BoardNotice(board_id)),
        msgspec.json.encode(tally_of(operation)),
        column(aspects),
    )
    if record is None:
        raise access.no_board(board_id)
    await nearness.settle(connection, board_id, record["item_count"], indexed=record["indexed"])
    return Change(
        board_id, record["seq"], actor_id, record["at"], operation, inverse, kind, reverts, mutation_id
    )


_COLUMNS = "board, seq, actor, at, operation, inverse, kind, reverts, mutation_id"


def change_of(record: asyncpg.Record) -> Change:
    return Change(
        board_id=record["board"],
        seq=record["seq"],
        actor_id=record["actor"],
        at=record["at"],
        operation=decode(record["operation"]),
        inverse=decode(record["inverse"]),
        kind=ChangeKind(record["kind"]),
        reverts=record["reverts"],
        mutation_id=record["mutation_id"],
    )


async def log_after(board_id: UUID, after: int, most: int = MOST_CHANGES) -> list[Change]:
    """The lines that follow seq `after`, oldest first. Asks nobody: for the hub and the law of replay."""
    records = await fetch(
        f"SELECT {_COLUMNS} FROM change WHERE board = $1 AND seq > $2 ORDER BY seq LIMIT $3",  # noqa: S608
        board_id,
        after,
        most,
    )
    return [change_of(record) for record in records]


async def logs_after(positions: Mapping[UUID, int]) -> list[Change]:
    """What follows in each of these logs, up to MOST_CHANGES in all, each log's lines in order."""
    if not positions:
        return []
    records = await fetch(
        f"SELECT line.* FROM unnest($1::uuid[], $2::bigint[]) AS log (id, after) "  # noqa: S608 (constants)
        f"CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM change WHERE board = log.id AND seq > log.after "
        "ORDER BY seq LIMIT $3) AS line ORDER BY line.board, line.seq LIMIT $3",
        list(positions),
        list(positions.values()),
        MOST_CHANGES,
    )
    return [change_of(record) for record in records]


async def lines_at(places: Sequence[tuple[UUID, int]]) -> list[Change | None]:
    """Lines by board and seq, in the order asked for; None: it is not kept. For who may read those boards."""
    records = await fetch(
        f"SELECT {_COLUMNS} FROM change JOIN unnest($1::uuid[], $2::bigint[]) AS wanted (id, place) "  # noqa: S608
        "ON board = wanted.id AND seq = wanted.place",
        [board_id for board_id, _ in places],
        [seq for _, seq in places],
    )
    found = {(line.board_id, line.seq): line for line in map(change_of, records)}
    return [found.get(place) for place in places]


async def change_at(board_id: UUID, seq: int) -> Change:
    """One line, for a command whose answer was stored. Raises NotFound."""
    record = await fetchrow(
        f"SELECT {_COLUMNS} FROM change WHERE board = $1 AND seq = $2",  # noqa: S608 (constants)
        board_id,
        seq,
    )
    if record is None:
        raise NotFound("There is no such change any more.", kind="change", seq=seq)
    return change_of(record)


async def changes_since(
    viewer: Viewer, board_id: UUID, after: int, first: int = MOST_CHANGES
) -> list[Change]:
    """The lines that follow seq `after`, oldest first, for those who may read the board."""
    await access.board(viewer, board_id, Role.VIEWER)
    return await log_after(board_id, _require_seq(after), require_first(first, MOST_CHANGES))


_FITTING = """
SELECT count(*) FILTER (WHERE named <= $4) FROM (
    SELECT sum(cardinality(subjects)) OVER (ORDER BY seq) AS named
    FROM change WHERE board = $1 AND seq > $2 ORDER BY seq LIMIT $3
) AS line
"""


async def changes_of(
    viewer: Viewer,
    board_id: UUID,
    *,
    first: int,
    after: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Page[Change]:
    """A page of the log, the oldest first. since: only what follows this seq; until: only up to this one.

    It ends sooner where its changes name more than MOST_NAMED items, but holds one in any case.
    """
    await access.board(viewer, board_id, Role.VIEWER)
    require_first(first, MOST_CHANGES)
    end = LAST_SEQ if until is None else until
    start = 0 if since is None else _require_seq(since)

    async def total() -> int:
        count: int = await fetchval(
            "SELECT count(*) FROM change WHERE board = $1 AND seq > $2 AND seq <= $3", board_id, start, end
        )
        return count

    keys = keys_of(after, "changes", int)
    position = start if keys is None else max(start, _require_seq(keys[0]))
    count = await fetchval(_FITTING, board_id, position, first, MOST_NAMED)
    lines = await log_after(board_id, position, max(count, 1) + 1)
    lines = [line for line in lines if line.seq <= end]
    return page_of(lines, max(count, 1), lambda line: cursor_to("changes", line.seq), total)


def _require_seq(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= LAST_SEQ:
        raise BadInput("A seq is a whole number from 0.", field="after")
    return value
