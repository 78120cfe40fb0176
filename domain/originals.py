"""Originals: the bytes as they came, kept once under their SHA-256 and never rewritten."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from domain import access, blobs, storage
from domain.access import ImageRow, Viewer
from domain.database import Connection
from domain.errors import FileTooLarge, StorageUnavailable
from domain.formats import FORMATS
from domain.settings import Settings
from domain.storage import StoredFile

FLUSH_BYTES = 1 << 20
MISSING, DAMAGED = "ORIGINAL_MISSING", "ORIGINAL_DAMAGED"
"""Failures of a picture whose original was not in the store, or was with other bytes; they end when the same
bytes come again."""


class Intake:
    """A file on its way in: hashed while it is written, gone unless it is kept.

    At most a megabyte of it is in memory.
    """

    def __init__(self, settings: Settings, *, lies_at: str | None = None) -> None:
        """lies_at: the key of an object of the same bytes, from which it can be kept without sending it."""
        storage.open_storage(settings)
        self.lies_at = lies_at
        self.settings = settings
        self.path = storage.new_draft()
        self.size_bytes = 0
        self.digest = ""
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._descriptor = -1

    async def __aenter__(self) -> Self:
        with blobs.storage_words():
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        blobs.discard(self.path)

    async def write(self, chunk: bytes) -> None:
        """Raises FileTooLarge, StorageUnavailable."""
        self.size_bytes += len(chunk)
        if self.size_bytes > self.settings.max_file_bytes:
            raise FileTooLarge(
                f"The file is too large: at most {self.settings.max_file_bytes // 1_000_000} MB are taken.",
                limit_bytes=self.settings.max_file_bytes,
            )
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes >= FLUSH_BYTES:
            await self._flush()

    async def finish(self) -> tuple[str, int]:
        """The SHA-256 in hex and the size; may be asked again."""
        if not self.digest:
            await self._flush()
            self.digest = self._hash.hexdigest()
        return self.digest, self.size_bytes

    async def sync(self) -> None:
        """Makes the bytes durable; the name comes later."""
        await self.finish()
        if self._descriptor >= 0:
            with blobs.storage_words():
                await asyncio.to_thread(os.fsync, self._descriptor)
            self._close()

    async def require_readable(self) -> None:
        """Before it is said that these bytes are no picture: they are still those that came.

        Raises StorageUnavailable.
        """
        with blobs.storage_words():
            seen = await asyncio.to_thread(blobs.digest_of, self.path)
        if seen != await self.finish():
            raise StorageUnavailable("The store for pictures gave other bytes than it was given. Try again.")

    async def _flush(self) -> None:
        chunks, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if chunks:
            with blobs.storage_words():
                await asyncio.to_thread(self._store, chunks)

    def _store(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._hash.update(chunk)
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@asynccontextmanager
async def receive(settings: Settings, *, lies_at: str | None = None) -> AsyncIterator[Intake]:
    """`async with receive(settings) as intake:` write, then hand it to `images.add_image`.

    Leaving the block removes what was not kept. Raises StorageUnavailable.
    """
    async with Intake(settings, lies_at=lies_at) as intake:
        yield intake


async def keep(intake: Intake) -> None:
    """Puts the file at its content address; durable when this returns. Raises StorageUnavailable.

    The same bytes kept before are kept once; a damaged copy there is replaced.
    """
    await intake.sync()
    store = storage.direct_store()
    if intake.lies_at is not None and store is not None and await storage.find(key(intake.digest)) is None:
        await store.copy(
            intake.lies_at, key(intake.digest), digest=intake.digest, size_bytes=intake.size_bytes
        )
    await storage.put_file(
        key(intake.digest), intake.path, digest=intake.digest, size_bytes=intake.size_bytes
    )


def key(digest: str) -> str:
    return f"originals/{storage.sharded(digest)}"


def withdrawn_key(digest: str) -> str:
    """Where the only copy of an original lies that no picture refers to, for a day, until it is removed."""
    return f"withdrawn/{storage.sharded(digest)}"


async def hold(connection: Connection, digest: str, size_bytes: int) -> None:
    """Before a row speaks of an original: nobody withdraws it while the transaction lasts, and it is there.

    The first of the transaction's locks. Raises StorageUnavailable when it went since it was kept.
    """
    await connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", f"blob:{digest}")
    found = await storage.find(key(digest))
    if (found is None or found.size_bytes != size_bytes) and not await put_back(digest):
        raise StorageUnavailable("The file took too long to be taken in and was let go of. Send it again.")


async def hold_alone(connection: Connection, digest: str) -> None:
    """The other side of `hold`: no row comes to speak of this original while the transaction lasts."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"blob:{digest}")


async def withdraw_copy(digest: str) -> bool:
    """Puts the original beside where it is, so that removing it loses nothing. False: it is not there."""
    return await _copy(digest, key(digest), withdrawn_key(digest))


async def put_back(digest: str) -> bool:
    """Brings a withdrawn original back to its place. False: there is none."""
    return await _copy(digest, withdrawn_key(digest), key(digest))


async def _copy(digest: str, source: str, place: str) -> bool:
    found = await storage.find(source)
    return found is not None and await storage.copy(source, place, digest=digest, size_bytes=found.size_bytes)


async def file(viewer: Viewer, image_id: UUID) -> StoredFile:
    """Raises NotFound, also where the viewer may not see the image; StorageUnavailable when lost."""
    image = await access.image(viewer, image_id)
    try:
        return await _stored(image)
    except FileNotFoundError:
        if await put_back(image.digest):
            return await _stored(image)
        raise StorageUnavailable(
            "The original of this picture is missing from the store, or cut. Restore it from a backup, "
            "or upload the picture again."
        ) from None


async def _stored(image: ImageRow) -> StoredFile:
    return await storage.stored_file(
        key(image.digest),
        digest=image.digest,
        size_bytes=image.size_bytes,
        mime=image.mime,
        filename=saved_name(image.name, image.format),
    )


def saved_name(name: str, format_: str) -> str:
    """The name as it came, with an extension of its format: no picture is saved as a page or a program."""
    fitting = FORMATS[format_].extensions
    return name if Path(name).suffix.lower() in fitting else name + fitting[0]
