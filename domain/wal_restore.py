"""Back to a moment: a base of the WAL archive, and PostgreSQL's log played over it up to there."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from domain import backups, blobs, checksums, originals, postgres, storage, wal_orders
from domain.backups import CannotBackUp
from domain.database import close_database, connect, fetch, open_database
from domain.errors import DatabaseUnavailable
from domain.migrate import RESTORING, known_migrations, migrate
from domain.places import Store
from domain.postgres import Cluster, find_binaries
from domain.restoring import Restored, Tell, begin_anew, take_originals
from domain.settings import Settings
from domain.wal_orders import Base

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Chosen:
    """until: the moment wanted; None: the end of the archive, of which `covered` says what time it was."""

    folder: Path
    name: str
    base: Base
    until: datetime | None
    covered: datetime


@dataclass
class Rewound(Restored):
    """reached: when the last transaction that is in it was committed."""

    reached: datetime | None = field(default=None)


def choose(folder: Path, until: datetime | None) -> Chosen:
    """The latest base from which the log leads there. Blocks. Raises CannotBackUp, in words."""
    there = wal_orders.bases(folder)
    covered = wal_orders.covered_until(folder)
    if not there or covered is None:
        raise CannotBackUp(nothing_in(folder))
    first = next(iter(there.values())).ended_at
    if until is not None and until < first:
        raise CannotBackUp(f"The archive in {folder} begins at {_words(first)}: no earlier moment is in it.")
    if until is not None and until > covered:
        raise CannotBackUp(
            f"The archive in {folder} holds what happened until {_words(covered)}. Leave --to-time out to "
            "have all of it; a webref that is stopped in order hands in what is left."
        )
    name = [name for name, base in there.items() if until is None or base.ended_at <= until][-1]
    if there[name].migration not in known_migrations():
        raise CannotBackUp("This archive was written by a newer webref: install that version.")
    return Chosen(folder, name, there[name], until, covered)


async def restore(settings: Settings, chosen: Chosen, tell: Tell = lambda _: None) -> Rewound:
    """Makes the embedded PostgreSQL of an empty data folder, and puts the originals in place.

    Stopped before its end it has changed nothing, and can be given again. Everybody signs in anew.
    Raises CannotBackUp, DatabaseUnavailable, StorageUnavailable.
    """
    target = Cluster(settings.postgres, Path())
    if settings.database_url is not None or await asyncio.to_thread(target.cluster.exists):
        raise CannotBackUp(
            "There is a database here already, and nothing is written over. Restore into an empty data "
            "folder (WEBREF_DATA), without WEBREF_DATABASE_URL."
        )
    folder = settings.postgres / "restoring"
    left_over = Cluster(folder, find_binaries(settings.postgres_bin))
    await asyncio.to_thread(postgres.stop, left_over)  # of a restore that was killed
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    async with _played(settings, folder, chosen) as (url, done):
        await _bring_here(settings, url, chosen, done, tell)
    # Stopped in order, so that all of it is in its files: from here on it is the database.
    await asyncio.to_thread(blobs.publish, folder / "cluster", target.cluster)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return done


async def try_out(settings: Settings, chosen: Chosen, tell: Tell = lambda _: None) -> Rewound:
    """Plays the log in a folder that is thrown away, and reads every original."""
    with tempfile.TemporaryDirectory(prefix="webref-") as place:
        async with _played(settings, Path(place), chosen) as (url, done):
            store = await backups.open_place(f"file://{chosen.folder}")
            await open_database(url, pool_size=2)
            try:
                await take_originals(store, await _wanted(), done, tell, None)
            finally:
                await close_database()
            await migrate(url)
    return done


async def _bring_here(settings: Settings, url: str, chosen: Chosen, done: Rewound, tell: Tell) -> None:
    await open_database(url, pool_size=2)
    try:
        async with _connected(url) as connection:
            await connection.execute(f"CREATE TABLE IF NOT EXISTS {RESTORING} ()")
        await begin_anew(settings)  # first: files are put where these settings say, not where they were
        store = await backups.open_place(f"file://{chosen.folder}")
        await _put(store, await _wanted(), done, tell)
        await migrate(url)
        await checksums.check(repairs=True)
    finally:
        await close_database()


async def _put(store: Store, wanted: dict[str, int], done: Rewound, tell: Tell) -> None:
    """Not those that are here: only the database may have been lost."""

    async def put(digest: str, path: Path, size_bytes: int) -> None:
        await storage.put_file(
            originals.key(digest), path, digest=digest, size_bytes=size_bytes, keeps_draft=True
        )

    missing = {
        digest: size_bytes
        for digest, size_bytes in wanted.items()
        if (found := await storage.find(originals.key(digest))) is None or found.size_bytes != size_bytes
    }
    done.originals += len(wanted) - len(missing)
    await take_originals(store, missing, done, tell, put)


async def _wanted() -> dict[str, int]:
    rows = await fetch("SELECT digest, max(size_bytes) AS size_bytes FROM image GROUP BY digest")
    return {row["digest"]: row["size_bytes"] for row in rows}


@asynccontextmanager
async def _played(settings: Settings, folder: Path, chosen: Chosen) -> AsyncIterator[tuple[str, Rewound]]:
    """A server that has played the log and takes writes; stopped when the block ends."""
    binaries = find_binaries(settings.postgres_bin)
    await asyncio.to_thread(_lay_out, folder, chosen, binaries)
    async with AsyncExitStack() as opened:
        try:
            url = await opened.enter_async_context(_server(folder, binaries, chosen, chosen.until))
        except DatabaseUnavailable:
            if chosen.until is None or not _ended_early(folder):
                raise
            # Nothing was committed between that moment and the end of the archive: its end is that moment.
            url = await opened.enter_async_context(_server(folder, binaries, chosen, None))
        yield url, Rewound(reached=await _reached(url))


def _lay_out(folder: Path, chosen: Chosen, binaries: Path) -> None:
    """A copy of the base, on the disk before PostgreSQL looks at it. Blocks."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    cluster = Cluster(folder, binaries)
    source = chosen.folder / "bases" / chosen.name / "cluster"
    with blobs.storage_words():
        shutil.copytree(source, cluster.cluster, symlinks=True)
        (cluster.cluster / "recovery.signal").touch()
    postgres.own(cluster)
    postgres.run(cluster, "initdb", f"--pgdata={cluster.cluster}", "--sync-only")


