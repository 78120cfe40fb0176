"""How an operation reaches the rows of items: one statement each, whatever the length of its list."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, Struct, UnsetType

from domain.containers import held
from domain.database import Connection, column
from domain.errors import AlreadyExists, BadInput, ItemsLocked, NotFound
from domain.operations import (
    AddItems,
    BoardState,
    Crop,
    DrawingContent,
    EditItems,
    FrameContent,
    ItemEdit,
    ItemKind,
    ItemOperation,
    ItemState,
    NoteContent,
    RegroupItems,
    RemoveItems,
    ReorderItems,
    RestoreItems,
    RestyleItems,
    Sampling,
    Style,
    Transform,
    TransformItems,
    inverse,
    subjects_of,
)

STATE_COLUMNS = (
    "item.id, item.kind, item.image_id, item.x, item.y, item.scale, item.rotation, item.flip_x, "
    "item.flip_y, item.width, item.height, item.opacity, item.grayscale, item.brightness, item.contrast, "
    "item.saturation, item.sampling, item.locked, item.hidden, item.name, item.tags, item.link, item.z, "
    "item.parent_id, item.crop, item.note, item.drawing, item.frame"
)

_KINDS = {kind.value: kind for kind in ItemKind}
_SAMPLINGS = {sampling.value: sampling for sampling in Sampling}
_crop = msgspec.json.Decoder(Crop).decode
_note = msgspec.json.Decoder(NoteContent).decode
_drawing = msgspec.json.Decoder(DrawingContent).decode
_frame = msgspec.json.Decoder(FrameContent).decode


def state_of(record: asyncpg.Record) -> ItemState:
    """An item as the log knows it, from a row with STATE_COLUMNS."""
    crop, note, drawing, frame = record["crop"], record["note"], record["drawing"], record["frame"]
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
            record["opacity"],
            record["grayscale"],
            record["brightness"],
            record["contrast"],
            record["saturation"],
            _SAMPLINGS[record["sampling"]],
            record["locked"],
            record["hidden"],
            record["name"],
            record["tags"],
            record["link"],
        ),
        parent_id=record["parent_id"],
        image_id=record["image_id"],
        crop=None if crop is None else _crop(crop),
        note=None if note is None else _note(note),
        drawing=None if drawing is None else _drawing(drawing),
        frame=None if frame is None else _frame(frame),
    )


async def write_items(
    connection: Connection,
    board_id: UUID,
    seq: int,
    actor_id: UUID,
    operation: ItemOperation,
    *,
    force: bool = False,
) -> ItemOperation:
    """Writes the operation to the rows and returns its inverse. See `rows.write`."""
    match operation:
        case AddItems():
            await _insert(connection, board_id, seq, actor_id, operation.items)
            return RemoveItems([item.id for item in operation.items])
        case RestoreItems():
            await _restore(connection, board_id, seq, [item.id for item in operation.items])
            return RemoveItems([item.id for item in operation.items])
        case _:
            records = await _update(connection, board_id, seq, operation)
    is_brief = isinstance(operation, TransformItems | ReorderItems | RegroupItems)
    state = _brief if is_brief else state_of
    before = {record["id"]: state(record) for record in records}
    ids = subjects_of(operation)
    if len(before) != len(ids):
        raise no_items(item_id for item_id in ids if item_id not in before)
    if not force and not isinstance(operation, RestyleItems):
        parents = {item.parent_id for item in before.values() if item.parent_id is not None}
        closed = await held(connection, board_id, parents)
        locked = [str(i) for i, item in before.items() if item.style.locked or item.parent_id in closed]
        if locked:
            words = "Some of these items, or what they are in, are locked: unlock them first."
            raise ItemsLocked(words, ids=locked)
    if isinstance(operation, TransformItems):
        groups = [str(item_id) for item_id in ids if before[item_id].kind is ItemKind.GROUP]
        if groups:
            words = "A group lies where its members lie: name its members, or use moveItems and the like."
            raise BadInput(words, field="items", ids=groups)
    if isinstance(operation, EditItems):
        others = [str(edit.id) for edit in operation.items if kind_of(edit) is not before[edit.id].kind]
        if others:
            raise BadInput("This is no content for items of their kind.", field="items", ids=others)
        await _remember_images(connection, board_id, seq, before, operation.items)
    back = inverse(operation, BoardState(items=before))
    assert isinstance(back, ItemOperation)
    return back


async def _remember_images(
    connection: Connection,
    board_id: UUID,
    seq: int,
    before: Mapping[UUID, ItemState],
    edits: Iterable[ItemEdit],
) -> None:
    """Pictures that items do not show any more: the board's past does, and undoing brings them back."""
    shown = {before[edit.id].image_id for edit in edits if edit.image_id != before[edit.id].image_id}
    if former := sorted(image_id for image_id in shown if image_id is not None):
        await connection.execute(
            "INSERT INTO former_image (board, image, seq) SELECT $1, unnest($2::uuid[]), $3",
            board_id,
            former,
            seq,
        )


