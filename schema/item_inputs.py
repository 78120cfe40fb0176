"""What clients send about items, and how it becomes the domain's values."""

from enum import Enum
from typing import TypeVar

import strawberry
from msgspec import UNSET as KEEP
from msgspec import UnsetType
from strawberry import UNSET, enum_value, field

from domain import adding
from domain.contents import NoteEdit
from domain.operations import NoteContent, Placement, Rank, Style, StylePatch, Transform
from schema.arguments import MUTATION_ID, maybe_uuid, uuid_of
from schema.scalars import Colour


@strawberry.input(description="Where an item goes, whole. Board units; x grows to the right, y downwards.")
class TransformInput:
    x: float = field(description="Horizontal place of the item's centre, in board units, within ±1e9.")
    y: float = field(description="Vertical place of the item's centre, in board units, within ±1e9.")
    scale: float = field(default=1.0, description="Enlargement, 0.0001 to 10,000.")
    rotation: float = field(default=0.0, description="Degrees clockwise; turned into 0 to below 360.")
    flip_x: bool = field(default=False, description="Mirrored left to right, before scale and rotation.")
    flip_y: bool = field(default=False, description="Mirrored top to bottom, before scale and rotation.")


@strawberry.input(description="The content and the box of a note, whole.")
class NoteInput:
    text: str = field(description="Its text, Markdown, up to 20,000 characters.")
    font_size: float = field(default=24.0, description="Height of its letters, in board units before scale.")
    colour: Colour = field(default=Colour("#e8e8ea"), description="Colour of its text.")
    background: Colour | None = field(
        default=Colour("#2a2b30"), description="Colour behind the text; null: transparent."
    )
    width: float = field(default=280.0, description="Width in board units, before scale.")
    height: float = field(default=180.0, description="Height in board units, before scale.")


@strawberry.input(one_of=True, description="What a new item shows: exactly one of these.")
class ItemContentInput:
    image_id: strawberry.Maybe[strawberry.ID] = field(
        description="A picture of the library that the viewer may see."
    )
    note: strawberry.Maybe[NoteInput] = field(description="A text.")


@strawberry.input(description="A new item.")
class NewItemInput:
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for it; left out: one is made."
    )
    content: ItemContentInput = field(description="What it shows.")
    transform: TransformInput | None = field(
        default=UNSET, description="Where it goes; left out or null: beside what lies there already, in rows."
    )
    z: str | None = field(
        default=UNSET,
        description="Its rank from back to front, as in `Item.z`; left out or null: in front of all.",
    )
    opacity: float = field(default=1.0, description="0 (not to be seen) to 1.")
    grayscale: bool = field(default=False, description="Whether it is shown without its colours.")
    locked: bool = field(
        default=False, description="Whether it refuses to be moved, edited, reordered and removed."
    )
    hidden: bool = field(default=False, description="Whether it is left out of the picture.")
    name: str = field(default="", description="What people call it on this board, up to 200 characters.")


@strawberry.input(description="Which items are placed where.")
class AddItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[NewItemInput] = field(description="The new items, 1 to 500, from back to front.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="An item and where it goes.")
class ItemPlacementInput:
    id: strawberry.ID = field(description="The item's id.")
    transform: TransformInput = field(description="Where it goes, whole.")


@strawberry.input(description="Which items go where.")
class TransformItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[ItemPlacementInput] = field(description="Items and their new places, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="An item and what changes of its looks; what is left out or null stays.")
class ItemStyleInput:
    id: strawberry.ID = field(description="The item's id.")
    opacity: float | None = field(default=UNSET, description="0 (not to be seen) to 1.")
    grayscale: bool | None = field(default=UNSET, description="Whether it is shown without its colours.")
    locked: bool | None = field(
        default=UNSET, description="Whether it refuses to be moved, edited, reordered and removed."
    )
    hidden: bool | None = field(default=UNSET, description="Whether it is left out of the picture.")
    name: str | None = field(
        default=UNSET, description="What people call it, up to 200 characters; empty: none."
    )


@strawberry.input(description="Which items change their looks.")
class RestyleItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[ItemStyleInput] = field(description="Items and what changes of each, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="An item and its new rank.")
class ItemRankInput:
    id: strawberry.ID = field(description="The item's id.")
    z: str = field(description="Its rank from back to front: a fractional index such as `a0V`.")


@strawberry.input(description="Which items change their rank.")
class ReorderItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[ItemRankInput] = field(description="Items and their ranks, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A note and its new content, whole.")
class NoteEditInput:
    id: strawberry.ID = field(description="The item's id.")
    note: NoteInput = field(description="Its content and box.")


@strawberry.input(description="Which notes are rewritten.")
class EditNotesInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[NoteEditInput] = field(description="Notes and their content, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are removed.")
class RemoveItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of items, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which removed items come back.")
class RestoreItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of removed items, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="How far a drag is.")
class DragPhase(Enum):
    MOVING = enum_value("MOVING", description="Under way: where the items would be.")
    DROPPED = enum_value("DROPPED", description="Let go; `transformItems` follows with the final places.")
    CANCELLED = enum_value("CANCELLED", description="Given up: the items are where they were.")


@strawberry.input(description="A moment of a drag, for others to see. It changes nothing.")
class DragItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    gesture_id: strawberry.ID = field(description="A UUID of your own, the same through one drag.")
    items: list[ItemPlacementInput] = field(description="Items and where they would be, 1 to 500.")
    phase: DragPhase = field(default=DragPhase.MOVING, description="How far the drag is.")


def place_of(value: TransformInput) -> Transform:
    return Transform(
        x=value.x,
        y=value.y,
        scale=value.scale,
        rotation=value.rotation,
        flip_x=value.flip_x,
        flip_y=value.flip_y,
    )


def content_of(value: NoteInput) -> NoteContent:
    return NoteContent(
        text=value.text,
        font_size=value.font_size,
        colour=value.colour,
        background=value.background,
    )


def new_item_of(value: NewItemInput) -> adding.NewItem:
    note, image = value.content.note, value.content.image_id
    return adding.NewItem(
        id=maybe_uuid(value.id, "id"),
        image_id=None if image is None else uuid_of(image.value, "imageId"),
        note=None if note is None else content_of(note.value),
        width=None if note is None else note.value.width,
        height=None if note is None else note.value.height,
        transform=place_of(value.transform) if isinstance(value.transform, TransformInput) else None,
        z=value.z or None,
        style=Style(
            opacity=value.opacity,
            grayscale=value.grayscale,
            locked=value.locked,
            hidden=value.hidden,
            name=value.name,
        ),
    )


def placements_of(values: list[ItemPlacementInput]) -> list[Placement]:
    return [Placement(id=uuid_of(value.id), transform=place_of(value.transform)) for value in values]


Value = TypeVar("Value")


def _set(value: Value | None) -> Value | UnsetType:
    return KEEP if value is None or value is UNSET else value


def patches_of(values: list[ItemStyleInput]) -> list[StylePatch]:
    return [
        StylePatch(
            id=uuid_of(value.id),
            opacity=_set(value.opacity),
            grayscale=_set(value.grayscale),
            locked=_set(value.locked),
            hidden=_set(value.hidden),
            name=_set(value.name),
        )
        for value in values
    ]


def ranks_of(values: list[ItemRankInput]) -> list[Rank]:
    return [Rank(id=uuid_of(value.id), z=value.z) for value in values]


def edits_of(values: list[NoteEditInput]) -> list[NoteEdit]:
    return [
        NoteEdit(
            id=uuid_of(value.id),
            note=content_of(value.note),
            width=value.note.width,
            height=value.note.height,
        )
        for value in values
    ]
