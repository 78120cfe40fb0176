"""Z-order: to the front, to the back, and one step past what overlaps, whatever else lies between."""

import random
from uuid import UUID, uuid4

import pytest

from domain import adding, grouping, items, layering
from domain.access import Viewer
from domain.adding import NewItem
from domain.arranging import Box, Layer, Step, steps
from domain.errors import ItemsLocked, LimitExceeded, NotFound, NothingToChange
from domain.layering import MOST_STEPPED, Layering
from domain.operations import ItemKind, NoteContent, Rank, ReorderItems, StylePatch, Transform
from domain.ordering import LONGEST_RANK, ranks_between
from tests.domain.test_grouping import a_group, a_table, require_undoable
from tests.factories import a_board, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")


async def a_pile(*places: float, z: str | None = None) -> tuple[Viewer, UUID, list[UUID]]:
    """Notes 100 wide with their centres at these x, from back to front."""
    ana = await a_viewer()
    board = await a_board(ana)
    ids = [uuid4() for _ in places]
    new = [
        NewItem(id=i, note=NoteContent(), transform=Transform(x), width=100.0, height=100.0, z=z)
        for i, x in zip(ids, places, strict=True)
    ]
    await adding.add_items(ana, board.id, new)
    return ana, board.id, ids


async def order(board: UUID) -> list[UUID]:
    """What shows something, from back to front."""
    state = (await state_in_rows(board)).items.values()
    shown = sorted((item.z, item.id) for item in state if item.kind is not ItemKind.GROUP)
    return [item_id for _, item_id in shown]


async def test_to_the_front_and_to_the_back_in_their_own_order() -> None:
    ana, board, (a, b, c, d) = await a_table()
    before = await state_in_rows(board)
    await layering.order_items(ana, board, [c, a], Layering.FRONT)
    assert await order(board) == [b, d, a, c]
    await require_undoable(ana, board, before)
    await layering.order_items(ana, board, [c, d], Layering.BACK)
    assert await order(board) == [d, c, b, a]
    await require_laws(board)


async def test_a_container_takes_along_what_is_in_it() -> None:
    ana, board, (a, b, c, d) = await a_table()
    group = await a_group(ana, board, await a_group(ana, board, a), c)
    await layering.order_items(ana, board, [group], Layering.FRONT)
    assert await order(board) == [b, d, a, c]
    state = (await state_in_rows(board)).items
    assert state[group].z > state[c].z > state[a].z > state[d].z
    with pytest.raises(NothingToChange):
        await layering.order_items(ana, board, [a, c], Layering.FRONT)  # their group shows nothing
    await require_laws(board)


async def test_removed_items_come_back_to_a_rank_of_their_own() -> None:
    ana, board, (a, b) = await a_pile(0, 10)
    await items.remove_items(ana, board, [b])
    c = uuid4()
    await adding.add_items(ana, board, [NewItem(id=c, note=NoteContent(), z="a0V")])
    await layering.order_items(ana, board, [a], Layering.FRONT)
    await items.restore_items(ana, board, [b])
    ranks = [item.z for item in (await state_in_rows(board)).items.values()]
    assert len(set(ranks)) == 3


async def test_a_step_goes_past_the_next_that_overlaps_and_no_further() -> None:
    ana, board, (a, far, over, farther, top) = await a_pile(0, 500, 50, 900, 20)
    before = await state_in_rows(board)
    change = await layering.order_items(ana, board, [a], Layering.FORWARD)
    assert isinstance(change.operation, ReorderItems)
    assert await order(board) == [far, over, a, farther, top]
    await require_undoable(ana, board, before)
    await layering.order_items(ana, board, [top], Layering.BACKWARD)
    assert await order(board) == [far, over, top, a, farther]
    await layering.order_items(ana, board, [top], Layering.BACKWARD)
    assert await order(board) == [far, top, over, a, farther]
    with pytest.raises(NothingToChange):
        await layering.order_items(ana, board, [top], Layering.BACKWARD)
    await require_laws(board)


async def test_turned_boxes_overlap_where_they_really_do() -> None:
    ana = await a_viewer()
    board = (await a_board(ana)).id
    a, b = uuid4(), uuid4()
    # Two thin diagonals side by side: their upright bounds overlap, they do not.
    await adding.add_items(
        ana,
        board,
        [
            NewItem(
                id=i, note=NoteContent(), width=400.0, height=10.0, transform=Transform(x, 0.0, 1.0, 45.0)
            )
            for i, x in ((a, 0.0), (b, 100.0))
        ],
    )
    with pytest.raises(NothingToChange):
        await layering.order_items(ana, board, [a], Layering.FORWARD)


@pytest.mark.parametrize("inside", [False, True])
async def test_hidden_items_are_not_stepped_past(inside: bool) -> None:
    ana, board, (a, b, c) = await a_pile(0, 10, 20)
    hidden = await a_group(ana, board, b) if inside else b
    await items.restyle_items(ana, board, [StylePatch(hidden, hidden=True)])
    await layering.order_items(ana, board, [a], Layering.FORWARD)
    assert await order(board) == [b, c, a]
    with pytest.raises(NothingToChange):
        await layering.order_items(ana, board, [b], Layering.FORWARD)
    await require_laws(board)


