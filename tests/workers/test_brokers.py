"""Brokers elsewhere carry hints: they may be away, die and forget, and every job is done nevertheless."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dramatiq.errors import BrokerConnectionError

from domain.database import fetch, fetchrow, fetchval
from domain.doctor import Verdict
from domain.settings import Settings
from tests import pictures
from tests.brokers import KINDS, PASSWORD, QUOTED, Broker
from tests.factories import a_viewer
from tests.library import add
from tests.workers.following import a_worker, end, until
from workers.checkup import broker_finding
from workers.outside import outside_broker

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


async def said(words: str, capfd: pytest.CaptureFixture[str]) -> str:
    """All that processes said since, once these words are among it."""
    told = ""

    async def is_there() -> bool:
        nonlocal told
        told += capfd.readouterr().err
        return words in told

    await until(is_there)
    return told


def says_what_is_wrong(broker: Broker, settings: Settings) -> None:
    """And nothing of the address; where nothing is wrong it is silent."""

    def reach(url: str, ca: Path | None) -> None:
        with closing(outside_broker(replace(settings, broker_url=url, broker_ca=ca), [])) as made:
            made.reach()

    reach(broker.url, None)
    reach(broker.url.replace("studio%2Fone", "%2F"), None)
    reach(broker.secret_url, broker.ca)
    named = replace(settings, broker_url=broker.secret_url, broker_ca=broker.ca)
    finding = asyncio.run(broker_finding(named))
    assert finding.verdict is Verdict.WELL
    finding = asyncio.run(broker_finding(replace(named, broker_ca=None)))
    assert (finding.verdict, "WEBREF_BROKER_CA" in finding.words) == (Verdict.ILL, True)
    with pytest.raises(BrokerConnectionError, match=r"of nobody who is trusted here.* WEBREF_BROKER_CA"):
        reach(broker.secret_url, None)
    for url, words in broker.wrong().items():
        with pytest.raises(BrokerConnectionError) as told:
            reach(url, broker.ca if urlsplit(url).scheme in ("rediss", "amqps") else None)
        assert words in str(told.value), (url, told.value)
        for secret in ("not-the-secret", PASSWORD, QUOTED, "ss/word", "127.0.0.1", "studio"):
            assert secret not in str(told.value)


async def test_whatever_becomes_of_broker_and_worker_all_is_done_within_the_recovery_time(
    settings: Settings,
    broker: Broker,
    started: Callable[..., Awaitable[Process]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ana = await a_viewer()

    async def sent(seeds: range) -> None:
        for seed in seeds:
            await add(ana, pictures.photo(600, 450, seed=seed), settings)

    worker = await started("brief")
    await sent(range(2))
    await until(all_done)
    await asyncio.to_thread(broker.start)
    told = await said("can be used again", capfd)
    assert told.count("finds jobs by itself. It does not answer (Connection refused)") == 1
    assert told.count("\n") == 2, "and nothing else, however long it takes"

    await sent(range(2, 10))
    await until(lambda: fetchval("SELECT count(*) > 2 FROM job WHERE state = 'DONE'"))
    worker.kill()
    await worker.wait()
    broker.kill()
    monkeypatch.setenv("WEBREF_BROKER_URL", broker.secret_url)
    monkeypatch.setenv("WEBREF_BROKER_CA", str(broker.ca))
    worker = await started("brief")
    await asyncio.to_thread(broker.start)
    await until(all_done, RECOVERY_SECONDS)

    await asyncio.to_thread(says_what_is_wrong, broker, settings)
    broker.forget()
    await sent(range(10, 12))
    await until(all_done, RECOVERY_SECONDS)

    broker.service.signal(signal.SIGSTOP)
    await sent(range(12, 13))
    await until(all_done, 10)
    assert await end(worker) == 0, "it waits for no goodbye"
    broker.service.signal(signal.SIGCONT)

    monkeypatch.setenv("WEBREF_BROKER_URL", next(iter(broker.wrong())))
    monkeypatch.delenv("WEBREF_BROKER_CA")
    capfd.readouterr()
    alone = await started("brief")
    await sent(range(13, 14))
    await until(all_done)
    told = await said("finds jobs by itself. It does not let in this user with this password", capfd)
    assert "not-the-secret" not in told
    alone.kill()
    monkeypatch.setenv("WEBREF_BROKER_URL", broker.url)
    assert await fetchval("SELECT count(*) FROM job") == 14
    assert await fetchval("SELECT max(attempts) FROM job") <= 2
    sizes = await fetch("SELECT array_agg(size ORDER BY size) AS sizes FROM rendition GROUP BY image")
    assert [row["sizes"] for row in sizes] == [[320, 800]] * 14

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
