"""Tiles: a picture too large to be shown whole, cut by a job into one file that is read in parts."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct

from domain import access, blobs, darkroom, jobs, originals, pyramid, renditions, storage
from domain.access import Viewer
from domain.database import Connection, fetch, fetchrow, transaction
from domain.decoding import MAX_PIXELS, WEBP_SIDE_PX
from domain.errors import ImageRefused, NotFound, StorageUnavailable
from domain.notices import announce_image
from domain.pyramid import DEEP_PIXELS, MIMES, SPAN_BYTES, TILE_PX, Place, Span, is_deep
from domain.recipes import followed
from domain.storage import StoredFile

AFTER_UPLOADS = -1
"""Priority: first every picture is to be seen at all."""

WRITTEN_AT_ONCE_BYTES = 4 << 20
MOST_AT_ONCE = 100
SURE_SECONDS = 60.0
MOST_REMEMBERED = 1_000


class Pyramid(Struct, frozen=True):
    """What is known of a file of tiles."""

    spans: bytes
    size_bytes: int
    digest: str


def address(image_id: UUID) -> str:
    """Below it are the tiles: /<level>/<column>/<row>."""
    return f"/files/{image_id}/tiles"


def key(digest: str, recipe: str) -> str:
    """digest: of the original."""
    return f"{renditions.folder(digest, recipe)}/tiles"


async def enqueue(connection: Connection, image_id: UUID, *, priority: int = AFTER_UPLOADS) -> None:
    await jobs.enqueue(connection, jobs.TILES, image_id, priority=priority, queue=jobs.LARGE)


async def enqueue_missing() -> int:
    """Of pictures that came before there were tiles, or that other settings were made of; how many."""
    async with transaction() as connection:
        rows = await connection.fetch(
            "SELECT id FROM image i WHERE (width::bigint * height > $1 OR greatest(width, height) > $2) "
            "AND NOT EXISTS (SELECT FROM pyramid p WHERE p.image = i.id AND p.recipe = $3) "
            "AND NOT EXISTS (SELECT FROM job WHERE subject = i.id AND kind = $4) ORDER BY id LIMIT $5",
            DEEP_PIXELS,
            WEBP_SIDE_PX,
            followed().name,
            jobs.TILES,
            MOST_AT_ONCE,
        )
        for row in rows:
            await enqueue(connection, row["id"])
    return len(rows)


async def make_tiles(run: jobs.Run) -> None:
    """The job. Running it twice, or for two pictures of the same bytes, gives the same file."""
    image_id, recipe = run.job.subject, followed()
    image = await fetchrow("SELECT digest, width, height FROM image WHERE id = $1", image_id)
    if image is None or not is_deep(image["width"], image["height"]):
        return
    place = key(image["digest"], recipe.name)
    known = await _known(image["digest"], recipe.name)
    stored = None if known is None else await storage.find(place)
    if known is None or stored is None or stored.size_bytes != known.size_bytes:
        known = await _cut(run, image, place)
    former = await fetch(
        "SELECT recipe FROM pyramid WHERE image = $1 AND recipe <> $2", image_id, recipe.name
    )
    async with transaction() as connection:
        await jobs.lock_subjects(connection, [image_id])
        await run.require(connection)
        await connection.execute(
            "INSERT INTO pyramid (id, image, tile_px, spans, size_bytes, digest, recipe, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, now()) ON CONFLICT (image) DO UPDATE SET "
            "tile_px = excluded.tile_px, spans = excluded.spans, size_bytes = excluded.size_bytes, "
            "digest = excluded.digest, recipe = excluded.recipe",
            uuid4(),
            image_id,
            TILE_PX,
            known.spans,
            known.size_bytes,
            known.digest,
            recipe.name,
        )
        await connection.execute("UPDATE image SET tile_px = $2 WHERE id = $1", image_id, TILE_PX)
        await announce_image(connection, image_id)
    for row in former:
        if await _known(image["digest"], row["recipe"]) is None:
            await storage.remove(key(image["digest"], row["recipe"]))


async def _known(digest: str, recipe: str) -> Pyramid | None:
    """Of any picture of these bytes."""
    row = await fetchrow(
        "SELECT p.spans, p.size_bytes, p.digest FROM pyramid p JOIN image i ON i.id = p.image "
        "WHERE i.digest = $1 AND p.recipe = $2 LIMIT 1",
        digest,
        recipe,
    )
    return None if row is None else Pyramid(**dict(row))


async def _cut(run: jobs.Run, image: asyncpg.Record, place: str) -> Pyramid:
    """Stored when this returns. Raises Unrepeatable, ImageRefused, StorageUnavailable."""
    draft = storage.new_draft()
    try:
        with blobs.storage_words():
            file = await asyncio.to_thread(open, draft, "xb")
        with file:
            cut = await _written(run, image, file)
        await storage.put_file(place, draft, digest=cut.digest, size_bytes=cut.size_bytes)
    except ImageRefused as refused:
        reason = str(refused.details["reason"])
        if reason == "TOO_EXPENSIVE":
            raise  # a busy machine may have been the cause: another attempt may do better
        raise jobs.Unrepeatable(reason, refused.message) from None
    except FileNotFoundError:
        raise jobs.Unrepeatable(originals.MISSING, "the original is not in the store") from None
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

    # It was judged when it came; a limit that is lower by now is for what comes from now on.
    max_pixels = max(MAX_PIXELS, image["width"] * image["height"])
    async with storage.as_file(originals.key(image["digest"]), digest=image["digest"]) as path:
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
    return Pyramid(pyramid.packed(levels, spans), position, hasher.hexdigest())


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
        async with transaction() as connection:
            await enqueue(connection, image_id, priority=jobs.LOOKED_AT)
        raise StorageUnavailable(
            "The tiles were lost from the store and are being made again; try again in a moment.",
            retry_after_seconds=5,
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
