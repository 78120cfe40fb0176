"""Turns: so many at once, and whoever takes long steps aside, so that the quick ones need not wait for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """For one event loop. As many may be aside as there are places; who finds no room there keeps theirs."""

    def __init__(self, places: int, patience_seconds: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._aside = asyncio.Semaphore(places)
        self._patience_seconds = patience_seconds

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        await self._places.acquire()
        held = self._places

        async def step_aside() -> None:
            nonlocal held
            await asyncio.sleep(self._patience_seconds)
            await self._aside.acquire()
            held = self._aside
            self._places.release()

        stepping = asyncio.create_task(step_aside())
        try:
            yield
        finally:
            stepping.cancel()
            held.release()
