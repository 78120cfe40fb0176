"""Boards as the schema shows them: their words, people, items and log."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

import strawberry
from strawberry import argument, enum_value, field

from domain import (
    activity,
    atlases,
    changes,
    comment_reads,
    history,
    invites,
    items,
    members,
    moments,
    past,
    past_comments,
    past_items,
)
from domain.access import BoardRow
from domain.past import Then
from domain.thumbnails import address
from schema.accounts import Account
from schema.activity import Activity, activity_of
from schema.arguments import maybe_uuid
from schema.atlases import Atlas, atlas_of
from schema.changes import Change, change_of
from schema.comments import Comment, comment_of
from schema.connections import After, Connection, Node, connection_of, shaped_at
from schema.context import Info
from schema.fields import resolved
from schema.images import Image
from schema.items import Item, item_of
from schema.moments import BoardMoment, moment_of
from schema.places import RectInput, window_of
from schema.scalars import Long, Path


@strawberry.enum(
    description="What a person may do on a board; each role may do all that the lesser ones may."
)
class Role(Enum):
    OWNER = enum_value("OWNER", description="Everything: people, trash and deletion too.")
    EDITOR = enum_value("EDITOR", description="Change what lies on the board, its words and its cover.")
    COMMENTER = enum_value("COMMENTER", description="Read, and comment.")
    VIEWER = enum_value("VIEWER", description="Read.")


@strawberry.enum(description="Which boards are listed.")
class BoardState(Enum):
    ACTIVE = enum_value("ACTIVE", description="Boards in use.")
    TRASHED = enum_value("TRASHED", description="Boards in the trash.")


@strawberry.enum(description="The order of a list of boards.")
class BoardOrder(Enum):
    UPDATED = enum_value("UPDATED", description="The latest changed first.")
    CREATED = enum_value("CREATED", description="The newest first.")
    TITLE = enum_value("TITLE", description="By title, A to Z.")


@strawberry.type(description="A person on a board.")
class Member:
    role: Role = field(description="What they may do.")
    since: datetime = field(description="When the role was given.")
    account_id: strawberry.Private[UUID]
    granted_by_id: strawberry.Private[UUID | None]

    @resolved(description="The person.")
    async def account(self, info: Info) -> Account:
        return await info.context.loaders.account(self.account_id)

    @resolved(description="Who gave the role; null: it came with making the board.")
    async def granted_by(self, info: Info) -> Account | None:
        if self.granted_by_id is None:
            return None
        return await info.context.loaders.accounts.load(self.granted_by_id)


@strawberry.type(description="Somebody who is invited to a board and has no account yet.")
class BoardInvite:
    id: strawberry.ID = field(description="A UUID, for `revokeInvites`.")
    email: str = field(description="The only address that may use it.")
    role: Role = field(description="What they may do on the board.")
    created_at: datetime = field(description="When it was made.")
    expires_at: datetime = field(description="Until when it may be used.")


class _Threads(TypedDict):
    first: int
    after: str | None
    resolved: bool | None
    item_id: UUID | None


@strawberry.type(description="An endless canvas with pictures and notes.")
class Board(Node):
    title: str = field(description="Its title.")
    description: str = field(description="What it is about; empty: nothing written.")
    seq: Long = field(
        description="Number of its last change. A snapshot read with `seq` n continues with "
        "`boardChanges(after: n)`: nothing lost, nothing twice."
    )
    viewer_role: Role = field(
        description="What the viewer may do here. In the past too it is that of today: it lets them read it."
    )
    created_at: datetime = field(description="When it was made.")
    updated_at: datetime = field(description="When it last changed.")
    trashed_at: datetime | None = field(description="When it was put into the trash; null: it is in use.")
    item_count: int = field(description="How many items lie on it.")
    history_start: Long = field(
        description="Since which seq its history is kept: `board(id, at:)` reads it from there on, and "
        "`changes` begin right after. 0: all of it."
    )
    key: strawberry.Private[UUID]
    created_by_id: strawberry.Private[UUID]
    shown_cover_id: strawberry.Private[UUID | None]
    then: strawberry.Private[Then | None] = None

    @resolved(description="Who made it.")
    async def created_by(self, info: Info) -> Account:
        return await info.context.loaders.account(self.created_by_id)

    @resolved(description="The picture that stands for it: the chosen, else the earliest on it; null: none.")
    async def cover(self, info: Info) -> Image | None:
        if self.then is None:
            return await info.context.loaders.cover(self.key, self.shown_cover_id)
        shown = await past_items.cover_at(info.context.require_viewer(), *self.then)
        return await info.context.loaders.images.load(shown) if shown else None

    @resolved(description="What lies on it, from back to front.")
    async def items(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 10,000.")] = 100,
        after: After = None,
        within: Annotated[
            RectInput | None,
            argument(
                description="Only items whose bounds touch this rectangle; groups are left out, for they lie "
                "where their members lie. Not together with changedSince, nor in the past."
            ),
        ] = None,
        changed_since: Annotated[
            Long | None,
            argument(
                description="Only items that a change after this seq has touched, removed ones (`isRemoved`) "
                "too: what brings a board that was read at this seq up to date. RESYNC below `historyStart`."
            ),
        ] = None,
    ) -> Connection[Item]:
        viewer, window = info.context.require_viewer(), window_of(within, changed_since)
        if self.then is None:
            page = await items.items_on(viewer, self.key, first=first, after=after, window=window)
        else:
            past.require_all(window)
            page = await past_items.items_at(viewer, *self.then, first=first, after=after)
        return connection_of(page, shaped_at(item_of, self.then), after)

    @resolved(description="What people said here: the comments that begin threads, the oldest first.")
    async def comments(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
        resolved: Annotated[
            bool | None, argument(description="Only threads that are settled, or only open ones; null: all.")
        ] = None,
        item_id: Annotated[
            strawberry.ID | None, argument(description="Only threads pinned to this item; null: all.")
        ] = None,
    ) -> Connection[Comment]:
        viewer, item = info.context.require_viewer(), maybe_uuid(item_id, "itemId")
        chosen: _Threads = {"first": first, "after": after, "resolved": resolved, "item_id": item}
        if self.then is None:
            page = await comment_reads.comments_on(viewer, self.key, **chosen)
        else:
            page = await past_comments.comments_at(viewer, self.then, **chosen)
        return connection_of(page, shaped_at(comment_of, self.then), after)

    @resolved(description="How many comments there are, replies counted.")
    async def comment_count(
        self,
        info: Info,
        resolved: Annotated[
            bool | None,
            argument(description="Only of threads that are settled, or only of open ones; null: of all."),
        ] = None,
    ) -> int:
        counts = await info.context.loaders.comment_count(self.key, self.then)
        if resolved is None:
            return counts.open + counts.resolved
        return counts.resolved if resolved else counts.open

    @resolved(
        description="The people on it, in the order in which they came. They are no part of its history: in "
        "the past this is ONLY_NOW."
    )
    async def members(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 100.")] = 50,
        after: After = None,
    ) -> Connection[Member]:
        viewer = info.context.require_viewer()
        past.require_now(self.then, "members")
        page = await members.members_of(viewer, self.key, first=first, after=after)
        return connection_of(page, member_of, after)

    @resolved(
        description="Who is invited to it and has not joined yet, the latest first; empty for all but its "
        "owners. "
        "In the past this is ONLY_NOW."
    )
    async def invites(self, info: Info) -> list[BoardInvite]:
        viewer = info.context.require_viewer()
        past.require_now(self.then, "invites")
        return [board_invite_of(row) for row in await invites.invites_on(viewer, self.key)]

    @resolved(
        description="Its log, the oldest first: applying all of it in order to the board at `historyStart` "
        "gives the board. In the past: up to there."
    )
    async def changes(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
        since: Annotated[
            Long | None,
            argument(description="Only changes after this seq; null: from the first that is kept."),
        ] = None,
    ) -> Connection[Change]:
        viewer = info.context.require_viewer()
        page = await changes.changes_of(
            viewer, self.key, first=first, after=after, since=since, until=self._until
        )
        return connection_of(page, change_of, after)

    @resolved(
        description="Who did what here, in entries, those that began last first; as far as history is kept. "
        "In the past: as they stood then."
    )
    async def activity(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 50.")] = 20,
        after: After = None,
    ) -> Connection[Activity]:
        viewer = info.context.require_viewer()
        page = await activity.activity_of(viewer, self.key, first=first, after=after, until=self._until)
        return connection_of(page, partial(activity_of, self.key), after)

    @resolved(
        description="Points of its history at even distances, the oldest first, the last of them at `until`."
    )
    async def moments(
        self,
        info: Info,
        most: Annotated[int, argument(description="How many at most, 1 to 100.")] = 24,
        since: Annotated[
            Long | None, argument(description="Only what came after this seq; null: from `historyStart`.")
        ] = None,
        until: Annotated[
            Long | None,
            argument(
                description="Up to this seq; null: up to now, or to the moment that the board is read at."
            ),
        ] = None,
    ) -> list[BoardMoment]:
        viewer = info.context.require_viewer()
        found = await moments.moments_of(
            viewer, self.key, most=most, since=since, until=until, at=self._until
        )
        return [moment_of(self.key, moment) for moment in found]

    @resolved(
        description="A small picture of it: WebP, 320 × 200 pixels, see-through where nothing lies. Its path "
        "changes with the board."
    )
    def thumbnail(self) -> Path:
        return Path(address(self.key, self.seq))

    @resolved(description="Whether the viewer has something to undo here.")
    async def can_undo(self, info: Info) -> bool:
        viewer = info.context.require_viewer()
        return self.then is None and await history.can_undo(viewer, self.key)

    @resolved(description="Whether the viewer has something to redo here.")
    async def can_redo(self, info: Info) -> bool:
        viewer = info.context.require_viewer()
        return self.then is None and await history.can_redo(viewer, self.key)

    @resolved(
        description="Its pictures as small ones, many to a page: what shows a board of thousands at once. "
        "Null: it has too few for that, or they are still being made. In the past too it is that of today."
    )
    async def atlas(self, info: Info) -> Atlas | None:
        pages = await atlases.atlas_of(info.context.require_viewer(), self.key)
        return atlas_of(self.key, pages) if pages else None

    @property
    def _until(self) -> int | None:
        return None if self.then is None else self.then.seq


def board_of(row: BoardRow, then: Then | None = None) -> Board:
    """then: where the row is the board as it was then."""
    return Board(
        id=strawberry.ID(str(row.id)),
        title=row.title,
        description=row.description,
        seq=Long(row.seq),
        viewer_role=Role[row.role.name],
        created_at=row.created_at,
        updated_at=row.updated_at,
        trashed_at=row.trashed_at,
        item_count=row.item_count,
        history_start=Long(row.log_start),
        key=row.id,
        created_by_id=row.created_by,
        shown_cover_id=row.cover_id,
        then=then,
    )


def board_invite_of(row: invites.Invite) -> BoardInvite:
    assert row.email is not None, "invites to boards name an address"
    assert row.role is not None, "and a role"
    return BoardInvite(
        id=strawberry.ID(str(row.id)),
        email=row.email,
        role=Role[row.role.name],
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def member_of(row: members.Member) -> Member:
    return Member(
        role=Role[row.role.name],
        since=row.since,
        account_id=row.account_id,
        granted_by_id=row.granted_by,
    )
