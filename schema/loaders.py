"""Loaders: what many fields ask for one by one is read in one statement, each with the viewer's own access.

Nothing is remembered between batches, so that a subscription always shows what is there now.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain import accounts, boards, changes, images, items, jobs, renditions
from domain.access import Viewer
from domain.errors import NotFound
from domain.operations import subjects_of
from schema.accounts import Account, account_of
from schema.boards import Board, board_of
from schema.connections import Connection, Node, connection_of
from schema.context import Context
from schema.images import Image, Rendition, image_of, rendition_of
from schema.items import Item, item_of
from schema.jobs import Job, job_of

Key = TypeVar("Key")
Row = TypeVar("Row")
Shape = TypeVar("Shape")


class Loaders:
    """One set for each operation. The plural ones give None for what the viewer may not see."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.accounts = _loader(self._accounts)
        self.boards = _loader(self._boards)
        self.images = _loader(self._images)
        self.items = _loader(self._items)
        self.renditions = _loader(self._renditions)
        self.covers = _loader(self._covers)
        self.acquaintances = _loader(self._acquaintances)
        self.jobs = _loader(self._jobs)

    @property
    def _viewer(self) -> Viewer:
        return self._context.require_viewer()

    async def _accounts(self, ids: list[UUID]) -> list[Account | None]:
        return _shaped(await accounts.accounts_by_ids(ids), account_of)

    async def _acquaintances(self, ids: list[UUID]) -> list[Account | None]:
        return _shaped(await accounts.acquaintances_by_ids(self._viewer, ids), account_of)

    async def _jobs(self, ids: list[UUID]) -> list[Job | None]:
        return _shaped(await jobs.jobs_by_ids(self._viewer, ids), job_of)

    async def _boards(self, ids: list[UUID]) -> list[Board | None]:
        return _shaped(await boards.boards_by_ids(self._viewer, ids), board_of)

    async def _images(self, ids: list[UUID]) -> list[Image | None]:
        return _shaped(await images.images_by_ids(self._viewer, ids), image_of)

    async def _items(self, ids: list[UUID]) -> list[Item | None]:
        return _shaped(await items.items_by_ids(self._viewer, ids), item_of)

    async def _renditions(self, ids: list[UUID]) -> list[list[Rendition]]:
        found = await renditions.renditions_by_images(ids)
        return [
            [rendition_of(image_id, row) for row in rows] for image_id, rows in zip(ids, found, strict=True)
        ]

    async def _covers(self, ids: list[UUID]) -> list[UUID | None]:
        return list(await boards.covers_of(self._viewer, ids))

    async def account(self, account_id: UUID) -> Account:
        return _there(await self.accounts.load(account_id), "account")

    async def board(self, board_id: UUID) -> Board:
        return _there(await self.boards.load(board_id), "board")

    async def image(self, image_id: UUID) -> Image:
        return _there(await self.images.load(image_id), "picture")

    async def cover(self, board_id: UUID, chosen: UUID | None) -> Image | None:
        shown = chosen or await self.covers.load(board_id)
        return await self.images.load(shown) if shown else None

    async def items_of(self, board_id: UUID, line: changes.Change) -> list[Item]:
        """The items a change touched, as they are now."""
        found = await self.items.load_many(subjects_of(line.operation))
        return [item for item in found if item is not None]

    async def boards_with(self, image_id: UUID, first: int, after: str | None) -> Connection[Board]:
        page = await images.boards_with(self._viewer, image_id, first=first, after=after)
        return connection_of(page, board_of, after)

    async def node(self, key: UUID) -> Node | None:
        """Whatever has this id and may be seen. Accounts: the viewer, and who is on a board with them."""
        return (
            await self.boards.load(key)
            or await self.images.load(key)
            or await self.items.load(key)
            or await self.acquaintances.load(key)
            or await self.jobs.load(key)
        )


def _there(value: Shape | None, noun: str) -> Shape:
    if value is None:
        raise NotFound(f"This {noun} does not exist, or you may not see it.")
    return value


def _shaped(rows: Sequence[Row | None], shape: Callable[[Row], Shape]) -> list[Shape | None]:
    return [None if row is None else shape(row) for row in rows]


def _loader(read: Callable[[list[Key]], Awaitable[Sequence[Row]]]) -> DataLoader[Key, Row]:
    """Reads each key of a batch once."""

    async def distinct(keys: list[Key]) -> list[Row]:
        once = list(dict.fromkeys(keys))
        found = dict(zip(once, await read(once), strict=True))
        return [found[key] for key in keys]

    return DataLoader(load_fn=distinct, cache=False)
