"""Comments as the schema shows them: threads pinned to an item or to a place."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry import argument, field

from domain.comment_reads import CommentRow, replies_to
from domain.past import Then
from schema.accounts import Account
from schema.connections import After, Connection, Node, connection_of, shaped_at
from schema.context import Info
from schema.fields import resolved
from schema.items import Item, id_of
from schema.places import BoardPoint

if TYPE_CHECKING:
    from schema.boards import Board

LazyBoard = Annotated["Board", strawberry.lazy("schema.boards")]


@strawberry.type(
    description="What somebody said on a board: it begins a thread, pinned to an item or to a place, or is a "
    "reply in one. Pin and resolution are the thread's: a reply shows those of the comment it replies to."
)
class Comment(Node):
    text: str = field(description="What it says, Markdown, 1 to 10,000 characters.")
    at: datetime = field(description="When it was said.")
    edited_at: datetime | None = field(description="When its text was last rewritten; null: never.")
    is_resolved: bool = field(description="Whether its thread is settled; a reply opens it again.")
    x: float = field(
        description="Pinned to an item: the part of its width from the left of what it shows, 0 to 1, before "
        "any flip. Pinned to a place: horizontal, in board units."
    )
    y: float = field(
        description="Pinned to an item: the part of its height from the top of what it shows, 0 to 1, before "
        "any flip. Pinned to a place: vertical, in board units."
    )
    item_id: strawberry.ID | None = field(
        description="The item that the thread is pinned to; null: it is pinned to a place."
    )
    position: BoardPoint | None = field(
        description="Where the pin is on the board: it goes with its item, and stays where that was when "
        "it is removed. null: the item was removed so long ago that its history is not kept."
    )
    is_removed: bool = field(
        description="Whether it has been removed; `restoreComments` or `undo` bring it back."
    )
    key: strawberry.Private[UUID]
    board_id: strawberry.Private[UUID]
    author_id: strawberry.Private[UUID]
    thread_id: strawberry.Private[UUID | None]
    pinned_to_id: strawberry.Private[UUID | None]
    resolved_by_id: strawberry.Private[UUID | None]
    then: strawberry.Private[Then | None] = None

    @resolved(description="Who said it.")
    async def author(self, info: Info) -> Account:
        return await info.context.loaders.account(self.author_id)

    @resolved(description="Who settled its thread; null: it is open.")
    async def resolved_by(self, info: Info) -> Account | None:
        return await info.context.loaders.accounts.load(self.resolved_by_id) if self.resolved_by_id else None

    @resolved(description="The board it was said on; of a comment of the past: as it was then.")
    async def board(self, info: Info) -> LazyBoard:
        return await info.context.loaders.board(self.board_id, self.then)

    @resolved(
        description="The item that the thread is pinned to, a removed one too; null: `itemId` is, or it "
        "was removed so long ago that its history is not kept."
    )
    async def item(self, info: Info) -> Item | None:
        if self.pinned_to_id is None:
            return None
        return await info.context.loaders.item(self.pinned_to_id, self.then)

    @resolved(description="The comment it replies to, which began the thread; null: this one did.")
    async def thread(self, info: Info) -> "Comment | None":
        if self.thread_id is None:
            return None
        return await info.context.loaders.comment(self.thread_id, self.then)

    @resolved(description="What was replied, the oldest first; nothing for a reply.")
    async def replies(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
    ) -> Connection["Comment"]:
        page = await info.context.loaders.replies_of(replies_to(self.key, first, after), self.then)
        return connection_of(page, shaped_at(comment_of, self.then), after)

    @resolved(description="How many replies there are.")
    async def reply_count(self, info: Info) -> int:
        return await info.context.loaders.reply_count(self.key, self.then)


def comment_of(row: CommentRow, then: Then | None = None) -> Comment:
    """then: where the row is the comment as it was then."""
    state, pin, position = row.state, row.pin, row.position
    return Comment(
        id=id_of(state.id),
        text=state.text,
        at=state.at,
        edited_at=state.edited_at,
        is_resolved=row.resolved_by is not None,
        x=pin.x,
        y=pin.y,
        item_id=None if pin.item_id is None else id_of(pin.item_id),
        position=None if position is None else BoardPoint(x=position.x, y=position.y),
        is_removed=row.removed_at is not None,
        key=state.id,
        board_id=row.board_id,
        author_id=state.author_id,
        thread_id=state.thread_id,
        pinned_to_id=pin.item_id,
        resolved_by_id=row.resolved_by,
        then=then,
    )
