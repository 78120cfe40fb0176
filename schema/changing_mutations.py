"""The mutation of what a hand does to several registers of items at once: one deed, taken back as one."""

from typing import Annotated

import strawberry
from strawberry import UNSET, field

from domain import changing
from domain.operations import Membership
from schema.arguments import INPUT, MUTATION_ID, maybe_uuid, mutation_id_of, uuid_of
from schema.content_inputs import (
    DrawingEditInput,
    FrameEditInput,
    ItemCropInput,
    NoteEditInput,
    crops_of,
    drawing_edits_of,
    frame_edits_of,
    note_edits_of,
)
from schema.context import Info
from schema.fields import resolved
from schema.item_inputs import (
    ItemPlacementInput,
    ItemRankInput,
    ItemStyleInput,
    NewItemInput,
    new_item_of,
    patches_of,
    placements_of,
    ranks_of,
)
from schema.item_mutations import ContentPayload


@strawberry.input(description="An item and what it is in from now on.")
class ItemHomeInput:
    id: strawberry.ID = field(description="The item's id.")
    parent_id: strawberry.ID | None = field(
        description="The group or frame that it is in, also one that is added with it; null: none, it lies "
        "on the board itself."
    )


@strawberry.input(
    description="Several changes of items as one deed, each list up to 500 and naming an item once at most. "
    "They are done in the order of these fields. At least one list is not empty."
)
class ChangeItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    add: list[NewItemInput] = field(
        default_factory=list, description="New items, from back to front, as for `addItems`."
    )
    notes: list[NoteEditInput] = field(
        default_factory=list, description="Notes and their content, as for `editNotes`."
    )
    drawings: list[DrawingEditInput] = field(
        default_factory=list, description="Drawings and their content, as for `editDrawings`."
    )
    frames: list[FrameEditInput] = field(
        default_factory=list, description="Frames and their content, as for `editFrames`."
    )
    crops: list[ItemCropInput] = field(
        default_factory=list,
        description="Items with pictures and their crops, as for `cropItems`. Where `transforms` names a "
        "place for one of them, it lies there.",
    )
    transforms: list[ItemPlacementInput] = field(
        default_factory=list, description="Items and their new places, as for `transformItems`."
    )
    styles: list[ItemStyleInput] = field(
        default_factory=list, description="Items and what changes of their looks, as for `restyleItems`."
    )
    ranks: list[ItemRankInput] = field(
        default_factory=list, description="Items and their new ranks, as for `reorderItems`."
    )
    homes: list[ItemHomeInput] = field(
        default_factory=list,
        description="Items and what they are in from now on. A group that this leaves empty is removed.",
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="Items were changed in several ways at once.")
class ChangeItemsPayload(ContentPayload):
    pass


@strawberry.type
class ChangingMutations:
    @resolved(
        description="Does several things to items as one change, which is undone as one: what a hand does "
        "that drags items into a frame, stretches a box, or draws a frame around what lies there. For "
        "editors; refused as a whole where one part of it would be."
    )
    async def change_items(self, info: Info, input: Annotated[ChangeItemsInput, INPUT]) -> ChangeItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await changing.change_items(
            info.context.require_viewer(), board_id, _wanted(input), mutation_id=mutation_id_of(input)
        )
        return ChangeItemsPayload(board_id=board_id, line=line)


def _wanted(value: ChangeItemsInput) -> changing.Wanted:
    return changing.Wanted(
        added=[new_item_of(item) for item in value.add],
        notes=note_edits_of(value.notes),
        drawings=drawing_edits_of(value.drawings),
        frames=frame_edits_of(value.frames),
        crops=crops_of(value.crops),
        placements=placements_of(value.transforms),
        patches=patches_of(value.styles),
        ranks=ranks_of(value.ranks),
        homes=[Membership(uuid_of(home.id), maybe_uuid(home.parent_id, "parentId")) for home in value.homes],
    )
