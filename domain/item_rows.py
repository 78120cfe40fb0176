"""How an operation reaches the rows of items: one statement each, whatever the length of its list."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, UnsetType

from domain.database import Connection
from domain.errors import AlreadyExists, BadInput, ItemsLocked, NotFound
from domain.operations import (
    AddItems,
    BoardState,
    EditBoard,
    EditNotes,
    ItemKind,
    ItemState,
    NoteContent,
    Operation,
    RemoveItems,
    ReorderItems,
    RestoreBoard,
    RestoreItems,
    RestyleItems,
    Style,
    Transform,
    TransformItems,
    TrashBoard,
    inverse,
    subjects_of,
)

STATE_COLUMNS = (
    "item.id, item.kind, item.image_id, item.x, item.y, item.scale, item.rotation, item.flip_x, "
    "item.flip_y, item.width, item.height, item.opacity, item.grayscale, item.locked, item.hidden, "
    "item.name, item.z, item.note"
)

_KINDS = {kind.value: kind for kind in ItemKind}


def state_of(record: asyncpg.Record) -> ItemState:
    """An item as the log knows it, from a row with STATE_COLUMNS."""
    note = record["note"]
    return ItemState(
        id=record["id"],
        kind=_KINDS[record["kind"]],
        width=record["width"],
        height=record["height"],
        z=record["z"],
        transform=Transform(
            record["x"],
            record["y"],
            record["scale"],
            record["rotation"],
            record["flip_x"],
            record["flip_y"],
        ),
        style=Style(
            record["opacity"], record["grayscale"], record["locked"], record["hidden"], record["name"]
        ),
        image_id=record["image_id"],
        note=None if note is None else msgspec.json.decode(note, type=NoteContent),
    )


async def write(
    connection: Connection,
    board_id: UUID,
    seq: int,
    actor_id: UUID,
    operation: Operation,
    *,
    force: bool = False,
) -> Operation:
    """Writes the operation to the rows and returns its inverse. The caller holds the board's lock.

    seq: of the change that this will be. force: locked items too. Raises NotFound, ItemsLocked,
    AlreadyExists or BadInput naming the items; the transaction is then to be rolled back.
    """
    match operation:
        case AddItems():
            await _insert(connection, board_id, seq, actor_id, operation.items)
            return inverse(operation, BoardState())
        case RestoreItems():
            await restore(connection, board_id, seq, [item.id for item in operation.items])
            return inverse(operation, BoardState())
        case EditBoard() | TrashBoard() | RestoreBoard():
            raise ValueError("this speaks of the board and not of its items")
        case _:
            records = await _update(connection, board_id, seq, operation)
    before = {record["id"]: state_of(record) for record in records}
    ids = subjects_of(operation)
    if len(before) != len(ids):
        raise no_items(item_id for item_id in ids if item_id not in before)
    if not force and not isinstance(operation, RestyleItems):
        locked = [str(item_id) for item_id in ids if before[item_id].style.locked]
        if locked:
            raise ItemsLocked("Some of these items are locked: unlock them first.", ids=locked)
    if isinstance(operation, EditNotes):
        others = [str(item_id) for item_id in ids if before[item_id].kind is not ItemKind.NOTE]
        if others:
            raise BadInput("Some of these items are no notes.", field="items", ids=others)
    return inverse(operation, BoardState(items=before))


def no_items(ids: Iterable[UUID]) -> NotFound:
    missing = [str(item_id) for item_id in ids]
    return NotFound("Some of these items are not on this board.", kind="item", ids=missing)


_NAMES = STATE_COLUMNS.replace("item.", "")


def _updated(assignments: str, rows: str, *, removed: str = "IS NULL") -> str:
    """What the rows were, while they are written: `old` still sees the moment before.

    OFFSET 0 makes the planner go by the items' keys: with the board as a condition it may expect one row
    and compare each with each.
    """
    return (
        "WITH old AS MATERIALIZED ("  # noqa: S608 (constants)
        f"SELECT new.*, item.* FROM {rows} CROSS JOIN LATERAL ("
        f"SELECT {STATE_COLUMNS}, item.board, item.removed_at FROM item WHERE item.id = new.key OFFSET 0"
        f") AS item WHERE item.board = $1 AND item.removed_at {removed}"
        f"), done AS (UPDATE item SET changed_seq = $2, {assignments} FROM old WHERE item.id = old.key) "
        f"SELECT {_NAMES} FROM old"
    )


_TRANSFORM = _updated(
    "x = new_x, y = new_y, scale = new_scale, rotation = new_rotation, flip_x = new_flip_x, "
    "flip_y = new_flip_y",
    "unnest($3::uuid[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::bool[], $9::bool[]) "
    "AS new (key, new_x, new_y, new_scale, new_rotation, new_flip_x, new_flip_y)",
)
_RESTYLE = _updated(
    "opacity = coalesce(new_opacity, item.opacity), grayscale = coalesce(new_grayscale, item.grayscale), "
    "locked = coalesce(new_locked, item.locked), hidden = coalesce(new_hidden, item.hidden), "
    "name = coalesce(new_name, item.name)",
    "unnest($3::uuid[], $4::float8[], $5::bool[], $6::bool[], $7::bool[], $8::text[]) "
    "AS new (key, new_opacity, new_grayscale, new_locked, new_hidden, new_name)",
)
_REORDER = _updated("z = new_z", "unnest($3::uuid[], $4::text[]) AS new (key, new_z)")
# On a picture the CASE keeps the row valid until `write` has refused.
_EDIT_NOTES = _updated(
    "note = CASE WHEN item.note IS NULL THEN NULL ELSE new_note::jsonb END, width = new_width, "
    "height = new_height",
    "unnest($3::uuid[], $4::text[], $5::float8[], $6::float8[]) "
    "AS new (key, new_note, new_width, new_height)",
)
_REMOVE = _updated("removed_at = clock_timestamp()", "unnest($3::uuid[]) AS new (key)")
_RESTORE = _updated("removed_at = NULL", "unnest($3::uuid[]) AS new (key)", removed="IS NOT NULL")
_PRESENT = (
    f"SELECT {_NAMES} FROM unnest($2::uuid[]) AS new (key) CROSS JOIN LATERAL ("  # noqa: S608 (constants)
    f"SELECT {STATE_COLUMNS}, item.board, item.removed_at FROM item WHERE item.id = new.key OFFSET 0"
    ") AS item WHERE item.board = $1 AND item.removed_at IS NULL"
)


async def _update(
    connection: Connection,
    board_id: UUID,
    seq: int,
    operation: TransformItems | RestyleItems | ReorderItems | EditNotes | RemoveItems,
) -> list[asyncpg.Record]:
    ids = subjects_of(operation)
    match operation:
        case TransformItems():
            places = [item.transform for item in operation.items]
            columns: tuple[Sequence[object], ...] = (
                [place.x for place in places],
                [place.y for place in places],
                [place.scale for place in places],
                [place.rotation for place in places],
                [place.flip_x for place in places],
                [place.flip_y for place in places],
            )
            return await connection.fetch(_TRANSFORM, board_id, seq, ids, *columns)
        case RestyleItems():
            patches = operation.items
            columns = (
                [_given(patch.opacity) for patch in patches],
                [_given(patch.grayscale) for patch in patches],
                [_given(patch.locked) for patch in patches],
                [_given(patch.hidden) for patch in patches],
                [_given(patch.name) for patch in patches],
            )
            return await connection.fetch(_RESTYLE, board_id, seq, ids, *columns)
        case ReorderItems():
            return await connection.fetch(_REORDER, board_id, seq, ids, [rank.z for rank in operation.items])
        case EditNotes():
            edits = operation.items
            columns = (
                [msgspec.json.encode(edit.note).decode() for edit in edits],
                [edit.width for edit in edits],
                [edit.height for edit in edits],
            )
            return await connection.fetch(_EDIT_NOTES, board_id, seq, ids, *columns)
        case RemoveItems():
            return await connection.fetch(_REMOVE, board_id, seq, ids)


def _given(value: object | UnsetType) -> object:
    return None if value is UNSET else value


_INSERT = """
INSERT INTO item (
    board, changed_seq, added_by, added_at, id, kind, image_id, x, y, scale, rotation, flip_x, flip_y,
    width, height, opacity, grayscale, locked, hidden, name, z, note
)
SELECT $1, $2, $3, clock_timestamp(), new.id, new.kind, new.image_id, new.x, new.y, new.scale, new.rotation,
    new.flip_x, new.flip_y, new.width, new.height, new.opacity, new.grayscale, new.locked, new.hidden,
    new.name, new.z, new.note::jsonb
