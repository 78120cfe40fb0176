"""Workers: every picture is developed although workers are killed, stopped or poisoned."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import psutil
import pytest
from dramatiq import Message

from domain import (
    compaction,
    darkroom,
    job_commands,
    jobs,
    originals,
    snapshots,
    storage,
    uploads,
    wal_archive,
)
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.jobs import JobState
from domain.settings import BadSetting, Settings
from domain.upload_rows import Label
from tests import pictures
from tests.factories import a_board, a_viewer
from tests.laws import require_laws
from tests.library import add
from tests.workers.following import a_worker, end, is_ready, until
from workers import sweeps
from workers.broker import PostgresBroker, actor_for
from workers.giving import Giving
from workers.outside import outside_broker
from workers.process import Feeder, running_workers
from workers.renditions import make_renditions


async def test_an_upload_is_developed_within_moments(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    async with running_workers(settings):
        begun = time.monotonic()
        added = [(await add(ana, pictures.photo(seed=seed), settings)).image.id for seed in range(6)]
        for image_id in added:
            await until(lambda image_id=image_id: is_ready(image_id))  # type: ignore[misc]
        assert time.monotonic() - begun < 15
    rows = await fetch("SELECT image, size, digest FROM rendition ORDER BY image, size")
    assert [(row["image"], row["size"]) for row in rows] == [
        (image_id, size) for image_id in sorted(added) for size in (320, 800, 1600)
    ]
    assert await fetchval("SELECT count(*) FROM job WHERE state = 'DONE' AND attempts = 1") == 6


async def test_each_rendition_is_announced_the_smallest_first(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    seen: list[list[int]] = []
    async with running_workers(settings):
        added = await add(ana, pictures.photo(4000, 3000), settings)

        async def look() -> bool:
            sizes = await fetchval(
                "SELECT array_agg(size ORDER BY size) FROM rendition WHERE image = $1", added.image.id
            )
            if sizes and (not seen or seen[-1] != sizes):
                seen.append(sizes)
            return await is_ready(added.image.id)

        await until(look)
    assert all(sizes == [320, 800, 1600][: len(sizes)] for sizes in seen)
    assert seen[-1] == [320, 800, 1600]


async def test_no_workers_means_jobs_wait(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    async with running_workers(Settings(data=settings.data, workers=0)):
        added = await add(ana, pictures.photo(), settings)
        await asyncio.sleep(0.5)
    assert await fetchval("SELECT state FROM image WHERE id = $1", added.image.id) == "WAITING"


async def test_a_killed_worker_delays_its_picture_and_repeats_nothing(
    database: str, settings: Settings
) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(5600, 4200), settings)
    first = await a_worker(database, settings)
    await until(lambda: fetchval("SELECT count(*) > 1 FROM rendition WHERE image = $1", added.image.id))
    decoders = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    await first.wait()
    killed_at = time.monotonic()
    job = await fetchrow("SELECT * FROM job WHERE subject = $1", added.image.id)
    assert job is not None
    if job["state"] != JobState.DONE:
        assert (job["state"], job["attempts"]) == (JobState.RUNNING, 1)
    second = await a_worker(database, settings)
    await until(lambda: is_ready(added.image.id), 30)
    assert time.monotonic() - killed_at < 30
    rows = await fetch("SELECT size, digest FROM rendition WHERE image = $1 ORDER BY size", added.image.id)
    assert [row["size"] for row in rows] == [320, 800, 1600]
    assert await fetchval("SELECT count(*) FROM job WHERE subject = $1", added.image.id) == 1
    assert [path.name for path in (settings.blobs / "incoming").iterdir()] == []
    assert not any(decoder.is_running() for decoder in decoders), "its decoder died with it"
    assert await end(second) == 0


async def test_an_archive_whose_worker_is_killed_gives_each_of_its_pictures_once(
    database: str, settings: Settings
) -> None:
    ana = await a_viewer()
    board_id = (await a_board(ana)).id
    files = {f"{number}.jpg": pictures.photo(1600, 1200, seed=number) for number in range(8)}
    async with originals.receive(settings) as intake:
        await intake.write(pictures.packed({**files, "words.txt": b"no picture"}))
        upload = await uploads.take_archive(ana, settings, intake, Label("a.zip", board=board_id))
    first = await a_worker(database, settings, "brief")
    await until(lambda: fetchval("SELECT count(*) > 2 FROM unpacked"))
    first.kill()
    await first.wait()
    assert (await uploads.upload(ana, upload.id)).outcome is None, "it was in the middle of it"
    before = await fetchval("SELECT array_agg(id) FROM image")
    second = await a_worker(database, settings, "brief")
    await until(lambda: fetchval("SELECT outcome IS NOT NULL FROM upload"))
    outcome = (await uploads.upload(ana, upload.id)).outcome
    assert outcome is not None
    assert outcome.entries is not None
    assert [entry.name for entry in outcome.entries] == [*files, "words.txt"]
    assert [entry.code for entry in outcome.entries] == [""] * 8 + ["IMAGE_REFUSED"]
    assert not any(entry.deduplicated for entry in outcome.entries)
    assert set(before) < set(outcome.image_ids)
    assert await fetchval("SELECT array_agg(id ORDER BY created_at) FROM image") == outcome.image_ids
    assert outcome.placed is not None
    assert len(outcome.placed.item_ids) == await fetchval("SELECT count(*) FROM item") == 8
    assert len(await require_laws(board_id)) == 2
    assert await fetchval("SELECT attempts FROM job WHERE kind = 'archive'") == 2
    assert await end(second) == 0
    assert list((settings.blobs / "archives").iterdir()) == []


async def test_a_job_that_kills_its_worker_is_dead_after_three_and_says_so(
    database: str, settings: Settings
) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)
    for _ in range(3):
        worker = await a_worker(database, settings, "poison")
        assert await asyncio.wait_for(worker.wait(), 20) == -signal.SIGKILL
        await asyncio.sleep(1.1)
    last = await a_worker(database, settings, "poison")
    await until(lambda: fetchval("SELECT state = 'DEAD' FROM job WHERE subject = $1", added.image.id))
    assert last.returncode is None
    job = await fetchrow("SELECT * FROM job WHERE subject = $1", added.image.id)
    assert job is not None
    assert job["attempts"] == 3
    assert job["error"].startswith("WORKER_LOST")
    image = await fetchrow("SELECT state, failure FROM image WHERE id = $1", added.image.id)
    assert image is not None
    assert tuple(image) == ("FAILED", "WORKER_LOST")
    assert await end(last) == 0


async def test_a_worker_told_to_stop_gives_its_jobs_back(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    for seed in range(8):
        await add(ana, pictures.photo(3000, 2000, seed=seed), settings)
    worker = await a_worker(database, settings)
    await until(lambda: fetchval("SELECT count(*) FROM rendition"))
    begun = time.monotonic()
    assert await end(worker) == 0
    assert time.monotonic() - begun < 12
    rows = await fetch("SELECT state, attempts FROM job")
    assert {row["state"] for row in rows} <= {"DONE", "QUEUED"}
    assert {row["attempts"] for row in rows if row["state"] == "QUEUED"} <= {0}


async def test_a_killed_decoder_costs_one_attempt(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    async with running_workers(settings):
        added = await add(ana, pictures.photo(5000, 4000), settings)
        await until(lambda: fetchval("SELECT count(*) FROM job WHERE state = 'RUNNING'"))
        os.kill(darkroom.decoder_id() or 0, signal.SIGKILL)
        await until(lambda: is_ready(added.image.id))


async def test_idle_workers_cost_next_to_nothing(database: str, settings: Settings) -> None:
    async with running_workers(settings):
        await asyncio.sleep(0.5)
        before = time.process_time()
        await asyncio.sleep(2.0)
        assert time.process_time() - before < 0.06


async def test_a_missed_notice_costs_a_poll_not_a_job(database: str, settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)
    await execute("UPDATE job SET due_at = now() + interval '1 s'")
    async with running_workers(settings):
        await until(lambda: is_ready(added.image.id), 10)


def test_our_broker_hints_each_job_once() -> None:
    broker = PostgresBroker([])
    broker.declare_queue("pictures")
    message = _hint(broker, uuid4())
    broker.enqueue(message)
    broker.enqueue(message)
    consumer = broker.consume("pictures", timeout=10)
    hint = next(consumer)
    assert hint is not None
    assert next(consumer) is None
    assert len(broker.taken) == 1
    consumer.ack(hint)
    assert broker.taken == set()
    broker.enqueue(message)
    assert next(consumer) is not None


def _hint(broker: PostgresBroker, job_id: UUID) -> Message[None]:
    return actor_for(broker, jobs.PICTURES, make_renditions).message(str(job_id))


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1"])
def test_a_broker_without_its_client_is_said_in_words(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for client, broker in (("redis", "redis"), ("pika", "rabbitmq")):
        monkeypatch.setitem(sys.modules, client, None)
        monkeypatch.delitem(sys.modules, f"dramatiq.brokers.{broker}", raising=False)
    with pytest.raises(BadSetting, match="dramatiq"):
        outside_broker(Settings(broker_url=url), [])


@pytest.mark.parametrize("password", ["secret-of-hers", "secret/of-hers"])
@pytest.mark.parametrize("url", ["amqp://broker:99999", "amqp://broker/?heartbeat=soon", "redis://broker:x"])
def test_an_address_that_is_none_is_said_in_words_and_shows_no_password(url: str, password: str) -> None:
    """Nor a part of it, as where a sign in it ends the host."""
    with pytest.raises(BadSetting, match="is no address of such a broker") as told:
        outside_broker(Settings(broker_url=url.replace("//", f"//ana:{password}@")), [])
    assert "secret" not in told.value.message


@pytest.mark.parametrize("url", ["rediss://broker/0", "amqps://broker"])
def test_a_file_that_holds_no_certificate_is_named(url: str, tmp_path: Path) -> None:
    for name, content in (("nowhere.pem", None), ("empty.pem", b""), ("key.pem", b"-----BEGIN KEY-----")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(BadSetting, match=name) as told:
            outside_broker(Settings(broker_url=url, broker_ca=tmp_path / name), [])
        assert told.value.details["variable"] == "WEBREF_BROKER_CA"


async def test_a_sweep_outlives_what_nobody_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = asyncio.Queue[int]()

    async def failing(*_: object) -> int:
        runs.put_nowait(1)
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr(sweeps, "TAKE_BACK_SECONDS", 0.01)
    monkeypatch.setattr(sweeps, "CLEAN_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "take_back", failing)
    monkeypatch.setattr(jobs, "sweep", failing)
    monkeypatch.setattr(sweeps, "SNAPSHOT_SECONDS", 0.01)
    monkeypatch.setattr(snapshots, "take_snapshots", failing)
    for sweep in (
        sweeps.take_back_for_ever(),
        sweeps.snapshot_for_ever(Settings()),
        sweeps.clean_for_ever(Settings()),
    ):
        swept = asyncio.create_task(sweep)
        async with asyncio.timeout(5):
            for _ in range(3):
                await runs.get()
        swept.cancel()
        await asyncio.gather(swept, return_exceptions=True)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("days", [0, 30])
async def test_history_goes_only_where_somebody_said_so(
    days: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: asyncio.Queue[int] = asyncio.Queue()
    cleaned: asyncio.Queue[float] = asyncio.Queue()

    async def compact(keep_days: int) -> compaction.Compacted:
        asked.put_nowait(keep_days)
        return compaction.Compacted()

    async def remove_old_drafts(seconds: float) -> int:
        await cleaned.put(seconds)
        return 0

    monkeypatch.setattr(sweeps, "CLEAN_SECONDS", 0.01)
    monkeypatch.setattr(compaction, "compact", compact)
    monkeypatch.setattr(storage, "remove_old_drafts", remove_old_drafts)
    swept = asyncio.create_task(sweeps.clean_for_ever(replace(settings, history_days=days)))
    async with asyncio.timeout(5):
        for _ in range(3):
            await cleaned.get()
    swept.cancel()
    await asyncio.gather(swept, return_exceptions=True)
    assert (asked.qsize() > 0) == (days > 0)
    assert {asked.get_nowait() for _ in range(asked.qsize())} <= {days}


async def test_the_wal_archive_is_kept_up_every_15_s_and_once_more_when_all_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sweeps.ARCHIVE_SECONDS == 15
    rounds: asyncio.Queue[int] = asyncio.Queue()

    async def round_(keeper: wal_archive.Keeper) -> None:
        rounds.put_nowait(1)

    monkeypatch.setattr(wal_archive.Keeper, "round", round_)
    await sweeps.keep_wal_archive_for_ever(Settings())
    assert rounds.empty(), "nobody asked for it"
    kept = asyncio.create_task(sweeps.keep_wal_archive_for_ever(Settings(wal_archive=tmp_path)))
    async with asyncio.timeout(5):
        await rounds.get()
    assert rounds.empty()
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
    assert (kept.cancelled(), rounds.qsize()) == (True, 1)


class Elsewhere:
    """What a feeder sees of a broker elsewhere."""

    def __init__(self) -> None:
        self.broker = PostgresBroker([])
        self.is_open = True
        self.given: set[UUID] = set()

    def under_way(self) -> set[UUID]:
        return self.given

    async def give(self, job_id: UUID, message: Message[object]) -> bool:
        if self.is_open and len(self.given) < 2:
            self.given.add(job_id)
            return True
        self.is_open = False
        return False


async def test_hints_go_to_a_broker_elsewhere_while_it_takes_them_and_stay_here_else(
    database: str, settings: Settings
) -> None:
    near, elsewhere = PostgresBroker([]), Elsewhere()
    feeder = Feeder(near, 4, asyncio.Event(), settings, cast(Giving, elsewhere))
    async with transaction() as connection:
        due = {await jobs.enqueue(connection, jobs.RENDITIONS, uuid4()) for _ in range(3)}
    await feeder.feed()
    assert (len(elsewhere.given), near.taken) == (2, set())
    await feeder.feed()
    assert near.taken == due - elsewhere.given


async def test_large_jobs_leave_a_thread_to_the_others(database: str, settings: Settings) -> None:
    broker = PostgresBroker([])
    feeder = Feeder(broker, 2, asyncio.Event(), settings)
    async with transaction() as connection:
        large = [
            await jobs.enqueue(connection, jobs.RENDITIONS, uuid4(), priority=9, queue=jobs.LARGE)
            for _ in range(3)
        ]
        small = await jobs.enqueue(connection, jobs.RENDITIONS, uuid4())
    await feeder.feed()
    assert len(broker.taken & set(large)) == 1
    assert small in broker.taken


async def test_a_cancelled_job_is_dropped_within_moments(database: str, settings: Settings) -> None:
    owner = await a_viewer(is_owner=True)
    feeder = Feeder(PostgresBroker([]), 2, asyncio.Event(), settings)
    async with transaction() as connection:
        job_id = await jobs.enqueue(connection, "test", uuid4())
    running = asyncio.create_task(jobs.run(job_id, lambda _: asyncio.sleep(30)))
    await until(lambda: fetchval("SELECT state = 'RUNNING' FROM job"))
    tasks = [asyncio.create_task(work) for work in (feeder.run(), feeder.listen())]
    await job_commands.cancel_jobs(owner, [job_id])
    async with asyncio.timeout(4):
        assert not await running
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await fetchval("SELECT state FROM job") == JobState.CANCELLED
