"""Jobs: the table that is the outbox. What is to be done is a row, written with its cause.

A job is run under a lease. The attempt is counted before the run, so a job that kills its worker
counts too; a worker that lost its lease can no longer finish the job.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from domain import receipts
from domain.access import Viewer
from domain.database import Connection, affected, execute, fetch, fetchrow, fetchval, transaction
from domain.entries import good_ids
from domain.errors import DatabaseUnavailable, DomainError, Forbidden, NotFound, StorageUnavailable
from domain.notices import announce_image, announce_job
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.standing import require_server_owner

LOG = logging.getLogger("webref.jobs")

LEASE_SECONDS = 15.0
HEARTBEAT_SECONDS = 5.0
RUN_SECONDS = 120.0
STALLED_SECONDS = 15.0
BACKOFF_SECONDS = (2.0, 15.0, 60.0)
OUTAGE_SECONDS = 10.0
MOST_A_PAGE = 500

RENDITIONS = "renditions"
"""The kind whose subject is an image. Its queue is `PICTURES`."""

PICTURES = "pictures"


class JobState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    DEAD = "DEAD"


@dataclass(frozen=True)
class Job:
    """A row. progress: 0 to 1; error: why the last attempt failed, in words."""

    id: UUID
    kind: str
    subject: UUID
    queue: str
    priority: int
    state: JobState
    attempts: int
    max_attempts: int
    progress: float
    error: str | None
    due_at: datetime
    created_at: datetime
    updated_at: datetime


def job_of(row: asyncpg.Record) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        queue=row["queue"],
        priority=row["priority"],
        state=JobState(row["state"]),
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
        progress=row["progress"],
        error=row["error"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


class Unrepeatable(Exception):
    """Raised by a handler when another attempt would end the same; `code` goes to the subject."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LeaseLost(Exception):
    """Somebody else has the job now: stop, and change nothing more."""


@dataclass(frozen=True)
class Run:
    """A job under our lease, as its handler sees it."""

    job: Job
    lease: UUID

    async def report(self, progress: float) -> None:
        """Raises LeaseLost."""
        await self.hold(progress)

    async def hold(self, progress: float | None = None) -> None:
        """Renews the lease. Raises LeaseLost."""
        status = await execute(
            "UPDATE job SET lease_until = now() + make_interval(secs => $3), "
            "progress = coalesce($4, progress), updated_at = now() "
            "WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
            self.job.id,
            self.lease,
            LEASE_SECONDS,
            progress,
        )
        if not affected(status):
            raise LeaseLost


Handler = Callable[[Run], Awaitable[None]]

_running: dict[UUID, asyncio.Task[None]] = {}


async def enqueue(
    connection: Connection, kind: str, subject: UUID, *, priority: int = 0, queue: str = "default"
) -> UUID:
    """In the transaction of its cause. A job of this kind and subject that waits or runs is that job.

    priority: the higher the sooner.
    """
    job_id: UUID = await connection.fetchval(
        "INSERT INTO job (id, kind, subject, queue, priority, state, attempts, max_attempts, due_at, "
        "progress, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, 'QUEUED', 0, 3, now(), 0, now(), now()) "
        "ON CONFLICT (kind, subject) WHERE state IN ('QUEUED', 'RUNNING') "
        "DO UPDATE SET priority = greatest(job.priority, excluded.priority) RETURNING id",
        uuid4(),
        kind,
        subject,
        queue,
        priority,
    )
    await announce_job(connection, queue)
    return job_id


async def due(limit: int, *, excluding: set[UUID] | None = None) -> list[Job]:
    """What waits and may run now, the most urgent first."""
    rows = await fetch(
        "SELECT * FROM job WHERE state = 'QUEUED' AND due_at <= now() AND NOT id = ANY($2::uuid[]) "
        "ORDER BY priority DESC, due_at, id LIMIT $1",
        limit,
        list(excluding or ()),
    )
    return [job_of(row) for row in rows]


