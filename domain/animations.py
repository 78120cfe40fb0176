"""Animations: what moves, made by a job into one small animated WebP that the canvas plays."""

import hashlib
from pathlib import PurePath
from uuid import UUID

import asyncpg

from domain import access, darkroom, jobs, storage
from domain.access import Viewer
from domain.companions import Companion, Made, original
from domain.database import fetchrow
from domain.decoding import WEBP
from domain.errors import NotFound
from domain.recipes import followed
from domain.storage import StoredFile

MOVING = ("GIF", "WEBP", "PNG", "AVIF")
"""Formats whose frames follow one another in time: those of a TIFF are pages."""


class Animation(Made, frozen=True):
    """duration_ms: of all its frames, once."""

    width: int
    height: int
    frames: int
    duration_ms: int


COMPANION = Companion(
    jobs.ANIMATION,
    table="animation",
    made=Animation,
    filename="animation.webp",
    wanted=f"frames > 1 AND format IN {MOVING}",
    column="animation",
    told=lambda made: [made.width, made.height, made.frames, made.duration_ms, made.size_bytes],
)
key = COMPANION.key
enqueue = COMPANION.enqueue
enqueue_missing = COMPANION.enqueue_missing


def moves(format_: str, frames: int) -> bool:
    return frames > 1 and format_ in MOVING


def address(image_id: UUID) -> str:
    return f"/files/{image_id}/animation"


async def make_animation(run: jobs.Run) -> None:
    """The job."""
    image = await fetchrow(
        "SELECT digest, format, frames, width, height FROM image WHERE id = $1", run.job.subject
    )
    if image is not None and moves(image["format"], image["frames"]):
        await COMPANION.keep(run, image["digest"], lambda place: _made(image, place))


async def _made(image: asyncpg.Record, place: str) -> Animation:
    """Stored when this returns. Raises Unrepeatable, StorageUnavailable."""
    # Too much for one busy moment is too much for this: the still picture is there without it.
    async with original(image) as (path, max_pixels):
        said, content = await darkroom.animate(path, max_pixels=max_pixels, recipe=followed())
    await storage.put(place, content)
    digest = hashlib.sha256(content).hexdigest()
    return Animation(len(content), digest, said.width, said.height, said.frames, said.duration_ms)


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
        raise await COMPANION.make_again(
            image_id, "The animation was lost from the store and is being made again; try again in a moment."
        ) from None
