"""Laws of boards: the log gives the rows, a refusal changes nothing, a list keeps its order."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import msgspec
import pytest
from msgspec import structs

from domain import adding, boards, changes, items, nearness
from domain.access import Role, Scope
from domain.adding import NewItem
from domain.boards import Order, State
from domain.database import execute, fetchval
from domain.errors import (
    AlreadyExists,
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    MutationIdConflict,
    NotFound,
)
from domain.operations import (
    THE_BOARD,
    BoardState,
    Crop,
    DrawingContent,
    EditBoard,
    FrameContent,
    ItemState,
    NoteContent,
    Sampling,
    Shape,
    Style,
    Transform,
    TrashBoard,
    replay,
)
from domain.tally import tally_of
from tests.factories import a_board, a_member, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")


async def test_a_new_board_is_its_makers_and_in_its_own_log() -> None:
    ana = await a_viewer("Ana")
    board_id = uuid4()
    board = await boards.create_board(ana, id=board_id, title="  Trees ", description="Oaks\nand beeches")
    assert (board.id, board.title, board.description) == (board_id, "Trees", "Oaks\nand beeches")
    assert (board.role, board.seq, board.item_count, board.trashed_at) == (Role.OWNER, 1, 0, None)
    await require_laws(board_id)


async def test_an_id_that_is_taken_makes_nothing() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    before = await rows_of(board.id)
    with pytest.raises(AlreadyExists):
        await boards.create_board(ben, id=board.id, title="Mine")
    assert await rows_of(board.id) == before
    assert await fetchval("SELECT count(*) FROM board") == 1


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "two\nlines", "nul\x00", "lone \ud800"])
async def test_a_bad_title_makes_nothing(title: str) -> None:
    ana = await a_viewer()
    with pytest.raises(BadInput):
        await boards.create_board(ana, title=title)
    assert await fetchval("SELECT count(*) FROM board") == 0


async def test_a_reading_token_makes_nothing() -> None:
    ana = await a_viewer(scope=Scope.READ)
    with pytest.raises(Forbidden):
        await boards.create_board(ana, title="No")
    assert await fetchval("SELECT count(*) FROM board") == 0


async def test_an_edit_changes_what_is_given_and_its_inverse_takes_it_back() -> None:
    ana = await a_viewer()
    board = await a_board(ana, title="Old", description="Kept")
    before = await state_in_rows(board.id)
    change = await boards.edit_board(ana, board.id, title="New")
    assert change.operation == EditBoard(title="New")
    assert replay([change.operation, change.inverse], before) == before
    await require_laws(board.id)
    (row,) = await boards.boards_by_ids(ana, [board.id])
    assert row is not None
    assert (row.title, row.description, row.seq) == ("New", "Kept", 2)
    assert row.updated_at > board.updated_at
    with pytest.raises(BadInput):
        await boards.edit_board(ana, board.id)


async def test_a_cover_lies_on_the_board() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    early, late, elsewhere = [await an_image(ana) for _ in range(3)]
    assert await boards.covers_of(ana, [board.id]) == [None]
    await adding.add_items(ana, board.id, [NewItem(image_id=early)])
    await adding.add_items(ana, board.id, [NewItem(image_id=late)])
    assert await boards.covers_of(ana, [board.id]) == [early]
    await boards.edit_board(ana, board.id, cover_id=late)
    assert await boards.covers_of(ana, [board.id]) == [late]
    before = await rows_of(board.id)
    with pytest.raises(BadInput):
        await boards.edit_board(ana, board.id, cover_id=elsewhere)
    assert await rows_of(board.id) == before
    await boards.edit_board(ana, board.id, cover_id=None)
    assert await boards.covers_of(ana, [board.id]) == [early]
    await require_laws(board.id)


async def test_a_copy_has_the_same_look_and_items_of_its_own() -> None:
    ana = await a_viewer()
    board = await a_board(ana, title="Trees", description="Oaks")
    image = await an_image(ana)
    note = NoteContent(text="hello")
    new = [NewItem(image_id=image, transform=Transform(x=float(n), y=2.5)) for n in range(500)]
    await adding.add_items(ana, board.id, new)
    await adding.add_items(ana, board.id, [NewItem(note=note)])
    await boards.edit_board(ana, board.id, cover_id=image)
    ben = await a_member(board.id, Role.VIEWER)
    before = await rows_of(board.id)
    copy = await boards.duplicate_board(ben, board.id)
    assert await rows_of(board.id) == before
    assert (copy.title, copy.description, copy.cover_id) == ("Trees (copy)", "Oaks", image)
    assert (copy.role, copy.item_count, copy.seq) == (Role.OWNER, 501, 3)
    first, second = await state_in_rows(board.id), await state_in_rows(copy.id)
    assert not set(first.items) & set(second.items)

    def looks(state: BoardState) -> list[str]:
        return sorted(f"{i.z} {i.image_id} {i.note} {i.transform} {i.style}" for i in state.items.values())

    assert looks(first) == looks(second)
    await require_laws(copy.id)
    assert await boards.boards_by_ids(ana, [copy.id]) == [None]


async def test_a_copy_keeps_all_there_is_to_items_and_what_they_are_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nearness, "MANY", 20)
    monkeypatch.setattr(nearness, "FEW", 10)
    ana = await a_viewer()
    board, image = await a_board(ana), await an_image(ana)
    frame, group, gone = uuid4(), uuid4(), uuid4()
    points = [(0.1, -7e8), (1 / 3, 5e-324)]
    turned = Transform(-0.1, 1e9, 0.3, 359.9, flip_x=True, flip_y=True)
    looks = (0.1, True, 1.1, 0.9, 3.3, Sampling.NEAREST, True, True)
    style = Style(*looks, 'a "name"', ["ä", "b, c"], "mailto:a@b")
    new = [
        NewItem(id=gone, note=NoteContent("gone")),
        NewItem(image_id=image, crop=Crop(0.1, 0.2, 1 / 3, 1.0), transform=turned, style=style, z="a5"),
        NewItem(image_id=image, parent_id=group, style=Style(tags=["one"])),
        NewItem(note=NoteContent("\\ \u2028 <b>", background=None), parent_id=group, style=Style(opacity=0)),
        NewItem(drawing=DrawingContent(Shape.LINE, points, stroke_width=0.7), parent_id=frame),
        NewItem(id=group, is_group=True, parent_id=frame),
        NewItem(id=frame, frame=FrameContent("#123456"), style=Style(name="Frame")),
        *(NewItem(frame=FrameContent()) for _ in range(15)),
    ]
    await adding.add_items(ana, board.id, new)
    await items.remove_items(ana, board.id, [gone])
    copy = await boards.duplicate_board(ana, board.id)
    log = await require_laws(copy.id)
    assert [change.seq for change in log] == [1, 2]
    first, second = await state_in_rows(board.id), await state_in_rows(copy.id)
    assert (copy.item_count, len(second.items)) == (21, 21)

    def described(state: BoardState, item: ItemState | None) -> object:
        """Without ids, with what it is in."""
        if item is None:
            return None
        above = described(state, None if item.parent_id is None else state.items[item.parent_id])
        return above, structs.replace(item, id=THE_BOARD, parent_id=None)

    def all_of(state: BoardState) -> list[str]:
        return sorted(str(described(state, item)) for item in state.items.values())

    assert all_of(first) == all_of(second)
    tally = await fetchval("SELECT tally FROM change WHERE board = $1 AND seq = 2", copy.id)
    assert msgspec.json.decode(tally) == tally_of(log[1].operation)
    empty = await boards.duplicate_board(ana, (await a_board(ana)).id)
    assert (empty.item_count, empty.seq) == (0, 1)
    await require_laws(empty.id)


async def test_the_trash_is_read_and_restored_not_changed() -> None:
    ana = await a_viewer()
    board, other = await a_board(ana), await a_board(ana)
    (row,) = await boards.trash_boards(ana, [board.id])
    assert row.trashed_at is not None
    assert (await changes.log_after(board.id, 1))[0].operation == TrashBoard()
    before = await rows_of(board.id)
    with pytest.raises(BoardTrashed):
        await boards.edit_board(ana, board.id, title="No")
    assert await rows_of(board.id) == before
    assert [row.seq for row in await boards.trash_boards(ana, [board.id])] == [2]
    trash = await boards.boards_of(ana, state=State.TRASHED)
    assert [row.id for row in trash.nodes] == [board.id]
    assert [row.id for row in (await boards.boards_of(ana)).nodes] == [other.id]
    restored = await boards.restore_boards(ana, [other.id, board.id])
    assert [(row.id, row.trashed_at) for row in restored] == [(other.id, None), (board.id, None)]
    await require_laws(board.id)


async def test_only_boards_in_the_trash_are_deleted_with_all_their_rows() -> None:
    ana = await a_viewer()
    board, other = await a_board(ana), await a_board(ana)
    image = await an_image(ana)
    await adding.add_items(ana, board.id, [NewItem(image_id=image)])
    await boards.trash_boards(ana, [board.id])
    before = await rows_of(board.id), await rows_of(other.id)
    with pytest.raises(BadInput):
        await boards.delete_boards(ana, [board.id, other.id])
    assert (await rows_of(board.id), await rows_of(other.id)) == before
    assert await boards.delete_boards(ana, [board.id]) == [board.id]
    assert (await rows_of(board.id)).lines == ()
    assert await rows_of(other.id) == before[1]
    assert await fetchval("SELECT count(*) FROM image") == 1
    with pytest.raises(NotFound):
        await boards.delete_boards(ana, [board.id])


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.COMMENTER, Role.EDITOR])
async def test_who_may_not_changes_nothing(role: Role | None) -> None:
    ana = await a_viewer()
    board, mine = await a_board(ana), await a_board(ana)
    ben = await a_viewer() if role is None else await a_member(board.id, role)
    before = await rows_of(board.id)
    refusal: type[DomainError] = NotFound if role is None else Forbidden
    commands: list[Callable[[], Awaitable[object]]] = [
        lambda: boards.trash_boards(ben, [board.id]),
        lambda: boards.restore_boards(ben, [board.id]),
        lambda: boards.delete_boards(ben, [board.id]),
    ]
    if role is not Role.EDITOR:
        commands.append(lambda: boards.edit_board(ben, board.id, title="No"))
    if role is None:
        commands.append(lambda: boards.duplicate_board(ben, board.id))
    for command in commands:
        with pytest.raises(refusal):
            await command()
    with pytest.raises(NotFound):
        await boards.trash_boards(ben, [board.id, mine.id])
    assert await rows_of(board.id) == before
    assert await fetchval("SELECT count(*) FROM board") == 2


async def test_a_servers_owner_does_not_see_the_boards_of_others() -> None:
    ana, root = await a_viewer(), await a_viewer(is_owner=True)
    board = await a_board(ana)
    assert (await boards.boards_of(root)).nodes == []
    assert await boards.boards_by_ids(root, [board.id]) == [None]
    with pytest.raises(NotFound):
        await boards.edit_board(root, board.id, title="No")


async def test_a_repeated_command_is_done_once() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    made = await asyncio.gather(
        *(boards.create_board(ana, title="Once", mutation_id=mutation_id) for _ in range(5))
    )
    assert len({board.id for board in made}) == 1
    assert made.count(made[0]) == 5
    board = made[0]
    with pytest.raises(MutationIdConflict):
        await boards.create_board(ana, title="Twice", mutation_id=mutation_id)
    edit_id = uuid4()
    first = await boards.edit_board(ana, board.id, title="Edited", mutation_id=edit_id)
    assert await boards.edit_board(ana, board.id, title="Edited", mutation_id=edit_id) == first
    assert await fetchval("SELECT seq FROM board") == 2
    trash_id, delete_id = uuid4(), uuid4()
    for _ in range(2):
        assert [row.id for row in await boards.trash_boards(ana, [board.id], mutation_id=trash_id)] == [
            board.id
        ]
    for _ in range(2):
        assert await boards.delete_boards(ana, [board.id], mutation_id=delete_id) == [board.id]


async def test_a_list_pages_without_gaps_while_boards_come_and_go() -> None:
    ana = await a_viewer()
    made = [(await a_board(ana, title=f"Board {n:02}")).id for n in range(7)]
    for order, expected in (
        (Order.UPDATED, made[::-1]),
        (Order.CREATED, made[::-1]),
        (Order.TITLE, made),
    ):
        seen, after = [], None
        while True:
            page = await boards.boards_of(ana, first=3, after=after, order=order)
            seen += [row.id for row in page.nodes]
            assert await page.total() >= 7
            if not page.has_next:
                break
            after = page.cursors[-1]
        assert seen == expected
    page = await boards.boards_of(ana, first=3, order=Order.CREATED)
    await a_board(ana, title="Newest")
    rest = await boards.boards_of(ana, first=10, after=page.cursors[-1], order=Order.CREATED)
    assert [row.id for row in rest.nodes] == made[::-1][3:]


@pytest.mark.parametrize("cursor", ["", "!", "bm9wZQ", "W10", "é", "A" * 5000])
async def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    ana = await a_viewer()
    await a_board(ana)
    with pytest.raises(BadInput):
        await boards.boards_of(ana, after=cursor)
    other = (await boards.boards_of(ana, order=Order.TITLE)).cursors[0]
    with pytest.raises(BadInput):
        await boards.boards_of(ana, after=other, order=Order.CREATED)
    for first in (0, -1, 101):
        with pytest.raises(BadInput):
            await boards.boards_of(ana, first=first)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("oak", {"Oak trees"}),
        ("OAK TR", {"Oak trees"}),
        ("tre", {"Oak trees", "Night sky"}),
        ("trees stars", {"Night sky"}),
        ("oak or sky", {"Oak trees", "Night sky"}),
        ("trees -oak", {"Night sky"}),
        ('"oak trees"', {"Oak trees"}),
        ('"trees oak"', set()),
        ("ree", set()),
        ("'; drop table board; --", set()),
        ("& | ! ( ) : * <->", set()),
        ("   ", {"Oak trees", "Night sky", "Été"}),
        ("ét", {"Été"}),
        ("a\\'b", set()),
    ],
)
async def test_a_search_finds_words_and_beginnings(search: str, found: set[str]) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    await a_board(ana, title="Oak trees", description="in autumn")
    await a_board(ana, title="Night sky", description="stars over trees")
    await a_board(ana, title="Été")
    await a_board(ben, title="Oak of another")
    page = await boards.boards_of(ana, search=search)
    assert {row.title for row in page.nodes} == found
    assert await page.total() == len(found)


@pytest.mark.parametrize("search", ["x" * 201, "nul\x00", "\ud800"])
async def test_an_impossible_search_is_refused(search: str) -> None:
    with pytest.raises(BadInput):
        await boards.boards_of(await a_viewer(), search=search)


async def test_two_hands_on_one_board_leave_no_gap_in_its_log() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)
    await asyncio.gather(
        *(boards.edit_board(who, board.id, title=f"{n}") for n in range(15) for who in (ana, ben))
    )
    await require_laws(board.id)
    assert await fetchval("SELECT seq FROM board") == 31


async def test_a_disabled_account_sees_no_board() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    await execute("UPDATE account SET disabled_at = now()")
    assert await boards.boards_by_ids(ana, [board.id]) == [None]
    with pytest.raises(NotFound):
        await boards.edit_board(ana, board.id, title="No")
