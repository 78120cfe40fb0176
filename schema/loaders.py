"""Loaders: what many fields ask for one by one is read in one statement, each with the viewer's own access.

Nothing is remembered between batches, so that a subscription always shows what is there now; but for
`person`, which may be a second old.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TypeVar, cast
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain import (
    accounts,
    boards,
    changes,
    comment_reads,
    images,
    items,
    job_reads,
    past,
    past_comments,
    past_items,
    renditions,
    saved_searches,
    trash,
    uses,
)
from domain.access import Viewer
from domain.comment_reads import CommentRow, Counts, Replies
from domain.errors import NotFound
from domain.operations import subjects_of
from domain.pagination import Page
from domain.past import Then
from schema.accounts import Account, account_of
from schema.boards import Board, board_of
from schema.changes import Change, change_of
from schema.comments import Comment, comment_of
from schema.connections import Connection, Node, connection_of, shaped_at
from schema.context import Context, Impersonal
from schema.images import Image, ImageUse, Rendition, image_of, rendition_of, use_of
from schema.items import Item, item_of
from schema.jobs import Job, job_of
from schema.saved_searches import SavedSearch, saved_search_of

FRESH_SECONDS = 1.0

Key = TypeVar("Key")
Row = TypeVar("Row")
Shape = TypeVar("Shape")


class Loaders:
    """One set for each operation. The plural ones give None for what the viewer may not see."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._people: dict[UUID, tuple[float, Account]] = {}

    @cached_property
    def accounts(self) -> DataLoader[UUID, Account | None]:
        return _loader(self._accounts)

    @cached_property
    def boards(self) -> DataLoader[UUID, Board | None]:
        return _loader(self._boards)

    @cached_property
    def images(self) -> DataLoader[UUID, Image | None]:
        return _loader(self._images)

    @cached_property
    def items(self) -> DataLoader[UUID, Item | None]:
        return _loader(self._items)

    @cached_property
    def comments(self) -> DataLoader[UUID, Comment | None]:
        return _loader(self._comments)

    @cached_property
    def replies(self) -> DataLoader[Replies, Page[CommentRow]]:
        return _loader(self._replies)

    @cached_property
    def reply_counts(self) -> DataLoader[UUID, int]:
        return _loader(self._reply_counts)

    @cached_property
    def comment_counts(self) -> DataLoader[UUID, Counts]:
        return _loader(self._comment_counts)

    @cached_property
    def past_items(self) -> DataLoader[tuple[Then, UUID], Item | None]:
        return _loader(partial(_by_moment, self._past_items))

    @cached_property
    def past_comments(self) -> DataLoader[tuple[Then, UUID], Comment | None]:
        return _loader(partial(_by_moment, self._past_comments))

    @cached_property
    def past_replies(self) -> DataLoader[tuple[Then, Replies], Page[CommentRow]]:
        return _loader(partial(_by_moment, self._past_replies))

    @cached_property
    def past_reply_counts(self) -> DataLoader[tuple[Then, UUID], int]:
        return _loader(partial(_by_moment, self._past_reply_counts))

    @cached_property
    def past_boards(self) -> DataLoader[Then, Board | None]:
        return _loader(self._past_boards)

    @cached_property
    def renditions(self) -> DataLoader[UUID, list[Rendition]]:
        return _loader(self._renditions)

    @cached_property
    def saved_searches(self) -> DataLoader[UUID, SavedSearch | None]:
        return _loader(self._saved_searches)

    @cached_property
    def needs(self) -> DataLoader[UUID, bool]:
        return _loader(trash.needed_images)

    @cached_property
    def covers(self) -> DataLoader[UUID, UUID | None]:
        return _loader(self._covers)

    @cached_property
    def acquaintances(self) -> DataLoader[UUID, Account | None]:
        return _loader(self._acquaintances)

    @cached_property
    def lines(self) -> DataLoader[tuple[UUID, int], Change | None]:
        """By board and seq, of boards that were just read for the viewer."""
        return _loader(self._lines)

    @cached_property
    def jobs(self) -> DataLoader[UUID, Job | None]:
        return _loader(self._jobs)

    @property
    def _viewer(self) -> Viewer:
        return self._context.require_viewer()

    async def _accounts(self, ids: list[UUID]) -> list[Account | None]:
        return _shaped(await accounts.accounts_by_ids(ids), account_of)

    async def _acquaintances(self, ids: list[UUID]) -> list[Account | None]:
        return _shaped(await accounts.acquaintances_by_ids(self._viewer, ids), account_of)

    async def _lines(self, places: list[tuple[UUID, int]]) -> list[Change | None]:
        return _shaped(await changes.lines_at(places), change_of)

    async def _jobs(self, ids: list[UUID]) -> list[Job | None]:
        return _shaped(await job_reads.jobs_by_ids(self._viewer, ids), job_of)

    async def _saved_searches(self, ids: list[UUID]) -> list[SavedSearch | None]:
        return _shaped(await saved_searches.saved_searches_by_ids(self._viewer, ids), saved_search_of)

    async def _boards(self, ids: list[UUID]) -> list[Board | None]:
        return _shaped(await boards.boards_by_ids(self._viewer, ids), board_of)

    async def _images(self, ids: list[UUID]) -> list[Image | None]:
        if isinstance(self._context, Impersonal) and self._context.board_id is not None:
            found = await images.images_of_board(self._context.board_id, ids)
            if None not in found:
                return _shaped(found, image_of)
        return _shaped(await images.images_by_ids(self._viewer, ids), image_of)

    async def _items(self, ids: list[UUID]) -> list[Item | None]:
        return _shaped(await items.items_by_ids(self._viewer, ids), item_of)

    async def _comments(self, ids: list[UUID]) -> list[Comment | None]:
        return _shaped(await comment_reads.comments_by_ids(self._viewer, ids), comment_of)

    async def _replies(self, wanted: list[Replies]) -> list[Page[CommentRow]]:
        pages = await comment_reads.replies_of(self._viewer, wanted)
        return [
            replace(page, total=partial(self.reply_counts.load, each.thread_id))
            for page, each in zip(pages, wanted, strict=True)
        ]

    async def _reply_counts(self, ids: list[UUID]) -> list[int]:
        return await comment_reads.reply_counts(self._viewer, ids)

    async def _comment_counts(self, ids: list[UUID]) -> list[Counts]:
        return await comment_reads.comment_counts(self._viewer, ids)

    async def _past_items(self, then: Then, ids: list[UUID]) -> list[Item | None]:
        found = await past_items.items_by_ids_at(self._viewer, then, ids)
        return _shaped(found, shaped_at(item_of, then))

    async def _past_comments(self, then: Then, ids: list[UUID]) -> list[Comment | None]:
        found = await past_comments.comments_by_ids_at(self._viewer, then, ids)
        return _shaped(found, shaped_at(comment_of, then))

    async def _past_replies(self, then: Then, wanted: list[Replies]) -> list[Page[CommentRow]]:
        return await past_comments.replies_at(self._viewer, then, wanted)

    async def _past_reply_counts(self, then: Then, ids: list[UUID]) -> list[int]:
        return await past_comments.reply_counts_at(self._viewer, then, ids)

    async def _past_boards(self, moments: list[Then]) -> list[Board | None]:
        rows = [await past.find_board_at(self._viewer, *then) for then in moments]
        return [None if row is None else board_of(row, then) for row, then in zip(rows, moments, strict=True)]

    async def _renditions(self, ids: list[UUID]) -> list[list[Rendition]]:
        found = await renditions.renditions_by_images(ids)
        return [
            [rendition_of(image_id, row) for row in rows] for image_id, rows in zip(ids, found, strict=True)
        ]

    async def _covers(self, ids: list[UUID]) -> list[UUID | None]:
        return list(await boards.covers_of(self._viewer, ids))

    async def account(self, account_id: UUID) -> Account:
        return _there(await self.accounts.load(account_id), "account")

    def person(self, account_id: UUID) -> Account:
        """The account, for who acts on a board: read once a second at most, so that most events need no wait.

        What has to be read is awaited by graphql-core, as any resolver's value is.
        """
        known = self._people.get(account_id)
        if known is not None and asyncio.get_running_loop().time() < known[0]:
            return known[1]
        return cast(Account, self._person(account_id))

    async def _person(self, account_id: UUID) -> Account:
        found = await self.account(account_id)
        now = asyncio.get_running_loop().time()
        self._people = {key: entry for key, entry in self._people.items() if entry[0] > now}
        self._people[account_id] = now + FRESH_SECONDS, found
        return found

    async def board(self, board_id: UUID, then: Then | None = None) -> Board:
        """then: as it was then; so below."""
        found = await (self.boards.load(board_id) if then is None else self.past_boards.load(then))
        return _there(found, "board")

    async def item(self, item_id: UUID, then: Then | None = None) -> Item | None:
        return await (self.items.load(item_id) if then is None else self.past_items.load((then, item_id)))

    async def comment(self, comment_id: UUID, then: Then | None = None) -> Comment | None:
        if then is None:
            return await self.comments.load(comment_id)
        return await self.past_comments.load((then, comment_id))

    async def replies_of(self, wanted: Replies, then: Then | None = None) -> Page[CommentRow]:
        return await (self.replies.load(wanted) if then is None else self.past_replies.load((then, wanted)))

    async def reply_count(self, thread_id: UUID, then: Then | None = None) -> int:
        if then is None:
            return await self.reply_counts.load(thread_id)
        return await self.past_reply_counts.load((then, thread_id))

    async def comment_count(self, board_id: UUID, then: Then | None = None) -> Counts:
        if then is None:
            return await self.comment_counts.load(board_id)
        return await past_comments.comment_counts_at(self._viewer, then)

    async def image(self, image_id: UUID) -> Image:
        return _there(await self.images.load(image_id), "picture")

    async def cover(self, board_id: UUID, chosen: UUID | None) -> Image | None:
        shown = chosen or await self.covers.load(board_id)
        return await self.images.load(shown) if shown else None

    async def items_of(self, board_id: UUID, line: changes.Change) -> list[Item]:
        """The items a change touched, as they are now."""
        found = await self.items.load_many(subjects_of(line.operation))
        return [item for item in found if item is not None]

    async def comments_of(self, line: changes.Change) -> list[Comment]:
        """The comments a change touched, as they are now."""
        found = await self.comments.load_many(subjects_of(line.operation))
        return [comment for comment in found if comment is not None]

    async def boards_with(self, image_id: UUID, first: int, after: str | None) -> Connection[Board]:
        page = await images.boards_with(self._viewer, image_id, first=first, after=after)
        return connection_of(page, board_of, after)

    async def uses(self, image_id: UUID, first: int, after: str | None) -> Connection[ImageUse]:
        page = await uses.uses_of(self._viewer, image_id, first=first, after=after)
        return connection_of(page, use_of, after)

    async def node(self, key: UUID) -> Node | None:
        """Whatever has this id and may be seen. Accounts: the viewer, and who is on a board with them."""
        return (
            await self.boards.load(key)
            or await self.images.load(key)
            or await self.items.load(key)
            or await self.comments.load(key)
            or await self.acquaintances.load(key)
            or await self.jobs.load(key)
            or await self.saved_searches.load(key)
        )


