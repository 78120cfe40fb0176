"""Arranging: what it promises a person, its laws, and the cases that the browser is checked with, too."""

import json
import math
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.arranging import (
    Axis,
    Box,
    Edge,
    Fit,
    Layout,
    Measure,
    Order,
    Places,
    Reset,
    SortKey,
    Unit,
    align,
    arrange,
    compare_overlay,
    distribute,
    fit_to_frame,
    flipped,
    moved,
    normalize,
    pack,
    reset,
    rotated,
    scaled,
    stack,
)
from domain.arranging.sorting import natural, random_numbers
from domain.arranging.units import extent, extent_of_all, is_locked
from domain.geometry import Bounds, Point, bounds, centre
from domain.operations import Transform
from tests.arranging_vectors import FILE, answer, cases

VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"]
NEAR = 1e-4
"""What rounding to the grid of 1/1024 and big numbers may cost."""


def box(key: int, x: float = 0, y: float = 0, width: float = 100, height: float = 100, **more: Any) -> Box:
    locked = more.pop("locked", False)
    return Box(UUID(int=key), Transform(x, y, **more), width, height, locked)


def unit(*boxes: Box) -> Unit:
    return Unit(boxes[0].id, boxes)


def after(units: list[Unit], places: Places) -> list[Unit]:
    return [
        Unit(one.key, tuple(replace(b, transform=places.get(b.id, b.transform)) for b in one.boxes))
        for one in units
    ]


def extents(units: list[Unit], places: Places) -> list[Bounds]:
    return [extent(one) for one in after(units, places)]


def lefts(units: list[Unit], places: Places) -> list[float]:
    return [side.left for side in extents(units, places)]


def apart(one: Bounds, other: Bounds, margin: float) -> bool:
    return (
        one.left - other.right >= margin - NEAR
        or other.left - one.right >= margin - NEAR
        or one.top - other.bottom >= margin - NEAR
        or other.top - one.bottom >= margin - NEAR
    )


def require_apart(sides: list[Bounds], margin: float) -> None:
    for n, one in enumerate(sides):
        assert all(apart(one, other, margin) for other in sides[:n])


transforms = st.builds(
    Transform,
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    scale=st.floats(0.05, 20),
    rotation=st.sampled_from([0.0, 0.0, 90.0, 45.0]) | st.floats(0, 360, exclude_max=True),
    flip_x=st.booleans(),
    flip_y=st.booleans(),
)
shapes = st.tuples(transforms, st.floats(1, 1000), st.floats(1, 1000))


def units_of(parts: list[list[tuple[Transform, float, float]]], locked: set[int]) -> list[Unit]:
    units: list[Unit] = []
    key = 0
    for n, part in enumerate(parts):
        boxes = []
        for transform, width, height in part:
            key += 1
            boxes.append(Box(UUID(int=key), transform, width, height, n in locked))
        units.append(Unit(UUID(int=1000 + n), tuple(boxes)))
    return units


def some_units(least: int = 0, most: int = 8, locked: bool = False) -> st.SearchStrategy[list[Unit]]:
    return st.builds(
        units_of,
        st.lists(st.lists(shapes, min_size=1, max_size=3), min_size=least, max_size=most),
        st.sets(st.integers(0, most), max_size=2) if locked else st.just(set()),
    )


def boxes_in(units: list[Unit]) -> list[Box]:
    return [one for each in units for one in each.boxes]


def test_the_vectors_are_those_that_are_made() -> None:
    made = list(cases())
    assert [{key: case[key] for key in ("name", "call", "units", "options")} for case in VECTORS] == made
    assert len({case["name"] for case in made}) == len(made)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: str(case["name"]))
