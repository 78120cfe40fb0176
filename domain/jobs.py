"""Jobs: the table that is the outbox. What is to be done is a row, written with its cause.

A job is run under a lease. The attempt is counted before the run, so a job that kills its worker
counts too; a worker that lost its lease can no longer finish the job.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import asyncpg

from domain import metrics, traces
from domain.database import Connection, affected, execute, fetch, fetchrow, fetchval, transaction
from domain.errors import DatabaseUnavailable, DomainError, StorageUnavailable
from domain.notices import announce_image, announce_job

LOG = logging.getLogger("webref.jobs")

LEASE_SECONDS = 15.0
HEARTBEAT_SECONDS = 5.0
RUN_SECONDS = 120.0
STALLED_SECONDS = 15.0
BACKOFF_SECONDS = (2.0, 15.0, 60.0)
OUTAGE_SECONDS = 10.0

_IS_DUE = "(due_at <= now() OR updated_at > now() + interval '1 second')"
_IS_LOST = "(lease_until < now() OR lease_until > now() + interval '1 minute')"
"""Or the clock was set back, since the row was written or by more than a lease lasts: nobody waits."""

LOOKED_AT = 10
"""Priority of what somebody is looking at; what comes in has 0."""

RENDITIONS = "renditions"
"""The kind whose subject is an image. Its queue is `PICTURES`."""

LOOKS = "looks"
"""The kind that looks once more at an image of before there were fingerprints (domain/twins.py)."""
TILES = "tiles"
"""The kind that cuts a large picture, its subject, into tiles. Its queue is `LARGE`."""

ANIMATION = "animation"
"""The kind that makes a small animated WebP of its subject. Its queue is `LARGE`."""

ATLAS = "atlas"
"""The kind that keeps the atlas of its subject, a board (domain/atlases.py). Its queue is `LARGE`."""

LETTER = "letter"
"""The kind that sends its subject, a letter (domain/post.py). Its queue is `MAIL`."""

ARCHIVE = "archive"
"""The kind that unpacks its subject, an upload (domain/unpacking.py). Its queue is `LARGE`."""

PICTURES = "pictures"

MAIL = "mail"

LARGE = "large"
"""The queue of what may take long: a process leaves one of its threads to the others (workers/process.py)."""

CANCELLED = "CANCELLED"
"""The failure of a subject whose job was cancelled."""


class JobState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Job:
    """A row. progress: 0 to 1; error: why the last attempt failed, `CODE: words`."""

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
    started_at: datetime | None


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
        started_at=row["started_at"],
    )


class Unrepeatable(Exception):
    """Raised by a handler when another attempt would end the same; `code` goes to the subject."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unfinished(Exception):
    """Raised by a handler that did a part and left a note of it: others have their turn, then it goes on."""


class Away(Exception):
    """Raised by a handler when what it needs is away, which is not the job's fault: no attempt is counted."""


class LeaseLost(Exception):
    """Somebody else has the job now: stop, and change nothing more."""


@dataclass(frozen=True)
class Run:
    """A job under our lease, as its handler sees it. cause: what it was asked for in, as traces name it."""

    job: Job
    lease: UUID
    cause: str | None = None
    began_at: float = field(default_factory=time.monotonic)

    def ended(self, outcome: str) -> None:
        metrics.JOBS.labels(self.job.kind, outcome).observe(time.monotonic() - self.began_at)

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

    async def set_aside(self) -> None:
        """Its further attempts are among what may take long, and leave a thread to the others."""
        await execute(
            "UPDATE job SET queue = $3 WHERE id = $1 AND lease = $2", self.job.id, self.lease, LARGE
        )

    async def require(self, connection: Connection) -> None:
        """Before a change that may only be made with the lease: nobody takes it until the transaction ends.

        Raises LeaseLost.
        """
        held = await connection.fetchval(
            "SELECT true FROM job WHERE id = $1 AND lease = $2 AND state = 'RUNNING' FOR SHARE",
            self.job.id,
            self.lease,
        )
        if not held:
            raise LeaseLost


Handler = Callable[[Run], Awaitable[None]]

_running: dict[UUID, asyncio.Task[None]] = {}


