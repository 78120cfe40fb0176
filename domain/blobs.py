"""Blobs: files under the data folder that are durable before anything speaks of them."""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from domain.errors import StorageUnavailable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ROOMS = ("incoming", "originals", "renditions", "thumbnails")


@dataclass(frozen=True)
class StoredFile:
    """What a file route needs. etag: strong, with its quotes; filename: as a person would save it.

    lasting: what is at this address is the same for ever.
    """

    path: Path
    etag: str
    mime: str
    size_bytes: int
    filename: str
    lasting: bool = True


_folder: Path | None = None


def open_blobs(folder: Path) -> None:
    """Names the folder of this process and makes it. Raises StorageUnavailable in words."""
    global _folder
    if _folder == folder:
        return
    with storage_words():
        for name in ROOMS:
            (folder / name).mkdir(parents=True, exist_ok=True)
    _folder = folder


def room(name: str) -> Path:
    """One of ROOMS."""
    if _folder is None:
        raise StorageUnavailable("The picture folder is not open: the server is starting or stopping.")
    return _folder / name


def sharded(digest: str) -> Path:
    """ab/cd/abcd…: no folder ever holds more than some thousands."""
    return Path(digest[:2], digest[2:4], digest)


def require_store() -> None:
    """Tells a lost file from a lost store, such as a disk that is not mounted. Blocks.

    Raises StorageUnavailable.
    """
    if not all(room(name).is_dir() for name in ROOMS):
        raise _gone()


def _gone() -> StorageUnavailable:
    return StorageUnavailable(
        "The folder for pictures is gone. Check that its disk is there; then try again."
    )


@contextlib.contextmanager
def storage_words() -> Iterator[None]:
    """Puts what a full, read-only, missing or broken disk raises into words."""
    try:
        yield
    except FileNotFoundError as error:
        raise _gone() from error
    except OSError as error:
        if error.errno in FULL:
            words = "The disk for pictures is full; nothing was stored. Make room and try again."
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            words = "The folder for pictures cannot be written; nothing was stored. Check who owns it."
        else:
            words = f"The store for pictures failed ({os.strerror(error.errno or errno.EIO)}). Try again."
        raise StorageUnavailable(words) from error


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """mkdir -p whose every new entry survives a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder.parent)


def publish(draft: Path, place: Path) -> None:
    """Moves a file that was fsynced to its name, durably."""
    make_folder(place.parent)
    draft.rename(place)
    sync_folder(place.parent)


def write_blob(place: Path, content: bytes) -> None:
    """Whole or not at all, durable when this returns. Blocks. Raises StorageUnavailable."""
    draft = room("incoming") / uuid4().hex
    with storage_words():
        try:
            with open(draft, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            publish(draft, place)
        except BaseException:
            discard(draft)
            raise


def discard(draft: Path) -> None:
    """What the disk does not let go of now, `remove_old_drafts` removes later."""
    with contextlib.suppress(OSError):
        draft.unlink()


def remove_old_drafts(older_than_seconds: float) -> int:
    """What uploads left behind when their server died. Blocks."""
    removed, before = 0, time.time() - older_than_seconds
    for draft in room("incoming").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if draft.stat().st_mtime < before:
                draft.unlink()
                removed += 1
    return removed


async def stored_file(
    path: Path, *, digest: str, mime: str, filename: str, lasting: bool = True
) -> StoredFile:
    """Raises FileNotFoundError when this file is lost, StorageUnavailable when the store is."""
    size_bytes = await asyncio.to_thread(_size, path)
    return StoredFile(path, f'"{digest}"', mime, size_bytes, filename, lasting)


def _size(path: Path) -> int:
    with storage_words():
        if path.exists():
            return path.stat().st_size
    require_store()
    raise FileNotFoundError(path)
