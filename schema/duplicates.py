"""Pictures that are nearly one another: groups of them, and what looks like one of them."""

from typing import Annotated

import strawberry
from strawberry import argument, field

from domain import twins
from domain.pagination import page_within
from schema.connections import After, Connection, connection_of
from schema.fields import resolved
from schema.images import Image, image_of


@strawberry.type(
    description="Pictures of the viewer's, each nearly the same as another of them: encoded anew, resized, "
    "brightened or cropped a little. Mirrored ones are none."
)
class DuplicateGroup:
    likeness: float = field(
        description="How alike the least alike of its pairs are, 0 to 1; 1: no difference to be seen."
    )
    group: strawberry.Private[twins.Group]

    @resolved(
        description="They, the one to keep first: with the most pixels, then the most bytes, then the oldest."
    )
    def images(
        self,
        first: Annotated[int, argument(description="Size of a page, 1 to 100.")] = 20,
        after: After = None,
    ) -> Connection[Image]:
        return connection_of(page_within(self.group.images, first, after), image_of, after)


@strawberry.type(description="A picture that looks like another.")
class SimilarImage:
    likeness: float = field(description="How alike the two are, 0 to 1.")
    image: Image = field(description="The picture.")


def group_of(group: twins.Group) -> DuplicateGroup:
    return DuplicateGroup(likeness=group.likeness, group=group)


def similar_of(found: twins.Similar) -> SimilarImage:
    return SimilarImage(likeness=found.likeness, image=image_of(found.image))
