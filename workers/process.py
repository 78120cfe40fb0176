"""The worker process: Dramatiq's threads, the feeder that reads the job table, and the sweeps.

Actors are coroutines that run on the loop of whoever started this, where the database pool lives.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from dramatiq import Broker, Message, Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import Middleware

from domain import darkroom, jobs, letters, quotas, recipes, storage
from domain.errors import DomainError
from domain.jobs import Job
from domain.notices import job_notices
from domain.settings import Settings
from workers.broker import Forgetful, PostgresBroker, actor_for, make_broker
from workers.letters import letter_poster
from workers.renditions import (
    archive_unpacker,
    look_again,
    make_animation,
    make_atlas,
    make_renditions,
    make_tiles,
)
from workers.sweeps import (
    clean_for_ever,
    keep_atlases_for_ever,
    keep_wal_archive_for_ever,
    look_again_for_ever,
    snapshot_for_ever,
    take_back_for_ever,
)

LOG = logging.getLogger("webref.workers")

POLL_SECONDS = 2.0
HINT_AGAIN_SECONDS = 20.0
OUTSIDE_HINTS = 100
STOP_SECONDS = 3.0


class SharedLoop(EventLoopThread):
    """Lends the running loop to Dramatiq's threads in place of a second one. Never started."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread.__init__(self)
        self.interrupt_check_ival = 0.25
        self.logger = LOG
        self.loop = loop


class Wakeful(Middleware):
    """Lets the feeder look again as soon as a thread is free."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        self.loop = loop
        self.event = wake

    def after_ack(self, broker: Broker, message: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closing
            self.loop.call_soon_threadsafe(self.event.set)

    after_nack = after_ack


class Feeder:
    """Turns due rows into hints: when told by a notice, when a thread is free, and every 2 s."""

    def __init__(self, broker: Broker, threads: int, wake: asyncio.Event, settings: Settings) -> None:
        self.broker = broker
        self.threads = threads
        self.wake = wake
        self.hinted_at: dict[UUID, float] = {}
        self.is_away = False
        self.giving = ThreadPoolExecutor(1, "webref-hints")
        """One thread: a broker elsewhere has a connection for each that ever gave it something."""
        if isinstance(broker, Forgetful):
            broker.when_lost = partial(self.give_again_soon, asyncio.get_running_loop())
        self.large: set[UUID] = set()
        self.actors = {
            jobs.RENDITIONS: actor_for(broker, jobs.PICTURES, make_renditions),
            jobs.LOOKS: actor_for(broker, jobs.PICTURES, look_again),
            jobs.TILES: actor_for(broker, jobs.LARGE, make_tiles),
            jobs.ANIMATION: actor_for(broker, jobs.LARGE, make_animation),
            jobs.ATLAS: actor_for(broker, jobs.LARGE, make_atlas),
            jobs.ARCHIVE: actor_for(broker, jobs.LARGE, archive_unpacker(settings)),
            jobs.LETTER: actor_for(broker, jobs.MAIL, letter_poster(settings)),
        }

    async def run(self) -> None:
        while True:
            self.wake.clear()
            try:
                await self.feed()
            except DomainError as error:
                LOG.warning("due jobs cannot be read: %s", error.message)
            except BrokerConnectionError as error:
                self.hinted_at.clear()
                if not self.is_away:
                    LOG.warning("the broker (WEBREF_BROKER_URL) cannot be reached, jobs wait: %s", error)
                self.is_away = True
            except Exception:
                LOG.exception("hints cannot be given; they come again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()

    async def feed(self) -> None:
        await jobs.stop_cancelled()
        given = self._given()
        room = self.threads + 1 - len(given) if isinstance(self.broker, PostgresBroker) else OUTSIDE_HINTS
        if room <= 0:
            return
        for job in await self._next(room, given):
            actor = self.actors.get(job.kind)
            if actor is None:
                continue
            if job.queue == jobs.LARGE:
                self.large.add(job.id)
            message: Message[Any] = actor.message(str(job.id))
            if isinstance(self.broker, PostgresBroker):
                self.broker.enqueue(message)
            else:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self.giving, self.broker.enqueue, message)
                self.hinted_at[job.id] = loop.time()
                self.is_away = False

    async def _next(self, room: int, given: set[UUID]) -> list[Job]:
        """The most urgent jobs; of the large ones so many that a thread is left for the others."""
        self.large &= given
        share = max(1, self.threads - 1) - len(self.large)
        found = await jobs.due(room, excluding=given)
        large = [job for job in found if job.queue == jobs.LARGE]
        if len(large) <= share:
            return found
        others = await jobs.due(room - share, excluding=given, without_queues=[jobs.LARGE])
        return large[:share] + others

    def _given(self) -> set[UUID]:
        """Jobs whose hint is under way; one given to an outside broker may be lost there, so it ends."""
        if isinstance(self.broker, PostgresBroker):
            return self.broker.taken
        since = asyncio.get_running_loop().time() - HINT_AGAIN_SECONDS
        self.hinted_at = {job_id: at for job_id, at in self.hinted_at.items() if at > since}
        return set(self.hinted_at)

    def give_again_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closing
            loop.call_soon_threadsafe(self.give_again)

    def give_again(self) -> None:
        """The broker may have lost what it was given."""
        self.hinted_at.clear()
        self.wake.set()

    async def listen(self) -> None:
        async for _ in job_notices():
            self.wake.set()


@asynccontextmanager
async def running_workers(settings: Settings) -> AsyncIterator[None]:
    """Works on jobs in this process while the block runs; the database must be open.

    With `workers` 0 only storage and the decoder are made ready. Jobs still running when
    the block ends go back to the table at once.
    """
    await storage.start_storage(settings)
    recipes.follow(settings)
    letters.follow(settings)
    quotas.follow(settings)
    darkroom.warm_up()
    try:
        if settings.workers == 0:
            yield
            return
        async with _working(settings):
            yield
    finally:
        await asyncio.to_thread(darkroom.close)


@asynccontextmanager
async def _working(settings: Settings) -> AsyncIterator[None]:
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    broker = make_broker(settings, Wakeful(loop, wake))
    feeder = Feeder(broker, settings.workers, wake, settings)
    set_event_loop_thread(SharedLoop(loop))
    broker.emit_after("process_boot")  # starts the time limits
    worker = Worker(broker, worker_timeout=1000, worker_threads=settings.workers)
    await asyncio.to_thread(worker.start)
    tasks = [
        asyncio.create_task(task)
        for task in (
            feeder.run(),
            feeder.listen(),
            take_back_for_ever(),
            snapshot_for_ever(settings),
            clean_for_ever(settings),
            look_again_for_ever(),
            keep_atlases_for_ever(),
            keep_wal_archive_for_ever(settings),
        )
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        feeder.giving.shutdown(wait=False)
        await _stop(worker, broker)
        set_event_loop_thread(None)


async def _stop(worker: Worker, broker: Broker) -> None:
    """Takes running jobs back, then ends the threads, which wait for them."""
    jobs.stop_running()
    if isinstance(broker, PostgresBroker):
        broker.wake()
    await asyncio.to_thread(worker.stop, int(STOP_SECONDS * 1000))
    await asyncio.to_thread(broker.close)
