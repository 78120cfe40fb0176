"""Mutations of the library."""

from typing import Annotated

import strawberry
from msgspec import UNSET as KEEP
from strawberry import UNSET, field

from domain import images, looking
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuid_of, uuids_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image, image_of


@strawberry.input(description="An image and what changes of its words; what is left out or null stays.")
class ImageEditInput:
    id: strawberry.ID = field(description="The image's id.")
    name: str | None = field(default=UNSET, description="Its file name, 1 to 255 characters.")
    title: str | None = field(default=UNSET, description="Its title, up to 500 characters; empty: none.")
    tags: list[str] | None = field(
        default=UNSET, description="All its tags, at most 50 of 64 characters each; an empty list: none."
    )


@strawberry.input(description="Which images change their words.")
class EditImagesInput:
    images: list[ImageEditInput] = field(description="Images of yours and what changes of each, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images are tried again.")
class RetryImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of your images whose state is FAILED, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images somebody is looking at.")
class LookAtImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of images, 1 to 500.")


@strawberry.type(description="The words of images were changed.")
class EditImagesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="Images are tried again.")
class RetryImagesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="What waits to be made of images that somebody looks at comes first now.")
class LookAtImagesPayload:
    waiting: int = field(description="For how many of the images something still waits or is being made.")


def _edit(edit: ImageEditInput) -> images.ImageEdit:
    return images.ImageEdit(
        id=uuid_of(edit.id),
        name=edit.name if isinstance(edit.name, str) else KEEP,
        title=edit.title if isinstance(edit.title, str) else KEEP,
        tags=edit.tags if isinstance(edit.tags, list) else KEEP,
    )


@strawberry.type
class ImageMutations:
    @resolved(description="Changes names, titles and tags of the viewer's images.")
    async def edit_images(self, info: Info, input: Annotated[EditImagesInput, INPUT]) -> EditImagesPayload:
        rows = await images.edit_images(
            info.context.require_viewer(),
            [_edit(edit) for edit in input.images],
            mutation_id=mutation_id_of(input),
        )
        return EditImagesPayload(images=[image_of(row) for row in rows])

    @resolved(description="Makes the renditions of failed images of the viewer once more.")
    async def retry_images(self, info: Info, input: Annotated[RetryImagesInput, INPUT]) -> RetryImagesPayload:
        rows = await images.retry_images(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RetryImagesPayload(images=[image_of(row) for row in rows])

    @resolved(
        description="Says that somebody has these images before their eyes: what is still to be made of "
        "them is made first, and of the ones looked at last before all. Others' are passed over."
    )
    async def look_at_images(
        self, info: Info, input: Annotated[LookAtImagesInput, INPUT]
    ) -> LookAtImagesPayload:
        viewer = info.context.require_viewer()
        return LookAtImagesPayload(waiting=await looking.look_at_images(viewer, uuids_of(input.ids)))
