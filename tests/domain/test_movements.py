"""Movements: items moved, scaled, rotated, flipped and reset relative to where they are; what is refused."""

import math
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain import arrangements, arranging, history, items, movements
from domain.access import Role, Scope, Viewer
from domain.arranging import Axis, Layout, Order, Places, Reset
from domain.changes import Change
from domain.database import execute
from domain.errors import (
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    ItemsLocked,
    LimitExceeded,
    NotFound,
    NothingToChange,
)
from domain.geometry import Point, bounds, bounds_of_all, centre
from domain.operations import ItemKind, Placement, StylePatch, Transform, TransformItems
from tests.domain.test_arrangements import ARRANGEMENTS, a_scatter, at, box, placed, put_into
from tests.domain.test_grouping import a_frame, a_group, require_undoable
from tests.factories import a_grant, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

MOVEMENTS: dict[str, Callable[[Viewer, UUID, list[UUID]], Awaitable[Change]]] = {
    "move": lambda v, b, ids: movements.move_items(v, b, ids, 10.0, -5.5),
    "scale": lambda v, b, ids: movements.scale_items(v, b, ids, 2.0),
    "rotate": lambda v, b, ids: movements.rotate_items(v, b, ids, 30.0),
    "flip": lambda v, b, ids: movements.flip_items(v, b, ids, Axis.VERTICAL),
    "reset": lambda v, b, ids: movements.reset_items(v, b, ids, [Reset.ROTATION, Reset.SCALE]),
}


@pytest.mark.parametrize("name", MOVEMENTS)
async def test_a_movement_takes_along_what_is_in_containers(name: str) -> None:
    ana, board, (a, b, c, d, *others) = await a_scatter()
    frame = await a_frame(ana, board)
    inner = await a_group(ana, board, a, b)
    await put_into(ana, board, frame, inner, c)
    await items.transform_items(ana, board, [Placement(frame, Transform(7, 7, 1.5, 45.0))])
    before = await state_in_rows(board)
    change = await MOVEMENTS[name](ana, board, [frame, d, a])
    assert isinstance(change.operation, TransformItems)
    touched = {item.id for item in change.operation.items}
    assert touched <= {frame, a, b, c, d}
    assert frame in touched
    if name != "reset":
        assert touched == {frame, a, b, c, d}
    there = await at(board)
    assert all(there[i] == before.items[i] for i in (inner, *others))
    assert there[inner].kind is ItemKind.GROUP
    await require_undoable(ana, board, before)


async def test_movements_go_about_the_middle_of_all_or_the_point_named() -> None:
    ana, board, (a, b, *_) = await a_scatter()
    there = await at(board)
    boxes = [box(there[b]), box(there[a])]
    around = bounds_of_all(bounds(one.transform, one.width, one.height) for one in boxes)
    assert around is not None
    cases: list[tuple[Callable[[Point | None], Awaitable[Change]], Callable[[Point], Places]]] = [
        (
            lambda p: movements.scale_items(ana, board, [a, b], 0.5, p),
            lambda p: arranging.scaled(boxes, 0.5, p),
        ),
        (
            lambda p: movements.rotate_items(ana, board, [a, b], -90.0, p),
            lambda p: arranging.rotated(boxes, 270.0, p),
        ),
        (
            lambda p: movements.flip_items(ana, board, [a, b], Axis.HORIZONTAL, p),
            lambda p: arranging.flipped(boxes, Axis.HORIZONTAL, p),
        ),
    ]
    for command, pure in cases:
        for about in (None, Point(3.0, 4.0)):
            change = await command(about)
            expected = placed(pure(about or centre(around)))
            assert sorted(change.operation.items, key=by_id) == sorted(expected.items, key=by_id)  # type: ignore[union-attr]
            await history.undo(ana, board)
    await require_laws(board)


def by_id(placement: Placement) -> UUID:
    return placement.id


