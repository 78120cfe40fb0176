"""Backups: first the database as it is at one moment, then every original that it knows of.

A place for backups is a folder or a bucket. `backups/<name>/` holds a dump and, written last, its manifest:
without it there is no backup. `originals/` holds the pictures of all of them, each once under its SHA-256, so
that a backup copies what came since the one before. Renditions are left out: they are made again.
The manifest is signed with a key made of the secret of this webref: who can write to the place, and no more,
cannot put another database there.
"""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec
from msgspec import Struct

from domain import blobs, dumps, originals, storage
from domain.database import DB, Connection, alone, connect
from domain.errors import DomainError
from domain.folders import FolderStore
from domain.places import Damaged, Store
from domain.settings import DATA_FOLDER, Settings
from domain.together import each_of, few_at_once

ROOMS = ("backups", "incoming", "originals")


class CannotBackUp(DomainError):
    """The backup was not made, or is none; the message says what to do."""

    code = "CANNOT_BACK_UP"
    http_status = 409


class File(Struct, frozen=True):
    key: str
    size_bytes: int
    digest: str


class Manifest(Struct, frozen=True):
    """What a backup consists of. made_at: ISO 8601, UTC; migration: the latest that had run.

    tables: how many rows each had. originals: SHA-256 and bytes. absent: SHA-256 of originals that the
    store had lost, or had with other bytes, when the backup was made.
    """

    made_at: str
    webref: str
    migration: str
    tables: dict[str, int]
    dump: File
    originals: dict[str, int]
    absent: list[str]


@dataclass
class Progress:
    """Counts so far: originals copied now, and those that a backup before had copied."""

    copied: int = 0
    copied_bytes: int = 0
    present: int = 0


@dataclass(frozen=True)
class Made:
    """name: of the backup; pruned: names of those that went."""

    name: str
    manifest: Manifest
    progress: Progress
    pruned: list[str]


Tell = Callable[[Progress], None]


async def back_up(
    settings: Settings, place: str, tell: Tell = lambda _: None, *, keep: int | None = None
) -> Made:
    """Makes one more backup while people go on working. keep: how many stay, this one among them.

    Needs the open database and storage. Stopped anywhere, the backups before are whole, and what was copied
    is not copied again. Raises CannotBackUp, DatabaseUnavailable, StorageUnavailable.
    """
    if await asyncio.to_thread(_overlaps, place, (await storage.look()).read, settings):
        raise CannotBackUp(f"The files are kept in {place} already. Name another place, on another disk.")
    store = await open_place(place)
    busy = CannotBackUp("Another `webref backup` is running: let it end, or stop it.")
    # Of two at a time one would prune what the other has not named yet.
    async with alone("webref backup", busy):
        name = _name()
        manifest = await _database(settings, store, name)
        copying = Copying(store, tell)
        await few_at_once(copying.copy(*original) async for original in each_of(manifest.originals.items()))
        manifest = msgspec.structs.replace(manifest, absent=sorted(copying.absent))
        await store.put(_manifest_key(name), _signed(manifest, settings))
        pruned = [] if keep is None else await _prune(store, settings, keep)
    return Made(name, manifest, copying.progress, pruned)


def _overlaps(place: str, kept: tuple[str, ...], settings: Settings) -> bool:
    """Whether a backup there would be taken for files that are kept, or they for a backup. Blocks."""
    if storage.is_bucket(place):
        return any(f"{each}/".startswith(f"{place}/") or f"{place}/".startswith(f"{each}/") for each in kept)
    folder = storage.folder_of(place).resolve()
    folders = [each for each in kept if not storage.is_bucket(each)]
    own = [settings.data if each == DATA_FOLDER else storage.folder_of(each) for each in folders]
    return any(folder.is_relative_to(each.resolve()) for each in own)


async def open_place(place: str) -> Store:
    """The storage must be open. Raises StorageUnavailable."""
    store = storage.store_at(place)
    if isinstance(store, FolderStore):
        await asyncio.to_thread(_make, store)
    await store.check()
    return store


def _make(store: FolderStore) -> None:
    """For its owner's eyes only: a dump tells everything."""
    store.make(ROOMS)
    for room in ROOMS:
        store.place(room).chmod(0o700)


async def names(store: Store) -> list[str]:
    """Of whole backups, the oldest first."""
    async with contextlib.aclosing(store.listed("backups/")) as files:
        keys = [file.key.split("/") async for file in files]
    return sorted(parts[1] for parts in keys if parts[2:] == ["manifest"])


