"""Groups and frames: what is put into them and taken out, and that they never form a ring or lead nowhere."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import adding, grouping, history, items, layering
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.database import close_database, open_database
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    Forbidden,
    ItemsLocked,
    NotFound,
    NothingToChange,
)
from domain.layering import Layering
from domain.operations import (
    THE_BOARD,
    BoardState,
    Compound,
    FrameContent,
    ItemKind,
    NoteContent,
    Style,
    StylePatch,
    Transform,
)
from tests.factories import a_board, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows


async def a_table(count: int = 4) -> tuple[Viewer, UUID, list[UUID]]:
    """Ana's board with notes side by side, from back to front."""
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ids = [uuid4() for _ in range(count)]
    await adding.add_items(
        ana,
        board.id,
        [NewItem(id=i, note=NoteContent(), transform=Transform(n * 300.0)) for n, i in enumerate(ids)],
    )
    return ana, board.id, ids


async def a_frame(viewer: Viewer, board_id: UUID, **values: Any) -> UUID:
    frame = uuid4()
    new = NewItem(id=frame, frame=FrameContent(), transform=Transform(), **values)
    await adding.add_items(viewer, board_id, [new])
    return frame


async def a_group(viewer: Viewer, board_id: UUID, *members: UUID) -> UUID:
    group = uuid4()
    await grouping.group_items(viewer, board_id, list(members), group_id=group)
    return group


async def parents(board_id: UUID) -> dict[UUID, UUID | None]:
    return {key: item.parent_id for key, item in (await state_in_rows(board_id)).items.items()}


async def require_undoable(viewer: Viewer, board_id: UUID, before: BoardState) -> None:
    """What was just done is taken back exactly, and done again exactly."""
    after = await state_in_rows(board_id)
    assert after != before
    assert (await history.undo(viewer, board_id)).skipped == []
    assert await state_in_rows(board_id) == before
    assert (await history.redo(viewer, board_id)).skipped == []
    assert await state_in_rows(board_id) == after
    await require_laws(board_id)


