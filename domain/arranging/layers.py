"""One step forward or backward: past the next item that overlaps, so that every step shows."""

import math
from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain.arranging.units import GRID, Box
from domain.geometry import Bounds, bounds, corners


class Step(StrEnum):
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"


class Layer(Struct, frozen=True):
    """An item in the order from back to front. box None: overlaps nothing (hidden, a group itself)."""

    id: UUID
    z: str
    box: Box | None


class Insertion(Struct, frozen=True):
    """Items that come, in this order, between two ranks; None is the open end."""

    ids: tuple[UUID, ...]
    low: str | None
    high: str | None


def steps(order: Sequence[Layer], ids: Collection[UUID], direction: Step) -> list[Insertion]:
    """Moves each of `ids` past the next overlapping item that is not among them.

    Those of `ids` that overlap each other keep their order: one that would be passed goes as far itself.
    `order` holds the whole board, back to front. Locked items stay. The ranks of every insertion leave room
    (low < high): where two neighbours share a rank, the front one is given a new one, too.
    """
    chosen = set(ids)
    going = [
        layer for layer in order if layer.id in chosen and layer.box is not None and not layer.box.locked
    ]
    moving = {layer.id for layer in going}
    staying = [layer for layer in order if layer.id not in moving]
    before = _slots(order, moving)
    after = _slots_after(going, staying, before, direction)
    arriving: list[list[tuple[Layer, bool]]] = [[] for _ in range(len(staying) + 1)]
    for layer, old, new in zip(going, before, after, strict=True):
        arriving[new].append((layer, new != old))
    result = arriving[0]
    for layer, those in zip(staying, arriving[1:], strict=True):
        result += [(layer, False), *those]
    return _insertions(result)


def overlapping(one: Box, other: Box) -> bool:
    """Whether two turned boxes share more than an edge (separating axis theorem, to 1/1024 unit)."""
    return not (_apart(one, other) or _apart(other, one))


def _apart(one: Box, other: Box) -> bool:
    """Whether an edge of the first separates them."""
    turn = math.radians(one.transform.rotation)
    cosine, sine = math.cos(turn), math.sin(turn)
    points = corners(other.transform, other.width, other.height)
    for x, y, length in ((cosine, sine, one.width), (-sine, cosine, one.height)):
        reach = length * one.transform.scale / 2
        spots = [(p.x - one.transform.x) * x + (p.y - one.transform.y) * y for p in points]
        gap = max(min(spots) - reach, -reach - max(spots))
        if math.floor(gap * GRID + 0.5) >= 0:
            return True
    return False


def _slots(order: Sequence[Layer], moving: Collection[UUID]) -> list[int]:
    """For each moving item, how many staying ones lie behind it."""
    slots: list[int] = []
    behind = 0
    for layer in order:
        if layer.id in moving:
            slots.append(behind)
        else:
            behind += 1
    return slots


def _slots_after(
    going: Sequence[Layer], staying: Sequence[Layer], before: Sequence[int], direction: Step
) -> list[int]:
    """Past what overlaps, and past those of their own that would otherwise pass them."""
    shown = [_Shown.of(layer.box) for layer in staying]
    ours = [_Shown.of(layer.box) for layer in going]
    wanted = list(before)
    for n, one in enumerate(ours):
        if direction is Step.FORWARD:
            past = (at + 1 for at in range(before[n], len(staying)) if _overlap(one, shown[at]))
        else:
            past = (at for at in range(before[n] - 1, -1, -1) if _overlap(one, shown[at]))
        wanted[n] = next(past, before[n])
    forward = direction is Step.FORWARD
    passing: list[int] = []
    for n in range(len(ours)) if forward else range(len(ours) - 1, -1, -1):
        for other in passing:
            further = wanted[other] > wanted[n] if forward else wanted[other] < wanted[n]
            if further and _overlap(ours[n], ours[other]):
                wanted[n] = wanted[other]
        if wanted[n] != before[n]:
            passing.append(n)
    return wanted


class _Shown(Struct, frozen=True):
    """A box and its bounds, which tell most pairs apart at once."""

    box: Box
    bounds: Bounds

    @classmethod
    def of(cls, box: Box | None) -> "_Shown | None":
        return None if box is None else cls(box, bounds(box.transform, box.width, box.height))


def _overlap(one: _Shown | None, other: _Shown | None) -> bool:
    if one is None or other is None:
        return False
    here, there = one.bounds, other.bounds
    return (
        here.left < there.right
        and there.left < here.right
        and here.top < there.bottom
        and there.top < here.bottom
        and overlapping(one.box, other.box)
    )


def _insertions(order: Sequence[tuple[Layer, bool]]) -> list[Insertion]:
    """The runs of moved items, each between the ranks of what lies behind and in front of it."""
    insertions: list[Insertion] = []
    low: str | None = None
    run: list[UUID] = []
    for layer, moved in order:
        if moved or (run and low is not None and layer.z <= low):
            run.append(layer.id)
            continue
        if run:
            insertions.append(Insertion(tuple(run), low, layer.z))
            run = []
        low = layer.z
    if run:
        insertions.append(Insertion(tuple(run), low, None))
    return insertions
