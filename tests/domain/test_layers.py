"""Steps forward and backward: each shows, and none turns over what lies on what among those that go."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.arranging import Box, Layer, Step, steps
from domain.arranging.layers import overlapping
from domain.operations import Transform
from domain.ordering import ranks_between

shapes = st.tuples(
    st.builds(
        Transform,
        x=st.floats(-500, 500),
        y=st.floats(-500, 500),
        scale=st.floats(0.5, 2),
        rotation=st.sampled_from([0.0, 90.0, 45.0]) | st.floats(0, 360, exclude_max=True),
    ),
    st.floats(1, 500),
    st.floats(1, 500),
)


def box(key: int, x: float = 0, y: float = 0, width: float = 100, height: float = 100, **more: Any) -> Box:
    return Box(UUID(int=key), Transform(x, y, **more), width, height)


def layers(boxes: list[Box]) -> list[Layer]:
    return [Layer(b.id, z, b) for b, z in zip(boxes, ranks_between(None, None, len(boxes)), strict=True)]


def restacked(order: list[Layer], ids: list[int], direction: Step) -> list[int]:
    """The order after a step, as a command would write it."""
    ranks = {layer.id: layer.z for layer in order}
    for insertion in steps(order, [UUID(int=n) for n in ids], direction):
        new = ranks_between(insertion.low, insertion.high, len(insertion.ids))
        ranks |= dict(zip(insertion.ids, new, strict=True))
    assert len(set(ranks.values())) == len(ranks)
    return [key.int for key in sorted(ranks, key=lambda key: ranks[key])]


def test_a_step_goes_past_the_next_that_overlaps() -> None:
    order = layers([box(1, 0), box(2, 500), box(3, 50), box(4, 20)])
    assert restacked(order, [1], Step.FORWARD) == [2, 3, 1, 4]
    assert restacked(order, [4], Step.BACKWARD) == [1, 2, 4, 3]
    assert restacked(order, [2], Step.FORWARD) == [1, 2, 3, 4]
    assert restacked(order, [1, 2], Step.FORWARD) == [2, 3, 1, 4]
    assert restacked(order, [1, 3, 4], Step.FORWARD) == [1, 2, 3, 4]
    assert steps(order, [], Step.FORWARD) == []


def test_what_would_be_passed_by_its_own_goes_along() -> None:
    """1 goes past 3; 2, which 1 lies under, keeps lying on it though it does not touch 3."""
    order = layers([box(1, 0), box(2, -60), box(3, 60), box(4, -60, 70)])
    assert restacked(order, [1, 2], Step.FORWARD) == [3, 1, 4, 2]
    order = layers([box(1, 0), box(2, -60), box(3, 60)])
    assert restacked(order, [1, 2], Step.FORWARD) == [3, 1, 2]


def test_turned_boxes_overlap_by_what_they_show() -> None:
    bar = box(1, 0, 0, 200, 20, rotation=45.0)
    assert not overlapping(bar, box(2, 60, -60, 60, 60))
    assert overlapping(bar, box(2, 60, 60, 60, 60))
    assert not overlapping(box(1), box(2, 100))
    assert overlapping(box(1), box(2, 99))


@given(st.lists(shapes, min_size=1, max_size=8), st.sets(st.integers(1, 8)), st.sampled_from(Step))
def test_a_step_keeps_the_order_of_those_that_stay_and_of_those_that_go_and_overlap(
    some: list[tuple[Transform, float, float]], chosen: set[int], direction: Step
) -> None:
    boxes = [Box(UUID(int=n), *shape) for n, shape in enumerate(some, 1)]
    result = restacked(layers(boxes), sorted(chosen), direction)
    at = {n: place for place, n in enumerate(result)}
    assert len(at) == len(boxes)
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            if {one.id.int, other.id.int} <= chosen and overlapping(one, other):
                assert at[other.id.int] < at[one.id.int]
    assert [n for n in result if n not in chosen] == [b.id.int for b in boxes if b.id.int not in chosen]


def test_equal_ranks_are_told_apart_by_a_step() -> None:
    order = [Layer(UUID(int=n), z, box(n, n)) for n, z in ((1, "a0"), (2, "a1"), (3, "a1"), (4, "a2"))]
    (insertion,) = steps(order, [UUID(int=1)], Step.FORWARD)
    assert ([one.int for one in insertion.ids], insertion.low, insertion.high) == ([1, 3], "a1", "a2")
