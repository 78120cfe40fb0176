"""Storage: the bytes of pictures under their keys, wherever the settings say that they are kept.

Every file of webref is written, read and removed through here. Keys are made beside what makes
the files, of `sharded`: `originals.key`, `renditions.key`, `thumbnails.key`.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from domain import blobs, metrics
from domain.database import DB
from domain.errors import DomainError, StorageUnavailable
from domain.folders import ROOMS, FolderStore
from domain.places import Damaged, DirectStore, Store, Stored
from domain.settings import DATA_FOLDER, Settings
from domain.whereabouts import Whereabouts, complain, require_whereabouts, whereabouts

log = logging.getLogger("webref.storage")

FOLLOW_SECONDS = 2.0
ON_THEIR_WAY = ("incoming", "parts")
"""What is on the disk of this machine even where all that is kept is in a bucket."""


@dataclass(frozen=True)
class StoredFile:
    """What a file route needs. etag: strong, with its quotes; filename: as a person would save it.

    lasting: what is at this address is the same for ever. start: where it begins in what lies under the key.
    """

    key: str
    etag: str
    mime: str
    size_bytes: int
    filename: str
    lasting: bool = True
    start: int = 0


class _Opened:
    """What this process has open. drafts: the folder where files come in; stores: by place."""

    def __init__(self, settings: Settings, at: Whereabouts | None) -> None:
        self.settings = settings
        self.at = at or Whereabouts(settings.storage)
        in_folder = settings.storage != DATA_FOLDER and not is_bucket(settings.storage)
        self.drafts = FolderStore(folder_of(settings.storage) if in_folder else settings.blobs)
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

    async def look(self) -> Whereabouts:
        """As the row says now; where there is none, or no database, as was said when this was opened."""
        if DB.pool is not None and (found := await whereabouts()) is not None:
            self.at = found
        return self.at

    async def next_to_read(self, tried: list[str]) -> Store | None:
        """Where to look next, noted in `tried`; who has looked everywhere asks for a new place."""
        for asks in (False, True):
            if asks:
                await self.look()
            for place in self.at.read:
                if place not in tried:
                    tried.append(place)
                    return self.store(place)
        return None

    async def write(self, write: Callable[[str], Awaitable[None]]) -> None:
        """Writes wherever it must be, and then looks whether it must be somewhere else by now.

        So nobody has to know of a move before it begins: who writes has looked after all was written, and
        either the files that were copied meanwhile have this one among them, or it is written to the target.
        A target that fails hinders nobody: what it lacks is copied before it is the only place.
        """
        done: set[str] = set()
        while wanted := [place for place in self.at.written if place not in done]:
            for place in wanted:
                try:
                    await write(place)
                except StorageUnavailable as error:
                    if place == self.at.place:
                        raise
                    log.warning("not written to the place that files are moved to: %s", error.message)
                done.add(place)
            await self.look()


_opened: _Opened | None = None


def open_storage(settings: Settings, *, at: Whereabouts | None = None, makes: bool = True) -> None:
    """Names the place of this process and makes what must be there, unless told not to. Blocks.

    at: what the row says, where somebody has asked. Raises StorageUnavailable in words.
    """
    global _opened
    if _opened is not None and _same_place(_opened.settings, settings) and at in (None, _opened.at):
        return
    opening = _Opened(settings, at)
    if makes:
        opening.make()
    opening.store(opening.at.place)
    _opened = opening


def _same_place(one: Settings, other: Settings) -> bool:
    def place(settings: Settings) -> tuple[object, ...]:
        endpoints = (settings.s3_endpoint, settings.s3_public_endpoint, settings.s3_region)
        return (
            settings.blobs,
            settings.storage,
            *endpoints,
            settings.s3_access_key,
            settings.s3_secret_key,
        )

    return place(one) == place(other)


async def start_storage(settings: Settings) -> None:
    """Opens it where the files are, which the database knows. Raises BadSetting, StorageUnavailable."""
    at = await require_whereabouts(settings)
    is_news = _opened is None or _opened.at != at
    if is_news and settings.storage not in at.written:
        log.warning("the files were moved to %s: set WEBREF_STORAGE to it", at.place)
    await asyncio.to_thread(open_storage, settings, at=at)


async def look() -> Whereabouts:
    """Hears now of a move that this process may not know of."""
    return await _here().look()


async def follow_for_ever() -> None:
    """Hears of moves without a write or a miss, and says beforehand where the target cannot be reached."""
    asked: str | None = None
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        try:
            target = (await _here().look()).target
            if target is not None and target != asked:
                store = await asyncio.to_thread(_here().store, target)
                await store.check()
            asked = target
        except StorageUnavailable as error:
            if target is not None:
                await _complain(target, error.message)
        except DomainError as error:
            log.info("where files are kept cannot be asked for: %s", error.message)
        except Exception:
            log.exception("where files are kept cannot be followed; trying again")


async def _complain(target: str, words: str) -> None:
    with contextlib.suppress(DomainError):
        await complain(target, f"{socket.gethostname()}, process {os.getpid()}: {words}")


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


def store_at(place: str) -> Store:
    """What speaks to that place, for who moves files from one to another."""
    return _here().store(place)


def place() -> str:
    """Where files are kept, as far as this process knows."""
    return _here().at.place


def direct_store() -> DirectStore | None:
    """What others can be allowed to write to; None where files are kept in a folder."""
    return direct_store_at(place()) if is_bucket(place()) else None


def direct_store_at(place: str) -> DirectStore:
    """place: a bucket."""
    store: Any = _here().store(place)
    found: DirectStore = store
    return found


def _here() -> _Opened:
    if _opened is None:
        raise StorageUnavailable("The store for pictures is not open: the server is starting or stopping.")
    return _opened


def sharded(digest: str) -> str:
    """ab/cd/abcd…: no folder ever holds more than some thousands."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