async def test_resetting_writes_only_what_was_asked_for() -> None:
    ana, board, (a, *_) = await a_scatter(1)
    await items.transform_items(ana, board, [Placement(a, Transform(5, 6, 2.0, 30.0, True, True))])
    await movements.reset_items(ana, board, [a], [Reset.FLIP])
    assert (await at(board))[a].transform == Transform(5, 6, 2.0, 30.0)
    await movements.reset_items(ana, board, [a], [Reset.SCALE, Reset.ROTATION, Reset.SCALE])
    assert (await at(board))[a].transform == Transform(5, 6)
    with pytest.raises(NothingToChange):
        await movements.reset_items(ana, board, [a], [Reset.ALL])
    with pytest.raises(BadInput):
        await movements.reset_items(ana, board, [a], [])
    await require_laws(board)


@pytest.mark.parametrize("name", MOVEMENTS)
async def test_a_movement_of_anything_locked_is_refused(name: str) -> None:
    ana, board, (a, b, c, *_) = await a_scatter()
    group = await a_group(ana, board, a, b)
    await items.restyle_items(ana, board, [StylePatch(a, locked=True)])
    before = await rows_of(board)
    with pytest.raises(ItemsLocked) as refused:
        await MOVEMENTS[name](ana, board, [c, group])
    assert refused.value.details["ids"] == [str(a)]
    assert await rows_of(board) == before
    await items.restyle_items(ana, board, [StylePatch(a, locked=False), StylePatch(group, locked=True)])
    before = await rows_of(board)
    with pytest.raises(ItemsLocked) as refused:
        await MOVEMENTS[name](ana, board, [b])
    assert refused.value.details["ids"] == [str(b)]
    assert await rows_of(board) == before


async def test_what_would_leave_the_board_is_refused_before_anything_is_written() -> None:
    ana, board, (a, b, *_) = await a_scatter()
    await items.transform_items(ana, board, [Placement(b, Transform(9e8))])
    before = await rows_of(board)
    refused: list[Awaitable[Change]] = [
        movements.move_items(ana, board, [a, b], 2e8, 0.0),
        movements.scale_items(ana, board, [a, b], 3.0, Point(0.0, 0.0)),
    ]
    for command in refused:
        with pytest.raises(BadInput) as far:
            await command
        assert far.value.details["ids"] == [str(b)]
    for command in (
        movements.move_items(ana, board, [a], math.nan, 0.0),
        movements.scale_items(ana, board, [a], 0.0),
        movements.scale_items(ana, board, [a], math.inf),
        movements.rotate_items(ana, board, [a], math.nan),
        movements.rotate_items(ana, board, [a], 5.0, Point(math.inf, 0.0)),
        arrangements.pack_items(ana, board, [a], -1.0),
        arrangements.arrange_items(ana, board, [a], Layout.ROW, Order.NAME, margin=math.nan),
    ):
        with pytest.raises(BadInput):
            await command
    assert await rows_of(board) == before


EVERY: dict[str, Callable[[Viewer, UUID, list[UUID]], Awaitable[Change]]] = {
    **MOVEMENTS,
    **{name: command for name, (command, _) in ARRANGEMENTS.items()},
    "compare": lambda v, b, ids: arrangements.compare_overlay(v, b, [*ids]),
}


@pytest.mark.parametrize("name", EVERY)
async def test_refusals_leave_rows_and_log_as_they_were(name: str) -> None:
    ana, board, (a, b, c, *_) = await a_scatter()
    commenter = await a_member(board, Role.COMMENTER)
    script = await a_viewer(scope=Scope.READ)
    await a_grant(board, script, Role.EDITOR)
    before = await rows_of(board)
    missing, ids = uuid4(), [a, b, c]
    refusals: list[tuple[Viewer, list[UUID], type[DomainError]]] = [
        (commenter, ids, Forbidden),
        (script, ids, Forbidden),
        (await a_viewer(), ids, NotFound),
        (ana, [a, b, missing], NotFound),
        (ana, [a, a], BadInput),
        (ana, [], BadInput),
        (ana, [uuid4() for _ in range(5_001)], LimitExceeded),
    ]
    for viewer, named, error in refusals:
        with pytest.raises(error) as refused:
            await EVERY[name](viewer, board, named)
        if missing in named:
            assert refused.value.details["ids"] == [str(missing)]
    assert await rows_of(board) == before
    await execute("UPDATE board SET trashed_at = now() WHERE id = $1", board)
    with pytest.raises(BoardTrashed):
        await EVERY[name](ana, board, ids)
