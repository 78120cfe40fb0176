"""What clients send to move items relative to where they are, and to bring a board into order."""

from enum import Enum
from uuid import UUID

import strawberry
from strawberry import UNSET, enum_value, field

from domain.errors import BadInput
from domain.geometry import Bounds, Point
from schema.arguments import MUTATION_ID, uuid_of, uuids_of
from schema.group_inputs import IDS
from schema.places import BoardPointInput, RectInput, bounds_of

MOVED = IDS + "A group or frame stands for itself and all that is in it, at any depth."
UNITS = (
    "Ids of items, 1 to 5,000, each once; left out or null: everything on the board itself that is not "
    "hidden. A group or frame moves as one with all that is in it; members named without it move singly. "
    "What is locked, or holds something locked, stays where it is."
)
ABOUT = "The place that stays; left out or null: the middle of the bounds of all of them."
MARGIN = "Board units between neighbours, 0 to 1,000,000; 0: they touch."


@strawberry.input(description="Which items are moved, and by how much.")
class MoveItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=MOVED)
    dx: float = field(default=0.0, description="Board units to the right; below zero: to the left.")
    dy: float = field(default=0.0, description="Board units downwards; below zero: upwards.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are scaled, and by how much.")
class ScaleItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=MOVED)
    factor: float = field(
        description="2: twice as large, distances too. Above 0; where it would take any scale out of its "
        "limits (0.0001 to 10,000), a factor nearer to 1 is taken for all."
    )
    about: BoardPointInput | None = field(default=UNSET, description=ABOUT)
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are rotated together, and by how much.")
class RotateItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=MOVED)
    degrees: float = field(description="Degrees clockwise, within ±1e9.")
    about: BoardPointInput | None = field(default=UNSET, description=ABOUT)
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="One of the two directions of a board.")
class Axis(Enum):
    HORIZONTAL = enum_value("HORIZONTAL", description="From left to right.")
    VERTICAL = enum_value("VERTICAL", description="From top to bottom.")


@strawberry.input(description="Which items are mirrored together.")
class FlipItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=MOVED)
    axis: Axis = field(
        description="HORIZONTAL swaps left and right, VERTICAL top and bottom, as the eye sees it."
    )
    about: BoardPointInput | None = field(
        default=UNSET, description="A place on the mirror; left out or null: the middle of the bounds of all."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="What is reset of an item's transform.")
class Reset(Enum):
    SCALE = enum_value("SCALE", description="Back to scale 1: a picture pixel by pixel.")
    ROTATION = enum_value("ROTATION", description="Upright again.")
    FLIP = enum_value("FLIP", description="Not mirrored any more, either way.")