async def run(job_id: UUID, handler: Handler) -> bool:
    """Runs the job if it waits; False when it does not (another worker has it, or it is done).

    The handler is stopped when the lease is lost or `RUN_SECONDS` have passed. When this call is
    cancelled (a worker shutting down), or the disk or the database fails, the job goes back and the
    attempt is not counted.
    """
    run = await _claim(job_id)
    if run is None:
        return False
    work = _running[job_id] = asyncio.create_task(_work(run, handler))
    heart = asyncio.create_task(_beat(run, work))
    try:
        await work
        await _finish(run)
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            await asyncio.gather(work, return_exceptions=True)
            await _release(run, "")
            raise
        if job_id not in _running:
            await _release(run, "")
        else:
            LOG.warning("job %s: the lease was lost; its work here is dropped", job_id)
        return False
    except LeaseLost:
        LOG.warning("job %s: the lease was lost; its work here is dropped", job_id)
        return False
    except Unrepeatable as error:
        await _fail(run, error.code, str(error), again=False)
    except TimeoutError:
        await _fail(run, "TOO_EXPENSIVE", f"It took longer than {RUN_SECONDS:.0f} s.")
    except (StorageUnavailable, DatabaseUnavailable) as error:
        await _release(run, f"{error.code}: {error.message}", OUTAGE_SECONDS)
    except DomainError as error:
        await _fail(run, error.details.get("reason") or error.code, error.message)
    except Exception as error:
        LOG.exception("job %s failed", job_id)
        await _fail(run, "INTERNAL", f"{type(error).__name__}: {error}")
    finally:
        heart.cancel()
        _running.pop(job_id, None)
    return True


def stop_running() -> None:
    """Stops every job of this process; each goes back to the table, and its attempt is not counted."""
    while _running:
        _running.popitem()[1].cancel()


async def _claim(job_id: UUID) -> Run | None:
    lease = uuid4()
    row = await fetchrow(
        "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, lease = $2, progress = 0, "
        "lease_until = now() + make_interval(secs => $3), updated_at = now() "
        "WHERE id = $1 AND state = 'QUEUED' AND due_at <= now() RETURNING *",
        job_id,
        lease,
        LEASE_SECONDS,
    )
    return Run(job_of(row), lease) if row else None


async def _work(run: Run, handler: Handler) -> None:
    async with asyncio.timeout(RUN_SECONDS):
        await handler(run)


async def _beat(run: Run, work: asyncio.Task[None]) -> None:
    """Ends, having cancelled the work, when the lease is lost or could not be renewed in time."""
    held_until = time.monotonic() + LEASE_SECONDS
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        asked_at = time.monotonic()
        try:
            await run.hold()
            held_until = asked_at + LEASE_SECONDS
        except LeaseLost:
            break
        except DomainError:
            if time.monotonic() > held_until:
                break
    work.cancel()


async def _finish(run: Run) -> None:
    status = await execute(
        "UPDATE job SET state = 'DONE', progress = 1, error = NULL, lease = NULL, lease_until = NULL, "
        "updated_at = now() WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
        run.job.id,
        run.lease,
    )
    if not affected(status):
        raise LeaseLost


async def _release(run: Run, error: str, patience: float = 0.0) -> None:
    """Back to the queue as if it had not been tried: what stopped it is not the job's fault."""
    with contextlib.suppress(DatabaseUnavailable):  # then the lease ends by itself
        async with transaction() as connection:
            await connection.execute(
                "UPDATE job SET state = 'QUEUED', attempts = attempts - 1, error = nullif($3, ''), "
                "lease = NULL, lease_until = NULL, due_at = now() + make_interval(secs => $4), "
                "updated_at = now() WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
                run.job.id,
                run.lease,
                error,
                patience,
            )
            await announce_job(connection, run.job.queue)


async def _fail(run: Run, code: str, message: str, *, again: bool = True) -> None:
    """Back to the queue with patience, or dead when it was the last attempt."""
    dead = not again or run.job.attempts >= run.job.max_attempts
    patience = BACKOFF_SECONDS[min(run.job.attempts, len(BACKOFF_SECONDS)) - 1]
    async with transaction() as connection:
        status = await connection.execute(
            "UPDATE job SET state = $3, error = $4, lease = NULL, lease_until = NULL, updated_at = now(), "
            "due_at = now() + make_interval(secs => $5) WHERE id = $1 AND lease = $2 AND state = 'RUNNING'",
            run.job.id,
            run.lease,
            JobState.DEAD if dead else JobState.QUEUED,
            f"{code}: {message}"[:500],
            patience,
        )
        if dead and affected(status):
            await _bury(connection, run.job.kind, run.job.subject, code)
    LOG.info("job %s failed (%s)%s", run.job.id, code, ", for good" if dead else "")


async def _bury(connection: Connection, kind: str, subject: UUID, code: str) -> None:
    """Says at the subject that nothing more will come."""
    if kind == RENDITIONS:
        await connection.execute(
            "UPDATE image SET state = 'FAILED', failure = $2 WHERE id = $1 AND state <> 'READY'",
            subject,
            code,
        )
        await announce_image(connection, subject)


