"""Jobs as the owner of the server sees them: each of them, and how all of them are getting on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from domain.access import Viewer
from domain.database import fetch, fetchval
from domain.errors import Forbidden
from domain.jobs import Job, JobState, job_of
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_A_PAGE = 500
MOST_FAILURES = 50
REPORT_MINUTES = 60


class QueueReport(Struct, frozen=True):
    """Work of one kind in one queue.

    retrying: of those that wait, the ones that failed before. waiting_since: when the longest due became
    due. done_an_hour, failed_an_hour: in the last 60 minutes. half_within, most_within: seconds in which
    half, and 95 of 100, of those done in it were done, from the start of the attempt.
    """

    queue: str
    kind: str
    waiting: int
    retrying: int
    running: int
    given_up: int
    waiting_since: datetime | None
    done_an_hour: int
    failed_an_hour: int
    half_within: float | None
    most_within: float | None


class FailureReport(Struct, frozen=True):
    """Jobs that were given up for one reason. code: as at the subject; words: of the latest of them."""

    kind: str
    code: str
    count: int
    last_at: datetime
    words: str


class MinuteReport(Struct, frozen=True):
    """How many jobs ended in the minute that began at `at`."""

    at: datetime
    done: int
    failed: int


class JobReport(Struct, frozen=True):
    """queues: by name; failures: the most frequent first, at most 50; minutes: the last 60, in order."""

    queues: list[QueueReport]
    failures: list[FailureReport]
    minutes: list[MinuteReport]


_MATCHING = (
    "($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR kind = $2) "
    "AND ($3::text IS NULL OR split_part(error, ':', 1) = $3)"
)


async def jobs_of(
    viewer: Viewer,
    *,
    state: JobState | None = None,
    kind: str | None = None,
    code: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Page[Job]:
    """All jobs of this server, the newest first, for its owner; code: why the last attempt failed.

    Raises Forbidden.
    """
    _require_owner(viewer)
    require_first(first, MOST_A_PAGE)
    created_at, last_id = keys_of(after, "jobs", datetime, UUID) or (None, None)
    rows = await fetch(
        f"SELECT * FROM job WHERE {_MATCHING} "  # noqa: S608 (a constant)
        "AND ($5::uuid IS NULL OR (created_at, id) < ($4, $5)) ORDER BY created_at DESC, id DESC LIMIT $6",
        state,
        kind,
        code,
        created_at,
        last_id,
        first + 1,
    )

    async def total() -> int:
        count: int = await fetchval(f"SELECT count(*) FROM job WHERE {_MATCHING}", state, kind, code)  # noqa: S608
        return count

    return page_of(
        [job_of(row) for row in rows], first, lambda job: cursor_to("jobs", job.created_at, job.id), total
    )


async def jobs_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[Job | None]:
    """In the order of the ids; None for what does not exist, and for all but the owner of the server."""
    rows = await fetch("SELECT * FROM job WHERE id = ANY($1::uuid[]) AND $2", list(ids), viewer.is_owner)
    found = {row["id"]: job_of(row) for row in rows}
    return [found.get(job_id) for job_id in ids]


async def job_report(viewer: Viewer) -> JobReport:
    """How background work is getting on, for the owner of the server. Raises Forbidden."""
    _require_owner(viewer)
    return JobReport(await _queues(), await _failures(), await _minutes())


async def _queues() -> list[QueueReport]:
    rows = await fetch(
        "SELECT queue, kind, count(*) FILTER (WHERE state = 'QUEUED') AS waiting, "
        "count(*) FILTER (WHERE state = 'QUEUED' AND attempts > 0) AS retrying, "
        "count(*) FILTER (WHERE state = 'RUNNING') AS running, "
        "count(*) FILTER (WHERE state = 'DEAD') AS given_up, "
        "min(due_at) FILTER (WHERE state = 'QUEUED' AND due_at <= now()) AS waiting_since, "
        "count(*) FILTER (WHERE state = 'DONE' AND is_recent) AS done_an_hour, "
        "count(*) FILTER (WHERE state = 'DEAD' AND is_recent) AS failed_an_hour, "
        "percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took) "
        "FILTER (WHERE state = 'DONE' AND is_recent AND started_at IS NOT NULL) AS within FROM job, "
        "LATERAL (SELECT updated_at > now() - make_interval(mins => $1) AS is_recent, "
        "extract(epoch FROM updated_at - started_at)::float8 AS took) AS moment "
        "WHERE state IN ('QUEUED', 'RUNNING', 'DEAD') OR (state = 'DONE' AND is_recent) "
        "GROUP BY queue, kind ORDER BY queue, kind",
        REPORT_MINUTES,
    )
    reports = []
    for row in rows:
        half, most = row["within"] or (None, None)
        counts = {name: row[name] for name in QueueReport.__struct_fields__ if not name.endswith("_within")}
        reports.append(QueueReport(**counts, half_within=half, most_within=most))
    return reports


async def _failures() -> list[FailureReport]:
    rows = await fetch(
        "SELECT kind, split_part(error, ':', 1) AS code, count(*) AS count, max(updated_at) AS last_at, "
        "(array_agg(error ORDER BY updated_at DESC, id))[1] AS words FROM job "
        "WHERE state = 'DEAD' AND error IS NOT NULL GROUP BY kind, code "
        "ORDER BY count DESC, last_at DESC, kind, code LIMIT $1",
        MOST_FAILURES,
    )
    return [
        FailureReport(row["kind"], row["code"], row["count"], row["last_at"], _words(row["words"]))
        for row in rows
    ]


def _words(error: str) -> str:
    return error.partition(": ")[2] or error


async def _minutes() -> list[MinuteReport]:
    rows = await fetch(
        "SELECT minute AS at, count(job.id) FILTER (WHERE state = 'DONE') AS done, "
        "count(job.id) FILTER (WHERE state = 'DEAD') AS failed "
        "FROM generate_series(date_trunc('minute', now()) - make_interval(mins => $1 - 1), "
        "date_trunc('minute', now()), interval '1 minute') AS minute "
        "LEFT JOIN job ON job.state IN ('DONE', 'DEAD') AND job.updated_at >= minute "
        "AND job.updated_at < minute + interval '1 minute' GROUP BY minute ORDER BY minute",
        REPORT_MINUTES,
    )
    return [MinuteReport(row["at"], row["done"], row["failed"]) for row in rows]


def _require_owner(viewer: Viewer) -> None:
    if not viewer.is_owner:
        raise Forbidden("Only the owner of this server can see its jobs.", required="SERVER_OWNER")
