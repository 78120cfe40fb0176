"""Storage: the bytes of pictures under their keys, wherever the settings say that they are kept.

Every file of webref is written, read and removed through here. Keys are made beside what makes
the files, of `sharded`: `originals.key`, `renditions.key`, `thumbnails.key`.
"""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from domain import blobs
from domain.errors import StorageUnavailable
from domain.folders import ROOMS, FolderStore
from domain.places import Store, Stored
from domain.settings import DATA_FOLDER, Settings

ON_THEIR_WAY = ("incoming", "parts")
"""What is on the disk of this machine even where all that is kept is in a bucket."""


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


class _Opened:
    """What this process has open. drafts: the folder where files come in; stores: by place."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        place = settings.storage
        in_folder = place != DATA_FOLDER and not is_bucket(place)
        self.drafts = FolderStore(folder_of(place) if in_folder else settings.blobs)
        self.stores: dict[str, Store] = {}

    def make(self) -> None:
        self.drafts.make(ON_THEIR_WAY if is_bucket(self.settings.storage) else ROOMS)

    def store(self, place: str) -> Store:
        if place not in self.stores:
            self.stores[place] = self._new(place)
        return self.stores[place]

    def _new(self, place: str) -> Store:
        if place == self.settings.storage and not is_bucket(place):
            return self.drafts
        if place == DATA_FOLDER:
            return FolderStore(self.settings.blobs)
        if not is_bucket(place):
            return FolderStore(folder_of(place))
        # Loaded where it is needed: it takes 50 MB and half a second.
        made: Store = importlib.import_module("domain.buckets").store_at(
            place, self.settings, self.drafts.drafts
        )
        return made


_opened: _Opened | None = None


def open_storage(settings: Settings, *, makes: bool = True) -> None:
    """Names the place of this process and makes what must be there, unless told not to. Blocks.

    Raises StorageUnavailable in words.
    """
    global _opened
    if _opened is not None and _same_place(_opened.settings, settings):
        return
    opening = _Opened(settings)
    if makes:
        opening.make()
    opening.store(settings.storage)
    _opened = opening


def _same_place(one: Settings, other: Settings) -> bool:
    def place(settings: Settings) -> tuple[object, ...]:
        access = (settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)
        return (settings.blobs, settings.storage, *access)

    return place(one) == place(other)


async def close_storage() -> None:
    """Lets go of connections; calling it twice is harmless."""
    if _opened is not None:
        for store in _opened.stores.values():
            await store.close()


def is_bucket(place: str) -> bool:
    return place.startswith("s3://")


def folder_of(place: str) -> Path:
    """Of a place that is a folder of its own."""
    return Path(unquote(place.removeprefix("file://")))


def _here() -> _Opened:
    if _opened is None:
        raise StorageUnavailable("The store for pictures is not open: the server is starting or stopping.")
    return _opened


def _store() -> Store:
    opened = _here()
    return opened.store(opened.settings.storage)


def sharded(digest: str) -> str:
    """ab/cd/abcd…: no folder ever holds more than some thousands."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


async def put(key: str, content: bytes) -> None:
    """Whole or not at all, durable when this returns; replaces what was there. Raises StorageUnavailable."""
    await _store().put(key, content)


async def put_file(key: str, draft: Path, *, digest: str, size_bytes: int, keeps_draft: bool = False) -> None:
    """Keeps a synced draft, which may be gone afterwards: whole or not at all, durable when this returns.

    What is there already stays if its bytes are right, else it is replaced. Raises StorageUnavailable.
    """
    await _store().put_file(key, draft, digest=digest, size_bytes=size_bytes, keeps_draft=keeps_draft)


async def find(key: str) -> Stored | None:
    """None: it is lost; raises StorageUnavailable where the store is."""
    return await _store().find(key)


def read(key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
    """The bytes from start to stop (exclusive), piece by piece, never all in memory.

    Raises FileNotFoundError with the first piece, StorageUnavailable. Use it within `contextlib.aclosing`.
    """
    return _store().read(key, start, stop)


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
    return _store().as_file(key, digest=digest)


async def remove(key: str) -> None:
    """It is gone afterwards, whether it was there or not. Raises StorageUnavailable."""
    await _store().remove(key)


def listed(prefix: str) -> AsyncGenerator[Stored, None]:
    """All that lies under a prefix, which ends in '/', in no order. Raises StorageUnavailable."""
    return _store().listed(prefix)


async def touch(key: str) -> None:
    """Sets modified_at to now: for what goes when nobody has looked at it for long."""
    await _store().touch(key)


async def check() -> None:
    """Raises StorageUnavailable where nothing could be taken in or read right now."""
    drafts, store = _here().drafts, _store()
    await drafts.check()
    if store is not drafts:
        await store.check()


def new_draft() -> Path:
    """A name for a file on its way in; what is left there goes after a day."""
    return _here().drafts.drafts / uuid4().hex


def parts() -> Path:
    """The folder of what has come of uploads that may be gone on with (domain/uploads.py)."""
    return _here().drafts.folder / "parts"


async def remove_old_drafts(older_than_seconds: float) -> int:
    """How many went."""
    return await asyncio.to_thread(blobs.remove_old, _here().drafts.drafts, older_than_seconds)


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
