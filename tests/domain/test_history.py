"""Undo and redo: per person, never at the cost of another's later work."""

import random
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, contents, history, items
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.contents import NoteEdit
from domain.errors import BoardTrashed, DomainError, Forbidden, MutationIdConflict, NotFound, NothingToUndo
from domain.operations import (
    NoteContent,
    Placement,
    Rank,
    Style,
    StylePatch,
    Transform,
)
from tests.factories import a_board, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")


async def two_on_a_board(count: int = 2) -> tuple[Viewer, Viewer, UUID, list[UUID]]:
    """Ana's board with Ben as an editor and `count` notes of Ana's."""
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR, "Ben")
    ids = [uuid4() for _ in range(count)]
    await adding.add_items(
        ana, board.id, [NewItem(id=i, note=NoteContent(), transform=Transform()) for i in ids]
    )
    return ana, ben, board.id, ids


async def move(viewer: Viewer, board_id: UUID, x: float, *ids: UUID) -> None:
    await items.transform_items(viewer, board_id, [Placement(i, Transform(x)) for i in ids])


async def x_of(board_id: UUID, item_id: UUID) -> float:
    return (await state_in_rows(board_id)).items[item_id].transform.x


async def test_undo_and_redo_go_through_all_states_and_back() -> None:
    ana, _, board, (a, b) = await two_on_a_board()
    states = [await state_in_rows(board)]
    await move(ana, board, 5, a, b)
    states.append(await state_in_rows(board))
    await items.restyle_items(ana, board, [StylePatch(a, opacity=0.5), StylePatch(b, name="x")])
    states.append(await state_in_rows(board))
    await items.reorder_items(ana, board, [Rank(a, "a9")])
    states.append(await state_in_rows(board))
    await contents.edit_notes(ana, board, [NoteEdit(a, NoteContent("new"), 10, 20)])
    states.append(await state_in_rows(board))
    await items.remove_items(ana, board, [a, b])
    states.append(await state_in_rows(board))

    for _ in range(2):
        for earlier in states[-2::-1]:
            assert await history.can_undo(ana, board)
            reverted = await history.undo(ana, board)
            assert reverted.skipped == []
            assert await state_in_rows(board) == earlier
        for later in states[1:]:
            assert await history.can_redo(ana, board)
            await history.redo(ana, board)
            assert await state_in_rows(board) == later
        assert not await history.can_redo(ana, board)
    await require_laws(board)


async def test_undoing_an_adding_removes_and_redo_brings_back_the_same() -> None:
    ana, _, board, _ = await two_on_a_board()
    before = await state_in_rows(board)
    await history.undo(ana, board)
    assert (await state_in_rows(board)).items == {}
    await require_laws(board)
    await history.redo(ana, board)
    assert await state_in_rows(board) == before
    await require_laws(board)


async def test_each_undoes_their_own() -> None:
    ana, ben, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a)
    await move(ben, board, 2, b)
    await history.undo(ana, board)
    assert (await x_of(board, a), await x_of(board, b)) == (0, 2)
    await history.undo(ben, board)
    assert await x_of(board, b) == 0
    await require_laws(board)


async def test_anothers_later_work_is_spared_and_named() -> None:
    ana, ben, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a, b)
    await move(ben, board, 2, b)
    reverted = await history.undo(ana, board)
    assert reverted.change is not None
    assert reverted.skipped == [history.Skipped(b, history.CHANGED, ben.account_id)]
    assert (await x_of(board, a), await x_of(board, b)) == (0, 2)
    await require_laws(board)
    await history.redo(ana, board)
    assert (await x_of(board, a), await x_of(board, b)) == (1, 2)
    await require_laws(board)


async def test_another_register_of_the_item_does_not_stand_in_the_way() -> None:
    ana, ben, board, (a, _) = await two_on_a_board()
    await move(ana, board, 1, a)
    await items.restyle_items(ben, board, [StylePatch(a, opacity=0.5)])
    assert (await history.undo(ana, board)).skipped == []
    assert await x_of(board, a) == 0
    await require_laws(board)


async def test_what_can_not_be_undone_at_all_is_dropped() -> None:
    ana, ben, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a)
    await move(ana, board, 3, b)
    await move(ben, board, 2, b)
    before = await state_in_rows(board)
    log = await require_laws(board)
    reverted = await history.undo(ana, board)
    assert reverted.change is None
    assert [item.item_id for item in reverted.skipped] == [b]
    assert await state_in_rows(board) == before
    assert await require_laws(board) == log
    assert (await history.undo(ana, board)).change is not None
    assert (await x_of(board, a), await x_of(board, b)) == (0, 2)


async def test_an_item_of_mine_that_another_moved_is_not_removed() -> None:
    ana, ben, board, (_, b) = await two_on_a_board()
    await move(ben, board, 2, b)
    reverted = await history.undo(ana, board)
    assert [item.item_id for item in reverted.skipped] == [b]
    assert set((await state_in_rows(board)).items) == {b}
    await require_laws(board)


