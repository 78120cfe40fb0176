"""One listener's bounded buffer: a slow one is cut and nobody else waits."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar
from uuid import UUID

from domain.access import Viewer
from domain.errors import DomainError, Resync

T = TypeVar("T")

MOST_WAITING = 500


class Stream(Generic[T]):
    """Events in order. One put under a key that still waits takes the place of the former.

    Iterating ends with `end` once the buffer is empty; `fail` drops what waits and raises at once.
    """

    def __init__(self, viewer: Viewer, board_id: UUID | None = None) -> None:
        self.viewer = viewer
        self.board_id = board_id
        self._waiting: OrderedDict[Hashable, T] = OrderedDict()
        self._stirred = asyncio.Event()
        self._failure: DomainError | None = None
        self._ended = False

    def waiting(self, key: Hashable) -> T | None:
        return self._waiting.get(key)

    def put(self, key: Hashable, event: T) -> None:
        if self._ended:
            return
        if len(self._waiting) >= MOST_WAITING and key not in self._waiting:
            self.fail(Resync("You read too slowly: read the board again, then subscribe from its seq."))
            return
        self._waiting[key] = event
        self._stirred.set()

    def fail(self, error: DomainError) -> None:
        if self._failure is None:
            self._failure = error
        self._waiting.clear()
        self.end()

    def end(self) -> None:
        self._ended = True
        self._stirred.set()

    def require_open(self) -> None:
        """Raises what ended the stream, also between events that do not come from the buffer."""
        if self._failure is not None:
            raise self._failure

    @property
    def ended(self) -> bool:
        return self._ended

    def __aiter__(self) -> "Stream[T]":
        return self

    async def __anext__(self) -> T:
        while not self._waiting:
            self.require_open()
            if self._ended:
                raise StopAsyncIteration
            self._stirred.clear()
            await self._stirred.wait()
        return self._waiting.popitem(last=False)[1]
