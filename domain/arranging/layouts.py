"""Tidy layouts in a chosen order: a row, a column, a grid. Locked units are left out and stay.

The top left of all that moves stays where it was. A row is centred on one line, a column too; in a grid every
unit is centred in its cell, columns as wide and rows as high as they need, the whole about square.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from domain.arranging.sorting import Order, SortKey, ordered
from domain.arranging.units import (
    Places,
    Unit,
    extent_of_all,
    movable,
    on_grid,
    placed,
    slot,
    slot_of,
)
from domain.geometry import Point, Size


class Layout(StrEnum):
    ROW = "ROW"
    COLUMN = "COLUMN"
    GRID = "GRID"


def arrange(
    units: Sequence[Unit],
    layout: Layout,
    order: Order,
    keys: Mapping[UUID, SortKey],
    margin: float = 0.0,
    seed: int = 0,
) -> Places:
    """margin: board units between neighbours; keys: by unit key; seed: for RANDOM."""
    row = ordered(movable(units), order, keys, seed)
    around = extent_of_all(row)
    places: Places = {}
    if around is None:
        return places
    sizes = [slot_of(unit) for unit in row]
    columns = _columns(sizes, layout, margin)
    widths = [max(size.width for size in sizes[n::columns]) for n in range(columns)]
    heights = [max(size.height for size in sizes[n : n + columns]) for n in range(0, len(sizes), columns)]
    lefts = _starts(widths, on_grid(around.left), slot(margin))
    tops = _starts(heights, on_grid(around.top), slot(margin))
    for n, unit in enumerate(row):
        column, line = n % columns, n // columns
        middle = Point(lefts[column] + widths[column] / 2, tops[line] + heights[line] / 2)
        places |= placed(unit, middle)
    return places


def _columns(sizes: Sequence[Size], layout: Layout, margin: float) -> int:
    if layout is Layout.ROW:
        return len(sizes)
    if layout is Layout.COLUMN:
        return 1
    width = height = 0.0
    for size in sizes:
        width += size.width + slot(margin)
        height += size.height + slot(margin)
    return min(len(sizes), max(1, math.ceil(math.sqrt(len(sizes) * height / width))))


def _starts(lengths: Sequence[float], start: float, margin: float) -> list[float]:
    starts: list[float] = []
    for length in lengths:
        starts.append(start)
        start += length + margin
    return starts
