"""Reading comments: threads, the oldest first, where they lie now, and the replies of many at once."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain import access
from domain.access import Role, Viewer
from domain.comment_rows import COMMENT_COLUMNS, comment_of
from domain.comments import Pin
from domain.database import fetch, fetchval
from domain.geometry import Point, point_of
from domain.operations import CommentState, Transform
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_A_PAGE = 500


class CommentRow(Struct, frozen=True):
    """A comment with what the rows know besides the log's state of it.

    pin, resolved_by: of its thread, for a reply too. position: where the pin is now, in board units; None
    for an item whose row is gone, because its removal has been compacted.
    """

    state: CommentState
    board_id: UUID
    pin: Pin
    position: Point | None
    resolved_by: UUID | None
    removed_at: datetime | None


class Counts(Struct, frozen=True):
    """Comments in threads that are open, and in resolved ones, replies counted."""

    open: int = 0
    resolved: int = 0


class Replies(Struct, frozen=True):
    """A page of a thread that somebody wants: what follows the reply `last` of the moment `at`."""

    thread_id: UUID
    first: int
    at: datetime | None = None
    last: UUID | None = None


def replies_to(thread_id: UUID, first: int, after: str | None) -> Replies:
    """Raises BadInput."""
    require_first(first, MOST_A_PAGE)
    keys = keys_of(after, "comments", datetime, UUID)
    return Replies(thread_id, first) if keys is None else Replies(thread_id, first, *keys)  # type: ignore[arg-type]


# A removed item keeps its row, and so the pins on it their place.
_ROWS = (
    f"SELECT {COMMENT_COLUMNS}, comment.board, comment.removed_at, "
    "coalesce(root.x, comment.x) AS pin_x, coalesce(root.y, comment.y) AS pin_y, "
    "coalesce(root.item_id, comment.item_id) AS pin_item, "
    "coalesce(root.resolved_by, comment.resolved_by) AS settled_by, "
    "item.id AS found, item.x AS item_x, item.y AS item_y, item.scale, item.rotation, "
    "item.flip_x, item.flip_y, item.width, item.height "
)
_PLACED = (
    "LEFT JOIN comment AS root ON root.id = comment.thread_id "
    "LEFT JOIN item ON item.id = coalesce(root.item_id, comment.item_id)"
)
_MINE = (
    "JOIN board_grant g ON g.board = comment.board AND g.account = $1 "
    "JOIN account a ON a.id = g.account AND a.disabled_at IS NULL"
)


def _row_of(record: asyncpg.Record) -> CommentRow:
    return CommentRow(
        state=comment_of(record),
        board_id=record["board"],
        pin=Pin(record["pin_x"], record["pin_y"], record["pin_item"]),
        position=_position(record),
        resolved_by=record["settled_by"],
        removed_at=record["removed_at"],
    )


def _position(record: asyncpg.Record) -> Point | None:
    x, y = record["pin_x"], record["pin_y"]
    if record["pin_item"] is None:
        return Point(x, y)
    if record["found"] is None:
        return None
    place = Transform(
        record["item_x"],
        record["item_y"],
        record["scale"],
        record["rotation"],
        record["flip_x"],
        record["flip_y"],
    )
    return point_of(place, record["width"], record["height"], x, y)


_CHOSEN = (
    "comment.board = $1 AND comment.thread_id IS NULL AND comment.removed_at IS NULL "
    "AND ($2::boolean IS NULL OR (comment.resolved_by IS NOT NULL) = $2) "
    "AND ($3::uuid IS NULL OR comment.item_id = $3)"
)


async def comments_on(
    viewer: Viewer,
    board_id: UUID,
    *,
    first: int = 50,
    after: str | None = None,
    resolved: bool | None = None,
    item_id: UUID | None = None,
) -> Page[CommentRow]:
    """The comments that begin threads. resolved: only such; item_id: only those pinned to it."""
    await access.board(viewer, board_id, Role.VIEWER)
    require_first(first, MOST_A_PAGE)
    at, last = keys_of(after, "comments", datetime, UUID) or (None, None)

    async def total() -> int:
        counted = f"SELECT count(*) FROM comment WHERE {_CHOSEN}"  # noqa: S608 (constants)
        count: int = await fetchval(counted, board_id, resolved, item_id)
        return count

    records = await fetch(
        f"{_ROWS} FROM comment {_PLACED} WHERE {_CHOSEN} "
        "AND ($5::timestamptz IS NULL OR (comment.at, comment.id) > ($5, $6::uuid)) "
        "ORDER BY comment.at, comment.id LIMIT $4",
        board_id,
        resolved,
        item_id,
        first + 1,
        at,
        last,
    )
    return page_of([_row_of(record) for record in records], first, cursor_of, total)


def cursor_of(row: CommentRow) -> str:
    return cursor_to("comments", row.state.at, row.state.id)


async def comments_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[CommentRow | None]:
    """In the order of the ids, removed ones too; None for what the viewer may not see."""
    records = await fetch(
        f"{_ROWS} FROM comment {_PLACED} {_MINE} WHERE comment.id = ANY($2::uuid[])",
        viewer.account_id,
        list(set(ids)),
    )
    found = {record["id"]: _row_of(record) for record in records}
    return [found.get(comment_id) for comment_id in ids]


_REPLIES = f"""
{_ROWS}, asked.n FROM unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::uuid[])
    WITH ORDINALITY AS asked (thread_id, first, at, id, n)