async def put(key: str, content: bytes) -> None:
    """Whole or not at all, durable when this returns; replaces what was there. Raises StorageUnavailable."""
    opened = _here()
    with metrics.storing(len(content)):
        await opened.write(lambda place: opened.store(place).put(key, content))


async def put_file(key: str, draft: Path, *, digest: str, size_bytes: int, keeps_draft: bool = False) -> None:
    """Keeps a synced draft, which may be gone afterwards: whole or not at all, durable when this returns.

    What is there already stays if its bytes are right, else it is replaced. Raises StorageUnavailable.
    """
    opened = _here()
    took: Store | None = None

    async def write(place: str) -> None:
        nonlocal took
        store = opened.store(place)
        if took is not None:
            try:
                async with took.as_file(key) as kept:
                    await store.put_file(key, kept, digest=digest, size_bytes=size_bytes, keeps_draft=True)
            except FileNotFoundError as error:  # collected before it had a row, and before it was here
                message = "The file was taken away while all files move: send it again."
                raise StorageUnavailable(message) from error
            return
        takes = place == opened.at.place and not keeps_draft
        await store.put_file(key, draft, digest=digest, size_bytes=size_bytes, keeps_draft=not takes)
        took = store if takes else None

    with metrics.storing(size_bytes):
        await opened.write(write)


async def copy(key: str, to: str, *, digest: str, size_bytes: int) -> bool:
    """Keeps a file under another key, too; its bytes stay in the place where it lies. False: it is lost.

    Raises StorageUnavailable, Damaged (it had to be fetched, for a place that did not have it).
    """
    opened = _here()

    async def write(place: str) -> None:
        store = opened.store(place)
        if not await store.copy(key, to, digest=digest, size_bytes=size_bytes):
            async with as_file(key, digest=digest) as path:
                await store.put_file(to, path, digest=digest, size_bytes=size_bytes, keeps_draft=True)

    try:
        await opened.write(write)
    except FileNotFoundError:
        return False
    return True


