"""Movements: items moved, scaled, rotated, flipped and reset relative to where they are.

A container stands for all that is in it; a frame moves too, a group has no place of its own.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from domain import checks
from domain.access import BoardRow, Viewer
from domain.arranging import Axis, Box, Places, Reset, flipped, moved, reset, rotated, scaled
from domain.changes import Change
from domain.database import Connection
from domain.deeds import deed
from domain.errors import BadInput, NothingToChange
from domain.geometry import Point, bounds, bounds_of_all, centre
from domain.operations import Operation, Placement, Transform, TransformItems
from domain.unit_rows import units_of

ITEMS = "items"


async def move_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], dx: float, dy: float, *, mutation_id: UUID | None = None
) -> Change:
    """dx, dy: board units to the right and downwards."""
    dx = checks.number(dx, "dx", -2 * checks.FARTHEST, 2 * checks.FARTHEST)
    dy = checks.number(dy, "dy", -2 * checks.FARTHEST, 2 * checks.FARTHEST)
    return await _moved(
        viewer, board_id, ids, mutation_id, "move_items", (dx, dy), lambda boxes: moved(boxes, dx, dy)
    )


async def scale_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    factor: float,
    about: Point | None = None,
    *,
    mutation_id: UUID | None = None,
) -> Change:
    """about None: the centre of the bounds of all.

    A factor that takes any scale out of its limits is cut short for all, so that they keep their layout.
    """
    most = checks.LARGEST_SCALE / checks.SMALLEST_SCALE
    factor = checks.number(factor, "factor", 1 / most, most)
    return await _moved(
        viewer,
        board_id,
        ids,
        mutation_id,
        "scale_items",
        (factor, _checked(about)),
        lambda boxes: scaled(boxes, factor, about or _middle(boxes)),
    )


async def rotate_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    degrees: float,
    about: Point | None = None,
    *,
    mutation_id: UUID | None = None,
) -> Change:
    """degrees: clockwise. about None: the centre of the bounds of all."""
    degrees = checks.degrees(degrees, "degrees")
    return await _moved(
        viewer,
        board_id,
        ids,
        mutation_id,
        "rotate_items",
        (degrees, _checked(about)),
        lambda boxes: rotated(boxes, degrees, about or _middle(boxes)),
    )


async def flip_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    axis: Axis,
    about: Point | None = None,
    *,
    mutation_id: UUID | None = None,
) -> Change:
    """HORIZONTAL swaps left and right, as the eye sees it. about None: the centre of the bounds of all."""
    return await _moved(
        viewer,
        board_id,
        ids,
        mutation_id,
        "flip_items",
        (axis, _checked(about)),
        lambda boxes: flipped(boxes, axis, about or _middle(boxes)),
    )


async def reset_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], what: list[Reset], *, mutation_id: UUID | None = None
) -> Change:
    """Each about its own centre: scale 1, upright, not flipped."""
    if not what:
        raise BadInput("what is empty: name at least one thing to reset.", field="what")
    wanted = sorted(set(what))

    def places(boxes: Sequence[Box]) -> Places:
        found: Places = {}
        for one in wanted:
            found |= reset([replace(box, transform=found.get(box.id, box.transform)) for box in boxes], one)
        return found

    return await _moved(viewer, board_id, ids, mutation_id, "reset_items", wanted, places)


async def _moved(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    mutation_id: UUID | None,
    name: str,
    payload: object,
    places: Callable[[Sequence[Box]], Places],
) -> Change:
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        chosen = await units_of(connection, board.id, wanted)
        chosen.require_unlocked()
        return transformation(places(chosen.boxes))

    return await deed(viewer, board_id, mutation_id, name, (wanted, payload), draft)


def transformation(places: Places) -> TransformItems:
    """Raises NothingToChange where all lies there already, BadInput for what would leave the board."""
    if not places:
        raise NothingToChange("All of it lies there already, or is locked where it is to stay.")
    return TransformItems([Placement(item_id, _within(item_id, place)) for item_id, place in places.items()])


def _within(item_id: UUID, place: Transform) -> Transform:
    try:
        return checks.transform(place)
    except BadInput as error:
        raise BadInput(
            f"This would put items where none can be ({error.message.rstrip('.')}); nothing was moved.",
            field=ITEMS,
            ids=[str(item_id)],
        ) from None


def _checked(about: Point | None) -> Point | None:
    if about is not None:
        checks.number(about.x, "about.x", -checks.FARTHEST, checks.FARTHEST)
        checks.number(about.y, "about.y", -checks.FARTHEST, checks.FARTHEST)
    return about


def _middle(boxes: Sequence[Box]) -> Point:
    around = bounds_of_all(bounds(box.transform, box.width, box.height) for box in boxes)
    return Point(0.0, 0.0) if around is None else centre(around)
