"""Atlases: every picture of a board in a cell of some pages, made by a job, so that a board of thousands is
seen at once.

A page is kept by what is on it: boards with the same pictures share its file, and what did not change is not
made again. Whether a board's atlas is up to date is found by looking, not by being told: see `enqueue_due`.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from domain import access, blobs, cells, darkroom, jobs, mosaic, renditions, smallest, storage
from domain.access import Role, Viewer
from domain.cells import Page
from domain.database import Connection, fetch, fetchrow, fetchval, transaction
from domain.decoding import WEBP, fitted
from domain.errors import NotFound, StorageUnavailable
from domain.mosaic import Mosaic
from domain.smallest import Small
from domain.storage import StoredFile

LEAST_PICTURES = 64
"""On a board with fewer the smallest renditions come as quickly."""

RECIPE = 1
"""Part of what a page is known by: raise it when the same pictures would be drawn otherwise."""

QUALITY = 80

QUIET_SECONDS, PATIENCE_SECONDS = 4, 60
"""After so long without a change a board is looked at; one that always changes, after so long."""

BOARDS_AT_ONCE = 50
PAGES_AT_ONCE = 6
"""In one run: the lease, and the limit of time, are for some of the pages of a very large board."""

READ_AT_ONCE = 32


@dataclass(frozen=True)
class AtlasPage:
    """images: in its cells, as `cells.place` says; digest: SHA-256 of the file, hex; content: what it is
    known by.
    """

    images: Page
    size_bytes: int
    digest: str
    content: str


def address(board_id: UUID, digest: str) -> str:
    return f"/files/boards/{board_id}/atlas/{digest}"


def key(content: str) -> str:
    """content: what it is known by, as `_content_of` makes it."""
    return f"atlases/{storage.sharded(content)}.webp"


async def enqueue(connection: Connection, board_id: UUID, *, priority: int = -1) -> None:
    """By default after all that comes in."""
    await jobs.enqueue(connection, jobs.ATLAS, board_id, priority=priority, queue=jobs.LARGE)


_DUE = """
SELECT b.id FROM board b LEFT JOIN atlas a ON a.board = b.id
WHERE b.trashed_at IS NULL AND (a.board IS NOT NULL OR b.item_count >= $1)
AND (a.stamp IS DISTINCT FROM b.seq || '/' || b.log_start)
AND (a.board IS NOT NULL AND a.looked_at IS NULL
     OR b.updated_at < now() - make_interval(secs => $2)
     OR coalesce(a.looked_at, b.created_at) < now() - make_interval(secs => $3))
AND NOT EXISTS (SELECT FROM job WHERE kind = $4 AND subject = b.id AND (state IN ('QUEUED', 'RUNNING')
     OR state = 'DEAD' AND updated_at > now() - interval '1 hour'))
