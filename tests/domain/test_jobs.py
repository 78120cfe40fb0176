"""Jobs: each is done, or dead and visible after three attempts; none is lost, none finished twice."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain import job_commands, job_reads, jobs
from domain.database import execute, fetchrow, fetchval, transaction
from domain.errors import DatabaseUnavailable, Forbidden, NotFound, StorageUnavailable
from domain.jobs import Job, JobState, LeaseLost, Run, Unrepeatable
from tests.factories import a_viewer

pytestmark = pytest.mark.usefixtures("database")


async def queued(*, kind: str = "test", subject: UUID | None = None, priority: int = 0) -> UUID:
    async with transaction() as connection:
        return await jobs.enqueue(connection, kind, subject or uuid4(), priority=priority)


async def present(job_id: UUID) -> Job:
    row = await fetchrow("SELECT * FROM job WHERE id = $1", job_id)
    assert row is not None
    return jobs.job_of(row)


async def make_due(job_id: UUID) -> None:
    await execute("UPDATE job SET due_at = now() WHERE id = $1", job_id)


async def succeed(run: Run) -> None:
    await run.report(0.5)


async def test_a_job_is_done_once() -> None:
    job_id = await queued()
    assert [job.id for job in await jobs.due(10)] == [job_id]
    assert await jobs.run(job_id, succeed)
    assert not await jobs.run(job_id, succeed)
    job = await present(job_id)
    assert (job.state, job.attempts, job.progress, job.error) == (JobState.DONE, 1, 1, None)
    assert await jobs.due(10) == []


async def test_a_job_that_rolls_back_with_its_cause_never_was() -> None:
    with pytest.raises(ZeroDivisionError):
        await _fail_after_enqueue()
    assert await fetchval("SELECT count(*) FROM job") == 0


async def _fail_after_enqueue() -> None:
    async with transaction() as connection:
        await jobs.enqueue(connection, "test", uuid4())
        raise ZeroDivisionError


async def test_the_same_work_waits_once_and_the_higher_priority_wins() -> None:
    subject = uuid4()
    first = await queued(subject=subject)
    assert await queued(subject=subject, priority=7) == first
    assert (await present(first)).priority == 7
    await jobs.run(first, succeed)
    assert await queued(subject=subject) != first


async def test_the_urgent_come_first_then_the_oldest() -> None:
    old, young, urgent = await queued(), await queued(), await queued(priority=5)
    assert [job.id for job in await jobs.due(10)] == [urgent, old, young]
    assert [job.id for job in await jobs.due(10, excluding={urgent})] == [old, young]


async def test_two_workers_never_run_the_same_job() -> None:
    job_id, runs = await queued(), 0

    async def count(run: Run) -> None:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0.05)

    answers = await asyncio.gather(*(jobs.run(job_id, count) for _ in range(5)))
    assert (sorted(answers), runs) == ([False] * 4 + [True], 1)


async def test_a_failing_job_is_tried_three_times_then_dead_with_its_reason() -> None:
    job_id, attempts = await queued(), []

    async def fail(run: Run) -> None:
        attempts.append(run.job.attempts)
        raise ValueError("no such luck")

    for _ in range(4):
        await jobs.run(job_id, fail)
        await make_due(job_id)
    job = await present(job_id)
    assert attempts == [1, 2, 3]
    assert (job.state, job.attempts) == (JobState.DEAD, 3)
    assert job.error == "INTERNAL: ValueError: no such luck"


async def test_between_attempts_there_is_patience() -> None:
    job_id = await queued()

    async def fail(run: Run) -> None:
        raise ValueError

    await jobs.run(job_id, fail)
    job = await present(job_id)
    assert job.state is JobState.QUEUED
    assert job.due_at > job.updated_at
    assert not await jobs.run(job_id, succeed)


async def test_what_can_not_get_better_is_not_tried_again() -> None:
    job_id = await queued()

    async def fail(run: Run) -> None:
        raise Unrepeatable("CORRUPT", "it is broken")

    await jobs.run(job_id, fail)
    job = await present(job_id)
    assert (job.state, job.attempts, job.error) == (JobState.DEAD, 1, "CORRUPT: it is broken")


@pytest.mark.parametrize("error", [StorageUnavailable("full"), DatabaseUnavailable("gone")])
async def test_an_outage_costs_no_attempt(error: Exception) -> None:
    job_id = await queued()

    async def fail(run: Run) -> None:
        raise error

    for _ in range(5):
        await jobs.run(job_id, fail)
        await make_due(job_id)
    job = await present(job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert job.error is not None
    assert await jobs.run(job_id, succeed)
    assert (await present(job_id)).error is None


async def test_a_worker_that_dies_leaves_its_job_to_others() -> None:
    job_id = await queued()
    await _abandon(job_id)
    assert await jobs.take_back() == 1
    job = await present(job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert await jobs.run(job_id, succeed)
    assert (await present(job_id)).state is JobState.DONE


async def _abandon(job_id: UUID) -> None:
    """As if a worker had claimed the job and was killed longer ago than its lease."""
    await execute(
        "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, lease = $2, "
        "lease_until = now() - interval '1 s' WHERE id = $1",
        job_id,
        uuid4(),
    )


async def test_a_job_that_kills_its_workers_is_dead_after_three() -> None:
    job_id = await queued()
    for _ in range(3):
        await _abandon(job_id)
        await jobs.take_back()
    job = await present(job_id)
    assert (job.state, job.attempts) == (JobState.DEAD, 3)
    assert (job.error or "").startswith("WORKER_LOST")
    assert not await jobs.run(job_id, succeed)


async def test_a_running_job_is_not_taken_back() -> None:
    job_id = await queued()

    async def look(run: Run) -> None:
        assert await jobs.take_back() == 0

    await jobs.run(job_id, look)
    assert (await present(job_id)).state is JobState.DONE


async def test_who_lost_the_lease_finishes_nothing() -> None:
    """A worker that slept through its lease: somebody else ran the job meanwhile."""
    job_id, other_ran = await queued(), False

    async def oversleep(run: Run) -> None:
        nonlocal other_ran
        await execute("UPDATE job SET lease_until = now() - interval '1 s' WHERE id = $1", job_id)
        await jobs.take_back()
        other_ran = await jobs.run(job_id, succeed)

    assert not await jobs.run(job_id, oversleep)
    job = await present(job_id)
    assert other_ran
    assert (job.state, job.attempts) == (JobState.DONE, 2)


async def test_the_heartbeat_stops_work_whose_lease_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)
    job_id, finished = await queued(), False

    async def linger(run: Run) -> None:
        nonlocal finished
        await execute("UPDATE job SET lease = $2 WHERE id = $1", job_id, uuid4())
        await asyncio.sleep(5)
        finished = True

    assert not await jobs.run(job_id, linger)
    assert not finished
    assert (await present(job_id)).state is JobState.RUNNING


async def test_the_heartbeat_keeps_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 0.3)
    job_id = await queued()

    async def take_time(run: Run) -> None:
        for _ in range(8):
            await asyncio.sleep(0.1)
            assert await jobs.take_back() == 0

    assert await jobs.run(job_id, take_time)
    assert (await present(job_id)).state is JobState.DONE


async def test_a_job_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUN_SECONDS", 0.05)
    job_id = await queued()

    async def hang(run: Run) -> None:
        await asyncio.sleep(60)

    await jobs.run(job_id, hang)
    assert ((await present(job_id)).error or "").startswith("TOO_EXPENSIVE")


@pytest.mark.parametrize("how", ["stop_running", "cancel"])
async def test_a_worker_shutting_down_gives_its_job_back_uncounted(how: str) -> None:
    job_id, begun = await queued(), asyncio.Event()

    async def hang(run: Run) -> None:
        begun.set()
        await asyncio.sleep(60)

    running = asyncio.create_task(jobs.run(job_id, hang))
    await begun.wait()
    if how == "cancel":
        running.cancel()
    else:
        jobs.stop_running()
    await asyncio.wait({running})
    job = await present(job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert await jobs.run(job_id, succeed)


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(minutes=10), timedelta(seconds=90)], ids=str)
async def test_a_clock_that_was_set_back_makes_no_job_wait(later: timedelta) -> None:
    """What was due when it was later is due; a lease until then is nobody's."""
    waits, runs = await queued(), await queued()
    await execute("UPDATE job SET due_at = now() + $1, updated_at = now() + $1 WHERE id = $2", later, waits)
    await execute(
        "UPDATE job SET state = 'RUNNING', attempts = 1, lease = $3, lease_until = now() + $1 WHERE id = $2",
        later,
        runs,
        uuid4(),
    )
    assert [job.id for job in await jobs.due(10)] == [waits]
    assert await jobs.run(waits, succeed)
    assert await jobs.take_back() == 1
    assert await jobs.run(runs, succeed)