def _there(value: Shape | None, noun: str) -> Shape:
    if value is None:
        raise NotFound(f"This {noun} does not exist, or you may not see it.")
    return value


def _shaped(rows: Sequence[Row | None], shape: Callable[[Row], Shape]) -> list[Shape | None]:
    return [None if row is None else shape(row) for row in rows]


async def _by_moment(
    read: Callable[[Then, list[Key]], Awaitable[Sequence[Row]]], keys: list[tuple[Then, Key]]
) -> list[Row]:
    """Keys of one moment of a board are read together."""
    found: dict[tuple[Then, Key], Row] = {}
    for then in dict.fromkeys(then for then, _ in keys):
        wanted = [key for moment, key in keys if moment == then]
        rows = await read(then, wanted)
        found |= {(then, key): row for key, row in zip(wanted, rows, strict=True)}
    return [found[key] for key in keys]


def _loader(read: Callable[[list[Key]], Awaitable[Sequence[Row]]]) -> DataLoader[Key, Row]:
    """Reads each key of a batch once."""

    async def distinct(keys: list[Key]) -> list[Row]:
        once = list(dict.fromkeys(keys))
        found = dict(zip(once, await read(once), strict=True))
        return [found[key] for key in keys]

    return DataLoader(load_fn=distinct, cache=False)
