"""Mutations of pictures that are nearly one another: what their owner says of them, and making them one."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET, field

from domain import changes, merging, twins
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuid_of, uuids_of
from schema.boards import Board
from schema.changes import Change, change_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image, image_of


@strawberry.input(description="Which pictures are no duplicates of one another.")
class DismissDuplicatesInput:
    ids: list[strawberry.ID] = field(description="Images of yours, 2 to 500: every pair of them is meant.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which pictures are to be shown as duplicates again.")
class RestoreDuplicatesInput:
    ids: list[strawberry.ID] = field(description="Images of yours, 2 to 500: every pair of them is meant.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which pictures become one.")
class MergeImagesInput:
    keep_id: strawberry.ID = field(description="The image of yours that is kept.")
    ids: list[strawberry.ID] = field(
        description="Images of yours, 1 to 100, in whose places the kept one comes."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="Pictures are not shown as duplicates of one another any more.")
class DismissDuplicatesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="Pictures are shown as duplicates of one another again, where they are alike.")
class RestoreDuplicatesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="Pictures became one.")
class MergeImagesPayload:
    image: Image = field(description="What was kept, with the tags of all.")
    merged: list[Image] = field(description="The others, in the order of their ids.")
    lines: strawberry.Private[list[changes.Change]]
    left: strawberry.Private[list[UUID]]

    @resolved(description="One line for each board where it moved; undo it there like any other.")
    def changes(self) -> list[Change]:
        return [change_of(line) for line in self.lines]

    @resolved(
        description="Boards on which some of the others still lie, because the viewer is no editor there, "
        "the board is in the trash or the items are locked. Boards that they may not read are not told."
    )
    async def left_on(self, info: Info) -> list[Board]:
        found = await info.context.loaders.boards.load_many(self.left)
        return [board for board in found if board is not None]


@strawberry.type
class DuplicateMutations:
    @resolved(description="Says that images of the viewer are no duplicates of one another; remembered.")
    async def dismiss_duplicates(
        self, info: Info, input: Annotated[DismissDuplicatesInput, INPUT]
    ) -> DismissDuplicatesPayload:
        rows = await twins.settle_duplicates(
            info.context.require_viewer(),
            uuids_of(input.ids),
            settled=True,
            mutation_id=mutation_id_of(input),
        )
        return DismissDuplicatesPayload(images=[image_of(row) for row in rows])

    @resolved(description="Takes back that images of the viewer are no duplicates of one another.")
    async def restore_duplicates(
        self, info: Info, input: Annotated[RestoreDuplicatesInput, INPUT]
    ) -> RestoreDuplicatesPayload:
        rows = await twins.settle_duplicates(
            info.context.require_viewer(),
            uuids_of(input.ids),
            settled=False,
            mutation_id=mutation_id_of(input),
        )
        return RestoreDuplicatesPayload(images=[image_of(row) for row in rows])

    @resolved(
        description="Puts one image into the places of others on every board where the viewer may write: the "
        "same part of it, around the same centre; covers too, locked items not. It takes their tags, and a "
        "title of theirs if it has none; they go to the trash."
    )
    async def merge_images(self, info: Info, input: Annotated[MergeImagesInput, INPUT]) -> MergeImagesPayload:
        done = await merging.merge_images(
            info.context.require_viewer(),
            uuid_of(input.keep_id, "keepId"),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return MergeImagesPayload(
            image=image_of(done.image),
            merged=[image_of(row) for row in done.merged],
            lines=done.changes,
            left=done.left_on,
        )
