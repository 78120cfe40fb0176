"""The vocabulary of the change log: what can happen to a board's content, how it is applied and undone.

Operations are values. `apply` folds one into a board's state; `inverse` is what takes it back.
The same words are GraphQL's (`schema/operations.py`) and the browser's (`web/src/lib/board/operations.ts`).
"""

from collections.abc import Iterable, Set
from enum import StrEnum
from typing import Literal, assert_never
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace


class ItemKind(StrEnum):
    IMAGE = "IMAGE"
    NOTE = "NOTE"


class Transform(Struct, frozen=True):
    """Where an item is: one register, written whole.

    x, y: the item's centre in board units (y grows downwards); scale: > 0, uniform;
    rotation: degrees clockwise in [0, 360); flips mirror the picture inside its own box,
    before scale and rotation.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    flip_x: bool = False
    flip_y: bool = False


class Style(Struct, frozen=True):
    """How an item looks and behaves. opacity: 0 to 1."""

    opacity: float = 1.0
    grayscale: bool = False
    locked: bool = False
    hidden: bool = False
    name: str = ""


class StylePatch(Struct, frozen=True):
    """A style change of one item: what is UNSET stays as it is."""

    id: UUID
    opacity: float | UnsetType = UNSET
    grayscale: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    name: str | UnsetType = UNSET


class NoteContent(Struct, frozen=True):
    """A note: Markdown text, font size in board units, colours as #rrggbb (no background: transparent)."""

    text: str = ""
    font_size: float = 24.0
    colour: str = "#e8e8ea"
    background: str | None = "#2a2b30"


class ItemState(Struct, frozen=True):
    """Everything the log knows of an item. width, height: board units before scale.

    z orders items from back to front: a fractional index, compared bytewise (domain/ordering.py).
    """

    id: UUID
    kind: ItemKind
    width: float
    height: float
    z: str
    transform: Transform = Transform()
    style: Style = Style()
    image_id: UUID | None = None
    note: NoteContent | None = None


class Placement(Struct, frozen=True):
    id: UUID
    transform: Transform


class Rank(Struct, frozen=True):
    id: UUID
    z: str


class NoteEdit(Struct, frozen=True):
    """The whole content and box of a note; written whole, like a transform."""

    id: UUID
    note: NoteContent
    width: float
    height: float


class AddItems(Struct, frozen=True, tag="add_items", tag_field="kind"):
    items: list[ItemState]


class RemoveItems(Struct, frozen=True, tag="remove_items", tag_field="kind"):
    ids: list[UUID]


class RestoreItems(Struct, frozen=True, tag="restore_items", tag_field="kind"):
    """Puts removed items back exactly as they were."""

    items: list[ItemState]


class TransformItems(Struct, frozen=True, tag="transform_items", tag_field="kind"):
    items: list[Placement]


class RestyleItems(Struct, frozen=True, tag="restyle_items", tag_field="kind"):
    items: list[StylePatch]


class ReorderItems(Struct, frozen=True, tag="reorder_items", tag_field="kind"):
    items: list[Rank]


class EditNotes(Struct, frozen=True, tag="edit_notes", tag_field="kind"):
    items: list[NoteEdit]


class EditBoard(Struct, frozen=True, tag="edit_board", tag_field="kind"):
    """The board's own words and cover; what is UNSET stays as it is."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cover_id: UUID | UnsetType | None = UNSET


class TrashBoard(Struct, frozen=True, tag="trash_board", tag_field="kind"):
    pass


class RestoreBoard(Struct, frozen=True, tag="restore_board", tag_field="kind"):
    pass


Operation = (
    AddItems
    | RemoveItems
    | RestoreItems
    | TransformItems
    | RestyleItems
    | ReorderItems
    | EditNotes
    | EditBoard
    | TrashBoard
    | RestoreBoard
)


class BoardState(Struct, frozen=True):
    """The fold of a log: what a fresh read of the rows must equal."""

    title: str = ""
    description: str = ""
    cover_id: UUID | None = None
    trashed: bool = False
    items: dict[UUID, ItemState] = {}


Aspect = Literal["existence", "transform", "style", "order", "note", "board"]

_decoder: msgspec.json.Decoder[Operation] = msgspec.json.Decoder(Operation)


def encode(operation: Operation) -> str:
    """The JSON text that the log keeps; what is UNSET is left out."""
    return msgspec.json.encode(operation).decode()


def decode(text: str | bytes) -> Operation:
    """Reads what `encode` wrote; `msgspec.ValidationError` on anything else."""
    return _decoder.decode(text)


def apply(operation: Operation, state: BoardState) -> BoardState:
    """The state after the operation; ValueError if it does not fit the state (a log never holds such)."""
    return replay((operation,), state)


def replay(operations: Iterable[Operation], start: BoardState | None = None) -> BoardState:
    """The fold of a whole log, in time that grows with its length and not with the board's size."""
    board = start or BoardState()
    items = dict(board.items)
    for operation in operations:
        board = _fold(operation, board, items)
    return replace(board, items=items)


