"""What clients send about items, where they go and how they look, and how it becomes the domain's values."""

from enum import Enum
from typing import TypeVar

import strawberry
from msgspec import UNSET as KEEP
from msgspec import UnsetType
from strawberry import UNSET, enum_value, field

from domain import adding, operations
from domain.errors import BadInput
from domain.operations import Placement, Rank, Style, StylePatch, Transform
from schema.arguments import MUTATION_ID, maybe_uuid, uuid_of
from schema.content_inputs import (
    CropInput,
    ItemContentInput,
    crop_value,
    drawing_content,
    frame_content,
    note_content,
)
from schema.items import Sampling


@strawberry.input(description="Where an item goes, whole. Board units; x grows to the right, y downwards.")
class TransformInput:
    x: float = field(description="Horizontal place of the item's centre, in board units, within ±1e9.")
    y: float = field(description="Vertical place of the item's centre, in board units, within ±1e9.")
    scale: float = field(default=1.0, description="Enlargement, 0.0001 to 10,000.")
    rotation: float = field(default=0.0, description="Degrees clockwise; turned into 0 to below 360.")
    flip_x: bool = field(default=False, description="Mirrored left to right, before scale and rotation.")
    flip_y: bool = field(default=False, description="Mirrored top to bottom, before scale and rotation.")


@strawberry.input(description="A new item.")
class NewItemInput:
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for it; left out: one is made."
    )
    content: ItemContentInput = field(description="What it shows.")
    crop: CropInput | None = field(
        default=UNSET, description="Of a picture: the part of it to show; left out or null: the whole."
    )
    width: float | None = field(
        default=UNSET,
        description="Of a picture: width of what is shown, in board units before scale; its height follows. "
        "Left out or null: its pixels. Other contents bring boxes of their own.",
    )
    transform: TransformInput | None = field(
        default=UNSET,
        description="Where it goes; left out or null: beside what lies there already, in rows. A group goes "
        "where its members are.",
    )
    parent_id: strawberry.ID | None = field(
        default=UNSET,
        description="The group or frame that it is in, on the board already or added with it; left out or "
        "null: it lies on the board itself.",
    )
    z: str | None = field(
        default=UNSET,
        description="Its rank from back to front, as in `Item.z`; left out or null: in front of all.",
    )
    opacity: float = field(default=1.0, description="0 (not to be seen) to 1.")
    grayscale: bool = field(default=False, description="Whether it is shown without its colours.")
    brightness: float = field(default=1.0, description="Factor as of CSS filters, 0 to 4.")
    contrast: float = field(default=1.0, description="Factor as of CSS filters, 0 to 4.")
    saturation: float = field(default=1.0, description="Factor as of CSS filters, 0 to 4.")
    sampling: Sampling = field(default=Sampling.SMOOTH, description="How its picture is enlarged.")
    locked: bool = field(
        default=False, description="Whether it refuses to be moved, edited, reordered and removed."
    )
    hidden: bool = field(default=False, description="Whether it is left out of the picture.")
    name: str = field(default="", description="What people call it on this board, up to 200 characters.")
    tags: list[str] = field(
        default_factory=list,
        description="Words to find it by on this board: up to 50, of up to 64 characters each.",
    )
    link: str = field(
        default="", description="An address to open from it: https, http or mailto, up to 2,000 characters."
    )


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
    brightness: float | None = field(default=UNSET, description="Factor as of CSS filters, 0 to 4.")
    contrast: float | None = field(default=UNSET, description="Factor as of CSS filters, 0 to 4.")
    saturation: float | None = field(default=UNSET, description="Factor as of CSS filters, 0 to 4.")
    sampling: Sampling | None = field(default=UNSET, description="How its picture is enlarged.")
    locked: bool | None = field(
        default=UNSET, description="Whether it refuses to be moved, edited, reordered and removed."
    )
    hidden: bool | None = field(default=UNSET, description="Whether it is left out of the picture.")
    name: str | None = field(
        default=UNSET, description="What people call it, up to 200 characters; empty: none."
    )
    tags: list[str] | None = field(
        default=UNSET,
        description="Its tags, whole: up to 50, of up to 64 characters each; an empty list: none.",
    )
    link: str | None = field(
        default=UNSET,
        description="An address to open from it: https, http or mailto, up to 2,000 characters; empty: none.",
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


@strawberry.input(description="Which items are removed.")
class RemoveItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of items, 1 to 5,000.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which removed items come back.")
class RestoreItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of removed items, 1 to 5,000.")
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


def new_item_of(value: NewItemInput) -> adding.NewItem:
    content = value.content
    note = None if content.note is None else content.note.value
    drawing = None if content.drawing is None else content.drawing.value
    frame = None if content.frame is None else content.frame.value
    box = note or drawing or frame
    width = None if value.width is UNSET else value.width
    if content.image_id is None and width is not None:
        raise BadInput("width is for pictures: other contents bring boxes of their own.", field="width")
    return adding.NewItem(
        id=maybe_uuid(value.id, "id"),
        image_id=None if content.image_id is None else uuid_of(content.image_id.value, "imageId"),
        note=None if note is None else note_content(note),
        drawing=None if drawing is None else drawing_content(drawing),
        frame=None if frame is None else frame_content(frame),
        is_group=content.group is not None and content.group.value,
        crop=crop_value(value.crop) if isinstance(value.crop, CropInput) else None,
        parent_id=maybe_uuid(value.parent_id, "parentId"),
        width=width if box is None else box.width,
        height=None if box is None else box.height,
        transform=place_of(value.transform) if isinstance(value.transform, TransformInput) else None,
        z=value.z or None,
        style=Style(
            opacity=value.opacity,
            grayscale=value.grayscale,
            brightness=value.brightness,
            contrast=value.contrast,
            saturation=value.saturation,
            sampling=operations.Sampling[value.sampling.name],
            locked=value.locked,
            hidden=value.hidden,
            name=value.name,
            tags=value.tags,
            link=value.link,
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
            brightness=_set(value.brightness),
            contrast=_set(value.contrast),
            saturation=_set(value.saturation),
            sampling=operations.Sampling[value.sampling.name] if value.sampling else KEEP,
            locked=_set(value.locked),
            hidden=_set(value.hidden),
            name=_set(value.name),
            tags=_set(value.tags),
            link=_set(value.link),
        )
        for value in values
    ]


def ranks_of(values: list[ItemRankInput]) -> list[Rank]:
    return [Rank(id=uuid_of(value.id), z=value.z) for value in values]