ORDER BY b.id LIMIT $5
"""


async def enqueue_due() -> int:
    """Of boards that changed since their atlas was last looked at; how many."""
    async with transaction() as connection:
        rows = await connection.fetch(
            _DUE, LEAST_PICTURES, QUIET_SECONDS, PATIENCE_SECONDS, jobs.ATLAS, BOARDS_AT_ONCE
        )
        for row in rows:
            await enqueue(connection, row["id"])
    return len(rows)


async def make_atlas(run: jobs.Run) -> None:
    """The job: pages that are not as they should be are made, each recorded before the next."""
    board_id = run.job.subject
    stamp = await fetchval("SELECT seq || '/' || log_start FROM board WHERE id = $1", board_id)
    if stamp is None:
        return
    present, reachable = await _pictures_of(board_id)
    small = await smallest.small_renditions(present | reachable)
    known = await pages_of(board_id)
    if run.job.priority >= jobs.LOOKED_AT:  # somebody missed one
        known = await _those_there(known)
    wanted: dict[int, Page] = {}
    if len(present & small.keys()) >= LEAST_PICTURES:
        before = {number: page.images for number, page in known.items()}
        wanted = cells.arranged(before, present & small.keys(), reachable & small.keys())
    others = [
        number for number, page in wanted.items() if number not in known or known[number].images != page
    ]
    for count, number in enumerate(others[:PAGES_AT_ONCE], 1):
        await _record(run, number, await _made(wanted[number], small))
        await run.report(count / len(others))
    is_done = len(others) <= PAGES_AT_ONCE
    async with transaction() as connection:
        await run.require(connection)
        await connection.execute(
            "DELETE FROM atlas_page WHERE board = $1 AND NOT number = ANY($2::int[])", board_id, list(wanted)
        )
        await connection.execute(
            f"INSERT INTO atlas (id, board, stamp, looked_at) SELECT $2, id, $3, $4 FROM {_HELD} "  # noqa: S608
            "ON CONFLICT (board) DO UPDATE SET stamp = excluded.stamp, looked_at = excluded.looked_at",
            board_id,
            uuid4(),
            stamp if is_done else None,
            datetime.now(UTC) if is_done else None,  # none: it is gone on with at once
        )


# A board that is being deleted is waited for, and nothing follows it.
_HELD = "(SELECT id FROM board WHERE id = $1 FOR KEY SHARE) AS b"


async def _pictures_of(board_id: UUID) -> tuple[set[UUID], set[UUID]]:
    """Those on it, and those that were and can be brought back: who may see the board may see both."""
    rows = await fetch(
        "SELECT image_id, bool_or(removed_at IS NULL) AS present FROM item "
        "WHERE board = $1 AND image_id IS NOT NULL GROUP BY image_id",
        board_id,
    )
    former = await fetch("SELECT DISTINCT image FROM former_image WHERE board = $1", board_id)
    present = {row["image_id"] for row in rows if row["present"]}
    return present, ({row["image_id"] for row in rows} | {row["image"] for row in former}) - present


async def pages_of(board_id: UUID) -> dict[int, AtlasPage]:
    """By their numbers. Asks nobody for leave."""
    rows = await fetch(
        "SELECT number, images, size_bytes, digest, content FROM atlas_page WHERE board = $1 ORDER BY number",
        board_id,
    )
    return {
        row["number"]: AtlasPage(tuple(row["images"]), row["size_bytes"], row["digest"], row["content"])
        for row in rows
    }


async def _those_there(known: dict[int, AtlasPage]) -> dict[int, AtlasPage]:
    """Without the pages whose file is lost: they are made anew."""
    found = await asyncio.gather(*(storage.find(key(page.content)) for page in known.values()))
    return {
        number: page
        for (number, page), stored in zip(known.items(), found, strict=True)
        if stored is not None and stored.size_bytes == page.size_bytes
    }


async def _record(run: jobs.Run, number: int, page: AtlasPage) -> None:
    async with transaction() as connection:
        await run.require(connection)
        await connection.execute(
            "INSERT INTO atlas_page (id, board, number, images, size_bytes, digest, content, created_at) "  # noqa: S608
            f"SELECT $2, id, $3, $4, $5, $6, $7, now() FROM {_HELD} "
            "ON CONFLICT (board, number) DO UPDATE SET images = excluded.images, "
            "size_bytes = excluded.size_bytes, digest = excluded.digest, content = excluded.content",
            run.job.subject,
            uuid4(),
            number,
            list(page.images),
            page.size_bytes,
            page.digest,
            page.content,
        )


async def _made(images: Page, small: Mapping[UUID, Small]) -> AtlasPage:
    """Stored when this returns; cells whose picture is lost are empty. Raises StorageUnavailable."""
    content = _content_of(images, small)
    row = await fetchrow("SELECT size_bytes, digest FROM atlas_page WHERE content = $1 LIMIT 1", content)
    if row is not None:  # of another board, or of another page until a moment ago
        await storage.touch(key(content))
        stored = await storage.find(key(content))
        if stored is not None and stored.size_bytes == row["size_bytes"]:
            return AtlasPage(images, row["size_bytes"], row["digest"], content)
    draft = storage.new_draft()
    try:
        drawn = await _gathered(draft, images, small)
        page = await darkroom.tessellate(draft)
    finally:
        await asyncio.to_thread(blobs.discard, draft)
    content = _content_of(drawn, small)
    await storage.put(key(content), page.content)
    return AtlasPage(drawn, len(page.content), hashlib.sha256(page.content).hexdigest(), content)


def _content_of(images: Page, small: Mapping[UUID, Small]) -> str:
    """Equal where the same pictures lie in the same cells: SHA-256, hex."""
    originals = [None if image is None else small[image].original for image in images]
    return hashlib.sha256(msgspec.json.encode((RECIPE, originals))).hexdigest()


async def _gathered(draft: Path, images: Page, small: Mapping[UUID, Small]) -> Page:
    """Writes what is to be drawn; answers the cells without those whose rendition is lost, which is made
    again."""
    there: list[UUID | None] = list(images)
    taken = [cell for cell, image in enumerate(images) if image is not None]
    found: dict[int, bytes] = {}
    for first in range(0, len(taken), READ_AT_ONCE):
        some = taken[first : first + READ_AT_ONCE]
        read = await smallest.contents([small[image].key for cell in some if (image := images[cell])])
        for cell, picture in zip(some, read, strict=True):
            if picture is not None:
                found[cell] = picture
            elif (image := there[cell]) is not None:
                there[cell] = None
                await renditions.make_again(image)
    places: list[tuple[int, int, int, int]] = []
    for cell in found:
        if (image := images[cell]) is not None:
            picture_px = fitted(small[image].width, small[image].height, cells.CELL_PX)
            places.append((*cells.place(cell), *picture_px))

    def write() -> None:
        with blobs.storage_words(), open(draft, "xb") as file:
            mosaic.begin(file, Mosaic(cells.PAGE_PX, cells.height(images), QUALITY, places))
            for picture in found.values():
                mosaic.add(file, picture)

    await asyncio.to_thread(write)
    return tuple(there)


async def atlas_of(viewer: Viewer, board_id: UUID) -> list[AtlasPage]:
    """Its pages; none: it has no atlas. Needs VIEWER. Raises NotFound."""
    await access.board(viewer, board_id, Role.VIEWER)
    return list((await pages_of(board_id)).values())


async def file(viewer: Viewer, board_id: UUID, digest: str) -> StoredFile:
    """Needs VIEWER. Raises NotFound, StorageUnavailable when the file is lost: it is then made again."""
    await access.board(viewer, board_id, Role.VIEWER)
    row = await fetchrow(
        "SELECT content, size_bytes FROM atlas_page WHERE board = $1 AND digest = $2 LIMIT 1",
        board_id,
        digest,
    )
    if row is None:
        raise NotFound("The atlas of this board has no such page any more: read `Board.atlas` again.")
    try:
        return await storage.stored_file(
            key(row["content"]),
            digest=digest,
            size_bytes=row["size_bytes"],
            mime=WEBP,
            filename="atlas.webp",
        )
    except FileNotFoundError:
        await make_again(board_id)
        raise StorageUnavailable(
            "This page was lost from the store and is being made again; try again in a moment.",
            retry_after_seconds=5,
        ) from None


async def make_again(board_id: UUID) -> None:
    """Pages whose files are lost."""
    async with transaction() as connection:
        await enqueue(connection, board_id, priority=jobs.LOOKED_AT)


async def remove_unused(older_than_seconds: float) -> int:
    """Files of pages that no board has any more; they are drawn again if one has them once more."""
    removed, before = 0, time.time() - older_than_seconds
    async with contextlib.aclosing(storage.listed("atlases/")) as all_of_them:
        async for stored in all_of_them:
            content = Path(stored.key).stem
            if stored.modified_at < before and not await fetchval(
                "SELECT EXISTS (SELECT FROM atlas_page WHERE content = $1)", content
            ):
                await storage.remove(stored.key)
                removed += 1
    return removed
