"""Mutations that move items relative to where they are, and that bring a board into order."""

from typing import Annotated

import strawberry

from domain import arrangements, arranging, movements
from schema.arguments import INPUT, mutation_id_of, uuid_of, uuids_of
from schema.arrange_inputs import (
    AlignItemsInput,
    ArrangeItemsInput,
    CompareOverlayInput,
    DistributeItemsInput,
    FitToFrameInput,
    FlipItemsInput,
    MoveItemsInput,
    NormalizeItemsInput,
    PackItemsInput,
    ResetItemsInput,
    RotateItemsInput,
    ScaleItemsInput,
    StackItemsInput,
    point_of,
    target_of,
    units_named,
)
from schema.context import Info
from schema.fields import resolved
from schema.item_mutations import ContentPayload


@strawberry.type(description="Items were moved.")
class MoveItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were scaled.")
class ScaleItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were rotated.")
class RotateItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were mirrored.")
class FlipItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were reset.")
class ResetItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were lined up.")
class AlignItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were spread.")
class DistributeItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were brought to one size.")
class NormalizeItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were stacked.")
class StackItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were packed.")
class PackItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were laid out.")
class ArrangeItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items were fitted.")
class FitToFramePayload(ContentPayload):
    pass


@strawberry.type(description="Items were laid over each other.")
class CompareOverlayPayload(ContentPayload):
    pass


@strawberry.type
class MovementMutations:
    @resolved(description="Moves items by a distance. For editors; refused while any is locked.")
    async def move_items(self, info: Info, input: Annotated[MoveItemsInput, INPUT]) -> MoveItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await movements.move_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            input.dx,
            input.dy,
            mutation_id=mutation_id_of(input),
        )
        return MoveItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Makes items larger or smaller, all about one place. For editors; refused while any is "
        "locked."
    )
    async def scale_items(self, info: Info, input: Annotated[ScaleItemsInput, INPUT]) -> ScaleItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await movements.scale_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            input.factor,
            point_of(input.about),
            mutation_id=mutation_id_of(input),
        )
        return ScaleItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Rotates items together, all about one place. For editors; refused while any is locked."
    )
    async def rotate_items(self, info: Info, input: Annotated[RotateItemsInput, INPUT]) -> RotateItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await movements.rotate_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            input.degrees,
            point_of(input.about),
            mutation_id=mutation_id_of(input),
        )
        return RotateItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Mirrors items together, places and pictures alike. For editors; refused while any is "
        "locked."
    )
    async def flip_items(self, info: Info, input: Annotated[FlipItemsInput, INPUT]) -> FlipItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await movements.flip_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            arranging.Axis(input.axis.name),
            point_of(input.about),
            mutation_id=mutation_id_of(input),
        )
        return FlipItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Takes back how items are scaled, rotated or mirrored; their centres stay. For editors; "
        "refused while any is locked."
    )
    async def reset_items(self, info: Info, input: Annotated[ResetItemsInput, INPUT]) -> ResetItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await movements.reset_items(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            [arranging.Reset(one.name) for one in input.what],
            mutation_id=mutation_id_of(input),
        )
        return ResetItemsPayload(board_id=board_id, line=line)


@strawberry.type
class ArrangementMutations:
    @resolved(
        description="Lines items up by their visible bounds, with the bounds of all; where some are locked, "
        "with the bounds of these. For editors."
    )
    async def align_items(self, info: Info, input: Annotated[AlignItemsInput, INPUT]) -> AlignItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.align_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            arranging.Edge(input.edge.name),
            mutation_id=mutation_id_of(input),
        )
        return AlignItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Makes the gaps between neighbours equal, negative where there is no room. The first, "
        "the last and what is locked stay. For editors."
    )
    async def distribute_items(
        self, info: Info, input: Annotated[DistributeItemsInput, INPUT]
    ) -> DistributeItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.distribute_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            arranging.Axis(input.axis.name),
            mutation_id=mutation_id_of(input),
        )
        return DistributeItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Scales items, each about its own centre, until they have the mean measure of all; "
        "where some are locked, of these. For editors."
    )
    async def normalize_items(
        self, info: Info, input: Annotated[NormalizeItemsInput, INPUT]
    ) -> NormalizeItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.normalize_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            arranging.Measure(input.by.name),
            mutation_id=mutation_id_of(input),
        )
        return NormalizeItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Puts items onto each other, in the middle of the bounds of all; where some are locked, "
        "of these. For editors."
    )
    async def stack_items(self, info: Info, input: Annotated[StackItemsInput, INPUT]) -> StackItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.stack_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return StackItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Puts items close together in a small rectangle, around what is locked. Sizes and "
        "rotations stay, and so does the top left of all. The same items give the same packing. For "
        "editors."
    )
    async def pack_items(self, info: Info, input: Annotated[PackItemsInput, INPUT]) -> PackItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.pack_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            input.margin,
            mutation_id=mutation_id_of(input),
        )
        return PackItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Lays items out in a row, a column or a grid, in a chosen order. What is locked is left "
        "out. For editors."
    )
    async def arrange_items(
        self, info: Info, input: Annotated[ArrangeItemsInput, INPUT]
    ) -> ArrangeItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.arrange_items(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            arranging.Layout(input.layout.name),
            arranging.Order(input.order.name),
            margin=input.margin,
            seed=input.seed,
            mutation_id=mutation_id_of(input),
        )
        return ArrangeItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Moves and scales items as one whole, until they are as large as a frame or rectangle "
        "holds, and centres them there. It does not put them into the frame: `regroupItems` does. What is "
        "locked is left out. For editors."
    )
    async def fit_to_frame(self, info: Info, input: Annotated[FitToFrameInput, INPUT]) -> FitToFramePayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.fit_to_frame(
            info.context.require_viewer(),
            board_id,
            units_named(input.ids),
            target_of(input.into),
            margin=input.margin,
            mode=arranging.Fit(input.mode.name),
            mutation_id=mutation_id_of(input),
        )
        return FitToFramePayload(board_id=board_id, line=line)

    @resolved(
        description="Lays items over the first to compare them: as large as it, see-through, all in front "
        "of everything else in the order named, the first behind. Where some are locked, the first of these "
        "takes its place; locked ones stay as they are. For editors."
    )
    async def compare_overlay(
        self, info: Info, input: Annotated[CompareOverlayInput, INPUT]
    ) -> CompareOverlayPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await arrangements.compare_overlay(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            opacity=input.opacity,
            by=arranging.Measure(input.by.name),
            mutation_id=mutation_id_of(input),
        )
        return CompareOverlayPayload(board_id=board_id, line=line)
