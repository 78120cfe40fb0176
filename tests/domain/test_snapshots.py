"""Snapshots: what is kept of a fold is the fold, whoever makes it and however often."""

import asyncio
from uuid import UUID

import pytest

from domain import adding, boards, past, snapshots
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import execute, fetch, transaction
from domain.errors import TooBusy
from domain.operations import BoardState, NoteContent, replay
from domain.snapshots import Point
from tests.domain.test_past import a_story
from tests.factories import a_board, a_viewer
from tests.laws import require_laws, whole_log

pytestmark = pytest.mark.usefixtures("database")


async def seqs(board_id: UUID) -> list[int]:
    return [
        row["seq"] for row in await fetch("SELECT seq FROM snapshot WHERE board = $1 ORDER BY 1", board_id)
    ]


async def a_told_board(deeds: int = 25) -> tuple[Viewer, UUID]:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    await a_story(ana, board.id, deeds)
    return ana, board.id


async def test_a_snapshot_is_the_fold_of_the_log_so_far() -> None:
    _, board = await a_told_board()
    assert await snapshots.take_snapshots(4) == len(await seqs(board))
    log = await require_laws(board)
    records = await fetch("SELECT * FROM snapshot WHERE board = $1 ORDER BY seq", board)
    assert [record["seq"] for record in records] == list(range(4, len(log) + 1, 4))
    for record in records:
        state = replay(change.operation for change in log if change.seq <= record["seq"])
        assert snapshots.unpacked(record["state"]) == state
        assert record["item_count"] == len(state.items)
        assert record["at"] == log[record["seq"] - 1].at


async def test_only_what_has_grown_enough_gets_one_and_only_once() -> None:
    ana, board = await a_told_board()
    small = await a_board(ana)
    length = len(await whole_log(board))
    assert await snapshots.take_snapshots(length + 1) == 0
    assert await snapshots.take_snapshots(length) == 1
    assert await snapshots.take_snapshots(length) == 0
    await boards.edit_board(ana, board, title="One more")
    assert await snapshots.take_snapshots(2) == 0
    assert await snapshots.take_snapshots(1) == 1 + 1
    assert (await seqs(board), await seqs(small.id)) == ([length, length + 1], [1])


async def test_several_that_sweep_at_once_make_each_once() -> None:
    _, board = await a_told_board()
    made = await asyncio.gather(*(snapshots.take_snapshots(3) for _ in range(4)))
    assert sum(made) == len(await seqs(board)) == len(await whole_log(board)) // 3


async def test_a_snapshot_while_people_write_is_true() -> None:
    ana, board = await a_told_board(5)

    async def write() -> None:
        for number in range(20):
            await adding.add_items(ana, board, [NewItem(note=NoteContent(f"{number}"))])

    async def sweep() -> None:
        for _ in range(10):
            await snapshots.take_snapshots(2)

    await asyncio.gather(write(), sweep())
    await snapshots.take_snapshots(2)
    log = await require_laws(board)
    for seq in await seqs(board):
        point = await snapshots.nearest(board, seq)
        assert point.state == replay(change.operation for change in log[:seq])


async def test_the_trouble_of_one_board_is_not_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, one = await a_told_board()
    two = (await a_board(ana)).id
    broken = min(one, two)
    real = snapshots.folded

    async def fails(board_id: UUID, start: Point, seq: int) -> Point:
        if board_id == broken:
            raise TooBusy("not now")
        return await real(board_id, start, seq)

    monkeypatch.setattr(snapshots, "folded", fails)
    assert await snapshots.take_snapshots(1) > 0
    assert (await seqs(broken), len(await seqs(max(one, two))) > 0) == ([], True)


async def test_a_board_that_is_gone_or_made_again_gets_no_snapshot_of_the_old_one() -> None:
    ana, board = await a_told_board()
    [row] = await boards.boards_by_ids(ana, [board])
    assert row is not None
    await snapshots.take_snapshots(3)
    await boards.trash_boards(ana, [board])
    await boards.delete_boards(ana, [board])
    assert await seqs(board) == []
    old = Point(1, row.created_at, BoardState("old"))

    async def keep() -> bool:
        async with transaction() as connection:
            return await snapshots.keep(connection, board, row.created_at, old, snapshots.packed(old.state))

    assert not await keep()
    await boards.create_board(ana, id=board, title="New")
    assert not await keep()
    assert await seqs(board) == []


async def test_a_fold_of_a_log_with_a_hole_is_refused() -> None:
    _, board = await a_told_board()
    await execute("DELETE FROM change WHERE board = $1 AND seq <= 3", board)
    with pytest.raises(snapshots.Torn):
        await snapshots.folded(board, snapshots.START, 5)
    with pytest.raises(snapshots.Torn):
        await snapshots.folded(board, Point(1, None, BoardState()), 5)
    past.forget()