async def test_the_sweep_forgets_old_done_jobs_only() -> None:
    done, young, dead = await queued(), await queued(), await queued()
    await jobs.run(done, succeed)
    await jobs.run(young, succeed)
    await execute("UPDATE job SET state = 'DEAD' WHERE id = $1", dead)
    await execute("UPDATE job SET updated_at = now() - interval '3 days' WHERE id = ANY($1)", [done, dead])
    await jobs.sweep()
    assert await fetchval("SELECT array_agg(id ORDER BY id) FROM job") == sorted([young, dead])


async def test_work_is_stalled_when_it_waits_and_nobody_works() -> None:
    waiting, working = await queued(), await queued()
    assert not await jobs.is_stalled(), "it has only just come"
    await execute("UPDATE job SET due_at = now() - interval '1 minute'")
    assert await jobs.is_stalled()
    await execute(
        "UPDATE job SET state = 'RUNNING', lease = $1, lease_until = now() + interval '9 s' WHERE id = $1",
        working,
    )
    assert not await jobs.is_stalled(), "somebody works, if on something else"
    await execute("UPDATE job SET lease_until = now() - interval '1 minute' WHERE id = $1", working)
    await execute("DELETE FROM job WHERE id = $1", waiting)
    assert await jobs.is_stalled(), "its worker is gone"
    await execute("UPDATE job SET state = 'DONE', lease = NULL, updated_at = now() - interval '1 minute'")
    assert not await jobs.is_stalled(), "nothing waits"