async def test_equal_ranks_are_told_apart_by_a_step() -> None:
    ana, board, ids = await a_pile(0, 10, 20, 30, z="a1")
    there = await order(board)
    await layering.order_items(ana, board, [there[0]], Layering.FORWARD)
    assert await order(board) == [there[1], there[0], there[2], there[3]]
    await layering.order_items(ana, board, [there[3]], Layering.BACKWARD)
    assert await order(board) == [there[1], there[0], there[3], there[2]]
    await require_laws(board)
    assert len(ids) == 4


@pytest.mark.parametrize("seed", range(12))
async def test_a_step_shows_what_the_whole_order_would_show(seed: int) -> None:
    """Only what overlaps is read; whatever overlaps comes to lie as if the whole board had been looked at."""
    chance = random.Random(seed)
    ana = await a_viewer()
    board = (await a_board(ana)).id
    new = [
        NewItem(
            id=UUID(int=chance.getrandbits(128), version=4),
            note=NoteContent(),
            transform=Transform(chance.uniform(0, 900), chance.uniform(0, 900), 1.0, chance.uniform(0, 360)),
            z=chance.choice(["a0", "a1", "a2", None, None, None]),
        )
        for _ in range(30)
    ]
    await adding.add_items(ana, board, new)
    state = (await state_in_rows(board)).items
    chosen = chance.sample(sorted(state), 4)
    step = chance.choice([Step.FORWARD, Step.BACKWARD])
    layers = [
        Layer(item.id, item.z, Box(item.id, item.transform, item.width, item.height))
        for item in sorted(state.values(), key=lambda item: (item.z, item.id))
    ]
    ranks = {layer.id: layer.z for layer in layers}
    for gap in steps(layers, chosen, step):
        ranks |= zip(gap.ids, ranks_between(gap.low, gap.high, len(gap.ids)), strict=True)
    expected = sorted(ranks, key=lambda item_id: (ranks[item_id], item_id))
    try:
        await layering.order_items(ana, board, chosen, Layering[step.name])
    except NothingToChange:
        assert steps(layers, chosen, step) == []
        return
    found = await order(board)
    boxes = {layer.id: layer.box for layer in layers}
    for n, one in enumerate(expected):
        for other in expected[n + 1 :]:
            here, there = boxes[one], boxes[other]
            assert here is not None
            assert there is not None
            if overlap(here, there):
                assert found.index(one) < found.index(other)
    await require_laws(board)


def overlap(one: Box, other: Box) -> bool:
    return bool(steps([Layer(one.id, "a0", one), Layer(other.id, "a1", other)], [one.id], Step.FORWARD))


async def test_locked_missing_and_too_many_are_refused() -> None:
    ana, board, (a, b, c) = await a_pile(0, 10, 20)
    group = await a_group(ana, board, a)
    await items.restyle_items(ana, board, [StylePatch(a, locked=True)])
    before = await rows_of(board)
    for to in Layering:
        with pytest.raises(ItemsLocked) as refused:
            await layering.order_items(ana, board, [group, b], to)
        assert refused.value.details["ids"] == [str(a)]
        missing = uuid4()
        with pytest.raises(NotFound) as lost:
            await layering.order_items(ana, board, [b, missing], to)
        assert lost.value.details["ids"] == [str(missing)]
    with pytest.raises(LimitExceeded):
        await layering.order_items(ana, board, [uuid4() for _ in range(MOST_STEPPED + 1)], Layering.FORWARD)
    assert await rows_of(board) == before
    await layering.order_items(ana, board, [c], Layering.BACK)
    assert await order(board) == [c, a, b]


async def test_what_is_in_a_locked_group_stays() -> None:
    ana, board, (a, _) = await a_pile(0, 10)
    group = await a_group(ana, board, a)
    await items.restyle_items(ana, board, [StylePatch(group, locked=True)])
    before = await rows_of(board)
    with pytest.raises(ItemsLocked):
        await layering.order_items(ana, board, [a], Layering.FRONT)
    assert await rows_of(board) == before


async def test_where_no_rank_is_left_between_two_it_says_so() -> None:
    ana, board, _ = await a_pile(0)
    back, front = uuid4(), uuid4()
    await adding.add_items(
        ana,
        board,
        [
            NewItem(id=back, note=NoteContent(), z="b00"),
            NewItem(id=front, note=NoteContent(), z="b00" + "0" * (LONGEST_RANK - 4) + "1"),
        ],
    )
    before = await rows_of(board)
    with pytest.raises(LimitExceeded):
        await grouping.group_items(ana, board, [back])
    assert await rows_of(board) == before


@pytest.mark.parametrize("locked", [1, 2])
async def test_a_locked_one_that_shares_its_rank_with_what_is_passed_does_not_hinder(locked: int) -> None:
    ana, board, ids = await a_pile(0, 0, 0, z="a2")
    low, *pair = sorted(ids)
    await items.reorder_items(ana, board, [Rank(low, "a1")])
    await items.restyle_items(ana, board, [StylePatch(pair[locked - 1], locked=True)])
    await layering.order_items(ana, board, [low], Layering.FORWARD)
    assert await order(board) == [pair[0], low, pair[1]]
    await require_laws(board)