async def enqueue(
    connection: Connection,
    kind: str,
    subject: UUID,
    *,
    priority: int = 0,
    queue: str = "default",
    max_attempts: int = 3,
) -> UUID:
    """In the transaction of its cause. A job of this kind and subject that waits or runs is that job.

    priority: the higher the sooner.
    """
    job_id: UUID = await connection.fetchval(
        "INSERT INTO job (id, kind, subject, queue, priority, state, attempts, max_attempts, due_at, "
        "progress, created_at, updated_at, cause) "
        "VALUES ($1, $2, $3, $4, $5, 'QUEUED', 0, $6, now(), 0, now(), now(), $7) "
        "ON CONFLICT (kind, subject) WHERE state IN ('QUEUED', 'RUNNING') "
        "DO UPDATE SET priority = greatest(job.priority, excluded.priority) RETURNING id",
        uuid4(),
        kind,
        subject,
        queue,
        priority,
        max_attempts,
        traces.here(),
    )
    await announce_job(connection, queue)
    return job_id


async def hurry(subjects: Sequence[UUID]) -> None:
    """Somebody looks at these now: what waits to be done to them comes before all else, the last looked
    at first."""
    async with transaction() as connection:
        queues = await connection.fetch(
            "WITH waiting AS (SELECT id FROM job WHERE subject = ANY($1::uuid[]) AND state = 'QUEUED' "
            "ORDER BY id FOR UPDATE SKIP LOCKED), hurried AS (UPDATE job SET looked_at = now(), "
            "priority = greatest(priority, $2) FROM waiting WHERE job.id = waiting.id RETURNING queue) "
            "SELECT DISTINCT queue FROM hurried ORDER BY queue",
            list(subjects),
            LOOKED_AT,
        )
        for row in queues:
            await announce_job(connection, row["queue"])


