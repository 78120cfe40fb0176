"""Undo and redo, per person: the inverse of one's own latest change, sparing what others did since."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from domain import access, changes
from domain.access import BoardRow, Role, Scope, Viewer
from domain.changes import Change, ChangeKind
from domain.comment_rows import present_comments
from domain.containers import held, housed, misplaced, nesting_of, touches_nesting
from domain.database import Connection, execute, fetchval, transaction
from domain.deeds import growth_of, require_room
from domain.errors import NothingToUndo
from domain.item_rows import present
from domain.operations import (
    LOOKS,
    THE_BOARD,
    AddComments,
    AddItems,
    Aspect,
    CommentState,
    ItemState,
    Operation,
    RestoreComments,
    RestoreItems,
    parts_of,
    restricted_to,
    touches_of,
)
from domain.receipts import claim
from domain.rows import write
from domain.threads import answered_since, broken_threads, require_room_to_talk

CHANGED = "Somebody else has changed it since."
GONE = "It is not on the board any more."
THERE = "It is on the board already."
LOCKED = "It is locked, or in something locked: unlock it first."
HOLDING = "Something has been put into it since, or it would be in itself."
OTHERS = "Somebody else wrote it: that needs the role EDITOR on the board."
ANSWERED = "There are replies to it: it stays, so that they stay."
REPLIED = "Somebody has replied since: the thread stays open."
NO_THREAD = "The comment that began its thread is not on the board any more."


class Skipped(Struct, frozen=True):
    """What was left alone. reason: in words; by_account_id: whose later work was spared."""

    item_id: UUID
    reason: str
    by_account_id: UUID | None = None


class Reverted(Struct, frozen=True):
    """change None: every item was skipped, and this deed will not be tried again."""

    change: Change | None
    skipped: list[Skipped]


class _Answer(Struct, frozen=True):
    seq: int | None
    skipped: list[Skipped]


def undoable(board: str, actor: str, edits: str) -> str:
    """Seq of what this person would undo next. All are SQL; edits: whether they may write items."""
    return (
        f"SELECT seq FROM change WHERE board = {board} AND actor = {actor} AND kind <> 'UNDO' "  # noqa: S608
        f"AND reverted_by IS NULL AND (about = 'comments' OR (about = 'items' AND {edits})) "
        "ORDER BY seq DESC LIMIT 1"
    )


def redoable(board: str, actor: str, edits: str) -> str:
    """Seq of the undo this person would redo next: a new deed ends what could be redone."""
    return (
        f"SELECT seq FROM change WHERE board = {board} AND actor = {actor} "  # noqa: S608
        f"AND kind = 'UNDO' AND reverted_by IS NULL AND (about = 'comments' OR {edits}) "
        f"AND seq > coalesce((SELECT max(seq) FROM change WHERE board = {board} AND actor = {actor} "
        "AND kind = 'DO' AND about <> 'board'), 0) ORDER BY seq DESC LIMIT 1"
    )


_UNDOABLE = undoable("$1", "$2", "$3::boolean")
_REDOABLE = redoable("$1", "$2", "$3::boolean")


async def undo(viewer: Viewer, board_id: UUID, *, mutation_id: UUID | None = None) -> Reverted:
    """Takes back the viewer's latest change that still stands. Raises NothingToUndo."""
    return await _revert(viewer, board_id, ChangeKind.UNDO, mutation_id)


async def redo(viewer: Viewer, board_id: UUID, *, mutation_id: UUID | None = None) -> Reverted:
    """Takes back the viewer's latest undo, unless they have done something new. Raises NothingToUndo."""
    return await _revert(viewer, board_id, ChangeKind.REDO, mutation_id)


async def can_undo(viewer: Viewer, board_id: UUID) -> bool:
    return await _can(viewer, board_id, _UNDOABLE)


async def can_redo(viewer: Viewer, board_id: UUID) -> bool:
    return await _can(viewer, board_id, _REDOABLE)


async def _can(viewer: Viewer, board_id: UUID, candidate: str) -> bool:
    board = await access.board(viewer, board_id, Role.VIEWER)
    if viewer.scope is not Scope.WRITE or board.trashed_at is not None:
        return False
    if not board.role.allows(Role.COMMENTER):
        return False
    edits = board.role.allows(Role.EDITOR)
    return await fetchval(candidate, board_id, viewer.account_id, edits) is not None


