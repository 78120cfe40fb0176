"""The WAL archive: PostgreSQL's own log, kept in a folder as it is written, so that any moment can come back.

`wal/` holds the log, a file for every 16 MB or minute in which something happened. `bases/<name>/` holds the
database as it was once, from which the log is played; written last, `base.json` says what it is: without it
there is no base. `originals/` holds the pictures, each once under its SHA-256. What the oldest base that is
kept does not need goes. This is for the embedded PostgreSQL; one of somebody's own has an archive of its own.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from domain import backups, blobs, postgres
from domain.backups import CannotBackUp
from domain.database import alone, connect, fetch, fetchval
from domain.settings import Settings
from domain.together import each_of, few_at_once
from domain.wal_orders import Base, bases, marked, segments, system_of

LOG = logging.getLogger("webref.wal_archive")

BASE_DAYS = 7
BASES = 2
LATE = timedelta(minutes=10)
"""How long after its beginning a transaction that adds a picture may end."""

_START = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", re.MULTILINE)


class Keeper:
    """Keeps up with what happens, every few seconds: new originals, and a base where one is due."""

    def __init__(self, settings: Settings) -> None:
        assert settings.wal_archive is not None
        self.settings = settings
        self.folder = settings.wal_archive
        self.seen_at: datetime | None = None

    async def round(self) -> None:
        """In one process at a time. Raises CannotBackUp, DatabaseUnavailable, StorageUnavailable."""
        busy = CannotBackUp("Another process keeps up the archive.")
        try:
            async with alone("webref wal archive", busy):
                if await fetchval("SELECT current_setting('archive_mode')") != "on":
                    raise CannotBackUp(
                        "PostgreSQL was started without WEBREF_WAL_ARCHIVE: stop all that uses this data "
                        "folder, and start webref with it."
                    )
                await self._originals()
                if await asyncio.to_thread(self._is_due):
                    await self._base()
        except CannotBackUp as error:
            if error is not busy:
                raise

    async def _originals(self) -> None:
        """Of pictures that came since; the first time, all."""
        since = datetime.min.replace(tzinfo=UTC) if self.seen_at is None else self.seen_at - LATE
        rows = await fetch(
            "SELECT digest, max(size_bytes) AS size_bytes, max(created_at) AS last FROM image "
            "WHERE created_at > $1 GROUP BY digest",
            since,
        )
        store = await backups.open_place(f"file://{self.folder}")
        copying = backups.Copying(store, lambda _: None)
        await few_at_once(copying.copy(row["digest"], row["size_bytes"]) async for row in each_of(rows))
        if copying.absent:
            LOG.warning("%d originals are missing and cannot be archived", len(copying.absent))
        if rows:
            self.seen_at = max(row["last"] for row in rows)

    def _is_due(self) -> bool:
        there = bases(self.folder)
        if not there or not marked(self.cluster).exists():
            return True
        return list(there.values())[-1].ended_at < datetime.now(UTC) - timedelta(days=BASE_DAYS)

    @property
    def cluster(self) -> Path:
        return self.settings.postgres / "cluster"

    async def _base(self) -> None:
        """PostgreSQL's own program copies the database while people go on working."""
        name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
        draft = self.folder / "incoming" / f"base-{name}"
        system = system_of(self.cluster)
        assert system is not None
        marked(self.cluster).touch()
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
        server = postgres.cluster_of(self.settings)
        await asyncio.to_thread(
            postgres.run,
            server,
            "pg_basebackup",
            f"--host={server.sockets}",
            f"--username={postgres.USER}",
            f"--pgdata={draft / 'cluster'}",
            "--checkpoint=fast",
            "--wal-method=none",
            "--no-password",
            "--label=webref",
        )
        connection = await connect(purpose="webref wal archive")
        try:
            ended_at = await connection.fetchval("SELECT clock_timestamp()")
            migration = await connection.fetchval("SELECT max(name) FROM migration")
            rows = await connection.fetch(
                "SELECT digest, max(size_bytes) AS size_bytes FROM image GROUP BY digest"
            )
        finally:
            await connection.close()
        wal = await asyncio.to_thread(_first_wal, draft / "cluster")
        originals = {row["digest"]: row["size_bytes"] for row in rows}
        base = Base(ended_at, wal, system, migration, originals)
        await asyncio.to_thread(self._publish, draft, name, base)
        self.seen_at = None  # and now and then all of them: one may have been lost when its turn was
        LOG.info("a base for the WAL archive was made: %s", name)
        await asyncio.to_thread(self._prune)

    def _publish(self, draft: Path, name: str, base: Base) -> None:
        with blobs.storage_words():
            blobs.write_draft(draft / "base.json", msgspec.json.encode(base))
            blobs.sync_folder(draft)
            blobs.publish(draft, self.folder / "bases" / name)

    def _prune(self) -> None:
        """What no moment needs that can still come back. Of the originals those that came after the oldest
        base stay, whatever became of them since.
        """
        there = bases(self.folder)
        for name in list(there)[:-BASES]:
            shutil.rmtree(self.folder / "bases" / name)
            del there[name]
        oldest = next(iter(there.values()))
        for path in segments(self.folder):
            if len(path.stem) >= 24 and path.stem[8:24] < oldest.wal[8:]:
                path.unlink()
        needed = set().union(*(base.originals for base in there.values()))
        before = (oldest.ended_at - LATE).timestamp()
        for entry in blobs.files_under(self.folder / "originals"):
            with contextlib.suppress(FileNotFoundError):
                if entry.name not in needed and entry.stat().st_mtime < before:
                    os.unlink(entry.path)
        for path in (self.folder / "wal").glob("*.part"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def _first_wal(cluster: Path) -> str:
    found = _START.search((cluster / "backup_label").read_text())
    if found is None:
        raise CannotBackUp("pg_basebackup did not say where its log begins.")
    return found[1]
