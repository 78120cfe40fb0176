"""Repairs: what the doctor can put right without losing anything. Each is safe while people work.

Nothing that is live is removed: a wrong rendition goes where its original is right, and is made again; a file
without a picture is put aside, where it is found for a day if a row comes to speak of it.
"""

import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from domain import checksums, collecting, images, jobs, nearness, originals, renditions
from domain.database import fetch, transaction
from domain.settings import Settings


@dataclass(frozen=True)
class Repair:
    """subject: as the doctor calls it; count: of how many things; words: what was done to them."""

    subject: str
    count: int
    words: str


async def repair(settings: Settings, *, deep: bool = False) -> AsyncIterator[Repair]:
    """Needs the open database and storage. Says what was put right, and nothing of what was well.

    deep: finds files whose bytes are wrong, by reading all of them. Raises StorageUnavailable.
    """
    for subject, count, words in (
        ("secret", _secret(settings), "file is for its owner's eyes only"),
        ("item counts", await _item_counts(), "boards were counted anew"),
        ("places of items", await _places(), "boards were put into the spatial index, or out of it"),
        ("jobs", await jobs.take_back(), "jobs of workers that are gone are free again"),
        ("originals", await _put_back(), "withdrawn originals that pictures need are back in their place"),
    ):
        if count:
            yield Repair(subject, count, words)
    checked = await checksums.check(repairs=True, reads=deep)
    for subject, count, words in (
        ("renditions", checked.mended, "that were lost or damaged are made again"),
        ("originals", checked.told, "pictures say that theirs is lost or damaged"),
        ("originals", checked.revived, "pictures whose original is right again are made again"),
        ("renditions at pictures", await _gathered(), "pictures are as the rows of their renditions"),
        ("unfinished pictures", await _unfinished(), "pictures that nobody worked on have a job again"),
        ("files without rows", await collecting.put_aside(), "files are aside, and removed a day later"),
    ):
        if count:
            yield Repair(subject, count, words)


def _secret(settings: Settings) -> int:
    path = settings.data / "secret"
    if settings.secret or not path.exists() or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return 0
    os.chmod(path, 0o600)
    return 1


async def _item_counts() -> int:
    """Under the lock that every change of a board takes."""
    wrong = await fetch(
        "SELECT id FROM board WHERE item_count <> "
        "(SELECT count(*) FROM item WHERE item.board = board.id AND removed_at IS NULL)"
    )
    for row in wrong:
        async with transaction() as connection:
            await connection.execute("SELECT FROM board WHERE id = $1 FOR UPDATE", row["id"])
            await connection.execute(
                "UPDATE board SET item_count = (SELECT count(*) FROM item "
                "WHERE item.board = board.id AND removed_at IS NULL) WHERE id = $1",
                row["id"],
            )
    return len(wrong)


async def _places() -> int:
    async with transaction() as connection:
        wrong = await nearness.astray(connection)
    for board_id in wrong:
        async with transaction() as connection:
            await nearness.settle_anew(connection, board_id)
    return len(wrong)


async def _put_back() -> int:
    """Collecting does it, too, when it comes by."""
    rows = await fetch(
        "SELECT digest FROM leftover WHERE withdrawn_at IS NOT NULL "
        "AND EXISTS (SELECT FROM image WHERE image.digest = leftover.digest)"
    )
    returned = 0
    for row in rows:
        returned += await originals.put_back(row["digest"])
        async with transaction() as connection:
            await images.revive(connection, row["digest"])
    return returned


async def _gathered() -> int:
    wrong = await fetch(
        f"SELECT id FROM image WHERE made IS DISTINCT FROM {renditions.MADE_BY_ROWS}"  # noqa: S608 (constants)
    )
    for row in wrong:
        async with transaction() as connection:
            await jobs.lock_subjects(connection, [row["id"]])
            await renditions.gather(connection, [row["id"]])
    return len(wrong)


UNFINISHED = (
    "SELECT id FROM image WHERE state IN ('WAITING', 'WORKING') AND created_at < now() - interval '1 minute' "
    "AND NOT EXISTS (SELECT FROM job WHERE job.kind = 'renditions' AND job.subject = image.id "
    "AND job.state IN ('QUEUED', 'RUNNING'))"
)
"""Pictures that say that somebody works on them, and nobody does."""


async def _unfinished() -> int:
    left: list[UUID] = [row["id"] for row in await fetch(f"{UNFINISHED} ORDER BY id")]
    for image_id in left:
        async with transaction() as connection:
            await renditions.enqueue(connection, image_id)
    return len(left)
