"""The past: a board as it was right after any change that is kept, read like the board of today."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from domain import access, snapshots
from domain.access import BoardRow, Role, Viewer
from domain.database import fetchrow, fetchval
from domain.errors import BadInput, HistoryCompacted, NotFound, OnlyNow
from domain.operations import BoardState, CommentState, ItemState
from domain.snapshots import START, Point, Torn
from domain.windows import ALL, Window

MOST_KEPT_BYTES = 64_000_000
# About what they take as Python objects, texts apart.
BYTES_PER_ITEM, BYTES_PER_POINT = 1_000, 150

Key = tuple[UUID, datetime, int]


class Then(NamedTuple):
    """Which moment of which board: right after change `seq`."""

    board_id: UUID
    seq: int


class PastBoard:
    """What lay on a board right after a change, and what was said there, in the order of its pages."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.size_bytes = size_of(point.state)

    @property
    def state(self) -> BoardState:
        return self.point.state

    @cached_property
    def items(self) -> Sequence[ItemState]:
        return sorted(self.state.items.values(), key=place_of)

    @cached_property
    def contents(self) -> Mapping[UUID, Sequence[ItemState]]:
        """By container, from back to front."""
        found: defaultdict[UUID, list[ItemState]] = defaultdict(list)
        for item in self.items:
            if item.parent_id is not None:
                found[item.parent_id].append(item)
        return found

    @cached_property
    def comments(self) -> Mapping[UUID | None, Sequence[CommentState]]:
        """By what they reply to, the oldest first; under None what begins threads."""
        found: defaultdict[UUID | None, list[CommentState]] = defaultdict(list)
        for comment in sorted(self.state.comments.values(), key=moment_of):
            found[comment.thread_id].append(comment)
        return found


def place_of(item: ItemState) -> tuple[str, UUID]:
    """Ranks are ASCII, so Python compares them as the column's collation does."""
    return item.z, item.id


def moment_of(comment: CommentState) -> tuple[datetime, UUID]:
    return comment.at, comment.id


def size_of(state: BoardState) -> int:
    """Roughly, in memory."""
    things = 1 + len(state.items) + len(state.comments)
    texts = sum(len(comment.text) for comment in state.comments.values())
    points = 0
    for item in state.items.values():
        if item.note is not None:
            texts += len(item.note.text)
        elif item.drawing is not None:
            points += len(item.drawing.points)
    return BYTES_PER_ITEM * things + 2 * texts + BYTES_PER_POINT * points


class _Kept:
    """Folded states, the latest used last; as many as the memory that is theirs holds, and at least one."""

    def __init__(self) -> None:
        self.boards: OrderedDict[Key, PastBoard] = OrderedDict()
        self.size_bytes = 0

    def find(self, key: Key) -> PastBoard | None:
        found = self.boards.get(key)
        if found is not None:
            self.boards.move_to_end(key)
        return found

    def put(self, key: Key, past: PastBoard) -> None:
        if key in self.boards:
            return
        self.boards[key] = past
        self.size_bytes += past.size_bytes
        while self.size_bytes > MOST_KEPT_BYTES and len(self.boards) > 1:
            _, oldest = self.boards.popitem(last=False)
            self.size_bytes -= oldest.size_bytes

    def clear(self) -> None:
        self.boards.clear()
        self.size_bytes = 0

    def before(self, key: Key) -> Point:
        """The latest of the same board that is not after it, else the empty start."""
        board_id, created_at, seq = key
        seqs = [known for board, made, known in self.boards if (board, made) == (board_id, created_at)]
        best = max((known for known in seqs if known <= seq), default=None)
        return START if best is None else self.boards[board_id, created_at, best].point


_kept = _Kept()
_folding: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()


def forget() -> None:
    """Empties the memory of folded states."""
    _kept.clear()


def require_all(window: Window) -> None:
    """The past is read whole. Raises BadInput."""
    if window != ALL:
        raise BadInput("within and changedSince are for the present: leave out `at`.", field="within")


