"""Containers, however deep: what is worked out step by step is what walking every way would give."""

import random
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, grouping, history, items, movements
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.containers import Nesting, leading_to, misplaced
from domain.operations import (
    Membership,
    NoteContent,
    Operation,
    RegroupItems,
    RemoveItems,
    Transform,
    parts_of,
    restricted_to,
    together,
    touches_of,
)
from tests.factories import a_board, a_member, a_viewer
from tests.laws import require_laws, state_in_rows

DEEP = 1_500


def _ways_up(item: UUID, parents: Mapping[UUID, UUID | None]) -> list[UUID]:
    way: list[UUID] = []
    above: UUID | None = item
    while above is not None and above not in way:
        way.append(above)
        above = parents.get(above)
    return way


@pytest.mark.parametrize("seed", range(40))
def test_what_leads_to_a_goal_is_what_a_walk_finds(seed: int) -> None:
    chance = random.Random(seed)
    ids = [UUID(int=n + 1) for n in range(20)]
    parents = {one: chance.choice([None, *ids]) for one in ids}  # rings too
    goals = set(chance.sample(ids, 3))
    expected = {one for one in ids if goals & set(_ways_up(one, parents))}
    assert leading_to(goals, ids, parents) == expected


@pytest.mark.parametrize("seed", range(60))
def test_after_leaving_alone_what_is_misplaced_every_container_holds(seed: int) -> None:
    chance = random.Random(seed)
    ids = [UUID(int=n + 1) for n in range(16)]
    parents = {one: chance.choice([None, *ids[:n]]) for n, one in enumerate(ids)}
    nesting = Nesting(parents, frozenset(ids))
    put = [Membership(one, chance.choice([None, *ids])) for one in chance.sample(ids, 6)]
    operation = together([RegroupItems(put), RemoveItems(chance.sample(ids, 6))])

    back: Operation | None = operation
    while back is not None and (wrong := misplaced(back, nesting) & touches_of(back).keys()):
        back = restricted_to(back, touches_of(back).keys() - wrong)

    after = dict(parents)
    for part in [] if back is None else parts_of(back):
        if isinstance(part, RegroupItems):
            after |= {item.id: item.parent_id for item in part.items}
        else:
            assert isinstance(part, RemoveItems)
            for one in part.ids:
                del after[one]
    assert all(parent is None or parent in after for parent in after.values())
    assert not any(item in _ways_up(parent, after) for item, parent in after.items() if parent is not None)


async def a_deep_board() -> tuple[Viewer, UUID, list[UUID]]:
    """Ana's groups, each in the one before."""
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ids = [uuid4() for _ in range(DEEP)]
    for start in range(0, DEEP, 500):
        chunk = range(start, start + 500)
        new = [NewItem(id=ids[n], is_group=True, parent_id=ids[n - 1] if n else None) for n in chunk]
        await adding.add_items(ana, board.id, new)
    return ana, board.id, ids


async def a_note_in(viewer: Viewer, board_id: UUID, container: UUID) -> UUID:
    note = uuid4()
    new = NewItem(id=note, note=NoteContent(), transform=Transform(), parent_id=container)
    await adding.add_items(viewer, board_id, [new])
    return note


@pytest.mark.usefixtures("database")
async def test_a_very_deep_board_is_moved_removed_dissolved_brought_back_and_copied() -> None:
    ana, board, ids = await a_deep_board()
    leaf = await a_note_in(ana, board, ids[-1])
    await movements.move_items(ana, board, ids, 5.0, 0.0)
    before = await state_in_rows(board)
    assert before.items[leaf].transform.x == 5.0

    deeds: list[tuple[Callable[[], Awaitable[object]], set[UUID]]] = [
        (lambda: items.remove_items(ana, board, ids), set()),
        (lambda: items.remove_items(ana, board, [leaf]), set()),
        (lambda: grouping.ungroup_items(ana, board, ids), {leaf}),
    ]
    for deed, left in deeds:
        await deed()
        assert (await state_in_rows(board)).items.keys() == left
        reverted = await history.undo(ana, board)
        assert reverted.skipped == []
        assert await state_in_rows(board) == before
    await require_laws(board)

    copy = await boards.duplicate_board(ana, board)
    assert len((await state_in_rows(copy.id)).items) == DEEP + 1
    await require_laws(copy.id)


@pytest.mark.usefixtures("database")
async def test_what_holds_something_of_others_stays_with_all_that_it_is_in() -> None:
    ana, board, ids = await a_deep_board()
    ben = await a_member(board, Role.EDITOR, "Ben")
    note = await a_note_in(ben, board, ids[-1])
    reverted = await history.undo(ana, board)
    assert reverted.change is None
    assert {skipped.item_id for skipped in reverted.skipped} == set(ids[-500:])
    assert (await state_in_rows(board)).items.keys() == {note, *ids}
    await require_laws(board)