def test_a_case_comes_to_what_both_languages_say(case: dict[str, Any]) -> None:
    given = json.loads(json.dumps(answer(case)))
    if case["call"] == "steps":
        assert given == case["result"]
        return
    assert [row[0] for row in given] == [row[0] for row in case["result"]]
    for row, expected in zip(given, case["result"], strict=True):
        assert row == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_each_edge_is_aligned_to_the_bounds_of_all() -> None:
    units = [unit(box(1, 0, 0, 100, 60)), unit(box(2, 300, 200, 40, 20, rotation=90.0))]
    assert align(units, Edge.LEFT) == {UUID(int=2): Transform(-40, 200, rotation=90.0)}
    assert align(units, Edge.RIGHT) == {UUID(int=1): Transform(260, 0)}
    assert align(units, Edge.TOP) == {UUID(int=2): Transform(300, -10, rotation=90.0)}
    assert align(units, Edge.BOTTOM) == {UUID(int=1): Transform(0, 190)}
    assert align(units, Edge.CENTRE) == {
        UUID(int=1): Transform(130, 0),
        UUID(int=2): Transform(130, 200, rotation=90.0),
    }
    assert align(units, Edge.MIDDLE) == {
        UUID(int=1): Transform(0, 95),
        UUID(int=2): Transform(300, 95, rotation=90.0),
    }


def test_a_locked_unit_leads_and_stays() -> None:
    units = [unit(box(1, -500)), unit(box(2, 40, locked=True)), unit(box(3, 900))]
    assert lefts(units, align(units, Edge.LEFT)) == [-10, -10, -10]
    assert set(align(units, Edge.LEFT)) == {UUID(int=1), UUID(int=3)}
    assert [centre(side).x for side in extents(units, stack(units))] == [40, 40, 40]


def test_a_group_with_a_locked_member_stays_as_a_whole() -> None:
    units = [unit(box(1), box(2, 200, locked=True)), unit(box(3, 900, 50))]
    assert set(align(units, Edge.TOP)) == {UUID(int=3)}


@given(some_units(locked=True), st.sampled_from(Edge))
def test_aligned_is_aligned_once_and_for_all(units: list[Unit], edge: Edge) -> None:
    places = align(units, edge)
    once = after(units, places)
    assert align(once, edge) == {}
    if not any(map(is_locked, units)):
        side = {"CENTRE": "left", "MIDDLE": "top"}.get(edge, edge.lower())
        spots = {
            round(getattr(centre(extent(one)), "x" if edge is Edge.CENTRE else "y"), 4)
            if edge in (Edge.CENTRE, Edge.MIDDLE)
            else round(getattr(extent(one), side), 4)
            for one in once
        }
        assert not spots or max(spots) - min(spots) <= NEAR


@given(some_units(locked=True), st.sampled_from(Edge), st.randoms())
def test_the_order_of_units_does_not_matter_to_aligning(units: list[Unit], edge: Edge, chance: Any) -> None:
    mixed = list(units)
    chance.shuffle(mixed)
    assert align(mixed, edge) == align(units, edge)
    assert stack(mixed) == stack(units)


@given(some_units(locked=True))
def test_what_is_stacked_has_one_centre(units: list[Unit]) -> None:
    centres = [centre(side) for side in extents(units, stack(units))]
    locked = [is_locked(one) for one in units]
    if not any(locked) and centres:
        assert max(c.x for c in centres) - min(c.x for c in centres) <= NEAR
        assert max(c.y for c in centres) - min(c.y for c in centres) <= NEAR


def test_gaps_become_equal_while_the_ends_stay() -> None:
    units = [unit(box(1, 0)), unit(box(2, 120, 0, 50)), unit(box(3, 600)), unit(box(4, 310, 0, 30))]
    places = distribute(units, Axis.HORIZONTAL)
    assert {key.int: at.x for key, at in places.items()} == {2: 215, 4: 395}  # gaps of 140
    locked = [*units[:1], unit(box(2, 120, 0, 50, locked=True)), *units[2:]]
    assert {key.int: at.x for key, at in distribute(locked, Axis.HORIZONTAL).items()} == {4: 347.5}


def test_gaps_are_equal_even_where_there_is_no_room() -> None:
    units = [unit(box(1, 0)), unit(box(2, 20)), unit(box(3, 60))]
    assert distribute(units, Axis.HORIZONTAL) == {UUID(int=2): Transform(30, 0)}  # two gaps of -70


