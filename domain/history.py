"""Undo and redo, per person: the inverse of one's own latest change, sparing what others did since."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from domain import access, changes
from domain.access import BoardRow, Role, Scope, Viewer
from domain.changes import Change, ChangeKind
from domain.database import Connection, execute, fetchval, transaction
from domain.errors import NothingToUndo
from domain.item_rows import present, write
from domain.items import growth_of, require_room
from domain.operations import (
    AddItems,
    ItemState,
    Operation,
    RestoreItems,
    RestyleItems,
    aspect_of,
    restricted_to,
    subjects_of,
)
from domain.receipts import claim

CHANGED = "Somebody else has changed it since."
GONE = "It is not on the board any more."
THERE = "It is on the board already."
LOCKED = "It is locked: unlock it first."


class Skipped(Struct, frozen=True):
    """An item that was left alone. reason: in words; by_account_id: whose later work was spared."""

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


def undoable(board: str, actor: str) -> str:
    """Seq of what this person would undo next; both are SQL."""
    return (
        f"SELECT seq FROM change WHERE board = {board} AND actor = {actor} AND kind <> 'UNDO' "  # noqa: S608
        "AND reverted_by IS NULL AND aspect <> 'board' ORDER BY seq DESC LIMIT 1"
    )


def redoable(board: str, actor: str) -> str:
    """Seq of the undo this person would redo next: a new deed ends what could be redone."""
    return (
        f"SELECT seq FROM change WHERE board = {board} AND actor = {actor} "  # noqa: S608
        "AND kind = 'UNDO' AND reverted_by IS NULL "
        f"AND seq > coalesce((SELECT max(seq) FROM change WHERE board = {board} AND actor = {actor} "
        "AND kind = 'DO' AND aspect <> 'board'), 0) ORDER BY seq DESC LIMIT 1"
    )


_UNDOABLE = undoable("$1", "$2")
_REDOABLE = redoable("$1", "$2")


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
    if viewer.scope is not Scope.WRITE or board.trashed_at is not None or not board.role.allows(Role.EDITOR):
        return False
    return await fetchval(candidate, board_id, viewer.account_id) is not None


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
        board = await access.board(viewer, board_id, Role.EDITOR, lock=True)
        candidate = _UNDOABLE if kind is ChangeKind.UNDO else _REDOABLE
        seq = await connection.fetchval(candidate, board_id, viewer.account_id)
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
    ids = subjects_of(target.inverse)
    there = await present(connection, board.id, ids)
    touched = await _touched_by_others(connection, viewer, target, ids)
    skipped: list[Skipped] = []
    for item_id in ids:
        if item_id in touched:
            skipped.append(Skipped(item_id, CHANGED, touched[item_id]))
        elif reason := _hindrance(target, item_id, there.get(item_id)):
            skipped.append(Skipped(item_id, reason))
    operation = restricted_to(target.inverse, set(ids) - {item.item_id for item in skipped})
    if not subjects_of(operation):
        return Reverted(None, skipped)
    growth = growth_of(operation)
    require_room(board, growth)
    inverse = await write(connection, board.id, board.seq + 1, viewer.account_id, operation, force=True)
    change = await changes.append(
        connection,
        board.id,
        viewer.account_id,
        operation,
        inverse,
        kind=kind,
        reverts=target.seq,
        mutation_id=mutation_id,
        items_added=growth,
    )
    return Reverted(change, skipped)


def _hindrance(target: Change, item_id: UUID, item: ItemState | None) -> str | None:
    """Why this item cannot go back, whoever was at it."""
    back: Operation = target.inverse
    if isinstance(back, RestoreItems):
        return THERE if item is not None else None
    if item is None:
        return GONE
    if not item.style.locked or isinstance(back, RestyleItems):
        return None
    if isinstance(target.operation, AddItems | RestoreItems):
        came_locked = {state.id for state in target.operation.items if state.style.locked}
        return None if item_id in came_locked else LOCKED
    return LOCKED


# The deeds of others since the target, each followed item by item through what took it back, brought it
# again and so on: it stands when that chain is even. A partial undo leaves the rest standing; a change that
# could not be undone at all names itself and stands. Undoing what came after the target is in such a chain.
_TOUCHED = """
WITH RECURSIVE chain AS (
    SELECT deed.seq AS deed, deed.actor, touched.id, deed.seq AS tip, deed.reverted_by AS next, 0 AS links
    FROM change deed CROSS JOIN LATERAL unnest(deed.subjects) AS touched (id)
    WHERE deed.board = $1 AND deed.seq > $2 AND deed.actor <> $3
        AND deed.subjects && $4::uuid[] AND touched.id = ANY($4::uuid[])
        AND (deed.aspect = $5 OR deed.aspect = 'existence' OR $5 = 'existence')
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
    connection: Connection, viewer: Viewer, target: Change, ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Items whose same register another account has written since, and who did last."""
    records = await connection.fetch(
        _TOUCHED, target.board_id, target.seq, viewer.account_id, ids, aspect_of(target.operation)
    )
    return {record["id"]: record["actor"] for record in records}
