"""What is arranged: boxes that move alone or as one, and what a new place for them comes to.

A unit with a locked box never moves. What cannot move is what the others go by: `references` are the locked
units if there are any, else all. Scales stay within the limits of an item's scale, for a unit as a whole so
that it keeps its shape; coordinates may leave the board's range, which the caller refuses
(domain/checks.py). Units without boxes count for nothing.

Both languages must decide alike although sines may differ in their last bit. So whatever is compared,
sorted or packed is first brought to a grid of 1/1024 board unit.
"""

import math
from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.checks import LARGEST_SCALE, SMALLEST_SCALE
from domain.geometry import Bounds, Point, Size, bounds, bounds_of_all, centre
from domain.operations import Transform

GRID = 1024.0

Places = dict[UUID, Transform]


class Box(Struct, frozen=True):
    """One item as it lies. width, height: board units before scale."""

    id: UUID
    transform: Transform
    width: float
    height: float
    locked: bool = False


class Unit(Struct, frozen=True):
    """What moves as one: a single box, or all boxes of a group."""

    key: UUID
    boxes: tuple[Box, ...]


def is_locked(unit: Unit) -> bool:
    return any(box.locked for box in unit.boxes)


def movable(units: Iterable[Unit]) -> list[Unit]:
    return [unit for unit in units if unit.boxes and not is_locked(unit)]


def references(units: Iterable[Unit]) -> list[Unit]:
    """The units that the others go by: those that cannot move, or else all."""
    present = [unit for unit in units if unit.boxes]
    return [unit for unit in present if is_locked(unit)] or present


def extent(unit: Unit) -> Bounds:
    """The visible bounds of a unit that has boxes."""
    around = bounds_of_all(bounds(box.transform, box.width, box.height) for box in unit.boxes)
    assert around is not None
    return around


def extent_of_all(units: Iterable[Unit]) -> Bounds | None:
    return bounds_of_all(extent(unit) for unit in units)


def on_grid(value: float) -> float:
    return math.floor(value * GRID + 0.5) / GRID


def slot(length: float) -> float:
    """The least length on the grid that holds `length`; a hair of 1/64 step over is forgiven."""
    return math.ceil(length * GRID - 1 / 64) / GRID


def slot_of(unit: Unit) -> Size:
    """The room for its bounds on the grid, never nothing."""
    box = extent(unit)
    return Size(max(slot(box.width), 1 / GRID), max(slot(box.height), 1 / GRID))


def allowed_factor(boxes: Iterable[Box], factor: float) -> float:
    """The factor nearest to `factor` that keeps the scale of every box within limits (1 if none does)."""
    scales = [box.transform.scale for box in boxes]
    if not scales:
        return factor
    least, most = SMALLEST_SCALE / min(scales), LARGEST_SCALE / max(scales)
    return min(max(factor, least), most) if least <= most else 1.0


def placed(unit: Unit, target: Point, factor: float = 1.0) -> Places:
    """The unit scaled by `factor`, the centre of its bounds at `target`."""
    return placed_about(unit.boxes, centre(extent(unit)), target, allowed_factor(unit.boxes, factor))


def placed_about(boxes: Sequence[Box], about: Point, target: Point, factor: float) -> Places:
    """The boxes scaled by an allowed factor, the point `about` brought to `target`."""
    return changes(
        (
            box,
            replace(
                box.transform,
                x=target.x + (box.transform.x - about.x) * factor,
                y=target.y + (box.transform.y - about.y) * factor,
                scale=within_limits(box.transform.scale * factor),
            ),
        )
        for box in boxes
    )


def within_limits(scale: float) -> float:
    return min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)


def changes(results: Iterable[tuple[Box, Transform]]) -> Places:
    """Those that differ by more than rounding."""
    return {box.id: after for box, after in results if _differs(box, after)}


def _differs(box: Box, after: Transform) -> bool:
    before = box.transform
    reach = abs(before.x) + abs(before.y) + (box.width + box.height) * before.scale
    near = 1e-6 + 1e-14 * reach
    return (
        abs(after.x - before.x) > near
        or abs(after.y - before.y) > near
        or abs(after.scale - before.scale) > 1e-9 * before.scale
        or after.rotation != before.rotation
        or after.flip_x != before.flip_x
        or after.flip_y != before.flip_y
    )
