"""The past: a board at any of its changes is what its rows were right then."""

import asyncio
import random
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from domain import access, adding, boards, contents, history, items, past, past_items, snapshots
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.compaction import compact
from domain.database import execute
from domain.errors import BadInput, DomainError, NotFound
from domain.operations import BoardState, FrameContent, NoteContent, Placement, Rank, StylePatch, Transform
from tests.factories import a_board, a_member, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    past.forget()
    yield
    past.forget()


async def a_story(viewer: Viewer, board_id: UUID, deeds: int = 25, seed: int = 1) -> list[BoardState]:
    """Things happen to the board; its rows after each change, the empty start first."""
    chance = random.Random(seed)
    states = [BoardState(), await state_in_rows(board_id)]
    image = await an_image(viewer)
    for number in range(deeds):
        there = list(states[-1].items)
        chosen = chance.sample(there, min(len(there), chance.randint(1, 3)))
        notes = [i for i in chosen if states[-1].items[i].note is not None]
        frames = [i for i, item in states[-1].items.items() if item.frame is not None]
        match chance.randint(0, 10):
            case 1 if chosen:
                await items.transform_items(
                    viewer, board_id, [Placement(i, Transform(number)) for i in chosen]
                )
            case 2 if chosen:
                await items.restyle_items(viewer, board_id, [StylePatch(i, name=f"{number}") for i in chosen])
            case 3 if chosen:
                await items.reorder_items(viewer, board_id, [Rank(i, f"a{number % 10}V") for i in chosen])
            case 4 if chosen:
                await items.remove_items(viewer, board_id, chosen)
            case 5:
                await boards.edit_board(viewer, board_id, title=f"Title {number}")
            case 6 if there:
                try:
                    await history.undo(viewer, board_id)
                except DomainError:
                    continue
            case 7 if notes:
                edits = [contents.NoteEdit(i, NoteContent(f"edited {number}"), 50, 60) for i in notes]
                await contents.edit_notes(viewer, board_id, edits)
            case 8:
                await adding.add_items(viewer, board_id, [NewItem(frame=FrameContent())])
            case 9 if frames:
                new = [NewItem(note=NoteContent("framed"), parent_id=chance.choice(frames))]
                await adding.add_items(viewer, board_id, new)
            case _:
                new = [NewItem(id=uuid4(), note=NoteContent(f"{number}")), NewItem(image_id=image)]
                await adding.add_items(viewer, board_id, new)
        states.append(await state_in_rows(board_id))
    return states


async def every_item(viewer: Viewer, board_id: UUID, seq: int, first: int = 100) -> list[items.ItemRow]:
    found: list[items.ItemRow] = []
    after = None
    while True:
        page = await past_items.items_at(viewer, board_id, seq, first=first, after=after)
        found += page.nodes
        assert await page.total() >= len(found)
        if not page.has_next:
            return found
        after = page.cursors[-1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("every_lines", [1, 7, 1000])
async def test_each_moment_is_read_as_it_was(seed: int, every_lines: int) -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="First", description="Words")
    states = await a_story(ana, board.id, seed=seed)
    await snapshots.take_snapshots(every_lines)
    await require_laws(board.id)
    moments = list(range(len(states)))
    random.Random(seed).shuffle(moments)
    for seq in moments:
        row = await past.board_at(ana, board.id, seq)
        found = await every_item(ana, board.id, seq, first=3)
        assert {item.state.id: item.state for item in found} == states[seq].items
        assert [(i.state.z, i.state.id) for i in found] == sorted((i.state.z, i.state.id) for i in found)
        assert (row.seq, row.title, row.description) == (seq, states[seq].title, states[seq].description)
        assert row.item_count == len(found)
        assert row.trashed_at is None


async def test_the_latest_moment_is_the_present() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    await a_story(ana, board.id)
    [now] = await boards.boards_by_ids(ana, [board.id])
    assert now is not None
    assert await past.board_at(ana, board.id, now.seq) == now
    today = await items.items_on(ana, board.id, first=100)
    then = await past_items.items_at(ana, board.id, now.seq, first=100)
    assert (then.nodes, then.cursors, then.has_next) == (today.nodes, today.cursors, today.has_next)
    assert await past_items.cover_at(ana, board.id, now.seq) == (await boards.covers_of(ana, [board.id]))[0]


