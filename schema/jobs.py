"""Background work as the schema shows it to the server's owner."""

from datetime import datetime
from enum import Enum

import strawberry
from msgspec import structs
from strawberry import enum_value, field

from domain import job_reads, jobs
from schema.connections import Node


@strawberry.enum(description="How far a job is.")
class JobState(Enum):
    QUEUED = enum_value("QUEUED", description="Waiting for a worker, or for the next attempt.")
    RUNNING = enum_value("RUNNING", description="A worker is at it.")
    DONE = enum_value("DONE", description="It is done.")
    DEAD = enum_value("DEAD", description="It failed as often as it may; `retryJobs` gives it new attempts.")
    CANCELLED = enum_value("CANCELLED", description="It was stopped; `retryJobs` lets it begin anew.")


@strawberry.type(description="A piece of background work. Only the server's owner sees jobs.")
class Job(Node):
    kind: str = field(description="What is done, e.g. `renditions`.")
    subject: strawberry.ID = field(description="Id of what it is done to, e.g. of an image.")
    queue: str = field(description="Where it waits: what is `large` leaves a thread to the others.")
    priority: int = field(
        description="The higher the sooner; what somebody looks at has 10, what comes in 0."
    )
    state: JobState = field(description="How far it is.")
    attempts: int = field(description="How often it was started.")
    max_attempts: int = field(description="How often it may be started.")
    progress: float = field(description="How much is done, 0 to 1.")
    error: str | None = field(
        description="Why the last attempt failed, a code and words (`CORRUPT: …`); null: it did not."
    )
    due_at: datetime = field(description="When it may next be started.")
    created_at: datetime = field(description="When it was caused.")
    updated_at: datetime = field(description="When its state last changed.")
    started_at: datetime | None = field(description="When its last attempt began; null: none has.")


@strawberry.type(description="How the work of one kind in one queue is getting on.")
class JobQueue:
    queue: str = field(description="The queue's name.")
    kind: str = field(description="What is done, e.g. `renditions`.")
    waiting: int = field(description="How many jobs wait.")
    retrying: int = field(description="How many of those that wait have failed before.")
    running: int = field(description="How many jobs run.")
    given_up: int = field(description="How many jobs are DEAD.")
    waiting_since: datetime | None = field(
        description="Since when the one that waits longest could have been started; null: none waits."
    )
    done_an_hour: int = field(description="How many were done in the last 60 minutes.")
    failed_an_hour: int = field(description="How many were given up in the last 60 minutes.")
    half_within: float | None = field(
        description="Seconds within which half of those of the last 60 minutes were done; null: none was."
    )
    most_within: float | None = field(description="Seconds within which 95 of 100 of them were done.")


@strawberry.type(description="Jobs that were given up for the same reason.")
class JobFailure:
    kind: str = field(description="What was to be done, e.g. `renditions`.")
    code: str = field(description="Why it could not be, as a code: CORRUPT, TOO_EXPENSIVE, …")
    count: int = field(description="How many jobs.")
    last_at: datetime = field(description="When the latest of them was given up.")
    words: str = field(description="What the latest of them says.")


@strawberry.type(description="What ended in one minute.")
class JobMinute:
    at: datetime = field(description="When the minute began.")
    done: int = field(description="How many jobs were done.")
    failed: int = field(description="How many jobs were given up.")


@strawberry.type(description="How background work is getting on. Only the server's owner sees it.")
class JobReport:
    queues: list[JobQueue] = field(description="Every queue and kind that has jobs, by name.")
    failures: list[JobFailure] = field(
        description="Why jobs were given up, the most frequent reason first; at most 50."
    )
    minutes: list[JobMinute] = field(description="The last 60 minutes, in order.")


def job_report_of(row: job_reads.JobReport) -> JobReport:
    return JobReport(
        queues=[JobQueue(**structs.asdict(queue)) for queue in row.queues],
        failures=[JobFailure(**structs.asdict(failure)) for failure in row.failures],
        minutes=[JobMinute(**structs.asdict(minute)) for minute in row.minutes],
    )


def job_of(row: jobs.Job) -> Job:
    return Job(
        id=strawberry.ID(str(row.id)),
        kind=row.kind,
        subject=strawberry.ID(str(row.subject)),
        queue=row.queue,
        priority=row.priority,
        state=JobState(row.state.name),
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        progress=row.progress,
        error=row.error,
        due_at=row.due_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        started_at=row.started_at,
    )
