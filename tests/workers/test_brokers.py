"""Brokers elsewhere carry hints: they may be away, die and forget, and every job is done nevertheless."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from domain.database import fetch, fetchrow, fetchval
from domain.settings import Settings
from tests import pictures
from tests.brokers import KINDS, Broker
from tests.factories import a_viewer
from tests.library import add
from tests.workers.following import a_worker, end, until

RECOVERY_SECONDS = 30


@pytest.fixture(params=KINDS)
def broker(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broker]:
    made = KINDS[request.param](settings.data)
    monkeypatch.setenv("WEBREF_BROKER_URL", made.url)
    yield made
    made.close()


@pytest.fixture
async def started(database: str, settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Process]]]:
    """Starts worker processes; those that still run at the end are killed."""
    running: list[Process] = []

    async def start(*words: str) -> Process:
        running.append(await a_worker(database, settings, *words))
        return running[-1]

    yield start
    for process in running:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def all_done() -> bool:
    return not await fetchval("SELECT count(*) FROM job WHERE NOT state = 'DONE'")


async def test_whatever_becomes_of_broker_and_worker_all_is_done_within_the_recovery_time(
    settings: Settings, broker: Broker, started: Callable[..., Awaitable[Process]]
) -> None:
    ana = await a_viewer()

    async def sent(seeds: range) -> None:
        for seed in seeds:
            await add(ana, pictures.photo(600, 450, seed=seed), settings)

    worker = await started("brief")
    await sent(range(2))
    await asyncio.sleep(1)
    assert not await fetchval("SELECT count(*) FROM job WHERE NOT state = 'QUEUED'"), "they wait for it"
    await asyncio.to_thread(broker.start)
    await until(all_done, RECOVERY_SECONDS)

    await sent(range(2, 10))
    await until(lambda: fetchval("SELECT count(*) > 2 FROM job WHERE state = 'DONE'"))
    worker.kill()
    await worker.wait()
    broker.kill()
    worker = await started("brief")
    await asyncio.to_thread(broker.start)
    await until(all_done, RECOVERY_SECONDS)

    broker.forget()
    await sent(range(10, 12))
    await until(all_done, RECOVERY_SECONDS)
    assert await fetchval("SELECT count(*) FROM job") == 12
    assert await fetchval("SELECT max(attempts) FROM job") <= 2
    sizes = await fetch("SELECT array_agg(size ORDER BY size) AS sizes FROM rendition GROUP BY image")
    assert [row["sizes"] for row in sizes] == [[320, 800]] * 12
    assert await end(worker) == 0

    dead = (await add(ana, pictures.photo(seed=99), settings)).image.id
    for _ in range(3):
        worker = await started("poison")
        assert await asyncio.wait_for(worker.wait(), 20) == -signal.SIGKILL
    last = await started("poison")
    await until(lambda: fetchval("SELECT state = 'DEAD' FROM job WHERE subject = $1", dead))
    job = await fetchrow("SELECT attempts, error FROM job WHERE subject = $1", dead)
    assert job is not None
    assert (job["attempts"], job["error"].startswith("WORKER_LOST")) == (3, True)
    assert last.returncode is None
    assert await end(last) == 0
