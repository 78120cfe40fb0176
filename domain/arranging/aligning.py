"""Lining units up by their visible bounds: aligned at an edge, spread with equal gaps, stacked on one point.

Locked units stay and lead: the others align with them and stack on them, and spread between them.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from domain.arranging.units import (
    Places,
    Unit,
    extent,
    extent_of_all,
    is_locked,
    movable,
    on_grid,
    placed,
    references,
)
from domain.geometry import Bounds, Point, centre


class Edge(StrEnum):
    LEFT = "LEFT"
    CENTRE = "CENTRE"
    RIGHT = "RIGHT"
    TOP = "TOP"
    MIDDLE = "MIDDLE"
    BOTTOM = "BOTTOM"


class Axis(StrEnum):
    HORIZONTAL = "HORIZONTAL"
    VERTICAL = "VERTICAL"


def align(units: Sequence[Unit], edge: Edge) -> Places:
    """Brings one edge (or middle line) of every unit to that of the bounds of the references."""
    lead = extent_of_all(references(units))
    places: Places = {}
    if lead is None:
        return places
    for unit in movable(units):
        places |= placed(unit, _aligned(extent(unit), lead, edge))
    return places


def stack(units: Sequence[Unit]) -> Places:
    """The centre of every unit to the centre of the bounds of the references."""
    lead = extent_of_all(references(units))
    places: Places = {}
    if lead is None:
        return places
    for unit in movable(units):
        places |= placed(unit, centre(lead))
    return places


def distribute(units: Sequence[Unit], axis: Axis) -> Places:
    """Equal gaps between the bounds of neighbours, negative where there is no room.

    Neighbours by the centres along the axis. The first, the last and every locked unit stay; gaps are equal
    from one of these to the next.
    """
    across = axis is Axis.HORIZONTAL
    row = sorted((unit for unit in units if unit.boxes), key=lambda unit: _along(extent(unit), across))
    ends = [n for n, unit in enumerate(row) if n in (0, len(row) - 1) or is_locked(unit)]
    places: Places = {}
    for first, last in pairwise(ends):
        places |= _spread(row[first : last + 1], across)
    return places


def _aligned(box: Bounds, lead: Bounds, edge: Edge) -> Point:
    """Where the centre of `box` goes."""
    at = centre(box)
    match edge:
        case Edge.LEFT:
            return Point(at.x + lead.left - box.left, at.y)
        case Edge.CENTRE:
            return Point(centre(lead).x, at.y)
        case Edge.RIGHT:
            return Point(at.x + lead.right - box.right, at.y)
        case Edge.TOP:
            return Point(at.x, at.y + lead.top - box.top)
        case Edge.MIDDLE:
            return Point(at.x, centre(lead).y)
        case Edge.BOTTOM:
            return Point(at.x, at.y + lead.bottom - box.bottom)
    assert_never(edge)


def _along(box: Bounds, across: bool) -> tuple[float, float]:
    at = centre(box)
    return (on_grid(at.x), on_grid(box.left)) if across else (on_grid(at.y), on_grid(box.top))


def _spread(row: Sequence[Unit], across: bool) -> Places:
    """Spreads what lies between the first and the last, which stay."""
    boxes = [extent(unit) for unit in row]
    spans = [(box.left, box.right) if across else (box.top, box.bottom) for box in boxes]
    between = 0.0
    for start, end in spans[1:-1]:
        between += end - start
    gap = (spans[-1][0] - spans[0][1] - between) / (len(row) - 1)
    places: Places = {}
    edge = spans[0][1] + gap
    for unit, box, (start, end) in list(zip(row, boxes, spans, strict=True))[1:-1]:
        at = centre(box)
        middle = edge + (end - start) / 2
        places |= placed(unit, Point(middle, at.y) if across else Point(at.x, middle))
        edge += end - start + gap
    return places