async def test_jobs_are_for_the_owner_of_the_server() -> None:
    owner, other = await a_viewer(is_owner=True), await a_viewer()
    ids = [await queued() for _ in range(5)]
    await execute("UPDATE job SET state = 'DEAD', attempts = 3, error = 'X' WHERE id = ANY($1)", ids[:2])
    dead = await job_reads.jobs_of(owner, state=JobState.DEAD)
    assert {job.id for job in dead.nodes} == set(ids[:2])
    first = await job_reads.jobs_of(owner, first=3)
    rest = await job_reads.jobs_of(owner, first=3, after=first.cursors[-1])
    assert [job.id for job in (*first.nodes, *rest.nodes)] == ids[::-1]
    assert (first.has_next, rest.has_next, await first.total()) == (True, False, 5)
    assert [job and job.id for job in await job_reads.jobs_by_ids(owner, [ids[1], uuid4()])] == [ids[1], None]
    assert await job_reads.jobs_by_ids(other, ids) == [None] * 5
    for refused in (job_reads.jobs_of(other), job_commands.retry_jobs(other, ids)):
        with pytest.raises(Forbidden):
            await refused


async def test_a_dead_job_is_retried_with_three_new_attempts() -> None:
    owner, job_id, mutation_id = await a_viewer(is_owner=True), await queued(), uuid4()
    await execute("UPDATE job SET state = 'DEAD', attempts = 3, error = 'X' WHERE id = $1", job_id)
    (retried,) = await job_commands.retry_jobs(owner, [job_id], mutation_id=mutation_id)
    assert (retried.state, retried.attempts, retried.error) == (JobState.QUEUED, 0, None)
    assert await jobs.run(job_id, succeed)
    assert await job_commands.retry_jobs(owner, [job_id], mutation_id=mutation_id) == [retried]
    assert (await present(job_id)).state is JobState.DONE
    with pytest.raises(NotFound):
        await job_commands.retry_jobs(owner, [job_id, uuid4()])


