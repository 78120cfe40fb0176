"""Moments: points of a board's history at even distances, for sliding through it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from domain import access, past
from domain.access import Role, Viewer
from domain.database import fetch
from domain.errors import BadInput

MOST_MOMENTS = 100
MOST_ACTORS = 8


class Moment(Struct, frozen=True):
    """Right after change `seq`. actor_ids: who worked since the moment before it, the busiest first."""

    seq: int
    at: datetime
    item_count: int
    actor_ids: list[UUID]


_MOMENTS = f"""
SELECT line.seq, line.at, line.item_count, ARRAY(
    SELECT actor FROM change WHERE board = $1 AND seq > asked.before AND seq <= asked.seq
    GROUP BY actor ORDER BY count(*) DESC, actor LIMIT {MOST_ACTORS}
) AS actors
FROM unnest($2::bigint[], $3::bigint[]) AS asked (before, seq)
JOIN change AS line ON line.board = $1 AND line.seq = asked.seq ORDER BY line.seq
"""  # noqa: S608 (constants)


async def moments_of(
    viewer: Viewer,
    board_id: UUID,
    *,
    most: int = 24,
    since: int | None = None,
    until: int | None = None,
    at: int | None = None,
) -> list[Moment]:
    """At most so many after seq `since`, the last of them at `until`, the oldest first. Needs VIEWER.

    None: from where the history is kept, up to `at`, which is the latest there is (None: now). Raises
    BadInput, HistoryCompacted.
    """
    board = await access.board(viewer, board_id, Role.VIEWER)
    if at is not None:
        board = replace(board, seq=at)
    if not 1 <= most <= MOST_MOMENTS:
        raise BadInput(f"most must be from 1 to {MOST_MOMENTS}.", field="most", limit=MOST_MOMENTS)
    start = board.log_start if since is None else past.require_kept(board, since, "since")
    end = board.seq if until is None else past.require_kept(board, until, "until")
    seqs = evenly(start, end, most)
    records = await fetch(_MOMENTS, board_id, [start, *seqs[:-1]][: len(seqs)], seqs)
    return [Moment(record["seq"], record["at"], record["item_count"], record["actors"]) for record in records]


def evenly(start: int, end: int, most: int) -> Sequence[int]:
    """Seqs after the start up to the end, none twice; the end is always among them."""
    span = max(0, end - start)
    count = min(most, span)
    return [start + span * number // count for number in range(1, count + 1)]
