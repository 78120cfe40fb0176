"""Operations on comments as the schema shows them: what a change of the log did to what people said."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

import strawberry
from strawberry import field

from domain import operations
from domain.operations import CommentOperation, CommentState
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.items import id_of

X = "With `itemId` the part of the item's width from the left, 0 to 1, before any flip; else board units."
Y = "With `itemId` the part of the item's height from the top, 0 to 1, before any flip; else board units."


@strawberry.type(
    description="A comment as the log knows it. A reply has no pin of its own: `x` and `y` are 0 then."
)
class CommentSnapshot:
    id: strawberry.ID = field(description="The comment's id.")
    text: str = field(description="What it says, Markdown.")
    at: datetime = field(description="When it was said.")
    edited_at: datetime | None = field(description="When its text was last rewritten; null: never.")
    thread_id: strawberry.ID | None = field(
        description="The comment it replies to, which began the thread; null: this one did."
    )
    item_id: strawberry.ID | None = field(description="The item it is pinned to; null: none.")
    x: float = field(description=X)
    y: float = field(description=Y)
    is_resolved: bool = field(description="Whether its thread is settled; false for a reply.")
    author_id: strawberry.Private[UUID]
    resolved_by_id: strawberry.Private[UUID | None]

    @resolved(description="Who said it.")
    def author(self, info: Info) -> Account:
        return info.context.loaders.person(self.author_id)

    @resolved(description="Who settled it; null: it is open, or a reply.")
    def resolved_by(self, info: Info) -> Account | None:
        return info.context.loaders.person(self.resolved_by_id) if self.resolved_by_id else None


@strawberry.type(description="A comment and its new text.")
class CommentEdit:
    id: strawberry.ID = field(description="The comment's id.")
    text: str = field(description="What it says now, Markdown.")
    edited_at: datetime | None = field(description="When it was rewritten; null: it is as it was first said.")


@strawberry.type(description="A comment and where its thread is pinned now.")
class CommentPin:
    id: strawberry.ID = field(description="The comment's id.")
    item_id: strawberry.ID | None = field(description="The item it is pinned to; null: a place.")
    x: float = field(description=X)
    y: float = field(description=Y)


@strawberry.type(description="A thread and whether it is settled now.")
class CommentResolution:
    id: strawberry.ID = field(description="Id of the comment that began the thread.")
    is_resolved: bool = field(description="Whether it is settled; false: open again.")
    resolved_by_id: strawberry.Private[UUID | None]

    @resolved(description="Who settled it; null: it is open.")
    def resolved_by(self, info: Info) -> Account | None:
        return info.context.loaders.person(self.resolved_by_id) if self.resolved_by_id else None


@strawberry.type(description="Somebody commented or replied.")
class AddComments:
    comments: list[CommentSnapshot] = field(description="What was said.")


@strawberry.type(description="Comments were removed; they keep their ids and can come back.")
class RemoveComments:
    ids: list[strawberry.ID] = field(description="Their ids; with a comment that began a thread its replies.")


@strawberry.type(description="Removed comments came back exactly as they were.")
class RestoreComments:
    comments: list[CommentSnapshot] = field(description="They, as they are again.")


@strawberry.type(description="Comments were rewritten.")
class EditComments:
    comments: list[CommentEdit] = field(description="They, and their new texts.")


@strawberry.type(description="Threads were pinned elsewhere.")
class MoveComments:
    comments: list[CommentPin] = field(description="They, and where they are now.")


@strawberry.type(description="Threads were settled, or opened again.")
class ResolveComments:
    comments: list[CommentResolution] = field(description="They, and what they are now.")


AnyCommentOperation = (
    AddComments | RemoveComments | RestoreComments | EditComments | MoveComments | ResolveComments
)


def comment_operation_of(operation: CommentOperation) -> AnyCommentOperation:
    """The domain's operation in the schema's words."""
    match operation:
        case operations.AddComments():
            return AddComments(comments=[_snapshot(comment) for comment in operation.comments])
        case operations.RemoveComments():
            return RemoveComments(ids=[id_of(comment_id) for comment_id in operation.ids])
        case operations.RestoreComments():
            return RestoreComments(comments=[_snapshot(comment) for comment in operation.comments])
        case operations.EditComments():
            return EditComments(
                comments=[
                    CommentEdit(id=id_of(edit.id), text=edit.text, edited_at=edit.edited_at)
                    for edit in operation.comments
                ]
            )
        case operations.MoveComments():
            return MoveComments(comments=[_pin(pin) for pin in operation.comments])
        case operations.ResolveComments():
            return ResolveComments(comments=[_resolution(each) for each in operation.comments])
        case _:
            assert_never(operation)


def _snapshot(state: CommentState) -> CommentSnapshot:
    return CommentSnapshot(
        id=id_of(state.id),
        text=state.text,
        at=state.at,
        edited_at=state.edited_at,
        thread_id=_maybe(state.thread_id),
        item_id=_maybe(state.item_id),
        x=state.x,
        y=state.y,
        is_resolved=state.resolved_by is not None,
        author_id=state.author_id,
        resolved_by_id=state.resolved_by,
    )


def _pin(pin: operations.CommentPin) -> CommentPin:
    return CommentPin(id=id_of(pin.id), item_id=_maybe(pin.item_id), x=pin.x, y=pin.y)


def _resolution(resolution: operations.Resolution) -> CommentResolution:
    by = resolution.resolved_by
    return CommentResolution(id=id_of(resolution.id), is_resolved=by is not None, resolved_by_id=by)


def _maybe(value: UUID | None) -> strawberry.ID | None:
    return None if value is None else id_of(value)
