"""Presence as the schema shows it: who is on a board right now, and how a client says that it is."""

from collections.abc import AsyncIterable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from msgspec import UNSET as KEEP
from strawberry import UNSET, argument, enum_value, field

from domain import presence as live
from schema.accounts import Account
from schema.arguments import INPUT, maybe_uuid, uuid_of, uuids_of
from schema.context import Info
from schema.fields import Events, resolved, streamed
from schema.places import BoardPoint, BoardPointInput
from schema.scalars import Colour


@strawberry.enum(description="Whether somebody is doing something.")
class PresenceStatus(Enum):
    ACTIVE = enum_value("ACTIVE", description="Moving the hand, or did so just now.")
    IDLE = enum_value("IDLE", description="Here, and has not moved for a while: draw it fainter.")


@strawberry.type(description="What somebody sees of a board: show the same to follow them.")
class Viewport:
    x: float = field(description="Horizontal place of its middle, in board units.")
    y: float = field(description="Vertical place of its middle, in board units.")
    zoom: float = field(description="Screen pixels a board unit.")
    width: float = field(description="Its width in screen pixels.")
    height: float = field(description="Its height in screen pixels.")


@strawberry.type(
    description="One client on one board: a tab, an app or a script. A person may be there with several."
)
class Presence:
    client_id: strawberry.ID = field(description="The UUID that the client gave itself.")
    account: Account = field(description="Whose client it is, with their name and colour.")
    cursor: BoardPoint | None = field(description="Where their pointer is; null: not on the board.")
    selection: list[strawberry.ID] = field(description="Ids of the items they have selected, at most 500.")
    viewport: Viewport | None = field(description="What they see; null: they do not say.")
    following: strawberry.ID | None = field(description="The clientId of whom they follow; null: nobody.")
    status: PresenceStatus = field(description="Whether they are doing something.")
    at: datetime = field(description="When it was heard of last.")


@strawberry.type(
    description="News of who is on a board. Take it in this order: forget everybody if `isComplete`, forget "
    "those in `left`, then put each of `here` in the place of what you knew of its clientId."
)
class PresenceEvent:
    is_complete: bool = field(description="Whether `here` is everybody, as in the first event of a stream.")
    here: list[Presence] = field(description="Who is here: came or changed, each whole.")
    left: list[strawberry.ID] = field(description="The clientIds of those who have left.")


@strawberry.input(description="What you see of a board.")
class ViewportInput:
    x: float = field(description="Horizontal place of its middle, in board units, within ±1e9.")
    y: float = field(description="Vertical place of its middle, in board units, within ±1e9.")
    zoom: float = field(description="Screen pixels a board unit, 0.000001 to 1,000,000.")
    width: float = field(description="Its width in screen pixels, 1 to 100,000.")
    height: float = field(description="Its height in screen pixels, 1 to 100,000.")


@strawberry.input(description="What others see of you. What is left out stays as it was.")
class ShowPresenceInput:
    board_id: strawberry.ID = field(description="The board you are on.")
    client_id: strawberry.ID = field(
        description="A UUID of your own for this tab or script, the same as long as it runs."
    )
    cursor: BoardPointInput | None = field(
        default=UNSET, description="Where your pointer is; null: no longer on the board."
    )
    selection: list[strawberry.ID] | None = field(
        default=UNSET, description="Ids of the items you have selected, 0 to 500."
    )
    viewport: ViewportInput | None = field(default=UNSET, description="What you see; null: you do not say.")
    following: strawberry.ID | None = field(
        default=UNSET, description="The clientId of whom you follow; null: nobody."
    )
    status: PresenceStatus | None = field(default=UNSET, description="Whether you are doing something.")


@strawberry.input(description="Which client leaves which board.")
class LeaveBoardInput:
    board_id: strawberry.ID = field(description="The board.")
    client_id: strawberry.ID = field(description="The client, one of your own.")


@strawberry.type(description="Others are shown where you are.")
class ShowPresencePayload:
    accepted: bool = field(description="Always true; what comes above 30 a second is merged into the next.")


