"""Animations: what moves, made by a job into one small animated WebP that the canvas plays."""

import hashlib
from pathlib import PurePath
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct

from domain import access, darkroom, jobs, originals, renditions, storage
from domain.access import Viewer
from domain.database import Connection, fetch, fetchrow, transaction
from domain.decoding import MAX_PIXELS, WEBP
from domain.errors import ImageRefused, NotFound, StorageUnavailable
from domain.notices import announce_image
from domain.places import Damaged
from domain.recipes import followed
from domain.storage import StoredFile

AFTER_UPLOADS = -1
"""Priority: first every picture is to be seen at all."""

MOVING = ("GIF", "WEBP", "PNG", "AVIF")
"""Formats whose frames follow one another in time: those of a TIFF are pages."""

MOST_AT_ONCE = 100


class Animation(Struct, frozen=True):
    """What is known of a file. duration_ms: of all its frames, once."""

    width: int
    height: int
    frames: int
    duration_ms: int
    size_bytes: int
    digest: str


def moves(format_: str, frames: int) -> bool:
    return frames > 1 and format_ in MOVING


def address(image_id: UUID) -> str:
    return f"/files/{image_id}/animation"


def key(digest: str, recipe: str) -> str:
    """digest: of the original."""
    return f"{renditions.folder(digest, recipe)}/animation.webp"


async def enqueue(connection: Connection, image_id: UUID, *, priority: int = AFTER_UPLOADS) -> None:
    await jobs.enqueue(connection, jobs.ANIMATION, image_id, priority=priority, queue=jobs.LARGE)


async def enqueue_missing() -> int:
    """Of pictures that came before there were animations, or that other settings were made of; how many."""
    async with transaction() as connection:
        rows = await connection.fetch(
            "SELECT id FROM image i WHERE frames > 1 AND format = ANY($1::text[]) "
            "AND NOT EXISTS (SELECT FROM animation a WHERE a.image = i.id AND a.recipe = $2) "
            "AND NOT EXISTS (SELECT FROM job WHERE subject = i.id AND kind = $3) ORDER BY id LIMIT $4",
            MOVING,
            followed().name,
            jobs.ANIMATION,
            MOST_AT_ONCE,
        )
        for row in rows:
            await enqueue(connection, row["id"])
    return len(rows)


async def make_animation(run: jobs.Run) -> None:
    """The job. Running it twice, or for two pictures of the same bytes, gives the same file."""
    image_id, recipe = run.job.subject, followed()
    image = await fetchrow("SELECT digest, format, frames, width, height FROM image WHERE id = $1", image_id)
    if image is None or not moves(image["format"], image["frames"]):
        return
    place = key(image["digest"], recipe.name)
    made = await _known(image["digest"], recipe.name)
    stored = None if made is None else await storage.find(place)
    if made is None or stored is None or stored.size_bytes != made.size_bytes:
        made = await _made(image, place)
    former = await fetch(
        "SELECT recipe FROM animation WHERE image = $1 AND recipe <> $2", image_id, recipe.name
    )
    async with transaction() as connection:
        await jobs.lock_subjects(connection, [image_id])
        await run.require(connection)
        await connection.execute(
            "INSERT INTO animation "
            "(id, image, width, height, frames, duration_ms, size_bytes, digest, recipe, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now()) ON CONFLICT (image) DO UPDATE SET "
            "width = excluded.width, height = excluded.height, frames = excluded.frames, "
            "duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes, "
            "digest = excluded.digest, recipe = excluded.recipe",
            uuid4(),
            image_id,
            made.width,
            made.height,
            made.frames,
            made.duration_ms,
            made.size_bytes,
            made.digest,
            recipe.name,
        )
        await connection.execute(
            "UPDATE image SET animation = $2 WHERE id = $1",
            image_id,
            [made.width, made.height, made.frames, made.duration_ms, made.size_bytes],
        )
        await announce_image(connection, image_id)
    for row in former:
        if await _known(image["digest"], row["recipe"]) is None:
            await storage.remove(key(image["digest"], row["recipe"]))


async def _known(digest: str, recipe: str) -> Animation | None:
    """Of any picture of these bytes."""
    row = await fetchrow(
        "SELECT a.width, a.height, a.frames, a.duration_ms, a.size_bytes, a.digest FROM animation a "
        "JOIN image i ON i.id = a.image WHERE i.digest = $1 AND a.recipe = $2 LIMIT 1",
        digest,
        recipe,
    )
    return None if row is None else Animation(**dict(row))


async def _made(image: asyncpg.Record, place: str) -> Animation:
    """Stored when this returns. Raises Unrepeatable, StorageUnavailable."""
    # It was judged when it came; a limit that is lower by now is for what comes from now on.
    max_pixels = max(MAX_PIXELS, image["width"] * image["height"])
    try:
        async with storage.as_file(originals.key(image["digest"]), digest=image["digest"]) as path:
            said, content = await darkroom.animate(path, max_pixels=max_pixels, recipe=followed())
    except ImageRefused as refused:
        # Too much for one busy moment is too much for this: the still picture is there without it.
        raise jobs.Unrepeatable(str(refused.details["reason"]), refused.message) from None
    except FileNotFoundError:
        raise jobs.Unrepeatable(originals.MISSING, "the original is not in the store") from None
    except Damaged:
        raise jobs.Unrepeatable(originals.DAMAGED, "the store holds other bytes") from None
    await storage.put(place, content)
    digest = hashlib.sha256(content).hexdigest()
    return Animation(said.width, said.height, said.frames, said.duration_ms, len(content), digest)


async def file(viewer: Viewer, image_id: UUID) -> StoredFile:
    """Raises NotFound, StorageUnavailable when the file is lost: it is then being made again."""
    image = await access.image(viewer, image_id)
    row = await fetchrow("SELECT digest, recipe, size_bytes FROM animation WHERE image = $1", image_id)
    if row is None:
        raise NotFound("This picture does not move, or its animation is still being made.")
    try:
        return await storage.stored_file(
            key(image.digest, row["recipe"]),
            digest=row["digest"],
            size_bytes=row["size_bytes"],
            mime=WEBP,
            filename=f"{PurePath(image.name).stem}-animation.webp",
        )
    except FileNotFoundError:
        async with transaction() as connection:
            await enqueue(connection, image_id, priority=jobs.LOOKED_AT)
        raise StorageUnavailable(
            "The animation was lost from the store and is being made again; try again in a moment.",
            retry_after_seconds=5,
        ) from None
