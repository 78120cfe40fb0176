"""Several things done to items as one deed: one line of the log, taken back as one, refused as a whole."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import adding, changing, items
from domain.access import Role
from domain.adding import NewItem
from domain.changing import Wanted
from domain.contents import CropEdit, DrawingEdit, FrameEdit, NoteEdit
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    Forbidden,
    ItemsLocked,
    NotFound,
    NothingToChange,
)
from domain.operations import (
    Compound,
    Crop,
    DrawingContent,
    FrameContent,
    Membership,
    NoteContent,
    Placement,
    Rank,
    Shape,
    StylePatch,
    Transform,
)
from tests.domain.test_grouping import a_frame, a_group, a_table, require_undoable
from tests.factories import a_member, an_image, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

HERE = Transform(40.0, 50.0, scale=2.0)


def into(home: UUID | None, *ids: UUID) -> list[Membership]:
    return [Membership(item, home) for item in ids]


async def test_items_go_into_a_frame_where_they_are_let_go() -> None:
    ana, board, (a, b, *_) = await a_table()
    frame = await a_frame(ana, board)
    before = await state_in_rows(board)
    wanted = Wanted(placements=[Placement(a, HERE)], ranks=[Rank(a, "a5")], homes=into(frame, a, b))
    change = await changing.change_items(ana, board, wanted)
    assert isinstance(change.operation, Compound)
    now = (await state_in_rows(board)).items
    assert (now[a].transform, now[a].z, now[a].parent_id, now[b].parent_id) == (HERE, "a5", frame, frame)
    assert now[b].transform == before.items[b].transform
    await require_undoable(ana, board, before)


async def test_a_frame_is_drawn_around_what_lies_there() -> None:
    ana, board, (a, b, c, _) = await a_table()
    before, frame = await state_in_rows(board), uuid4()
    new = NewItem(id=frame, frame=FrameContent(), transform=HERE, width=700, height=300)
    await changing.change_items(ana, board, Wanted(added=[new], homes=into(frame, a, b)))
    now = (await state_in_rows(board)).items
    assert [now[i].parent_id for i in (a, b, c)] == [frame, frame, None]
    assert now[frame].width == 700
    await require_undoable(ana, board, before)


async def test_a_box_is_stretched_about_its_other_side() -> None:
    ana, board, (note, *_) = await a_table(1)
    frame, drawing = await a_frame(ana, board), uuid4()
    content = DrawingContent(Shape.ELLIPSE)
    await adding.add_items(ana, board, [NewItem(id=drawing, drawing=content, transform=HERE)])
    before = await state_in_rows(board)
    wanted = Wanted(
        notes=[NoteEdit(note, NoteContent("wide"), 500, 100)],
        drawings=[DrawingEdit(drawing, content, 20, 30)],
        frames=[FrameEdit(frame, FrameContent("#112233"), 9, 8)],
        placements=[Placement(i, HERE) for i in (note, frame)],
        patches=[StylePatch(note, opacity=0.5)],
    )
    await changing.change_items(ana, board, wanted)
    now = (await state_in_rows(board)).items
    assert [(now[i].width, now[i].height) for i in (note, drawing, frame)] == [(500, 100), (20, 30), (9, 8)]
    assert (now[note].transform, now[note].style.opacity) == (HERE, 0.5)
    await require_undoable(ana, board, before)


async def test_a_picture_is_cropped_and_put_where_it_is_asked_to_lie() -> None:
    ana, board, _ = await a_table(1)
    image, item = await an_image(ana), uuid4()
    await adding.add_items(ana, board, [NewItem(id=item, image_id=image, transform=HERE, width=200)])
    before = await state_in_rows(board)
    crop, there = Crop(0.5, 0.0, 1.0, 0.5), Transform(7.0, 8.0, scale=2.0)
    await changing.change_items(
        ana, board, Wanted(crops=[CropEdit(item, crop)], placements=[Placement(item, there)])
    )
    now = (await state_in_rows(board)).items[item]
    assert (now.crop, now.width, now.transform) == (crop, 100, there)
    await require_undoable(ana, board, before)


async def test_a_group_that_is_left_empty_goes() -> None:
    ana, board, (a, b, *_) = await a_table()
    group = await a_group(ana, board, a, b)
    before = await state_in_rows(board)
    await changing.change_items(ana, board, Wanted(placements=[Placement(a, HERE)], homes=into(None, a, b)))
    assert group not in (await state_in_rows(board)).items
    await require_undoable(ana, board, before)


async def test_a_repeat_changes_nothing_more() -> None:
    ana, board, (a, *_) = await a_table()
    key, wanted = uuid4(), Wanted(placements=[Placement(a, HERE)], patches=[StylePatch(a, opacity=0.1)])
    first = await changing.change_items(ana, board, wanted, mutation_id=key)
    assert await changing.change_items(ana, board, wanted, mutation_id=key) == first


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("nothing", NothingToChange),
        ("twice", BadInput),
        ("no container", BadInput),
        ("itself", BadInput),
        ("each other", BadInput),
        ("missing", NotFound),
        ("missing home", BadInput),
        ("locked item", ItemsLocked),
        ("locked home", ItemsLocked),
        ("taken id", AlreadyExists),
        ("other kind", BadInput),
    ],
)
async def test_one_part_refused_refuses_all(what: str, error: type[DomainError]) -> None:
    ana, board, (a, b, c, _) = await a_table()
    frame, shut = await a_frame(ana, board), await a_frame(ana, board)
    await items.restyle_items(ana, board, [StylePatch(i, locked=True) for i in (c, shut)])
    good: dict[str, Any] = {"placements": [Placement(a, HERE)]}
    parts: dict[str, dict[str, Any]] = {
        "nothing": {"placements": []},
        "twice": {"homes": into(frame, b, b)},
        "no container": {"homes": into(a, b)},
        "itself": {"homes": into(frame, frame)},
        "each other": {"added": [NewItem(id=(x := uuid4()), is_group=True)], "homes": into(x, x)},
        "missing": {"homes": into(frame, uuid4())},
        "missing home": {"homes": into(uuid4(), b)},
        "locked item": {"homes": into(frame, c)},
        "locked home": {"homes": into(shut, b)},
        "taken id": {"added": [NewItem(id=b, note=NoteContent())]},
        "other kind": {"notes": [NoteEdit(frame, NoteContent(), 1, 1)]},
    }
    before = await rows_of(board)
    with pytest.raises(error):
        await changing.change_items(ana, board, Wanted(**{**good, **parts[what]}))
    assert await rows_of(board) == before
    await require_laws(board)


async def test_who_may_only_look_changes_nothing() -> None:
    _, board, (a, *_) = await a_table()
    ben = await a_member(board, Role.VIEWER)
    before = await rows_of(board)
    with pytest.raises(Forbidden):
        await changing.change_items(ben, board, Wanted(placements=[Placement(a, HERE)]))
    assert await rows_of(board) == before
