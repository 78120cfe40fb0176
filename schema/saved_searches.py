"""Saved searches as the schema shows them, and what is done with them."""

from datetime import datetime
from typing import Annotated

import strawberry
from msgspec import UNSET as KEEP
from strawberry import UNSET, argument, field

from domain import findings, saved_searches
from schema.arguments import INPUT, MUTATION_ID, maybe_uuid, mutation_id_of, uuid_of, uuids_of
from schema.connections import After, Connection, Node, connection_of
from schema.context import Info
from schema.fields import resolved
from schema.image_filters import ImageFilter, ImageSort, filter_of
from schema.image_zips import ImageZip, zip_of
from schema.images import Image, image_of
from schema.saved_filters import SavedFilter, saved_filter_of


@strawberry.type(description="A search of the library under a name. Only whose it is sees it.")
class SavedSearch(Node):
    name: str = field(description="Its name, 1 to 80 characters.")
    filter: SavedFilter = field(
        description="What it looks for, in the words of the input `ImageFilter`: what was read from it can "
        "be sent as `images(filter:)`, without `__typename`."
    )
    sort: ImageSort = field(description="The order of what it finds.")
    created_at: datetime = field(description="When it was saved.")
    wanted: strawberry.Private[findings.ImageFilter]

    @resolved(description="What it finds now; `totalCount` is how many.")
    async def images(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
    ) -> Connection[Image]:
        page = await findings.find_images(
            info.context.require_viewer(),
            self.wanted,
            sort=findings.ImageSort[self.sort.name],
            first=first,
            after=after,
        )
        return connection_of(page, image_of, after)

    @resolved(description="The originals of what it finds now as one zip.")
    async def zip(self, info: Info) -> ImageZip:
        return await zip_of(info.context.require_viewer(), self.wanted, search=self.id)


def saved_search_of(row: saved_searches.SavedSearch) -> SavedSearch:
    return SavedSearch(
        id=strawberry.ID(str(row.id)),
        name=row.name,
        filter=saved_filter_of(row.filter),
        sort=ImageSort[row.sort.name],
        created_at=row.created_at,
        wanted=row.filter,
    )


@strawberry.input(description="A search to be saved.")
class SaveSearchInput:
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for it; left out: one is made."
    )
    name: str = field(description="Its name, 1 to 80 characters.")
    filter: ImageFilter = field(description="What it looks for.")
    sort: ImageSort = field(default=ImageSort.NEWEST, description="The order of what it finds.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="What changes about a saved search; what is left out or null stays.")
class EditSavedSearchInput:
    id: strawberry.ID = field(description="The saved search's id.")
    name: str | None = field(default=UNSET, description="New name, 1 to 80 characters.")
    filter: ImageFilter | None = field(default=UNSET, description="All that it looks for from now on.")
    sort: ImageSort | None = field(default=UNSET, description="New order of what it finds.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="The order of saved searches.")
class OrderSavedSearchesInput:
    ids: list[strawberry.ID] = field(
        description="Ids of saved searches, 1 to 100: these come first, the others follow as they were."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which saved searches are deleted.")
class DeleteSavedSearchesInput:
    ids: list[strawberry.ID] = field(description="Ids of saved searches, 1 to 100.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="A search was saved.")
class SaveSearchPayload:
    saved_search: SavedSearch = field(description="It, the last of the viewer's.")


@strawberry.type(description="A saved search was changed.")
class EditSavedSearchPayload:
    saved_search: SavedSearch = field(description="It, as it is now.")


@strawberry.type(description="Saved searches have another order.")
class OrderSavedSearchesPayload:
    saved_searches: list[SavedSearch] = field(description="All of the viewer's, in their order.")


@strawberry.type(description="Saved searches are gone; what they found stays as it is.")
class DeleteSavedSearchesPayload:
    deleted_ids: list[strawberry.ID] = field(description="Their ids.")


@strawberry.type
class SavedSearchMutations:
    @resolved(description="Saves a search of the library under a name; at most 100 a person.")
    async def save_search(self, info: Info, input: Annotated[SaveSearchInput, INPUT]) -> SaveSearchPayload:
        row = await saved_searches.save_search(
            info.context.require_viewer(),
            id=maybe_uuid(input.id, "id"),
            name=input.name,
            filter=filter_of(input.filter),
            sort=findings.ImageSort[input.sort.name],
            mutation_id=mutation_id_of(input),
        )
        return SaveSearchPayload(saved_search=saved_search_of(row))

    @resolved(description="Changes the name, the filter or the order of a saved search of the viewer.")
    async def edit_saved_search(
        self, info: Info, input: Annotated[EditSavedSearchInput, INPUT]
    ) -> EditSavedSearchPayload:
        row = await saved_searches.edit_saved_search(
            info.context.require_viewer(),
            uuid_of(input.id),
            name=input.name if isinstance(input.name, str) else KEEP,
            filter=filter_of(input.filter) if input.filter else KEEP,
            sort=findings.ImageSort[input.sort.name] if input.sort else KEEP,
            mutation_id=mutation_id_of(input),
        )
        return EditSavedSearchPayload(saved_search=saved_search_of(row))

    @resolved(description="Puts saved searches of the viewer in another order.")
    async def order_saved_searches(
        self, info: Info, input: Annotated[OrderSavedSearchesInput, INPUT]
    ) -> OrderSavedSearchesPayload:
        rows = await saved_searches.order_saved_searches(
            info.context.require_viewer(), uuids_of(input.ids), mutation_id=mutation_id_of(input)
        )
        return OrderSavedSearchesPayload(saved_searches=[saved_search_of(row) for row in rows])

    @resolved(description="Deletes saved searches of the viewer; the pictures stay.")
    async def delete_saved_searches(
        self, info: Info, input: Annotated[DeleteSavedSearchesInput, INPUT]
    ) -> DeleteSavedSearchesPayload:
        ids = await saved_searches.delete_saved_searches(
            info.context.require_viewer(), uuids_of(input.ids), mutation_id=mutation_id_of(input)
        )
        return DeleteSavedSearchesPayload(deleted_ids=[strawberry.ID(str(search_id)) for search_id in ids])