@pytest.mark.usefixtures("database")
class TestCommands:
    async def test_a_group_lies_right_in_front_of_its_members(self) -> None:
        ana, board, (a, b, c, d) = await a_table()
        before = await state_in_rows(board)
        group = uuid4()
        change = await grouping.group_items(ana, board, [c, a], group_id=group, name="two")
        assert isinstance(change.operation, Compound)
        state = (await state_in_rows(board)).items
        assert (state[group].kind, state[group].style.name) == (ItemKind.GROUP, "two")
        assert state[c].z < state[group].z < state[d].z
        assert await parents(board) == {a: group, b: None, c: group, d: None, group: None}
        await require_undoable(ana, board, before)

    async def test_a_group_of_a_container_stays_in_it(self) -> None:
        ana, board, (a, b, c, d) = await a_table()
        outer = await a_group(ana, board, a, b, c)
        inner = await a_group(ana, board, a, b)
        assert (await parents(board))[inner] == outer
        mixed = await a_group(ana, board, c, d)  # from two places: to the top
        assert (await parents(board))[mixed] is None
        await require_laws(board)

    async def test_what_is_in_another_of_the_named_goes_with_that_one(self) -> None:
        ana, board, (a, b, c, _) = await a_table()
        inner = await a_group(ana, board, a, b)
        outer = await a_group(ana, board, a, inner, c)
        there = await parents(board)
        assert (there[a], there[inner], there[c]) == (inner, outer, outer)
        await require_laws(board)

    async def test_a_group_that_loses_its_last_goes_and_so_do_those_around_it(self) -> None:
        ana, board, (a, b, c, _) = await a_table()
        inner = await a_group(ana, board, a)
        outer = await a_group(ana, board, inner)
        frame = await a_frame(ana, board)
        await grouping.regroup_items(ana, board, [b], frame)
        before = await state_in_rows(board)
        await grouping.regroup_items(ana, board, [a, b], None)
        there = await parents(board)
        assert inner not in there
        assert outer not in there
        assert frame in there
        await require_undoable(ana, board, before)
        await history.undo(ana, board)
        await grouping.group_items(ana, board, [a, c])  # taken from there, by grouping
        assert inner not in await parents(board)
        await require_laws(board)

    async def test_what_goes_into_an_outer_group_keeps_it(self) -> None:
        ana, board, (a, b, _, _) = await a_table()
        inner = await a_group(ana, board, a)
        outer = await a_group(ana, board, inner)
        await grouping.regroup_items(ana, board, [a, b], outer)
        assert {outer: None, a: outer, b: outer}.items() <= (await parents(board)).items()
        assert inner not in await parents(board)
        await require_laws(board)

    async def test_with_all_that_is_in_a_group_the_group_is_removed(self) -> None:
        ana, board, (a, b, c, _) = await a_table()
        inner = await a_group(ana, board, a)
        outer = await a_group(ana, board, inner, b)
        before = await state_in_rows(board)
        await items.remove_items(ana, board, [a, c])
        assert {inner, a, c}.isdisjoint(await parents(board))
        await require_undoable(ana, board, before)
        await items.remove_items(ana, board, [b])
        assert outer not in await parents(board)
        await require_laws(board)

    async def test_dissolving_leaves_what_is_in_them_where_they_were(self) -> None:
        ana, board, (a, b, c, d) = await a_table()
        inner = await a_group(ana, board, a, b)
        outer = await a_group(ana, board, inner, c)
        frame = await a_frame(ana, board)
        await grouping.regroup_items(ana, board, [outer, d], frame)
        before = await state_in_rows(board)
        await grouping.ungroup_items(ana, board, [outer])
        there = await parents(board)
        assert (there[inner], there[c], there[a]) == (frame, frame, inner)
        await require_undoable(ana, board, before)
        await history.undo(ana, board)
        await grouping.ungroup_items(ana, board, [inner, frame, outer])
        assert await parents(board) == dict.fromkeys((a, b, c, d))
        await require_undoable(ana, board, before)

    async def test_an_empty_group_is_dissolved_with_the_one_that_held_only_it(self) -> None:
        ana, board, _ = await a_table(1)
        outer, inner = uuid4(), uuid4()
        await adding.add_items(
            ana, board, [NewItem(id=outer, is_group=True), NewItem(id=inner, is_group=True, parent_id=outer)]
        )
        await grouping.ungroup_items(ana, board, [inner])
        assert {outer, inner}.isdisjoint(await parents(board))
        await require_laws(board)

    async def test_an_undone_group_spares_what_others_put_into_it(self) -> None:
        ana, board, (a, b, c, _) = await a_table()
        ben = await a_member(board, Role.EDITOR, "Ben")
        group = await a_group(ana, board, a, b)
        await grouping.regroup_items(ben, board, [c], group)
        reverted = await history.undo(ana, board)
        assert [skipped.item_id for skipped in reverted.skipped] == [group]
        assert await parents(board) | {a: None, b: None, c: group} == await parents(board)
        await require_laws(board)

    async def test_bad_containers_are_refused_and_nothing_changes(self) -> None:
        ana, board, (a, b, c, _) = await a_table()
        inner = await a_group(ana, board, a, b)
        outer = await a_group(ana, board, inner)
        locked = await a_frame(ana, board, style=Style(locked=True))
        closed = await a_group(ana, board, c)
        await items.restyle_items(ana, board, [StylePatch(closed, locked=True)])
        elsewhere = await a_frame(ana, (await a_board(ana)).id)
        refused: list[tuple[list[UUID], UUID | None, type[DomainError]]] = [
            ([outer], outer, BadInput),
            ([outer], inner, BadInput),
            ([inner], a, BadInput),
            ([a], locked, ItemsLocked),
            ([c], None, ItemsLocked),
            ([a], elsewhere, NotFound),
            ([a], uuid4(), NotFound),
            ([uuid4()], inner, NotFound),
            ([a], inner, NothingToChange),
            ([], inner, BadInput),
            ([a, a], None, BadInput),
        ]
        before = await rows_of(board)
        for ids, parent, error in refused:
            with pytest.raises(error):
                await grouping.regroup_items(ana, board, ids, parent)
        for ids, error in (([a], BadInput), ([closed], ItemsLocked), ([inner, elsewhere], NotFound)):
            with pytest.raises(error):
                await grouping.ungroup_items(ana, board, ids)
        for ids, group, error in (
            ([a], b, AlreadyExists),
            ([a], THE_BOARD, BadInput),
            ([c], None, ItemsLocked),
            ([locked, a], None, ItemsLocked),
            ([elsewhere], None, NotFound),
        ):
            with pytest.raises(error):
                await grouping.group_items(ana, board, ids, group_id=group)
        assert await rows_of(board) == before

    @pytest.mark.parametrize("name", ["group", "ungroup", "regroup", "order"])
    async def test_who_may_not_write_changes_nothing_and_a_retry_writes_once(self, name: str) -> None:
        ana, board, (a, b, c, _) = await a_table()
        group = await a_group(ana, board, a, b)
        commands: dict[str, Callable[[Viewer, UUID | None], Awaitable[object]]] = {
            "group": lambda v, m: grouping.group_items(v, board, [c], mutation_id=m),
            "ungroup": lambda v, m: grouping.ungroup_items(v, board, [group], mutation_id=m),
            "regroup": lambda v, m: grouping.regroup_items(v, board, [c], group, mutation_id=m),
            "order": lambda v, m: layering.order_items(v, board, [a], Layering.FRONT, mutation_id=m),
        }
        before = await rows_of(board)
        with pytest.raises(Forbidden):
            await commands[name](await a_member(board, Role.COMMENTER), uuid4())
        with pytest.raises(NotFound):
            await commands[name](await a_viewer(), None)
        reader_added = await rows_of(board)
        assert set(before.lines) <= set(reader_added.lines)
        mutation_id = uuid4()
        first = await commands[name](ana, mutation_id)
        after = await rows_of(board)
        assert await commands[name](ana, mutation_id) == first
        assert await rows_of(board) == after
        await require_laws(board)


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ("group", "group", "ungroup", "put", "put", "remove", "restore", "order", "undo", "undo", "redo")
        ),
        st.integers(0, 1),
        st.lists(st.integers(0, 30), min_size=1, max_size=3, unique=True),
        st.integers(0, 31),
    ),
    min_size=5,
    max_size=25,
)


