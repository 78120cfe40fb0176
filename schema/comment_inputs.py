"""What clients send about comments, and how it becomes the domain's values."""

from uuid import UUID

import strawberry
from strawberry import UNSET, field

from domain.comments import NewComment, NewPin, NewText, Pin
from schema.arguments import MUTATION_ID, maybe_uuid, uuid_of
from schema.places import BoardPointInput


@strawberry.input(description="A place on an item: it goes where the item goes.")
class ItemPinInput:
    id: strawberry.ID = field(description="The item's id. Not a group: it has no place of its own.")
    x: float = field(
        default=0.5, description="Part of its width from the left of what it shows, 0 to 1, before any flip."
    )
    y: float = field(
        default=0.5, description="Part of its height from the top of what it shows, 0 to 1, before any flip."
    )


@strawberry.input(one_of=True, description="Where a new comment goes: exactly one of these.")
class CommentPlaceInput:
    item: strawberry.Maybe[ItemPinInput] = field(description="It begins a thread pinned to an item.")
    at: strawberry.Maybe[BoardPointInput] = field(description="It begins a thread pinned to a place.")
    thread_id: strawberry.Maybe[strawberry.ID] = field(
        description="It replies in the thread of this comment, and opens it again if it was resolved."
    )


@strawberry.input(one_of=True, description="Where a thread is pinned: exactly one of these.")
class CommentPinInput:
    item: strawberry.Maybe[ItemPinInput] = field(description="To an item.")
    at: strawberry.Maybe[BoardPointInput] = field(description="To a place.")


@strawberry.input(description="A new comment.")
class NewCommentInput:
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for it; left out: one is made."
    )
    text: str = field(description="What it says, Markdown, 1 to 10,000 characters.")
    place: CommentPlaceInput = field(description="Where it goes.")


@strawberry.input(description="What is said on which board.")
class AddCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    comments: list[NewCommentInput] = field(
        description="The new comments, 1 to 500. A reply may name a comment before it in this list."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A comment and its new text.")
class CommentTextInput:
    id: strawberry.ID = field(description="The comment's id.")
    text: str = field(description="What it says from now on, Markdown, 1 to 10,000 characters.")


@strawberry.input(description="Which comments are rewritten.")
class EditCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    comments: list[CommentTextInput] = field(description="Comments of your own and their texts, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A thread and where it goes.")
class CommentMoveInput:
    id: strawberry.ID = field(description="Id of the comment that began the thread.")
    pin: CommentPinInput = field(description="Where it is pinned from now on.")


@strawberry.input(description="Which threads go where.")
class MoveCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    comments: list[CommentMoveInput] = field(description="Threads and their new places, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which threads are settled, or opened again.")
class ResolveCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of the comments that began them, 1 to 500.")
    resolved: bool = field(default=True, description="Whether they are settled; false: open again.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which comments are removed.")
class RemoveCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(
        description="Ids of comments, 1 to 500; with one that began a thread go its replies."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which removed comments come back.")
class RestoreCommentsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(
        description="Ids of removed comments, 1 to 500; with one that began a thread come the replies that "
        "went with it."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


def new_comments_of(values: list[NewCommentInput]) -> list[NewComment]:
    return [
        NewComment(
            text=value.text,
            pin=_pin_of(value.place),
            thread_id=_thread_of(value.place),
            id=maybe_uuid(value.id, "id"),
        )
        for value in values
    ]


def texts_of(values: list[CommentTextInput]) -> list[NewText]:
    return [NewText(uuid_of(value.id), value.text) for value in values]


def pins_of(values: list[CommentMoveInput]) -> list[NewPin]:
    return [NewPin(uuid_of(value.id), _pin_of(value.pin) or Pin()) for value in values]


def _pin_of(value: CommentPlaceInput | CommentPinInput) -> Pin | None:
    if value.item is not None:
        item = value.item.value
        return Pin(item.x, item.y, uuid_of(item.id, "item.id"))
    return None if value.at is None else Pin(value.at.value.x, value.at.value.y)


def _thread_of(value: CommentPlaceInput) -> UUID | None:
    return None if value.thread_id is None else uuid_of(value.thread_id.value, "threadId")
