"""Full sizes: a picture with all its pixels as every browser shows it, made when somebody first wants it."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import PurePath
from uuid import UUID
from weakref import WeakValueDictionary

from domain import access, darkroom, originals, renditions, storage
from domain.access import ImageRow, Viewer
from domain.database import fetchrow, transaction
from domain.decoding import MAX_PIXELS, WEBP_SIDE_PX, WHOLE
from domain.errors import NotFound, StorageUnavailable, TooBusy
from domain.places import Damaged
from domain.recipes import followed
from domain.storage import StoredFile

MOST_ENCODED_PIXELS = 50_000_000
"""Beyond, encoding one picture would take a core for seconds; its tiles show it."""

SHOWN_AS_THEY_ARE = ("JPEG", "PNG", "WEBP")
MOST_WAITING = 20
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
AVAILABLE = (
    "{row}.format IN ('JPEG', 'PNG', 'WEBP') OR "
    f"({{row}}.width::bigint * {{row}}.height <= {MOST_ENCODED_PIXELS} "
    f"AND greatest({{row}}.width, {{row}}.height) <= {WEBP_SIDE_PX})"
)
"""As SQL, of a row of image: `is_available`."""

_making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
_waiting = 0


def is_available(format_: str, width: int, height: int) -> bool:
    """Whether it can be asked for: the file itself is shown, or it can be encoded at its size."""
    return format_ in SHOWN_AS_THEY_ARE or (
        width * height <= MOST_ENCODED_PIXELS and max(width, height) <= WEBP_SIDE_PX
    )


def address(image_id: UUID) -> str:
    return f"/files/{image_id}/full"


async def file(viewer: Viewer, image_id: UUID) -> StoredFile:
    """The largest rendition where that has all the pixels; else made now, if it was not made before.

    Raises NotFound, ImageRefused, TooBusy, StorageUnavailable.
    """
    image = await access.image(viewer, image_id)
    largest = followed().sizes[-1]
    if max(image.width, image.height) <= largest:
        return await renditions.file(viewer, image_id, largest)
    if not is_available(image.format, image.width, image.height):
        raise NotFound("This picture is too large to be shown as a whole: read its tiles, or the original.")
    stored = await _made(image)
    if stored is not None:
        return stored
    with _patience():
        lock = _making.setdefault(image.digest, asyncio.Lock())
        async with lock:
            stored = await _made(image)
            if stored is None:
                await _make(image)
                stored = await _made(image)
    if stored is None:
        raise StorageUnavailable("The picture was just made and is lost from the store. Try again.")
    return stored


async def _made(image: ImageRow) -> StoredFile | None:
    """By the present recipe, and its file is there."""
    row = await fetchrow(
        "SELECT size_bytes, mime, digest FROM rendition WHERE image = $1 AND size = $2 AND recipe = $3",
        image.id,
        WHOLE,
        followed().name,
    )
    if row is None:
        return None
    with contextlib.suppress(FileNotFoundError):
        return await storage.stored_file(
            renditions.key(image.digest, WHOLE, followed().name),
            digest=row["digest"],
            size_bytes=row["size_bytes"],
            mime=row["mime"],
            filename=f"{PurePath(image.name).stem}.{EXTENSIONS[row['mime']]}",
        )
    return None


async def _make(image: ImageRow) -> None:
    # It was judged when it came; a limit that is lower by now is for what comes from now on.
    max_pixels = max(MAX_PIXELS, image.width * image.height)
    try:
        async with storage.as_file(originals.key(image.digest), digest=image.digest) as path:
            made = await darkroom.whole(path, max_pixels=max_pixels, recipe=followed())
    except FileNotFoundError:
        raise StorageUnavailable(
            "The original of this picture is missing from the store. Restore it from a backup, "
            "or upload the picture again."
        ) from None
    except Damaged:
        raise StorageUnavailable(
            "The original of this picture is damaged in the store. Restore it from a backup, "
            "or upload the picture again."
        ) from None
    await renditions.store(image.digest, made)
    async with transaction() as connection:
        await renditions.record(connection, image.id, made)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Raises TooBusy where too many wait already."""
    global _waiting
    if _waiting >= MOST_WAITING:
        raise TooBusy("Too many pictures are being made ready: try again.", retry_after_seconds=1)
    _waiting += 1
    try:
        yield
    finally:
        _waiting -= 1
