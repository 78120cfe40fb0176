"""What the owner of the server does about jobs: tries again, or lets be."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from domain import receipts
from domain.access import Viewer
from domain.database import Connection, transaction
from domain.entries import good_ids
from domain.errors import NotFound
from domain.jobs import CANCELLED, RENDITIONS, Job, JobState, bury, job_of, lock_subjects
from domain.notices import announce_image, announce_job
from domain.standing import require_server_owner


async def retry_jobs(viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None) -> list[Job]:
    """Gives dead and cancelled jobs three attempts; others stay as they are. Raises NotFound, BadInput."""
    require_server_owner(viewer, "retry jobs")
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "retry_jobs", ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Job])
        for row in await _locked(connection, wanted):
            if row["state"] in (JobState.DEAD, JobState.CANCELLED):
                await _revive(connection, row)
        retried = await _present(connection, wanted)
        await receipt.keep(retried)
    return retried


async def _revive(connection: Connection, row: asyncpg.Record) -> None:
    """Unless the same work waits or runs already."""
    revived: Any = await connection.fetchval(
        "UPDATE job SET state = 'QUEUED', attempts = 0, error = NULL, progress = 0, due_at = now(), "
        "updated_at = now() WHERE id = $1 AND NOT EXISTS (SELECT FROM job AS other WHERE "
        "other.kind = job.kind AND other.subject = job.subject "
        "AND other.state IN ('QUEUED', 'RUNNING')) RETURNING id",
        row["id"],
    )
    if revived and row["kind"] == RENDITIONS:
        await connection.execute(
            "UPDATE image SET state = 'WAITING', failure = NULL WHERE id = $1", row["subject"]
        )
        await announce_image(connection, row["subject"])
    await announce_job(connection, row["queue"])


async def cancel_jobs(viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None) -> list[Job]:
    """Stops jobs that wait or run; others stay as they are. What was made so far is kept.

    A worker that runs one drops it within moments. Raises NotFound, BadInput.
    """
    require_server_owner(viewer, "cancel jobs")
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "cancel_jobs", ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Job])
        for row in await _locked(connection, wanted):
            if row["state"] not in (JobState.QUEUED, JobState.RUNNING):
                continue
            await connection.execute(
                "UPDATE job SET state = 'CANCELLED', lease = NULL, lease_until = NULL, updated_at = now() "
                "WHERE id = $1",
                row["id"],
            )
            await bury(connection, row["kind"], row["subject"], CANCELLED)
            await announce_job(connection, row["queue"])
        cancelled = await _present(connection, wanted)
        await receipt.keep(cancelled)
    return cancelled


async def _locked(connection: Connection, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    subjects = await connection.fetch("SELECT subject FROM job WHERE id = ANY($1::uuid[])", list(ids))
    await lock_subjects(connection, [row["subject"] for row in subjects])
    rows = await connection.fetch(
        "SELECT * FROM job WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(ids)
    )
    if len(rows) != len(ids):
        raise NotFound("Some of these jobs do not exist.")
    return rows


async def _present(connection: Connection, ids: Sequence[UUID]) -> list[Job]:
    rows = await connection.fetch("SELECT * FROM job WHERE id = ANY($1::uuid[]) ORDER BY id", list(ids))
    return [job_of(row) for row in rows]
