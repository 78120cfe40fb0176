"""Commands on items: each is one change, all or nothing, and the law of replay holds after it."""

import json
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from domain import adding, contents, deeds, items
from domain.adding import NewItem
from domain.contents import NoteEdit
from domain.database import execute
from domain.errors import (
    BadInput,
    ItemsLocked,
    LimitExceeded,
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
from tests.factories import a_board, a_note, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

NOTE = NewItem(note=NoteContent(text="hello"))


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
