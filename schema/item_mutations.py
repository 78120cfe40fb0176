"""Mutations of what lies on a board: one call takes a list, one change of the log holds it all."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import field

from domain import adding, items
from domain.changes import Change as Line
from domain.live import Phase
from schema.arguments import INPUT, mutation_id_of, uuid_of, uuids_of
from schema.boards import Board
from schema.changes import Change, change_of
from schema.context import Info
from schema.fields import resolved
from schema.item_inputs import (
    AddItemsInput,
    DragItemsInput,
    RemoveItemsInput,
    ReorderItemsInput,
    RestoreItemsInput,
    RestyleItemsInput,
    TransformItemsInput,
    new_item_of,
    patches_of,
    placements_of,
    ranks_of,
)
from schema.items import Item


@strawberry.interface(description="What every mutation of a board's content answers.")
class ContentPayload:
    board_id: strawberry.Private[UUID]
    line: strawberry.Private[Line]

    @resolved(description="The board as it is now.")
    async def board(self, info: Info) -> Board:
        return await info.context.loaders.board(self.board_id)

    @resolved(description="The line this wrote into the board's log.")
    def change(self) -> Change:
        return change_of(self.line)

    @resolved(description="The items it touched as they are now, in the order sent.")
    async def items(self, info: Info) -> list[Item]:
        return await info.context.loaders.items_of(self.board_id, self.line)


@strawberry.type(description="Items were placed on the board.")
class AddItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were moved, scaled, rotated or flipped.")
class TransformItemsPayload(ContentPayload):
    pass


@strawberry.type(description="The looks of items were changed.")
class RestyleItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items changed their rank.")
class ReorderItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were removed.")
class RemoveItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Removed items came back.")
class RestoreItemsPayload(ContentPayload):
    pass


@strawberry.type(description="A moment of a drag was shown to others.")
class DragItemsPayload:
    accepted: bool = field(description="Always true; moments above 30 a second are merged into later ones.")


@strawberry.type
class ItemMutations:
    @resolved(description="Places pictures, notes, drawings, frames and groups on a board. For editors.")
    async def add_items(self, info: Info, input: Annotated[AddItemsInput, INPUT]) -> AddItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await adding.add_items(
            info.context.require_viewer(),
            board_id,
            [new_item_of(item) for item in input.items],
            mutation_id=mutation_id_of(input),
        )
        return AddItemsPayload(board_id=board_id, line=line)

    @resolved(description="Moves, scales, rotates and flips items: each place is written whole. For editors.")
    async def transform_items(
        self, info: Info, input: Annotated[TransformItemsInput, INPUT]
    ) -> TransformItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await items.transform_items(
            info.context.require_viewer(),
            board_id,
            placements_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return TransformItemsPayload(board_id=board_id, line=line)

    @resolved(description="Changes the looks of items, locks and hides them; locked ones too. For editors.")
    async def restyle_items(
        self, info: Info, input: Annotated[RestyleItemsInput, INPUT]
    ) -> RestyleItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await items.restyle_items(
            info.context.require_viewer(),
            board_id,
            patches_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return RestyleItemsPayload(board_id=board_id, line=line)

    @resolved(description="Brings items to the front or sends them to the back, by rank. For editors.")
    async def reorder_items(
        self, info: Info, input: Annotated[ReorderItemsInput, INPUT]
    ) -> ReorderItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await items.reorder_items(
            info.context.require_viewer(),
            board_id,
            ranks_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return ReorderItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Removes items and all that is in them, and groups that this leaves empty; they can come "
        "back. For editors."
    )
    async def remove_items(self, info: Info, input: Annotated[RemoveItemsInput, INPUT]) -> RemoveItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await items.remove_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RemoveItemsPayload(board_id=board_id, line=line)

    @resolved(description="Brings removed items back exactly as they were. For editors.")
    async def restore_items(
        self, info: Info, input: Annotated[RestoreItemsInput, INPUT]
    ) -> RestoreItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await items.restore_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RestoreItemsPayload(board_id=board_id, line=line)

    @resolved(description="Shows a drag under way to who follows `transforms`; writes nothing. For editors.")
    async def drag_items(self, info: Info, input: Annotated[DragItemsInput, INPUT]) -> DragItemsPayload:
        await info.context.hub.drag(
            info.context.require_viewer(),
            uuid_of(input.board_id, "boardId"),
            uuid_of(input.gesture_id, "gestureId"),
            placements_of(input.items),
            Phase[input.phase.name],
        )
        return DragItemsPayload(accepted=True)
