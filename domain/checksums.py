"""Checksums: every kept byte read and compared with what its row says; what can be mended is made again."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain import animations, atlases, images, originals, renditions, storage, tiles
from domain.database import fetch, transaction
from domain.decoding import WHOLE
from domain.notices import announce_image

AT_ONCE = 4
ROWS_AT_ONCE = 1_000


class Fault(StrEnum):
    """MISSING: there is no file; DAMAGED: its bytes are others."""

    MISSING = "MISSING"
    DAMAGED = "DAMAGED"


FAILURES = {Fault.MISSING: originals.MISSING, Fault.DAMAGED: originals.DAMAGED}


@dataclass
class Checked:
    """originals, renditions (with tiles, animations and pages of atlases): how many were right.

    faults: of the others, by key.
    unknown: originals without a picture; mended: renditions to be made again; told: pictures that say now
    what is wrong with their original; revived: those that need not say so any more.
    """

    originals: int = 0
    renditions: int = 0
    read_bytes: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    unknown: int = 0
    mended: int = 0
    told: int = 0
    revived: int = 0
    reads: bool = True


Tell = Callable[[Checked], None]


async def check(tell: Tell = lambda _: None, *, repairs: bool = False, reads: bool = True) -> Checked:
    """Reads everything, or looks only at the sizes of files.

    repairs: wrong renditions are made again, pictures say that their original is wrong.

    Nothing is removed but a wrong rendition whose original is right. Raises StorageUnavailable.
    """
    checked = Checked(reads=reads)
    bad = await _originals(checked, tell, repairs)
    for kind in DERIVED:
        await _derivatives(checked, tell, kind, bad if repairs else None)
    async with contextlib.aclosing(storage.listed("originals/")) as files:
        there = {file.key.rpartition("/")[2] async for file in files}
    checked.unknown = len(there - set(await _with_pictures(there)))
    return checked


async def _originals(checked: Checked, tell: Tell, repairs: bool) -> set[str]:
    """Digests of those that are not right."""
    bad: set[str] = set()
    after = ""
    while page := await fetch(
        "SELECT digest, max(size_bytes) AS size_bytes, bool_or(failure = ANY($3)) AS said FROM image "
        "WHERE digest > $1 GROUP BY digest ORDER BY digest LIMIT $2",
        after,
        ROWS_AT_ONCE,
        list(FAILURES.values()),
    ):
        faults = await _some_at_once(
            [
                _compare(checked, originals.key(row["digest"]), row["digest"], row["size_bytes"])
                for row in page
            ]
        )
        for row, fault in zip(page, faults, strict=True):
            checked.originals += fault is None
            if fault is not None:
                bad.add(row["digest"])
            if repairs and fault is not None:
                checked.told += await _say_at_pictures(row["digest"], fault)
            if repairs and fault is None and row["said"]:
                async with transaction() as connection:
                    checked.revived += len(await images.revive(connection, row["digest"]))
        tell(checked)
        after = page[-1]["digest"]
    return bad


async def _say_at_pictures(digest: str, fault: Fault) -> int:
    """How many had not said so."""
    async with transaction() as connection:
        rows = await connection.fetch(
            "UPDATE image SET state = 'FAILED', failure = $2 WHERE digest = $1 "
            "AND failure IS DISTINCT FROM $2 RETURNING id",
            digest,
            FAILURES[fault],
        )
        for row in rows:
            await announce_image(connection, row["id"])
    return len(rows)


@dataclass(frozen=True)
class Derived:
    """A kind of file that is made of originals: a row each, and how it is made again.

    original: empty where it is of many."""

    query: str
    key: Callable[[asyncpg.Record], str]
    make_again: Callable[[asyncpg.Record], Awaitable[None]]


def _files_of(table: str, columns: str = "") -> str:
    return (
        f"SELECT m.id, m.image, i.digest AS original, m.recipe, m.digest, m.size_bytes{columns} "  # noqa: S608
        f"FROM {table} m JOIN image i ON i.id = m.image WHERE m.id > $1 ORDER BY m.id LIMIT $2"
    )


async def _make_rendition(row: asyncpg.Record) -> None:
    if row["size"] != WHOLE:  # that one is made when somebody wants it
        await renditions.make_again(row["image"])


async def _make_tiles(row: asyncpg.Record) -> None:
    async with transaction() as connection:
        await tiles.enqueue(connection, row["image"])


async def _make_animation(row: asyncpg.Record) -> None:
    async with transaction() as connection:
        await animations.enqueue(connection, row["image"])


async def _make_atlas(row: asyncpg.Record) -> None:
    await atlases.make_again(row["board"])


DERIVED = (
    Derived(
        _files_of("rendition", ", m.size"),
        lambda row: renditions.key(row["original"], row["size"], row["recipe"]),
        _make_rendition,
    ),
    Derived(_files_of("pyramid"), lambda row: tiles.key(row["original"], row["recipe"]), _make_tiles),
    Derived(
        _files_of("animation"), lambda row: animations.key(row["original"], row["recipe"]), _make_animation
    ),
    Derived(
        "SELECT id, board, '' AS original, content, digest, size_bytes FROM atlas_page "
        "WHERE id > $1 ORDER BY id LIMIT $2",
        lambda row: atlases.key(row["content"]),
        _make_atlas,
    ),
)


async def _derivatives(checked: Checked, tell: Tell, kind: Derived, bad: set[str] | None) -> None:
    """bad: originals of which nothing can be made; None: nothing is to be mended."""
    after = UUID(int=0)
    while page := await fetch(kind.query, after, ROWS_AT_ONCE):
        keys = [kind.key(row) for row in page]
        faults = await _some_at_once(
            [
                _compare(checked, key, row["digest"], row["size_bytes"])
                for key, row in zip(keys, page, strict=True)
            ]
        )
        for key, row, fault in zip(keys, page, faults, strict=True):
            checked.renditions += fault is None
            if fault is not None and bad is not None and row["original"] not in bad:
                await storage.remove(key)
                await kind.make_again(row)
                checked.mended += 1
        tell(checked)
        after = page[-1]["id"]


async def _compare(checked: Checked, key: str, digest: str, size_bytes: int) -> Fault | None:
    """Looks twice before it says that bytes are wrong: a cable may have been loose."""
    fault: Fault | None = None
    for _ in (1, 2):
        try:
            if not checked.reads:
                found = await storage.find(key)
                if found is None:
                    raise FileNotFoundError(key)
                seen, read_bytes = digest, found.size_bytes
            else:
                seen, read_bytes = await digest_of(key)
        except FileNotFoundError:
            fault = Fault.MISSING
            continue
        checked.read_bytes += read_bytes
        if (seen, read_bytes) == (digest, size_bytes):
            return None
        fault = Fault.DAMAGED
    assert fault is not None
    checked.faults[key] = fault
    return fault


async def digest_of(key: str) -> tuple[str, int]:
    """SHA-256 in hex and size of what is there. Raises FileNotFoundError, StorageUnavailable."""
    seen, read_bytes = hashlib.sha256(), 0
    async with contextlib.aclosing(storage.read(key)) as pieces:
        async for piece in pieces:
            seen.update(piece)
            read_bytes += len(piece)
    return seen.hexdigest(), read_bytes


async def _some_at_once(work: list[Coroutine[None, None, Fault | None]]) -> list[Fault | None]:
    """In their order; the first failure is raised when all have ended."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(each: Coroutine[None, None, Fault | None]) -> Fault | None:
        async with places:
            return await each

    return await asyncio.gather(*map(one, work))


async def _with_pictures(digests: set[str]) -> list[str]:
    return [
        row["digest"]
        for row in await fetch("SELECT DISTINCT digest FROM image WHERE digest = ANY($1)", list(digests))
    ]
