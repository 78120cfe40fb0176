"""Registers: which parts of which items an operation writes, as bits. Undo is guarded by what overlaps."""

from collections.abc import Set
from enum import IntFlag
from typing import Literal, assert_never
from uuid import UUID

from msgspec import UNSET, structs

from domain.operations.vocabulary import (
    AddComments,
    AddItems,
    Compound,
    EditBoard,
    EditComments,
    EditItems,
    MoveComments,
    Operation,
    RegroupItems,
    RemoveComments,
    RemoveItems,
    ReorderItems,
    ResolveComments,
    RestoreBoard,
    RestoreComments,
    RestoreItems,
    RestyleItems,
    Simple,
    StylePatch,
    TransformItems,
    TrashBoard,
    parts_of,
    together,
)


class Aspect(IntFlag):
    """One bit a register. EXISTENCE overlaps with everything."""

    EXISTENCE = 1
    TRANSFORM = 1 << 1
    ORDER = 1 << 2
    CONTENT = 1 << 3
    PARENT = 1 << 4
    OPACITY = 1 << 5
    GRAYSCALE = 1 << 6
    BRIGHTNESS = 1 << 7
    CONTRAST = 1 << 8
    SATURATION = 1 << 9
    SAMPLING = 1 << 10
    LOCKED = 1 << 11
    HIDDEN = 1 << 12
    NAME = 1 << 13
    TAGS = 1 << 14
    LINK = 1 << 15
    RESOLUTION = 1 << 16
    TITLE = 1 << 17
    DESCRIPTION = 1 << 18
    COVER = 1 << 19


About = Literal["items", "comments", "board"]

THE_BOARD = UUID(int=0)
"""Stands for the board's own words among the subjects of a change."""

_STYLE_FIELDS = tuple(
    (field.name, Aspect[field.name.upper()]) for field in structs.fields(StylePatch) if field.name != "id"
)
LOOKS = Aspect(sum(aspect for _, aspect in _STYLE_FIELDS))
"""What a lock does not keep from being changed."""

_BOARD_FIELDS = (("title", Aspect.TITLE), ("description", Aspect.DESCRIPTION), ("cover_id", Aspect.COVER))


def _written(value: StylePatch | EditBoard, fields: tuple[tuple[str, Aspect], ...]) -> Aspect:
    bits = 0
    for name, aspect in fields:
        if getattr(value, name) is not UNSET:
            bits |= aspect
    return Aspect(bits)


def touches_of(operation: Operation) -> dict[UUID, Aspect]:
    """What it writes: of items, of comments, and under THE_BOARD of the board itself."""
    touches: dict[UUID, Aspect] = {}
    for part in parts_of(operation):
        for subject, aspect in zip(*_touched(part), strict=True):
            touches[subject] = touches[subject] | aspect if subject in touches else aspect
    return touches


def touched_by(operation: Operation) -> tuple[list[UUID], list[int]]:
    """The same as two columns: subjects, each once, and the bits of each."""
    if isinstance(operation, Compound):
        touches = touches_of(operation)
        return list(touches), [int(aspect) for aspect in touches.values()]
    subjects, aspects = _touched(operation)
    return subjects, [int(aspect) for aspect in aspects]


def subjects_of(operation: Operation) -> list[UUID]:
    """The items and comments it touches, each once, in its own order; none for the board's own words."""
    if isinstance(operation, Compound):
        return [subject for subject in touches_of(operation) if subject != THE_BOARD]
    return [] if isinstance(operation, EditBoard | TrashBoard | RestoreBoard) else _ids(operation)


def _touched(part: Simple) -> tuple[list[UUID], list[Aspect]]:
    ids = _ids(part)
    match part:
        case RestyleItems():
            return ids, [_written(patch, _STYLE_FIELDS) for patch in part.items]
        case EditBoard():
            return ids, [_written(part, _BOARD_FIELDS)]
        case _:
            return ids, [_ASPECTS.get(type(part), Aspect.EXISTENCE)] * len(ids)


_ASPECTS: dict[type[Simple], Aspect] = {
    TransformItems: Aspect.TRANSFORM,
    ReorderItems: Aspect.ORDER,
    EditItems: Aspect.CONTENT,
    RegroupItems: Aspect.PARENT,
    EditComments: Aspect.CONTENT,
    MoveComments: Aspect.TRANSFORM,
    ResolveComments: Aspect.RESOLUTION,
}


def _ids(part: Simple) -> list[UUID]:
    match part:
        case RemoveItems() | RemoveComments():
            return list(part.ids)
        case AddComments() | RestoreComments() | EditComments() | MoveComments() | ResolveComments():
            return [comment.id for comment in part.comments]
        case EditBoard() | TrashBoard() | RestoreBoard():
            return [THE_BOARD]
        case (
            AddItems()
            | RestoreItems()
            | TransformItems()
            | RestyleItems()
            | ReorderItems()
            | EditItems()
            | RegroupItems()
        ):
            return [item.id for item in part.items]
        case _:
            assert_never(part)


def about_of(operation: Operation) -> About:
    """What it speaks of; a compound with any item in it speaks of items."""
    kinds = {_about(part) for part in parts_of(operation)}
    return "items" if "items" in kinds else "comments" if "comments" in kinds else "board"


def _about(part: Simple) -> About:
    match part:
        case EditBoard() | TrashBoard() | RestoreBoard():
            return "board"
        case (
            AddComments()
            | RemoveComments()
            | RestoreComments()
            | EditComments()
            | MoveComments()
            | ResolveComments()
        ):
            return "comments"
        case _:
            return "items"


def restricted_to(operation: Operation, subjects: Set[UUID]) -> Operation | None:
    """The same operation on those of its subjects (THE_BOARD counts as one); None: nothing is left."""
    parts = [kept for part in parts_of(operation) if (kept := _restricted(part, subjects)) is not None]
    return together(parts) if parts else None


def _restricted(part: Simple, subjects: Set[UUID]) -> Simple | None:
    match part:
        case RemoveItems() | RemoveComments():
            ids = [subject for subject in part.ids if subject in subjects]
            return structs.replace(part, ids=ids) if ids else None
        case EditBoard() | TrashBoard() | RestoreBoard():
            return part if THE_BOARD in subjects else None
        case AddComments() | RestoreComments() | EditComments() | MoveComments() | ResolveComments():
            comments = [comment for comment in part.comments if comment.id in subjects]
            return structs.replace(part, comments=comments) if comments else None
        case _:
            items = [item for item in part.items if item.id in subjects]
            return structs.replace(part, items=items) if items else None
