"""Unpacking: a job makes pictures of an archive, entry by entry, each once, however often it is stopped.

The archive lies in the store until all is told. What became of an entry is a row, written under the lease;
who goes on begins behind the last of them. An entry whose worker died between its picture and its row gets
the same picture again, for its id is known beforehand.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import Struct

from domain import archives, jobs, placing, storage
from domain.access import Viewer
from domain.archives import Entry
from domain.database import fetch, fetchrow, fetchval, transaction
from domain.errors import ArchiveRefused, NotFound
from domain.jobs import JobState
from domain.originals import Intake
from domain.places import Damaged
from domain.settings import Settings
from domain.upload_outcomes import Outcome, OutcomeEntry, outcome_entry
from domain.upload_rows import LASTS_DAYS, Upload, upload_of

SLICE_SECONDS = 60.0
"""Then other large work has a turn; an archive may take longer than a job may."""

ROOM = "archives/"
YOUNG_SECONDS = 86_400.0


class Standing(Struct, frozen=True):
    """How far the unpacking is. progress: 0 to 1; code, message: why it ended, where it did."""

    state: JobState
    progress: float
    code: str = ""
    message: str = ""


def key(upload_id: UUID) -> str:
    return f"{ROOM}{upload_id.hex}"


async def accept(upload: Upload, settings: Settings, intake: Intake) -> Upload:
    """Keeps a received archive, and has it unpacked; durable when this returns.

    Raises ArchiveRefused (by its directory), NotFound (the upload was ended), StorageUnavailable.
    """
    digest, size_bytes = await intake.finish()
    async with archives.opened(intake.path, settings):
        pass
    await intake.sync()
    await storage.put_file(key(upload.id), intake.path, digest=digest, size_bytes=size_bytes)
    async with transaction() as connection:
        row = await connection.fetchrow(
            "UPDATE upload SET archive = $2, received = $3, parts = '{}', batch = coalesce(batch, $4) "
            "WHERE id = $1 RETURNING *",
            upload.id,
            digest,
            size_bytes,
            uuid4(),
        )
        if row is not None:
            await jobs.enqueue(connection, jobs.ARCHIVE, upload.id, queue=jobs.LARGE)
    if row is None:
        await storage.remove(key(upload.id))
        raise NotFound("This upload was cancelled: nothing of it is unpacked.")
    return upload_of(row)


async def go_on(upload: Upload) -> None:
    """Has it unpacked, also where that was given up before."""
    async with transaction() as connection:
        await jobs.enqueue(connection, jobs.ARCHIVE, upload.id, queue=jobs.LARGE)


async def standing(upload: Upload) -> Standing | None:
    """None: it is no archive, or all of it is told."""
    if upload.archive is None or upload.outcome is not None:
        return None
    row = await fetchrow(
        "SELECT state, progress, error FROM job WHERE kind = $1 AND subject = $2 "
        "ORDER BY created_at DESC, id DESC LIMIT 1",
        jobs.ARCHIVE,
        upload.id,
    )
    if row is None:
        return Standing(JobState.QUEUED, 0.0)
    state, progress = JobState(row["state"]), row["progress"]
    if state is JobState.CANCELLED:
        words = "The unpacking was stopped; what came by then is in the library. Ask for it again, or end it."
        return Standing(state, progress, jobs.CANCELLED, words)
    if state is JobState.DEAD:
        code, _, words = (row["error"] or "").partition(": ")
        return Standing(state, progress, code, words)
    return Standing(state, progress)


def unpacker(settings: Settings) -> Callable[[jobs.Run], Awaitable[None]]:
    """The job, within these limits."""

    async def unpack(run: jobs.Run) -> None:
        row = await fetchrow("SELECT * FROM upload WHERE id = $1", run.job.subject)
        if row is None or row["outcome"] is not None:
            await storage.remove(key(run.job.subject))
            return
        upload, viewer = upload_of(row), await _sender(row["owner"])
        try:
            await _unpack(run, upload, viewer, settings)
        except ArchiveRefused as refused:
            raise jobs.Unrepeatable(refused.code, refused.message) from None
        except (FileNotFoundError, Damaged):
            words = "The archive is no longer in the store as it came: send it again."
            raise jobs.Unrepeatable("ARCHIVE_MISSING", words) from None
        await _tell(run, upload, viewer)

    return unpack


async def _sender(account_id: UUID) -> Viewer:
    row = await fetchrow(
        "SELECT name, is_owner FROM account WHERE id = $1 AND disabled_at IS NULL", account_id
    )
    if row is None:
        raise jobs.Unrepeatable("FORBIDDEN", "The account of whoever sent this archive is disabled.")
    return Viewer(account_id, row["name"], is_owner=row["is_owner"])


async def _unpack(run: jobs.Run, upload: Upload, viewer: Viewer, settings: Settings) -> None:
    assert upload.batch is not None, "who accepts an archive gives it one"
    began_at = time.monotonic()
    async with (
        storage.as_file(key(upload.id), digest=upload.archive) as path,
        archives.opened(path, settings) as archive,
    ):
        done: int = await fetchval("SELECT count(*) FROM unpacked WHERE upload = $1", upload.id)
        for number in range(done, len(archive.names)):
            await run.report(number / len(archive.names))
            if time.monotonic() - began_at > SLICE_SECONDS:
                raise jobs.Unfinished
            entry_id = uuid5(upload.id, str(number))
            entry = await archive.take(viewer, number, batch=upload.batch, image_id=entry_id)
            await _note(run, upload.id, entry_id, number, entry)


async def _note(run: jobs.Run, upload_id: UUID, entry_id: UUID, number: int, entry: Entry) -> None:
    said = outcome_entry(entry)
    async with transaction() as connection:
        await run.require(connection)
        await connection.execute(
            "INSERT INTO unpacked (id, upload, number, name, image, deduplicated, code, message) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            entry_id,
            upload_id,
            number,
            said.name,
            said.image_id,
            said.deduplicated,
            said.code,
            said.message,
        )


async def _tell(run: jobs.Run, upload: Upload, viewer: Viewer) -> None:
    """All at once: the pictures on their board, and what became of every entry."""
    rows = await fetch("SELECT * FROM unpacked WHERE upload = $1 ORDER BY number", upload.id)
    entries = [
        OutcomeEntry(row["name"], row["image"], row["deduplicated"], row["code"], row["message"])
        for row in rows
    ]
    outcome = Outcome(entries=entries)
    if upload.board is not None and outcome.image_ids:
        placed = await placing.place_images(viewer, upload.board, outcome.image_ids, mutation_id=upload.id)
        outcome = msgspec.structs.replace(outcome, placed=placed)
    async with transaction() as connection:
        await run.require(connection)
        await connection.execute(
            "UPDATE upload SET outcome = $2, expires_at = now() + make_interval(days => $3) WHERE id = $1",
            upload.id,
            msgspec.json.encode(outcome),
            LASTS_DAYS,
        )
        await connection.execute("DELETE FROM unpacked WHERE upload = $1", upload.id)
    await storage.remove(key(upload.id))


async def sweep() -> int:
    """Removes archives that no upload speaks of; how many."""
    found = []
    async with contextlib.aclosing(storage.listed(ROOM)) as files:
        async for file in files:
            with contextlib.suppress(ValueError):
                if file.modified_at < time.time() - YOUNG_SECONDS:
                    found.append(UUID(hex=file.key.removeprefix(ROOM)))
    rows = await fetch(
        "SELECT each AS id FROM unnest($1::uuid[]) AS each "
        "WHERE NOT EXISTS (SELECT FROM upload WHERE id = each AND outcome IS NULL)",
        found,
    )
    for row in rows:
        await storage.remove(key(row["id"]))
    return len(rows)
