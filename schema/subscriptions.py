"""Subscriptions: what happens while one looks, each event authorized when it is delivered."""

from collections.abc import AsyncIterable
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument, enum_value, field

from domain import live
from domain.entries import require_few
from domain.errors import BadInput
from domain.operations import TransformItems, parts_of
from schema.accounts import Account
from schema.arguments import maybe_uuid, uuid_of, uuids_of
from schema.changes import Change, change_of
from schema.context import Info
from schema.fields import Events, resolved, streamed
from schema.images import ImageProgress, image_of
from schema.operations import ItemPlacement, placement_of
from schema.presence import PresenceSubscription
from schema.scalars import Long


@strawberry.enum(description="What kind of movement is told.")
class TransformPhase(Enum):
    MOVING = enum_value("MOVING", description="A drag is under way.")
    DROPPED = enum_value("DROPPED", description="The drag ended; COMMITTED follows.")
    CANCELLED = enum_value("CANCELLED", description="The drag was given up: the items are where they were.")
    COMMITTED = enum_value("COMMITTED", description="The move is in the log.")


@strawberry.type(
    description="Items moving on a board: drags at up to 30 a second, and moves that were committed."
)
class TransformEvent:
    gesture_id: strawberry.ID | None = field(description="The drag it belongs to; null for COMMITTED.")
    phase: TransformPhase = field(description="What kind of movement this is.")
    seq: Long | None = field(
        description="Seq of the change, for COMMITTED; null for drags, which no log keeps."
    )
    items: list[ItemPlacement] = field(description="The items and where they are.")
    actor_id: strawberry.Private[UUID]

    @resolved(description="Who moves them.")
    def actor(self, info: Info) -> Account:
        return info.context.loaders.person(self.actor_id)


@strawberry.type(
    description="What can be followed, over graphql-transport-ws. A stream ends with an error and its "
    "code: NOT_FOUND when access ends, RESYNC when it cannot go on without a gap."
)
class Subscription(PresenceSubscription):
    @streamed(
        description="Every change of a board in order, gapless: after a cut, go on with the last seq seen."
    )
    def board_changes(
        self,
        info: Info,
        board_id: Annotated[strawberry.ID, argument(description="The board's id.")],
        after: Annotated[
            Long | None,
            argument(description="Seq of the last change known; null: only what happens from now on."),
        ] = None,
    ) -> AsyncIterable[Change]:
        viewer = info.context.require_viewer()
        return Events(info.context.hub.changes(viewer, uuid_of(board_id, "boardId"), after), change_of)

    @streamed(
        description="How far renditions are: first each picture of the set as it is now, then every step."
    )
    def image_progress(
        self,
        info: Info,
        board_id: Annotated[
            strawberry.ID | None, argument(description="All pictures placed on this board. Either this …")
        ] = None,
        image_ids: Annotated[
            list[strawberry.ID] | None, argument(description="… or these pictures, 1 to 500.")
        ] = None,
    ) -> AsyncIterable[ImageProgress]:
        viewer = info.context.require_viewer()
        if (board_id is None) == (image_ids is None):
            raise BadInput("Name a board or pictures: exactly one of boardId and imageIds.", field="boardId")
        if image_ids is not None:
            require_few(image_ids, "imageIds")
        steps = info.context.hub.image_progress(
            viewer,
            image_ids=None if image_ids is None else uuids_of(image_ids, "imageIds"),
            board_id=maybe_uuid(board_id, "boardId"),
        )
        return Events(steps, progress_of)

    @streamed(description="Items moving on a board, from now on: drags under way and committed moves.")
    def transforms(
        self,
        info: Info,
        board_id: Annotated[strawberry.ID, argument(description="The board's id.")],
    ) -> AsyncIterable[TransformEvent]:
        viewer = info.context.require_viewer()
        return Events(info.context.hub.transforms(viewer, uuid_of(board_id, "boardId")), transform_event_of)


def progress_of(step: live.ImageProgress) -> ImageProgress:
    return ImageProgress(done=step.done, total=step.total, image=image_of(step.image))


def transform_event_of(move: live.Drag | live.Change) -> TransformEvent:
    if isinstance(move, live.Drag):
        return TransformEvent(
            gesture_id=strawberry.ID(str(move.gesture_id)),
            phase=TransformPhase[move.phase.name],
            seq=None,
            items=[placement_of(placement) for placement in move.placements],
            actor_id=move.actor_id,
        )
    moved = [part for part in parts_of(move.operation) if isinstance(part, TransformItems)]
    return TransformEvent(
        gesture_id=None,
        phase=TransformPhase.COMMITTED,
        seq=Long(move.seq),
        items=[placement_of(placement) for part in moved for placement in part.items],
        actor_id=move.actor_id,
    )
