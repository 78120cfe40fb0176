"""Activity: who did what on a board, told in entries and not in lines, the newest first.

Changes of one person about the same thing are one entry while no five minutes lie between them. The log is
cut into blocks, which no entry crosses: so a page reads no more than the blocks it shows, an entry's
beginning is its place in the list for ever, and only those of the newest block still grow.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain import access
from domain.access import Role, Viewer
from domain.database import fetch, fetchval
from domain.errors import BadInput
from domain.operations import THE_BOARD
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_A_PAGE = 50
MOST_ITEMS = 20
BLOCK_LINES = 500
PAUSE_MINUTES = 5


class Entry(Struct, frozen=True):
    """Changes first_seq to last_seq of one person, among those of others.

    about: items, comments or board. counts: sums of the tallies (domain/tally.py) of what was done, undoing
    and redoing apart; an item that was touched twice counts twice. undone: changes that are taken back.
    """

    actor_id: UUID
    about: str
    first_seq: int
    last_seq: int
    began_at: datetime
    ended_at: datetime
    changes: int
    undos: int
    redos: int
    undone: int
    counts: Mapping[str, int]
    item_ids: list[UUID]


_LINES = f"""
    SELECT change.*, at - lag(at) OVER same <= interval '{PAUSE_MINUTES} minutes' AS goes_on FROM (
        SELECT seq, actor, at, kind, tally, subjects[1:{MOST_ITEMS}] AS subjects, reverted_by,
            (seq - 1) / {BLOCK_LINES} AS block, about
        FROM change WHERE board = $1 AND seq > $2 AND seq <= $3
    ) AS change WINDOW same AS (PARTITION BY block, actor, about ORDER BY seq)
"""  # noqa: S608 (constants)

# An entry is known by its first seq. Something is undone when the chain of what took it back, brought it
# again and so on is odd.
_ENTRIES = f"""
WITH RECURSIVE line AS ({_LINES}), begun AS (
    SELECT *, max(seq) FILTER (WHERE goes_on IS NOT TRUE)
        OVER (PARTITION BY block, actor, about ORDER BY seq) AS first
    FROM line
), chosen AS (
    SELECT first FROM begun WHERE first < $4 GROUP BY first ORDER BY first DESC LIMIT $5
), told AS (
    SELECT begun.* FROM begun JOIN chosen USING (first)
), chain AS (
    SELECT seq, reverted_by AS next, 1 AS links FROM told
    WHERE kind = 'DO' AND reverted_by <> seq AND reverted_by <= $6
    UNION ALL
    SELECT chain.seq, back.reverted_by, chain.links + 1
    FROM chain JOIN change AS back
        ON back.board = $1 AND back.seq = chain.next AND back.reverted_by <> back.seq
        AND back.reverted_by <= $6
), undone AS (
    SELECT seq FROM chain GROUP BY seq HAVING max(links) % 2 = 1
), counted AS (
    SELECT first, jsonb_object_agg(key, number) AS counts FROM (
        SELECT first, part.key, sum(part.value::bigint) AS number
        FROM told CROSS JOIN LATERAL jsonb_each_text(tally) AS part WHERE kind = 'DO' GROUP BY first, part.key
    ) AS part GROUP BY first
), touched AS (
    SELECT first, array_agg(id ORDER BY seq, place) FILTER (WHERE number <= {MOST_ITEMS}) AS ids FROM (
        SELECT *, row_number() OVER (PARTITION BY first ORDER BY seq, place) AS number FROM (
            SELECT DISTINCT ON (first, subject.id) first, subject.id, seq, subject.place
            FROM told CROSS JOIN LATERAL unnest(subjects) WITH ORDINALITY AS subject (id, place)
            WHERE about = 'items' AND subject.id <> '{THE_BOARD}'
            ORDER BY first, subject.id, seq, subject.place
        ) AS subject
    ) AS subject GROUP BY first
)
SELECT told.first, told.actor, told.about, max(told.seq) AS last, min(told.at) AS began,
    max(told.at) AS ended, count(*) AS changes, count(*) FILTER (WHERE kind = 'UNDO') AS undos,
    count(*) FILTER (WHERE kind = 'REDO') AS redos, count(undone.seq) AS undone,
    min(counted.counts::text) AS counts, min(touched.ids) AS ids
FROM told LEFT JOIN undone USING (seq) LEFT JOIN counted USING (first) LEFT JOIN touched USING (first)
GROUP BY told.first, told.actor, told.about ORDER BY told.first DESC
"""  # noqa: S608 (constants)

_TOTAL = f"SELECT count(*) FROM ({_LINES}) AS line WHERE goes_on IS NOT TRUE"  # noqa: S608 (constants)


async def activity_of(
    viewer: Viewer, board_id: UUID, *, first: int = 20, after: str | None = None, until: int | None = None
) -> Page[Entry]:
    """The entries in the order in which they began, the latest first, as they stood at seq `until`.

    None: now. Needs VIEWER.
    """
    board = await access.board(viewer, board_id, Role.VIEWER)
    end = board.seq if until is None else until
    require_first(first, MOST_A_PAGE)
    keys = keys_of(after, "activity", int)
    before = end + 1 if keys is None else _require_seq(keys[0])

    async def total() -> int:
        count: int = await fetchval(_TOTAL, board_id, board.log_start, end)
        return count

    entries: list[Entry] = []
    high, blocks = min(end, _end_of_block(before - 1)), 1
    while len(entries) <= first and high > board.log_start:
        low = max(board.log_start, _end_of_block(high) - blocks * BLOCK_LINES)
        records = await fetch(_ENTRIES, board_id, low, high, before, first + 1 - len(entries), end)
        entries += [_entry(record) for record in records]
        high, blocks = low, blocks * 2
    return page_of(entries, first, lambda entry: cursor_to("activity", entry.first_seq), total)


def _end_of_block(seq: int) -> int:
    """The last seq of the block that this one is in."""
    return -(-seq // BLOCK_LINES) * BLOCK_LINES


def _entry(record: asyncpg.Record) -> Entry:
    return Entry(
        actor_id=record["actor"],
        about=record["about"],
        first_seq=record["first"],
        last_seq=record["last"],
        began_at=record["began"],
        ended_at=record["ended"],
        changes=record["changes"],
        undos=record["undos"],
        redos=record["redos"],
        undone=record["undone"],
        counts=msgspec.json.decode(record["counts"] or "{}", type=dict[str, int]),
        item_ids=record["ids"] or [],
    )


def _require_seq(value: object) -> int:
    if not isinstance(value, int) or not 0 < value < 2**53:
        raise BadInput("The cursor belongs to no entry of this list.", field="after")
    return value