async def due(
    limit: int, *, excluding: Collection[UUID] = (), without_queues: Collection[str] = ()
) -> list[Job]:
    """What waits and may run now, the most urgent first."""
    rows = await fetch(
        f"SELECT * FROM job WHERE state = 'QUEUED' AND {_IS_DUE} AND NOT id = ANY($2::uuid[]) "  # noqa: S608
        "AND NOT queue = ANY($3::text[]) "
        "ORDER BY priority DESC, looked_at DESC NULLS LAST, due_at, id LIMIT $1",
        limit,
        list(excluding),
        list(without_queues),
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
    with traces.span(f"job {run.job.kind}", cause=run.cause, webref__attempt=run.job.attempts):
        return await _ran(run, handler)


async def _ran(run: Run, handler: Handler) -> bool:
    job_id = run.job.id
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
            LOG.warning("job %s was cancelled or its lease was lost; its work here is dropped", job_id)
        return False
    except LeaseLost:
        LOG.warning("job %s was cancelled or its lease was lost; its work here is dropped", job_id)
        return False
    except Unfinished:
        await _release(run, "")
    except Unrepeatable as error:
        await _fail(run, error.code, str(error), again=False)
    except TimeoutError:
        await _fail(run, "TOO_EXPENSIVE", f"It took longer than {RUN_SECONDS:.0f} s.")
    except (StorageUnavailable, DatabaseUnavailable) as error:
        await _release(run, f"{error.code}: {error.message}", OUTAGE_SECONDS)
    except Away as error:
        await _release(run, f"AWAY: {error}", OUTAGE_SECONDS)
    except DomainError as error:
        await _fail(run, error.details.get("reason") or error.code, error.message)
    except Exception as error:
        LOG.exception("job %s failed", job_id)
        await _fail(run, "INTERNAL", f"{type(error).__name__}: {error}")
    finally:
        heart.cancel()
        _running.pop(job_id, None)
    return True


async def stop_cancelled() -> None:
    """Stops those jobs of this process that were cancelled meanwhile; without it the lease does, later."""
    if not _running:
        return
    rows = await fetch(
        "SELECT id FROM job WHERE id = ANY($1::uuid[]) AND state = 'CANCELLED'", list(_running)
    )
    for row in rows:
        work = _running.get(row["id"])
        if work is not None:
            work.cancel()


def stop_running() -> None:
    """Stops every job of this process; each goes back to the table, and its attempt is not counted."""
    while _running:
        _running.popitem()[1].cancel()


async def _claim(job_id: UUID) -> Run | None:
    lease = uuid4()
    row = await fetchrow(
        "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, lease = $2, progress = 0, "  # noqa: S608
        "lease_until = now() + make_interval(secs => $3), updated_at = now(), started_at = now() "
        f"WHERE id = $1 AND state = 'QUEUED' AND {_IS_DUE} RETURNING *",
        job_id,
        lease,
        LEASE_SECONDS,
    )
    return Run(job_of(row), lease, row["cause"]) if row else None


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
    run.ended("done")


async def _release(run: Run, error: str, patience: float = 0.0) -> None:
    """Back to the queue as if it had not been tried: what stopped it is not the job's fault."""
    run.ended("given_back")
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
    run.ended("failed")
    dead = not again or run.job.attempts >= run.job.max_attempts
    patience = BACKOFF_SECONDS[min(run.job.attempts, len(BACKOFF_SECONDS)) - 1]
    async with transaction() as connection:
        await lock_subjects(connection, [run.job.subject])
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
            await bury(connection, run.job.kind, run.job.subject, code)
    LOG.info("job %s failed (%s)%s", run.job.id, code, ", for good" if dead else "")


async def call_off(connection: Connection, kind: str, subject: UUID) -> None:
    """Nobody wants it any more; a worker that runs it drops it within moments."""
    queue = await connection.fetchval(
        "UPDATE job SET state = 'CANCELLED', lease = NULL, lease_until = NULL, updated_at = now() "
        "WHERE kind = $1 AND subject = $2 AND state IN ('QUEUED', 'RUNNING') RETURNING queue",
        kind,
        subject,
    )
    if queue is not None:
        await announce_job(connection, queue)


async def lock_subjects(connection: Connection, subjects: Collection[UUID]) -> None:
    """Pictures are locked before their jobs, everywhere: who wants both never waits in a circle."""
    await connection.execute(
        "SELECT FROM image WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(subjects)
    )


async def bury(connection: Connection, kind: str, subject: UUID, code: str) -> None:
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
        lost = await connection.fetch(
            f"SELECT id, subject FROM job WHERE state = 'RUNNING' AND {_IS_LOST}"  # noqa: S608
        )
        await lock_subjects(connection, [row["subject"] for row in lost])
        rows = await connection.fetch(
            "UPDATE job SET state = CASE WHEN attempts >= max_attempts "  # noqa: S608 (constants)
            "THEN 'DEAD' ELSE 'QUEUED' END, "
            "error = 'WORKER_LOST: the worker stopped in the middle of it', lease = NULL, "
            "lease_until = NULL, due_at = now(), updated_at = now() "
            f"WHERE id = ANY($1::uuid[]) AND state = 'RUNNING' AND {_IS_LOST} "
            "RETURNING id, kind, subject, queue, state",
            [row["id"] for row in lost],
        )
        for row in rows:
            if row["state"] == JobState.DEAD:
                await bury(connection, row["kind"], row["subject"], "WORKER_LOST")
            LOG.warning("job %s was left by its worker; it is %s now", row["id"], row["state"])
        for queue in sorted({row["queue"] for row in rows if row["state"] == JobState.QUEUED}):
            await announce_job(connection, queue)
    return len(rows)


async def sweep() -> int:
    """Removes what is over: jobs done a day ago or cancelled a month ago, receipts a week old, and sessions,
    invites and letters that ended a month ago."""
    removed = 0
    for statement in (
        "DELETE FROM job WHERE state = 'CANCELLED' AND updated_at < now() - interval '30 days'",
        "DELETE FROM job WHERE state = 'DONE' AND updated_at < now() - interval '1 day'",
        "DELETE FROM receipt WHERE at < now() - interval '7 days'",
        "DELETE FROM session WHERE least(expires_at, revoked_at) < now() - interval '30 days'",
        "DELETE FROM invite WHERE used_at IS NULL "
        "AND least(expires_at, revoked_at) < now() - interval '30 days'",
        "DELETE FROM letter WHERE expires_at < now() - interval '30 days'",
    ):
        removed += affected(await execute(statement))
    return removed