@given(some_units(3), st.sampled_from(Axis))
def test_distributed_units_have_equal_gaps(units: list[Unit], axis: Axis) -> None:
    def spans(units: list[Unit]) -> list[tuple[float, float]]:
        sides = [extent(one) for one in units]
        return [(s.left, s.right) if axis is Axis.HORIZONTAL else (s.top, s.bottom) for s in sides]

    row = sorted(zip(spans(units), units, strict=True), key=lambda one: sum(one[0]))
    sorted_units = [one for _, one in row]
    moved_units = after(sorted_units, distribute(units, axis))
    spread = spans(moved_units)
    gaps = [second[0] - first[1] for first, second in pairwise(spread)]
    middles = [(a + b) / 2 for (a, b), _ in row]
    if all(b - a > 0.01 for a, b in pairwise(middles)):  # else ties may go either way
        assert max(gaps) - min(gaps) <= NEAR
        if min(gaps) > 0.01:
            assert distribute(moved_units, axis) == {}


@given(some_units(1), st.sampled_from(Measure))
def test_normalized_units_have_one_size_about_their_own_centres(units: list[Unit], by: Measure) -> None:
    places = normalize(units, by)
    for before, now in zip(units, extents(units, places), strict=True):
        old, new = centre(extent(before)), centre(now)
        assert (old.x, old.y) == pytest.approx((new.x, new.y), abs=1e-3)
    sizes = {
        Measure.WIDTH: [side.width for side in extents(units, places)],
        Measure.HEIGHT: [side.height for side in extents(units, places)],
        Measure.AREA: [side.width * side.height for side in extents(units, places)],
        Measure.SCALE: [
            sum(b.transform.scale for b in one.boxes) / len(one.boxes) for one in after(units, places)
        ],
    }[by]
    assert sizes == pytest.approx([sizes[0]] * len(sizes), rel=1e-6)
    assert normalize(after(units, places), by) == {}


def test_sizes_go_by_the_locked_ones_where_there_are_any() -> None:
    units = [unit(box(1, locked=True)), unit(box(2, 500, 0, 50, 80)), unit(box(3, 900, 0, 400, 20))]
    assert {key.int: at.scale for key, at in normalize(units, Measure.WIDTH).items()} == {2: 2, 3: 0.25}


def test_scales_stay_within_their_limits_and_groups_keep_their_shape() -> None:
    tiny, huge = box(1, 0, 0, 1, 1, scale=1e-4), box(2, 30, 0, 1e6, 1e6, scale=100.0)
    grown = normalize([unit(tiny), unit(huge)], Measure.WIDTH)
    assert grown[tiny.id].scale == 1e4
    pair = [box(1, 0, scale=1.0), box(2, 10, scale=5e3)]
    twice = scaled(pair, 100, Point(0, 0))
    assert (twice[pair[0].id].scale, twice[pair[1].id].scale, twice[pair[1].id].x) == (2, 1e4, 20)


@given(some_units(1), st.sampled_from(Measure))
def test_compared_units_lie_exactly_over_the_first(units: list[Unit], by: Measure) -> None:
    places = compare_overlay(units, by)
    assert not set(places) & {b.id for b in units[0].boxes}
    first, *others = extents(units, places)
    for side in others:
        assert (centre(side).x, centre(side).y) == pytest.approx((centre(first).x, centre(first).y), abs=1e-3)
    sizes = [(side.width, side.height) for side in (first, *others)]
    at_limit = any(b.transform.scale in (1e-4, 1e4) for b in boxes_in(after(units, places)))
    if by in (Measure.WIDTH, Measure.HEIGHT) and not at_limit:
        alike = [size[by is Measure.HEIGHT] for size in sizes]
        assert alike == pytest.approx([alike[0]] * len(alike), rel=1e-6)
    before = {b.id: b.transform for b in boxes_in(units)}
    assert all(
        (at.rotation, at.flip_x, at.flip_y) == (before[key].rotation, before[key].flip_x, before[key].flip_y)
        for key, at in places.items()
    )


