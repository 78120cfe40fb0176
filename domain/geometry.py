"""Where transformed items lie on the plane, and where new ones find room.

Board units, y downwards, angles clockwise in degrees. The browser has the same functions and is checked by
the same vectors (tests/vectors/geometry.json).
"""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from domain.operations import Crop, Transform

GAP = 40.0
ROW_SHAPE = 1.6
WHOLE = Crop(0.0, 0.0, 1.0, 1.0)


class CropKeep(StrEnum):
    """What stays where it is when a picture is cropped: the picture on the board, or the item's box."""

    PICTURE = "PICTURE"
    BOX = "BOX"


class Point(Struct, frozen=True):
    x: float
    y: float


class Size(Struct, frozen=True):
    width: float
    height: float


class Bounds(Struct, frozen=True):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


def corners(transform: Transform, width: float, height: float) -> tuple[Point, Point, Point, Point]:
    """The item's own top left, top right, bottom right, bottom left on the board.

    Flips mirror the picture inside its box, so they do not move the corners.
    """
    turn = math.radians(transform.rotation)
    cosine, sine = math.cos(turn), math.sin(turn)
    across = width * transform.scale / 2
    down = height * transform.scale / 2

    def corner(x: float, y: float) -> Point:
        return Point(transform.x + x * cosine - y * sine, transform.y + x * sine + y * cosine)

    return corner(-across, -down), corner(across, -down), corner(across, down), corner(-across, down)


def point_of(transform: Transform, width: float, height: float, x: float, y: float) -> Point:
    """Where a point of what an item shows lies on the board.

    x, y: fractions of its box from its own top left, before any flip: a mirrored item takes them along.
    """
    turn = math.radians(transform.rotation)
    cosine, sine = math.cos(turn), math.sin(turn)
    across = (0.5 - x if transform.flip_x else x - 0.5) * width * transform.scale
    down = (0.5 - y if transform.flip_y else y - 0.5) * height * transform.scale
    return Point(transform.x + across * cosine - down * sine, transform.y + across * sine + down * cosine)


def bounds(transform: Transform, width: float, height: float) -> Bounds:
    """The least upright rectangle around a transformed item."""
    turn = math.radians(transform.rotation)
    cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
    across = (width * cosine + height * sine) * transform.scale / 2
    down = (width * sine + height * cosine) * transform.scale / 2
    return Bounds(transform.x - across, transform.y - down, transform.x + across, transform.y + down)


def bounds_of_all(many: Iterable[Bounds]) -> Bounds | None:
    """The least upright rectangle around all of them; None around nothing."""
    boxes = list(many)
    if not boxes:
        return None
    return Bounds(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def centre(box: Bounds) -> Point:
    return Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)


def normal_degrees(degrees: float) -> float:
    """The same angle in [0, 360)."""
    turned = degrees % 360.0
    return 0.0 if turned >= 360.0 else turned + 0.0


def rotated_point(point: Point, degrees: float, about: Point) -> Point:
    turn = math.radians(degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    across, down = point.x - about.x, point.y - about.y
    return Point(about.x + across * cosine - down * sine, about.y + across * sine + down * cosine)


def translated(transform: Transform, dx: float, dy: float) -> Transform:
    return replace(transform, x=transform.x + dx, y=transform.y + dy)


def scaled_about(transform: Transform, about: Point, factor: float) -> Transform:
    return replace(
        transform,
        x=about.x + (transform.x - about.x) * factor,
        y=about.y + (transform.y - about.y) * factor,
        scale=transform.scale * factor,
    )


def rotated_about(transform: Transform, about: Point, degrees: float) -> Transform:
    place = rotated_point(Point(transform.x, transform.y), degrees, about)
    return replace(transform, x=place.x, y=place.y, rotation=normal_degrees(transform.rotation + degrees))


def mirrored(transform: Transform, about: Point, axis: Literal["x", "y"]) -> Transform:
    """Mirrored as the eye sees it, in a vertical ("x") or horizontal ("y") line through `about`."""
    rotation = normal_degrees(-transform.rotation)
    if axis == "x":
        return replace(transform, x=2 * about.x - transform.x, rotation=rotation, flip_x=not transform.flip_x)
    return replace(transform, y=2 * about.y - transform.y, rotation=rotation, flip_y=not transform.flip_y)


def cropped(
    transform: Transform, box: Size, before: Crop | None, after: Crop | None, keep: CropKeep
) -> tuple[Transform, Size]:
    """Place and visible box of a picture that showed `before` of itself and is to show `after` (None: all).

    PICTURE: what is seen stays where it is, the edges move. BOX: centre and width stay, the height follows
    the shape of what is shown. Neither distorts the picture.
    """
    old, new = before or WHOLE, after or WHOLE
    whole = Size(box.width / (old.right - old.left), box.height / (old.bottom - old.top))
    shown = Size(whole.width * (new.right - new.left), whole.height * (new.bottom - new.top))
    if keep is CropKeep.BOX:
        return transform, Size(box.width, box.width * shown.height / shown.width)
    across = whole.width * (new.left + new.right - old.left - old.right) / 2 * transform.scale
    down = whole.height * (new.top + new.bottom - old.top - old.bottom) / 2 * transform.scale
    here = Point(transform.x, transform.y)
    moved = Point(
        here.x + (-across if transform.flip_x else across), here.y + (-down if transform.flip_y else down)
    )
    place = rotated_point(moved, transform.rotation, here)
    return replace(transform, x=place.x, y=place.y), shown


def contained(size: Size, box: Size) -> Size:
    """As large as fits into the box, in the shape of `size`."""
    factor = min(box.width / size.width, box.height / size.height)
    return Size(size.width * factor, size.height * factor)


def places_beside(content: Bounds | None, last: Bounds | None, sizes: Sequence[Size]) -> list[Point]:
    """Centres for new upright items in rows below what is there, in the order given, GAP apart.

    `last` is the item placed last if nothing lies to the right of it in its row: that row is continued
    first. Rows grow so wide that the whole stays a little wider than high (ROW_SHAPE).
    """
    area = 0.0 if content is None else (content.width + GAP) * (content.height + GAP)
    for size in sizes:
        area += (size.width + GAP) * (size.height + GAP)
    row_width = max(math.sqrt(area * ROW_SHAPE), 0.0 if content is None else content.width)
    edge = 0.0 if content is None else content.left
    left = edge if last is None else last.right + GAP
    top = 0.0 if content is None else content.bottom + GAP
    bottom = top
    if content is not None and last is not None:
        top, bottom = last.top, content.bottom
    places: list[Point] = []
    for size in sizes:
        if left > edge and left + size.width > edge + row_width:
            left, top = edge, bottom + GAP
            bottom = top
        places.append(Point(left + size.width / 2, top + size.height / 2))
        left += size.width + GAP
        bottom = max(bottom, top + size.height)
    return places
