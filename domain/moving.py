"""Moving: all files from where they are to another place, while people go on working.

The row of whereabouts is the protocol, and may be read at any step: stopped anywhere, by whatever, the files
are where `place` says, and the same command goes on where it was.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from domain import blobs, collecting, originals, renditions, storage, whereabouts
from domain.database import alone, fetch
from domain.errors import DomainError, StorageUnavailable
from domain.folders import ROOMS
from domain.places import Damaged, Store
from domain.together import few_at_once

ROWS_AT_ONCE = 1_000
HEARD_SECONDS = 2 * storage.FOLLOW_SECONDS
"""By then every running process has tried to reach the target; nothing rests on it but its complaint."""

MOST_ROUNDS = 20


class CannotMove(DomainError):
    """The move did not take place, or not yet; nothing is lost, and the message says what to do."""

    code = "CANNOT_MOVE"
    http_status = 409


@dataclass
class Progress:
    """Counts so far. lost: keys that rows name and that are not there; damaged: with other bytes."""

    copied: int = 0
    copied_bytes: int = 0
    present: int = 0
    removed: int = 0
    lost: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


Told = Callable[[Progress], None]


async def move(
    target: str,
    tell: Told = lambda _: None,
    *,
    bytes_per_second: int | None = None,
    removes: bool = False,
) -> Progress:
    """Copies everything, compares it, and makes the target the place. removes: then empties the former one.

    What is damaged or lost is left where it is and named in the answer. Raises CannotMove, BadSetting,
    StorageUnavailable; then the files are where they were, and those copied so far need not be copied again.
    """
    busy = CannotMove("Another `webref storage move` is running: let it end, or stop it.")
    async with alone("webref storage move", busy):
        at = await whereabouts.whereabouts()
        assert at is not None, "who has opened the storage has made the row"
        if at.place == target:
            if not (removes and at.former):
                raise CannotMove(f"The files are in {target} already.")
            mover = _Mover(at.former, target, tell, bytes_per_second)
        else:
            await _try_out(target)
            at = await whereabouts.begin(target)
            began_at = time.monotonic()
            mover = _Mover(at.place, target, tell, bytes_per_second)
            await mover.copy_all()
            await asyncio.sleep(max(0.0, HEARD_SECONDS - (time.monotonic() - began_at)))
            await _require_content()
            await whereabouts.switch(target)
            await mover.copy_what_rows_name()  # what was written before its writer heard of the move
        if removes:
            await mover.remove_copied()
        await storage.look()
    return mover.progress


async def _try_out(target: str) -> None:
    """Whether files can be kept there at all, before anybody else relies on it."""
    store = storage.store_at(target)
    await store.prepare()
    key = "incoming/probe"
    await store.put(key, b"webref")
    async with contextlib.aclosing(store.read(key)) as pieces:
        if b"".join([piece async for piece in pieces]) != b"webref":
            raise CannotMove(f"{target} gives back other bytes than it was given.")
    await store.remove(key)


async def _require_content() -> None:
    at = await whereabouts.whereabouts()
    if at is not None and at.complaint is not None:
        raise CannotMove(
            f"A running process cannot reach the new place: {at.complaint} Give it the same settings, "
            "start it again, and then give this command again: nothing is copied twice."
        )


class _Mover:
    def __init__(self, source: str, target: str, tell: Told, bytes_per_second: int | None) -> None:
        self.source: Store = storage.store_at(source)
        self.target: Store = storage.store_at(target)
        self.tell = tell
        self.progress = Progress()
        self._pace = _Pace(bytes_per_second)

    async def copy_all(self) -> None:
        """All that lies there, then all that rows name, until nothing was missing."""
        for room in ROOMS:
            if room not in storage.ON_THEIR_WAY:
                async with contextlib.aclosing(self.source.listed(f"{room}/")) as files:
                    await few_at_once(self._copy_file(file.key, file.size_bytes) async for file in files)
        for _ in range(MOST_ROUNDS):
            if not await self.copy_what_rows_name():
                return
        raise CannotMove("Files come faster than they are copied: allow more bytes a second.")

    async def copy_what_rows_name(self) -> int:
        """How many were missing. Whatever a store lists, the rows know what there must be."""
        before = self.progress.copied
        self.progress.lost = []
        await few_at_once(self._copy_named(*named) async for named in _named())
        return self.progress.copied - before

    async def _copy_file(self, key: str, size_bytes: int) -> None:
        found = await self.target.find(key)
        if found is not None and found.size_bytes == size_bytes:
            self.progress.present += 1
            self.tell(self.progress)
            return
        await self._copy(key, None)

    async def _copy_named(self, key: str, digest: str, size_bytes: int, matters: bool) -> None:
        found = await self.target.find(key)
        if found is not None and found.size_bytes == size_bytes:
            return
        if not await self._copy(key, digest) and matters and key not in self.progress.damaged:
            self.progress.lost.append(key)

    async def _copy(self, key: str, digest: str | None) -> bool:
        """Whether it is there now. digest: what it must be; of an original its name says so."""
        if key.startswith(("originals/", "withdrawn/")):
            digest = key.rpartition("/")[2]
        try:
            async with self.source.as_file(key, digest=digest) as path:
                seen, size_bytes = await asyncio.to_thread(blobs.digest_of, path)
                if digest not in (None, seen):
                    raise Damaged(key)
                await self._pace.wait(size_bytes)
                await self.target.put_file(key, path, digest=seen, size_bytes=size_bytes, keeps_draft=True)
        except FileNotFoundError:
            return False  # removed meanwhile, or lost
        except StorageUnavailable:
            if await self.source.find(key) is not None:
                raise
            return False  # removed while it was read
        except Damaged:
            if key not in self.progress.damaged:
                self.progress.damaged.append(key)
            return False
        if await self.source.find(key) is None:
            return await self._is_there_after_all(key)
        self.progress.copied += 1
        self.progress.copied_bytes += size_bytes
        self.tell(self.progress)
        return True

    async def _is_there_after_all(self, key: str) -> bool:
        """It was removed while it was copied; and it may have come again since, into the new place alone.

        Whether a picture needs it only the collector can say, who has its lock: to remove it here might be to
        remove what came.
        """
        digest = collecting.digest_in(key)
        if digest is None:
            await self.target.remove(key)
            return False
        await collecting.note([digest])
        return await self.target.find(key) is not None

    async def remove_copied(self) -> None:
        """From the former place, what the new one has whole."""
        for room in ROOMS:
            if room not in storage.ON_THEIR_WAY:
                async with contextlib.aclosing(self.source.listed(f"{room}/")) as files:
                    await few_at_once(self._remove(file.key, file.size_bytes) async for file in files)

    async def _remove(self, key: str, size_bytes: int) -> None:
        found = await self.target.find(key)
        if found is not None and found.size_bytes == size_bytes:
            await self.source.remove(key)
            self.progress.removed += 1
            self.tell(self.progress)


async def _named() -> AsyncGenerator[tuple[str, str, int, bool], None]:
    """Key, SHA-256 and size of every file that a row names; whether it would be lost for ever without it."""
    after = ""
    while page := await fetch(
        "SELECT DISTINCT digest, size_bytes FROM image WHERE digest > $1 ORDER BY digest LIMIT $2",
        after,
        ROWS_AT_ONCE,
    ):
        for row in page:
            yield originals.key(row["digest"]), row["digest"], row["size_bytes"], True
        after = page[-1]["digest"]
    last = None
    while page := await fetch(
        "SELECT r.id, i.digest AS original, r.size, r.recipe, r.digest, r.size_bytes FROM rendition r "
        "JOIN image i ON i.id = r.image WHERE $1::uuid IS NULL OR r.id > $1 ORDER BY r.id LIMIT $2",
        last,
        ROWS_AT_ONCE,
    ):
        for row in page:
            key = renditions.key(row["original"], row["size"], row["recipe"])
            yield key, row["digest"], row["size_bytes"], False
        last = page[-1]["id"]


class _Pace:
    """No more bytes a second than allowed, over any longer time."""

    def __init__(self, bytes_per_second: int | None) -> None:
        self._bytes_per_second = bytes_per_second
        self._free_at = 0.0

    async def wait(self, size_bytes: int) -> None:
        if self._bytes_per_second is None:
            return
        now = time.monotonic()
        begins_at = max(now, self._free_at)
        self._free_at = begins_at + size_bytes / self._bytes_per_second
        await asyncio.sleep(begins_at - now)
