"""Contents: what items show, and the box that shows it. Each is written whole."""

from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from domain import checks
from domain.access import Viewer
from domain.changes import Change
from domain.deeds import plain_deed
from domain.entries import require_distinct, require_few
from domain.operations import DrawingContent, EditItems, FrameContent, ItemEdit, NoteContent


class NoteEdit(Struct, frozen=True):
    """The whole content and box of a note."""

    id: UUID
    note: NoteContent
    width: float
    height: float


class DrawingEdit(Struct, frozen=True):
    """The whole content and box of a drawing."""

    id: UUID
    drawing: DrawingContent
    width: float
    height: float


class FrameEdit(Struct, frozen=True):
    """The whole content and box of a frame."""

    id: UUID
    frame: FrameContent
    width: float
    height: float


async def edit_notes(
    viewer: Viewer, board_id: UUID, items: list[NoteEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = [
        ItemEdit(edit.id, *_box(edit, n), note=checks.note(edit.note, f"items.{n}.note"))
        for n, edit in enumerate(_few(items))
    ]
    return await plain_deed(viewer, board_id, mutation_id, "edit_notes", EditItems(edits))


async def edit_drawings(
    viewer: Viewer, board_id: UUID, items: list[DrawingEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = [
        ItemEdit(edit.id, *_box(edit, n), drawing=checks.drawing(edit.drawing, f"items.{n}.drawing"))
        for n, edit in enumerate(_few(items))
    ]
    return await plain_deed(viewer, board_id, mutation_id, "edit_drawings", EditItems(edits))


async def edit_frames(
    viewer: Viewer, board_id: UUID, items: list[FrameEdit], *, mutation_id: UUID | None = None
) -> Change:
    edits = [
        ItemEdit(edit.id, *_box(edit, n), frame=checks.frame(edit.frame, f"items.{n}.frame"))
        for n, edit in enumerate(_few(items))
    ]
    return await plain_deed(viewer, board_id, mutation_id, "edit_frames", EditItems(edits))


Edits = TypeVar("Edits", NoteEdit, DrawingEdit, FrameEdit)


def _few(items: list[Edits]) -> list[Edits]:
    require_few(items, "items")
    require_distinct((edit.id for edit in items), "items")
    return items


def _box(edit: NoteEdit | DrawingEdit | FrameEdit, n: int) -> tuple[float, float]:
    return checks.side(edit.width, f"items.{n}.width"), checks.side(edit.height, f"items.{n}.height")
