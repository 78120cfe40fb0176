"""Turns: so many at once; whoever takes long makes room, so that the quick ones do not wait for its end."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Queue = deque["asyncio.Future[None]"]


class BeginAgain(Exception):
    """It took long, others waited, and there was no room aside: they have its place. Next, take `aside`."""


class Turn:
    """What somebody holds: a place, or room aside."""

    def __init__(self, end: asyncio.Timeout) -> None:
        self._end = end
        self.is_aside = False
        self.is_kept = False
        self.is_stopped = False

    def keep(self) -> None:
        """From now on it is not stopped: what it has said would be said twice."""
        self.is_kept = True
        if self.is_stopped:
            self.is_stopped = False
            self._end.reschedule(None)

    def stop(self) -> None:
        self.is_stopped = True
        self._end.reschedule(asyncio.get_running_loop().time())


class Turns:
    """For one event loop. places: how many have their turn at once; as many more may be aside."""

    def __init__(self, places: int, patience_seconds: float) -> None:
        self._free = places
        self._room = places
        self._patience_seconds = patience_seconds
        self._waiting: Queue = deque()
        self._waiting_aside: Queue = deque()
        self._slow: list[Turn] = []  # in places, the slowest first

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Turn]:
        """Raises BeginAgain out of what is done in it, unless that has called `keep`."""
        await self._granted(self._waiting)
        end = asyncio.timeout(None)
        turn = Turn(end)
        patience = asyncio.get_running_loop().call_later(self._patience_seconds, self._is_slow, turn)
        try:
            async with end:
                yield turn
        except TimeoutError:
            if not end.expired():
                raise
            raise BeginAgain from None
        finally:
            patience.cancel()
            if turn in self._slow:
                self._slow.remove(turn)
            self._give_back(turn.is_aside)

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """For what is to begin again: as long as it likes, in nobody's way."""
        await self._granted(self._waiting_aside)
        try:
            yield
        finally:
            self._give_back(is_aside=True)

    async def _granted(self, queue: Queue) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(granted)
        self._settle()
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self._give_back(queue is self._waiting_aside)
            raise

    def _give_back(self, is_aside: bool) -> None:
        if is_aside:
            self._room += 1
        else:
            self._free += 1
        self._settle()

    def _is_slow(self, turn: Turn) -> None:
        self._slow.append(turn)
        self._settle()

    def _settle(self) -> None:
        """Gives what is free to who waits; while others wait, as many slow ones are stopped, latest first."""
        while self._room and _grant(self._waiting_aside):
            self._room -= 1
        while self._room and self._slow:
            self._slow.pop(0).is_aside = True
            self._room -= 1
            self._free += 1
        while self._free and _grant(self._waiting):
            self._free -= 1
        places = sum(turn.is_stopped for turn in self._slow)
        wanted = sum(not granted.done() for granted in self._waiting)
        for turn in reversed(self._slow):
            if places < wanted and not (turn.is_kept or turn.is_stopped):
                turn.stop()
                places += 1


def _grant(queue: Queue) -> bool:
    """To the first who still waits; False: nobody does."""
    while queue:
        granted = queue.popleft()
        if not granted.done():
            granted.set_result(None)
            return True
    return False