@strawberry.type(description="The client is not on the board.")
class LeaveBoardPayload:
    accepted: bool = field(description="Always true, also if it was not there before.")


@strawberry.type
class PresenceMutations:
    @resolved(
        description="Shows others where you are on a board; writes nothing. For everybody on the board, also "
        "in the trash. Without an open `presence` stream of this client it ends 30 s after the last call."
    )
    async def show_presence(
        self, info: Info, input: Annotated[ShowPresenceInput, INPUT]
    ) -> ShowPresencePayload:
        await info.context.hub.presences.show(
            info.context.require_viewer(),
            uuid_of(input.board_id, "boardId"),
            uuid_of(input.client_id, "clientId"),
            shown_of(input),
        )
        return ShowPresencePayload(accepted=True)

    @resolved(description="Takes a client of yours off a board at once, e.g. when its tab is closed.")
    async def leave_board(self, info: Info, input: Annotated[LeaveBoardInput, INPUT]) -> LeaveBoardPayload:
        await info.context.hub.presences.leave(
            info.context.require_viewer(),
            uuid_of(input.board_id, "boardId"),
            uuid_of(input.client_id, "clientId"),
        )
        return LeaveBoardPayload(accepted=True)


@strawberry.type
class PresenceSubscription:
    @streamed(
        description="Who is on a board: first everybody who is, then who comes, changes and leaves; at most "
        "200 clients a board and 20 a person (LIMIT_EXCEEDED)."
    )
    def presence(
        self,
        info: Info,
        board_id: Annotated[strawberry.ID, argument(description="The board's id.")],
        client_id: Annotated[
            strawberry.ID | None,
            argument(
                description="A UUID of your own: you are present under it while the stream is open, and your "
                "own presence is told like any other. Null: you look on and are not shown."
            ),
        ] = None,
    ) -> AsyncIterable[PresenceEvent]:
        viewer = info.context.require_viewer()
        board, client = uuid_of(board_id, "boardId"), maybe_uuid(client_id, "clientId")
        return Events(info.context.hub.presence(viewer, board, client), event_of)


def event_of(event: live.PresenceEvent) -> PresenceEvent:
    return PresenceEvent(
        is_complete=event.is_complete,
        here=[presence_of(presence) for presence in event.here],
        left=[strawberry.ID(str(client_id)) for client_id in event.left],
    )


def presence_of(row: live.Presence) -> Presence:
    cursor, view = row.cursor, row.viewport
    return Presence(
        client_id=strawberry.ID(str(row.client_id)),
        account=Account(id=strawberry.ID(str(row.account_id)), name=row.name, colour=Colour(row.colour)),
        cursor=None if cursor is None else BoardPoint(x=cursor.x, y=cursor.y),
        selection=[strawberry.ID(str(item_id)) for item_id in row.selection],
        viewport=None
        if view is None
        else Viewport(x=view.x, y=view.y, zoom=view.zoom, width=view.width, height=view.height),
        following=None if row.following is None else strawberry.ID(str(row.following)),
        status=PresenceStatus[row.status.name],
        at=row.at,
    )


def shown_of(input: ShowPresenceInput) -> live.Shown:
    """What is said; a list or a status that is null is as good as left out."""
    ids = input.selection
    return live.Shown(
        cursor=KEEP if input.cursor is UNSET else _point(input.cursor),
        selection=live.packed(uuids_of(ids, "selection")) if isinstance(ids, list) else KEEP,
        viewport=KEEP if input.viewport is UNSET else _viewport(input.viewport),
        following=KEEP if input.following is UNSET else maybe_uuid(input.following, "following"),
        status=live.Status[input.status.name] if input.status else KEEP,
    )


def _point(input: BoardPointInput | None) -> live.Point | None:
    return None if input is None else live.Point(input.x, input.y)


def _viewport(input: ViewportInput | None) -> live.Viewport | None:
    return None if input is None else live.Viewport(input.x, input.y, input.zoom, input.width, input.height)