async def _revert(viewer: Viewer, board_id: UUID, kind: ChangeKind, mutation_id: UUID | None) -> Reverted:
    async with transaction() as connection:
        receipt = await claim(
            connection, viewer.account_id, mutation_id, kind.value.lower(), board_id=board_id
        )
        if receipt.is_repeat:
            await access.board(viewer, board_id, Role.VIEWER)
            answer = receipt.answer(_Answer)
            change = None if answer.seq is None else await changes.change_at(board_id, answer.seq)
            return Reverted(change, answer.skipped)
        board = await access.board(viewer, board_id, Role.COMMENTER, lock=True)
        candidate = _UNDOABLE if kind is ChangeKind.UNDO else _REDOABLE
        seq = await connection.fetchval(
            candidate, board_id, viewer.account_id, board.role.allows(Role.EDITOR)
        )
        if seq is None:
            raise NothingToUndo(f"You have nothing to {kind.value.lower()} on this board.")
        target = await changes.change_at(board_id, seq)
        reverted = await _take_back(connection, viewer, board, target, kind, mutation_id)
        await execute(
            "UPDATE change SET reverted_by = $3 WHERE board = $1 AND seq = $2",
            board_id,
            seq,
            seq if reverted.change is None else reverted.change.seq,
        )
        done = None if reverted.change is None else reverted.change.seq
        await receipt.keep(_Answer(done, reverted.skipped))
        return reverted


async def _take_back(
    connection: Connection,
    viewer: Viewer,
    board: BoardRow,
    target: Change,
    kind: ChangeKind,
    mutation_id: UUID | None,
) -> Reverted:
    back, skipped = await _spared(connection, viewer, board, target)
    if back is None:
        return Reverted(None, skipped)
    growth = growth_of(back)
    require_room(board, growth)
    await require_room_to_talk(connection, board.id, back)
    inverse = await write(connection, board.id, board.seq + 1, viewer.account_id, back, force=True)
    change = await changes.append(
        connection,
        board.id,
        viewer.account_id,
        back,
        inverse,
        kind=kind,
        reverts=target.seq,
        mutation_id=mutation_id,
        items_added=growth,
    )
    return Reverted(change, skipped)


async def _spared(
    connection: Connection, viewer: Viewer, board: BoardRow, target: Change
) -> tuple[Operation | None, list[Skipped]]:
    """What takes the target back without harm, and what it leaves alone for which reason."""
    subjects = touches_of(target.inverse)
    there = await _standing(connection, viewer, board, target, subjects)
    touched = await _touched_by_others(connection, viewer, target, subjects)
    skipped: dict[UUID, Skipped] = {}
    for subject in subjects:
        if subject in touched:
            skipped[subject] = Skipped(subject, CHANGED, touched[subject])
        elif reason := _hindrance(subject, subjects[subject], there):
            skipped[subject] = Skipped(subject, reason)
    back = restricted_to(target.inverse, subjects.keys() - skipped.keys())
    if back is not None:
        back, more = await _with_threads_whole(connection, viewer, target, back)
        skipped |= more
    if back is not None and touches_nesting(back):
        back, more = await _with_nesting_whole(connection, target.board_id, back)
        skipped |= more
    return back, list(skipped.values())


async def _with_threads_whole(
    connection: Connection, viewer: Viewer, target: Change, back: Operation
) -> tuple[Operation | None, dict[UUID, Skipped]]:
    board_id = target.board_id
    since = await answered_since(connection, board_id, back, target.at, viewer.account_id)
    answered, lost = await broken_threads(connection, board_id, back)
    skipped = {root: Skipped(root, REPLIED, author) for root, author in since.items()}
    skipped |= {root: Skipped(root, ANSWERED, author) for root, author in answered.items()}
    skipped |= {reply: Skipped(reply, NO_THREAD) for reply in lost}
    return (restricted_to(back, touches_of(back).keys() - skipped.keys()) if skipped else back), skipped


async def _with_nesting_whole(
    connection: Connection, board_id: UUID, operation: Operation
) -> tuple[Operation | None, dict[UUID, Skipped]]:
    skipped: dict[UUID, Skipped] = {}
    nesting = await nesting_of(connection, board_id)
    back: Operation | None = housed(operation, nesting)
    while back is not None and (wrong := misplaced(back, nesting) & touches_of(back).keys()):
        skipped |= {subject: Skipped(subject, HOLDING) for subject in wrong}
        back = restricted_to(back, touches_of(back).keys() - wrong)
    return back, skipped


