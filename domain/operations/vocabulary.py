"""The words of the log: each operation is a value, tagged by its kind, kept as JSON."""

from datetime import datetime
from typing import Union
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from domain.operations.values import (
    CommentState,
    Crop,
    DrawingContent,
    FrameContent,
    ItemState,
    NoteContent,
    Sampling,
    Transform,
)


class Placement(Struct, frozen=True):
    id: UUID
    transform: Transform


class StylePatch(Struct, frozen=True):
    """A style change of one item: what is UNSET stays as it is."""

    id: UUID
    opacity: float | UnsetType = UNSET
    grayscale: bool | UnsetType = UNSET
    brightness: float | UnsetType = UNSET
    contrast: float | UnsetType = UNSET
    saturation: float | UnsetType = UNSET
    sampling: Sampling | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    name: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    link: str | UnsetType = UNSET


class Rank(Struct, frozen=True):
    id: UUID
    z: str


class ItemEdit(Struct, frozen=True, omit_defaults=True):
    """The whole content and box of an item, written whole, like a transform. It fits the item's kind."""

    id: UUID
    width: float
    height: float
    image_id: UUID | None = None
    crop: Crop | None = None
    note: NoteContent | None = None
    drawing: DrawingContent | None = None
    frame: FrameContent | None = None


class Membership(Struct, frozen=True):
    id: UUID
    parent_id: UUID | None


class CommentEdit(Struct, frozen=True):
    id: UUID
    text: str
    edited_at: datetime | None


class CommentPin(Struct, frozen=True):
    id: UUID
    item_id: UUID | None
    x: float
    y: float


class Resolution(Struct, frozen=True):
    """resolved_by None: open again."""

    id: UUID
    resolved_by: UUID | None


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


class EditItems(Struct, frozen=True, tag="edit_items", tag_field="kind"):
    items: list[ItemEdit]


class RegroupItems(Struct, frozen=True, tag="regroup_items", tag_field="kind"):
    items: list[Membership]


class AddComments(Struct, frozen=True, tag="add_comments", tag_field="kind"):
    comments: list[CommentState]


class RemoveComments(Struct, frozen=True, tag="remove_comments", tag_field="kind"):
    ids: list[UUID]


class RestoreComments(Struct, frozen=True, tag="restore_comments", tag_field="kind"):
    """Puts removed comments back exactly as they were."""

    comments: list[CommentState]


class EditComments(Struct, frozen=True, tag="edit_comments", tag_field="kind"):
    comments: list[CommentEdit]


class MoveComments(Struct, frozen=True, tag="move_comments", tag_field="kind"):
    comments: list[CommentPin]


class ResolveComments(Struct, frozen=True, tag="resolve_comments", tag_field="kind"):
    comments: list[Resolution]


class EditBoard(Struct, frozen=True, tag="edit_board", tag_field="kind"):
    """The board's own words and cover; what is UNSET stays as it is."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cover_id: UUID | UnsetType | None = UNSET


class TrashBoard(Struct, frozen=True, tag="trash_board", tag_field="kind"):
    pass


class RestoreBoard(Struct, frozen=True, tag="restore_board", tag_field="kind"):
    pass


ItemOperation = (
    AddItems
    | RemoveItems
    | RestoreItems
    | TransformItems
    | RestyleItems
    | ReorderItems
    | EditItems
    | RegroupItems
)
CommentOperation = (
    AddComments | RemoveComments | RestoreComments | EditComments | MoveComments | ResolveComments
)
BoardOperation = EditBoard | TrashBoard | RestoreBoard
Simple = Union[ItemOperation, CommentOperation, BoardOperation]  # noqa: UP007 (a union of unions)


class Compound(Struct, frozen=True, tag="compound", tag_field="kind"):
    """Several operations that are one deed, in order; taken back together. Never nested."""

    operations: list[Simple]


Operation = Union[Simple, Compound]  # noqa: UP007

_decoder: msgspec.json.Decoder[Operation] = msgspec.json.Decoder(Operation)


def encode(operation: Operation) -> str:
    """The JSON text that the log keeps; what is UNSET is left out."""
    return msgspec.json.encode(operation).decode()


def decode(text: str | bytes) -> Operation:
    """Reads what `encode` wrote; `msgspec.ValidationError` on anything else."""
    return _decoder.decode(text)


def parts_of(operation: Operation) -> list[Simple]:
    """The simple operations that it is made of, in order."""
    return operation.operations if isinstance(operation, Compound) else [operation]


def together(operations: list[Simple]) -> Operation:
    """One operation of several; a lone one stays as it is. ValueError for none."""
    if not operations:
        raise ValueError("an operation of no operations")
    return operations[0] if len(operations) == 1 else Compound(operations)