def kind_of(edit: ItemEdit) -> ItemKind | None:
    """The kind of item that has such a content; None: there is no such item."""
    contents = {
        ItemKind.IMAGE: edit.image_id,
        ItemKind.NOTE: edit.note,
        ItemKind.DRAWING: edit.drawing,
        ItemKind.FRAME: edit.frame,
    }
    kinds = [kind for kind, content in contents.items() if content is not None]
    return kinds[0] if len(kinds) == 1 else None


def no_items(ids: Iterable[UUID]) -> NotFound:
    missing = [str(item_id) for item_id in ids]
    return NotFound("Some of these items are not on this board.", kind="item", ids=missing)


_NAMES = STATE_COLUMNS.replace("item.", "")


# What moving, ordering and regrouping look at: five hundred whole items take three times as long to read.
_BRIEF_COLUMNS = (
    "item.id, item.kind, item.x, item.y, item.scale, item.rotation, item.flip_x, item.flip_y, item.locked, "
    "item.z, item.parent_id"
)
_OPEN, _LOCKED = Style(), Style(locked=True)


def _brief(record: asyncpg.Record) -> ItemState:
    """An item from a row with _BRIEF_COLUMNS: its box, content and looks are not what they are."""
    item_id, kind, x, y, scale, rotation, flip_x, flip_y, locked, z, parent_id = record
    place = Transform(x, y, scale, rotation, flip_x, flip_y)
    return ItemState(item_id, _KINDS[kind], 1.0, 1.0, z, place, _LOCKED if locked else _OPEN, parent_id)


def _updated(assignments: str, rows: str, *, removed: str = "IS NULL", columns: str = STATE_COLUMNS) -> str:
    """What the rows were, while they are written: `old` still sees the moment before.

    OFFSET 0 makes the planner go by the items' keys: with the board as a condition it may expect one row
    and compare each with each.
    """
    return (
        "WITH old AS MATERIALIZED ("  # noqa: S608 (constants)
        f"SELECT new.*, item.* FROM {rows} CROSS JOIN LATERAL ("
        f"SELECT {columns}, item.board, item.removed_at FROM item WHERE item.id = new.key OFFSET 0"
        f") AS item WHERE item.board = $1 AND item.removed_at {removed}"
        f"), done AS (UPDATE item SET changed_seq = $2, {assignments} FROM old WHERE item.id = old.key) "
        f"SELECT {columns.replace('item.', '')} FROM old"
    )


