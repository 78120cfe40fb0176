"""Restoring: a backup becomes a webref again, or is tried out without touching anything."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain import blobs, checksums, dumps, originals, storage, whereabouts
from domain.backups import CannotBackUp, File, Manifest, counted
from domain.database import close_database, connect, execute, open_database
from domain.migrate import RESTORING, known_migrations, migrate
from domain.places import Damaged, Store
from domain.postgres import Cluster, find_binaries, running
from domain.settings import Settings
from domain.together import each_of, few_at_once


@dataclass
class Restored:
    """originals: how many were right. missing, damaged: SHA-256 of those that the backup should have."""

    originals: int = 0
    read_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


Tell = Callable[[Restored], None]


async def restore(
    settings: Settings, url: str, source: Store, manifest: Manifest, tell: Tell = lambda _: None
) -> Restored:
    """Puts the originals in place, then the database, as one transaction, then what belongs to a new life.

    The database must be empty: what is there is never written over. Stopped before the end it can be given
    again. Everybody signs in anew, and uploads that were under way are begun anew.
    Raises CannotBackUp, DatabaseUnavailable, StorageUnavailable.
    """
    _require_known(manifest)
    await _clear(url)
    restored = Restored()

    async def put(digest: str, path: Path, size_bytes: int) -> None:
        await storage.put_file(
            originals.key(digest), path, digest=digest, size_bytes=size_bytes, keeps_draft=True
        )

    await take_originals(source, _wanted(manifest), restored, tell, put)
    async with _dump_of(source, manifest.dump) as dumped:
        await dumps.put_back(url, dumped, configured=settings.postgres_bin)
    await _require_counts(url, manifest)
    await open_database(url, pool_size=2)
    try:
        await begin_anew(settings)
        await migrate(url)
        await checksums.check(repairs=True)
    finally:
        await close_database()
    return restored


async def try_out(
    settings: Settings, source: Store, manifest: Manifest, tell: Tell = lambda _: None
) -> Restored:
    """Restores the database into a server that is thrown away, counts it, and reads every original.

    Raises CannotBackUp, DatabaseUnavailable, StorageUnavailable.
    """
    _require_known(manifest)
    restored = Restored()
    async with _dump_of(source, manifest.dump) as dumped:
        with tempfile.TemporaryDirectory(prefix="webref-") as folder:
            cluster = Cluster(Path(folder), find_binaries(settings.postgres_bin), {"fsync": "off"})
            async with running(cluster) as url:
                await dumps.put_back(url, dumped, configured=cluster.binaries)
                await _require_counts(url, manifest)
                await migrate(url)
    await take_originals(source, _wanted(manifest), restored, tell, None)
    return restored


def _require_known(manifest: Manifest) -> None:
    if manifest.migration not in known_migrations():
        raise CannotBackUp(
            f"This backup was made by webref {manifest.webref}, which is newer: install that version."
        )


async def _clear(url: str) -> None:
    """Marks the database, so that nobody uses half of it; what a restore before left half done goes."""
    connection = await connect(url, purpose="webref restore")
    try:
        if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", RESTORING):
            await connection.execute("DROP SCHEMA public CASCADE")
            await connection.execute("CREATE SCHEMA public")
        if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"):
            raise CannotBackUp(
                "There are tables in this database already, and nothing is written over. Restore into an "
                "empty data folder (WEBREF_DATA) or an empty database (WEBREF_DATABASE_URL)."
            )
        await connection.execute(f"CREATE TABLE {RESTORING} ()")
    finally:
        await connection.close()


async def _require_counts(url: str, manifest: Manifest) -> None:
    connection = await connect(url, purpose="webref restore")
    try:
        found = await counted(connection)
    finally:
        await connection.close()
    found.pop(RESTORING, None)
    wrong = [table for table in found | manifest.tables if found.get(table) != manifest.tables.get(table)]
    if wrong:
        raise CannotBackUp(
            f"The dump holds other rows than its manifest says, of: {', '.join(sorted(wrong))}."
        )


async def begin_anew(settings: Settings) -> None:
    """What was true only where the backup was made; a session ended since then would be open again, and
    a link that was used.

    With the mark taken away this is a webref.
    """
    for statement in (
        "UPDATE session SET revoked_at = now() WHERE revoked_at IS NULL",
        "UPDATE letter SET ended_at = now() WHERE ended_at IS NULL",
        "DELETE FROM upload WHERE outcome IS NULL",
        "DELETE FROM direct_upload WHERE outcome IS NULL",
        "DELETE FROM whereabouts",
    ):
        await execute(statement)
    await whereabouts.adopt(settings.storage)
    await execute(f"DROP TABLE {RESTORING}")


@asynccontextmanager
async def _dump_of(source: Store, file: File) -> AsyncIterator[Path]:
    """A draft with its bytes. Raises CannotBackUp where they are not there, or are others."""
    try:
        async with source.as_file(file.key, digest=file.digest) as path:
            if await asyncio.to_thread(blobs.digest_of, path) != (file.digest, file.size_bytes):
                raise Damaged(file.key)
            yield path
    except (FileNotFoundError, Damaged):
        raise CannotBackUp(
            f"The dump of this backup ({file.key}) is missing or damaged. Take another: --list names them."
        ) from None


Put = Callable[[str, Path, int], Awaitable[None]]


def _wanted(manifest: Manifest) -> dict[str, int]:
    """Not those absent since before the backup."""
    return {digest: size for digest, size in manifest.originals.items() if digest not in manifest.absent}


async def take_originals(
    source: Store, wanted: Mapping[str, int], restored: Restored, tell: Tell, put: Put | None
) -> None:
    """Reads each and compares it with its SHA-256 and size; put: keeps it."""

    async def one(digest: str, size_bytes: int) -> None:
        try:
            async with source.as_file(originals.key(digest), digest=digest) as path:
                if await asyncio.to_thread(blobs.digest_of, path) != (digest, size_bytes):
                    raise Damaged(digest)
                if put is not None:
                    await put(digest, path, size_bytes)
        except FileNotFoundError:
            restored.missing.append(digest)
        except Damaged:
            restored.damaged.append(digest)
        else:
            restored.originals += 1
            restored.read_bytes += size_bytes
        tell(restored)

    await few_at_once(one(*pair) async for pair in each_of(wanted.items()))
