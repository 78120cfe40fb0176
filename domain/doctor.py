"""The doctor: looks whether everything is as it should be, and changes nothing (domain/repairs.py does)."""

import contextlib
import os
import re
import shutil
import stat
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import asyncpg

from domain import atlases, darkroom, nearness, renditions, repairs, storage, wal_orders
from domain import originals as kept
from domain.checksums import DERIVED, digest_of
from domain.database import LEAST_VERSION, Connection, connect
from domain.errors import DomainError
from domain.postgres import Cluster, database_at
from domain.settings import Settings
from domain.whereabouts import whereabouts

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LEAST_FREE_BYTES = 500_000_000
ROWS_AT_ONCE = 2_000
MOST_NAMED = 5
STUCK_AFTER = "10 minutes"
MENDED = "`webref doctor --repair` puts it right."


class Verdict(StrEnum):
    """NOTE: worth knowing, nothing is wrong. ILL: somebody should do something."""

    WELL = "WELL"
    NOTE = "NOTE"
    ILL = "ILL"


@dataclass(frozen=True)
class Finding:
    """subject: what was looked at; words: what was seen and, where it is ill, what to do."""

    verdict: Verdict
    subject: str
    words: str


async def examine(settings: Settings, *, deep: bool = False) -> AsyncIterator[Finding]:
    """Every finding, one after the other. deep: also compares each stored file's SHA-256."""
    for finding in (data_folder(settings), secret_file(settings)):
        yield finding
    yield await decoder()
    if (
        settings.database_url is None
        and not (Cluster(settings.postgres, Path()).cluster / "PG_VERSION").exists()
    ):
        yield _ill("database", f"There is none in {settings.postgres} yet: `webref serve` makes it.")
        return
    async with AsyncExitStack() as opened:
        try:
            url = await opened.enter_async_context(database_at(settings))
            connection = await connect(url, purpose="webref doctor")
        except DomainError as error:
            yield _ill("database", error.message)
            return
        opened.push_async_callback(connection.close)
        await connection.execute("set default_transaction_read_only = on")
        yield await server(connection)
        migrations = await applied_migrations(connection)
        yield migrations
        if migrations.verdict is Verdict.ILL:
            return
        yield await change_logs(connection)
        yield await item_counts(connection)
        yield await item_places(connection)
        yield await containers(connection)
        yield await unfinished_jobs(connection)
        yield await unfinished_pictures(connection)
        yield await wal_archiving(connection, settings)
        storage.open_storage(settings, at=await whereabouts(connection), makes=False)
        yield await originals(connection, deep=deep)
        yield await made_renditions(connection, deep=deep)
        yield await gathered_renditions(connection)
        yield await atlas_pages(connection, deep=deep)
        yield await strays(connection)


def data_folder(settings: Settings) -> Finding:
    subject = "data folder"
    if not settings.data.is_dir():
        return _ill(subject, f"{settings.data} does not exist yet: `webref serve` makes it.")
    for folder in (settings.data, settings.blobs):
        if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return _ill(subject, f"{folder} cannot be written. Check its owner and how it is mounted.")
    free_bytes = shutil.disk_usage(settings.data).free
    words = f"{settings.data}, {free_bytes / 1e9:.1f} GB free"
    if free_bytes < LEAST_FREE_BYTES:
        return _ill(subject, f"{words}: make room before uploads fail.")
    return _well(subject, words)


def secret_file(settings: Settings) -> Finding:
    subject = "secret"
    path = settings.data / "secret"
    if settings.secret:
        return _well(subject, "given by WEBREF_SECRET")
    if not path.exists():
        return _note(subject, f"{path} is made at the first start.")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return _ill(subject, f"Others on this machine may read {path}: chmod 600 it.")
    return _well(subject, "kept for its owner's eyes only")


async def decoder() -> Finding:
    """Starts a decoder of its own and shows it the smallest picture there is."""
    subject = "picture decoder"
    try:
        with tempfile.NamedTemporaryFile(suffix=".png") as picture:
            picture.write(smallest_png())
            picture.flush()
            seen = await darkroom.inspect(Path(picture.name))
    except (DomainError, OSError) as error:
        return _ill(subject, f"It does not start: {error}. Install webref's packages again.")
    finally:
        darkroom.close()
    if (seen.format, seen.width, seen.height) != ("PNG", 1, 1):
        return _ill(
            subject, f"It mistakes a PNG of 1 × 1 for a {seen.format} of {seen.width} × {seen.height}."
        )
    return _well(subject, "starts and decodes")


