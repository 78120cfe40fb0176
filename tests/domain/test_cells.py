"""Cells: every picture has one, none has two, and little changes when little comes or goes."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.cells import CELL_PX, CELLS, COLUMNS, PAGE_PX, Page, arranged, height, place

ids = st.integers(1, 4_000).map(lambda number: UUID(int=number))
some = st.sets(ids, max_size=60) | st.integers(0, 3_000).map(
    lambda count: {UUID(int=n + 1) for n in range(count)}
)


def shown(pages: dict[int, Page]) -> list[UUID]:
    return [image for page in pages.values() for image in page if image is not None]


def changed(before: dict[int, Page], after: dict[int, Page]) -> int:
    return sum(before.get(number) != page for number, page in after.items())


@given(st.lists(st.tuples(some, some), min_size=1, max_size=5))
def test_who_is_present_has_a_cell_and_who_is_gone_for_good_has_none(
    steps: list[tuple[set[UUID], set[UUID]]],
) -> None:
    pages: dict[int, Page] = {}
    for present, reachable in steps:
        pages = arranged(pages, present, reachable)
        found = shown(pages)
        assert len(found) == len(set(found))
        assert present <= set(found) <= present | reachable
        assert all(0 < len(page) <= CELLS and page[-1] is not None for page in pages.values())
        assert len(pages) <= max(1, -(-2 * len(present) // CELLS) + 1)
        assert arranged(pages, present, reachable) == pages, "what is right stays"


@given(some.filter(lambda each: len(each) > 1), st.sets(st.integers(5_000, 5_100), max_size=20))
def test_a_few_that_come_change_one_page_more_than_they_fill(present: set[UUID], coming: set[int]) -> None:
    before = arranged({}, present, ())
    after = arranged(before, present | {UUID(int=number) for number in coming}, ())
    assert changed(before, after) <= 2


def test_who_can_come_back_keeps_its_cell_until_these_are_many() -> None:
    everybody = {UUID(int=n + 1) for n in range(2 * CELLS)}
    before = arranged({}, everybody, ())
    gone = {image for image in before[0][:10] if image is not None}
    assert arranged(before, everybody - gone, gone) == before
    without = arranged(before, everybody - gone, ())
    assert changed(before, without) == 1
    many = {image for image in before[0][: CELLS // 4 + 1] if image is not None}
    after = arranged(before, everybody - many, many)
    assert set(shown(after)) == everybody - many
    assert changed(before, after) == 1


def test_cells_lie_apart_and_on_the_page() -> None:
    places = [place(cell) for cell in range(CELLS)]
    assert min(min(each) for each in places) >= 1
    assert max(max(each) for each in places) + CELL_PX + 1 <= PAGE_PX
    xs = sorted({x for x, _ in places})
    assert all(b - a >= CELL_PX + 2 for a, b in pairwise(xs))
    assert [x for x, _ in places[:COLUMNS]] == xs
    full = (UUID(int=1),) * CELLS
    assert height(full) == PAGE_PX
    assert height(full[:COLUMNS]) + 66 == height(full[: COLUMNS + 1])
