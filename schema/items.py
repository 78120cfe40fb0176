"""What lies on a board, as the schema shows it: pictures and notes, where and how."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry import enum_value, field

from domain import items
from domain.operations import ItemKind as Kind
from domain.operations import NoteContent
from domain.operations import Transform as Place
from schema.accounts import Account
from schema.connections import Node
from schema.context import Info
from schema.fields import resolved
from schema.images import Image
from schema.scalars import Colour

if TYPE_CHECKING:
    from schema.boards import Board

LazyBoard = Annotated["Board", strawberry.lazy("schema.boards")]


@strawberry.enum(description="What an item is.")
class ItemKind(Enum):
    IMAGE = enum_value("IMAGE", description="A picture of the library.")
    NOTE = enum_value("NOTE", description="A text on the board.")


@strawberry.type(
    description="Where an item is: one register, written whole, so that two writers never mix. Board units "
    "are the pixels of an unscaled picture; x grows to the right, y downwards."
)
class Transform:
    x: float = field(description="Horizontal place of the item's centre, in board units.")
    y: float = field(description="Vertical place of the item's centre, in board units.")
    scale: float = field(description="Enlargement, above 0; 1 shows a picture pixel by pixel.")
    rotation: float = field(description="Degrees clockwise, from 0 to below 360.")
    flip_x: bool = field(description="Mirrored left to right, before scale and rotation.")
    flip_y: bool = field(description="Mirrored top to bottom, before scale and rotation.")


@strawberry.type(description="The content of a note.")
class Note:
    text: str = field(description="Its text, Markdown.")
    font_size: float = field(description="Height of its letters, in board units before scale.")
    colour: Colour = field(description="Colour of its text.")
    background: Colour | None = field(description="Colour behind the text; null: transparent.")


@strawberry.interface(description="Something placed on a board.")
class Item(Node):
    kind: ItemKind = field(description="What it is.")
    transform: Transform = field(description="Where it is.")
    x: float = field(description="Same as `transform.x`: horizontal place of the centre, in board units.")
    y: float = field(description="Same as `transform.y`: vertical place of the centre, in board units.")
    scale: float = field(description="Same as `transform.scale`: enlargement, above 0.")
    rotation: float = field(description="Same as `transform.rotation`: degrees clockwise.")
    width: float = field(description="Width in board units, before scale.")
    height: float = field(description="Height in board units, before scale.")
    z: str = field(
        description="Its rank from back to front: a fractional index, compared byte by byte, ties by id."
    )
    opacity: float = field(description="0 (not to be seen) to 1.")
    grayscale: bool = field(description="Whether it is shown without its colours.")
    locked: bool = field(description="Whether it refuses to be moved, edited, reordered and removed.")
    hidden: bool = field(description="Whether it is left out of the picture.")
    name: str = field(description="What people call it on this board; empty: none.")
    added_at: datetime = field(description="When it was added.")
    is_removed: bool = field(
        description="Whether it has been removed; `restoreItems` or `undo` bring it back."
    )
    board_id: strawberry.Private[UUID]
    added_by_id: strawberry.Private[UUID]

    @resolved(description="Who added it.")
    async def added_by(self, info: Info) -> Account:
        return await info.context.loaders.account(self.added_by_id)

    @resolved(description="The board it lies on.")
    async def board(self, info: Info) -> LazyBoard:
        return await info.context.loaders.board(self.board_id)


@strawberry.type(description="A picture placed on a board.")
class ImageItem(Item):
    image_id: strawberry.Private[UUID]

    @resolved(description="The picture. Who may read the board may see it.")
    async def image(self, info: Info) -> Image:
        return await info.context.loaders.image(self.image_id)


@strawberry.type(description="A text placed on a board.")
class NoteItem(Item):
    text: str = field(description="Its text, Markdown.")
    font_size: float = field(description="Height of its letters, in board units before scale.")
    colour: Colour = field(description="Colour of its text.")
    background: Colour | None = field(description="Colour behind the text; null: transparent.")


def transform_of(place: Place) -> Transform:
    return Transform(
        x=place.x,
        y=place.y,
        scale=place.scale,
        rotation=place.rotation,
        flip_x=place.flip_x,
        flip_y=place.flip_y,
    )


def note_of(note: NoteContent) -> Note:
    return Note(
        text=note.text,
        font_size=note.font_size,
        colour=Colour(note.colour),
        background=None if note.background is None else Colour(note.background),
    )


def item_of(row: items.ItemRow) -> Item:
    state = row.state
    place, style = state.transform, state.style
    common: dict[str, Any] = {
        "id": strawberry.ID(str(state.id)),
        "kind": ItemKind(state.kind.name),
        "transform": transform_of(place),
        "x": place.x,
        "y": place.y,
        "scale": place.scale,
        "rotation": place.rotation,
        "width": state.width,
        "height": state.height,
        "z": state.z,
        "opacity": style.opacity,
        "grayscale": style.grayscale,
        "locked": style.locked,
        "hidden": style.hidden,
        "name": style.name,
        "added_at": row.added_at,
        "is_removed": row.removed_at is not None,
        "board_id": row.board_id,
        "added_by_id": row.added_by,
    }
    if state.kind is Kind.IMAGE:
        assert state.image_id is not None
        return ImageItem(**common, image_id=state.image_id)
    note = note_of(state.note or NoteContent())
    return NoteItem(
        **common, text=note.text, font_size=note.font_size, colour=note.colour, background=note.background
    )
