"""Mutations of what holds items together, and of what lies in front."""

from typing import Annotated

import strawberry

from domain import grouping, layering
from schema.arguments import INPUT, maybe_uuid, mutation_id_of, uuid_of, uuids_of
from schema.context import Info
from schema.fields import resolved
from schema.group_inputs import GroupItemsInput, OrderItemsInput, RegroupItemsInput, UngroupItemsInput
from schema.item_mutations import ContentPayload


@strawberry.type(description="Items became a group, the first of `items`.")
class GroupItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Groups and frames were dissolved.")
class UngroupItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were put into a group or frame, or taken out.")
class RegroupItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items went to the front or the back.")
class OrderItemsPayload(ContentPayload):
    pass


@strawberry.type
class GroupMutations:
    @resolved(
        description="Makes a group of items: in the group or frame that all of them are in, else on the "
        "board itself, ranked right in front of the frontmost. A group that this leaves empty is removed. "
        "For editors; refused while any is locked."
    )
    async def group_items(self, info: Info, input: Annotated[GroupItemsInput, INPUT]) -> GroupItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await grouping.group_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            group_id=maybe_uuid(input.id, "id"),
            name=input.name,
            mutation_id=mutation_id_of(input),
        )
        return GroupItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Dissolves groups and frames: they are removed, and what is in them goes into what they "
        "were in, staying in its place. For editors; refused while any of these is locked."
    )
    async def ungroup_items(
        self, info: Info, input: Annotated[UngroupItemsInput, INPUT]
    ) -> UngroupItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await grouping.ungroup_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return UngroupItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Puts items into a group or frame, or takes them out; they stay in their places. A "
        "group that this leaves empty is removed, a frame is not. For editors; refused while any of these "
        "or what they go into is locked, and for what would be in itself."
    )
    async def regroup_items(
        self, info: Info, input: Annotated[RegroupItemsInput, INPUT]
    ) -> RegroupItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await grouping.regroup_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            maybe_uuid(input.parent_id, "parentId"),
            mutation_id=mutation_id_of(input),
        )
        return RegroupItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Brings items to the front or sends them to the back, all the way or by one step past "
        "what they overlap. Those that overlap each other keep their order. For editors; refused while any "
        "is locked."
    )
    async def order_items(self, info: Info, input: Annotated[OrderItemsInput, INPUT]) -> OrderItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await layering.order_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            layering.Layering(input.to.name),
            mutation_id=mutation_id_of(input),
        )
        return OrderItemsPayload(board_id=board_id, line=line)