async def server(connection: Connection) -> Finding:
    """The promise "acknowledged means committed" rests on these settings."""
    subject = "database"
    version = connection.get_server_version()
    if version.major < LEAST_VERSION:
        return _ill(subject, f"PostgreSQL {version.major} is too old: webref needs {LEAST_VERSION} or newer.")
    for name in ("fsync", "full_page_writes"):
        if await connection.fetchval("select current_setting($1)", name) != "on":
            return _ill(
                subject, f"{name} is off: what was acknowledged can be lost. Set it on, then restart."
            )
    if await connection.fetchval("select current_setting('data_checksums')") != "on":
        return _note(subject, f"PostgreSQL {version.major}.{version.minor} without data checksums")
    return _well(subject, f"PostgreSQL {version.major}.{version.minor}, durable, with checksums")


async def applied_migrations(connection: Connection) -> Finding:
    subject = "migrations"
    if await connection.fetchval("select to_regclass('migration')") is None:
        return _ill(subject, "The database is empty: `webref migrate` makes its tables.")
    applied = {row["name"] for row in await connection.fetch("select name from migration")}
    known = set(migration_ids())
    if missing := sorted(known - applied):
        return _ill(subject, f"{len(missing)} not applied ({', '.join(missing)}): run `webref migrate`.")
    if newer := sorted(applied - known):
        return _ill(subject, f"The database is newer than this webref ({', '.join(newer)}): update webref.")
    return _well(subject, f"all {len(known)} applied")


def migration_ids() -> Iterator[str]:
    for path in sorted(MIGRATIONS.glob("*.py")):
        if found := re.search(r'^ID = "([^"]+)"', path.read_text(), re.MULTILINE):
            yield found[1]


async def change_logs(connection: Connection) -> Finding:
    """Seqs run without gap or repeat from the log's start, where a snapshot is, to the board's own seq."""
    subject = "change logs"
    torn = await connection.fetch(
        "select board.id from board left join lateral ("
        "   select count(*) as lines, coalesce(min(seq), log_start + 1) as first,"
        "      coalesce(max(seq), log_start) as last"
        "   from change where change.board = board.id) log on true"
        " where (lines, first, last) is distinct from (board.seq - log_start, log_start + 1, board.seq)"
        "    or log_start > 0 and not exists (select from snapshot"
        "       where snapshot.board = board.id and snapshot.seq = board.log_start) order by board.id"
    )
    if torn:
        return _ill(subject, f"{_counted(len(torn), 'board')} with gaps: {_named(torn)}. Restore a backup.")
    boards = await connection.fetchval("select count(*) from board")
    return _well(subject, f"{_counted(boards, 'board')}, no gaps")


async def item_counts(connection: Connection) -> Finding:
    subject = "item counts"
    wrong = await connection.fetch(
        "select board.id from board where item_count <>"
        " (select count(*) from item where item.board = board.id and removed_at is null) order by board.id"
    )
    if wrong:
        return _ill(subject, f"{_counted(len(wrong), 'board')} with a wrong count: {_named(wrong)}. {MENDED}")
    present = await connection.fetchval("select count(*) from item where removed_at is null")
    return _well(subject, f"{_counted(present, 'item')} on boards")


async def item_places(connection: Connection) -> Finding:
    """A look at one place of a large board finds only what is in the spatial index."""
    subject = "places of items"
    wrong = await nearness.astray(connection)
    if wrong:
        boards = ", ".join(map(str, wrong[:MOST_NAMED])) + (" …" if len(wrong) > MOST_NAMED else "")
        words = f"{_counted(len(wrong), 'board')} with items that the spatial index misses or should not hold"
        return _ill(subject, f"{words}: {boards}. {MENDED}")
    large = await connection.fetchval("select count(*) from board where indexed")
    return _well(subject, f"{_counted(large, 'board')} in the spatial index")


_MISPLACED = """
with recursive inside (start, above, depth) as (
    select id, parent_id, 1 from item where parent_id is not null and removed_at is null
    union all
    select inside.start, item.parent_id, depth + 1 from inside join item on item.id = inside.above
    where depth < 1000
)
select item.id from item left join item as container on container.id = item.parent_id
    and container.board = item.board and container.removed_at is null and container.kind in ('GROUP', 'FRAME')
where item.parent_id is not null and item.removed_at is null and container.id is null
union
select start from inside where above = start
order by 1
"""


