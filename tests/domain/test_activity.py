"""Activity: every change is told once, in entries whose place in the list never changes."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain import activity, adding, boards, history, items
from domain.access import Role, Viewer
from domain.activity import Entry, activity_of
from domain.adding import NewItem
from domain.changes import Change
from domain.compaction import compact
from domain.database import execute, fetch
from domain.errors import BadInput, NotFound
from domain.operations import EditBoard, NoteContent, Placement, Transform
from tests.domain.test_past import a_story
from tests.factories import a_board, a_member, a_viewer, an_image, rows_of
from tests.laws import whole_log

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2026, 1, 1, tzinfo=UTC)


async def entries_of(viewer: Viewer, board_id: UUID, first: int = 50) -> list[Entry]:
    found: list[Entry] = []
    after = None
    while True:
        page = await activity_of(viewer, board_id, first=first, after=after)
        found += page.nodes
        if not page.has_next:
            assert await page.total() == len(found)
            return found
        after = page.cursors[-1]


async def at_minutes(board_id: UUID, *minutes: float) -> None:
    """When the changes happened, in order."""
    for seq, minute in enumerate(minutes, start=1):
        await execute(
            "UPDATE change SET at = $3 WHERE board = $1 AND seq = $2",
            board_id,
            seq,
            START + timedelta(minutes=minute),
        )


async def a_table() -> tuple[Viewer, Viewer, UUID]:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    return ana, await a_member(board.id, Role.EDITOR, "Ben"), board.id


async def test_what_one_person_does_in_one_go_is_one_entry() -> None:
    ana, ben, board = await a_table()
    image, ids = await an_image(ana), [uuid4() for _ in range(4)]
    new = [NewItem(id=i, image_id=image) for i in ids[:3]] + [NewItem(id=ids[3], note=NoteContent())]
    await adding.add_items(ana, board, new)
    await items.transform_items(ana, board, [Placement(i, Transform(1)) for i in ids[:2]])
    await items.remove_items(ben, board, [ids[3]])
    await items.transform_items(ana, board, [Placement(ids[0], Transform(2))])
    await at_minutes(board, 0, 1, 5, 6, 9)
    by_ben, by_ana, made = await entries_of(ana, board)
    assert (made.about, made.counts, made.item_ids) == ("board", {"edit_board": 1}, [])
    assert (made.first_seq, made.last_seq, made.actor_id) == (1, 1, ana.account_id)
    assert (by_ana.about, by_ana.first_seq, by_ana.last_seq, by_ana.changes) == ("items", 2, 5, 3)
    assert by_ana.counts == {"add_items:IMAGE": 3, "add_items:NOTE": 1, "transform_items": 3}
    assert by_ana.item_ids == ids
    assert (by_ana.began_at, by_ana.ended_at) == (START + timedelta(minutes=1), START + timedelta(minutes=9))
    assert (by_ben.actor_id, by_ben.counts, by_ben.item_ids) == (
        ben.account_id,
        {"remove_items": 1},
        [ids[3]],
    )
    assert await entries_of(ana, board, first=1) == [by_ben, by_ana, made]


async def test_a_pause_ends_an_entry() -> None:
    ana, _, board = await a_table()
    for _ in range(5):
        await adding.add_items(ana, board, [NewItem(note=NoteContent())])
    await at_minutes(board, 0, 1, 6, 11.1, 11.2, 17)
    found = await entries_of(ana, board)
    assert [(entry.first_seq, entry.last_seq) for entry in found] == [(6, 6), (4, 5), (2, 3), (1, 1)]


async def test_what_was_undone_is_marked_until_it_is_brought_back() -> None:
    ana, ben, board = await a_table()
    item = uuid4()
    await adding.add_items(ben, board, [NewItem(id=item, note=NoteContent())])
    for x in (1, 2):
        await items.transform_items(ana, board, [Placement(item, Transform(x))])

    async def marks() -> tuple[int, int, int, int]:
        entry = (await entries_of(ana, board))[0]
        assert entry.counts == {"transform_items": 2}
        return entry.changes, entry.undone, entry.undos, entry.redos

    assert await marks() == (2, 0, 0, 0)
    await history.undo(ana, board)
    assert await marks() == (3, 1, 1, 0)
    await history.undo(ana, board)
    assert await marks() == (4, 2, 2, 0)
    await history.redo(ana, board)
    assert await marks() == (5, 1, 2, 1)
    await history.undo(ana, board)
    assert await marks() == (6, 2, 3, 1)


async def test_what_could_not_be_undone_stands() -> None:
    ana, ben, board = await a_table()
    item = uuid4()
    await adding.add_items(ben, board, [NewItem(id=item, note=NoteContent())])
    await items.transform_items(ana, board, [Placement(item, Transform(1))])
    await items.transform_items(ben, board, [Placement(item, Transform(2))])
    assert (await history.undo(ana, board)).change is None
    assert [entry.undone for entry in await entries_of(ana, board)] == [0, 0, 0]


def grouped(log: list[Change], minutes: list[float]) -> list[tuple[int, int, int]]:
    """First and last seq and length of each entry, the latest begun first: the same rule in plain steps."""
    going: dict[tuple[UUID, bool], list[int]] = {}
    entries: list[list[int]] = []
    for change, minute in zip(log, minutes, strict=True):
        sort = (change.actor_id, isinstance(change.operation, EditBoard))
        entry = going.get(sort)
        if entry is None or minute - minutes[entry[-1] - 1] > activity.PAUSE_MINUTES:
            entry = going[sort] = []
            entries.append(entry)
        entry.append(change.seq)
    return [(entry[0], entry[-1], len(entry)) for entry in reversed(entries)]


@pytest.mark.parametrize("seed", range(3))
async def test_every_change_is_in_one_entry_whatever_the_pages(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, board = await a_table()
    chance = random.Random(seed)
    for part in range(6):
        await a_story(chance.choice((ana, ben)), board, chance.randint(2, 9), seed=10 * seed + part)
    log = await whole_log(board)
    minutes = [0.0]
    for _ in log[1:]:
        minutes.append(minutes[-1] + chance.choice((0.5, 1, 6)))
    await at_minutes(board, *minutes)
    found = await entries_of(ana, board)
    assert [(entry.first_seq, entry.last_seq, entry.changes) for entry in found] == grouped(log, minutes)
    for first in (1, 2, 7):
        assert await entries_of(ana, board, first) == found


async def test_no_entry_is_longer_than_a_block_and_pages_read_only_their_blocks() -> None:
    ana, _, board = await a_table()
    item = uuid4()
    await adding.add_items(ana, board, [NewItem(id=item, note=NoteContent())])
    lines = 3 * activity.BLOCK_LINES
    await execute(
        "INSERT INTO change (board, seq, actor, at, about, operation, inverse, subjects, aspects, tally) "
        "SELECT board, n, actor, at, about, operation, inverse, subjects, aspects, tally "
        "FROM change, generate_series(3, $2) AS n WHERE board = $1 AND seq = 2",
        board,
        lines + 7,
    )
    await execute("UPDATE board SET seq = $2 WHERE id = $1", board, lines + 7)
    found = await entries_of(ana, board, first=2)
    block = activity.BLOCK_LINES
    assert [(entry.first_seq, entry.last_seq, entry.changes) for entry in found] == [
        (3 * block + 1, 3 * block + 7, 7),
        (2 * block + 1, 3 * block, block),
        (block + 1, 2 * block, block),
        (2, block, block - 1),
        (1, 1, 1),
    ]


async def test_a_cursor_stays_true_while_people_go_on() -> None:
    ana, ben, board = await a_table()
    for viewer in (ana, ben, ana):
        await adding.add_items(viewer, board, [NewItem(note=NoteContent())])
    await at_minutes(board, 0, 1, 2, 20)
    page = await activity_of(ana, board, first=1)
    rest = [entry.first_seq for entry in (await activity_of(ana, board, after=page.cursors[0])).nodes]
    await adding.add_items(ana, board, [NewItem(note=NoteContent())])
    await adding.add_items(ben, board, [NewItem(note=NoteContent())])
    again = await activity_of(ana, board, after=page.cursors[0])
    assert [entry.first_seq for entry in again.nodes] == rest == [3, 2, 1]


async def test_it_begins_where_the_log_begins() -> None:
    ana, _, board = await a_table()
    await a_story(ana, board)
    await execute("UPDATE change SET at = at - interval '40 days' WHERE seq <= 9")
    await compact(30)
    found = await entries_of(ana, board)
    assert min(entry.first_seq for entry in found) == 10


async def test_an_item_touched_often_is_named_once_and_of_many_the_first_twenty() -> None:
    ana, _, board = await a_table()
    ids = [uuid4() for _ in range(50)]
    await adding.add_items(ana, board, [NewItem(id=i, note=NoteContent()) for i in ids])
    await items.transform_items(ana, board, [Placement(i, Transform(1)) for i in reversed(ids)])
    [entry, _] = await entries_of(ana, board)
    assert (entry.item_ids, entry.counts["transform_items"]) == (ids[:20], 50)


async def test_who_may_read_the_board_may_read_it_and_nothing_is_written() -> None:
    ana, _, board = await a_table()
    await boards.trash_boards(ana, [board])
    before = await rows_of(board)
    for role in (Role.OWNER, Role.VIEWER):
        reader = await a_member(board, role)
        assert len(await entries_of(reader, board)) == 1
    for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
        with pytest.raises(NotFound):
            await activity_of(stranger, board)
    assert set(before.lines) <= set((await rows_of(board)).lines)
    assert len(await fetch("SELECT FROM change")) == 2


@pytest.mark.parametrize(("first", "after"), [(0, None), (51, None), (1, "nonsense")])
async def test_a_wrong_page_is_refused(first: int, after: str | None) -> None:
    ana, _, board = await a_table()
    with pytest.raises(BadInput):
        await activity_of(ana, board, first=first, after=after)
