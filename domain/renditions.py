"""Renditions: the smaller sizes a picture is shown in. They can be lost and are made again."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from uuid import UUID, uuid4

import asyncpg

from domain import access, blobs, darkroom, jobs, originals, storage
from domain.access import Viewer
from domain.database import Connection, fetch, fetchrow, fetchval, transaction
from domain.decoding import MAX_PIXELS, WHOLE, Developed, rungs
from domain.errors import BadInput, ImageRefused, NotFound, StorageUnavailable
from domain.notices import announce_image
from domain.places import Damaged
from domain.recipes import followed
from domain.storage import StoredFile

MADE_BY_ROWS = (
    "(SELECT coalesce(array_agg(ARRAY[size::bigint, width, height, size_bytes] ORDER BY size), '{}') "
    "FROM rendition WHERE rendition.image = image.id AND size <> 0)"
)
"""What the column image.made holds: size, width, height and bytes of each, the smallest first."""

PATIENCE_SECONDS, LOOK_SECONDS = 8.0, 0.2
"""How long who asks for a lost one waits for it, and how often it is looked for meanwhile."""

LARGE_PIXELS = 30_000_000
"""Above it a picture may take long, and its job waits in a queue of its own."""


@dataclass(frozen=True)
class Rendition:
    """size: the rung (320, 800, 1600); width, height: of the file; digest: SHA-256 of it, hex."""

    size: int
    width: int
    height: int
    size_bytes: int
    mime: str
    digest: str


def key(digest: str, size: int, recipe: str) -> str:
    """digest: of the original; recipe: the name of it."""
    return f"{folder(digest, recipe)}/{f'{size}.webp' if size != WHOLE else 'full'}"


def folder(digest: str, recipe: str) -> str:
    """Where all lies that is made of an original by that recipe."""
    return f"renditions/{storage.sharded(digest)}/{recipe}"


async def enqueue(connection: Connection, image_id: UUID, *, priority: int = 0) -> None:
    """In the transaction of the cause: the picture's renditions are to be made."""
    is_large: bool = await connection.fetchval(
        "SELECT width::bigint * height > $2 FROM image WHERE id = $1", image_id, LARGE_PIXELS
    )
    queue = jobs.LARGE if is_large else jobs.PICTURES
    await jobs.enqueue(connection, jobs.RENDITIONS, image_id, priority=priority, queue=queue)


async def make_renditions(run: jobs.Run) -> None:
    """The job: what is missing is made, each rendition stored, recorded and announced before the next.

    Running it twice writes the same bytes to the same places.
    """
    image_id = run.job.subject
    image = await fetchrow("SELECT digest, width, height FROM image WHERE id = $1", image_id)
    if image is None:
        return
    former = await _of_former_recipes(image_id)
    await _turn(run, "WORKING")
    sizes = rungs(image["width"], image["height"], followed().sizes)
    missing = await _missing(image_id, image["digest"], sizes)
    done = len(sizes) - len(missing)
    try:
        # It was judged when it came; a limit that is lower by now is for what comes from now on.
        max_pixels = max(MAX_PIXELS, image["width"] * image["height"])
        async with contextlib.aclosing(_developed(image["digest"], missing, max_pixels)) as arriving:
            async for developed in arriving:
                await store(image["digest"], developed)
                done += 1
                async with transaction() as connection:
                    await record(connection, image_id, developed)
                await run.report(done / len(sizes))
    except ImageRefused as refused:
        reason = str(refused.details["reason"])
        if reason == "TOO_EXPENSIVE":
            await run.set_aside()
            raise  # a busy machine may have been the cause: another attempt may do better
        raise jobs.Unrepeatable(reason, refused.message) from None
    except FileNotFoundError:
        raise jobs.Unrepeatable(originals.MISSING, "the original is not in the store") from None
    except Damaged:
        raise jobs.Unrepeatable(originals.DAMAGED, "the store holds other bytes") from None
    await _turn(run, "READY")
    for size, recipe in former:
        await _remove_unused(image["digest"], size, recipe)