@settings(max_examples=15, deadline=None)
@given(some_units(1, 5, locked=True), st.sampled_from(Fit), st.floats(10, 3000), st.floats(10, 3000))
def test_what_is_fitted_is_inside_the_frame_and_fills_it(
    units: list[Unit], fit: Fit, width: float, height: float
) -> None:
    frame = Bounds(-40, 25, -40 + width, 25 + height)
    places = fit_to_frame(units, frame, 5, fit)
    free = [one for one in after(units, places) if not is_locked(one)]
    if not free:
        assert places == {}
        return
    whole = extent_of_all(free)
    assert whole is not None
    margin = min(5, width / 4, height / 4)
    inside = (frame.left + margin, frame.top + margin, frame.right - margin, frame.bottom - margin)
    if any(b.transform.scale in (1e-4, 1e4) for one in free for b in one.boxes):
        return  # as near as the limits of scale allow
    assert whole.left >= inside[0] - 1e-3
    assert whole.top >= inside[1] - 1e-3
    assert whole.right <= inside[2] + 1e-3
    assert whole.bottom <= inside[3] + 1e-3
    full = max(whole.width / (inside[2] - inside[0]), whole.height / (inside[3] - inside[1]))
    assert full == pytest.approx(1, abs=1e-3)


def test_names_count_their_digits_and_have_no_case() -> None:
    names = ["img10", "IMG2", "img1", "b", "A", "img02", "Straße 3", "STRASSE 20", "οδος", "ΟΔΟΣ"]
    assert sorted(names, key=natural) == [
        *("A", "b", "img1", "IMG2", "img02", "img10", "Straße 3", "STRASSE 20", "ΟΔΟΣ", "οδος")
    ]


def test_the_random_numbers_are_those_of_mulberry32() -> None:
    numbers = random_numbers(1)
    assert [next(numbers) for _ in range(3)] == [0.6270739405881613, 0.002735721180215478, 0.5274470399599522]


def order_of(units: list[Unit], order: Order, keys: dict[UUID, SortKey], seed: int = 0) -> list[int]:
    sides = extents(units, arrange(units, Layout.ROW, order, keys, 5, seed))
    return [n for _, n in sorted((side.left, n) for n, side in enumerate(sides))]


def test_a_row_is_in_the_order_asked_for() -> None:
    units = [unit(box(n + 1, n * 10)) for n in range(5)]
    colours = ["#ff0000", "#0000ff", "#eeeeee", None, "#202020"]
    names = ["c", "b10", "B9", "a", "d"]
    keys = {
        one.key: SortKey(name, size, -size, colour)
        for one, name, size, colour in zip(units, names, [3, 1, 4, 1, 5], colours, strict=True)
    }
    assert order_of(units, Order.NAME, keys) == [3, 2, 1, 0, 4]
    assert order_of(units, Order.SIZE, keys) == [4, 2, 0, 3, 1]  # largest first, equals by name
    assert order_of(units, Order.DATE, keys) == [4, 2, 0, 3, 1]  # oldest first
    assert order_of(units, Order.COLOUR, keys) == [4, 2, 0, 1, 3]  # greys from dark, hues, unknown
    assert sorted(order_of(units, Order.RANDOM, keys, 7)) == [0, 1, 2, 3, 4]
    assert order_of(units, Order.RANDOM, keys, 7) == order_of(units, Order.RANDOM, keys, 7)


def test_places_are_read_in_rows() -> None:
    spots = [(500, 10), (0, 0), (250, -15), (10, 300), (240, 280)]
    units = [unit(box(n + 1, x, y)) for n, (x, y) in enumerate(spots)]
    assert order_of(units, Order.PLACE, {}) == [1, 2, 0, 3, 4]