_TRANSFORM = _updated(
    "x = new_x, y = new_y, scale = new_scale, rotation = new_rotation, flip_x = new_flip_x, "
    "flip_y = new_flip_y",
    "unnest($3::text::uuid[], $4::text::float8[], $5::text::float8[], $6::text::float8[], "
    "$7::text::float8[], $8::text::bool[], $9::text::bool[]) "
    "AS new (key, new_x, new_y, new_scale, new_rotation, new_flip_x, new_flip_y)",
    columns=_BRIEF_COLUMNS,
)
_RESTYLE = _updated(
    "opacity = coalesce(new_opacity, item.opacity), grayscale = coalesce(new_grayscale, item.grayscale), "
    "brightness = coalesce(new_brightness, item.brightness), "
    "contrast = coalesce(new_contrast, item.contrast), "
    "saturation = coalesce(new_saturation, item.saturation), "
    "sampling = coalesce(new_sampling, item.sampling), locked = coalesce(new_locked, item.locked), "
    "hidden = coalesce(new_hidden, item.hidden), name = coalesce(new_name, item.name), "
    "tags = coalesce(new_tags::text[], item.tags), link = coalesce(new_link, item.link)",
    "unnest($3::uuid[], $4::float8[], $5::bool[], $6::float8[], $7::float8[], $8::float8[], $9::text[], "
    "$10::bool[], $11::bool[], $12::text[], $13::text[], $14::text[]) "
    "AS new (key, new_opacity, new_grayscale, new_brightness, new_contrast, new_saturation, new_sampling, "
    "new_locked, new_hidden, new_name, new_tags, new_link)",
)
_REORDER = _updated("z = new_z", "unnest($3::uuid[], $4::text[]) AS new (key, new_z)", columns=_BRIEF_COLUMNS)
_REGROUP = _updated(
    "parent_id = new_parent",
    "unnest($3::uuid[], $4::uuid[]) AS new (key, new_parent)",
    columns=_BRIEF_COLUMNS,
)
# For an item of another kind the CASE keeps the row valid until `write_items` has refused.
_FITS = (
    "(item.kind = 'IMAGE') = (new_image IS NOT NULL) AND (item.kind = 'NOTE') = (new_note IS NOT NULL) "
    "AND (item.kind = 'DRAWING') = (new_drawing IS NOT NULL) "
    "AND (item.kind = 'FRAME') = (new_frame IS NOT NULL)"
)
_EDIT = _updated(
    ", ".join(
        f"{column} = CASE WHEN {_FITS} THEN {value} ELSE item.{column} END"
        for column, value in (
            ("width", "new_width"),
            ("height", "new_height"),
            ("image_id", "new_image"),
            ("crop", "new_crop::jsonb"),
            ("note", "new_note::jsonb"),
            ("drawing", "new_drawing::jsonb"),
            ("frame", "new_frame::jsonb"),
        )
    ),
    "unnest($3::uuid[], $4::float8[], $5::float8[], $6::uuid[], $7::text[], $8::text[], $9::text[], "
    "$10::text[]) AS new (key, new_width, new_height, new_image, new_crop, new_note, new_drawing, new_frame)",
)
_REMOVE = _updated("removed_at = clock_timestamp()", "unnest($3::uuid[]) AS new (key)")
_INDEXED = "(SELECT board.indexed FROM board WHERE board.id = $1)"
_RESTORE = _updated(
    f"removed_at = NULL, indexed = {_INDEXED}", "unnest($3::uuid[]) AS new (key)", removed="IS NOT NULL"
)
_FOUND = (
    f"SELECT {_NAMES} FROM unnest($2::uuid[]) AS new (key) CROSS JOIN LATERAL ("  # noqa: S608 (constants)
    f"SELECT {STATE_COLUMNS}, item.board, item.removed_at FROM item WHERE item.id = new.key OFFSET 0"
    ") AS item WHERE item.board = $1 AND item.removed_at "
)


async def _update(
    connection: Connection,
    board_id: UUID,
    seq: int,
    operation: TransformItems | RestyleItems | ReorderItems | EditItems | RegroupItems | RemoveItems,
) -> list[asyncpg.Record]:
    ids = subjects_of(operation)
    match operation:
        case TransformItems():
            moved = map(column, _transforms([item.transform for item in operation.items]))
            return await connection.fetch(_TRANSFORM, board_id, seq, column(ids), *moved)
        case RestyleItems():
            patches = operation.items
            columns = (
                [_given(patch.opacity) for patch in patches],
                [_given(patch.grayscale) for patch in patches],
                [_given(patch.brightness) for patch in patches],
                [_given(patch.contrast) for patch in patches],
                [_given(patch.saturation) for patch in patches],
                [_given(patch.sampling) for patch in patches],
                [_given(patch.locked) for patch in patches],
                [_given(patch.hidden) for patch in patches],
                [_given(patch.name) for patch in patches],
                [None if patch.tags is UNSET else array_text(patch.tags) for patch in patches],
                [_given(patch.link) for patch in patches],
            )
            return await connection.fetch(_RESTYLE, board_id, seq, ids, *columns)
        case ReorderItems():
            return await connection.fetch(_REORDER, board_id, seq, ids, [rank.z for rank in operation.items])
        case RegroupItems():
            parents = [membership.parent_id for membership in operation.items]
            return await connection.fetch(_REGROUP, board_id, seq, ids, parents)
        case EditItems():
            return await connection.fetch(_EDIT, board_id, seq, ids, *_contents(operation.items))
        case RemoveItems():
            return await connection.fetch(_REMOVE, board_id, seq, ids)


def _transforms(places: Sequence[Transform]) -> tuple[Sequence[float | bool], ...]:
    return (
        [place.x for place in places],
        [place.y for place in places],
        [place.scale for place in places],
        [place.rotation for place in places],
        [place.flip_x for place in places],
        [place.flip_y for place in places],
    )


