"""Movements and arrangements as commands: each is what the pure functions say of the rows, in one change."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain import adding, arrangements, arranging, grouping, history, items, movements, unit_rows
from domain.access import Viewer
from domain.adding import NewItem
from domain.arranging import Axis, Box, Edge, Fit, Layout, Measure, Order, Places, Unit
from domain.changes import Change
from domain.database import execute, transaction
from domain.errors import (
    BadInput,
    LimitExceeded,
    NotFound,
    NothingToChange,
)
from domain.geometry import Bounds, bounds, bounds_of_all, centre
from domain.operations import (
    Compound,
    FrameContent,
    ItemState,
    NoteContent,
    Placement,
    ReorderItems,
    RestyleItems,
    Style,
    StylePatch,
    Transform,
    TransformItems,
)
from tests.domain.test_grouping import a_frame, a_group, require_undoable
from tests.factories import a_board, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

Command = Callable[[Viewer, UUID, list[UUID] | None], Awaitable[Change]]
Pure = Callable[[list[Unit]], Places]

ARRANGEMENTS: dict[str, tuple[Command, Pure]] = {
    "align": (
        lambda v, b, ids: arrangements.align_items(v, b, ids, Edge.MIDDLE),
        lambda units: arranging.align(units, Edge.MIDDLE),
    ),
    "distribute": (
        lambda v, b, ids: arrangements.distribute_items(v, b, ids, Axis.HORIZONTAL),
        lambda units: arranging.distribute(units, Axis.HORIZONTAL),
    ),
    "normalize": (
        lambda v, b, ids: arrangements.normalize_items(v, b, ids, Measure.HEIGHT),
        lambda units: arranging.normalize(units, Measure.HEIGHT),
    ),
    "stack": (lambda v, b, ids: arrangements.stack_items(v, b, ids), arranging.stack),
    "pack": (
        lambda v, b, ids: arrangements.pack_items(v, b, ids, 12.0),
        lambda units: arranging.pack(units, 12.0),
    ),
    "arrange": (
        lambda v, b, ids: arrangements.arrange_items(
            v, b, ids, Layout.GRID, Order.RANDOM, margin=7.0, seed=3
        ),
        lambda units: arranging.arrange(units, Layout.GRID, Order.RANDOM, {}, 7.0, 3),
    ),
    "fit": (
        lambda v, b, ids: arrangements.fit_to_frame(v, b, ids, Bounds(0, 0, 900, 500), margin=20.0),
        lambda units: arranging.fit_to_frame(units, Bounds(0, 0, 900, 500), 20.0, Fit.CONTAIN),
    ),
}


async def a_scatter(count: int = 7, seed: int = 1) -> tuple[Viewer, UUID, list[UUID]]:
    """Notes of all sizes, turned and scaled, from back to front."""
    chance = random.Random(seed)
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ids = [uuid4() for _ in range(count)]
    for start in range(0, count, 500):
        new = [
            NewItem(
                id=item_id,
                note=NoteContent(),
                width=chance.uniform(50, 400),
                height=chance.uniform(50, 400),
                transform=Transform(
                    chance.uniform(-2000, 2000),
                    chance.uniform(-2000, 2000),
                    chance.uniform(0.5, 2.0),
                    chance.choice([0.0, 30.0, 200.0]),
                ),
            )
            for item_id in ids[start : start + 500]
        ]
        await adding.add_items(ana, board.id, new)
    return ana, board.id, ids


async def at(board: UUID) -> dict[UUID, ItemState]:
    return (await state_in_rows(board)).items


def box(item: ItemState, *, locked: bool = False) -> Box:
    return Box(item.id, item.transform, item.width, item.height, locked)


def alone(item: ItemState, *, locked: bool = False) -> Unit:
    return Unit(item.id, (box(item, locked=locked),))


def placed(places: Places) -> TransformItems:
    return TransformItems([Placement(item_id, place) for item_id, place in places.items()])


@pytest.mark.parametrize("name", ARRANGEMENTS)
async def test_an_arrangement_is_what_the_pure_function_says(name: str) -> None:
    ana, board, ids = await a_scatter()
    command, pure = ARRANGEMENTS[name]
    before = await state_in_rows(board)
    chosen = [ids[4], ids[0], ids[2], ids[5]]
    change = await command(ana, board, chosen)
    assert change.operation == placed(pure([alone(before.items[i]) for i in chosen]))
    await require_undoable(ana, board, before)


@pytest.mark.parametrize("name", ARRANGEMENTS)
async def test_left_out_ids_mean_what_is_seen_at_the_top_of_the_board(name: str) -> None:
    """A group is one unit, what is hidden is left out, what is locked stays and leads."""
    ana, board, (a, b, c, d, e, f, g) = await a_scatter()
    inner = await a_group(ana, board, a)
    group = await a_group(ana, board, inner, b)
    veiled = await a_group(ana, board, c)
    await items.restyle_items(
        ana, board, [StylePatch(veiled, hidden=True), StylePatch(d, hidden=True), StylePatch(e, locked=True)]
    )
    before = await state_in_rows(board)
    there = before.items
    command, pure = ARRANGEMENTS[name]
    units = {
        group: Unit(group, (box(there[a]), box(there[b]))),
        e: alone(there[e], locked=True),
        f: alone(there[f]),
        g: alone(there[g]),
    }
    in_order = sorted(units, key=lambda key: there[key].z)
    change = await command(ana, board, None)
    assert change.operation == placed(pure([units[key] for key in in_order]))
    assert {e, c, d}.isdisjoint(item.id for item in change.operation.items)
    await require_undoable(ana, board, before)


@pytest.mark.parametrize("name", ARRANGEMENTS)
async def test_a_named_group_is_one_and_its_members_named_singly_are_many(name: str) -> None:
    ana, board, (a, b, c, d, *_) = await a_scatter()
    group = await a_group(ana, board, a, b)
    there = await at(board)
    command, pure = ARRANGEMENTS[name]
    one = Unit(group, (box(there[a]), box(there[b])))
    change = await command(ana, board, [c, group, a, d])
    assert change.operation == placed(pure([alone(there[c]), one, alone(there[d])]))
    await history.undo(ana, board)
    change = await command(ana, board, [c, a, b, d])
    assert change.operation == placed(pure([alone(there[i]) for i in (c, a, b, d)]))
    await require_laws(board)


async def test_named_locked_items_stay_in_place_and_lead() -> None:
    ana, board, (a, b, c, *_) = await a_scatter()
    group = await a_group(ana, board, b)
    await items.restyle_items(ana, board, [StylePatch(group, locked=True)])
    there = await at(board)
    change = await arrangements.align_items(ana, board, [a, b, c], Edge.LEFT)
    moved = {item.id for item in change.operation.items}  # type: ignore[union-attr]
    assert moved == {a, c}
    lead = bounds(there[b].transform, there[b].width, there[b].height).left
    for item_id in (a, c):
        item = (await at(board))[item_id]
        assert bounds(item.transform, item.width, item.height).left == pytest.approx(lead)
    await require_laws(board)


async def test_packing_keeps_off_what_is_locked() -> None:
    ana, board, ids = await a_scatter(20)
    await items.restyle_items(ana, board, [StylePatch(ids[0], locked=True)])
    await arrangements.pack_items(ana, board, None, 5.0)
    boxes = [bounds(item.transform, item.width, item.height) for item in (await at(board)).values()]
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            assert (
                one.left >= other.right - 1e-6
                or other.left >= one.right - 1e-6
                or one.top >= other.bottom - 1e-6
                or other.top >= one.bottom - 1e-6
            )
    await require_laws(board)


async def test_sort_keys_come_from_the_pictures_and_the_notes() -> None:
    ana = await a_viewer()
    board = (await a_board(ana)).id
    old = await an_image(ana, name="img10.jpg", width=100, height=100)
    new = await an_image(ana, name="img2.jpg", width=100, height=100)
    await execute(
        "UPDATE image SET taken_at = $2, palette = '{#00ff00,#000000}' WHERE id = $1",
        old,
        datetime(1999, 1, 1, tzinfo=UTC),
    )
    await execute("UPDATE image SET palette = '{#ff0000}', title = 'img3' WHERE id = $1", new)
    first, second, note, frame = (uuid4() for _ in range(4))
    await adding.add_items(
        ana,
        board,
        [
            NewItem(id=note, note=NoteContent("img1, a note", background="#0000ff")),
            NewItem(id=first, image_id=old),
            NewItem(id=second, image_id=new, transform=Transform(900, 900, 9.0)),
            NewItem(id=frame, frame=FrameContent(), style=Style(name="img11")),
        ],
    )

    async def row(order: Order) -> list[UUID]:
        await arrangements.arrange_items(ana, board, None, Layout.ROW, order, margin=3.0)
        there = await at(board)
        return sorted(there, key=lambda item_id: there[item_id].transform.x)

    assert await row(Order.NAME) == [note, second, first, frame]
    assert (await row(Order.DATE))[0] == first
    assert await row(Order.SIZE) == [frame, second, note, first]
    assert await row(Order.COLOUR) == [second, first, note, frame]
    await items.restyle_items(ana, board, [StylePatch(first, name="a name of its own")])
    assert (await row(Order.NAME))[0] == first
    await require_laws(board)


async def test_a_group_is_sorted_by_its_own_name_and_all_that_is_in_it() -> None:
    ana, board, (a, b, *_) = await a_scatter()
    group = await a_group(ana, board, a, b)
    await items.restyle_items(ana, board, [StylePatch(group, name="zoo"), StylePatch(a, name="a")])
    there = await at(board)
    async with transaction() as connection:
        chosen = await unit_rows.units_of(connection, board, [group], keyed=True)
    [key] = unit_rows.sort_keys(chosen).values()
    areas = [there[i].width * there[i].height * there[i].transform.scale ** 2 for i in (a, b)]
    assert (key.name, key.colour) == ("zoo", NoteContent().background)
    assert key.size == pytest.approx(sum(areas))


async def test_fitting_what_is_in_a_frame() -> None:
    ana, board, (a, b, c, *_) = await a_scatter()
    group = await a_group(ana, board, a, b)
    frame = uuid4()
    await adding.add_items(
        ana,
        board,
        [NewItem(id=frame, frame=FrameContent(), transform=Transform(50, 60), width=1000, height=600)],
    )
    await put_into(ana, board, frame, group, c)
    before = await state_in_rows(board)
    change = await arrangements.fit_to_frame(ana, board, None, frame, margin=50.0)
    assert {item.id for item in change.operation.items} == {a, b, c}  # type: ignore[union-attr]
    there = await at(board)
    around = bounds_of_all(bounds(i.transform, i.width, i.height) for i in (there[a], there[b], there[c]))
    assert around is not None
    assert centre(around).x == pytest.approx(50)
    assert centre(around).y == pytest.approx(60)
    assert around.width == pytest.approx(900) or around.height == pytest.approx(500)
    assert around.width <= 900.001
    assert around.height <= 500.001
    await require_undoable(ana, board, before)
    unchanged = await rows_of(board)
    for ids, into, error in (
        ([frame, a], frame, BadInput),
        ([a], group, BadInput),
        ([a], b, BadInput),
        ([a], uuid4(), NotFound),
        ([uuid4()], frame, NotFound),
    ):
        with pytest.raises(error):
            await arrangements.fit_to_frame(ana, board, ids, into)
    assert await rows_of(board) == unchanged


async def put_into(viewer: Viewer, board: UUID, container: UUID, *ids: UUID) -> None:
    await grouping.regroup_items(viewer, board, list(ids), container)


async def test_comparing_lays_the_others_over_the_first() -> None:
    ana, board, (a, b, c, d, *_) = await a_scatter()
    group = await a_group(ana, board, c, d)
    before = await state_in_rows(board)
    change = await arrangements.compare_overlay(ana, board, [b, a, group], opacity=0.25)
    assert isinstance(change.operation, Compound)
    kinds = [type(part) for part in change.operation.operations]
    assert kinds == [TransformItems, RestyleItems, ReorderItems]
    there = await at(board)
    assert there[b].transform == before.items[b].transform
    assert there[b].style.opacity == 1.0
    assert [there[i].style.opacity for i in (a, c, d, group)] == [0.25, 0.25, 0.25, 1.0]
    lead = bounds(there[b].transform, there[b].width, there[b].height)
    over = bounds(there[a].transform, there[a].width, there[a].height)
    assert centre(over).x == pytest.approx(centre(lead).x)
    assert centre(over).y == pytest.approx(centre(lead).y)
    assert over.width == pytest.approx(lead.width)
    others = [item.z for key, item in there.items() if key not in {a, b, c, d, group}]
    assert max(others) < there[b].z < there[a].z < there[c].z < there[d].z
    await require_undoable(ana, board, before)
    with pytest.raises(NothingToChange):
        await arrangements.compare_overlay(ana, board, [b, a, group], opacity=0.25)


@pytest.mark.parametrize("first", [0, 1])
async def test_a_locked_group_without_anything_holds_up_no_comparison(first: int) -> None:
    """Neither in what leads nor in what is laid over it; it stays where it was."""
    ana, board, (a, b, c, *_) = await a_scatter()
    group, empty = await a_group(ana, board, a, b), uuid4()
    new = NewItem(id=empty, is_group=True, parent_id=group, style=Style(locked=True))
    await adding.add_items(ana, board, [new])
    before = await at(board)
    await arrangements.compare_overlay(ana, board, [group, c] if first == 0 else [c, group])
    there = await at(board)
    assert there[empty] == before[empty]
    others = [item.z for key, item in there.items() if key not in {a, b, c, group, empty}]
    in_front = {key: there[key].z for key in (a, b, c)}
    assert max(others) < min(in_front.values())
    assert (max if first == 0 else min)(in_front, key=in_front.__getitem__) == c
    await require_laws(board)


async def test_comparing_with_what_is_locked_leaves_it_as_it_is() -> None:
    ana, board, (a, b, c, *_) = await a_scatter()
    await items.restyle_items(ana, board, [StylePatch(b, locked=True)])
    before = await at(board)
    await arrangements.compare_overlay(ana, board, [a, b, c], by=Measure.AREA)
    there = await at(board)
    assert there[b] == before[b]
    assert there[a].style.opacity == there[c].style.opacity == 0.5
    await require_laws(board)
    unchanged = await rows_of(board)
    empty = uuid4()
    await adding.add_items(ana, board, [NewItem(id=empty, is_group=True)])
    for ids in ([a], [a, empty]):
        with pytest.raises(BadInput):
            await arrangements.compare_overlay(ana, board, ids)
    with pytest.raises(BadInput):
        await arrangements.compare_overlay(ana, board, [a, b], opacity=1.5)
    await items.remove_items(ana, board, [empty])
    assert {line for line in unchanged.lines if line.startswith("change")} <= set(
        (await rows_of(board)).lines
    )


async def test_what_lies_so_already_is_said_and_not_written() -> None:
    ana, board, ids = await a_scatter()
    await arrangements.align_items(ana, board, None, Edge.TOP)
    before = await rows_of(board)
    with pytest.raises(NothingToChange):
        await arrangements.align_items(ana, board, ids, Edge.TOP)
    with pytest.raises(NothingToChange):
        await movements.move_items(ana, board, ids, 0.0, 0.0)
    assert await rows_of(board) == before


async def test_a_repeat_is_answered_from_the_receipt() -> None:
    ana, board, ids = await a_scatter()
    mutation_id = uuid4()
    first = await arrangements.pack_items(ana, board, ids, 1.0, mutation_id=mutation_id)
    after = await rows_of(board)
    assert await arrangements.pack_items(ana, board, ids, 1.0, mutation_id=mutation_id) == first
    assert await rows_of(board) == after
    mutation_id = uuid4()
    frame = await a_frame(ana, board)
    fitted = await arrangements.fit_to_frame(ana, board, ids, frame, mutation_id=mutation_id)
    assert await arrangements.fit_to_frame(ana, board, ids, frame, mutation_id=mutation_id) == fitted


async def test_packing_thousands_goes_by_what_lies_there_when_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is worked out before the board is locked, and again if somebody has moved anything meanwhile."""
    ana, board, ids = await a_scatter(8)
    monkeypatch.setattr(arrangements, "MANY", 5)
    runs: list[int] = []
    begun, moved = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(units: Sequence[Unit], margin: float) -> Places:
        runs.append(len(units))
        if len(runs) == 1:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(moved.wait(), loop).result(10)
        return pack(units, margin)

    pack = arranging.pack
    monkeypatch.setattr(arranging, "pack", slowly)
    packing = asyncio.create_task(arrangements.pack_items(ana, board, None, 3.0))
    await begun.wait()
    await items.transform_items(ana, board, [Placement(ids[0], Transform(-3000, 50, 2.0))])
    before = await at(board)
    moved.set()
    change = await packing
    assert runs == [8, 8]
    assert change.operation == placed(pack([alone(before[i]) for i in ids], 3.0))
    await history.undo(ana, board)
    runs[:] = [0]
    await arrangements.pack_items(ana, board, None, 3.0)
    assert runs == [0, 8]
    await require_laws(board)