@given(some_units(1, 10), st.sampled_from(Layout), st.sampled_from(Order), st.floats(0, 50), st.integers())
def test_a_layout_keeps_margins_sizes_and_its_top_left(
    units: list[Unit], layout: Layout, order: Order, margin: float, seed: int
) -> None:
    places = arrange(units, layout, order, {}, margin, seed)
    sides = extents(units, places)
    require_apart(sides, margin)
    corner, corner_before = extent_of_all(after(units, places)), extent_of_all(units)
    assert corner is not None
    assert corner_before is not None
    if layout is Layout.ROW:
        assert corner.left == pytest.approx(corner_before.left, abs=1e-2)
        assert max(centre(s).y for s in sides) - min(centre(s).y for s in sides) <= NEAR
    if layout is Layout.COLUMN:
        assert corner.top == pytest.approx(corner_before.top, abs=1e-2)
        assert max(centre(s).x for s in sides) - min(centre(s).x for s in sides) <= NEAR
    before = {b.id: b.transform for b in boxes_in(units)}
    assert all(at == replace(before[key], x=at.x, y=at.y) for key, at in places.items())


@settings(max_examples=20, deadline=None)
@given(some_units(0, 9, locked=True), st.floats(0, 60), st.lists(st.tuples(*[st.integers(-900, 900)] * 2)))
def test_packed_units_never_overlap_and_keep_margins_to_all(
    units: list[Unit], margin: float, corners: list[tuple[int, int]]
) -> None:
    obstacles = [Bounds(x, y, x + 300, y + 200) for x, y in corners[:4]]
    places = pack(units, margin, obstacles)
    now = after(units, places)
    free = [extent(one) for one in now if not is_locked(one)]
    require_apart(free, margin)
    locked = [extent(one) for one in now if is_locked(one)]
    assert all(apart(one, other, margin) for one in free for other in locked + obstacles)
    before = {b.id: b for b in boxes_in(units)}
    assert all(
        not before[key].locked and at == replace(before[key].transform, x=at.x, y=at.y)
        for key, at in places.items()
    )


@settings(max_examples=15, deadline=None)
@given(some_units(0, 9), st.floats(0, 60))
def test_packing_again_changes_nothing(units: list[Unit], margin: float) -> None:
    once = after(units, pack(units, margin))
    again = pack(once, margin)
    held = {b.id: b.transform for b in boxes_in(once)}
    assert all(
        math.isclose(at.x, held[key].x, abs_tol=1 / 512) and math.isclose(at.y, held[key].y, abs_tol=1 / 512)
        for key, at in again.items()
    )


def test_packing_keeps_the_top_left_and_a_pleasing_shape() -> None:
    units = [
        unit(box(n, n * 997 % 800, n * 613 % 700, 40 + n * 37 % 160, 40 + n * 53 % 160)) for n in range(1, 80)
    ]
    before, now = extent_of_all(units), extent_of_all(after(units, pack(units)))
    assert before is not None
    assert now is not None
    assert (now.left, now.top) == pytest.approx((before.left, before.top), abs=1 / 512)
    assert 1.15 <= now.width / now.height <= 1.85
    filled = sum(b.width * b.height for b in boxes_in(units)) / (now.width * now.height)
    assert filled > 0.93


def test_equal_boxes_are_packed_without_a_gap() -> None:
    units = [unit(box(n)) for n in range(1, 13)]
    now = extent_of_all(after(units, pack(units)))
    assert now is not None
    assert (now.width, now.height) == (400, 300)


def test_room_between_locked_ones_is_used() -> None:
    """Two locked pillars with a gap of 120 between them: some go in between, none over them."""
    pillars = [unit(box(1, 200, 300, 100, 600, locked=True)), unit(box(2, 420, 300, 100, 600, locked=True))]
    units = [unit(box(n, 50, 50, 100, 100)) for n in range(3, 24)]
    places = pack(pillars + units, 10)
    sides = [extent(one) for one in after(pillars + units, places)]
    require_apart(sides, 10)
    assert any(side.left >= 250 and side.right <= 370 for side in sides[2:])


