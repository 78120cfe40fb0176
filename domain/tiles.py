"""Tiles: a picture too large to be shown whole, cut by a job into one file that is read in parts."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import asyncpg

from domain import access, blobs, darkroom, jobs, pyramid, storage
from domain.access import Viewer
from domain.companions import Companion, Made, original
from domain.database import fetchrow, transaction
from domain.decoding import WEBP_SIDE_PX
from domain.errors import NotFound
from domain.pyramid import DEEP_PIXELS, MIMES, SPAN_BYTES, TILE_PX, Place, Span, is_deep
from domain.recipes import followed
from domain.storage import StoredFile

WRITTEN_AT_ONCE_BYTES = 4 << 20
SURE_SECONDS = 60.0
MOST_REMEMBERED = 1_000


class Pyramid(Made, frozen=True):
    """spans: where each tile lies in the file (domain/pyramid.py)."""

    spans: bytes
    tile_px: int = TILE_PX


COMPANION = Companion(
    jobs.TILES,
    table="pyramid",
    made=Pyramid,
    filename="tiles",
    wanted=f"width::bigint * height > {DEEP_PIXELS} OR greatest(width, height) > {WEBP_SIDE_PX}",
    column="tile_px",
    told=lambda made: made.tile_px,
)
key = COMPANION.key
enqueue = COMPANION.enqueue
enqueue_missing = COMPANION.enqueue_missing


def address(image_id: UUID) -> str:
    """Below it are the tiles: /<level>/<column>/<row>."""
    return f"/files/{image_id}/tiles"


async def make_tiles(run: jobs.Run) -> None:
    """The job."""
    image = await fetchrow("SELECT digest, width, height FROM image WHERE id = $1", run.job.subject)
    if image is not None and is_deep(image["width"], image["height"]):
        await COMPANION.keep(run, image["digest"], lambda place: _cut(run, image, place))


async def _cut(run: jobs.Run, image: asyncpg.Record, place: str) -> Pyramid:
    """Stored when this returns. Raises Unrepeatable, ImageRefused, StorageUnavailable."""
    draft = storage.new_draft()
    try:
        with blobs.storage_words():
            file = await asyncio.to_thread(open, draft, "xb")
        with file:
            cut = await _written(run, image, file)
        await storage.put_file(place, draft, digest=cut.digest, size_bytes=cut.size_bytes)
    finally:
        await asyncio.to_thread(blobs.discard, draft)
    return cut


async def _written(run: jobs.Run, image: asyncpg.Record, file: BinaryIO) -> Pyramid:
    levels = pyramid.levels(image["width"], image["height"])
    count = sum(level.columns * level.rows for level in levels)
    spans: dict[Place, Span] = {}
    hasher, position, waiting = hashlib.sha256(), 0, list[bytes]()

    def write() -> None:
        with blobs.storage_words():
            for content in waiting:
                hasher.update(content)
                file.write(content)

    async with original(image, again_if_expensive=True) as (path, max_pixels):
        cutting = darkroom.cut(path, max_pixels=max_pixels, recipe=followed())
        async with contextlib.aclosing(cutting):
            async for place, content in cutting:
                if pyramid.number_of(levels, place) is None:
                    raise jobs.Unrepeatable("CORRUPT", "it was cut into tiles that it does not have")
                spans[place] = Span(position, len(content), pyramid.mime_of(content))
                position += len(content)
                waiting.append(content)
                if sum(map(len, waiting)) >= WRITTEN_AT_ONCE_BYTES:
                    await asyncio.to_thread(write)
                    waiting.clear()
                    await run.report(min(1.0, len(spans) / count))
    await asyncio.to_thread(write)
    await asyncio.to_thread(_sync, file)
    if len(spans) != count:
        raise jobs.Unrepeatable("CORRUPT", "not every tile of it was made")
    return Pyramid(position, hasher.hexdigest(), pyramid.packed(levels, spans))


def _sync(file: BinaryIO) -> None:
    with blobs.storage_words():
        file.flush()
        os.fsync(file.fileno())


async def file(viewer: Viewer, image_id: UUID, place: Place) -> StoredFile:
    """place: level, column, row. Raises NotFound, StorageUnavailable when the file is lost: it is then
    being made again."""
    image = await access.image(viewer, image_id)
    levels = pyramid.levels(image.width, image.height)
    number = pyramid.number_of(levels, place)
    if number is None or not is_deep(image.width, image.height):
        raise NotFound("This picture has no such tile.")
    row = await fetchrow(
        "SELECT digest, recipe, size_bytes, substring(spans FROM $2 FOR $3) AS span FROM pyramid "
        "WHERE image = $1",
        image_id,
        1 + number * SPAN_BYTES,
        SPAN_BYTES,
    )
    if row is None or row["recipe"] != followed().name:
        await _look_for(image_id)
    if row is None:
        raise NotFound("The tiles of this picture are still being made; they will be here in a moment.")
    stored = key(image.digest, row["recipe"])
    if not await _is_there(stored, row["size_bytes"]):
        raise await COMPANION.make_again(
            image_id, "The tiles were lost from the store and are being made again; try again in a moment."
        )
    span = pyramid.span(row["span"])
    return StoredFile(
        stored,
        f'"{row["digest"][:32]}-{number}"',
        MIMES[span.mime],
        span.length,
        f"{Path(image.name).stem}-{'-'.join(map(str, place))}.{MIMES[span.mime].partition('/')[2]}",
        start=span.start,
    )


async def _look_for(image_id: UUID) -> None:
    """Has them made, unless that was tried and failed."""
    async with transaction() as connection:
        if not await connection.fetchval(
            "SELECT true FROM job WHERE subject = $1 AND kind = $2 AND state = 'DEAD' LIMIT 1",
            image_id,
            jobs.TILES,
        ):
            await enqueue(connection, image_id, priority=jobs.LOOKED_AT)


_seen: OrderedDict[str, float] = OrderedDict()


async def _is_there(stored: str, size_bytes: int) -> bool:
    """Asks the store once a minute, not at every tile."""
    now = time.monotonic()
    if _seen.get(stored, -SURE_SECONDS) > now - SURE_SECONDS:
        return True
    found = await storage.find(stored)
    if found is None or found.size_bytes != size_bytes:
        return False
    _seen[stored] = now
    _seen.move_to_end(stored)
    while len(_seen) > MOST_REMEMBERED:
        _seen.popitem(last=False)
    return True