def _contents(items: Sequence[ItemEdit | ItemState]) -> tuple[Sequence[object], ...]:
    return (
        [item.width for item in items],
        [item.height for item in items],
        [item.image_id for item in items],
        [_text(item.crop) for item in items],
        [_text(item.note) for item in items],
        [_text(item.drawing) for item in items],
        [_text(item.frame) for item in items],
    )


def _text(content: Struct | None) -> str | None:
    return None if content is None else msgspec.json.encode(content).decode()


def _given(value: object | UnsetType) -> object:
    return None if value is UNSET else value


def array_text(values: Sequence[str]) -> str:
    """PostgreSQL's text of an array: several arrays of different lengths go in one column of parameters."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


_INSERT = f"""
INSERT INTO item (
    board, changed_seq, added_by, added_at, id, kind, z, parent_id, x, y, scale, rotation, flip_x, flip_y,
    width, height, image_id, crop, note, drawing, frame, opacity, grayscale, brightness, contrast, saturation,
    sampling, locked, hidden, name, tags, link, indexed
)
SELECT $1, $2, $3, clock_timestamp(), new.id, new.kind, new.z, new.parent_id, new.x, new.y, new.scale,
    new.rotation, new.flip_x, new.flip_y, new.width, new.height, new.image_id, new.crop::jsonb,
    new.note::jsonb, new.drawing::jsonb, new.frame::jsonb, new.opacity, new.grayscale, new.brightness,
    new.contrast, new.saturation, new.sampling, new.locked, new.hidden, new.name, new.tags::text[], new.link,
    {_INDEXED}
FROM unnest(
    $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::float8[], $9::float8[], $10::float8[],
    $11::float8[], $12::bool[], $13::bool[], $14::float8[], $15::float8[], $16::uuid[], $17::text[],
    $18::text[], $19::text[], $20::text[], $21::float8[], $22::bool[], $23::float8[], $24::float8[],
    $25::float8[], $26::text[], $27::bool[], $28::bool[], $29::text[], $30::text[], $31::text[]
) WITH ORDINALITY AS new (
    id, kind, z, parent_id, x, y, scale, rotation, flip_x, flip_y, width, height, image_id, crop, note,
    drawing, frame, opacity, grayscale, brightness, contrast, saturation, sampling, locked, hidden, name,
    tags, link, n
)
WHERE NOT EXISTS (SELECT FROM comment WHERE comment.id = new.id) ORDER BY new.n
ON CONFLICT (id) DO NOTHING RETURNING id
"""  # noqa: S608 (constants)


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
        [item.z for item in items],
        [item.parent_id for item in items],
        *_transforms([item.transform for item in items]),
        *_contents(items),
        *_styles([item.style for item in items]),
    )
    if len(inserted) != len(items):
        made = {record["id"] for record in inserted}
        taken = [str(item.id) for item in items if item.id not in made]
        raise AlreadyExists("Some of these ids are taken: use new ones.", ids=taken)


def _styles(styles: Sequence[Style]) -> tuple[Sequence[object], ...]:
    return (
        [style.opacity for style in styles],
        [style.grayscale for style in styles],
        [style.brightness for style in styles],
        [style.contrast for style in styles],
        [style.saturation for style in styles],
        [style.sampling.value for style in styles],
        [style.locked for style in styles],
        [style.hidden for style in styles],
        [style.name for style in styles],
        [array_text(style.tags) for style in styles],
        [style.link for style in styles],
    )


async def _restore(connection: Connection, board_id: UUID, seq: int, ids: Sequence[UUID]) -> None:
    records = await connection.fetch(_RESTORE, board_id, seq, ids)
    if len(records) != len(ids):
        back = {record["id"] for record in records}
        raise not_removed(item_id for item_id in ids if item_id not in back)


def not_removed(ids: Iterable[UUID]) -> NotFound:
    missing = [str(item_id) for item_id in ids]
    return NotFound("Some of these items were not removed from this board.", kind="item", ids=missing)


async def present(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> dict[UUID, ItemState]:
    """Those of the items that lie on the board now."""
    records = await connection.fetch(_FOUND + "IS NULL", board_id, ids)
    return {record["id"]: state_of(record) for record in records}


async def removed(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> dict[UUID, ItemState]:
    """Those of the items that were removed from the board, as they were."""
    records = await connection.fetch(_FOUND + "IS NOT NULL", board_id, ids)
    return {record["id"]: state_of(record) for record in records}
