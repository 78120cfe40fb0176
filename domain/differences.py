"""Differences: the one operation that makes a board what it was, or will be, at another moment."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from msgspec import UNSET, structs

from domain.operations import (
    AddItems,
    BoardState,
    EditBoard,
    EditItems,
    ItemState,
    Membership,
    Operation,
    Placement,
    Rank,
    RegroupItems,
    RemoveItems,
    ReorderItems,
    RestoreItems,
    RestyleItems,
    Simple,
    Style,
    StylePatch,
    TransformItems,
    edit_of,
    together,
)

_STYLE_FIELDS = tuple(field.name for field in structs.fields(Style))
_NOTHING: Mapping[UUID, ItemState] = {}


def difference(
    now: BoardState, then: BoardState, resting: Mapping[UUID, ItemState] = _NOTHING
) -> Operation | None:
    """Applied to `now` it gives `then`, but for comments and the trash, which stay; None: nothing differs.

    resting: items that are not on the board now but still kept, as they were when they went: they come back,
    others are added anew. What is removed goes last, out of any container that stays.
    """
    parts: list[Simple] = []
    if (words := _words(now, then)) != EditBoard():
        parts.append(words)
    items = {i: item for i, item in now.items.items() if _same_kind(item, then.items.get(i))}
    gone = [item_id for item_id in now.items if item_id not in items]
    missing = [item for item_id, item in then.items.items() if item_id not in items]
    replaced = [item.id for item in missing if item.id in now.items]
    if replaced:  # of another kind: the id must be free first
        parts.append(RemoveItems(replaced))
    back = [resting[item.id] for item in missing if _same_kind(item, resting.get(item.id))]
    if back:
        parts.append(RestoreItems(back))
        items |= {item.id: item for item in back}
    new = [item for item in missing if item.id not in items]
    if new:
        parts.append(AddItems(new))
    parts += _changes(items, then.items)
    if rest := [item_id for item_id in gone if item_id not in then.items]:
        parts.append(RemoveItems(rest))
    return together(parts) if parts else None


def _same_kind(one: ItemState, other: ItemState | None) -> bool:
    return other is not None and one.kind is other.kind


def _words(now: BoardState, then: BoardState) -> EditBoard:
    return EditBoard(
        title=UNSET if now.title == then.title else then.title,
        description=UNSET if now.description == then.description else then.description,
        cover_id=UNSET if now.cover_id == then.cover_id else then.cover_id,
    )


def _changes(now: Mapping[UUID, ItemState], then: Mapping[UUID, ItemState]) -> Iterator[Simple]:
    """What makes of items the same items of then, register by register."""
    pairs = [
        (now[item_id], item) for item_id, item in then.items() if item_id in now and now[item_id] != item
    ]
    if edits := [edit_of(new) for old, new in pairs if edit_of(old) != edit_of(new)]:
        yield EditItems(edits)
    if places := [Placement(new.id, new.transform) for old, new in pairs if old.transform != new.transform]:
        yield TransformItems(places)
    if patches := [_patch(new.id, old.style, new.style) for old, new in pairs if old.style != new.style]:
        yield RestyleItems(patches)
    if ranks := [Rank(new.id, new.z) for old, new in pairs if old.z != new.z]:
        yield ReorderItems(ranks)
    if homes := [Membership(new.id, new.parent_id) for old, new in pairs if old.parent_id != new.parent_id]:
        yield RegroupItems(homes)


def _patch(item_id: UUID, old: Style, new: Style) -> StylePatch:
    written: dict[str, Any] = {
        name: getattr(new, name) for name in _STYLE_FIELDS if getattr(old, name) != getattr(new, name)
    }
    return StylePatch(item_id, **written)
