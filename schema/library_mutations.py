"""Mutations of many pictures of a library at once: tags, names, and the trash."""

from typing import Annotated

import strawberry
from strawberry import UNSET, field

from domain import labelling, trash
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuids_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image, image_of

PATTERN = (
    "What they are called, 1 to 255 characters: `{n}` counts up, `{n:03}` with three digits at least; "
    "`{name}` (its name without the extension), `{title}`, `{date}` (taken, else uploaded), `{width}`, "
    "`{height}`, `{format}` stand for what they say; `{{` and `}}` for braces. The extension stays."
)


@strawberry.input(description="Which images get other tags.")
class TagImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of your images, 1 to 500.")
    add: list[str] = field(
        default_factory=list, description="Tags that each of them has afterwards, of up to 64 characters."
    )
    remove: list[str] = field(
        default_factory=list, description="Tags that none of them has afterwards; none of those in `add`."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images are renamed, and by what pattern.")
class RenameImagesInput:
    ids: list[strawberry.ID] = field(
        description="Ids of your images, 1 to 500, in the order in which they are counted."
    )
    pattern: str = field(description=PATTERN)
    start: int = field(default=1, description="The number of the first.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images go into the trash.")
class TrashImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of your images, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images come back from the trash.")
class RestoreImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of your images in the trash, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which images are deleted for good.")
class DeleteImagesInput:
    ids: list[strawberry.ID] = field(description="Ids of your images in the trash, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="Images have other tags.")
class TagImagesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="Images have other names.")
class RenameImagesPayload:
    images: list[Image] = field(description="They, in the order in which they were counted.")


@strawberry.type(description="Images are in the trash.")
class TrashImagesPayload:
    images: list[Image] = field(description="They, in the order of their ids; `boards` go on showing them.")


@strawberry.type(description="Images are back in the library.")
class RestoreImagesPayload:
    images: list[Image] = field(description="They, in the order of their ids.")


@strawberry.type(description="Images are gone, as far as no board needs them.")
class DeleteImagesPayload:
    deleted_ids: list[strawberry.ID] = field(description="Ids of those that are gone for good.")
    kept: list[Image] = field(
        description="Those that a board shows or its history can bring back: they stay in the trash, and go "
        "when that has ended."
    )


@strawberry.type
class LibraryMutations:
    @resolved(description="Adds tags to images of the viewer and takes others off, for all of them or none.")
    async def tag_images(self, info: Info, input: Annotated[TagImagesInput, INPUT]) -> TagImagesPayload:
        rows = await labelling.tag_images(
            info.context.require_viewer(),
            uuids_of(input.ids),
            add=input.add,
            remove=input.remove,
            mutation_id=mutation_id_of(input),
        )
        return TagImagesPayload(images=[image_of(row) for row in rows])

    @resolved(
        description="Renames images of the viewer by a pattern, all of them or none; `renamedImages` shows "
        "beforehand what they would be called."
    )
    async def rename_images(
        self, info: Info, input: Annotated[RenameImagesInput, INPUT]
    ) -> RenameImagesPayload:
        rows = await labelling.rename_images(
            info.context.require_viewer(),
            uuids_of(input.ids),
            input.pattern,
            start=input.start,
            mutation_id=mutation_id_of(input),
        )
        return RenameImagesPayload(images=[image_of(row) for row in rows])

    @resolved(
        description="Throws images of the viewer away. They leave the library, boards go on showing them, "
        "and `restoreImages` takes it back; after a time they are deleted (`keptUntil`)."
    )
    async def trash_images(self, info: Info, input: Annotated[TrashImagesInput, INPUT]) -> TrashImagesPayload:
        rows = await trash.trash_images(
            info.context.require_viewer(), uuids_of(input.ids), mutation_id=mutation_id_of(input)
        )
        return TrashImagesPayload(images=[image_of(row) for row in rows])

    @resolved(description="Takes images out of the trash.")
    async def restore_images(
        self, info: Info, input: Annotated[RestoreImagesInput, INPUT]
    ) -> RestoreImagesPayload:
        rows = await trash.restore_images(
            info.context.require_viewer(), uuids_of(input.ids), mutation_id=mutation_id_of(input)
        )
        return RestoreImagesPayload(images=[image_of(row) for row in rows])

    @resolved(description="Deletes images in the trash for good, but for those that boards still need.")
    async def delete_images(
        self, info: Info, input: Annotated[DeleteImagesInput, INPUT]
    ) -> DeleteImagesPayload:
        deleted = await trash.delete_images(
            info.context.require_viewer(), uuids_of(input.ids), mutation_id=mutation_id_of(input)
        )
        return DeleteImagesPayload(
            deleted_ids=[strawberry.ID(str(image_id)) for image_id in deleted.ids],
            kept=[image_of(row) for row in deleted.kept],
        )
