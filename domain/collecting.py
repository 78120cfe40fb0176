"""Collecting: files that no picture refers to any more, let go of in two steps that lose nothing.

An original is first withdrawn: copied aside and, while no row can come to speak of it, removed from its
place. A day later the copy goes, and what was made of it. Whoever adds a picture holds its original off this
(`originals.hold`) or finds it withdrawn and puts it back. A process that was stopped or cut off in the middle
of a step has at most withdrawn what is needed: the next round, or who misses it, puts it back.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain import images, originals, storage, trash
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.errors import DomainError
from domain.places import Stored
from domain.settings import Settings

LOG = logging.getLogger("webref.collecting")

WITHDRAWN_HOURS = 24.0
YOUNG_SECONDS = 3_600.0
"""A file that is younger may be of an upload whose row is still to come."""

ROOMS = ("originals/", "renditions/", "withdrawn/")
"""Where files lie that belong to a digest."""

DIGESTS_AT_ONCE = 500
FILES_AT_ONCE = 200


@dataclass(frozen=True)
class Collected:
    """images: deleted from the trash; withdrawn, removed: originals; returned: those needed after all.

    size_bytes: of the files removed.
    """

    images: int = 0
    withdrawn: int = 0
    removed: int = 0
    returned: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Collected") -> "Collected":
        return Collected(
            self.images + other.images,
            self.withdrawn + other.withdrawn,
            self.removed + other.removed,
            self.returned + other.returned,
            self.size_bytes + other.size_bytes,
        )


async def put_aside(now: datetime | None = None) -> int:
    """What has no picture is withdrawn, and nothing removed: a later round does that, a day after."""
    done = Collected()
    async for digests in _without_picture(now or datetime.now(UTC)):
        await note(digests)
        for digest in digests:
            done += await _settle(digest, datetime.min.replace(tzinfo=UTC))
    return done.withdrawn


@dataclass(frozen=True)
class Collectable:
    """images: whose time in the trash is over; strays: digests that have files and no picture; withdrawn:
    originals that wait to be removed.
    """

    images: int
    strays: int
    withdrawn: int


async def collect(
    settings: Settings,
    *,
    strays: bool = False,
    withdrawn_hours: float = WITHDRAWN_HOURS,
    now: datetime | None = None,
) -> Collected:
    """One round: the trash, then the files. strays: also looks through all files for what has no picture.

    May be stopped at any time and run in several processes at once. Raises StorageUnavailable,
    DatabaseUnavailable; what was done by then stays done.
    """
    now = now or datetime.now(UTC)
    done = Collected(images=await trash.empty_old(settings.trash_days, now=now))
    if strays:
        await _note_strays(now)
    before = now - timedelta(hours=withdrawn_hours)
    after = ""
    while digests := await _due(before, after):
        after = digests[-1]
        for digest in digests:
            try:
                done += await _settle(digest, before)
            except DomainError as error:
                LOG.warning("the files of %s could not be collected: %s", digest, error.message)
    return done


async def collectable(settings: Settings, *, now: datetime | None = None) -> Collectable:
    """What a round would find; changes nothing."""
    now = now or datetime.now(UTC)
    strays = set[str]()
    async for digests in _without_picture(now):
        strays.update(digests)
    return Collectable(
        images=await trash.old_in_trash(settings.trash_days, now=now),
        strays=len(strays),
        withdrawn=await fetchval("SELECT count(*) FROM leftover WHERE withdrawn_at IS NOT NULL"),
    )


# What was let go of, what waited long enough, and what has a picture again.
_DUE = (
    "SELECT digest FROM leftover WHERE digest > $2 AND (withdrawn_at IS NULL OR withdrawn_at <= $1 "
    "OR EXISTS (SELECT FROM image WHERE image.digest = leftover.digest)) ORDER BY digest LIMIT $3"
)


async def _due(before: datetime, after: str) -> list[str]:
    return [row["digest"] for row in await fetch(_DUE, before, after, DIGESTS_AT_ONCE)]


async def _settle(digest: str, before: datetime) -> Collected:
    """Does the next step for this digest, whatever was done of it before."""
    row = await fetchrow("SELECT withdrawn_at FROM leftover WHERE digest = $1", digest)
    if row is None:
        return Collected()  # another process was quicker
    if await _has_picture(digest):
        return await _give_back(digest)
    if await storage.find(originals.key(digest)) is not None:
        return await _withdraw(digest)
    if row["withdrawn_at"] is None:
        await execute("UPDATE leftover SET withdrawn_at = now() WHERE digest = $1", digest)
        return Collected()
    return await _remove(digest) if row["withdrawn_at"] <= before else Collected()


async def _withdraw(digest: str) -> Collected:
    """The original out of its place, where nobody finds it but who puts it back."""
    await originals.withdraw_copy(digest)
    removed = False
    try:
        async with transaction() as connection:
            await originals.hold_alone(connection, digest)
            if await _has_picture(digest):
                return Collected()  # it came back in this moment; the next round tidies up
            await connection.execute(
                "UPDATE leftover SET withdrawn_at = clock_timestamp() WHERE digest = $1", digest
            )
            removed = True
            await storage.remove(originals.key(digest))
    except BaseException:
        # The lock may have ended before the file was gone: a row may have come to speak of it.
        if removed:
            await originals.put_back(digest)
        raise
    return Collected(withdrawn=1)


async def _give_back(digest: str) -> Collected:
    """There is a picture of it again: all is as if nothing had been withdrawn."""
    async with transaction() as connection:
        await originals.hold_alone(connection, digest)
        if not await _has_picture(digest):
            return Collected()
        returned = await storage.find(originals.key(digest)) is None and await originals.put_back(digest)
        if returned:
            await images.revive(connection, digest)
        await connection.execute("DELETE FROM leftover WHERE digest = $1", digest)
    await storage.remove(originals.withdrawn_key(digest))
    return Collected(returned=int(returned))


async def _remove(digest: str) -> Collected:
    """The withdrawn copy and what was made of the original, a few files a transaction.

    Never what lies at the original's own place: an upload that was quicker may have put it there.
    """
    size_bytes = 0
    prefix = f"renditions/{storage.sharded(digest)}/"
    while True:
        files = await _some(prefix)
        last = len(files) < FILES_AT_ONCE
        if last and (copy := await storage.find(originals.withdrawn_key(digest))) is not None:
            files.append(copy)
        async with transaction() as connection:
            await originals.hold_alone(connection, digest)
            if await _has_picture(digest):
                return Collected(size_bytes=size_bytes)
            for file in files:
                await storage.remove(file.key)
                size_bytes += file.size_bytes
            if last:
                await connection.execute("DELETE FROM leftover WHERE digest = $1", digest)
                return Collected(removed=1, size_bytes=size_bytes)


async def _some(prefix: str) -> list[Stored]:
    found: list[Stored] = []
    async with contextlib.aclosing(storage.listed(prefix)) as files:
        async for file in files:
            found.append(file)
            if len(found) == FILES_AT_ONCE:
                break
    return found


async def _has_picture(digest: str) -> bool:
    """Certain for as long as `originals.hold_alone` holds."""
    has: bool = await fetchval("SELECT EXISTS (SELECT FROM image WHERE digest = $1)", digest)
    return has


async def _note_strays(now: datetime) -> None:
    async for digests in _without_picture(now):
        await note(digests)


async def note(digests: Sequence[str]) -> None:
    """Has their files looked at by the next round: what no picture needs goes, in two steps."""
    await execute(
        "INSERT INTO leftover (digest) SELECT unnest($1::text[]) ON CONFLICT (digest) DO NOTHING", digests
    )


async def _without_picture(now: datetime) -> AsyncIterator[list[str]]:
    """Digests that have files and neither a picture nor a row of leftover: of uploads that came to nothing,
    or in a database that was restored from a backup.
    """
    young = now.timestamp() - YOUNG_SECONDS
    for room in ROOMS:
        seen: dict[str, None] = {}
        async with contextlib.aclosing(storage.listed(room)) as files:
            async for file in files:
                if file.modified_at < young and (digest := digest_in(file.key)):
                    seen[digest] = None
                if len(seen) == DIGESTS_AT_ONCE:
                    if found := await _unknown(list(seen)):
                        yield found
                    seen.clear()
        if found := await _unknown(list(seen)):
            yield found


def digest_in(key: str) -> str | None:
    """`room/ab/cd/abcd…` and what lies below it; None for what belongs to none."""
    parts = key.split("/") if key.startswith(ROOMS) else []
    digest = parts[3] if len(parts) > 3 else ""
    return digest if len(digest) == 64 and digest.startswith("".join(parts[1:3])) else None


async def _unknown(digests: Sequence[str]) -> list[str]:
    rows = await fetch(
        "SELECT digest FROM unnest($1::text[]) AS digest "
        "WHERE NOT EXISTS (SELECT FROM image WHERE image.digest = digest.digest) "
        "AND NOT EXISTS (SELECT FROM leftover WHERE leftover.digest = digest.digest)",
        digests,
    )
    return [row["digest"] for row in rows]
