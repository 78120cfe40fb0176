"""What lies on a board, as the schema shows it: five kinds of items, where and how."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, assert_never
from uuid import UUID

import strawberry
from strawberry import argument, enum_value, field

from domain import items, operations, past_items
from domain.operations import DrawingContent, FrameContent, NoteContent
from domain.operations import ItemKind as Kind
from domain.operations import Transform as Place
from domain.past import Then
from domain.windows import Window
from schema.accounts import Account
from schema.connections import After, Connection, Node, connection_of, shaped_at
from schema.context import Info
from schema.fields import resolved
from schema.images import Image
from schema.scalars import Colour

if TYPE_CHECKING:
    from schema.boards import Board
    from schema.changes import Change

LazyBoard = Annotated["Board", strawberry.lazy("schema.boards")]


@strawberry.enum(description="What an item is.")
class ItemKind(Enum):
    IMAGE = enum_value("IMAGE", description="A picture of the library.")
    NOTE = enum_value("NOTE", description="A text on the board.")
    DRAWING = enum_value("DRAWING", description="A stroke by hand or a shape.")
    FRAME = enum_value("FRAME", description="A named area; other items may be in it.")
    GROUP = enum_value("GROUP", description="Items that belong together.")


@strawberry.enum(description="How a picture is enlarged.")
class Sampling(Enum):
    SMOOTH = enum_value("SMOOTH", description="Its pixels are blended.")
    NEAREST = enum_value("NEAREST", description="Its pixels keep their edges: for pixel art.")


@strawberry.enum(description="What the points of a drawing are.")
class Shape(Enum):
    PEN = enum_value("PEN", description="A stroke by hand through the points.")
    LINE = enum_value("LINE", description="A line through the points.")
    ARROW = enum_value("ARROW", description="A line through the points, its head at the last one.")
    RECTANGLE = enum_value("RECTANGLE", description="The item's box; there are no points.")
    ELLIPSE = enum_value("ELLIPSE", description="The ellipse in the item's box; there are no points.")


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


@strawberry.type(
    description="A point of a drawing, in board units from the item's centre, before scale and rotation."
)
class Point:
    x: float = field(description="Horizontal distance from the centre.")
    y: float = field(description="Vertical distance from the centre.")


@strawberry.type(description="The content of a drawing.")
class Drawing:
    shape: Shape = field(description="What the points are.")
    points: list[Point] = field(description="Its points in order; none for RECTANGLE and ELLIPSE.")
    pressures: list[float] = field(
        description="How hard the pen pressed, 0 to 1, one a point; or none at all."
    )
    stroke: Colour = field(description="Colour of its line.")
    stroke_width: float = field(description="Width of its line, in board units before scale.")
    fill: Colour | None = field(description="Colour inside; null: not filled.")


@strawberry.type(description="The content of a frame.")
class Frame:
    background: Colour | None = field(description="Colour behind what is in it; null: transparent.")


@strawberry.type(
    description="The part of a picture that is shown: fractions of its width and height, from 0 to 1, before "
    "any flip. The item's box is what is to be seen of it."
)
class Crop:
    left: float = field(description="Where the shown part begins, from the picture's left edge.")
    top: float = field(description="Where the shown part begins, from the picture's upper edge.")
    right: float = field(description="Where the shown part ends, from the picture's left edge.")
    bottom: float = field(description="Where the shown part ends, from the picture's upper edge.")


@strawberry.interface(description="Something placed on a board.")
class Item(Node):
    kind: ItemKind = field(description="What it is.")
    transform: Transform = field(description="Where it is.")
    x: float = field(description="Same as `transform.x`: horizontal place of the centre, in board units.")
    y: float = field(description="Same as `transform.y`: vertical place of the centre, in board units.")
    scale: float = field(description="Same as `transform.scale`: enlargement, above 0.")
    rotation: float = field(description="Same as `transform.rotation`: degrees clockwise.")
    width: float = field(description="Width of its box in board units, before scale.")
    height: float = field(description="Height of its box in board units, before scale.")
    z: str = field(
        description="Its rank from back to front: a fractional index, compared byte by byte, ties by id."
    )
    opacity: float = field(description="0 (not to be seen) to 1.")
    grayscale: bool = field(description="Whether it is shown without its colours.")
    brightness: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    contrast: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    saturation: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    sampling: Sampling = field(description="How its picture is enlarged.")
    locked: bool = field(
        description="Whether it, and all that is in it, refuses to be moved, edited, reordered and removed."
    )
    hidden: bool = field(description="Whether it is left out of the picture, and all that is in it too.")
    name: str = field(description="What people call it on this board; empty: none. Of a frame: its title.")
    tags: list[str] = field(description="Words to find it by on this board.")
    link: str = field(description="An address to open from it: https, http or mailto; empty: none.")
    parent_id: strawberry.ID | None = field(
        description="Id of the group or frame it is in; null: it lies on the board itself. Places are never "
        "relative to it."
    )
    added_at: datetime = field(description="When it was added.")
    is_removed: bool = field(
        description="Whether it has been removed; `restoreItems` or `undo` bring it back."
    )
    board_id: strawberry.Private[UUID]
    added_by_id: strawberry.Private[UUID]
    changed_seq: strawberry.Private[int]
    then: strawberry.Private[Then | None] = None

    @resolved(description="Who added it.")
    async def added_by(self, info: Info) -> Account:
        return await info.context.loaders.account(self.added_by_id)

    @resolved(
        description="The last change that touched it: who it was, and when. null: that was before "
        "`historyStart`, or it is an item of the past."
    )
    async def last_change(self, info: Info) -> Annotated["Change", strawberry.lazy("schema.changes")] | None:
        if self.then is not None:
            return None
        return await info.context.loaders.lines.load((self.board_id, self.changed_seq))

    @resolved(description="The board it lies on; of an item of the past: as it was then.")
    async def board(self, info: Info) -> LazyBoard:
        return await info.context.loaders.board(self.board_id, self.then)

    @resolved(
        description="The group or frame it is in; null: it lies on the board itself. Of an item of the past: "
        "as it was then."
    )
    async def parent(self, info: Info) -> Annotated["Container", strawberry.lazy("schema.items")] | None:
        if self.parent_id is None:
            return None
        found = await info.context.loaders.item(UUID(self.parent_id), self.then)
        return found if isinstance(found, Container) else None


@strawberry.interface(description="An item that others may be in: a group or a frame, nested at will.")
class Container(Item):
    @resolved(
        description="What is in it, from back to front; what is in those is theirs. Of a container of the "
        "past: what was in it then."
    )
    async def items(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 10,000.")] = 50,
        after: After = None,
    ) -> Connection[Item]:
        viewer, inside = info.context.require_viewer(), UUID(self.id)
        if self.then is None:
            window = Window(inside=inside)
            page = await items.items_on(viewer, self.board_id, first=first, after=after, window=window)
        else:
            page = await past_items.items_at(viewer, *self.then, first=first, after=after, inside=inside)
        return connection_of(page, shaped_at(item_of, self.then), after)


@strawberry.type(description="A picture placed on a board.")
class ImageItem(Item):
    crop: Crop | None = field(description="The part of the picture that is shown; null: the whole.")
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


@strawberry.type(description="A stroke by hand, a line, an arrow, a rectangle or an ellipse on a board.")
class DrawingItem(Item):
    shape: Shape = field(description="What the points are.")
    points: list[Point] = field(description="Its points in order; none for RECTANGLE and ELLIPSE.")
    pressures: list[float] = field(
        description="How hard the pen pressed, 0 to 1, one a point; or none at all."
    )
    stroke: Colour = field(description="Colour of its line.")
    stroke_width: float = field(description="Width of its line, in board units before scale.")
    fill: Colour | None = field(description="Colour inside; null: not filled.")


@strawberry.type(description="A named area on a board. `name` is its title.")
class FrameItem(Container):
    background: Colour | None = field(description="Colour behind what is in it; null: transparent.")


@strawberry.type(
    description="Items that belong together. It lies where its members lie: of its own it has no place "
    "(`transform` is 0, 0) and no box (`width` and `height` are 1)."
)
class GroupItem(Container):
    pass


ITEM_TYPES = [ImageItem, NoteItem, DrawingItem, FrameItem, GroupItem]
"""No field names them: the schema is told of them."""


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


def drawing_of(drawing: DrawingContent) -> Drawing:
    return Drawing(
        shape=Shape(drawing.shape.name),
        points=[Point(x=x, y=y) for x, y in drawing.points],
        pressures=drawing.pressures,
        stroke=Colour(drawing.stroke),
        stroke_width=drawing.stroke_width,
        fill=None if drawing.fill is None else Colour(drawing.fill),
    )


def frame_of(frame: FrameContent) -> Frame:
    return Frame(background=None if frame.background is None else Colour(frame.background))


def crop_of(crop: operations.Crop) -> Crop:
    return Crop(left=crop.left, top=crop.top, right=crop.right, bottom=crop.bottom)


def id_of(value: UUID) -> strawberry.ID:
    return strawberry.ID(str(value))


def looks_of(style: operations.Style) -> dict[str, Any]:
    """The fields that items and their snapshots have of a style."""
    return {
        "opacity": style.opacity,
        "grayscale": style.grayscale,
        "brightness": style.brightness,
        "contrast": style.contrast,
        "saturation": style.saturation,
        "sampling": Sampling(style.sampling.name),
        "locked": style.locked,
        "hidden": style.hidden,
        "name": style.name,
        "tags": style.tags,
        "link": style.link,
    }


def item_of(row: items.ItemRow, then: Then | None = None) -> Item:
    """then: where the row is the item as it was then."""
    state = row.state
    place = state.transform
    common: dict[str, Any] = {
        "id": id_of(state.id),
        "kind": ItemKind(state.kind.name),
        "transform": transform_of(place),
        "x": place.x,
        "y": place.y,
        "scale": place.scale,
        "rotation": place.rotation,
        "width": state.width,
        "height": state.height,
        "z": state.z,
        **looks_of(state.style),
        "parent_id": None if state.parent_id is None else id_of(state.parent_id),
        "added_at": row.added_at,
        "is_removed": row.removed_at is not None,
        "board_id": row.board_id,
        "added_by_id": row.added_by,
        "changed_seq": row.changed_seq,
        "then": then,
    }
    match state.kind:
        case Kind.IMAGE:
            assert state.image_id is not None
            crop = None if state.crop is None else crop_of(state.crop)
            return ImageItem(**common, image_id=state.image_id, crop=crop)
        case Kind.NOTE:
            return NoteItem(**common, **vars(note_of(state.note or NoteContent())))
        case Kind.DRAWING:
            return DrawingItem(**common, **vars(drawing_of(state.drawing or DrawingContent())))
        case Kind.FRAME:
            return FrameItem(**common, **vars(frame_of(state.frame or FrameContent())))
        case Kind.GROUP:
            return GroupItem(**common)
        case _:
            assert_never(state.kind)
