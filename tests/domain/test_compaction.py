"""Compaction: the beginning of a log may go; the rest is a whole log, and nobody is told anything wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, changes, compaction, history, items, past, snapshots
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.compaction import Compacted, compact
from domain.database import execute, fetch, fetchval
from domain.deeds import plain_deed
from domain.errors import BadInput, HistoryCompacted, NotFound, NothingToUndo, Resync
from domain.live import Hub
from domain.operations import (
    AddComments,
    BoardState,
    CommentState,
    NoteContent,
    Operation,
    Placement,
    RemoveComments,
    Transform,
)
from tests.domain.test_past import a_story, every_item
from tests.factories import a_board, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

DAYS = 30


async def age(board_id: UUID, seq: int, days: float = 40) -> None:
    """Lets the first `seq` changes have happened that long ago."""
    await execute(
        "UPDATE change SET at = at - make_interval(hours => $3) WHERE board = $1 AND seq <= $2",
        board_id,
        seq,
        int(days * 24),
    )


async def a_told_board(deeds: int = 25, seed: int = 1) -> tuple[Viewer, UUID, list[BoardState]]:
    past.forget()
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    states = await a_story(ana, board.id, deeds, seed)
    return ana, board.id, states


async def note(viewer: Viewer, board_id: UUID, text: str = "note") -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent(text))])
    return item_id


@pytest.mark.parametrize("seed", range(4))
async def test_the_laws_hold_after_it_and_what_is_kept_reads_as_before(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "LINES_AT_ONCE", 4)
    ana, board, states = await a_told_board(seed=seed)
    await snapshots.take_snapshots(3)
    for start in (7, 15, len(states) - 1):
        await age(board, start)
        done = await compact(DAYS)
        assert done.boards == 1
        log = await require_laws(board)
        assert len(log) == len(states) - 1 - start
        past.forget()
        for seq in range(start, len(states)):
            found = await every_item(ana, board, seq)
            assert {item.state.id: item.state for item in found} == states[seq].items
        for seq in range(start):
            with pytest.raises(HistoryCompacted) as refused:
                await past.board_at(ana, board, seq)
            assert refused.value.details == {"earliest": start}
    assert await state_in_rows(board) == states[-1]
    assert await compact(DAYS) == Compacted()
    await note(ana, board)
    await require_laws(board)


async def test_what_is_young_stays_however_little_is_asked_for() -> None:
    _, board, states = await a_told_board()
    await age(board, 10, days=6.9)
    before = await rows_of(board)
    for days in (6, 0, -1):
        with pytest.raises(BadInput):
            await compact(days)
    assert await compact(7) == Compacted()
    assert await rows_of(board) == before
    await age(board, 10, days=0.2)
    assert (await compact(7)).lines == 10
    assert len(await require_laws(board)) == len(states) - 11


async def test_a_clock_that_was_wrong_takes_no_young_line_along() -> None:
    _, board, _ = await a_told_board()
    await execute("UPDATE change SET at = at - interval '40 days' WHERE board = $1 AND seq <> 5", board)
    assert (await compact(DAYS)).lines == 4
    await require_laws(board)


async def test_rows_go_only_when_nothing_that_is_kept_speaks_of_them() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    gone, back, spoken, there = [await note(ana, board) for _ in range(4)]
    await items.remove_items(ana, board, [gone, back])
    await items.restore_items(ana, board, [back])
    start = await fetchval("SELECT seq FROM board WHERE id = $1", board)
    await items.remove_items(ana, board, [spoken])
    await age(board, start)
    assert await compact(DAYS) == Compacted(boards=1, lines=start, items=1)
    await require_laws(board)
    with pytest.raises(NotFound) as refused:
        await items.restore_items(ana, board, [gone])
    assert refused.value.details["ids"] == [str(gone)]
    await items.restore_items(ana, board, [spoken])
    assert set((await state_in_rows(board)).items) == {back, spoken, there}
    await require_laws(board)
    await adding.add_items(ana, board, [NewItem(id=gone, note=NoteContent("again"))])
    await require_laws(board)


async def test_what_was_compacted_is_not_offered_to_be_undone_the_rest_is() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    item = await note(ana, board)
    await items.transform_items(ana, board, [Placement(item, Transform(1))])
    await items.transform_items(ana, board, [Placement(item, Transform(2))])
    await age(board, 3)
    await compact(DAYS)
    assert await history.can_undo(ana, board)
    await history.undo(ana, board)
    assert (await state_in_rows(board)).items[item].transform == Transform(1)
    assert not await history.can_undo(ana, board)
    with pytest.raises(NothingToUndo):
        await history.undo(ana, board)
    await history.redo(ana, board)
    assert (await state_in_rows(board)).items[item].transform == Transform(2)
    await require_laws(board)


async def test_an_undo_of_what_was_compacted_can_be_redone() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    item = await note(ana, board)
    await items.transform_items(ana, board, [Placement(item, Transform(1))])
    await age(board, 3)
    await history.undo(ana, board)
    await compact(DAYS)
    await history.redo(ana, board)
    assert (await state_in_rows(board)).items[item].transform == Transform(1)
    await require_laws(board)


async def test_a_call_that_is_sent_again_gets_its_answer() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    mutation, new = uuid4(), [NewItem(id=uuid4(), note=NoteContent("once"))]
    first = await adding.add_items(ana, board, new, mutation_id=mutation)
    await age(board, 1)
    await execute("UPDATE change SET at = at - interval '6.5 days' WHERE board = $1 AND seq = 2", board)
    await compact(7)
    again = await adding.add_items(ana, board, new, mutation_id=mutation)
    assert (again.seq, again.operation) == (first.seq, first.operation)
    await require_laws(board)


async def test_the_log_is_read_from_its_first_line_that_is_kept() -> None:
    ana, board, states = await a_told_board()
    await age(board, 10)
    await compact(DAYS)
    page = await changes.changes_of(ana, board, first=3)
    assert [line.seq for line in page.nodes] == [11, 12, 13]
    assert await page.total() == len(states) - 11
    [row] = await boards.boards_by_ids(ana, [board])
    assert row is not None
    assert row.log_start == 10


@pytest.mark.parametrize("after", [0, 9])
async def test_who_follows_from_before_the_beginning_is_told_to_read_again(after: int) -> None:
    ana, board, _ = await a_told_board()
    await age(board, 10)
    await compact(DAYS)
    async with Hub() as hub:
        with pytest.raises(Resync):
            await anext(hub.changes(ana, board, after))


async def test_who_follows_from_the_beginning_misses_nothing() -> None:
    ana, board, states = await a_told_board()
    await age(board, 10)
    await compact(DAYS)
    async with Hub() as hub:
        stream = hub.changes(ana, board, 10)
        seqs = [(await anext(stream)).seq for _ in range(len(states) - 11)]
        assert seqs == list(range(11, len(states)))
        await stream.aclose()


async def test_a_log_without_any_line_left_is_followed_from_its_end_alone() -> None:
    ana, board, states = await a_told_board()
    last = len(states) - 1
    await age(board, last)
    await compact(DAYS)
    assert await require_laws(board) == []
    async with Hub() as hub:
        with pytest.raises(Resync):
            await anext(hub.changes(ana, board, last - 1))
        stream = hub.changes(ana, board, last)
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.1)
        await note(ana, board)
        assert (await following).seq == last + 1
        await stream.aclose()


async def test_those_who_write_and_follow_meanwhile_notice_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "LINES_AT_ONCE", 2)
    ana, board, states = await a_told_board()
    ben = await a_member(board, Role.EDITOR)
    last = len(states) - 1
    await age(board, last - 3)
    wanted = 30

    async def write() -> None:
        for number in range(wanted // 2):
            await asyncio.gather(note(ana, board, f"{number}"), note(ben, board, f"{number}"))

    async def follow(hub: Hub) -> list[int]:
        seen: list[int] = []
        async for change in hub.changes(ben, board, last):
            seen.append(change.seq)
            if len(seen) == wanted:
                return seen
        return seen

    async with Hub() as hub:
        following = asyncio.create_task(follow(hub))
        await asyncio.sleep(0.1)
        writing = asyncio.create_task(write())
        done = await asyncio.gather(*(compact(DAYS) for _ in range(3)))
        await writing
        async with asyncio.timeout(10):
            assert await following == list(range(last + 1, last + 1 + wanted))
    assert sum(each.lines for each in done) == last - 3
    await require_laws(board)


async def test_boards_in_the_trash_are_compacted_too_and_can_be_deleted() -> None:
    ana, board, _ = await a_told_board()
    await boards.trash_boards(ana, [board])
    await age(board, 100)
    assert (await compact(DAYS)).boards == 1
    await require_laws(board)
    await boards.delete_boards(ana, [board])
    assert await fetchval("SELECT count(*) FROM snapshot") == 0


async def test_what_is_cut_short_leaves_a_whole_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "LINES_AT_ONCE", 4)
    _, board, _ = await a_told_board()
    await age(board, 20)
    real, calls = compaction._deleted, []

    async def fails_later(*args: object) -> int:
        calls.append(args)
        if len(calls) == 4:  # the items of the second step
            raise ZeroDivisionError
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(compaction, "_deleted", fails_later)
    with pytest.raises(ZeroDivisionError):
        await compact(DAYS)
    assert len(await require_laws(board)) > 0
    assert await fetchval("SELECT log_start FROM board WHERE id = $1", board) == 4
    monkeypatch.undo()
    await compact(DAYS, now=datetime.now(UTC) + timedelta(minutes=1))
    assert await fetchval("SELECT log_start FROM board WHERE id = $1", board) == 20
    await require_laws(board)


async def comment(viewer: Viewer, board_id: UUID, operation: Operation) -> None:
    await plain_deed(viewer, board_id, None, "comment", operation)


async def test_comments_that_were_removed_go_as_items_do() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    item = await note(ana, board)
    ids = gone, spoken, there = [uuid4() for _ in range(3)]
    said = [CommentState(i, ana.account_id, datetime.now(UTC), "words", item_id=item) for i in ids]
    await comment(ana, board, AddComments(said))
    await comment(ana, board, RemoveComments([gone]))
    start = await fetchval("SELECT seq FROM board WHERE id = $1", board)
    await comment(ana, board, RemoveComments([spoken]))
    await age(board, start)
    await compact(DAYS)
    await require_laws(board)
    assert {row["id"] for row in await fetch("SELECT id FROM comment")} == {spoken, there}
    await history.undo(ana, board)
    assert (await state_in_rows(board)).comments.keys() == {spoken, there}
    await require_laws(board)
