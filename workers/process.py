"""The worker process: Dramatiq's threads, the feeder that reads the job table, and the sweeps.

Actors are coroutines that run on the loop of whoever started this, where the database pool lives.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from dramatiq import Actor, Broker, Message, Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.middleware import Middleware

from domain import darkroom, jobs, letters, quotas, recipes, storage
from domain.errors import DomainError
from domain.jobs import Job
from domain.notices import job_notices
from domain.settings import Settings
from workers.aside import Aside
from workers.broker import PostgresBroker, actor_for, layers
from workers.giving import Giving
from workers.letters import letter_poster
from workers.outside import keep_clients_quiet, outside_broker
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
    """Turns due rows into hints: when told by a notice, when a thread is free, and every 2 s.

    near: the broker of this process. giving: to one elsewhere, which has the hints while it takes them.
    """

    def __init__(
        self,
        near: PostgresBroker,
        threads: int,
        wake: asyncio.Event,
        settings: Settings,
        giving: Giving | None = None,
    ) -> None:
        self.near = near
        self.threads = threads
        self.wake = wake
        self.giving = giving
        self.large: set[UUID] = set()
        self.actors = actors_of(near, settings)
        if giving is not None:
            actors_of(giving.broker, settings)

    async def run(self) -> None:
        while True:
            self.wake.clear()
            try:
                await self.feed()
            except DomainError as error:
                LOG.warning("due jobs cannot be read: %s", error.message)
            except Exception:
                LOG.exception("hints cannot be given; they come again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()

    async def feed(self) -> None:
        await jobs.stop_cancelled()
        elsewhere = self.giving if self.giving is not None and self.giving.is_open else None
        room = self.threads + 1 - len(self.near.taken) if elsewhere is None else OUTSIDE_HINTS
        if room <= 0:
            return
        for job in await self._next(room, self._given()):
            actor = self.actors.get(job.kind)
            if actor is None:
                continue
            if job.queue == jobs.LARGE:
                self.large.add(job.id)
            message: Message[Any] = actor.message(str(job.id))
            if elsewhere is None:
                self.near.enqueue(message)
            elif not await elsewhere.give(job.id, message):
                return  # and comes again at once

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
        """Jobs whose hint is under way."""
        return self.near.taken | (set() if self.giving is None else self.giving.under_way())

    async def listen(self) -> None:
        async for _ in job_notices():
            self.wake.set()


def actors_of(broker: Broker, settings: Settings) -> "dict[str, Actor[[str], None]]":
    """What is done for which kind of job."""
    return {
        jobs.RENDITIONS: actor_for(broker, jobs.PICTURES, make_renditions),
        jobs.LOOKS: actor_for(broker, jobs.PICTURES, look_again),
        jobs.TILES: actor_for(broker, jobs.LARGE, make_tiles),
        jobs.ANIMATION: actor_for(broker, jobs.LARGE, make_animation),
        jobs.ATLAS: actor_for(broker, jobs.LARGE, make_atlas),
        jobs.ARCHIVE: actor_for(broker, jobs.LARGE, archive_unpacker(settings)),
        jobs.LETTER: actor_for(broker, jobs.MAIL, letter_poster(settings)),
    }


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
    near, giving = PostgresBroker(layers(Wakeful(loop, wake))), None
    brokers: list[Broker] = [near]
    if settings.broker_url is not None:
        giving = Giving(outside_broker(settings, layers(Wakeful(loop, wake))), wake)
        brokers.append(giving.broker)
    feeder = Feeder(near, settings.workers, wake, settings, giving)
    if giving is not None:
        keep_clients_quiet(giving.broker)
    set_event_loop_thread(SharedLoop(loop))
    workers = []
    for broker in brokers:
        broker.emit_after("process_boot")  # starts the time limits
        workers.append(Worker(broker, worker_timeout=1000, worker_threads=settings.workers))
        await asyncio.to_thread(workers[-1].start)
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
            *([] if giving is None else [giving.keep_open()]),
        )
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if giving is not None:
            giving.end()
        jobs.stop_running()
        near.wake()
        await asyncio.gather(*map(_stop, workers, brokers))
        set_event_loop_thread(None)


async def _stop(worker: Worker, broker: Broker) -> None:
    """Ends the threads, which wait for running jobs; these go back to the table. A broker elsewhere that
    does not say goodbye is left.
    """

    def stop() -> None:
        worker.stop(int(STOP_SECONDS * 1000))
        broker.close()

    aside = Aside("webref-stopping")
    ended = aside.do(stop)
    aside.end()
    patience = None if isinstance(broker, PostgresBroker) else 2 * STOP_SECONDS
    done, _ = await asyncio.wait({ended}, timeout=patience)
    if done:
        ended.result()
    else:
        LOG.warning("The broker (WEBREF_BROKER_URL) does not answer, and is left without a goodbye.")
