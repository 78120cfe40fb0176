"""Commands on items: each is one change, all or nothing, and the law of replay holds after it."""

import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from domain import adding, boards, contents, deeds, history, items
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.contents import NoteEdit
from domain.database import execute
from domain.errors import (
    AlreadyExists,
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    ItemsLocked,
    LimitExceeded,
    MutationIdConflict,
    NotFound,
)
from domain.geometry import bounds
from domain.operations import (
    AddItems,
    Crop,
    DrawingContent,
    FrameContent,
    ItemKind,
    NoteContent,
    Placement,
    Rank,
    RestoreItems,
    Sampling,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from domain.windows import Window
from tests.factories import a_board, a_grant, a_member, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

NOTE = NewItem(note=NoteContent(text="hello"))


async def a_note(viewer: Viewer, board_id: UUID, **values: object) -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent(), **values)])  # type: ignore[arg-type]
    return item_id


async def test_adding_pictures_and_notes() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    picture = await an_image(ana, width=400, height=300)
    change = await adding.add_items(ana, board.id, [NewItem(image_id=picture), NOTE])
    assert isinstance(change.operation, AddItems)
    image, note = change.operation.items
    assert (image.width, image.height, image.image_id) == (400, 300, picture)
    assert (note.width, note.height) == (280, 180)
    assert image.z < note.z
    page = await items.items_on(ana, board.id)
    assert [row.state for row in page.nodes] == [image, note]
    assert page.nodes[0].added_by == ana.account_id
    await require_laws(board.id)


async def test_every_kind_of_item_is_added() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    pen = DrawingContent(points=[(-10.0, -5.0), (10.0, 5.0)], pressures=[0.5, 1.0], fill="#AABBCC")
    change = await adding.add_items(
        ana,
        board.id,
        [
            NewItem(drawing=pen),
            NewItem(drawing=DrawingContent(Shape.ELLIPSE), width=30.0),
            NewItem(frame=FrameContent("#112233")),
            NewItem(is_group=True, transform=Transform(5.0, 6.0, 7.0)),
        ],
    )
    assert isinstance(change.operation, AddItems)
    drawing, ellipse, frame, group = change.operation.items
    assert (drawing.kind, drawing.width, drawing.height) == (ItemKind.DRAWING, 24, 14)
    assert drawing.drawing == structs.replace(pen, fill="#aabbcc")
    assert (ellipse.width, ellipse.height) == (30, 200)
    assert (frame.kind, frame.frame, frame.width) == (ItemKind.FRAME, FrameContent("#112233"), 1600)
    assert (group.kind, group.transform, group.width) == (ItemKind.GROUP, Transform(), 1)
    await require_laws(board.id)


async def test_a_picture_keeps_its_shape_whatever_its_width_and_crop() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    picture = await an_image(ana, width=400, height=300)
    change = await adding.add_items(
        ana,
        board.id,
        [
            NewItem(image_id=picture, width=100.0),
            NewItem(image_id=picture, crop=Crop(0.5, 0.0, 1.0, 1.0)),
            NewItem(image_id=picture, crop=Crop(0.5, 0.0, 1.0, 1.0), width=100.0),
            NewItem(image_id=picture, crop=Crop(0.0, 0.0, 1.0, 1.0)),
        ],
    )
    assert isinstance(change.operation, AddItems)
    sizes = [(item.width, item.height) for item in change.operation.items]
    assert sizes == [(100, 75), (200, 300), (100, 150), (400, 300)]
    assert change.operation.items[3].crop is None
    await require_laws(board.id)