async def containers(connection: Connection) -> Finding:
    subject = "groups and frames"
    wrong = await connection.fetch(_MISPLACED)
    if wrong:
        words = f"{_counted(len(wrong), 'item')} in what is not there, or in a ring: {_named(wrong)}."
        return _ill(subject, f"{words} Take them out with regroupItems.")
    inside = await connection.fetchval(
        "select count(*) from item where parent_id is not null and removed_at is null"
    )
    return _well(subject, f"{_counted(inside, 'item')} in them")


async def unfinished_jobs(connection: Connection) -> Finding:
    subject = "jobs"
    row = await connection.fetchrow(
        "select count(*) filter (where state in ('QUEUED', 'RUNNING')) as open,"
        "   count(*) filter (where state = 'DEAD') as dead,"
        "   count(*) filter (where state = 'QUEUED' and due_at < now() - $1::text::interval"
        "      or state = 'RUNNING' and lease_until < now() - $1::text::interval) as stuck from job",
        STUCK_AFTER,
    )
    assert row is not None
    words = f"{row['open']} waiting or running, {row['dead']} given up"
    if row["stuck"]:
        return _note(subject, f"{words}; {row['stuck']} wait for more than {STUCK_AFTER}: does a worker run?")
    if row["dead"]:
        return _note(subject, f"{words}: the server's owner can look at them and start them again.")
    return _well(subject, words)


async def unfinished_pictures(connection: Connection) -> Finding:
    subject = "unfinished pictures"
    left = await connection.fetch(f"{repairs.UNFINISHED} order by id")
    if left:
        words = f"{_counted(len(left), 'picture')} that nobody works on: {_named(left)}."
        return _ill(subject, f"{words} {MENDED}")
    return _well(subject, "none that nobody works on")


async def wal_archiving(connection: Connection, settings: Settings) -> Finding:
    """Whether any moment could come back, where that was asked for."""
    subject = "WAL archive"
    if settings.wal_archive is None:
        return _well(subject, "not asked for")
    if await connection.fetchval("select current_setting('archive_mode')") != "on":
        return _ill(subject, "PostgreSQL was started without it: restart webref with WEBREF_WAL_ARCHIVE.")
    failing = await connection.fetchval(
        "select last_failed_time > coalesce(last_archived_time, '-infinity') from pg_stat_archiver"
    )
    if failing:
        return _ill(
            subject,
            f"{settings.wal_archive} takes nothing more: make room there, or see why in PostgreSQL's log. "
            "Until then the log grows in the data folder.",
        )
    there = wal_orders.bases(settings.wal_archive)
    if not there:
        return _note(subject, f"{settings.wal_archive} has no base yet: `webref serve` makes it in a minute.")
    first = next(iter(there.values())).ended_at
    return _well(subject, f"{settings.wal_archive}, any moment since {first:%Y-%m-%d %H:%M} UTC")


async def originals(connection: Connection, *, deep: bool) -> Finding:
    subject = "originals"
    seen, bad, withdrawn = 0, list[str](), 0
    async for row in _rows(connection, "select id, digest, size_bytes from image"):
        digest = row["digest"] if deep else None
        fault = await fault_of(kept.key(row["digest"]), row["size_bytes"], digest)
        seen += 1
        if fault is None:
            continue
        if await fault_of(kept.withdrawn_key(row["digest"]), row["size_bytes"], digest) is None:
            withdrawn += 1
        else:
            bad.append(f"{row['id']} {fault}")
    if bad:
        shown = "; ".join(bad[:MOST_NAMED]) + (" …" if len(bad) > MOST_NAMED else "")
        return _ill(subject, f"{len(bad)} of {seen} pictures: {shown}. Restore these files from a backup.")
    if withdrawn:
        return _note(subject, f"{withdrawn} of {seen} are withdrawn: `webref collect` puts them back.")
    return _well(subject, f"{_counted(seen, 'picture')}, {'every byte right' if deep else 'sizes right'}")


