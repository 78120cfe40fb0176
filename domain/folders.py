"""A folder as a store: files at the paths that their keys name."""

import asyncio
import contextlib
import hashlib
import itertools
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from domain import blobs
from domain.blobs import storage_words
from domain.errors import StorageUnavailable
from domain.places import CHUNK_BYTES, Stored

ROOMS = ("archives", "atlases", "incoming", "originals", "parts", "renditions", "thumbnails", "withdrawn")
LEAST_FREE_BYTES = 100_000_000
LISTED_AT_ONCE = 500


class FolderStore:
    """Drafts lie in `incoming` beside the rooms, so that a draft becomes a file by being renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drafts = folder / "incoming"

    def place(self, key: str) -> Path:
        return self.folder / key

    async def prepare(self) -> None:
        await asyncio.to_thread(self.make)

    def make(self, rooms: Sequence[str] = ROOMS) -> None:
        """Blocks."""
        with storage_words():
            for name in rooms:
                (self.folder / name).mkdir(parents=True, exist_ok=True)

    async def put_file(
        self, key: str, draft: Path, *, digest: str, size_bytes: int, keeps_draft: bool = False
    ) -> None:
        await asyncio.to_thread(self._put_file, self.place(key), draft, digest, size_bytes, keeps_draft)

    def _put_file(self, place: Path, draft: Path, digest: str, size_bytes: int, keeps_draft: bool) -> None:
        with storage_words():
            if _is_whole(place, digest, size_bytes):
                blobs.sync_folder(place.parent)  # who moved it there may have died before this
                return
            if not keeps_draft and os.stat(draft).st_dev == os.stat(self.drafts).st_dev:
                blobs.publish(draft, place)
                return
            copy = self.drafts / uuid4().hex
            try:
                if draft.is_relative_to(self.folder):
                    os.link(draft, copy)  # a file of ours: synced, and never written again
                    blobs.publish(copy, place)
                    return
                with open(draft, "rb") as source, open(copy, "x+b") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                    file.seek(0)
                    if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                        raise StorageUnavailable("The file changed while it was copied; nothing was stored.")
                blobs.publish(copy, place)
            finally:
                blobs.discard(copy)

    async def copy(self, key: str, to: str, *, digest: str, size_bytes: int) -> bool:
        place = self.place(key)
        if not await asyncio.to_thread(place.is_file):
            return False
        try:
            await self.put_file(to, place, digest=digest, size_bytes=size_bytes, keeps_draft=True)
        except StorageUnavailable:
            if await asyncio.to_thread(place.is_file):
                raise
            return False  # removed meanwhile
        return True

    async def put(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(self._put, self.place(key), content)

    def _put(self, place: Path, content: bytes) -> None:
        draft = self.drafts / uuid4().hex
        with storage_words():
            try:
                blobs.write_draft(draft, content)
                blobs.publish(draft, place)
            except BaseException:
                blobs.discard(draft)
                raise

    async def find(self, key: str) -> Stored | None:
        return await asyncio.to_thread(self._find, key)

    def _find(self, key: str) -> Stored | None:
        with storage_words():
            try:
                seen = os.stat(self.place(key))
            except (FileNotFoundError, NotADirectoryError):
                self.require_here(key)
                return None
        return Stored(key, seen.st_size, seen.st_mtime)

    def require_here(self, key: str) -> None:
        """Tells a lost file from a lost store, such as a disk that is not mounted. Blocks."""
        if not (self.folder / key.partition("/")[0]).is_dir():
            raise blobs.gone()

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        opened, offset = await asyncio.to_thread(self._open, key), start
        try:
            while stop is None or offset < stop:
                most = CHUNK_BYTES if stop is None else min(CHUNK_BYTES, stop - offset)
                with storage_words():
                    chunk = await asyncio.to_thread(os.pread, opened.fileno(), most, offset)
                if not chunk:
                    return
                offset += len(chunk)
                yield chunk
        finally:
            opened.close()

    def _open(self, key: str) -> BinaryIO:
        try:
            return open(self.place(key), "rb")
        except (FileNotFoundError, NotADirectoryError):
            self.require_here(key)
            raise FileNotFoundError(key) from None
        except OSError as error:
            raise StorageUnavailable("The file cannot be read right now. Try again in a moment.") from error

    @asynccontextmanager
    async def as_file(self, key: str, *, digest: str | None = None) -> AsyncIterator[Path]:
        if await self.find(key) is None:
            raise FileNotFoundError(key)
        yield self.place(key)

    async def remove(self, key: str) -> None:
        room = self.folder / key.partition("/")[0]

        def go() -> None:
            with storage_words():
                blobs.remove_file(self.place(key), room)

        await asyncio.to_thread(go)

    async def listed(self, prefix: str) -> AsyncGenerator[Stored, None]:
        entries = blobs.files_under(self.place(prefix))

        def some() -> list[Stored] | None:
            with storage_words():
                page = list(itertools.islice(entries, LISTED_AT_ONCE))
                return [seen for entry in page if (seen := self._seen(entry))] if page else None

        await asyncio.to_thread(self.require_here, prefix)
        while (page := await asyncio.to_thread(some)) is not None:
            for stored in page:
                yield stored

    def _seen(self, entry: "os.DirEntry[str]") -> Stored | None:
        try:
            seen = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        return Stored(os.path.relpath(entry.path, self.folder), seen.st_size, seen.st_mtime)

    async def touch(self, key: str) -> None:
        def now() -> None:
            with storage_words(), contextlib.suppress(FileNotFoundError):
                os.utime(self.place(key))

        await asyncio.to_thread(now)

    async def check(self) -> None:
        await asyncio.to_thread(self._write_something)

    def _write_something(self) -> None:
        """A few bytes really written: a full or read-only disk is found before a person finds it."""
        draft = self.drafts / f"probe-{uuid4().hex}"
        try:
            with storage_words():
                space = os.statvfs(self.drafts)
                if space.f_bavail * space.f_frsize < LEAST_FREE_BYTES:
                    raise StorageUnavailable("The disk for pictures is nearly full: make room.")
                draft.write_bytes(b"webref")
        finally:
            blobs.discard(draft)

    async def close(self) -> None:
        """Nothing is held."""


def _is_whole(place: Path, digest: str, size_bytes: int) -> bool:
    try:
        with open(place, "rb") as file:
            return (
                os.fstat(file.fileno()).st_size == size_bytes
                and hashlib.file_digest(file, "sha256").hexdigest() == digest
            )
    except FileNotFoundError:
        return False
