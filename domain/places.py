"""Places: where files can be kept, by key, and what a store must do to keep them there."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

CHUNK_BYTES = 256 * 1024


class Stored(Struct, frozen=True):
    """modified_at: seconds since 1970, by the clock of the store."""

    key: str
    size_bytes: int
    modified_at: float


class Part(Struct, frozen=True):
    """One of an object that comes in parts. number: from 1; etag: what the server knows it by."""

    number: int
    size_bytes: int
    etag: str


class Damaged(Exception):
    """What lies under a key is not what its SHA-256 says."""


class Store(Protocol):
    """One place. Keys are relative paths such as `originals/ab/cd/abcd…` (domain/storage.py names them all).

    Everything raises StorageUnavailable in words where the place does not do its work: full, read-only,
    unreachable, without rights. That is never mistaken for a file that is not there.
    """

    async def put_file(
        self, key: str, draft: Path, *, digest: str, size_bytes: int, keeps_draft: bool = False
    ) -> None:
        """Keeps a file that is complete and synced: whole or not at all, durable when this returns.

        What lies there already is kept if its bytes are right, else replaced. digest: SHA-256, hex.
        The draft may be gone afterwards, unless keeps_draft.
        """

    async def put(self, key: str, content: bytes) -> None:
        """Keeps these bytes, whole or not at all, durable when this returns; replaces what lies there."""

    async def find(self, key: str) -> Stored | None:
        """What lies there, without reading it."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from start to stop (exclusive), piece by piece, never all in memory.

        Raises FileNotFoundError with the first piece; use it within `contextlib.aclosing`.
        """

    def as_file(self, key: str, *, digest: str | None = None) -> AbstractAsyncContextManager[Path]:
        """The whole as a file of this machine, to be read and left alone, while the block runs.

        Raises FileNotFoundError; Damaged where bytes had to be fetched and are not those of the digest.
        """

    async def copy(self, key: str, to: str, *, digest: str, size_bytes: int) -> bool:
        """Keeps what lies there under another key, too, durable when this returns; no byte leaves the place.

        False: nothing lies there. digest: what the bytes are.
        """

    async def remove(self, key: str) -> None:
        """It is gone afterwards; it need not have been there."""

    def listed(self, prefix: str) -> AsyncGenerator[Stored, None]:
        """All that lies under a prefix, which ends in '/', in no order, a bounded number in memory."""

    async def touch(self, key: str) -> None:
        """Sets modified_at of what lies there to now."""

    async def check(self) -> None:
        """Raises StorageUnavailable where nothing could be kept or read right now."""

    async def prepare(self) -> None:
        """Makes what must be there before the first file is kept."""

    async def close(self) -> None:
        """Lets go of connections; the store may be used again afterwards."""


class DirectStore(Store, Protocol):
    """A place that others may be allowed to write to, part by part, past us."""

    async def begin(self, key: str) -> str:
        """The id of an object in parts; nobody sees it before it is completed."""

    async def part_url(self, key: str, upload_id: str, number: int, size_bytes: int, seconds: int) -> str:
        """An address that takes PUTs of that part, of exactly so many bytes, for so long."""

    async def parts(self, key: str, upload_id: str) -> list[Part] | None:
        """Those that have come, by their number; None: there is no such upload, or it is over."""

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Makes them one object. A repeat of what was done is harmless."""

    async def abort(self, key: str, upload_id: str) -> None:
        """What cannot be aborted now stays until it is asked for again."""

    async def abort_old(self, older_than_seconds: float) -> int:
        """Objects in parts that nobody completed; how many went."""
