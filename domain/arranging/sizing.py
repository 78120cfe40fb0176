"""Bringing units to like sizes: normalized, laid over each other to compare, fitted into a frame.

Sizes are those of the visible bounds, so a turned picture is as wide as it looks. Locked units stay; the
others take after them where there are any.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

from msgspec.structs import replace

from domain.arranging.packing import pack
from domain.arranging.units import (
    Places,
    Unit,
    allowed_factor,
    changes,
    extent,
    extent_of_all,
    movable,
    placed,
    placed_about,
    references,
)
from domain.geometry import Bounds, centre


class Measure(StrEnum):
    WIDTH = "WIDTH"
    HEIGHT = "HEIGHT"
    AREA = "AREA"
    SCALE = "SCALE"


class Fit(StrEnum):
    """CONTAIN keeps the layout; ARRANGE packs the units to the frame's shape first."""

    CONTAIN = "CONTAIN"
    ARRANGE = "ARRANGE"


def normalize(units: Sequence[Unit], by: Measure) -> Places:
    """Every unit to the mean measure of the references, each about its own centre."""
    measures = [_measured(unit, by) for unit in references(units)]
    places: Places = {}
    if not measures:
        return places
    total = 0.0
    for measure in measures:
        total += measure
    for unit in movable(units):
        factor = _factor(total / len(measures), _measured(unit, by), by)
        places |= placed(unit, centre(extent(unit)), factor)
    return places


def compare_overlay(units: Sequence[Unit], by: Measure) -> Places:
    """Every unit centred on the first reference and brought to its measure; rotation and flips stay."""
    leads = references(units)
    places: Places = {}
    if not leads:
        return places
    middle, measure = centre(extent(leads[0])), _measured(leads[0], by)
    for unit in movable(units):
        if unit is not leads[0]:
            places |= placed(unit, middle, _factor(measure, _measured(unit, by), by))
    return places


def fit_to_frame(units: Sequence[Unit], frame: Bounds, margin: float, mode: Fit) -> Places:
    """All that can move, as one whole, as large as the frame holds with a margin inside, and centred there.

    The margin is cut to a quarter of the frame's shorter side. ARRANGE leaves gaps of about the margin.
    """
    free = movable(units)
    margin = min(margin, frame.width / 4, frame.height / 4)
    width, height = frame.width - 2 * margin, frame.height - 2 * margin
    if not free or width <= 0 or height <= 0:
        return {}
    arranged = free
    if mode is Fit.ARRANGE:
        arranged = _with_places(
            free, pack(free, _gap_before(free, width * height, margin), shape=width / height)
        )
    whole = extent_of_all(arranged)
    assert whole is not None
    boxes = [box for unit in arranged for box in unit.boxes]
    sides = ((width, whole.width), (height, whole.height))
    factor = allowed_factor(boxes, min((room / side for room, side in sides if side > 0), default=1.0))
    fitted = {box.id: box.transform for box in boxes} | placed_about(
        boxes, centre(whole), centre(frame), factor
    )
    return changes((box, fitted[box.id]) for unit in free for box in unit.boxes)


def _measured(unit: Unit, by: Measure) -> float:
    """SCALE: the mean of the unit's boxes."""
    box = extent(unit)
    if by is Measure.WIDTH:
        return box.width
    if by is Measure.HEIGHT:
        return box.height
    if by is Measure.AREA:
        return box.width * box.height
    total = 0.0
    for one in unit.boxes:
        total += one.transform.scale
    return total / len(unit.boxes)


def _factor(wanted: float, measure: float, by: Measure) -> float:
    if measure <= 0:  # too small to be seen so far out, where floats are coarse
        return 1.0
    return math.sqrt(wanted / measure) if by is Measure.AREA else wanted / measure


def _with_places(units: Sequence[Unit], places: Places) -> list[Unit]:
    return [
        Unit(
            unit.key,
            tuple(replace(box, transform=places.get(box.id, box.transform)) for box in unit.boxes),
        )
        for unit in units
    ]


def _gap_before(units: Sequence[Unit], room: float, margin: float) -> float:
    """The gap that scaling to the room will turn into about the margin."""
    area = 0.0
    for unit in units:
        box = extent(unit)
        area += box.width * box.height
    return margin * math.sqrt(area / (0.9 * room))
