"""Reverting: the board becomes what it was, by one change, and nothing is lost by it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, changes, history, items, past, reverting
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.compaction import compact
from domain.database import execute
from domain.deeds import plain_deed
from domain.errors import (
    BadInput,
    BoardTrashed,
    Forbidden,
    HistoryCompacted,
    LimitExceeded,
    MutationIdConflict,
    NotFound,
    NothingToChange,
)
from domain.operations import (
    AddComments,
    BoardState,
    CommentState,
    FrameContent,
    NoteContent,
    Placement,
    StylePatch,
    Transform,
)
from domain.reverting import revert_board
from tests.domain.test_past import a_story
from tests.factories import a_board, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    past.forget()


async def a_told_board(seed: int = 1, deeds: int = 20) -> tuple[Viewer, UUID, list[BoardState]]:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    return ana, board, await a_story(ana, board, deeds, seed)


@pytest.mark.parametrize("seed", range(4))
async def test_any_moment_comes_back_as_one_change_and_undoing_it_brings_the_present(seed: int) -> None:
    ana, board, states = await a_told_board(seed)
    for to in range(1, len(states) - 1, 2):
        before = await state_in_rows(board)
        if before == states[to]:
            continue
        length = len(await require_laws(board))
        change = await revert_board(ana, board, to)
        assert await state_in_rows(board) == states[to]
        log = await require_laws(board)
        assert (len(log), log[-1]) == (length + 1, change)
        if before.items != states[to].items:
            reverted = await history.undo(ana, board)
            assert reverted.skipped == []
            assert await state_in_rows(board) == before
            await history.redo(ana, board)
            assert await state_in_rows(board) == states[to]
            await require_laws(board)


async def test_to_before_its_first_change_nothing_is_left_but_the_board() -> None:
    ana, board, _ = await a_told_board()
    await revert_board(ana, board, 0)
    assert await state_in_rows(board) == BoardState()
    await require_laws(board)


async def test_containers_and_locked_items_go_back_too() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    frame, group, note, later = [uuid4() for _ in range(4)]
    new = [
        NewItem(id=frame, frame=FrameContent()),
        NewItem(id=group, is_group=True, parent_id=frame),
        NewItem(id=note, note=NoteContent("then"), parent_id=group),
    ]
    await adding.add_items(ana, board, new)
    then = await state_in_rows(board)
    await items.remove_items(ana, board, [note])
    await items.remove_items(ana, board, [frame])
    await adding.add_items(ana, board, [NewItem(id=later, frame=FrameContent())])
    await items.restyle_items(ana, board, [StylePatch(later, locked=True)])
    now = await state_in_rows(board)
    await revert_board(ana, board, 2)
    assert await state_in_rows(board) == then
    await require_laws(board)
    await revert_board(ana, board, 6)
    assert await state_in_rows(board) == now
    await require_laws(board)


async def test_words_and_cover_come_back_the_trash_does_not() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana, title="One", description="Words")).id
    await boards.trash_boards(ana, [board])
    await boards.restore_boards(ana, [board])
    await boards.edit_board(ana, board, title="Two", description="")
    await revert_board(ana, board, 2)
    state = await state_in_rows(board)
    assert (state.title, state.description, state.trashed) == ("One", "Words", False)
    await require_laws(board)


async def test_anothers_later_work_is_spared_when_it_is_undone() -> None:
    ana, board, _ = await a_told_board(deeds=0)
    ben = await a_member(board, Role.EDITOR)
    one, two = uuid4(), uuid4()
    await adding.add_items(ana, board, [NewItem(id=i, note=NoteContent()) for i in (one, two)])
    await items.transform_items(ana, board, [Placement(i, Transform(5)) for i in (one, two)])
    await revert_board(ana, board, 2)
    await items.transform_items(ben, board, [Placement(two, Transform(9))])
    reverted = await history.undo(ana, board)
    assert [skipped.item_id for skipped in reverted.skipped] == [two]
    placed = (await state_in_rows(board)).items
    assert (placed[one].transform.x, placed[two].transform.x) == (5, 9)
    await require_laws(board)


async def test_only_those_who_may_edit_may_revert_and_refusals_change_nothing() -> None:
    ana, board, states = await a_told_board()
    reader, commenter = await a_member(board, Role.VIEWER), await a_member(board, Role.COMMENTER)
    editor = await a_member(board, Role.EDITOR)
    token = Viewer(ana.account_id, ana.name, scope=Scope.READ)
    before = await rows_of(board)
    for viewer in (reader, commenter, token):
        with pytest.raises(Forbidden):
            await revert_board(viewer, board, 3)
    for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
        with pytest.raises(NotFound):
            await revert_board(stranger, board, 3)
    for wrong in (-1, len(states)):
        with pytest.raises(BadInput):
            await revert_board(editor, board, wrong)
    with pytest.raises(NothingToChange):
        await revert_board(editor, board, len(states) - 1)
    assert await rows_of(board) == before
    await boards.trash_boards(ana, [board])
    before = await rows_of(board)
    with pytest.raises(BoardTrashed):
        await revert_board(editor, board, 3)
    assert await rows_of(board) == before
    await boards.restore_boards(ana, [board])
    await revert_board(editor, board, 3)
    await require_laws(board)


async def test_too_much_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, board, _ = await a_told_board()
    monkeypatch.setattr(reverting, "MOST_TOUCHED", 1)
    before = await rows_of(board)
    with pytest.raises(LimitExceeded, match="in steps, to moments between") as refused:
        await revert_board(ana, board, 0)
    assert refused.value.details["items"] > refused.value.details["limit"] == 1
    assert await rows_of(board) == before


async def test_what_was_compacted_cannot_come_back_the_rest_can() -> None:
    ana, board, states = await a_told_board()
    await execute("UPDATE change SET at = at - interval '40 days' WHERE seq <= 9")
    await compact(30)
    past.forget()
    with pytest.raises(HistoryCompacted):
        await revert_board(ana, board, 8)
    for to in (9, 12):
        await revert_board(ana, board, to)
        assert await state_in_rows(board) == states[to]
        await require_laws(board)


async def test_sent_again_it_is_done_once() -> None:
    ana, board, _ = await a_told_board()
    mutation = uuid4()
    first = await revert_board(ana, board, 3, mutation_id=mutation)
    again = await revert_board(ana, board, 3, mutation_id=mutation)
    assert again == first
    with pytest.raises(MutationIdConflict):
        await revert_board(ana, board, 4, mutation_id=mutation)
    await require_laws(board)


async def test_those_who_write_meanwhile_lose_nothing_of_the_log() -> None:
    ana, board, states = await a_told_board()
    ben = await a_member(board, Role.EDITOR)

    async def write(number: int) -> None:
        await adding.add_items(ben, board, [NewItem(note=NoteContent(f"{number}"))])

    await asyncio.gather(*(write(number) for number in range(8)), revert_board(ana, board, 5))
    log = await require_laws(board)
    assert len(log) == len(states) - 1 + 9
    reverted = next(change for change in log[len(states) - 1 :] if change.actor_id == ana.account_id)
    [row] = await boards.boards_by_ids(ana, [board])
    assert row is not None
    assert (await past.past_of(row, reverted.seq)).state == states[5]
    assert await changes.change_at(board, reverted.seq) == reverted


async def test_what_people_said_stays() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    item, words = uuid4(), uuid4()
    await adding.add_items(ana, board, [NewItem(id=item, note=NoteContent())])
    said = CommentState(words, ana.account_id, datetime.now(UTC), "words", item_id=item)
    await plain_deed(ana, board, None, "comment", AddComments([said]))
    for to in (1, 3):
        await revert_board(ana, board, to)
        state = await state_in_rows(board)
        assert (state.comments, len(state.items)) == ({words: said}, to // 2)
        await require_laws(board)
