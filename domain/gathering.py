"""Gathering: whoever asks while a statement is under way waits for the next one and shares it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")


class Gathering(Generic[Key, Found]):
    """Asks for one thing as for many at once. Nobody is told anything that was read before they asked."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._ask = ask
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def find(self, key: Key) -> Found | None:
        """None: it was not among what was found. Raises what the asking raises."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Found | None] = loop.create_future()
        self._waiting.setdefault(key, []).append(found)
        if self._runner is None:
            # Of the first who asks it knows nothing, least of all their transaction.
            self._runner = loop.create_task(self._run(), context=Context())
        return await found

    async def _run(self) -> None:
        asked: dict[Key, list[asyncio.Future[Found | None]]] = {}
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._runner = None
            for waiting in (asked, self._waiting):  # where this was cancelled
                for futures in waiting.values():
                    for future in futures:
                        future.cancel()
            self._waiting = {}

    async def _answer(self, asked: Mapping[Key, Sequence[asyncio.Future[Found | None]]]) -> None:
        try:
            found = await self._ask(list(asked))
        except Exception as error:
            for futures in asked.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            return
        for key, futures in asked.items():
            for future in futures:
                if not future.done():
                    future.set_result(found.get(key))
