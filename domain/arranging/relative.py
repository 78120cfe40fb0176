"""Changes told relative to where boxes are: moved, scaled, rotated, flipped, reset. Locked boxes stay.

A factor that would take any scale out of its limits is cut short for all, so that the boxes keep their shape
as a whole.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from msgspec.structs import replace

from domain.arranging.aligning import Axis
from domain.arranging.units import Box, Places, allowed_factor, changes, placed_about
from domain.geometry import Point, mirrored, rotated_about, translated
from domain.operations import Transform


class Reset(StrEnum):
    SCALE = "SCALE"
    ROTATION = "ROTATION"
    FLIP = "FLIP"
    ALL = "ALL"


def moved(boxes: Sequence[Box], dx: float, dy: float) -> Places:
    return changes((box, translated(box.transform, dx, dy)) for box in _free(boxes))


def scaled(boxes: Sequence[Box], factor: float, about: Point) -> Places:
    """factor: > 0."""
    free = _free(boxes)
    return placed_about(free, about, about, allowed_factor(free, factor))


def rotated(boxes: Sequence[Box], degrees: float, about: Point) -> Places:
    """degrees: clockwise."""
    return changes((box, rotated_about(box.transform, about, degrees)) for box in _free(boxes))


def flipped(boxes: Sequence[Box], axis: Axis, about: Point) -> Places:
    """Mirrored as the eye sees it: HORIZONTAL swaps left and right, VERTICAL top and bottom."""
    line: Literal["x", "y"] = "x" if axis is Axis.HORIZONTAL else "y"
    return changes((box, mirrored(box.transform, about, line)) for box in _free(boxes))


def reset(boxes: Sequence[Box], what: Reset) -> Places:
    """Each about its own centre, back to how it first came: scale 1, upright, not flipped."""
    return changes((box, _reset(box.transform, what)) for box in _free(boxes))


def _reset(transform: Transform, what: Reset) -> Transform:
    if what is Reset.SCALE:
        return replace(transform, scale=1.0)
    if what is Reset.ROTATION:
        return replace(transform, rotation=0.0)
    if what is Reset.FLIP:
        return replace(transform, flip_x=False, flip_y=False)
    return Transform(x=transform.x, y=transform.y)


def _free(boxes: Sequence[Box]) -> list[Box]:
    return [box for box in boxes if not box.locked]
