"""Filling a strip from above with upright rectangles: at the highest gap of the skyline, the first that fits.

A gap is a level stretch of the skyline whose neighbours are filled further down; the rectangle goes to the
side of the neighbour that is filled furthest. The order of the rectangles decides all the rest, so that
better packings are found by trying orders (`packing`). Obstacles keep their place: nothing is laid over
them. All lengths are on the grid, so sums are exact and both languages lay alike. y grows downwards.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from domain.geometry import Bounds, Point, Size

MOST_TRIES = 48
_NEVER = math.inf


class Laid(Struct, frozen=True):
    """Where the top left of every rectangle came, and the bounds of all."""

    spots: list[Point]
    bounds: Bounds


class Rectangles:
    """Those that are still to be laid, in order; finds the first narrow enough in logarithmic time."""

    def __init__(self, widths: Sequence[float]) -> None:
        self.size = 1
        while self.size < len(widths):
            self.size *= 2
        self.least = [_NEVER] * (2 * self.size)
        self.least[self.size : self.size + len(widths)] = widths
        for node in range(self.size - 1, 0, -1):
            self.least[node] = min(self.least[2 * node], self.least[2 * node + 1])

    def first(self, widest: float) -> int:
        """The first no wider than `widest`; -1 when there is none."""
        least = self.least
        if least[1] > widest:
            return -1
        node = 1
        while node < self.size:
            node *= 2
            if least[node] > widest:
                node += 1
        return node - self.size

    def all(self, widest: float) -> Iterator[int]:
        """All no wider than `widest`, in order."""
        pending = [1]
        while pending:
            node = pending.pop()
            if self.least[node] > widest:
                continue
            if node >= self.size:
                yield node - self.size
            else:
                pending += (2 * node + 1, 2 * node)

    def take(self, index: int) -> None:
        least = self.least
        node = index + self.size
        least[node] = _NEVER
        node //= 2
        while node:
            one, other = least[2 * node], least[2 * node + 1]
            now = one if one < other else other
            if least[node] == now:
                break
            least[node] = now
            node //= 2


class Skyline:
    """Level stretches from left to right: where each begins, how far down it is filled, how wide it is."""

    def __init__(self, width: float) -> None:
        self.starts = [0.0]
        self.levels = [0.0]
        self.widths = [width]

    def fill(self, at: int, offset: float, width: float, level: float) -> None:
        """Part of a stretch is filled down to `level`."""
        start, whole = self.starts[at], self.widths[at]
        rest = whole - offset - width
        if rest > 0:
            self._insert(at + 1, start + offset + width, self.levels[at], rest)
        if offset > 0:
            self.widths[at] = offset
            at += 1
            self._insert(at, start + offset, level, width)
        else:
            self.widths[at] = width
            self.levels[at] = level
        self._join(at + 1)
        self._join(at)

    def _insert(self, at: int, start: float, level: float, width: float) -> None:
        self.starts.insert(at, start)
        self.levels.insert(at, level)
        self.widths.insert(at, width)

    def _join(self, at: int) -> None:
        """Joins a stretch with the one before it where both are level."""
        if 0 < at < len(self.levels) and self.levels[at - 1] == self.levels[at]:
            self.widths[at - 1] += self.widths[at]
            del self.starts[at], self.levels[at], self.widths[at]


def lay(sizes: Sequence[Size], room: float, obstacles: Sequence[Bounds] = ()) -> Laid:
    """Lays them in a strip of width `room`, at least as wide as the widest, without end downwards."""
    waiting = Rectangles([size.width for size in sizes])
    skyline = Skyline(room)
    levels, starts, widths = skyline.levels, skyline.starts, skyline.widths
    around = Obstacles(obstacles, max(size.height for size in sizes)) if obstacles else None
    spots = [Point(0.0, 0.0)] * len(sizes)
    remaining = len(sizes)
    while remaining:
        level = min(levels)
        at = levels.index(level)
        start, width = starts[at], widths[at]
        before = levels[at - 1] if at else _NEVER
        after = levels[at + 1] if at + 1 < len(levels) else _NEVER
        on_left = before >= after or at + 1 == len(levels)
        floor = _NEVER
        if around is None:
            index = waiting.first(width)
        else:
            gap = Bounds(start, level, start + width, _NEVER)
            standing = around.standing(gap)
            if standing is not None:
                begin, end = max(start, standing.left), min(gap.right, standing.right)
                skyline.fill(at, begin - start, end - begin, standing.bottom)
                continue
            index, on_left, floor = around.fitting(waiting, sizes, gap, on_left)
        if index < 0:
            skyline.fill(at, 0.0, width, min(before, after, floor))
            continue
        size = sizes[index]
        offset = 0.0 if on_left else width - size.width
        spots[index] = Point(start + offset, level)
        skyline.fill(at, offset, size.width, level + size.height)
        waiting.take(index)
        remaining -= 1
    return Laid(spots, _around(spots, sizes))


def _around(spots: Sequence[Point], sizes: Sequence[Size]) -> Bounds:
    return Bounds(
        min(spot.x for spot in spots),
        min(spot.y for spot in spots),
        max(spot.x + size.width for spot, size in zip(spots, sizes, strict=True)),
        max(spot.y + size.height for spot, size in zip(spots, sizes, strict=True)),
    )


class Obstacles:
    """What is not to be laid over, as far as it is in reach of the level that is being filled."""

    def __init__(self, all_of_them: Sequence[Bounds], tallest: float) -> None:
        self.coming = sorted(all_of_them, key=lambda box: -box.top)
        self.tallest = tallest
        self.near: list[Bounds] = []

    def standing(self, gap: Bounds) -> Bounds | None:
        """One that stands in the gap at its level. Asked for levels that only grow."""
        while self.coming and self.coming[-1].top < gap.top + self.tallest:
            self.near.append(self.coming.pop())
        self.near = [box for box in self.near if box.bottom > gap.top]
        for box in self.near:
            if box.top <= gap.top and box.left < gap.right and box.right > gap.left:
                return box
        return None

    def fitting(
        self, waiting: Rectangles, sizes: Sequence[Size], gap: Bounds, on_left: bool
    ) -> tuple[int, bool, float]:
        """The first rectangle that has room in the gap (-1: none), where, and how far down it is free.

        gap: from its level down, without end. Only so many are tried.
        """
        over = [box for box in self.near if box.left < gap.right and box.right > gap.left]
        for index in islice(waiting.all(gap.width), MOST_TRIES):
            size = sizes[index]
            for left in (on_left, not on_left):
                begin = gap.left if left else gap.right - size.width
                end, bottom = begin + size.width, gap.top + size.height
                if not any(box.left < end and box.right > begin and box.top < bottom for box in over):
                    return index, left, _NEVER
        return -1, on_left, min((box.top for box in over), default=_NEVER)