def require_now(then: Then | None, field: str) -> None:
    """Raises OnlyNow where a board of the past is asked for what its history does not tell."""
    if then is not None:
        raise OnlyNow(f"`{field}` is no part of a board's history: ask for it without `at`.", field=field)


async def past_of(row: BoardRow, seq: int) -> PastBoard:
    """The board of this row right after change `seq`; whoever asks was given the row.

    Raises BadInput for a seq that is still to come, HistoryCompacted.
    """
    require_kept(row, seq)
    key = (row.id, row.created_at, seq)
    found = _kept.find(key)
    if found is not None:
        return found
    lock = _folding.setdefault(row.id, asyncio.Lock())
    async with lock:  # who waits finds what the first one has folded
        found = _kept.find(key)
        if found is None:
            found = await asyncio.to_thread(PastBoard, await _folded(row, key))
            _kept.put(key, found)
    return found


def require_kept(row: BoardRow, seq: int, field: str = "at") -> int:
    """Raises BadInput, HistoryCompacted."""
    if not 0 <= seq <= row.seq:
        raise BadInput(
            f"A board is read at one of its changes: its latest seq is {row.seq}.",
            field=field,
            latest=row.seq,
        )
    if seq < row.log_start:
        raise compacted(row.log_start)
    return seq


def compacted(earliest: int) -> HistoryCompacted:
    return HistoryCompacted(
        f"The history of this board is kept from seq {earliest} on: read it there or later.",
        earliest=earliest,
    )


async def _folded(row: BoardRow, key: Key) -> Point:
    seq = key[2]
    start = _kept.before(key)
    if start.seq < seq:
        snapshot_seq = await fetchval(
            "SELECT max(seq) FROM snapshot WHERE board = $1 AND seq <= $2", row.id, seq
        )
        if snapshot_seq is not None and snapshot_seq > start.seq:
            start = await snapshots.nearest(row.id, seq)
    try:
        return await snapshots.folded(row.id, start, seq)
    except Torn:
        # Compacted since the row was read.
        raise compacted(await earliest_kept(row, seq)) from None


async def seen(viewer: Viewer, then: Then) -> tuple[BoardRow, PastBoard]:
    """The row of today, and the board of then. Raises NotFound, BadInput, HistoryCompacted."""
    row = await access.board(viewer, then.board_id, Role.VIEWER)
    return row, await past_of(row, then.seq)


async def earliest_kept(row: BoardRow, seq: int) -> int:
    """Where the log begins now that it was compacted since the row was read."""
    return await fetchval("SELECT log_start FROM board WHERE id = $1", row.id) or seq


async def board_at(viewer: Viewer, board_id: UUID, seq: int) -> BoardRow:
    """The board with its words, cover, count and dates of then; role and log_start are today's.

    Raises NotFound, BadInput, HistoryCompacted.
    """
    row, past = await seen(viewer, Then(board_id, seq))
    state = past.state
    return replace(
        row,
        title=state.title,
        description=state.description,
        seq=seq,
        updated_at=past.point.at or row.created_at,
        trashed_at=await _trashed_at(row, past.point) if state.trashed else None,
        cover_id=state.cover_id,
        item_count=len(state.items),
    )


async def find_board_at(viewer: Viewer, board_id: UUID, seq: int) -> BoardRow | None:
    """None: there is no such board, or the viewer may not see it. Raises BadInput, HistoryCompacted."""
    try:
        return await board_at(viewer, board_id, seq)
    except NotFound:
        return None


async def _trashed_at(row: BoardRow, point: Point) -> datetime | None:
    """Where the line that says so is compacted, the earliest moment that is known."""
    line = await fetchrow(
        "SELECT at FROM change WHERE board = $1 AND seq <= $2 AND tally ? 'trash_board' "
        "ORDER BY seq DESC LIMIT 1",
        row.id,
        point.seq,
    )
    return point.at if line is None else line["at"]
