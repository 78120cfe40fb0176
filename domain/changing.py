"""Changing: what a hand does to several registers of items at once, as one deed that is taken back as one."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from domain import checks
from domain.access import BoardRow, Viewer
from domain.adding import NewItem, checked_items, drafted_items, require_containers
from domain.changes import Change
from domain.containers import emptied, held, misplaced, nesting_of
from domain.contents import (
    CropEdit,
    DrawingEdit,
    FrameEdit,
    NoteEdit,
    checked_crops,
    drafted_crops,
    drawing_edits,
    frame_edits,
    note_edits,
)
from domain.database import Connection
from domain.deeds import deed
from domain.entries import require_distinct, require_few
from domain.errors import BadInput, ItemsLocked, NothingToChange
from domain.item_rows import no_items, present
from domain.operations import (
    AddItems,
    EditItems,
    ItemEdit,
    Membership,
    Operation,
    Placement,
    Rank,
    RegroupItems,
    RemoveItems,
    ReorderItems,
    RestyleItems,
    Simple,
    StylePatch,
    TransformItems,
    together,
)


class Wanted(Struct, frozen=True):
    """What is to be done, in this order; each list names an item once at most, and some list is not empty."""

    added: list[NewItem] = []
    notes: list[NoteEdit] = []
    drawings: list[DrawingEdit] = []
    frames: list[FrameEdit] = []
    crops: list[CropEdit] = []
    placements: list[Placement] = []
    patches: list[StylePatch] = []
    ranks: list[Rank] = []
    homes: list[Membership] = []


async def change_items(
    viewer: Viewer, board_id: UUID, wanted: Wanted, *, mutation_id: UUID | None = None
) -> Change:
    """Raises as the commands for the single parts do; a group that the new homes leave empty goes."""
    new = checked_items(wanted.added, "add") if wanted.added else []
    plain = _plain(wanted)
    crops = checked_crops(wanted.crops, "crops") if wanted.crops else []
    if wanted.homes:
        require_few(wanted.homes, "homes")
        require_distinct((home.id for home in wanted.homes), "homes")
    if not (new or plain or crops or wanted.homes):
        raise NothingToChange("Every list is empty: say what is to change.")

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        parts: list[Simple] = [*plain]
        if crops:
            # Before the places that are asked for: those count, whatever a crop makes of them.
            edits, moved = await drafted_crops(connection, board.id, crops, "crops")
            parts[:0] = [EditItems(edits), *([TransformItems(moved)] if moved else [])]
        if new:
            parts.insert(0, await drafted_items(connection, viewer, board.id, new))
        if wanted.homes:
            parts += await _moved_home(connection, board.id, wanted.homes, parts)
        operation = together(parts)
        await require_containers(connection, board.id, operation)
        return operation

    return await deed(viewer, board_id, mutation_id, "change_items", wanted, draft)


def _plain(wanted: Wanted) -> list[Simple]:
    """What is known before the board is looked at."""
    parts: list[Simple] = []
    edits: list[ItemEdit] = [
        *(note_edits(wanted.notes, "notes") if wanted.notes else ()),
        *(drawing_edits(wanted.drawings, "drawings") if wanted.drawings else ()),
        *(frame_edits(wanted.frames, "frames") if wanted.frames else ()),
    ]
    if edits:
        require_distinct((edit.id for edit in edits), "frames")
        parts.append(EditItems(edits))
    if wanted.placements:
        parts.append(TransformItems(checks.placements(wanted.placements, "transforms")))
    if wanted.patches:
        parts.append(RestyleItems(checks.patches(wanted.patches, "styles")))
    if wanted.ranks:
        parts.append(ReorderItems(checks.ranks(wanted.ranks, "ranks")))
    return parts


async def _moved_home(
    connection: Connection, board_id: UUID, homes: Sequence[Membership], before: Sequence[Simple]
) -> list[Simple]:
    """Who is in what from now on, and the groups that go because nothing is left in them."""
    new = [item for part in before if isinstance(part, AddItems) for item in part.items]
    added = {item.id for item in new}
    going = [home.id for home in homes if home.id not in added]
    found = await present(connection, board_id, going)
    if missing := [item_id for item_id in going if item_id not in found]:
        raise no_items(missing)
    into = {home.parent_id for home in homes if home.parent_id is not None} - added
    if locked := await held(connection, board_id, into):
        raise ItemsLocked(
            "What these items are to be in is locked: unlock it first.",
            ids=[str(item_id) for item_id in locked],
        )
    arriving = {home.parent_id for home in homes} | {item.parent_id for item in new}
    left = await emptied(connection, board_id, going, arriving)
    parts: list[Simple] = [RegroupItems(list(homes))]
    wrong = misplaced(together([*before, *parts]), await nesting_of(connection, board_id))
    if wrong:
        raise BadInput(
            "A home is a frame or a group on this board, or one that is added with it, and nothing is put "
            "into itself.",
            field="homes",
            ids=sorted(str(item_id) for item_id in wrong),
        )
    return [*parts, RemoveItems(left)] if left else parts
