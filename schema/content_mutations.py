"""Mutations of what items show: texts, drawings, frames, pictures and the parts of them."""

from typing import Annotated

import strawberry

from domain import contents
from schema.arguments import INPUT, mutation_id_of, uuid_of
from schema.content_inputs import (
    CropItemsInput,
    EditDrawingsInput,
    EditFramesInput,
    EditNotesInput,
    ReplaceImagesInput,
    crops_of,
    drawing_edits_of,
    frame_edits_of,
    note_edits_of,
    replacements_of,
)
from schema.context import Info
from schema.fields import resolved
from schema.item_mutations import ContentPayload


@strawberry.type(description="Notes were rewritten.")
class EditNotesPayload(ContentPayload):
    pass


@strawberry.type(description="Drawings were redrawn.")
class EditDrawingsPayload(ContentPayload):
    pass


@strawberry.type(description="Frames were changed.")
class EditFramesPayload(ContentPayload):
    pass


@strawberry.type(description="Pictures were cropped, or are shown whole again.")
class CropItemsPayload(ContentPayload):
    pass


@strawberry.type(description="Items show other pictures.")
class ReplaceImagesPayload(ContentPayload):
    pass


@strawberry.type
class ContentMutations:
    @resolved(description="Rewrites notes: each one's content and box, whole. For editors.")
    async def edit_notes(self, info: Info, input: Annotated[EditNotesInput, INPUT]) -> EditNotesPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await contents.edit_notes(
            info.context.require_viewer(),
            board_id,
            note_edits_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return EditNotesPayload(board_id=board_id, line=line)

    @resolved(description="Redraws drawings: each one's content and box, whole. For editors.")
    async def edit_drawings(
        self, info: Info, input: Annotated[EditDrawingsInput, INPUT]
    ) -> EditDrawingsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await contents.edit_drawings(
            info.context.require_viewer(),
            board_id,
            drawing_edits_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return EditDrawingsPayload(board_id=board_id, line=line)

    @resolved(
        description="Changes frames: each one's background and box, whole, around the centre it has. What is "
        "in it stays where it is; the title is the item's `name` (`restyleItems`). For editors."
    )
    async def edit_frames(self, info: Info, input: Annotated[EditFramesInput, INPUT]) -> EditFramesPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await contents.edit_frames(
            info.context.require_viewer(),
            board_id,
            frame_edits_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return EditFramesPayload(board_id=board_id, line=line)

    @resolved(
        description="Shows parts of pictures, or the whole again; the picture itself stays as it is. Box and "
        "place are computed from where the item is at that moment. For editors."
    )
    async def crop_items(self, info: Info, input: Annotated[CropItemsInput, INPUT]) -> CropItemsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await contents.crop_items(
            info.context.require_viewer(),
            board_id,
            crops_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return CropItemsPayload(board_id=board_id, line=line)

    @resolved(
        description="Puts other pictures into the places of those that are there: whole and undistorted, as "
        "large as fits into the item's box, around the same centre, turned, flipped and styled alike. "
        "For editors."
    )
    async def replace_images(
        self, info: Info, input: Annotated[ReplaceImagesInput, INPUT]
    ) -> ReplaceImagesPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await contents.replace_images(
            info.context.require_viewer(),
            board_id,
            replacements_of(input.items),
            mutation_id=mutation_id_of(input),
        )
        return ReplaceImagesPayload(board_id=board_id, line=line)
