"""The log: gapless under many writers, read in pages, closed to those who may not read the board."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from domain import adding, changes, items
from domain.access import Role
from domain.adding import NewItem
from domain.database import connect, fetch
from domain.errors import BadInput, NotFound
from domain.operations import NoteContent, Placement, Transform
from tests.factories import a_board, a_member, a_viewer
from tests.laws import require_laws, whole_log

pytestmark = pytest.mark.usefixtures("database")


async def test_twenty_writers_leave_no_gap() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    writers = [ana, *[await a_member(board.id, Role.EDITOR) for _ in range(19)]]
    ids = [uuid4() for _ in writers]
    await adding.add_items(ana, board.id, [NewItem(id=i, note=NoteContent()) for i in ids])
    start = len(await whole_log(board.id))

    async def write(n: int) -> list[int]:
        seqs = []
        for step in range(5):
            mine = [
                Placement(ids[(n + step) % 20], Transform(x=n, y=step)),
                Placement(ids[n], Transform(x=n)),
            ]
            wanted = mine[:1] if mine[0].id == mine[1].id else mine
            seqs.append((await items.transform_items(writers[n], board.id, wanted)).seq)
        return seqs

    seqs = await asyncio.gather(*(write(n) for n in range(20)))
    assert sorted(seq for one in seqs for seq in one) == list(range(start + 1, start + 101))
    assert all(one == sorted(one) for one in seqs)
    await require_laws(board.id)


async def test_pages_of_the_log_hold_all_of_it_the_oldest_first() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    for _ in range(7):
        await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    log = await require_laws(board.id)

    for since, expected in ((None, log), (0, log), (3, log[3:])):
        seen: list[changes.Change] = []
        after = None
        while True:
            page = await changes.changes_of(ana, board.id, first=3, after=after, since=since)
            seen += page.nodes
            assert await page.total() == len(expected)
            if not page.has_next:
                break
            after = page.cursors[-1]
        assert seen == expected
    assert await changes.changes_since(ana, board.id, 2, 2) == log[2:4]


async def test_a_page_ends_where_its_changes_name_too_many_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_NAMED", 4)
    ana = await a_viewer()
    board = await a_board(ana)
    for count in (1, 2, 3, 6, 1, 1):
        await adding.add_items(ana, board.id, [NewItem(note=NoteContent()) for _ in range(count)])

    pages: list[list[int]] = []
    after = None
    while not pages or after is not None:
        page = await changes.changes_of(ana, board.id, first=3, after=after, since=1)
        pages.append([line.seq for line in page.nodes])
        after = page.cursors[-1] if page.has_next else None
    assert pages == [[2, 3], [4], [5], [6, 7]]


async def test_the_log_is_closed_to_strangers() -> None:
    board = await a_board(await a_viewer())
    stranger = await a_viewer()
    with pytest.raises(NotFound):
        await changes.changes_since(stranger, board.id, 0)
    with pytest.raises(NotFound):
        await changes.changes_of(stranger, board.id, first=1)


@pytest.mark.parametrize("seq", [-1, 2**53])
async def test_a_seq_is_a_small_whole_number(seq: int) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    with pytest.raises(BadInput):
        await changes.changes_since(ana, board.id, seq)


async def test_a_change_is_announced_when_it_is_committed() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    listener = await connect()
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(_connection: object, _process: int, _channel: str, payload: object) -> None:
        heard.put_nowait(str(payload))

    try:
        await listener.add_listener("webref", hear)
        await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
        assert await asyncio.wait_for(heard.get(), 2) == f'{{"board":"{board.id}"}}'
    finally:
        await listener.close()


async def test_a_seq_can_not_be_written_twice() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    with pytest.raises(asyncpg.UniqueViolationError):
        await fetch(
            "INSERT INTO change (board, seq, actor, operation, inverse, subjects, aspects) "
            "SELECT board, seq, actor, operation, inverse, subjects, aspects FROM change WHERE board = $1",
            board.id,
        )