class _Standing(Struct, frozen=True):
    """Of what a change touched: what is on the board now.

    held: the locked, and what is in the locked, unless it came so. foreign: comments of others, to who may
    only comment. returning: what taking the change back puts on the board again.
    """

    items: dict[UUID, ItemState]
    comments: dict[UUID, CommentState]
    held: frozenset[UUID]
    foreign: frozenset[UUID]
    returning: frozenset[UUID]


async def _standing(
    connection: Connection, viewer: Viewer, board: BoardRow, target: Change, subjects: Mapping[UUID, Aspect]
) -> _Standing:
    ids = [subject for subject in subjects if subject != THE_BOARD]
    items = await present(connection, target.board_id, ids)
    comments = await present_comments(connection, target.board_id, ids) if len(items) < len(ids) else {}
    parents = {item.parent_id for item in items.values() if item.parent_id is not None}
    closed = await held(connection, target.board_id, parents)
    edits = board.role.allows(Role.EDITOR)
    return _Standing(
        items,
        comments,
        frozenset(i for i, item in items.items() if item.style.locked or item.parent_id in closed)
        - _came_locked(target.operation),
        frozenset(i for i, c in comments.items() if c.author_id != viewer.account_id and not edits),
        frozenset(_brought_back(target.inverse)),
    )


def _hindrance(subject: UUID, aspects: Aspect, there: _Standing) -> str | None:
    """Why this item or comment cannot go back, whoever was at it."""
    if subject == THE_BOARD:
        return None
    is_there = subject in there.items or subject in there.comments
    if subject in there.returning:
        return THERE if is_there else None
    if not is_there:
        return GONE
    if subject in there.foreign and aspects & ~Aspect.RESOLUTION:
        return OTHERS
    return LOCKED if subject in there.held and aspects & ~LOOKS else None


def _brought_back(operation: Operation) -> set[UUID]:
    back: set[UUID] = set()
    for part in parts_of(operation):
        if isinstance(part, RestoreItems | AddItems):
            back |= {item.id for item in part.items}
        elif isinstance(part, RestoreComments | AddComments):
            back |= {comment.id for comment in part.comments}
    return back


def _came_locked(operation: Operation) -> set[UUID]:
    return {
        item.id
        for part in parts_of(operation)
        if isinstance(part, AddItems | RestoreItems)
        for item in part.items
        if item.style.locked
    }


# The deeds of others since the target, each followed item by item through what took it back, brought it
# again and so on: it stands when that chain is even. A partial undo leaves the rest standing; a change that
# could not be undone at all names itself and stands. Undoing what came after the target is in such a chain.
_TOUCHED = """
WITH RECURSIVE chain AS (
    SELECT deed.seq AS deed, deed.actor, touched.id, deed.seq AS tip, deed.reverted_by AS next, 0 AS links
    FROM change deed CROSS JOIN LATERAL unnest(deed.subjects, deed.aspects) AS touched (id, aspects)
    JOIN unnest($4::uuid[], $5::int[]) AS mine (id, aspects) ON mine.id = touched.id
    WHERE deed.board = $1 AND deed.seq > $2 AND deed.actor <> $3 AND deed.subjects && $4::uuid[]
        AND (touched.aspects & mine.aspects <> 0 OR (touched.aspects | mine.aspects) & 1 = 1)
        AND (deed.kind = 'DO' OR deed.reverts <= $2)
    UNION ALL
    SELECT chain.deed, chain.actor, chain.id, back.seq, back.reverted_by, chain.links + 1
    FROM chain JOIN change back ON back.board = $1 AND back.seq = chain.next AND back.seq <> chain.tip
        AND chain.id = ANY(back.subjects)
), whole AS (
    SELECT id, deed, actor, max(links) AS links FROM chain GROUP BY id, deed, actor
)
SELECT DISTINCT ON (id) id, actor FROM whole WHERE links % 2 = 0 ORDER BY id, deed DESC
"""


async def _touched_by_others(
    connection: Connection, viewer: Viewer, target: Change, subjects: Mapping[UUID, Aspect]
) -> dict[UUID, UUID]:
    """What another account has written a same register of since, and who did last."""
    records = await connection.fetch(
        _TOUCHED,
        target.board_id,
        target.seq,
        viewer.account_id,
        list(subjects),
        [int(aspect) for aspect in subjects.values()],
    )
    return {record["id"]: record["actor"] for record in records}
