"""Giving hints to a broker elsewhere for as long as it takes them; why it does not is said once."""

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any
from uuid import UUID

from dramatiq import Message
from dramatiq.errors import BrokerConnectionError

from workers.aside import Aside
from workers.outside import Forgetful

LOG = logging.getLogger("webref.workers")

LOOK_SECONDS = 2.0
GIVE_SECONDS = 5.0
HINT_AGAIN_SECONDS = 20.0


class Giving:
    """is_open: it took hints when it was last looked or given one. wake: set when that changes."""

    def __init__(self, broker: Forgetful, wake: asyncio.Event) -> None:
        self.broker = broker
        self.wake = wake
        self.is_open = False
        self._hinted_at: dict[UUID, float] = {}
        self._is_told = False
        self._look = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._aside = Aside("webref-hints")
        """One thread: a broker elsewhere has a connection for each that ever gave it something."""
        broker.when_lost = self._lost

    async def keep_open(self) -> None:
        """Looks at the start and after it was lost, and every 2 s for as long as it cannot be used."""
        while True:
            self._look.clear()
            if not self.is_open:
                await self._reach()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self.is_open else LOOK_SECONDS):
                    await self._look.wait()

    async def _reach(self) -> None:
        try:
            await self._aside.do(self.broker.reach)
        except BrokerConnectionError as error:
            if not self._is_told:
                LOG.warning(
                    "The broker (WEBREF_BROKER_URL) cannot be used; this process finds jobs by itself. %s",
                    error,
                )
            self._is_told = True
            return
        if self._is_told:
            LOG.warning("The broker (WEBREF_BROKER_URL) can be used again.")
        self._is_told = False
        self.is_open = True
        self.wake.set()

    async def give(self, job_id: UUID, message: Message[Any]) -> bool:
        """False: it is not known that it has it."""
        giving = self._aside.do(partial(self.broker.enqueue, message))
        done, _ = await asyncio.wait({giving}, timeout=GIVE_SECONDS)
        if not done or isinstance(giving.exception(), BrokerConnectionError):
            self.doubt()
            return False
        giving.result()
        self._hinted_at[job_id] = self._loop.time()
        return True

    def under_way(self) -> set[UUID]:
        """Jobs whose hint it has. It may lose one without a word: that lasts 20 s."""
        since = self._loop.time() - HINT_AGAIN_SECONDS
        self._hinted_at = {job_id: at for job_id, at in self._hinted_at.items() if at > since}
        return set(self._hinted_at)

    def doubt(self) -> None:
        """It may have lost what it was given, or be away."""
        self.is_open = False
        self._hinted_at.clear()
        self._look.set()
        self.wake.set()

    def _lost(self) -> None:
        """By a thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closing
            self._loop.call_soon_threadsafe(self.doubt)

    def end(self) -> None:
        self._aside.end()
