"""Contents: what items show, and the box that shows it. Each is written whole."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from domain import checks
from domain.access import BoardRow, Viewer
from domain.adding import drawing_box, pictures_of
from domain.changes import Change
from domain.database import Connection
from domain.deeds import deed, plain_deed
from domain.entries import require_distinct, require_few
from domain.errors import BadInput
from domain.geometry import CropKeep, Size, contained, cropped
from domain.item_rows import no_items, present
from domain.operations import (
    Crop,
    DrawingContent,
    EditItems,
    FrameContent,
    ItemEdit,
    ItemState,
    NoteContent,
    Operation,
    Placement,
    Simple,
    TransformItems,
    together,
)


class NoteEdit(Struct, frozen=True):
    """The whole content and box of a note."""

    id: UUID
    note: NoteContent
    width: float
    height: float


class DrawingEdit(Struct, frozen=True):
    """The whole content and box of a drawing. width, height None: what its points need."""

    id: UUID
    drawing: DrawingContent
    width: float | None = None
    height: float | None = None


class FrameEdit(Struct, frozen=True):
    """The whole content and box of a frame."""

    id: UUID
    frame: FrameContent
    width: float
    height: float


class CropEdit(Struct, frozen=True):
    """The part of an item's picture to show (None: the whole), and what stays where it is."""

    id: UUID
    crop: Crop | None
    keep: CropKeep = CropKeep.PICTURE


class Replacement(Struct, frozen=True):
    """An item and the picture that it is to show."""

    id: UUID
    image_id: UUID


async def edit_notes(
    viewer: Viewer, board_id: UUID, items: list[NoteEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = EditItems(note_edits(items, "items"))
    return await plain_deed(viewer, board_id, mutation_id, "edit_notes", edits)


def note_edits(items: list[NoteEdit], field: str) -> list[ItemEdit]:
    return [
        ItemEdit(
            edit.id,
            *_sides(edit.width, edit.height, f"{field}.{n}"),
            note=checks.note(edit.note, f"{field}.{n}.note"),
        )
        for n, edit in enumerate(_few(items, field))
    ]


async def edit_drawings(
    viewer: Viewer, board_id: UUID, items: list[DrawingEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = EditItems(drawing_edits(items, "items"))
    return await plain_deed(viewer, board_id, mutation_id, "edit_drawings", edits)


def drawing_edits(items: list[DrawingEdit], field: str) -> list[ItemEdit]:
    return [_redrawn(edit, f"{field}.{n}") for n, edit in enumerate(_few(items, field))]


async def edit_frames(
    viewer: Viewer, board_id: UUID, items: list[FrameEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = EditItems(frame_edits(items, "items"))
    return await plain_deed(viewer, board_id, mutation_id, "edit_frames", edits)


def frame_edits(items: list[FrameEdit], field: str) -> list[ItemEdit]:
    return [
        ItemEdit(
            edit.id,
            *_sides(edit.width, edit.height, f"{field}.{n}"),
            frame=checks.frame(edit.frame, f"{field}.{n}.frame"),
        )
        for n, edit in enumerate(_few(items, field))
    ]


async def crop_items(
    viewer: Viewer, board_id: UUID, items: list[CropEdit], *, mutation_id: UUID | None = None
) -> Change:
    """Shows parts of pictures: box and place follow from those that the items have under the board's lock."""
    wanted = checked_crops(items, "items")

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        edits, moved = await drafted_crops(connection, board.id, wanted, "items")
        parts: list[Simple] = [EditItems(edits), *([TransformItems(moved)] if moved else [])]
        return together(parts)

    return await deed(viewer, board_id, mutation_id, "crop_items", wanted, draft)


def checked_crops(items: list[CropEdit], field: str) -> list[CropEdit]:
    return [
        CropEdit(edit.id, edit.crop and checks.crop(edit.crop, f"{field}.{n}.crop"), edit.keep)
        for n, edit in enumerate(_few(items, field))
    ]


async def drafted_crops(
    connection: Connection, board_id: UUID, wanted: list[CropEdit], field: str
) -> tuple[list[ItemEdit], list[Placement]]:
    """What items show then, and where those lie that do not stay where they are."""
    states = await _pictures(connection, board_id, [edit.id for edit in wanted])
    edits: list[ItemEdit] = []
    moved: list[Placement] = []
    for n, (edit, item) in enumerate(zip(wanted, states, strict=True)):
        box = Size(item.width, item.height)
        transform, size = cropped(item.transform, box, item.crop, edit.crop, edit.keep)
        sides = _sides(size.width, size.height, f"{field}.{n}")
        edits.append(ItemEdit(item.id, *sides, image_id=item.image_id, crop=edit.crop))
        if transform != item.transform:
            moved.append(Placement(item.id, checks.transform(transform, f"{field}.{n}.transform")))
    return edits, moved


async def replace_images(
    viewer: Viewer, board_id: UUID, items: list[Replacement], *, mutation_id: UUID | None = None
) -> Change:
    """Puts other pictures in the places of those there: whole, as large as fits the visible box, same centre.

    Raises NotFound for pictures the viewer may not see.
    """
    wanted = _few(items)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        states = await _pictures(connection, board.id, [edit.id for edit in wanted])
        sizes = await pictures_of(viewer, [edit.image_id for edit in wanted])
        edits: list[ItemEdit] = []
        for n, (edit, item) in enumerate(zip(wanted, states, strict=True)):
            size = contained(sizes[edit.image_id], Size(item.width, item.height))
            sides = _sides(size.width, size.height, f"items.{n}")
            edits.append(ItemEdit(item.id, *sides, image_id=edit.image_id))
        return EditItems(edits)

    return await deed(viewer, board_id, mutation_id, "replace_images", wanted, draft)


async def _pictures(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> list[ItemState]:
    """The items in this order. Raises NotFound for those that are not there, BadInput for other kinds."""
    found = await present(connection, board_id, ids)
    if len(found) != len(ids):
        raise no_items(item_id for item_id in ids if item_id not in found)
    others = [str(item_id) for item_id in ids if found[item_id].image_id is None]
    if others:
        raise BadInput(
            "Only items with a picture have a picture to crop or replace.", field="items", ids=others
        )
    return [found[item_id] for item_id in ids]


Edits = TypeVar("Edits", NoteEdit, DrawingEdit, FrameEdit, CropEdit, Replacement)


def _few(items: list[Edits], field: str = "items") -> list[Edits]:
    require_few(items, field)
    require_distinct((edit.id for edit in items), field)
    return items


def _redrawn(edit: DrawingEdit, field: str) -> ItemEdit:
    drawing = checks.drawing(edit.drawing, f"{field}.drawing")
    box = drawing_box(drawing, edit.width, edit.height)
    return ItemEdit(edit.id, *_sides(box.width, box.height, field), drawing=drawing)


def _sides(width: float, height: float, field: str) -> tuple[float, float]:
    return checks.side(width, f"{field}.width"), checks.side(height, f"{field}.height")
