"""Writing: one request that goes on with an upload, and the files of its parts, durable before they count."""

import asyncio
import hashlib
import hmac
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from domain import blobs, storage
from domain.database import fetchrow
from domain.errors import FileTooLarge, UploadTakenOver, WrongChecksum
from domain.settings import Settings
from domain.upload_rows import LASTS_DAYS, Checksum, Upload, upload_of

# What is acknowledged at once when a long request is cut: at most so much is sent again.
PART_BYTES = 8 << 20
FLUSH_BYTES = 1 << 20
ORPHAN_SECONDS = 86_400.0


class Writer:
    """One request that goes on with an upload. Leaving the block keeps what came, unless it was refused."""

    def __init__(self, settings: Settings, upload: Upload, claim: UUID, checksum: Checksum | None) -> None:
        self.upload = upload
        self._settings = settings
        self._claim = claim
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._most = upload.length if upload.length is not None else settings.max_file_bytes
        self._part: UUID | None = None
        self._descriptor = -1
        self._part_bytes = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._kept: list[UUID] = []
        self._kept_bytes = 0
        self._refused = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Of a request that was cut, its bytes so far are good; of one with a checksum nobody knows.
            cut = error is not None and self._checksum is not None
            if not self._refused and not cut and not isinstance(error, asyncio.CancelledError):
                await self._commit()
        finally:
            await asyncio.to_thread(self._discard)

    async def write(self, piece: bytes) -> None:
        """Raises FileTooLarge (more than was announced), UploadTakenOver, StorageUnavailable."""
        if self.upload.received + self._kept_bytes + self._part_bytes + self._waiting_bytes + len(piece) > (
            self._most
        ):
            self._refused = True
            raise too_much(self._most)
        self._waiting.append(piece)
        self._waiting_bytes += len(piece)
        if self._waiting_bytes >= FLUSH_BYTES:
            await self._flush()
        if self._part_bytes >= PART_BYTES:
            await self._close_part()
            if self._checksum is None:
                await self._commit()

    async def finish(self) -> Upload:
        """All has come: the upload with what of it is durable now. Raises WrongChecksum, UploadTakenOver."""
        await self._flush()
        wanted = self._checksum.digest if self._checksum else b""
        if self._hash and not hmac.compare_digest(self._hash.digest(), wanted):
            self._refused = True
            raise WrongChecksum("The bytes do not fit their checksum: send them again.")
        await self._commit()
        return self.upload

    async def _flush(self) -> None:
        pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not pieces:
            return
        try:
            with blobs.storage_words():
                await asyncio.to_thread(self._store, pieces)
        except BaseException:
            self._refused = True  # who knows how many of them the file has
            raise

    def _store(self, pieces: list[bytes]) -> None:
        if self._part is None:
            self._part = uuid4()
            self._descriptor = os.open(
                part_path(self._part), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )
        for piece in pieces:
            if self._hash:
                self._hash.update(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            self._part_bytes += len(piece)

    async def _close_part(self) -> None:
        """Durable, by its bytes and by its name."""
        await self._flush()
        if self._part is None:
            return

        def seal() -> None:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            blobs.sync_folder(storage.parts())

        with blobs.storage_words():
            await asyncio.to_thread(seal)
        self._kept.append(self._part)
        self._kept_bytes += self._part_bytes
        self._part, self._part_bytes = None, 0

    async def _commit(self) -> None:
        await self._close_part()
        if not self._kept:
            return
        row = await fetchrow(
            "UPDATE upload SET parts = parts || $3::uuid[], received = received + $4, "
            "expires_at = now() + make_interval(days => $5) "
            "WHERE id = $1 AND writer = $2 AND received = $6 RETURNING *",
            self.upload.id,
            self._claim,
            self._kept,
            self._kept_bytes,
            LASTS_DAYS,
            self.upload.received,
        )
        if row is None:
            self._refused = True
            raise UploadTakenOver("Another request goes on with this upload: ask for its offset first.")
        self.upload = upload_of(row)
        self._kept, self._kept_bytes = [], 0

    def _discard(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        for part in (*self._kept, *([self._part] if self._part else [])):
            blobs.discard(part_path(part))


def part_path(part: UUID) -> Path:
    return storage.parts() / part.hex


def share_parts(parts: Sequence[UUID], names: Sequence[UUID]) -> None:
    """Gives parts second names, so that each upload may let go of its own. Durable when this returns."""
    with blobs.storage_words():
        for part, name in zip(parts, names, strict=True):
            os.link(part_path(part), part_path(name))
        blobs.sync_folder(storage.parts())


def old_parts() -> list[str]:
    before = time.time() - ORPHAN_SECONDS
    return [file.name for file in blobs.files_under(storage.parts()) if file.stat().st_mtime < before]


def discard_parts(parts: Iterable[UUID]) -> None:
    for part in parts:
        blobs.discard(part_path(part))


def too_much(most: int) -> FileTooLarge:
    return FileTooLarge(f"More bytes were sent than the {most} that this upload takes.", limit_bytes=most)