async def test_items_are_added_into_containers() -> None:
    ana = await a_viewer()
    board, other = await a_board(ana), await a_board(ana)
    frame, group, inside, deeper = [uuid4() for _ in range(4)]
    await adding.add_items(ana, board.id, [NewItem(id=frame, frame=FrameContent())])
    await adding.add_items(
        ana,
        board.id,
        [
            NewItem(id=deeper, note=NoteContent(), parent_id=group),
            NewItem(id=group, is_group=True, parent_id=frame),
            NewItem(id=inside, note=NoteContent(), parent_id=frame),
        ],
    )
    state = (await state_in_rows(board.id)).items
    assert [state[item].parent_id for item in (frame, group, inside, deeper)] == [None, frame, frame, group]
    await require_laws(board.id)
    page = await items.items_on(ana, board.id, first=1, window=Window(inside=frame))
    assert ([row.state.id for row in page.nodes], page.has_next, await page.total()) == ([group], True, 2)
    page = await items.items_on(ana, board.id, after=page.cursors[0], window=Window(inside=frame))
    assert ([row.state.id for row in page.nodes], page.has_next) == ([inside], False)
    with pytest.raises(NotFound):
        await items.items_on(await a_viewer(), board.id, window=Window(inside=frame))

    foreign = await a_note(ana, other.id)
    before = await rows_of(board.id)
    for parent in (inside, foreign, uuid4()):
        with pytest.raises(BadInput) as refused:
            await adding.add_items(ana, board.id, [NewItem(note=NoteContent(), parent_id=parent)])
        assert refused.value.details["field"] == "parentId"
    ring = [NewItem(id=UUID(int=n), is_group=True, parent_id=UUID(int=3 - n)) for n in (1, 2)]
    with pytest.raises(BadInput):
        await adding.add_items(ana, board.id, ring)
    assert await rows_of(board.id) == before
    await items.restyle_items(ana, board.id, [StylePatch(frame, locked=True)])
    before = await rows_of(board.id)
    with pytest.raises(ItemsLocked):
        await adding.add_items(ana, board.id, [NewItem(note=NoteContent(), parent_id=group)])
    assert await rows_of(board.id) == before


async def test_all_looks_are_changed_one_by_one() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id, style=Style(tags=["sea"], link="https://example.org"))
    for patch in (
        StylePatch(item, brightness=1.5),
        StylePatch(item, contrast=0.0),
        StylePatch(item, saturation=4.0),
        StylePatch(item, sampling=Sampling.NEAREST),
        StylePatch(item, tags=["blue", " blue ", "wave"]),
        StylePatch(item, link=" mailto:ana@example.org "),
    ):
        await items.restyle_items(ana, board.id, [patch])
        await require_laws(board.id)
    style = (await state_in_rows(board.id)).items[item].style
    assert style == Style(
        brightness=1.5,
        contrast=0.0,
        saturation=4.0,
        sampling=Sampling.NEAREST,
        tags=["blue", "wave"],
        link="mailto:ana@example.org",
    )
    await items.restyle_items(ana, board.id, [StylePatch(item, tags=[], link="")])
    style = (await state_in_rows(board.id)).items[item].style
    assert (style.tags, style.link) == ([], "")
    before = await rows_of(board.id)
    for bad in (
        StylePatch(item, brightness=4.1),
        StylePatch(item, saturation=-0.1),
        StylePatch(item, link="javascript:alert(1)"),
        StylePatch(item, tags=["x" * 65]),
        StylePatch(item),
    ):
        with pytest.raises(BadInput):
            await items.restyle_items(ana, board.id, [bad])
    assert await rows_of(board.id) == before


async def test_items_without_a_place_never_cover_others() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    placed = NewItem(note=NoteContent(), transform=Transform(500, 500, 2.0, 30.0))
    await adding.add_items(ana, board.id, [placed])
    for count in (1, 1, 3, 1, 7, 1):
        await adding.add_items(ana, board.id, [NOTE] * count)
    boxes = [
        bounds(item.transform, item.width, item.height)
        for item in (await state_in_rows(board.id)).items.values()
    ]
    assert len(boxes) == 15
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            apart = (
                one.left >= other.right
                or other.left >= one.right
                or one.top >= other.bottom
                or other.top >= one.bottom
            )
            assert apart
    await require_laws(board.id)