FROM unnest(
    $4::uuid[], $5::text[], $6::uuid[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::bool[],
    $12::bool[], $13::float8[], $14::float8[], $15::float8[], $16::bool[], $17::bool[], $18::bool[],
    $19::text[], $20::text[], $21::text[]
) AS new (
    id, kind, image_id, x, y, scale, rotation, flip_x, flip_y, width, height, opacity, grayscale, locked,
    hidden, name, z, note
)
ON CONFLICT (id) DO NOTHING RETURNING id
"""


async def _insert(
    connection: Connection, board_id: UUID, seq: int, actor_id: UUID, items: Sequence[ItemState]
) -> None:
    inserted = await connection.fetch(
        _INSERT,
        board_id,
        seq,
        actor_id,
        [item.id for item in items],
        [item.kind.value for item in items],
        [item.image_id for item in items],
        [item.transform.x for item in items],
        [item.transform.y for item in items],
        [item.transform.scale for item in items],
        [item.transform.rotation for item in items],
        [item.transform.flip_x for item in items],
        [item.transform.flip_y for item in items],
        [item.width for item in items],
        [item.height for item in items],
        [item.style.opacity for item in items],
        [item.style.grayscale for item in items],
        [item.style.locked for item in items],
        [item.style.hidden for item in items],
        [item.style.name for item in items],
        [item.z for item in items],
        [None if item.note is None else msgspec.json.encode(item.note).decode() for item in items],
    )
    if len(inserted) != len(items):
        made = {record["id"] for record in inserted}
        taken = [str(item.id) for item in items if item.id not in made]
        raise AlreadyExists("Some of these ids are taken: use new ones.", ids=taken)


async def restore(connection: Connection, board_id: UUID, seq: int, ids: Sequence[UUID]) -> list[ItemState]:
    """Brings removed items back as they were, in the order of `ids`. Raises NotFound."""
    records = await connection.fetch(_RESTORE, board_id, seq, ids)
    back = {record["id"]: state_of(record) for record in records}
    if len(back) != len(ids):
        missing = [str(item_id) for item_id in ids if item_id not in back]
        raise NotFound("Some of these items were not removed from this board.", kind="item", ids=missing)
    return [back[item_id] for item_id in ids]


async def present(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> dict[UUID, ItemState]:
    """Those of the items that lie on the board now."""
    records = await connection.fetch(_PRESENT, board_id, ids)
    return {record["id"]: state_of(record) for record in records}
