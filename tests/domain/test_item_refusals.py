"""What commands on items refuse, and that they have changed nothing then; and what a retry is told."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, contents, history, items
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.contents import NoteEdit
from domain.errors import (
    AlreadyExists,
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    ItemsLocked,
    MutationIdConflict,
    NotFound,
)
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    NoteContent,
    Placement,
    Rank,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from tests.factories import a_board, a_grant, a_member, a_note, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

NOTE = NewItem(note=NoteContent(text="hello"))


Command = Callable[[Viewer, UUID, UUID, UUID | None], Awaitable[object]]

COMMANDS: dict[str, Command] = {
    "add": lambda v, b, i, m: adding.add_items(
        v, b, [NewItem(id=UUID(int=5), note=NoteContent())], mutation_id=m
    ),
    "transform": lambda v, b, i, m: items.transform_items(v, b, [Placement(i, Transform(9))], mutation_id=m),
    "restyle": lambda v, b, i, m: items.restyle_items(v, b, [StylePatch(i, opacity=0.1)], mutation_id=m),
    "reorder": lambda v, b, i, m: items.reorder_items(v, b, [Rank(i, "Zz")], mutation_id=m),
    "edit": lambda v, b, i, m: contents.edit_notes(
        v, b, [NoteEdit(i, NoteContent("x"), 9, 9)], mutation_id=m
    ),
    "remove": lambda v, b, i, m: items.remove_items(v, b, [i], mutation_id=m),
    "restore": lambda v, b, i, m: items.restore_items(v, b, [i], mutation_id=m),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
async def test_who_may_not_write_changes_nothing(command: Command) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id)
    reader, commenter = await a_member(board.id, Role.VIEWER), await a_member(board.id, Role.COMMENTER)
    script = await a_viewer(scope=Scope.READ)
    await a_grant(board.id, script, Role.EDITOR)
    before = await rows_of(board.id)
    for viewer, error in ((reader, Forbidden), (commenter, Forbidden), (script, Forbidden)):
        with pytest.raises(error):
            await command(viewer, board.id, item, uuid4())
    with pytest.raises(NotFound):
        await command(await a_viewer(), board.id, item, uuid4())
    with pytest.raises(NotFound):
        await command(ana, uuid4(), item, None)
    assert await rows_of(board.id) == before


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
async def test_a_board_in_the_trash_is_not_changed(command: Command) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id)
    await boards.trash_boards(ana, [board.id])
    before = await rows_of(board.id)
    with pytest.raises(BoardTrashed):
        await command(ana, board.id, item, None)
    assert await rows_of(board.id) == before


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("add", "restore")])
async def test_a_missing_or_foreign_item_changes_nothing(name: str) -> None:
    ana = await a_viewer()
    board, other = await a_board(ana), await a_board(ana)
    removed, foreign = await a_note(ana, board.id), await a_note(ana, other.id)
    await items.remove_items(ana, board.id, [removed])
    before = await rows_of(board.id), await rows_of(other.id)
    for item in (removed, foreign, uuid4()):
        with pytest.raises(NotFound) as refused:
            await COMMANDS[name](ana, board.id, item, None)
        assert refused.value.details["ids"] == [str(item)]
    assert (await rows_of(board.id), await rows_of(other.id)) == before


async def test_one_missing_item_stops_the_whole_list() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    there, missing = await a_note(ana, board.id), uuid4()
    before = await rows_of(board.id)
    with pytest.raises(NotFound) as refused:
        await items.remove_items(ana, board.id, [there, missing])
    assert refused.value.details["ids"] == [str(missing)]
    assert await rows_of(board.id) == before


async def test_what_went_locked_comes_back_locked_though_its_frame_is_gone() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    frame = uuid4()
    await adding.add_items(ana, board.id, [NewItem(id=frame, frame=FrameContent())])
    note = await a_note(ana, board.id, parent_id=frame, style=Style(locked=True))
    await history.undo(ana, board.id)
    await items.remove_items(ana, board.id, [frame])
    await items.restore_items(ana, board.id, [note])
    [item] = (await state_in_rows(board.id)).items.values()
    assert (item.id, item.parent_id, item.style.locked) == (note, None, True)
    await require_laws(board.id)


@pytest.mark.parametrize("name", ["transform", "reorder", "edit", "remove"])
async def test_locked_items_stay_until_unlocked(name: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id, style=Style(locked=True))
    before = await rows_of(board.id)
    with pytest.raises(ItemsLocked) as refused:
        await COMMANDS[name](ana, board.id, item, None)
    assert refused.value.details["ids"] == [str(item)]
    assert await rows_of(board.id) == before
    await items.restyle_items(ana, board.id, [StylePatch(item, locked=False)])
    await COMMANDS[name](ana, board.id, item, None)
    await require_laws(board.id)


async def test_a_picture_is_no_note() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    picture = await an_image(ana)
    item = uuid4()
    await adding.add_items(ana, board.id, [NewItem(id=item, image_id=picture)])
    before = await rows_of(board.id)
    with pytest.raises(BadInput):
        await contents.edit_notes(ana, board.id, [NoteEdit(item, NoteContent(), 9, 9)])
    assert await rows_of(board.id) == before


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
async def test_a_retry_gets_the_stored_answer_and_writes_nothing(command: Command) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id)
    if command is COMMANDS["restore"]:
        await items.remove_items(ana, board.id, [item])
    mutation_id = uuid4()
    first = await command(ana, board.id, item, mutation_id)
    after = await rows_of(board.id)
    assert await command(ana, board.id, item, mutation_id) == first
    assert await rows_of(board.id) == after
    with pytest.raises(MutationIdConflict):
        await items.restyle_items(ana, board.id, [StylePatch(item, name="other")], mutation_id=mutation_id)
    assert await rows_of(board.id) == after
    await require_laws(board.id)


async def test_a_retry_of_items_without_ids_adds_them_once() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    mutation_id = uuid4()
    first = await adding.add_items(ana, board.id, [NOTE, NOTE], mutation_id=mutation_id)
    assert await adding.add_items(ana, board.id, [NOTE, NOTE], mutation_id=mutation_id) == first
    assert len((await state_in_rows(board.id)).items) == 2


async def test_an_id_is_taken_once() -> None:
    ana = await a_viewer()
    board, other = await a_board(ana), await a_board(ana)
    item = await a_note(ana, board.id)
    new = uuid4()
    for place in (board, other):
        before = await rows_of(place.id)
        with pytest.raises(AlreadyExists) as refused:
            await adding.add_items(
                ana, place.id, [NewItem(id=new, note=NoteContent()), NewItem(id=item, note=NoteContent())]
            )
        assert refused.value.details["ids"] == [str(item)]
        assert await rows_of(place.id) == before


async def test_pictures_must_be_visible_to_who_places_them() -> None:
    ana, ben = await a_viewer("Ana"), await a_viewer("Ben")
    board, shared = await a_board(ana), await a_board(ben)
    private = await an_image(ben)
    before = await rows_of(board.id)
    with pytest.raises(NotFound) as refused:
        await adding.add_items(ana, board.id, [NOTE, NewItem(image_id=private)])
    assert refused.value.details["ids"] == [str(private)]
    assert await rows_of(board.id) == before
    await a_grant(shared.id, ana, Role.VIEWER)
    await adding.add_items(ben, shared.id, [NewItem(image_id=private)])
    await adding.add_items(ana, board.id, [NewItem(image_id=private)])
    await require_laws(board.id)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (NewItem(), BadInput),
        (NewItem(image_id=uuid4(), note=NoteContent()), BadInput),
        (NewItem(note=NoteContent(text="a\x00")), BadInput),
        (NewItem(note=NoteContent(), transform=Transform(float("nan"))), BadInput),
        (NewItem(note=NoteContent(), width=0.0), BadInput),
        (NewItem(note=NoteContent(), crop=Crop(0.0, 0.0, 0.5, 0.5)), BadInput),
        (NewItem(note=NoteContent(), is_group=True), BadInput),
        (NewItem(frame=FrameContent("red")), BadInput),
        (NewItem(drawing=DrawingContent(Shape.LINE)), BadInput),
        (NewItem(id=UUID(int=0), note=NoteContent()), BadInput),
        (NewItem(note=NoteContent(), style=Style(link="ftp://example.org")), BadInput),
        (NewItem(note=NoteContent(), z="a00"), BadInput),
        (NewItem(note=NoteContent(), style=Style(opacity=2.0)), BadInput),
    ],
)
async def test_bad_items_are_refused(item: NewItem, error: type[DomainError]) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    with pytest.raises(error):
        await adding.add_items(ana, board.id, [NOTE, item])
    assert (await state_in_rows(board.id)).items == {}
