"""Folding: how operations change a board's state, and what takes each of them back."""

from collections.abc import Iterable, Mapping
from typing import TypeVar, assert_never
from uuid import UUID

from msgspec import UNSET, structs
from msgspec.structs import replace

from domain.operations.values import BoardState, CommentState, ItemState, Style
from domain.operations.vocabulary import (
    AddComments,
    AddItems,
    CommentEdit,
    CommentPin,
    Compound,
    EditBoard,
    EditComments,
    EditItems,
    ItemEdit,
    Membership,
    MoveComments,
    Operation,
    Placement,
    Rank,
    RegroupItems,
    RemoveComments,
    RemoveItems,
    ReorderItems,
    Resolution,
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
)

Subject = TypeVar("Subject", ItemState, CommentState)

_STYLE_FIELDS = tuple(field.name for field in structs.fields(Style))


def apply(operation: Operation, state: BoardState) -> BoardState:
    """The state after the operation; ValueError if it does not fit the state (a log never holds such)."""
    return replay((operation,), state)


def replay(operations: Iterable[Operation], start: BoardState | None = None) -> BoardState:
    """The fold of a whole log, in time that grows with its length and not with the board's size."""
    board = start or BoardState()
    items = dict(board.items)
    comments = dict(board.comments)
    for operation in operations:
        for part in parts_of(operation):
            board = _fold(part, board, items, comments)
    return replace(board, items=items, comments=comments)


def _fold(
    part: Simple, board: BoardState, items: dict[UUID, ItemState], comments: dict[UUID, CommentState]
) -> BoardState:
    """Changes both in place; returns the board with its own words changed (its own two stay stale)."""
    match part:
        case AddItems() | RestoreItems():
            _put(items, part.items)
        case AddComments() | RestoreComments():
            _put(comments, part.comments)
        case RemoveItems():
            _take(items, part.ids)
        case RemoveComments():
            _take(comments, part.ids)
        case TransformItems():
            for placement in part.items:
                items[placement.id] = replace(_at(items, placement.id), transform=placement.transform)
        case RestyleItems():
            for patch in part.items:
                item = _at(items, patch.id)
                items[patch.id] = replace(item, style=restyled(item.style, patch))
        case ReorderItems():
            for rank in part.items:
                items[rank.id] = replace(_at(items, rank.id), z=rank.z)
        case EditItems():
            for edit in part.items:
                items[edit.id] = edited(_at(items, edit.id), edit)
        case RegroupItems():
            for membership in part.items:
                items[membership.id] = replace(_at(items, membership.id), parent_id=membership.parent_id)
        case EditComments():
            for change in part.comments:
                comment = _at(comments, change.id)
                comments[change.id] = replace(comment, text=change.text, edited_at=change.edited_at)
        case MoveComments():
            for pin in part.comments:
                comment = _at(comments, pin.id)
                comments[pin.id] = replace(comment, item_id=pin.item_id, x=pin.x, y=pin.y)
        case ResolveComments():
            for resolution in part.comments:
                comment = _at(comments, resolution.id)
                comments[resolution.id] = replace(comment, resolved_by=resolution.resolved_by)
        case EditBoard():
            if part.title is not UNSET:
                board = replace(board, title=part.title)
            if part.description is not UNSET:
                board = replace(board, description=part.description)
            if part.cover_id is not UNSET:
                board = replace(board, cover_id=part.cover_id)
        case TrashBoard():
            board = replace(board, trashed=True)
        case RestoreBoard():
            board = replace(board, trashed=False)
        case _:
            assert_never(part)
    return board


def _put(there: dict[UUID, Subject], new: Iterable[Subject]) -> None:
    for subject in new:
        if subject.id in there:
            raise ValueError(f"{subject.id} is there already")
        there[subject.id] = subject


def _take(there: dict[UUID, Subject], ids: Iterable[UUID]) -> None:
    for subject_id in ids:
        _at(there, subject_id)
        del there[subject_id]


def _at(there: Mapping[UUID, Subject], subject_id: UUID) -> Subject:
    try:
        return there[subject_id]
    except KeyError:
        raise ValueError(f"{subject_id} is not there") from None


def restyled(style: Style, patch: StylePatch) -> Style:
    """The style with what the patch sets."""
    written = {name: value for name in _STYLE_FIELDS if (value := getattr(patch, name)) is not UNSET}
    return replace(style, **written)


def edited(item: ItemState, edit: ItemEdit) -> ItemState:
    """The item with another content and box."""
    return replace(
        item,
        width=edit.width,
        height=edit.height,
        image_id=edit.image_id,
        crop=edit.crop,
        note=edit.note,
        drawing=edit.drawing,
        frame=edit.frame,
    )


def edit_of(item: ItemState) -> ItemEdit:
    """The edit that gives an item the content and box it has."""
    return ItemEdit(
        item.id,
        item.width,
        item.height,
        item.image_id,
        item.crop,
        item.note,
        item.drawing,
        item.frame,
    )


def _patch_back(style: Style, patch: StylePatch) -> StylePatch:
    """The patch that gives `style` back its own values wherever `patch` writes."""
    written = {name: getattr(style, name) for name in _STYLE_FIELDS if getattr(patch, name) is not UNSET}
    return StylePatch(patch.id, **written)


def inverse(operation: Operation, state: BoardState) -> Operation:
    """What takes `operation` back once it has been applied to `state`: only what it names is read."""
    if not isinstance(operation, Compound):
        return _inverse(operation, state)
    back: list[Simple] = []
    for part in operation.operations:
        back.append(_inverse(part, state))
        state = apply(part, state)
    return Compound(back[::-1])


def _inverse(part: Simple, state: BoardState) -> Simple:
    items, comments = state.items, state.comments
    match part:
        case AddItems() | RestoreItems():
            return RemoveItems([item.id for item in part.items])
        case RemoveItems():
            return RestoreItems([_at(items, item_id) for item_id in part.ids])
        case TransformItems():
            return TransformItems([Placement(p.id, _at(items, p.id).transform) for p in part.items])
        case RestyleItems():
            return RestyleItems([_patch_back(_at(items, p.id).style, p) for p in part.items])
        case ReorderItems():
            return ReorderItems([Rank(r.id, _at(items, r.id).z) for r in part.items])
        case EditItems():
            return EditItems([edit_of(_at(items, edit.id)) for edit in part.items])
        case RegroupItems():
            return RegroupItems([Membership(m.id, _at(items, m.id).parent_id) for m in part.items])
        case AddComments() | RestoreComments():
            return RemoveComments([comment.id for comment in part.comments])
        case RemoveComments():
            return RestoreComments([_at(comments, comment_id) for comment_id in part.ids])
        case EditComments():
            before = [_at(comments, edit.id) for edit in part.comments]
            return EditComments([CommentEdit(c.id, c.text, c.edited_at) for c in before])
        case MoveComments():
            before = [_at(comments, pin.id) for pin in part.comments]
            return MoveComments([CommentPin(c.id, c.item_id, c.x, c.y) for c in before])
        case ResolveComments():
            before = [_at(comments, resolution.id) for resolution in part.comments]
            return ResolveComments([Resolution(c.id, c.resolved_by) for c in before])
        case EditBoard():
            return EditBoard(
                title=UNSET if part.title is UNSET else state.title,
                description=UNSET if part.description is UNSET else state.description,
                cover_id=UNSET if part.cover_id is UNSET else state.cover_id,
            )
        case TrashBoard() | RestoreBoard():
            return TrashBoard() if state.trashed else RestoreBoard()
        case _:
            assert_never(part)
