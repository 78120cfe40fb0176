"""Comments of the past: threads as they stood right after a change, pinned where their items lay then."""

import bisect
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.access import BoardRow, Viewer
from domain.comment_reads import MOST_A_PAGE, CommentRow, Counts, Replies, cursor_of
from domain.comments import Pin
from domain.geometry import Point, point_of
from domain.operations import CommentState, ItemState
from domain.pagination import Page, keys_of, page_of, require_first
from domain.past import PastBoard, Then, moment_of, seen
from domain.past_items import gone_by


async def comments_at(
    viewer: Viewer,
    then: Then,
    *,
    first: int = 50,
    after: str | None = None,
    resolved: bool | None = None,
    item_id: UUID | None = None,
) -> Page[CommentRow]:
    """The comments that began threads: the same order and cursors as today's."""
    require_first(first, MOST_A_PAGE)
    at, last = keys_of(after, "comments", datetime, UUID) or (None, None)
    row, past = await seen(viewer, then)
    chosen = [
        comment
        for comment in past.comments.get(None, ())
        if resolved in (None, comment.resolved_by is not None) and item_id in (None, comment.item_id)
    ]
    return await _page(row, past, chosen, first, at, last)


async def comments_by_ids_at(viewer: Viewer, then: Then, ids: Sequence[UUID]) -> list[CommentRow | None]:
    """In the order of the ids; None for what was not there."""
    row, past = await seen(viewer, then)
    there = [past.state.comments[one] for one in dict.fromkeys(ids) if one in past.state.comments]
    found = {each.state.id: each for each in await _rows(row, past, there)}
    return [found.get(comment_id) for comment_id in ids]


async def replies_at(viewer: Viewer, then: Then, wanted: Sequence[Replies]) -> list[Page[CommentRow]]:
    """One page for each, the oldest first."""
    row, past = await seen(viewer, then)
    return [
        await _page(row, past, past.comments.get(each.thread_id, ()), each.first, each.at, each.last)
        for each in wanted
    ]


async def reply_counts_at(viewer: Viewer, then: Then, thread_ids: Sequence[UUID]) -> list[int]:
    _, past = await seen(viewer, then)
    return [len(past.comments.get(thread_id, ())) for thread_id in thread_ids]


async def comment_counts_at(viewer: Viewer, then: Then) -> Counts:
    _, past = await seen(viewer, then)
    said = past.state.comments
    settled = sum(_root(past, comment).resolved_by is not None for comment in said.values())
    return Counts(open=len(said) - settled, resolved=settled)


def _root(past: PastBoard, comment: CommentState) -> CommentState:
    return comment if comment.thread_id is None else past.state.comments[comment.thread_id]


async def _page(
    row: BoardRow,
    past: PastBoard,
    comments: Sequence[CommentState],
    first: int,
    at: object,
    last: object,
) -> Page[CommentRow]:
    start = 0 if at is None else bisect.bisect_right(comments, (at, last), key=moment_of)

    async def total() -> int:
        return len(comments)

    rows = await _rows(row, past, comments[start : start + first + 1])
    return page_of(rows, first, cursor_of, total)


async def _rows(row: BoardRow, past: PastBoard, comments: Sequence[CommentState]) -> list[CommentRow]:
    roots = [_root(past, comment) for comment in comments]
    pinned = {root.item_id for root in roots if root.item_id is not None}
    gone = await gone_by(row, past, [item_id for item_id in pinned if item_id not in past.state.items])
    items = {item_id: past.state.items.get(item_id) for item_id in pinned}
    items |= {item_id: item.state for item_id, item in gone.items()}
    return [
        CommentRow(
            state=comment,
            board_id=row.id,
            pin=Pin(root.x, root.y, root.item_id),
            position=_position(root, items),
            resolved_by=root.resolved_by,
            removed_at=None,
        )
        for comment, root in zip(comments, roots, strict=True)
    ]


def _position(root: CommentState, items: Mapping[UUID, ItemState | None]) -> Point | None:
    if root.item_id is None:
        return Point(root.x, root.y)
    item = items[root.item_id]
    return None if item is None else point_of(item.transform, item.width, item.height, root.x, root.y)