async def is_stalled() -> bool:
    """Whether work has waited for `STALLED_SECONDS` and nobody has done any: no worker runs or can."""
    stalled: bool = await fetchval(
        "SELECT EXISTS (SELECT FROM job WHERE (state = 'QUEUED' AND due_at < since) "
        "OR (state = 'RUNNING' AND lease_until < since)) "
        "AND NOT EXISTS (SELECT FROM job WHERE (state = 'RUNNING' AND lease_until >= since) "
        "OR (state IN ('DONE', 'DEAD') AND updated_at >= since)) "
        "FROM (SELECT now() - make_interval(secs => $1) AS since) AS moment",
        STALLED_SECONDS,
    )
    return stalled


async def take_back() -> int:
    """Jobs whose worker is gone (their lease ran out): queued again, or dead after the last attempt."""
    async with transaction() as connection:
        rows = await connection.fetch(
            "UPDATE job SET state = CASE WHEN attempts >= max_attempts THEN 'DEAD' ELSE 'QUEUED' END, "
            "error = 'WORKER_LOST: the worker stopped in the middle of it', lease = NULL, "
            "lease_until = NULL, due_at = now(), updated_at = now() "
            "WHERE state = 'RUNNING' AND lease_until < now() "
            "RETURNING id, kind, subject, queue, state"
        )
        for row in rows:
            if row["state"] == JobState.DEAD:
                await _bury(connection, row["kind"], row["subject"], "WORKER_LOST")
            LOG.warning("job %s was left by its worker; it is %s now", row["id"], row["state"])
        for queue in sorted({row["queue"] for row in rows if row["state"] == JobState.QUEUED}):
            await announce_job(connection, queue)
    return len(rows)


async def jobs_of(
    viewer: Viewer, *, state: JobState | None = None, first: int = 50, after: str | None = None
) -> Page[Job]:
    """All jobs of this server, the newest first, for its owner. Raises Forbidden."""
    if not viewer.is_owner:
        raise Forbidden("Only the owner of this server can see its jobs.", required="SERVER_OWNER")
    require_first(first, MOST_A_PAGE)
    created_at, last_id = keys_of(after, "jobs", datetime, UUID) or (None, None)
    rows = await fetch(
        "SELECT * FROM job WHERE ($1::text IS NULL OR state = $1) "
        "AND ($3::uuid IS NULL OR (created_at, id) < ($2, $3)) ORDER BY created_at DESC, id DESC LIMIT $4",
        state,
        created_at,
        last_id,
        first + 1,
    )

    async def total() -> int:
        count: int = await fetchval("SELECT count(*) FROM job WHERE ($1::text IS NULL OR state = $1)", state)
        return count

    return page_of(
        [job_of(row) for row in rows], first, lambda job: cursor_to("jobs", job.created_at, job.id), total
    )


async def jobs_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[Job | None]:
    """In the order of the ids; None for what does not exist, and for all but the owner of the server."""
    rows = await fetch("SELECT * FROM job WHERE id = ANY($1::uuid[]) AND $2", list(ids), viewer.is_owner)
    found = {row["id"]: job_of(row) for row in rows}
    return [found.get(job_id) for job_id in ids]


async def retry_jobs(viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None) -> list[Job]:
    """Gives dead jobs three new attempts; for the owner of the server. Raises NotFound, BadInput."""
    require_server_owner(viewer, "retry jobs")
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "retry_jobs", ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Job])
        found = await connection.fetch(
            "SELECT * FROM job WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", wanted
        )
        if len(found) != len(wanted):
            raise NotFound("Some of these jobs do not exist.")
        for row in found:
            if row["state"] != JobState.DEAD:
                continue
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
        rows = await connection.fetch("SELECT * FROM job WHERE id = ANY($1::uuid[]) ORDER BY id", wanted)
        retried = [job_of(row) for row in rows]
        await receipt.keep(retried)
    return retried


async def sweep() -> int:
    """Removes what is over: jobs done a day ago, receipts a week old, sessions that ended a month ago."""
    removed = 0
    for statement in (
        "DELETE FROM job WHERE state = 'DONE' AND updated_at < now() - interval '1 day'",
        "DELETE FROM receipt WHERE at < now() - interval '7 days'",
        "DELETE FROM session WHERE least(expires_at, revoked_at) < now() - interval '30 days'",
        "DELETE FROM invite WHERE used_at IS NULL "
        "AND least(expires_at, revoked_at) < now() - interval '30 days'",
    ):
        removed += affected(await execute(statement))
    return removed