CROSS JOIN LATERAL (
    SELECT * FROM comment WHERE comment.thread_id = asked.thread_id AND comment.removed_at IS NULL
        AND (asked.at IS NULL OR (comment.at, comment.id) > (asked.at, asked.id))
    ORDER BY comment.at, comment.id LIMIT asked.first + 1
) AS comment {_PLACED} {_MINE} ORDER BY comment.at, comment.id
"""  # noqa: S608 (constants)


async def replies_of(viewer: Viewer, wanted: Sequence[Replies]) -> list[Page[CommentRow]]:
    """One page for each, the oldest first; empty for what the viewer may not see."""
    records = await fetch(
        _REPLIES,
        viewer.account_id,
        [each.thread_id for each in wanted],
        [each.first for each in wanted],
        [each.at for each in wanted],
        [each.last for each in wanted],
    )
    found: list[list[CommentRow]] = [[] for _ in wanted]
    for record in records:
        found[record["n"] - 1].append(_row_of(record))
    return [
        page_of(rows, each.first, cursor_of, partial(_reply_count, viewer, each.thread_id))
        for each, rows in zip(wanted, found, strict=True)
    ]


async def _reply_count(viewer: Viewer, thread_id: UUID) -> int:
    [count] = await reply_counts(viewer, [thread_id])
    return count


async def reply_counts(viewer: Viewer, thread_ids: Sequence[UUID]) -> list[int]:
    """How many replies each thread has; 0 for what the viewer may not see."""
    records = await fetch(
        f"SELECT comment.thread_id, count(*) AS replies FROM comment {_MINE} "  # noqa: S608 (constants)
        "WHERE comment.thread_id = ANY($2::uuid[]) AND comment.removed_at IS NULL GROUP BY comment.thread_id",
        viewer.account_id,
        list(thread_ids),
    )
    found = {record["thread_id"]: record["replies"] for record in records}
    return [found.get(thread_id, 0) for thread_id in thread_ids]


_COUNTS = f"""
SELECT comment.board, count(*) FILTER (WHERE settled.by IS NULL) AS open,
    count(*) FILTER (WHERE settled.by IS NOT NULL) AS resolved
FROM comment LEFT JOIN comment AS root ON root.id = comment.thread_id
CROSS JOIN LATERAL (SELECT coalesce(root.resolved_by, comment.resolved_by) AS by) AS settled {_MINE}
WHERE comment.board = ANY($2::uuid[]) AND comment.removed_at IS NULL GROUP BY comment.board
"""  # noqa: S608 (constants)


async def comment_counts(viewer: Viewer, board_ids: Sequence[UUID]) -> list[Counts]:
    """Of each board; none for what the viewer may not see."""
    records = await fetch(_COUNTS, viewer.account_id, list(board_ids))
    found = {record["board"]: Counts(record["open"], record["resolved"]) for record in records}
    return [found.get(board_id, Counts()) for board_id in board_ids]