def _fold(operation: Operation, board: BoardState, items: dict[UUID, ItemState]) -> BoardState:
    """Changes `items` in place; returns the board with its own words changed (its `items` stay stale)."""
    match operation:
        case AddItems() | RestoreItems():
            for item in operation.items:
                if item.id in items:
                    raise ValueError(f"item {item.id} is there already")
                items[item.id] = item
        case RemoveItems():
            for item_id in operation.ids:
                _at(items, item_id)
                del items[item_id]
        case TransformItems():
            for placement in operation.items:
                items[placement.id] = replace(_at(items, placement.id), transform=placement.transform)
        case RestyleItems():
            for patch in operation.items:
                item = _at(items, patch.id)
                items[patch.id] = replace(item, style=restyled(item.style, patch))
        case ReorderItems():
            for rank in operation.items:
                items[rank.id] = replace(_at(items, rank.id), z=rank.z)
        case EditNotes():
            for edit in operation.items:
                item = _at(items, edit.id)
                items[edit.id] = replace(item, note=edit.note, width=edit.width, height=edit.height)
        case EditBoard():
            if operation.title is not UNSET:
                board = replace(board, title=operation.title)
            if operation.description is not UNSET:
                board = replace(board, description=operation.description)
            if operation.cover_id is not UNSET:
                board = replace(board, cover_id=operation.cover_id)
        case TrashBoard():
            board = replace(board, trashed=True)
        case RestoreBoard():
            board = replace(board, trashed=False)
        case _:
            assert_never(operation)
    return board


def _at(items: dict[UUID, ItemState], item_id: UUID) -> ItemState:
    try:
        return items[item_id]
    except KeyError:
        raise ValueError(f"item {item_id} is not there") from None


def restyled(style: Style, patch: StylePatch) -> Style:
    """The style with what the patch sets."""
    return Style(
        opacity=style.opacity if patch.opacity is UNSET else patch.opacity,
        grayscale=style.grayscale if patch.grayscale is UNSET else patch.grayscale,
        locked=style.locked if patch.locked is UNSET else patch.locked,
        hidden=style.hidden if patch.hidden is UNSET else patch.hidden,
        name=style.name if patch.name is UNSET else patch.name,
    )


def _patch_back(style: Style, patch: StylePatch) -> StylePatch:
    """The patch that gives `style` back its own values wherever `patch` writes."""
    return StylePatch(
        id=patch.id,
        opacity=UNSET if patch.opacity is UNSET else style.opacity,
        grayscale=UNSET if patch.grayscale is UNSET else style.grayscale,
        locked=UNSET if patch.locked is UNSET else style.locked,
        hidden=UNSET if patch.hidden is UNSET else style.hidden,
        name=UNSET if patch.name is UNSET else style.name,
    )


def inverse(operation: Operation, state: BoardState) -> Operation:
    """What takes `operation` back once it has been applied to `state`: only the items it names are read."""
    items = state.items
    match operation:
        case AddItems() | RestoreItems():
            return RemoveItems([item.id for item in operation.items])
        case RemoveItems():
            return RestoreItems([_at(items, item_id) for item_id in operation.ids])
        case TransformItems():
            return TransformItems([Placement(p.id, _at(items, p.id).transform) for p in operation.items])
        case RestyleItems():
            return RestyleItems([_patch_back(_at(items, p.id).style, p) for p in operation.items])
        case ReorderItems():
            return ReorderItems([Rank(r.id, _at(items, r.id).z) for r in operation.items])
        case EditNotes():
            return EditNotes([_note_of(_at(items, edit.id)) for edit in operation.items])
        case EditBoard():
            return EditBoard(
                title=UNSET if operation.title is UNSET else state.title,
                description=UNSET if operation.description is UNSET else state.description,
                cover_id=UNSET if operation.cover_id is UNSET else state.cover_id,
            )
        case TrashBoard() | RestoreBoard():
            return TrashBoard() if state.trashed else RestoreBoard()
        case _:
            assert_never(operation)


def _note_of(item: ItemState) -> NoteEdit:
    if item.note is None:
        raise ValueError(f"item {item.id} is no note")
    return NoteEdit(item.id, item.note, item.width, item.height)


def aspect_of(operation: Operation) -> Aspect:
    """Which register of an item (or the board) the operation writes: what undo is guarded by."""
    match operation:
        case AddItems() | RemoveItems() | RestoreItems():
            return "existence"
        case TransformItems():
            return "transform"
        case RestyleItems():
            return "style"
        case ReorderItems():
            return "order"
        case EditNotes():
            return "note"
        case EditBoard() | TrashBoard() | RestoreBoard():
            return "board"
        case _:
            assert_never(operation)


def subjects_of(operation: Operation) -> list[UUID]:
    """The items it touches, in its own order; none for the board's own words."""
    match operation:
        case RemoveItems():
            return list(operation.ids)
        case EditBoard() | TrashBoard() | RestoreBoard():
            return []
        case _:
            return [item.id for item in operation.items]


def restricted_to(operation: Operation, ids: Set[UUID]) -> Operation:
    """The same operation on those of its items that are in `ids`."""
    match operation:
        case RemoveItems():
            return RemoveItems([item_id for item_id in operation.ids if item_id in ids])
        case AddItems():
            return AddItems([item for item in operation.items if item.id in ids])
        case RestoreItems():
            return RestoreItems([item for item in operation.items if item.id in ids])
        case TransformItems():
            return TransformItems([item for item in operation.items if item.id in ids])
        case RestyleItems():
            return RestyleItems([item for item in operation.items if item.id in ids])
        case ReorderItems():
            return ReorderItems([item for item in operation.items if item.id in ids])
        case EditNotes():
            return EditNotes([item for item in operation.items if item.id in ids])
        case EditBoard() | TrashBoard() | RestoreBoard():
            return operation
        case _:
            assert_never(operation)