async def do(people: list[Viewer], board: UUID, known: list[UUID], deed: tuple[Any, ...]) -> None:
    """One of the deeds; known: every item there ever was, new groups are added to it."""
    name, person, places, target = deed
    who = people[person]
    ids = list(dict.fromkeys(known[place % len(known)] for place in places))
    containers = known[5:]  # the frame, and every group
    match name:
        case "group":
            known.append(uuid4())
            await grouping.group_items(who, board, ids, group_id=known[-1])
        case "ungroup":
            await grouping.ungroup_items(who, board, [containers[target % len(containers)]])
        case "put":
            into = None if target % 4 == 0 else containers[target % len(containers)]
            await grouping.regroup_items(who, board, ids, into)
        case "remove":
            await items.remove_items(who, board, ids)
        case "restore":
            await items.restore_items(who, board, ids)
        case "order":
            await layering.order_items(who, board, ids, list(Layering)[target % 4])
        case "undo":
            await history.undo(who, board)
        case _:
            await history.redo(who, board)


def test_whatever_two_people_do_with_groups_the_laws_hold(database_url: str) -> None:
    """Among them: nothing is in a ring, and everything that is in something is in something present."""
    done: Counter[str] = Counter()

    async def run(deeds: list[tuple[Any, ...]]) -> None:
        ana, board, known = await a_table(5)
        people = [ana, await a_member(board, Role.EDITOR)]
        known.append(await a_frame(ana, board))
        for deed in deeds:
            before = await rows_of(board)
            try:
                await do(people, board, known, deed)
                done[deed[0]] += 1
            except DomainError:
                assert await rows_of(board) == before
            await require_laws(board)

    with asyncio.Runner() as runner:
        runner.run(open_database(database_url, durable=False))

        @given(DEEDS)
        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        def attempt(deeds: list[tuple[Any, ...]]) -> None:
            runner.run(run(deeds))

        try:
            attempt()
        finally:
            runner.run(close_database())
    assert all(done[name] >= 10 for name in ("group", "ungroup", "put", "remove", "undo")), done