async def made_renditions(connection: Connection, *, deep: bool) -> Finding:
    """Tiles, animations and atlases too. They can be made again, so a lost one is no illness."""
    subject = "renditions"
    seen, lost = 0, 0
    for kind in DERIVED:
        after = UUID(int=0)
        while page := await connection.fetch(kind.query, after, ROWS_AT_ONCE):
            for row in page:
                digest = row["digest"] if deep else None
                lost += await fault_of(kind.key(row), row["size_bytes"], digest) is not None
            seen += len(page)
            after = page[-1]["id"]
    if lost:
        return _note(subject, f"{lost} of {seen} are lost or damaged; they are made again when looked at.")
    return _well(subject, f"{seen} in their place")


async def gathered_renditions(connection: Connection) -> Finding:
    """Boards are read with what is written at the picture, which is what the rows say."""
    subject = "renditions at pictures"
    wrong = await connection.fetch(
        f"select id from image where made is distinct from {renditions.MADE_BY_ROWS} order by id"  # noqa: S608
    )
    if wrong:
        words = f"{_counted(len(wrong), 'picture')} with others than their rows: {_named(wrong)}."
        return _ill(subject, f"{words} {MENDED}")
    return _well(subject, "as their rows")


async def atlas_pages(connection: Connection, *, deep: bool) -> Finding:
    """They too can be made again."""
    subject = "pages of atlases"
    seen, lost = 0, 0
    async for row in _rows(connection, "select id, content, size_bytes, digest from atlas_page"):
        fault = await fault_of(
            atlases.key(row["content"]), row["size_bytes"], row["digest"] if deep else None
        )
        seen += 1
        lost += fault is not None
    if lost:
        return _note(subject, f"{lost} of {seen} are lost or damaged; they are made again when looked at.")
    return _well(subject, f"{seen} in their place")


async def strays(connection: Connection) -> Finding:
    """Files first, rows after: what arrives meanwhile is then not mistaken for a stray."""
    subject = "files without rows"
    try:
        async with contextlib.aclosing(storage.listed("originals/")) as files:
            stored = {file.key.rpartition("/")[2] async for file in files}
    except DomainError as error:
        if not await connection.fetchval("select exists (select from image)"):
            return _well(subject, "none")
        return _ill(subject, f"They cannot be listed: {error.message}")
    async for row in _rows(connection, "select id, digest from image"):
        stored.discard(row["digest"])
    waiting = await connection.fetchval("select count(*) from leftover where withdrawn_at is not null")
    words = f"{_counted(waiting, 'original')} withdrawn, to be removed a day after" if waiting else "none"
    if stored:
        return _note(
            subject,
            f"{_counted(len(stored), 'file')} of uploads that were never acknowledged or of pictures "
            f"deleted, collected by themselves within a day, or by `webref collect`; {words}",
        )
    return _well(subject, words)


async def fault_of(key: str, size_bytes: int, digest: str | None) -> str | None:
    """What is wrong with a stored file, if anything. digest: what its SHA-256 must be, None: is not asked."""
    try:
        found = await storage.find(key)
        if found is None:
            return "has no file"
        if found.size_bytes != size_bytes:
            return f"has {found.size_bytes} bytes instead of {size_bytes}"
        if digest is not None and (await digest_of(key))[0] != digest:
            return "has other content than its SHA-256 says"
    except FileNotFoundError:
        return "has no file"
    except DomainError as error:
        return f"cannot be read ({error.message})"
    return None


def smallest_png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x80\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def _rows(connection: Connection, query: str, *, key: str = "id") -> AsyncIterator[asyncpg.Record]:
    """All rows of a query that selects `key` as id, a bounded number at a time and no long transaction."""
    after = UUID(int=0)
    while True:
        page = await connection.fetch(
            f"{query} where {key} > $1 order by {key} limit {ROWS_AT_ONCE}",
            after,
        )
        for row in page:
            yield row
        if len(page) < ROWS_AT_ONCE:
            return
        after = page[-1]["id"]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _named(rows: list[asyncpg.Record]) -> str:
    return ", ".join(str(row["id"]) for row in rows[:MOST_NAMED]) + (" …" if len(rows) > MOST_NAMED else "")


def _well(subject: str, words: str) -> Finding:
    return Finding(Verdict.WELL, subject, words)


def _note(subject: str, words: str) -> Finding:
    return Finding(Verdict.NOTE, subject, words)


def _ill(subject: str, words: str) -> Finding:
    return Finding(Verdict.ILL, subject, words)
