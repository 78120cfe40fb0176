"""Arrangements: the commands that bring a board into order, computed here for scripts as the canvas does.

A named container is one unit, its contents named singly act singly. ids None: all that is seen at the top of
the board. What is locked stays and leads: the others go by it or around it.
"""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import Struct

from domain import access, arranging, checks
from domain.access import BoardRow, Role, Viewer
from domain.arranging import Axis, Edge, Fit, Layout, Measure, Order, Places, Unit
from domain.arranging.units import is_locked, movable, references
from domain.changes import Change
from domain.database import Connection, transaction
from domain.deeds import deed
from domain.errors import BadInput, DomainError, NothingToChange
from domain.geometry import Bounds, bounds
from domain.item_rows import no_items, present
from domain.layering import ranks_in_front
from domain.movements import transformation
from domain.operations import ItemKind, Operation, ReorderItems, RestyleItems, Simple, StylePatch, together
from domain.unit_rows import Chosen, Part, sort_keys, units_in, units_of

WIDEST_MARGIN = 1e6
MANY = 300


async def align_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID] | None, edge: Edge, *, mutation_id: UUID | None = None
) -> Change:
    """One edge, or the middle, of every unit to that of the bounds of all."""
    return await _arranged(
        viewer, board_id, ids, mutation_id, "align_items", edge, lambda units: arranging.align(units, edge)
    )


async def distribute_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID] | None, axis: Axis, *, mutation_id: UUID | None = None
) -> Change:
    """Equal gaps between neighbours; the first and the last stay."""
    return await _arranged(
        viewer,
        board_id,
        ids,
        mutation_id,
        "distribute_items",
        axis,
        lambda units: arranging.distribute(units, axis),
    )


async def normalize_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID] | None, by: Measure, *, mutation_id: UUID | None = None
) -> Change:
    """Every unit to the mean measure, about its own centre."""
    return await _arranged(
        viewer,
        board_id,
        ids,
        mutation_id,
        "normalize_items",
        by,
        lambda units: arranging.normalize(units, by),
    )


async def stack_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID] | None, *, mutation_id: UUID | None = None
) -> Change:
    """The centre of every unit to the centre of the bounds of all."""
    return await _arranged(viewer, board_id, ids, mutation_id, "stack_items", None, arranging.stack)


async def pack_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID] | None,
    margin: float = 0.0,
    *,
    mutation_id: UUID | None = None,
) -> Change:
    """Close together in a small rectangle, around what is locked. margin: board units between neighbours."""
    gap = _margin(margin)
    return await _arranged(
        viewer,
        board_id,
        ids,
        mutation_id,
        "pack_items",
        gap,
        lambda units: arranging.pack(units, gap),
        takes_long=True,
    )


async def arrange_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID] | None,
    layout: Layout,
    order: Order,
    *,
    margin: float = 0.0,
    seed: int = 0,
    mutation_id: UUID | None = None,
) -> Change:
    """In a row, a column or a grid. margin: board units between neighbours; seed: for RANDOM."""
    gap, wanted = _margin(margin), _wanted(ids)

    def places(chosen: Chosen) -> Places:
        return arranging.arrange(chosen.units, layout, order, sort_keys(chosen), gap, seed)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        chosen = await units_of(connection, board.id, wanted, keyed=True)
        return transformation(await asyncio.to_thread(places, chosen))

    said = (wanted, layout, order, gap, seed)
    return await deed(viewer, board_id, mutation_id, "arrange_items", said, draft)