async def a_dead_job(code: str, words: str = "no luck", *, kind: str = "test") -> UUID:
    job_id = await queued(kind=kind)

    async def fail(run: Run) -> None:
        raise Unrepeatable(code, words)

    await jobs.run(job_id, fail)
    return job_id


async def test_what_was_looked_at_last_comes_first_whatever_its_age() -> None:
    old, young, urgent = await queued(), await queued(), await queued(priority=5)
    subjects = {job.id: job.subject for job in await jobs.due(10)}
    await jobs.hurry([subjects[old]])
    await jobs.hurry([subjects[young], uuid4()])
    assert [job.id for job in await jobs.due(10)] == [young, old, urgent]
    await jobs.hurry([subjects[old]])
    assert [job.id for job in await jobs.due(10)] == [old, young, urgent]


async def test_looking_changes_nothing_about_what_runs_or_is_over() -> None:
    done, dead = await queued(), await a_dead_job("CORRUPT")
    await jobs.run(done, succeed)
    before = [await present(done), await present(dead)]
    await jobs.hurry([job.subject for job in before])
    assert [await present(done), await present(dead)] == before


async def test_queues_can_be_left_out() -> None:
    small = await queued()
    async with transaction() as connection:
        large = await jobs.enqueue(connection, "test", uuid4(), priority=9, queue=jobs.LARGE)
    assert [job.id for job in await jobs.due(10)] == [large, small]
    assert [job.id for job in await jobs.due(10, without_queues=[jobs.LARGE])] == [small]


async def test_a_waiting_job_that_is_cancelled_never_runs() -> None:
    owner, job_id = await a_viewer(is_owner=True), await queued()
    (cancelled,) = await job_commands.cancel_jobs(owner, [job_id])
    assert cancelled.state is JobState.CANCELLED
    assert not await jobs.run(job_id, succeed)
    assert await jobs.due(10) == []
    (retried,) = await job_commands.retry_jobs(owner, [job_id])
    assert (retried.state, retried.attempts) == (JobState.QUEUED, 0)
    assert await jobs.run(job_id, succeed)


async def test_a_running_job_that_is_cancelled_is_stopped_and_finishes_nothing() -> None:
    owner, job_id = await a_viewer(is_owner=True), await queued()
    begun, ended = asyncio.Event(), False

    async def work(run: Run) -> None:
        nonlocal ended
        begun.set()
        await asyncio.sleep(30)
        ended = True

    running = asyncio.create_task(jobs.run(job_id, work))
    await begun.wait()
    await jobs.stop_cancelled()
    assert not running.done()
    await job_commands.cancel_jobs(owner, [job_id])
    await jobs.stop_cancelled()
    async with asyncio.timeout(5):
        assert not await running
    assert not ended
    job = await present(job_id)
    assert (job.state, job.attempts) == (JobState.CANCELLED, 1)
    assert await jobs.take_back() == 0


async def test_the_lease_of_a_cancelled_job_changes_nothing_more() -> None:
    owner, job_id = await a_viewer(is_owner=True), await queued()
    refused = 0

    async def work(run: Run) -> None:
        nonlocal refused
        await _required(run)
        await job_commands.cancel_jobs(owner, [job_id])
        for change in (run.report(0.5), _required(run)):
            with pytest.raises(LeaseLost):
                await change
            refused += 1

    assert not await jobs.run(job_id, work)
    assert refused == 2
    assert (await present(job_id)).state is JobState.CANCELLED


