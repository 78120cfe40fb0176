"""Background work as the schema shows it to the server's owner."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value, field

from domain import jobs
from schema.connections import Node


@strawberry.enum(description="How far a job is.")
class JobState(Enum):
    QUEUED = enum_value("QUEUED", description="Waiting for a worker, or for the next attempt.")
    RUNNING = enum_value("RUNNING", description="A worker is at it.")
    DONE = enum_value("DONE", description="It is done.")
    DEAD = enum_value("DEAD", description="It failed as often as it may; `retryJobs` gives it new attempts.")


@strawberry.type(description="A piece of background work. Only the server's owner sees jobs.")
class Job(Node):
    kind: str = field(description="What is done, e.g. `renditions`.")
    subject: strawberry.ID = field(description="Id of what it is done to, e.g. of an image.")
    state: JobState = field(description="How far it is.")
    attempts: int = field(description="How often it was started.")
    max_attempts: int = field(description="How often it may be started.")
    progress: float = field(description="How much is done, 0 to 1.")
    error: str | None = field(description="Why the last attempt failed, in words; null: it did not.")
    due_at: datetime = field(description="When it may next be started.")
    created_at: datetime = field(description="When it was caused.")
    updated_at: datetime = field(description="When its state last changed.")


def job_of(row: jobs.Job) -> Job:
    return Job(
        id=strawberry.ID(str(row.id)),
        kind=row.kind,
        subject=strawberry.ID(str(row.subject)),
        state=JobState(row.state.name),
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        progress=row.progress,
        error=row.error,
        due_at=row.due_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
