"""The mutation of documents: pages that become pictures."""

from typing import Annotated

import strawberry
from strawberry import UNSET, field

from domain import pages
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuid_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image, image_of


@strawberry.input(description="Which pages of a document become pictures.")
class ExtractPagesInput:
    image_id: strawberry.ID = field(description="A picture that the viewer may see and that has `pages`.")
    pages: list[int] = field(description="Numbers of pages, the first is 1; 1 to 4 of them.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="Pages of a document have become pictures.")
class ExtractPagesPayload:
    images: list[Image] = field(
        description="The pages as pictures that the viewer sees, in the order asked. One that was there "
        "already is the picture that it was."
    )


@strawberry.type
class PageMutations:
    @resolved(
        description="Takes pages of a document (PDF, TIFF) into the viewer's library, each as if it had been "
        "drawn as a PNG and uploaded."
    )
    async def extract_pages(
        self, info: Info, input: Annotated[ExtractPagesInput, INPUT]
    ) -> ExtractPagesPayload:
        rows = await pages.extract_pages(
            info.context.require_viewer(),
            uuid_of(input.image_id),
            input.pages,
            info.context.settings,
            mutation_id=mutation_id_of(input),
        )
        return ExtractPagesPayload(images=[image_of(row) for row in rows])
