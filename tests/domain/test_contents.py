"""What items show: rewritten, cropped and replaced whole, each by one change that is taken back as one."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, contents, history, images, items
from domain.access import BoardRow, Role, Scope, Viewer
from domain.adding import NewItem
from domain.contents import CropEdit, DrawingEdit, FrameEdit, NoteEdit, Replacement
from domain.errors import BadInput, BoardTrashed, Forbidden, ItemsLocked, LimitExceeded, NotFound
from domain.geometry import CropKeep
from domain.operations import (
    Compound,
    Crop,
    DrawingContent,
    EditItems,
    FrameContent,
    ItemState,
    NoteContent,
    Placement,
    Shape,
    Style,
    Transform,
    TransformItems,
)
from tests.factories import a_board, a_grant, a_member, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

RIGHT_HALF = Crop(0.5, 0.0, 1.0, 1.0)
TURNED = Transform(10.0, 20.0, 2.0, 90.0, flip_x=True)


async def an_item(viewer: Viewer, board_id: UUID, new: NewItem) -> UUID:
    change = await adding.add_items(viewer, board_id, [new])
    [state] = change.operation.items  # type: ignore[union-attr]
    item_id: UUID = state.id
    return item_id


async def a_picture(viewer: Viewer, board_id: UUID, **values: object) -> UUID:
    """400 × 300."""
    image = await an_image(viewer)
    return await an_item(viewer, board_id, NewItem(image_id=image, **values))  # type: ignore[arg-type]


async def state_of(board_id: UUID, item_id: UUID) -> ItemState:
    return (await state_in_rows(board_id)).items[item_id]


async def a_board_with_a_picture(**values: object) -> tuple[Viewer, BoardRow, UUID]:
    ana = await a_viewer()
    board = await a_board(ana)
    return ana, board, await a_picture(ana, board.id, **values)


Edit = Callable[[Viewer, UUID, UUID, UUID | None], Awaitable[object]]


async def _crop(v: Viewer, b: UUID, i: UUID, m: UUID | None) -> object:
    return await contents.crop_items(v, b, [CropEdit(i, RIGHT_HALF)], mutation_id=m)


async def _replace(v: Viewer, b: UUID, i: UUID, m: UUID | None) -> object:
    return await contents.replace_images(v, b, [Replacement(i, await an_image(v))], mutation_id=m)


async def _note(v: Viewer, b: UUID, i: UUID, m: UUID | None) -> object:
    return await contents.edit_notes(v, b, [NoteEdit(i, NoteContent("x"), 9, 9)], mutation_id=m)


async def _drawing(v: Viewer, b: UUID, i: UUID, m: UUID | None) -> object:
    return await contents.edit_drawings(v, b, [DrawingEdit(i, DrawingContent(Shape.ELLIPSE))], mutation_id=m)


async def _frame(v: Viewer, b: UUID, i: UUID, m: UUID | None) -> object:
    return await contents.edit_frames(v, b, [FrameEdit(i, FrameContent("#ff0000"), 9, 9)], mutation_id=m)


PEN = DrawingContent(points=[(-10.0, -5.0), (10.0, 5.0)])
EDITS: dict[str, tuple[NewItem, Edit]] = {
    "note": (NewItem(note=NoteContent()), _note),
    "drawing": (NewItem(drawing=PEN), _drawing),
    "frame": (NewItem(frame=FrameContent()), _frame),
    "crop": (NewItem(), _crop),
    "replace": (NewItem(), _replace),
}
NAMES = pytest.mark.parametrize("name", EDITS)


async def editable(viewer: Viewer, board_id: UUID, name: str, style: Style | None = None) -> UUID:
    new = EDITS[name][0]
    if name in ("crop", "replace"):
        return await a_picture(viewer, board_id, transform=TURNED, style=style or Style())
    return await an_item(
        viewer,
        board_id,
        NewItem(note=new.note, drawing=new.drawing, frame=new.frame, style=style or Style()),
    )


@NAMES
async def test_each_edit_is_one_change_and_taken_back_as_one(name: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await editable(ana, board.id, name)
    before, log = await state_in_rows(board.id), await require_laws(board.id)
    await EDITS[name][1](ana, board.id, item, None)
    after = await state_in_rows(board.id)
    assert after != before
    assert len(await require_laws(board.id)) == len(log) + 1
    await history.undo(ana, board.id)
    assert await state_in_rows(board.id) == before
    await history.redo(ana, board.id)
    assert await state_in_rows(board.id) == after
    await require_laws(board.id)


@NAMES
async def test_who_may_not_write_changes_nothing(name: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await editable(ana, board.id, name)
    reader, commenter = await a_member(board.id, Role.VIEWER), await a_member(board.id, Role.COMMENTER)
    script = await a_viewer(scope=Scope.READ)
    await a_grant(board.id, script, Role.EDITOR)
    before = await rows_of(board.id)
    for viewer in (reader, commenter, script):
        with pytest.raises(Forbidden):
            await EDITS[name][1](viewer, board.id, item, uuid4())
    with pytest.raises(NotFound):
        await EDITS[name][1](await a_viewer(), board.id, item, None)
    assert await rows_of(board.id) == before


@NAMES
async def test_what_is_locked_missing_or_in_the_trash_stays(name: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    edit = EDITS[name][1]
    locked = await editable(ana, board.id, name, Style(locked=True))
    gone = await editable(ana, board.id, name)
    await items.remove_items(ana, board.id, [gone])
    before = await rows_of(board.id)
    with pytest.raises(ItemsLocked) as refused:
        await edit(ana, board.id, locked, None)
    assert refused.value.details["ids"] == [str(locked)]
    for missing in (gone, uuid4()):
        with pytest.raises(NotFound) as lost:
            await edit(ana, board.id, missing, None)
        assert lost.value.details["ids"] == [str(missing)]
    assert await rows_of(board.id) == before
    await boards.trash_boards(ana, [board.id])
    before = await rows_of(board.id)
    with pytest.raises(BoardTrashed):
        await edit(ana, board.id, locked, None)
    assert await rows_of(board.id) == before


@NAMES
async def test_an_edit_fits_the_kind_of_its_item(name: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    others = [await editable(ana, board.id, other) for other in EDITS if {name, other} != {"crop", "replace"}]
    own = others.pop(list(EDITS).index(name) if name in ("note", "drawing", "frame") else 3)
    group = await an_item(ana, board.id, NewItem(is_group=True))
    before = await rows_of(board.id)
    for other in (*others, group):
        with pytest.raises(BadInput):
            await EDITS[name][1](ana, board.id, other, None)
    assert await rows_of(board.id) == before
    await EDITS[name][1](ana, board.id, own, None)
    await require_laws(board.id)


async def test_a_retry_of_a_crop_gets_the_stored_answer() -> None:
    ana, board, item = await a_board_with_a_picture(transform=TURNED)
    mutation_id = uuid4()
    first = await _crop(ana, board.id, item, mutation_id)
    after = await rows_of(board.id)
    assert await _crop(ana, board.id, item, mutation_id) == first
    assert await rows_of(board.id) == after


async def test_cropping_keeps_the_picture_where_it_is() -> None:
    ana, board, item = await a_board_with_a_picture(transform=TURNED)
    change = await contents.crop_items(ana, board.id, [CropEdit(item, RIGHT_HALF)])
    assert isinstance(change.operation, Compound)
    assert [type(part) for part in change.operation.operations] == [EditItems, TransformItems]
    state = await state_of(board.id, item)
    assert (state.width, state.height, state.crop) == (200, 300, RIGHT_HALF)
    # Mirrored and turned by 90 degrees, the picture's right half is above its left one.
    assert (state.transform.x, state.transform.y) == pytest.approx((10, 20 - 200))
    await contents.crop_items(ana, board.id, [CropEdit(item, None)])
    state = await state_of(board.id, item)
    assert (state.width, state.height, state.crop) == (400, 300, None)
    assert (state.transform.x, state.transform.y) == pytest.approx((10, 20))
    await require_laws(board.id)


async def test_cropping_inside_the_box_moves_nothing() -> None:
    ana, board, item = await a_board_with_a_picture(transform=TURNED)
    inside = CropEdit(item, Crop(0.5, 0.25, 1.0, 0.5), CropKeep.BOX)
    change = await contents.crop_items(ana, board.id, [inside])
    assert isinstance(change.operation, EditItems)
    state = await state_of(board.id, item)
    assert (state.width, state.height, state.transform) == (400, 150, TURNED)
    await require_laws(board.id)


async def test_a_crop_counts_from_where_the_item_is_at_that_moment() -> None:
    ana, board, item = await a_board_with_a_picture(transform=Transform())
    await items.transform_items(ana, board.id, [Placement(item, Transform(1000.0))])
    await contents.crop_items(ana, board.id, [CropEdit(item, RIGHT_HALF)])
    await contents.crop_items(ana, board.id, [CropEdit(item, Crop(0.5, 0.0, 0.75, 1.0))])
    state = await state_of(board.id, item)
    assert (state.transform.x, state.width) == (1050, 100)
    await require_laws(board.id)


async def test_a_crop_of_everything_is_none() -> None:
    ana, board, item = await a_board_with_a_picture(crop=RIGHT_HALF)
    await contents.crop_items(ana, board.id, [CropEdit(item, Crop(0.0, 0.0, 1.0, 1.0))])
    assert (await state_of(board.id, item)).crop is None


@pytest.mark.parametrize(
    "crop",
    [Crop(0.5, 0.0, 0.5, 1.0), Crop(0.0, 0.9, 1.0, 0.1), Crop(-0.1, 0, 1, 1), Crop(0, 0, float("nan"), 1)],
)
async def test_a_crop_that_shows_nothing_is_refused(crop: Crop) -> None:
    ana, board, item = await a_board_with_a_picture()
    before = await rows_of(board.id)
    with pytest.raises(BadInput):
        await contents.crop_items(ana, board.id, [CropEdit(item, crop)])
    assert await rows_of(board.id) == before


async def test_one_wrong_item_stops_the_whole_list() -> None:
    ana, board, item = await a_board_with_a_picture()
    note = await an_item(ana, board.id, NewItem(note=NoteContent()))
    image, unseen = await an_image(ana), await an_image(await a_viewer())
    before = await rows_of(board.id)
    with pytest.raises(BadInput) as refused:
        await contents.crop_items(ana, board.id, [CropEdit(item, RIGHT_HALF), CropEdit(note, RIGHT_HALF)])
    assert refused.value.details["ids"] == [str(note)]
    with pytest.raises(BadInput):
        await contents.crop_items(ana, board.id, [CropEdit(item, RIGHT_HALF), CropEdit(item, None)])
    with pytest.raises(NotFound) as missing:
        await contents.replace_images(ana, board.id, [Replacement(item, unseen)])
    assert missing.value.details["ids"] == [str(unseen)]
    with pytest.raises(BadInput):
        await contents.replace_images(ana, board.id, [Replacement(item, image), Replacement(note, image)])
    assert await rows_of(board.id) == before


async def test_another_picture_takes_the_place_of_the_first() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    looks = Style(opacity=0.5, name="sea")
    item = await a_picture(ana, board.id, transform=TURNED, crop=RIGHT_HALF, style=looks)
    tall, wide = await an_image(ana, width=100, height=600), await an_image(ana, width=1000, height=10)
    change = await contents.replace_images(ana, board.id, [Replacement(item, tall)])
    assert isinstance(change.operation, EditItems)
    state = await state_of(board.id, item)
    assert (state.image_id, state.crop) == (tall, None)
    assert (state.width, state.height) == (50, 300)
    assert (state.transform, state.style) == (TURNED, looks)
    await contents.replace_images(ana, board.id, [Replacement(item, wide)])
    state = await state_of(board.id, item)
    assert (state.width, state.height) == (50, 0.5)
    await require_laws(board.id)


async def test_undoing_a_crop_spares_what_others_did_to_the_item_since() -> None:
    ana, board, item = await a_board_with_a_picture(transform=Transform())
    ben = await a_member(board.id, Role.EDITOR)
    await contents.crop_items(ana, board.id, [CropEdit(item, RIGHT_HALF)])
    await items.transform_items(ben, board.id, [Placement(item, Transform(77.0))])
    before = await state_in_rows(board.id)
    reverted = await history.undo(ana, board.id)
    assert [skipped.item_id for skipped in reverted.skipped] == [item]
    assert await state_in_rows(board.id) == before
    await require_laws(board.id)


async def test_a_drawing_is_as_large_as_its_points_need_unless_told() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await an_item(ana, board.id, NewItem(drawing=PEN))
    state = await state_of(board.id, item)
    assert (state.width, state.height) == (24, 14)
    arrow = DrawingContent(Shape.ARROW, [(0.0, 0.0), (-50.0, 20.0)], [0.1, 1.0], "#ff0000", 2.0, "#00ff00")
    await contents.edit_drawings(ana, board.id, [DrawingEdit(item, arrow)])
    state = await state_of(board.id, item)
    assert (state.width, state.height, state.drawing) == (102, 42, arrow)
    await contents.edit_drawings(ana, board.id, [DrawingEdit(item, arrow, 300.0, 5.0)])
    state = await state_of(board.id, item)
    assert (state.width, state.height) == (300, 5)
    await require_laws(board.id)


@pytest.mark.parametrize(
    ("drawing", "error"),
    [
        (DrawingContent(Shape.LINE, [(0.0, 0.0)]), BadInput),
        (DrawingContent(Shape.PEN), BadInput),
        (DrawingContent(Shape.ELLIPSE, [(0.0, 0.0)]), BadInput),
        (DrawingContent(Shape.PEN, [(0.0, 0.0)], [0.5, 0.5]), BadInput),
        (DrawingContent(Shape.PEN, [(0.0, float("inf"))]), BadInput),
        (DrawingContent(Shape.PEN, [(0.0, 0.0)], stroke="red"), BadInput),
        (DrawingContent(Shape.PEN, [(0.0, 0.0)] * 5001), LimitExceeded),
    ],
)
async def test_bad_drawings_are_refused(drawing: DrawingContent, error: type[Exception]) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await an_item(ana, board.id, NewItem(drawing=PEN))
    before = await rows_of(board.id)
    with pytest.raises(error):
        await contents.edit_drawings(ana, board.id, [DrawingEdit(item, drawing)])
    with pytest.raises(error):
        await adding.add_items(ana, board.id, [NewItem(drawing=drawing)])
    assert await rows_of(board.id) == before


async def test_a_frame_is_written_whole_and_what_is_in_it_stays() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    frame = await an_item(ana, board.id, NewItem(frame=FrameContent("#112233"), style=Style(name="Mood")))
    inside = await a_picture(ana, board.id, parent_id=frame)
    before = await state_of(board.id, inside)
    await contents.edit_frames(ana, board.id, [FrameEdit(frame, FrameContent(), 500.0, 400.0)])
    state = await state_of(board.id, frame)
    assert (state.frame, state.width, state.height, state.style.name) == (FrameContent(), 500, 400, "Mood")
    assert await state_of(board.id, inside) == before
    await require_laws(board.id)


async def test_what_an_item_showed_before_stays_to_be_seen_by_all_who_read_the_board() -> None:
    ana, board, item = await a_board_with_a_picture()
    ben = await a_member(board.id, Role.VIEWER)
    before = (await state_of(board.id, item)).image_id
    assert before is not None
    await _replace(ana, board.id, item, None)
    after = (await state_of(board.id, item)).image_id
    assert after is not None
    assert None not in await images.images_by_ids(ben, [before, after])
    assert await images.images_by_ids(await a_viewer(), [before, after]) == [None, None]