async def _missing(image_id: UUID, digest: str, sizes: Sequence[int]) -> tuple[int, ...]:
    """The rungs that have no row, whose file is gone or has another size, or that another recipe made."""
    recipe = followed().name
    rows = await fetch(
        "SELECT size, size_bytes FROM rendition WHERE image = $1 AND recipe = $2", image_id, recipe
    )
    found = await asyncio.gather(*(storage.find(key(digest, row["size"], recipe)) for row in rows))
    kept = {
        row["size"]
        for row, stored in zip(rows, found, strict=True)
        if stored is not None and stored.size_bytes == row["size_bytes"]
    }
    return tuple(size for size in sizes if size not in kept)


async def _developed(digest: str, sizes: tuple[int, ...], max_pixels: int) -> AsyncGenerator[Developed, None]:
    """A disk that fails is not mistaken for a picture that is none. Raises Damaged, StorageUnavailable."""
    if not sizes:
        return
    async with storage.as_file(originals.key(digest), digest=digest) as path:
        try:
            async for developed in darkroom.develop(path, sizes, max_pixels=max_pixels, recipe=followed()):
                yield developed
        except ImageRefused:
            with blobs.storage_words():
                seen, _ = await asyncio.to_thread(blobs.digest_of, path)
            if seen != digest:
                raise Damaged(digest) from None
            raise


async def _of_former_recipes(image_id: UUID) -> list[tuple[int, str]]:
    """Size and recipe of what earlier settings asked for."""
    rows = await fetch(
        "SELECT size, recipe FROM rendition WHERE image = $1 AND recipe <> $2", image_id, followed().name
    )
    return [(row["size"], row["recipe"]) for row in rows]


async def _remove_unused(digest: str, size: int, recipe: str) -> None:
    """Another picture of the same bytes may still show this file; one that is lost is made again."""
    used: bool = await fetchval(
        "SELECT EXISTS (SELECT FROM rendition r JOIN image i ON i.id = r.image "
        "WHERE i.digest = $1 AND r.size = $2 AND r.recipe = $3)",
        digest,
        size,
        recipe,
    )
    if not used:
        await storage.remove(key(digest, size, recipe))


async def store(digest: str, developed: Developed) -> None:
    """Makes the file durable; the row may follow. Raises StorageUnavailable."""
    await storage.put(key(digest, developed.size, developed.recipe.name), developed.content)


async def _turn(run: jobs.Run, state: str) -> None:
    """Whatever image.made held before, it is right from here on.

    When it is READY, what earlier settings asked for is no longer spoken of. Raises LeaseLost.
    """
    image_id = run.job.subject
    async with transaction() as connection:
        await jobs.lock_subjects(connection, [image_id])
        await run.require(connection)
        if state == "READY":
            await connection.execute(
                "DELETE FROM rendition WHERE image = $1 AND recipe <> $2", image_id, followed().name
            )
        await connection.execute("UPDATE image SET state = $2, failure = NULL WHERE id = $1", image_id, state)
        await gather(connection, [image_id])
        await announce_image(connection, image_id)


async def record(connection: Connection, image_id: UUID, developed: Developed) -> None:
    """The row of a stored rendition, and the notice that it is there."""
    # Who records another one of it meanwhile waits here, and then gathers both.
    await connection.execute("SELECT FROM image WHERE id = $1 FOR NO KEY UPDATE", image_id)
    await connection.execute(
        "INSERT INTO rendition "
        "(id, image, size, width, height, size_bytes, mime, digest, recipe, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now()) ON CONFLICT (image, size) DO UPDATE SET "
        "width = excluded.width, height = excluded.height, size_bytes = excluded.size_bytes, "
        "mime = excluded.mime, digest = excluded.digest, recipe = excluded.recipe",
        uuid4(),
        image_id,
        developed.size,
        developed.width,
        developed.height,
        len(developed.content),
        developed.mime,
        hashlib.sha256(developed.content).hexdigest(),
        developed.recipe.name,
    )
    if developed.size == WHOLE:
        return
    await gather(connection, [image_id])
    await announce_image(connection, image_id)