@strawberry.input(description="Which items are reset, each about its own centre.")
class ResetItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=MOVED)
    what: list[Reset] = field(description="What is reset, at least one. Crops are reset by `cropItems`.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="Where things are lined up: an edge or a middle line of their visible bounds.")
class Alignment(Enum):
    LEFT = enum_value("LEFT", description="Their left edges.")
    CENTRE = enum_value("CENTRE", description="Their middles, from left to right.")
    RIGHT = enum_value("RIGHT", description="Their right edges.")
    TOP = enum_value("TOP", description="Their upper edges.")
    MIDDLE = enum_value("MIDDLE", description="Their middles, from top to bottom.")
    BOTTOM = enum_value("BOTTOM", description="Their lower edges.")


@strawberry.input(description="Which items are lined up where.")
class AlignItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    edge: Alignment = field(description="What is brought onto one line: that of the bounds of all.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are spread in which direction.")
class DistributeItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    axis: Axis = field(description="In which direction the gaps become equal.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="What is made alike, of the visible bounds.")
class Measure(Enum):
    WIDTH = enum_value("WIDTH", description="How wide they look.")
    HEIGHT = enum_value("HEIGHT", description="How high they look.")
    AREA = enum_value("AREA", description="Width times height.")
    SCALE = enum_value("SCALE", description="Their enlargement; of a group or frame, the mean of all in it.")


@strawberry.input(description="Which items are brought to one size.")
class NormalizeItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    by: Measure = field(description="What becomes alike: the mean of what they have now.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are stacked.")
class StackItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are packed, how close.")
class PackItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    margin: float = field(default=0.0, description=MARGIN)
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="How things are laid out.")
class Layout(Enum):
    ROW = enum_value("ROW", description="Side by side, centred on one line.")
    COLUMN = enum_value("COLUMN", description="Below each other, centred on one line.")
    GRID = enum_value("GRID", description="In rows and columns, about a square, each centred in its cell.")


@strawberry.enum(
    description="In which order things are laid out. Equals go by name, equal names as they were named, or "
    "from back to front."
)
class SortOrder(Enum):
    NAME = enum_value(
        "NAME",
        description="By name: the item's, else the picture's title or file name, else a note's text. Numbers "
        "in names count as numbers, case does not.",
    )
    SIZE = enum_value("SIZE", description="By the area it covers, the largest first.")
    DATE = enum_value(
        "DATE",
        description="The oldest first: when a picture was taken, else uploaded; when another item was added; "
        "of a group or frame, the oldest of all in it.",
    )
    COLOUR = enum_value(
        "COLOUR",
        description="By the main colour of a picture, else the item's own: greys from dark to light, then "
        "hues from red to magenta, then what has none.",
    )
    RANDOM = enum_value("RANDOM", description="At random, by `seed`.")
    PLACE = enum_value("PLACE", description="As one reads: by rows from above, each from the left.")


@strawberry.input(description="Which items are laid out how.")
class ArrangeItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(default=UNSET, description=UNITS)
    layout: Layout = field(description="How they are laid out. The top left of all stays.")
    order: SortOrder = field(default=SortOrder.PLACE, description="In which order.")
    margin: float = field(default=0.0, description=MARGIN)
    seed: int = field(default=0, description="For RANDOM: the same seed gives the same order.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(one_of=True, description="What things are fitted into: exactly one of these.")
class FitTargetInput:
    frame_id: strawberry.Maybe[strawberry.ID] = field(
        description="A frame of the board; of a turned one, its bounds."
    )
    rect: strawberry.Maybe[RectInput] = field(description="A rectangle, not empty.")


@strawberry.enum(description="How things are fitted.")
class Fit(Enum):
    CONTAIN = enum_value("CONTAIN", description="As they lie, scaled as one whole.")
    ARRANGE = enum_value("ARRANGE", description="Packed to the shape of the frame first.")


@strawberry.input(description="Which items are fitted into what.")
class FitToFrameInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] | None = field(
        default=UNSET, description=UNITS + " With `into.frameId`, left out: what is in that frame."
    )
    into: FitTargetInput = field(description="The frame or rectangle that is to hold them.")
    margin: float = field(
        default=0.0, description="Board units kept free inside, cut to a quarter of its shorter side."
    )
    mode: Fit = field(default=Fit.CONTAIN, description="Whether they keep their layout.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items are laid over each other.")
class CompareOverlayInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(
        description="Ids of items, 2 to 5,000, each once: the first is what the others are compared with. A "
        "group or frame is one with all that is in it."
    )
    opacity: float = field(default=0.5, description="Of those on top: 0 (not to be seen) to 1.")
    by: Measure = field(default=Measure.WIDTH, description="What of the first the others take on.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


def point_of(value: BoardPointInput | None) -> Point | None:
    """None for a value that was left out."""
    return Point(value.x, value.y) if isinstance(value, BoardPointInput) else None


def units_named(ids: list[strawberry.ID] | None) -> list[UUID] | None:
    """None for a value that was left out."""
    return uuids_of(ids) if isinstance(ids, list) else None


def target_of(value: FitTargetInput) -> UUID | Bounds:
    """Raises BadInput."""
    if value.frame_id is not None:
        return uuid_of(value.frame_id.value, "into.frameId")
    assert value.rect is not None
    room = bounds_of(value.rect.value, "into.rect")
    if room.width <= 0 or room.height <= 0:
        raise BadInput("into.rect is empty: nothing fits into it.", field="into.rect")
    return room