async def manifest_of(store: Store, name: str, settings: Settings, *, unsigned: bool = False) -> Manifest:
    """unsigned: whoever wrote it. Raises CannotBackUp where it is not there, or not ours."""
    try:
        async with contextlib.aclosing(store.read(_manifest_key(name))) as pieces:
            content = b"".join([piece async for piece in pieces])
    except FileNotFoundError:
        raise CannotBackUp(f"There is no backup {name}.") from None
    written, _, signature = content.rstrip(b"\n").rpartition(b"\n")
    if not unsigned and not hmac.compare_digest(_signature(written, settings), signature):
        raise CannotBackUp(
            f"The backup {name} was not made with the secret of this webref, or was changed afterwards. "
            "Set WEBREF_SECRET, or put the file `secret` of its data folder in place; who trusts the "
            "place of the backup all the same says --unsigned."
        )
    try:
        return msgspec.json.decode(written, type=Manifest)
    except msgspec.MsgspecError as error:
        raise CannotBackUp(f"The manifest of {name} cannot be read: {error}.") from error


async def _database(settings: Settings, store: Store, name: str) -> Manifest:
    """What one snapshot of the database sees, dumped; no original is known to be absent yet."""
    connection = await connect(purpose="webref backup")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            made_at = await connection.fetchval("SELECT now()")
            migration = await connection.fetchval("SELECT max(name) FROM migration")
            rows = await connection.fetch(
                "SELECT digest, max(size_bytes) AS size_bytes FROM image GROUP BY digest ORDER BY digest"
            )
            counts = await counted(connection)
            dumped = await _dump(settings, store, f"backups/{name}/database.dump", snapshot)
    finally:
        await connection.close()
    sizes = {row["digest"]: row["size_bytes"] for row in rows}
    moment = made_at.astimezone(UTC).isoformat()
    return Manifest(moment, version("webref"), migration, counts, dumped, sizes, [])


async def counted(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return {
        row["tablename"]: await connection.fetchval(f'SELECT count(*) FROM "{row["tablename"]}"')  # noqa: S608 (of the catalogue)
        for row in tables
    }


async def _dump(settings: Settings, store: Store, key: str, snapshot: str) -> File:
    draft = storage.new_draft()
    try:
        await dumps.dump(DB.config["dsn"], draft, snapshot=snapshot, configured=settings.postgres_bin)
        digest, size_bytes = await asyncio.to_thread(blobs.digest_of, draft)
        await store.put_file(key, draft, digest=digest, size_bytes=size_bytes)
    finally:
        await asyncio.to_thread(blobs.discard, draft)
    return File(key, size_bytes, digest)


class Copying:
    """absent: SHA-256 of originals that were nowhere, or with other bytes."""

    def __init__(self, store: Store, tell: Tell) -> None:
        self.store = store
        self.tell = tell
        self.progress = Progress()
        self.absent: list[str] = []

    async def copy(self, digest: str, size_bytes: int) -> None:
        """A picture that was deleted meanwhile is among those withdrawn for a day."""
        found = await self.store.find(originals.key(digest))
        if found is not None and found.size_bytes == size_bytes:
            self.progress.present += 1
        elif await self._from(originals.key(digest), digest) or await self._from(
            originals.withdrawn_key(digest), digest
        ):
            self.progress.copied += 1
            self.progress.copied_bytes += size_bytes
        else:
            self.absent.append(digest)
        self.tell(self.progress)

    async def _from(self, source: str, digest: str) -> bool:
        """Whether it was there, with the right bytes, and is in the backup now."""
        try:
            async with storage.as_file(source, digest=digest) as path:
                seen, size_bytes = await asyncio.to_thread(blobs.digest_of, path)
                if seen != digest:
                    return False
                await self.store.put_file(
                    originals.key(digest), path, digest=digest, size_bytes=size_bytes, keeps_draft=True
                )
        except (FileNotFoundError, Damaged):
            return False
        return True


async def _prune(store: Store, settings: Settings, keep: int) -> list[str]:
    """The oldest go, manifest first; then files that no backup names. Of an unreadable one nothing goes."""
    found = await names(store)
    stay, gone = found[-keep:], found[:-keep]
    named = set()
    for name in stay:
        named |= set((await manifest_of(store, name, settings)).originals)
    for name in gone:
        await store.remove(_manifest_key(name))
    async with contextlib.aclosing(store.listed("backups/")) as files:
        left = [file.key async for file in files if file.key.split("/")[1] not in stay]
    async with contextlib.aclosing(store.listed("originals/")) as files:
        left += [file.key async for file in files if file.key.rpartition("/")[2] not in named]
    await few_at_once(store.remove(key) async for key in each_of(left))
    return gone


def _name() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"


def _manifest_key(name: str) -> str:
    return f"backups/{name}/manifest"


def _signed(manifest: Manifest, settings: Settings) -> bytes:
    """The manifest as one line of JSON, and its signature as another."""
    written = msgspec.json.encode(manifest)
    return written + b"\n" + _signature(written, settings) + b"\n"


def _signature(written: bytes, settings: Settings) -> bytes:
    key = hashlib.sha256(b"webref backup\0" + settings.secret.encode()).digest()
    return hmac.new(key, written, hashlib.sha256).hexdigest().encode()