async def find(key: str) -> Stored | None:
    """None: it is lost; raises StorageUnavailable where a store is that may have it."""
    tried: list[str] = []
    troubles: dict[str, StorageUnavailable] = {}
    while (store := await _here().next_to_read(tried)) is not None:
        try:
            found = await store.find(key)
        except StorageUnavailable as error:
            troubles[tried[-1]] = error
            continue
        if found is not None:
            return found
    _raise_what_counts(troubles)
    return None


def _raise_what_counts(troubles: dict[str, StorageUnavailable]) -> None:
    for place, trouble in troubles.items():
        if place in _here().at.written:  # where files were before a move, none need be found
            raise trouble


async def read(key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
    """The bytes from start to stop (exclusive), piece by piece, never all in memory.

    Raises FileNotFoundError with the first piece, StorageUnavailable. Use it within `contextlib.aclosing`.
    """
    tried: list[str] = []
    troubles: dict[str, StorageUnavailable] = {}
    while (store := await _here().next_to_read(tried)) is not None:
        begun = False
        async with contextlib.aclosing(store.read(key, start, stop)) as pieces:
            try:
                async for piece in pieces:
                    begun = True
                    metrics.READ_BYTES.inc(len(piece))
                    yield piece
                return
            except FileNotFoundError:
                if begun:
                    raise StorageUnavailable("The file was removed while it was read.") from None
            except StorageUnavailable as error:
                if begun:
                    raise
                troubles[tried[-1]] = error
    _raise_what_counts(troubles)
    raise FileNotFoundError(key)


async def content(key: str) -> bytes:
    """All of a small file. Raises FileNotFoundError, StorageUnavailable."""
    async with contextlib.aclosing(read(key)) as pieces:
        return b"".join([piece async for piece in pieces])


@asynccontextmanager
async def as_file(key: str, *, digest: str | None = None) -> AsyncIterator[Path]:
    """The whole as a file of this machine, to be read and left alone, while the block runs.

    digest: what its SHA-256 must be where it has to be fetched. Raises FileNotFoundError, Damaged,
    StorageUnavailable.
    """
    tried: list[str] = []
    troubles: dict[str, StorageUnavailable] = {}
    missing: Exception = FileNotFoundError(key)
    async with AsyncExitStack() as lent:
        path: Path | None = None
        while path is None and (store := await _here().next_to_read(tried)) is not None:
            try:
                path = await lent.enter_async_context(store.as_file(key, digest=digest))
            except FileNotFoundError:
                continue
            except StorageUnavailable as error:
                troubles[tried[-1]] = error
            except Damaged as error:
                missing = error
        if path is None:
            _raise_what_counts(troubles)
            raise missing
        yield path


async def remove(key: str) -> None:
    """It is gone afterwards, whether it was there or not. Raises StorageUnavailable."""
    opened = _here()
    done: set[str] = set()
    while left := [place for place in (await opened.look()).read if place not in done]:
        for place in left:
            try:
                await opened.store(place).remove(key)
            except StorageUnavailable:
                if place in opened.at.written:
                    raise
            done.add(place)


async def listed(prefix: str) -> AsyncGenerator[Stored, None]:
    """All that lies under a prefix, which ends in '/', in no order. Raises StorageUnavailable."""
    opened = _here()
    first = opened.store((await opened.look()).place)
    async with contextlib.aclosing(first.listed(prefix)) as found:
        async for stored in found:
            yield stored
    if opened.at.target is None:
        return
    try:
        async with contextlib.aclosing(opened.store(opened.at.target).listed(prefix)) as found:
            async for stored in found:
                if await first.find(stored.key) is None:
                    yield stored
    except StorageUnavailable as error:
        log.warning("the place that files are moved to cannot be listed: %s", error.message)


async def touch(key: str) -> None:
    """Sets modified_at to now: for what goes when nobody has looked at it for long."""
    for place in _here().at.written:
        await _here().store(place).touch(key)


async def check() -> None:
    """Raises StorageUnavailable where nothing could be taken in or read right now."""
    opened = _here()
    store = opened.store(opened.at.place)
    await opened.drafts.check()
    if store is not opened.drafts:
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
