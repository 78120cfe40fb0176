"""Queries: where every reading begins."""

import asyncio
from typing import Annotated

import strawberry
from strawberry import argument

from domain import boards, findings, job_reads, jobs, labelling, past, saved_searches, trash, twins
from domain.errors import LimitExceeded
from domain.past import Then
from schema.accounts import Viewer, viewer_of
from schema.arguments import uuid_of, uuids_of
from schema.boards import Board, BoardOrder, BoardState, board_of
from schema.connections import After, Connection, Node, connection_of
from schema.context import Info
from schema.duplicates import DuplicateGroup, SimilarImage, group_of, similar_of
from schema.fields import resolved
from schema.image_filters import ImageFilter, ImageSort, filter_of
from schema.image_zips import ImageZip, zip_of
from schema.images import Image, image_of
from schema.instance import Instance, instance_of
from schema.jobs import Job, JobReport, JobState, job_of, job_report_of
from schema.library_mutations import PATTERN
from schema.saved_searches import SavedSearch, saved_search_of
from schema.scalars import Long
from schema.web_pictures import WebQueries

MOST_NODES = 100


@strawberry.type(description="What can be read.")
class Query(WebQueries):
    @resolved(description="This server: its version, who may join, how pictures are uploaded. For everybody.")
    def instance(self, info: Info) -> Instance:
        return instance_of(info.context.settings)

    @resolved(description="Who is asking; null: nobody is signed in.")
    async def viewer(self, info: Info) -> Viewer | None:
        return None if info.context.viewer is None else await viewer_of(info.context.viewer)

    @resolved(description="Anything that has an id; null: it does not exist, or the viewer may not see it.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, argument(description="The id of anything.")]
    ) -> Node | None:
        info.context.require_viewer()
        return await info.context.loaders.node(uuid_of(id))

    @resolved(
        description="Several things by their ids, in the order asked for; null for those that cannot be seen."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], argument(description="Ids of anything, at most 100.")],
    ) -> list[Node | None]:
        info.context.require_viewer()
        if len(ids) > MOST_NODES:
            raise LimitExceeded(f"Ask for at most {MOST_NODES} ids at once.", limit=MOST_NODES, field="ids")
        return await asyncio.gather(*(info.context.loaders.node(key) for key in uuids_of(ids)))

    @resolved(description="A board; null: it does not exist, or the viewer is not on it.")
    async def board(
        self,
        info: Info,
        id: Annotated[strawberry.ID, argument(description="The board's id.")],
        at: Annotated[
            Long | None,
            argument(
                description="Seq of a change, or 0: the board as it was right after it, and with it all that "
                "it leads to: items, what they were in, comments, changes up to there. Nothing can be undone "
                "there. Accounts and pictures are those of today, and so is the viewer's role; what is no "
                "part of the history is ONLY_NOW. Earlier than `historyStart` is HISTORY_COMPACTED. null: "
                "the board of now."
            ),
        ] = None,
    ) -> Board | None:
        viewer = info.context.require_viewer()
        if at is None:
            return await info.context.loaders.boards.load(uuid_of(id))
        row = await past.find_board_at(viewer, uuid_of(id), at)
        return None if row is None else board_of(row, Then(row.id, at))

    @resolved(description="Boards the viewer is on.")
    async def boards(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 100.")] = 20,
        after: After = None,
        search: Annotated[
            str | None, argument(description="Only boards with these words in title or description.")
        ] = None,
        state: Annotated[
            BoardState, argument(description="Those in use, or those in the trash.")
        ] = BoardState.ACTIVE,
        order: Annotated[BoardOrder, argument(description="Their order.")] = BoardOrder.UPDATED,
    ) -> Connection[Board]:
        page = await boards.boards_of(
            info.context.require_viewer(),
            first=first,
            after=after,
            search=search,
            state=boards.State[state.name],
            order=boards.Order[order.name],
        )
        return connection_of(page, board_of, after)

    @resolved(description="A picture; null: it does not exist, or the viewer may not see it.")
    async def image(
        self, info: Info, id: Annotated[strawberry.ID, argument(description="The image's id.")]
    ) -> Image | None:
        info.context.require_viewer()
        return await info.context.loaders.images.load(uuid_of(id))

    @resolved(description="Pictures of the viewer's library, and on demand those on boards they may read.")
    async def images(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
        search: Annotated[
            str | None, argument(description="Only pictures with these words in name, title or tags.")
        ] = None,
        tags: Annotated[
            list[str] | None, argument(description="Only pictures that have all these tags.")
        ] = None,
        filter: Annotated[
            ImageFilter | None, argument(description="What they are; null: the viewer's whole library.")
        ] = None,
        sort: Annotated[ImageSort, argument(description="Their order.")] = ImageSort.NEWEST,
    ) -> Connection[Image]:
        page = await findings.find_images(
            info.context.require_viewer(),
            filter_of(filter, search, tags),
            sort=findings.ImageSort[sort.name],
            first=first,
            after=after,
        )
        return connection_of(page, image_of, after)

    @resolved(
        description="The originals of all pictures that a filter finds as one zip, up to 10,000 of them."
    )
    async def images_zip(
        self,
        info: Info,
        filter: Annotated[
            ImageFilter | None, argument(description="What they are; null: the viewer's whole library.")
        ] = None,
        sort: Annotated[ImageSort, argument(description="Their order within it.")] = ImageSort.NEWEST,
    ) -> ImageZip:
        order = findings.ImageSort[sort.name]
        return await zip_of(info.context.require_viewer(), filter_of(filter), sort=order)

    @resolved(description="The viewer's saved searches, in their order: at most 100.")
    async def saved_searches(self, info: Info) -> list[SavedSearch]:
        rows = await saved_searches.saved_searches_of(info.context.require_viewer())
        return [saved_search_of(row) for row in rows]

    @resolved(description="The viewer's trash: pictures they threw away, the latest first.")
    async def trash(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
    ) -> Connection[Image]:
        page = await trash.trashed_images(info.context.require_viewer(), first=first, after=after)
        return connection_of(page, image_of, after)

    @resolved(
        description="What `renameImages` would call pictures, in the order of the ids; nothing is changed."
    )
    async def renamed_images(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], argument(description="Ids of images, 1 to 500, in the order of counting.")
        ],
        pattern: Annotated[str, argument(description=PATTERN)],
        start: Annotated[int, argument(description="The number of the first.")] = 1,
    ) -> list[str]:
        viewer = info.context.require_viewer()
        return await labelling.preview_names(viewer, uuids_of(ids), pattern, start=start)

    @resolved(
        description="Pictures of the viewer's that are nearly one another and of which nothing was said yet, "
        "the newest first."
    )
    async def duplicates(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 100.")] = 20,
        after: After = None,
    ) -> Connection[DuplicateGroup]:
        page = await twins.duplicates_of(info.context.require_viewer(), first=first, after=after)
        return connection_of(page, group_of, after)

    @resolved(
        description="What looks like a picture, among the viewer's own and those on shared boards, the "
        "likest first; at most 300."
    )
    async def similar_images(
        self,
        info: Info,
        to: Annotated[strawberry.ID, argument(description="Id of an image that the viewer may see.")],
        first: Annotated[int, argument(description="Size of a page, 1 to 300.")] = 50,
        after: After = None,
    ) -> Connection[SimilarImage]:
        viewer = info.context.require_viewer()
        page = await twins.similar_images(viewer, uuid_of(to, "to"), first=first, after=after)
        return connection_of(page, similar_of, after)

    @resolved(description="Background work, the newest first. For the server's owner.")
    async def jobs(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 50,
        after: After = None,
        state: Annotated[JobState | None, argument(description="Only jobs in this state; null: all.")] = None,
        kind: Annotated[
            str | None, argument(description="Only jobs of this kind, e.g. `renditions`.")
        ] = None,
        code: Annotated[
            str | None, argument(description="Only jobs whose last attempt failed with this code.")
        ] = None,
    ) -> Connection[Job]:
        viewer = info.context.require_viewer()
        wanted = None if state is None else jobs.JobState[state.name]
        page = await job_reads.jobs_of(viewer, first=first, after=after, state=wanted, kind=kind, code=code)
        return connection_of(page, job_of, after)

    @resolved(
        description="How background work is getting on: queues, rates, reasons of failure. For the owner."
    )
    async def job_report(self, info: Info) -> JobReport:
        return job_report_of(await job_reads.job_report(info.context.require_viewer()))