async def test_every_command_keeps_the_laws() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    a, b, c = [await a_note(ana, board.id) for _ in range(3)]
    moved = [Placement(a, Transform(1.5, -2.5, 3.0, 400.0, True)), Placement(b, Transform(7))]
    await items.transform_items(ana, board.id, moved)
    await require_laws(board.id)
    looks = [StylePatch(a, opacity=0.5), StylePatch(c, name="sea", grayscale=True, hidden=True)]
    await items.restyle_items(ana, board.id, looks)
    await require_laws(board.id)
    await items.reorder_items(ana, board.id, [Rank(a, "a9"), Rank(c, "Zz")])
    await require_laws(board.id)
    words = NoteContent("# new", 30.0, "#ff0000", None)
    await contents.edit_notes(ana, board.id, [NoteEdit(b, words, 100.0, 50.0)])
    await require_laws(board.id)
    await items.remove_items(ana, board.id, [c, a])
    await require_laws(board.id)
    await items.restore_items(ana, board.id, [a])
    await require_laws(board.id)

    state = (await state_in_rows(board.id)).items
    assert set(state) == {a, b}
    assert state[a].transform == Transform(1.5, -2.5, 3.0, 40.0, True)
    assert (state[a].style.opacity, state[a].z) == (0.5, "a9")
    assert (state[b].note, state[b].width) == (words, 100.0)


async def test_what_was_removed_comes_back_exactly() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    a = await a_note(
        ana,
        board.id,
        style=Style(
            opacity=0.25, grayscale=True, hidden=True, name="sea", tags=["a, b", '"c\\'], link="https://x.y"
        ),
        transform=Transform(1 / 3),
    )
    before = await state_in_rows(board.id)
    await items.remove_items(ana, board.id, [a])
    change = await items.restore_items(ana, board.id, [a])
    assert isinstance(change.operation, RestoreItems)
    assert await state_in_rows(board.id) == before
    with pytest.raises(NotFound) as refused:
        await items.restore_items(ana, board.id, [a])
    assert refused.value.details["ids"] == [str(a)]


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


async def test_a_board_holds_so_many() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    await execute("UPDATE board SET item_count = $2 WHERE id = $1", board.id, deeds.MOST_ON_A_BOARD - 1)
    before = await rows_of(board.id)
    with pytest.raises(LimitExceeded):
        await adding.add_items(ana, board.id, [NOTE, NOTE])
    assert await rows_of(board.id) == before


async def test_five_hundred_at_once() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ids = [uuid4() for _ in range(500)]
    await adding.add_items(ana, board.id, [NewItem(id=i, note=NoteContent(text=str(i))) for i in ids])
    await items.transform_items(ana, board.id, [Placement(i, Transform(n)) for n, i in enumerate(ids)])
    await items.restyle_items(ana, board.id, [StylePatch(i, name=str(i)) for i in ids])
    await items.remove_items(ana, board.id, ids)
    await items.restore_items(ana, board.id, ids[::-1])
    await require_laws(board.id)


async def test_reading_in_pages_from_back_to_front() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    await adding.add_items(
        ana, board.id, [NewItem(note=NoteContent(), z=z) for z in ("a5", "Zz", "aA", "aa", "a5")]
    )
    seen: list[items.ItemRow] = []
    after = None
    while True:
        page = await items.items_on(ana, board.id, first=2, after=after)
        seen += page.nodes
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert [row.state.z for row in seen] == ["Zz", "a5", "a5", "aA", "aa"]
    assert await page.total() == 5
    with pytest.raises(NotFound):
        await items.items_on(await a_viewer(), board.id)
    with pytest.raises(BadInput):
        await items.items_on(ana, board.id, after=json.dumps("no cursor"))


async def test_items_by_ids_only_for_those_who_may() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    item, removed = await a_note(ana, board.id), await a_note(ana, board.id)
    await items.remove_items(ana, board.id, [removed])
    rows = await items.items_by_ids(ana, [removed, uuid4(), item])
    assert [row and row.state.id for row in rows] == [removed, None, item]
    assert rows[0] is not None
    assert rows[0].removed_at is not None
    assert await items.items_by_ids(ben, [item]) == [None]