async def gather(connection: Connection, image_ids: Sequence[UUID]) -> None:
    """Writes image.made as the rows say it. Whatever writes rows calls this in its transaction."""
    await connection.execute(
        f"UPDATE image SET made = {MADE_BY_ROWS} WHERE id = ANY($1::uuid[])",  # noqa: S608 (constants)
        image_ids,
    )


async def renditions_by_images(image_ids: Sequence[UUID]) -> list[list[Rendition]]:
    """In the order of the ids, each the smallest first. Who may see an image may see its renditions."""
    found: dict[UUID, list[Rendition]] = {image_id: [] for image_id in image_ids}
    for row in await fetch(
        "SELECT image, size, width, height, size_bytes, mime, digest FROM rendition "
        "WHERE image = ANY($1::uuid[]) AND size <> $2 ORDER BY image, size",
        list(found),
        WHOLE,
    ):
        found[row["image"]].append(_rendition(row))
    return [found[image_id] for image_id in image_ids]


def _rendition(row: asyncpg.Record) -> Rendition:
    return Rendition(row["size"], row["width"], row["height"], row["size_bytes"], row["mime"], row["digest"])


async def file(viewer: Viewer, image_id: UUID, size: int) -> StoredFile:
    """The rendition of that rung; of a picture that is ready and too small for it, the largest there is.

    One that earlier settings asked for is shown until what the present ones ask for is made, which this
    brings about. One that is lost from the store is made again, and waited for a while.
    Raises NotFound (also: not made yet), BadInput, StorageUnavailable (it is still being made again).
    """
    await access.image(viewer, image_id)
    try:
        return await _file(image_id, size)
    except FileNotFoundError:
        await make_again(image_id)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(FileNotFoundError):
            return await _file(image_id, size)
    if await fetchval("SELECT state FROM image WHERE id = $1", image_id) == "FAILED":
        raise _unshowable()
    raise StorageUnavailable(
        "This size was lost from the store and is being made again; try again in a moment.",
        retry_after_seconds=2,
    )


async def _file(image_id: UUID, size: int) -> StoredFile:
    """Raises FileNotFoundError: there is a row of it, and no file."""
    row = await fetchrow(
        "SELECT r.size, r.digest AS etag, r.mime, r.size_bytes, r.recipe, "
        "i.digest, i.name, i.state, i.width, i.height "
        "FROM image i LEFT JOIN LATERAL (SELECT * FROM rendition WHERE image = i.id AND size <= $2 "
        "AND size <> $3 ORDER BY size DESC LIMIT 1) r ON true WHERE i.id = $1",
        image_id,
        size,
        WHOLE,
    )
    if row is None:
        raise NotFound("There is no such picture, or you may not see it.")
    recipe = followed()
    if size not in recipe.sizes and size != row["size"]:
        raise BadInput(f"The sizes are {', '.join(map(str, recipe.sizes))}.", field="size")
    if row["recipe"] not in (None, recipe.name) and row["state"] == "READY":
        await make_again(image_id)
    last = rungs(row["width"], row["height"], recipe.sizes)[-1]
    if row["size"] not in (size, last):
        if row["state"] == "FAILED":
            raise _unshowable()
        await jobs.hurry([image_id])
        raise NotFound("This size is still being made; it will be here in a moment.")
    return await storage.stored_file(
        key(row["digest"], row["size"], row["recipe"]),
        digest=row["etag"],
        size_bytes=row["size_bytes"],
        mime=row["mime"],
        filename=f"{PurePath(row['name']).stem}-{row['size']}.webp",
    )


def _unshowable() -> NotFound:
    return NotFound("This picture cannot be shown; its original can be downloaded.")


async def make_again(image_id: UUID) -> None:
    """What is missing by now, before what nobody waits for."""
    async with transaction() as connection:
        await enqueue(connection, image_id, priority=jobs.LOOKED_AT)