async def test_dates_cover_and_trash_are_those_of_then() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    early, late = await an_image(ana), await an_image(ana)
    await adding.add_items(ana, board.id, [NewItem(image_id=early)])
    added = await adding.add_items(ana, board.id, [NewItem(image_id=late)])
    await boards.edit_board(ana, board.id, cover_id=late)
    [trashed] = await boards.trash_boards(ana, [board.id])
    await boards.restore_boards(ana, [board.id])
    covers = [await past_items.cover_at(ana, board.id, seq) for seq in range(7)]
    assert covers == [None, None, early, early, late, late, late]
    rows = [await past.board_at(ana, board.id, seq) for seq in range(7)]
    assert rows[0].updated_at == board.created_at
    assert rows[3].updated_at == added.at
    assert [row.trashed_at is not None for row in rows] == [False] * 5 + [True, False]
    assert rows[5].trashed_at == trashed.updated_at
    assert [row.item_count for row in rows] == [0, 0, 1, 2, 2, 2, 2]


async def test_a_moment_that_has_not_come_is_refused_and_the_latest_named() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    for seq in (2, -1, 2**60):
        for read in (past.board_at, past_items.items_at, past_items.cover_at):
            with pytest.raises(BadInput) as refused:
                await read(ana, board.id, seq)
            assert refused.value.details["latest"] == 1


async def test_who_may_read_the_board_may_read_its_past_and_nobody_else() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="Secret")
    await boards.edit_board(ana, board.id, title="Open")
    before = await rows_of(board.id)
    for role in Role:
        reader = await a_member(board.id, role)
        row = await past.board_at(reader, board.id, 1)
        assert (row.title, row.role) == ("Secret", role)
    after = await rows_of(board.id)
    for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
        for read in (past.board_at, past_items.items_at, past_items.cover_at):
            with pytest.raises(NotFound):
                await read(stranger, board.id, 1)
    assert set(before.lines) <= set(after.lines)
    await require_laws(board.id)


async def test_a_board_in_the_trash_has_its_past() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="Kept")
    await boards.trash_boards(ana, [board.id])
    assert (await past.board_at(ana, board.id, 1)).trashed_at is None


async def test_a_board_made_again_under_the_same_id_has_its_own_past() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="Old")
    assert (await past.board_at(ana, board.id, 1)).title == "Old"
    await boards.trash_boards(ana, [board.id])
    await boards.delete_boards(ana, [board.id])
    await boards.create_board(ana, id=board.id, title="New")
    assert (await past.board_at(ana, board.id, 1)).title == "New"


async def test_many_who_read_at_once_fold_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    await a_story(ana, board.id)
    real, folds = snapshots.folded, []

    async def counted(board_id: UUID, start: snapshots.Point, seq: int) -> snapshots.Point:
        folds.append(seq)
        return await real(board_id, start, seq)

    monkeypatch.setattr(snapshots, "folded", counted)
    await asyncio.gather(*(past.board_at(ana, board.id, 9) for _ in range(8)))
    assert folds == [9]


async def test_the_memory_of_states_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    states = await a_story(ana, board.id)
    monkeypatch.setattr(past, "MOST_KEPT_BYTES", 3 * past.size_of(states[-1]))
    for seq in range(len(states)):
        await past.board_at(ana, board.id, seq)
        assert past._kept.size_bytes <= past.MOST_KEPT_BYTES
    monkeypatch.setattr(past, "MOST_KEPT_BYTES", 1)
    await past.board_at(ana, board.id, 3)
    assert len(past._kept.boards) <= 1


async def test_a_picture_that_was_replaced_is_still_seen_in_the_past_as_long_as_that_is_kept() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    reader, stranger = await a_member(board, Role.VIEWER), await a_viewer()
    old, new, item = await an_image(ana), await an_image(ana), uuid4()
    await adding.add_items(ana, board, [NewItem(id=item, image_id=old)])
    await contents.replace_images(ana, board, [contents.Replacement(item, new)])
    [then] = (await past_items.items_at(reader, board, 2)).nodes
    [now] = (await past_items.items_at(reader, board, 3)).nodes
    assert (then.state.image_id, now.state.image_id) == (old, new)
    assert (await access.image(reader, old)).id == old
    with pytest.raises(NotFound):
        await access.image(stranger, old)
    await history.undo(ana, board)
    assert (await access.image(reader, new)).id == new
    await history.redo(ana, board)
    await require_laws(board)
    await execute("UPDATE change SET at = at - interval '40 days'")
    await compact(30)
    with pytest.raises(NotFound):
        await access.image(reader, old)
    assert (await access.image(reader, new)).id == new
    await require_laws(board)
    await boards.trash_boards(ana, [board])
    await boards.delete_boards(ana, [board])
    with pytest.raises(NotFound):
        await access.image(reader, new)
