"""Packing: units close together in a small, pleasing rectangle, with margins between, over nothing locked.

Orders and widths of a skyline (`skyline`) are tried, then bettered by small changes at random (always the
same ones); the packing with the smallest rectangle is kept, where a rectangle that is less or more wide
than high than `SHAPES` counts for larger by as much. How many are tried depends on the number of units
alone, so the result does not depend on the machine. Every unit goes by its bounds and keeps its rotation
and size. The top left stays.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from domain.arranging.skyline import Laid, lay
from domain.arranging.sorting import random_numbers
from domain.arranging.units import (
    Places,
    Unit,
    extent,
    extent_of_all,
    is_locked,
    movable,
    on_grid,
    placed,
    slot,
    slot_of,
)
from domain.geometry import Bounds, Point, Size

SHAPES = (1.2, 1.8)
MOST_LAID = 200_000
MOST_TRIES = 3_000
WIDTHS = 3
SEED = 7

_WEIGHTS: tuple[Callable[[Size], float], ...] = (
    lambda size: size.width * size.height,
    lambda size: size.width + size.height,
    lambda size: size.width,
    lambda size: size.height,
    lambda size: size.width * 2 + size.height,
    lambda size: size.width + size.height * 2,
    lambda size: max(size.width, size.height),
)


class Attempt(Struct, frozen=True):
    """One packing: in which order, how wide, what came of it; the smaller its cost the better."""

    order: list[int]
    room: float
    laid: Laid
    cost: float


def pack(
    units: Sequence[Unit],
    margin: float = 0.0,
    obstacles: Sequence[Bounds] = (),
    shape: float | None = None,
) -> Places:
    """margin: at least so many board units between neighbours; locked units are obstacles, too.

    shape: the width to height to come near to, in place of `SHAPES`.
    """
    free = movable(units)
    around = extent_of_all(free)
    places: Places = {}
    if around is None:
        return places
    gap = slot(max(margin, 0.0))
    left, top = on_grid(around.left), on_grid(around.top)
    taken = [*obstacles, *(extent(unit) for unit in units if unit.boxes and is_locked(unit))]
    slots = [slot_of(unit) for unit in free]
    sizes = [Size(size.width + gap, size.height + gap) for size in slots]
    keep_off = [_kept_off(box, left, top, gap) for box in taken]
    keep_off = [box for box in keep_off if box.right > 0 and box.bottom > 0]
    spots = _best(sizes, gap, keep_off, SHAPES if shape is None else (shape, shape))
    for unit, size, spot in zip(free, slots, spots, strict=True):
        middle = Point(left + spot.x + size.width / 2, top + spot.y + size.height / 2)
        places |= placed(unit, middle)
    return places


def _kept_off(box: Bounds, left: float, top: float, gap: float) -> Bounds:
    """An obstacle seen from the top left, with the margin behind it that every unit has, too."""
    return Bounds(
        -slot(-box.left) - left,
        -slot(-box.top) - top,
        slot(box.right) - left + gap,
        slot(box.bottom) - top + gap,
    )


def _best(
    sizes: Sequence[Size], gap: float, obstacles: Sequence[Bounds], shapes: tuple[float, float]
) -> list[Point]:
    tries = _tries(len(sizes), bool(obstacles))

    def attempt(order: list[int], room: float) -> Attempt:
        laid = lay([sizes[n] for n in order], room, obstacles)
        return Attempt(order, room, laid, _cost(laid.bounds, gap, shapes))

    orders = [sorted(range(len(sizes)), key=lambda n: -weight(sizes[n])) for weight in _WEIGHTS]
    rooms = _rooms(sizes, obstacles, shapes, max(WIDTHS, tries // 5 // len(orders)))
    first = [(order, room) for room in rooms for order in orders][:tries]
    best = attempt(*first[0])
    for order, room in first[1:]:
        one = attempt(order, room)
        if one.cost < best.cost:
            best = one
    numbers = random_numbers(SEED)
    widest = max(size.width for size in sizes)
    for _ in range(tries - len(first)):
        one = attempt(*_varied(best, widest, numbers))
        if one.cost <= best.cost:
            best = one
    spots = [Point(0.0, 0.0)] * len(sizes)
    for n, spot in zip(best.order, best.laid.spots, strict=True):
        spots[n] = spot
    return spots


def _tries(count: int, obstacles: bool) -> int:
    if count == 1:
        return 1
    if obstacles:
        return min(max(MOST_LAID // 4 // count, len(_WEIGHTS)), MOST_TRIES)
    return min(max(MOST_LAID // count, len(_WEIGHTS) * WIDTHS), MOST_TRIES)


def _cost(bounds: Bounds, gap: float, shapes: tuple[float, float]) -> float:
    width, height = bounds.width - gap, bounds.height - gap
    ratio = width / height
    return width * height * max(1.0, shapes[0] / ratio, ratio / shapes[1])


def _rooms(
    sizes: Sequence[Size], obstacles: Sequence[Bounds], shapes: tuple[float, float], count: int
) -> list[float]:
    """Widths of strips that come out in about the shapes wanted."""
    area = widest = highest = 0.0
    for size in sizes:
        area += size.width * size.height
        widest, highest = max(widest, size.width), max(highest, size.height)
    area += _taken(obstacles, area)
    narrow = min(math.sqrt(area * shapes[0]), area / highest)
    wide = math.sqrt(area * shapes[1] / 0.9)
    return [max(widest, slot(narrow + (wide - narrow) * (n + 0.5) / count)) for n in range(count)]


def _taken(obstacles: Sequence[Bounds], area: float) -> float:
    """About how much of the room to come is taken."""
    width = math.sqrt(area * 1.5)
    height = area / width
    taken = 0.0
    for box in obstacles:
        across = min(box.right, width) - max(box.left, 0.0)
        down = min(box.bottom, height) - max(box.top, 0.0)
        taken += max(across, 0.0) * max(down, 0.0)
    return min(taken, area * 3)


def _varied(best: Attempt, widest: float, numbers: Iterator[float]) -> tuple[list[int], float]:
    """Another order and width near the best: one changes its place, near or far, or two change places."""
    order = list(best.order)
    count = len(order)
    one = int(next(numbers) * count)
    far = count if next(numbers) < 0.5 else min(count, 8)
    other = min(count - 1, max(0, one + math.floor((next(numbers) * 2 - 1) * far)))
    if next(numbers) < 0.5:
        order[one], order[other] = order[other], order[one]
    else:
        order.insert(other, order.pop(one))
    room = best.room
    if next(numbers) < 0.3:
        room = max(widest, slot(room * (1 + (next(numbers) - 0.5) * 0.01)))
    return order, room