@asynccontextmanager
async def _server(folder: Path, binaries: Path, chosen: Chosen, until: datetime | None) -> AsyncIterator[str]:
    played = wal_orders.playing(chosen.folder, until)
    async with postgres.running(Cluster(folder, binaries, played)) as url:
        async with _connected(url) as connection:
            while await connection.fetchval("SELECT pg_is_in_recovery()"):  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
        yield url


@asynccontextmanager
async def _connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await connect(url, purpose="webref restore")
    try:
        yield connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnavailable(f"PostgreSQL ended while it played its log: {error}") from error
    finally:
        await connection.close()


async def _reached(url: str) -> datetime | None:
    """Of the last transaction that was played."""
    async with _connected(url) as connection:
        found: datetime | None = await connection.fetchval("SELECT pg_last_xact_replay_timestamp()")
        return found


def _ended_early(folder: Path) -> bool:
    log = folder / "postgres.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    return "recovery ended before configured recovery target was reached" in text


def nothing_in(folder: Path) -> str:
    return f"The archive in {folder} holds no base: `webref serve` makes one in a minute."


def _words(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def is_here(place: str) -> Path | None:
    """The folder of that place, where it is a WAL archive; None: it is one of backups."""
    if storage.is_bucket(place):
        return None
    folder = storage.folder_of(place)
    return folder if wal_orders.is_archive(folder) and os.path.isdir(folder) else None