def test_two_thousand_are_packed_alike_every_time_and_tightly() -> None:
    units = [unit(box(n, 0, 0, 64 + n * 7919 % 960, 64 + n * 104729 % 960)) for n in range(1, 2001)]
    places = pack(units)
    now = extent_of_all(after(units, places))
    assert now is not None
    assert sum(b.width * b.height for b in boxes_in(units)) / (now.width * now.height) > 0.97
    assert pack(units) == places


@given(some_units(0, 5), st.floats(0.25, 4), st.floats(-360, 360), st.floats(-500, 500), st.floats(-500, 500))
def test_relative_changes_undo_themselves(
    units: list[Unit], factor: float, degrees: float, x: float, y: float
) -> None:
    about = Point(x, y)
    one_by_one = [(unit(b), b.transform) for b in boxes_in(units)]
    start = [only for only, _ in one_by_one]

    def back(there: Any, again: Any) -> None:
        gone = after(start, there(boxes_in(start)))
        home = after(gone, again(boxes_in(gone)))
        for only, transform in zip(home, (t for _, t in one_by_one), strict=True):
            now = only.boxes[0].transform
            assert (now.x, now.y, now.scale) == pytest.approx(
                (transform.x, transform.y, transform.scale), rel=1e-8, abs=1e-5
            )
            turned = abs(now.rotation - transform.rotation) % 360
            assert min(turned, 360 - turned) == pytest.approx(0, abs=1e-6)
            assert (now.flip_x, now.flip_y) == (transform.flip_x, transform.flip_y)

    back(lambda b: moved(b, x, y), lambda b: moved(b, -x, -y))
    back(lambda b: scaled(b, factor, about), lambda b: scaled(b, 1 / factor, about))
    back(lambda b: rotated(b, degrees, about), lambda b: rotated(b, -degrees, about))
    for axis in Axis:
        back(lambda b, axis=axis: flipped(b, axis, about), lambda b, axis=axis: flipped(b, axis, about))


@given(some_units(1, 4), st.sampled_from(Axis))
def test_mirroring_both_ways_is_a_half_turn_and_bounds_are_mirrored(units: list[Unit], axis: Axis) -> None:
    about = Point(3, -4)
    boxes = boxes_in(units)
    for one, now in zip(boxes, after([unit(b) for b in boxes], flipped(boxes, axis, about)), strict=True):
        old, new = bounds(one.transform, one.width, one.height), extent(now)
        if axis is Axis.HORIZONTAL:
            old = Bounds(6 - old.right, old.top, 6 - old.left, old.bottom)
        else:
            old = Bounds(old.left, -8 - old.bottom, old.right, -8 - old.top)
        assert (new.left, new.top, new.right, new.bottom) == pytest.approx(
            (old.left, old.top, old.right, old.bottom), abs=1e-3
        )


def test_reset_takes_back_what_is_asked_for_and_keeps_the_place() -> None:
    one = box(1, 5, 6, scale=3.0, rotation=40.0, flip_x=True)
    assert reset([one], Reset.SCALE) == {one.id: replace(one.transform, scale=1.0)}
    assert reset([one], Reset.ROTATION) == {one.id: replace(one.transform, rotation=0.0)}
    assert reset([one], Reset.FLIP) == {one.id: replace(one.transform, flip_x=False)}
    assert reset([one], Reset.ALL) == {one.id: Transform(5, 6)}
    assert reset([box(1, 5, 6)], Reset.ALL) == {}


@pytest.mark.parametrize("kind", ["moved", "scaled", "rotated", "flipped", "reset"])
def test_locked_boxes_stay(kind: str) -> None:
    here = [box(1, 5, 6, scale=3.0, rotation=40.0, locked=True)]
    places = {
        "moved": lambda: moved(here, 10, 10),
        "scaled": lambda: scaled(here, 2, Point(0, 0)),
        "rotated": lambda: rotated(here, 45, Point(0, 0)),
        "flipped": lambda: flipped(here, Axis.VERTICAL, Point(0, 0)),
        "reset": lambda: reset(here, Reset.ALL),
    }[kind]()
    assert places == {}