async def test_five_thousand_are_packed_in_one_change() -> None:
    ana, board, ids = await a_scatter(5_000)
    before = await at(board)
    change = await arrangements.pack_items(ana, board, None, 10.0)
    units = [alone(before[i]) for i in ids]
    assert change.operation == placed(arranging.pack(units, 10.0))
    await arrangements.arrange_items(ana, board, ids, Layout.GRID, Order.SIZE, margin=4.0)
    await movements.move_items(ana, board, ids, 1.0, 1.0)
    await require_laws(board)


async def test_more_than_can_be_arranged_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, board, ids = await a_scatter(8)
    monkeypatch.setattr(unit_rows, "MOST_ARRANGED", 7)
    before = await rows_of(board)
    with pytest.raises(LimitExceeded):
        await arrangements.pack_items(ana, board, None)
    assert await rows_of(board) == before
    await arrangements.pack_items(ana, board, ids[:7])


async def test_what_is_in_a_locked_frame_stays_where_it_is() -> None:
    ana = await a_viewer()
    board = (await a_board(ana)).id
    frame, note = await a_frame(ana, board), uuid4()
    await adding.add_items(ana, board, [NewItem(id=note, note=NoteContent(), parent_id=frame)])
    await items.restyle_items(ana, board, [StylePatch(frame, locked=True)])
    for ids in (None, [note]):
        with pytest.raises(NothingToChange):
            await arrangements.fit_to_frame(ana, board, ids, frame)
    await require_laws(board)
