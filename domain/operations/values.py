"""What a board is made of, as the log knows it: values that are replaced whole and never changed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class ItemKind(StrEnum):
    """FRAME and GROUP are containers: other items may be in them, nested at will."""

    IMAGE = "IMAGE"
    NOTE = "NOTE"
    DRAWING = "DRAWING"
    FRAME = "FRAME"
    GROUP = "GROUP"


CONTAINERS = frozenset({ItemKind.FRAME, ItemKind.GROUP})


class Sampling(StrEnum):
    """How a picture is enlarged: SMOOTH blends pixels, NEAREST keeps their edges."""

    SMOOTH = "SMOOTH"
    NEAREST = "NEAREST"


class Shape(StrEnum):
    """What a drawing's points are: a stroke by hand, a line or arrow through them; none for the others."""

    PEN = "PEN"
    LINE = "LINE"
    ARROW = "ARROW"
    RECTANGLE = "RECTANGLE"
    ELLIPSE = "ELLIPSE"


class Transform(Struct, frozen=True, omit_defaults=True):
    """Where an item is: one register, written whole.

    x, y: the item's centre in board units (y grows downwards); scale: > 0, uniform;
    rotation: degrees clockwise in [0, 360); flips mirror the picture inside its own box,
    before scale and rotation. Never relative to the container that the item is in.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    flip_x: bool = False
    flip_y: bool = False


class Style(Struct, frozen=True, omit_defaults=True):
    """How an item looks and behaves: each field is a register of its own.

    opacity: 0 to 1. brightness, contrast, saturation: factors as of CSS filters, 1 leaves as it is.
    link: an address, empty = none. A hidden or locked container hides or locks what is in it.
    """

    opacity: float = 1.0
    grayscale: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    sampling: Sampling = Sampling.SMOOTH
    locked: bool = False
    hidden: bool = False
    name: str = ""
    tags: list[str] = []
    link: str = ""


class Crop(Struct, frozen=True):
    """The part of a picture that is shown: fractions of its width and height, before any flip."""

    left: float
    top: float
    right: float
    bottom: float


class NoteContent(Struct, frozen=True):
    """A note: Markdown text, font size in board units, colours as #rrggbb (no background: transparent)."""

    text: str = ""
    font_size: float = 24.0
    colour: str = "#e8e8ea"
    background: str | None = "#2a2b30"


class DrawingContent(Struct, frozen=True):
    """A drawing: points in board units from the item's centre, before scale and rotation.

    pressures: 0 to 1, one a point, or none at all; stroke_width in board units; fill None: not filled.
    RECTANGLE and ELLIPSE fill the item's box and have no points.
    """

    shape: Shape = Shape.PEN
    points: list[tuple[float, float]] = []
    pressures: list[float] = []
    stroke: str = "#e8e8ea"
    stroke_width: float = 4.0
    fill: str | None = None


class FrameContent(Struct, frozen=True):
    """A frame: a named area; its name is the style's. background None: transparent."""

    background: str | None = None


class ItemState(Struct, frozen=True, omit_defaults=True):
    """Everything the log knows of an item. width, height: of the visible box, board units before scale.

    z orders items from back to front: a fractional index, compared bytewise (domain/ordering.py).
    parent_id: the container it is in. An IMAGE has image_id and maybe a crop, a NOTE note, a DRAWING
    drawing, a FRAME frame; a GROUP has no content and no place of its own: it lies where its members lie.
    """

    id: UUID
    kind: ItemKind
    width: float
    height: float
    z: str
    transform: Transform = Transform()
    style: Style = Style()
    parent_id: UUID | None = None
    image_id: UUID | None = None
    crop: Crop | None = None
    note: NoteContent | None = None
    drawing: DrawingContent | None = None
    frame: FrameContent | None = None


class CommentState(Struct, frozen=True, omit_defaults=True):
    """What somebody wrote: pinned to an item, or to a place of the board.

    x, y: with an item, fractions of its box from its own top left, before any flip; else board units.
    thread_id: the comment that this one replies to (a reply has its place there); resolved_by: who settled
    the thread.
    """

    id: UUID
    author_id: UUID
    at: datetime
    text: str
    item_id: UUID | None = None
    x: float = 0.0
    y: float = 0.0
    thread_id: UUID | None = None
    resolved_by: UUID | None = None
    edited_at: datetime | None = None


class BoardState(Struct, frozen=True):
    """The fold of a log: what a fresh read of the rows must equal."""

    title: str = ""
    description: str = ""
    cover_id: UUID | None = None
    trashed: bool = False
    items: dict[UUID, ItemState] = {}
    comments: dict[UUID, CommentState] = {}
