"""Geometry by the vectors that the browser is checked with, and by its laws."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from domain.geometry import (
    GAP,
    WHOLE,
    Bounds,
    CropKeep,
    Size,
    bounds,
    bounds_of_all,
    contained,
    corners,
    cropped,
    places_beside,
    point_of,
)
from domain.operations import Crop, Transform

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "geometry.json").read_text())
NEAR = 1e-9


def transform_of(value: dict[str, Any]) -> Transform:
    return Transform(
        value["x"], value["y"], value["scale"], value["rotation"], value["flipX"], value["flipY"]
    )


def bounds_in(value: dict[str, float] | None) -> Bounds | None:
    return None if value is None else Bounds(**value)


@pytest.mark.parametrize("case", VECTORS["items"], ids=lambda case: str(case["name"]))
def test_corners_and_bounds(case: dict[str, Any]) -> None:
    transform = transform_of(case["transform"])
    for corner, expected in zip(
        corners(transform, case["width"], case["height"]), case["corners"], strict=True
    ):
        assert (corner.x, corner.y) == pytest.approx((expected["x"], expected["y"]), rel=NEAR, abs=NEAR)
    box = bounds(transform, case["width"], case["height"])
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(
        tuple(case["bounds"][side] for side in ("left", "top", "right", "bottom")), rel=NEAR, abs=NEAR
    )


@pytest.mark.parametrize("case", VECTORS["points"], ids=lambda case: str(case["name"]))
def test_points_of_items(case: dict[str, Any]) -> None:
    at, expected = case["at"], case["point"]
    point = point_of(transform_of(case["transform"]), case["width"], case["height"], at["x"], at["y"])
    assert (point.x, point.y) == pytest.approx((expected["x"], expected["y"]), rel=NEAR, abs=NEAR)


def crop_in(value: dict[str, float] | None) -> Crop | None:
    return None if value is None else Crop(**value)


@pytest.mark.parametrize("case", VECTORS["crops"], ids=lambda case: str(case["name"]))
def test_cropping(case: dict[str, Any]) -> None:
    transform, size = cropped(
        transform_of(case["transform"]),
        Size(case["width"], case["height"]),
        crop_in(case["before"]),
        crop_in(case["after"]),
        CropKeep(case["keep"]),
    )
    expected = case["expected"]
    assert (size.width, size.height) == pytest.approx((expected["width"], expected["height"]), rel=NEAR)
    place = transform_of(expected["transform"])
    assert (transform.x, transform.y) == pytest.approx((place.x, place.y), rel=NEAR, abs=1e-8)
    assert structs.replace(transform, x=place.x, y=place.y) == place


@pytest.mark.parametrize("case", VECTORS["beside"], ids=lambda case: str(case["name"]))
def test_places_beside(case: dict[str, Any]) -> None:
    places = places_beside(
        bounds_in(case["content"]), bounds_in(case["last"]), [Size(**size) for size in case["sizes"]]
    )
    assert [(place.x, place.y) for place in places] == [
        pytest.approx((expected["x"], expected["y"]), rel=NEAR, abs=NEAR) for expected in case["places"]
    ]


places = st.builds(
    Transform,
    x=st.floats(-1e6, 1e6),
    y=st.floats(-1e6, 1e6),
    scale=st.floats(1e-2, 1e2),
    rotation=st.floats(0, 360, exclude_max=True),
    flip_x=st.booleans(),
    flip_y=st.booleans(),
)
sizes = st.builds(Size, st.floats(1, 5000), st.floats(1, 5000))
starts, ends = st.floats(0, 0.5), st.floats(0.51, 1)
crops = st.none() | st.builds(Crop, starts, starts, ends, ends)


def seen_at(transform: Transform, size: Size, crop: Crop | None, x: float, y: float) -> tuple[float, float]:
    """Where on the board a point of the picture is; x, y: fractions of the whole picture."""
    part = crop or WHOLE
    across = (x - part.left) / (part.right - part.left)
    down = (y - part.top) / (part.bottom - part.top)
    point = point_of(transform, size.width, size.height, across, down)
    return point.x, point.y


@given(places, sizes, crops, crops)
def test_what_is_seen_of_a_picture_stays_while_its_edges_move(
    transform: Transform, size: Size, before: Crop | None, after: Crop | None
) -> None:
    placed, box = cropped(transform, size, before, after, CropKeep.PICTURE)
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.3, 0.8)):
        here = seen_at(transform, size, before, x, y)
        assert seen_at(placed, box, after, x, y) == pytest.approx(here, rel=1e-6, abs=1e-3)
    back, whole = cropped(placed, box, after, before, CropKeep.PICTURE)
    assert (back.x, back.y) == pytest.approx((transform.x, transform.y), rel=1e-6, abs=1e-3)
    assert (whole.width, whole.height) == pytest.approx((size.width, size.height))


@given(places, sizes, crops, crops)
def test_a_box_keeps_its_centre_and_width_and_the_picture_its_shape(
    transform: Transform, size: Size, before: Crop | None, after: Crop | None
) -> None:
    placed, box = cropped(transform, size, before, after, CropKeep.BOX)
    assert (placed, box.width) == (transform, size.width)
    _, shown = cropped(transform, size, before, after, CropKeep.PICTURE)
    assert box.height / box.width == pytest.approx(shown.height / shown.width)


@given(sizes, sizes)
def test_what_is_contained_fits_and_keeps_its_shape(size: Size, box: Size) -> None:
    found = contained(size, box)
    assert found.width / found.height == pytest.approx(size.width / size.height)
    assert found.width <= box.width * (1 + NEAR)
    assert found.height <= box.height * (1 + NEAR)
    assert found.width == pytest.approx(box.width) or found.height == pytest.approx(box.height)


@given(places, sizes)
def test_bounds_are_those_of_the_corners(transform: Transform, size: Size) -> None:
    box = bounds(transform, size.width, size.height)
    points = corners(transform, size.width, size.height)
    by_corners = bounds_of_all(Bounds(p.x, p.y, p.x, p.y) for p in points)
    assert by_corners is not None
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(
        (by_corners.left, by_corners.top, by_corners.right, by_corners.bottom), rel=1e-9, abs=1e-5
    )


def boxes_at(centres: list[Any], of: list[Size]) -> list[Bounds]:
    return [bounds(Transform(c.x, c.y), s.width, s.height) for c, s in zip(centres, of, strict=True)]


def require_apart(boxes: list[Bounds]) -> None:
    near = GAP - 1e-6
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            assert (
                one.left - other.right >= near
                or other.left - one.right >= near
                or one.top - other.bottom >= near
                or other.top - one.bottom >= near
            )


@given(st.lists(sizes, min_size=1, max_size=30))
def test_new_items_never_overlap(some: list[Size]) -> None:
    require_apart(boxes_at(places_beside(None, None, some), some))


@given(st.lists(sizes, min_size=1, max_size=25))
def test_items_added_one_by_one_never_overlap(some: list[Size]) -> None:
    boxes: list[Bounds] = []
    for size in some:
        content = bounds_of_all(boxes)
        last = boxes[-1] if boxes else None
        if last and any(box.right > last.right and box.bottom > last.top for box in boxes):
            last = None
        boxes += boxes_at(places_beside(content, last, [size]), [size])
    require_apart(boxes)


def test_nothing_has_no_bounds() -> None:
    assert bounds_of_all([]) is None