async def test_an_item_that_another_removed_stays_away() -> None:
    ana, ben, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a, b)
    await items.remove_items(ben, board, [b])
    reverted = await history.undo(ana, board)
    assert reverted.skipped == [history.Skipped(b, history.CHANGED, ben.account_id)]
    assert await x_of(board, a) == 0
    await require_laws(board)
    await items.restore_items(ben, board, [b])
    assert await x_of(board, b) == 1


async def test_what_another_took_back_does_not_stand_in_the_way() -> None:
    ana, ben, board, (a, _) = await two_on_a_board()
    await move(ana, board, 1, a)
    await move(ben, board, 2, a)
    await history.undo(ben, board)
    assert (await history.undo(ana, board)).skipped == []
    assert await x_of(board, a) == 0
    await history.redo(ana, board)
    await history.redo(ben, board)
    assert await x_of(board, a) == 2
    assert (await history.undo(ana, board)).change is None
    assert await x_of(board, a) == 2
    await require_laws(board)


async def test_a_partial_undo_of_another_still_guards_the_rest() -> None:
    """Ben's undo skips what Ana has moved since; what of it still stands is not Ana's to undo."""
    ana, ben, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a, b)
    await move(ben, board, 2, a, b)
    await move(ana, board, 3, b)
    assert [item.item_id for item in (await history.undo(ben, board)).skipped] == [b]
    await history.undo(ana, board)
    assert (await x_of(board, a), await x_of(board, b)) == (1, 2)
    reverted = await history.undo(ana, board)
    assert [item.item_id for item in reverted.skipped] == [b]
    assert (await x_of(board, a), await x_of(board, b)) == (0, 2)
    await require_laws(board)


async def test_a_new_deed_ends_what_could_be_redone() -> None:
    ana, _, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a)
    await history.undo(ana, board)
    await move(ana, board, 2, b)
    assert not await history.can_redo(ana, board)
    with pytest.raises(NothingToUndo):
        await history.redo(ana, board)


async def test_a_locked_item_is_not_moved_by_undo() -> None:
    ana, ben, board, (a, _) = await two_on_a_board()
    await move(ana, board, 1, a)
    await items.restyle_items(ben, board, [StylePatch(a, locked=True)])
    reverted = await history.undo(ana, board)
    assert reverted == history.Reverted(None, [history.Skipped(a, history.LOCKED)])
    assert await x_of(board, a) == 1


async def test_an_item_that_came_locked_can_be_undone() -> None:
    ana, _, board, _ = await two_on_a_board()
    new = uuid4()
    await adding.add_items(ana, board, [NewItem(id=new, note=NoteContent(), style=Style(locked=True))])
    assert (await history.undo(ana, board)).skipped == []
    assert new not in (await state_in_rows(board)).items
    await require_laws(board)


async def test_the_boards_own_words_are_no_matter_of_undo() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    await boards.edit_board(ana, board.id, title="Other")
    assert not await history.can_undo(ana, board.id)
    with pytest.raises(NothingToUndo):
        await history.undo(ana, board.id)


async def test_a_retried_undo_is_done_once() -> None:
    ana, _, board, (a, b) = await two_on_a_board()
    await move(ana, board, 1, a)
    await move(ana, board, 1, b)
    mutation_id = uuid4()
    first = await history.undo(ana, board, mutation_id=mutation_id)
    assert await history.undo(ana, board, mutation_id=mutation_id) == first
    assert (await x_of(board, a), await x_of(board, b)) == (1, 0)
    with pytest.raises(MutationIdConflict):
        await history.redo(ana, board, mutation_id=mutation_id)


async def test_who_may_not_write_undoes_nothing() -> None:
    ana, _, board, _ = await two_on_a_board()
    reader = await a_member(board, Role.VIEWER)
    before = await rows_of(board)
    for command in (history.undo, history.redo):
        with pytest.raises(Forbidden):
            await command(reader, board)
        with pytest.raises(NotFound):
            await command(await a_viewer(), board)
    assert not await history.can_undo(reader, board)
    assert await rows_of(board) == before
    await boards.trash_boards(ana, [board])
    with pytest.raises(BoardTrashed):
        await history.undo(ana, board)
    assert not await history.can_undo(ana, board)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_three_people_do_the_laws_hold(seed: int) -> None:
    """And no undo of one writes what another wrote last."""
    chance = random.Random(seed)
    ana, ben, board, ids = await two_on_a_board(4)
    people = [ana, ben, await a_member(board, Role.EDITOR)]
    for _ in range(60):
        who, some = chance.choice(people), chance.sample(ids, chance.randint(1, 3))
        deed = chance.choice(["move", "move", "style", "remove", "restore", "undo", "undo", "redo"])
        try:
            match deed:
                case "move":
                    await move(who, board, chance.random(), *some)
                case "style":
                    patches = [
                        StylePatch(i, opacity=chance.random(), locked=chance.random() < 0.2) for i in some
                    ]
                    await items.restyle_items(who, board, patches)
                case "remove":
                    await items.remove_items(who, board, some)
                case "restore":
                    await items.restore_items(who, board, some)
                case "undo":
                    await history.undo(who, board)
                case _:
                    await history.redo(who, board)
        except DomainError:
            pass
    await require_laws(board)
