"""Storage: the bytes of pictures under their keys, wherever the settings say that they are kept.

Every file of webref is written, read and removed through here. Keys: `original_key`, and what
`renditions.key` and `thumbnails.key` make of `sharded`.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from domain import blobs
from domain.errors import StorageUnavailable
from domain.folders import FolderStore
from domain.places import Store, Stored
from domain.settings import Settings


@dataclass(frozen=True)
class StoredFile:
    """What a file route needs. etag: strong, with its quotes; filename: as a person would save it.

    lasting: what is at this address is the same for ever.
    """

    key: str
    etag: str
    mime: str
    size_bytes: int
    filename: str
    lasting: bool = True


_folder: FolderStore | None = None
_store: Store | None = None


def open_storage(settings: Settings, *, makes: bool = True) -> None:
    """Names the place of this process and makes what must be there, unless told not to. Blocks.

    Raises StorageUnavailable in words.
    """
    global _folder, _store
    if _folder is not None and _folder.folder == settings.blobs:
        return
    folder = FolderStore(settings.blobs)
    if makes:
        folder.make()
    _folder = _store = folder


def _opened() -> Store:
    if _store is None:
        raise _closed()
    return _store


def _closed() -> StorageUnavailable:
    return StorageUnavailable("The store for pictures is not open: the server is starting or stopping.")


def sharded(digest: str) -> str:
    """ab/cd/abcd…: no folder ever holds more than some thousands."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


async def put(key: str, content: bytes) -> None:
    """Whole or not at all, durable when this returns; replaces what was there. Raises StorageUnavailable."""
    await _opened().put(key, content)


async def put_file(key: str, draft: Path, *, digest: str, size_bytes: int) -> None:
    """Keeps a synced draft, which may be gone afterwards: whole or not at all, durable when this returns.

    What is there already stays if its bytes are right, else it is replaced. Raises StorageUnavailable.
    """
    await _opened().put_file(key, draft, digest=digest, size_bytes=size_bytes)


async def find(key: str) -> Stored | None:
    """None: it is lost; raises StorageUnavailable where the store is."""
    return await _opened().find(key)


def read(key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
    """The bytes from start to stop (exclusive), piece by piece, never all in memory.

    Raises FileNotFoundError with the first piece, StorageUnavailable. Use it within `contextlib.aclosing`.
    """
    return _opened().read(key, start, stop)


async def content(key: str) -> bytes:
    """All of a small file. Raises FileNotFoundError, StorageUnavailable."""
    pieces = read(key)
    async with contextlib.aclosing(pieces):
        return b"".join([piece async for piece in pieces])


def as_file(key: str, *, digest: str | None = None) -> AbstractAsyncContextManager[Path]:
    """The whole as a file of this machine, to be read and left alone, while the block runs.

    digest: what its SHA-256 must be where it has to be fetched. Raises FileNotFoundError, Damaged,
    StorageUnavailable.
    """
    return _opened().as_file(key, digest=digest)


async def remove(key: str) -> None:
    """It is gone afterwards, whether it was there or not. Raises StorageUnavailable."""
    await _opened().remove(key)


def listed(prefix: str) -> AsyncGenerator[Stored, None]:
    """All that lies under a prefix, which ends in '/', in no order. Raises StorageUnavailable."""
    return _opened().listed(prefix)


async def touch(key: str) -> None:
    """Sets modified_at to now: for what goes when nobody has looked at it for long."""
    await _opened().touch(key)


async def check() -> None:
    """Raises StorageUnavailable where nothing could be taken in or read right now."""
    await _opened().check()


def new_draft() -> Path:
    """A name for a file on its way in; what is left there goes after a day."""
    if _folder is None:
        raise _closed()
    return _folder.drafts / uuid4().hex


def parts() -> Path:
    """The folder of what has come of uploads that may be gone on with (domain/uploads.py)."""
    if _folder is None:
        raise _closed()
    return _folder.folder / "parts"


async def remove_old_drafts(older_than_seconds: float) -> int:
    """How many went."""
    if _folder is None:
        raise _closed()
    return await asyncio.to_thread(blobs.remove_old, _folder.drafts, older_than_seconds)


async def stored_file(
    key: str,
    *,
    digest: str,
    mime: str,
    filename: str,
    size_bytes: int | None = None,
    lasting: bool = True,
) -> StoredFile:
    """size_bytes: what it must have, where that is known.

    Raises FileNotFoundError when this file is lost or cut, StorageUnavailable when the store is lost.
    """
    found = await find(key)
    if found is None or size_bytes not in (None, found.size_bytes):
        raise FileNotFoundError(key)
    return StoredFile(key, f'"{digest}"', mime, found.size_bytes, filename, lasting)