async def _required(run: Run) -> None:
    async with transaction() as connection:
        await run.require(connection)


async def test_what_is_over_is_not_cancelled_and_a_repeated_cancel_says_the_same() -> None:
    owner, done, waiting = await a_viewer(is_owner=True), await queued(), await queued()
    await jobs.run(done, succeed)
    mutation_id = uuid4()
    first = await job_commands.cancel_jobs(owner, [done, waiting], mutation_id=mutation_id)
    assert {job.id: job.state for job in first} == {done: JobState.DONE, waiting: JobState.CANCELLED}
    await job_commands.retry_jobs(owner, [waiting])
    assert await job_commands.cancel_jobs(owner, [done, waiting], mutation_id=mutation_id) == first
    assert (await present(waiting)).state is JobState.QUEUED


async def test_only_the_owner_cancels_and_reads_the_report() -> None:
    other, job_id = await a_viewer(), await queued()
    before = await present(job_id)
    for refused in (job_commands.cancel_jobs(other, [job_id]), job_reads.job_report(other)):
        with pytest.raises(Forbidden):
            await refused
    owner = await a_viewer(is_owner=True)
    with pytest.raises(NotFound):
        await job_commands.cancel_jobs(owner, [job_id, uuid4()])
    assert await present(job_id) == before


async def test_the_report_counts_what_there_is() -> None:
    owner = await a_viewer(is_owner=True)
    for _ in range(3):
        await jobs.run(await queued(kind="tiles"), succeed)
    await queued(kind="tiles")
    await a_dead_job("CORRUPT", "first words", kind="tiles")
    await a_dead_job("CORRUPT", "last words", kind="tiles")
    await a_dead_job("TOO_EXPENSIVE", kind="other")
    retrying = await queued(kind="other")

    async def fail(run: Run) -> None:
        raise ValueError

    await jobs.run(retrying, fail)
    old = await queued(kind="tiles")
    await jobs.run(old, succeed)
    await execute("UPDATE job SET updated_at = now() - interval '2 hours' WHERE id = $1", old)
    report = await job_reads.job_report(owner)
    tiles = next(queue for queue in report.queues if queue.kind == "tiles")
    other = next(queue for queue in report.queues if queue.kind == "other")
    assert (tiles.waiting, tiles.retrying, tiles.running, tiles.given_up) == (1, 0, 0, 2)
    assert (tiles.done_an_hour, tiles.failed_an_hour) == (3, 2)
    assert tiles.waiting_since is not None
    assert tiles.half_within is not None
    assert tiles.most_within is not None
    assert 0 <= tiles.half_within <= tiles.most_within < 60
    assert (other.waiting, other.retrying, other.given_up, other.half_within) == (1, 1, 1, None)
    assert other.waiting_since is None  # it is patient
    assert [(failure.kind, failure.code, failure.count) for failure in report.failures] == [
        ("tiles", "CORRUPT", 2),
        ("other", "TOO_EXPENSIVE", 1),
    ]
    assert report.failures[0].words == "last words"
    assert len(report.minutes) == 60
    assert (sum(each.done for each in report.minutes), sum(each.failed for each in report.minutes)) == (3, 3)
    assert report.minutes == sorted(report.minutes, key=lambda each: each.at)


async def test_jobs_are_listed_by_kind_and_reason() -> None:
    owner = await a_viewer(is_owner=True)
    corrupt = await a_dead_job("CORRUPT", kind="tiles")
    await a_dead_job("CORRUPT", kind="other")
    await a_dead_job("TOO_EXPENSIVE", kind="tiles")
    page = await job_reads.jobs_of(owner, kind="tiles", code="CORRUPT")
    assert [job.id for job in page.nodes] == [corrupt]
    assert await page.total() == 1