async def fit_to_frame(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID] | None,
    into: UUID | Bounds,
    *,
    margin: float = 0.0,
    mode: Fit = Fit.CONTAIN,
    mutation_id: UUID | None = None,
) -> Change:
    """As one whole, as large as the frame or rectangle holds, centred there.

    ids None: with a frame, what is in it. Raises BadInput for what is no frame, or is to fit into itself.
    """
    gap, wanted = _margin(margin), _wanted(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        room = into if isinstance(into, Bounds) else await _frame(connection, board.id, into)
        if wanted is None and isinstance(into, UUID):
            chosen = await units_in(connection, board.id, into)
        else:
            chosen = await units_of(connection, board.id, wanted)
        if any(part.id == into for part in chosen.all):
            raise BadInput("A frame cannot be fitted into itself.", field="ids", ids=[str(into)])
        return transformation(await asyncio.to_thread(arranging.fit_to_frame, chosen.units, room, gap, mode))

    said = (wanted, into, gap, mode)
    return await deed(viewer, board_id, mutation_id, "fit_to_frame", said, draft)


async def compare_overlay(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    *,
    opacity: float = 0.5,
    by: Measure = Measure.WIDTH,
    mutation_id: UUID | None = None,
) -> Change:
    """Lays the others over the first, as large as it and see-through, all in front of everything else.

    Where some are locked, the first of these takes the place of the first; locked ones are left as they are.
    """
    wanted = checks.item_ids(ids)
    seen = checks.number(opacity, "opacity", 0.0, 1.0)
    if len(wanted) < 2:
        raise BadInput("ids names one item: name two or more to compare.", field="ids")

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        chosen = await units_of(connection, board.id, wanted)
        return await _overlaid(connection, board.id, chosen, seen, by)

    return await deed(viewer, board_id, mutation_id, "compare_overlay", (wanted, seen, by), draft)


async def _overlaid(
    connection: Connection, board_id: UUID, chosen: Chosen, opacity: float, by: Measure
) -> Operation:
    units = [unit for unit in chosen.units if unit.boxes]
    if len(units) < 2:
        raise BadInput("Name two or more items that show something.", field="ids")
    lead = references(units)[0]
    others = [unit for unit in movable(units) if unit is not lead]
    above = [part for unit in others for part in chosen.parts[unit.key] if not part.locked]
    below = [] if is_locked(lead) else [part for part in chosen.parts[lead.key] if not part.locked]
    parts: list[Simple] = []
    if places := arranging.compare_overlay(units, by):
        parts.append(transformation(places))
    if veiled := [StylePatch(part.id, opacity=opacity) for part in above if _shows(part, opacity)]:
        parts.append(RestyleItems(veiled))
    if ranks := await ranks_in_front(connection, board_id, [*below, *above]):
        parts.append(ReorderItems(ranks))
    if not parts:
        raise NothingToChange("They lie over each other like this already, or are locked.")
    return together(parts)


def _shows(part: Part, opacity: float) -> bool:
    """Whether it shows something, and otherwise than wanted."""
    return part.box is not None and part.opacity != opacity


async def _frame(connection: Connection, board_id: UUID, frame_id: UUID) -> Bounds:
    """Raises NotFound, BadInput for another kind of item."""
    frame = (await present(connection, board_id, [frame_id])).get(frame_id)
    if frame is None:
        raise no_items([frame_id])
    if frame.kind is not ItemKind.FRAME:
        raise BadInput("frameId is no frame.", field="frameId")
    return bounds(frame.transform, frame.width, frame.height)


def _wanted(ids: list[UUID] | None) -> list[UUID] | None:
    return None if ids is None else checks.item_ids(ids)


def _margin(value: float) -> float:
    return checks.number(value, "margin", 0.0, WIDEST_MARGIN)


async def _arranged(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID] | None,
    mutation_id: UUID | None,
    name: str,
    payload: object,
    places: Callable[[Sequence[Unit]], Places],
    *,
    takes_long: bool = False,
) -> Change:
    """In a thread of its own, in which others are served."""
    wanted = _wanted(ids)
    ahead = await _worked_out(viewer, board_id, wanted, places) if takes_long else None

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        chosen = await units_of(connection, board.id, wanted)
        if ahead is not None and ahead.chosen == chosen:
            return transformation(ahead.places)
        return transformation(await asyncio.to_thread(places, chosen.units))

    return await deed(viewer, board_id, mutation_id, name, (wanted, payload), draft)


class _Ahead(Struct, frozen=True):
    """What was worked out before the board was locked: it holds if all still lies as it did then."""

    chosen: Chosen
    places: Places


async def _worked_out(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID] | None,
    places: Callable[[Sequence[Unit]], Places],
) -> _Ahead | None:
    """Packing thousands takes seconds, in which nobody else could write.

    None: so few that it does not matter, or the deed itself will refuse them.
    """
    if ids is not None and len(ids) < MANY:
        return None
    try:
        await access.board(viewer, board_id, Role.EDITOR)
        async with transaction() as connection:
            chosen = await units_of(connection, board_id, ids)
    except DomainError:
        return None
    if len(chosen.parts) < MANY:
        return None
    return _Ahead(chosen, await asyncio.to_thread(places, chosen.units))
