"""Following: a follower is told what happens by calls, in order, until it ends; nobody waits for it."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from domain import metrics
from domain.access import Viewer
from domain.errors import DomainError, Resync

LOG = logging.getLogger("webref.live")

T = TypeVar("T")
Told = TypeVar("Told", contravariant=True)

MOST_WAITING = 500


class Sink(Protocol[Told]):
    """Where the events of one stream go. `take` and `end` are called as it happens: they never wait.

    take may raise a DomainError, which ends the stream with it. room: returns when more may come; asked only
    for what can wait where it is (a log that is read).
    """

    def take(self, event: Told) -> None: ...

    def end(self, error: DomainError | None) -> None:
        """The last call: why the stream ends, None where it is simply over."""

    async def room(self) -> None: ...


class Follower(Generic[T]):
    """One viewer's stream while it is open. after: lines of the log up to this seq are known to it."""

    def __init__(
        self,
        viewer: Viewer,
        board_id: UUID | None,
        sink: Sink[T],
        left: "Callable[[Follower[T]], None]",
    ) -> None:
        self.viewer = viewer
        self.board_id = board_id
        self.after = 0
        self.ended = False
        self._sink = sink
        self._left = left
        metrics.FOLLOWERS.inc()

    def tell(self, event: T) -> None:
        """A sink that raises ends its own stream and harms no other."""
        if self.ended:
            return
        try:
            self._sink.take(event)
        except DomainError as error:
            self.end(error)
        except Exception:
            LOG.exception("an event could not be told")
            self.end(too_slow())

    def end(self, error: DomainError | None = None) -> None:
        if not self.ended:
            self.leave()
            try:
                self._sink.end(error)
            except Exception:
                LOG.exception("an end could not be told")

    def leave(self) -> None:
        """Ends it without a word to the sink."""
        if not self.ended:
            metrics.FOLLOWERS.dec()
        self.ended = True
        self._left(self)

    async def room(self) -> None:
        await self._sink.room()


def newest(_earlier: object, later: T) -> T:
    return later


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What events of one sort have in common: of two under one key a slow reader gets both as one."""

    key: Callable[[T], Hashable]
    merged: Callable[[T, T], T] = newest


class Waiting(Generic[T]):
    """What a slow reader has not taken yet: in order, bounded, merged."""

    def __init__(self, kind: Kind[T]) -> None:
        self._kind = kind
        self._events: OrderedDict[Hashable, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: T) -> None:
        """Raises Resync when too much waits already."""
        key = self._kind.key(event)
        earlier = self._events.get(key)
        if earlier is not None:
            event = self._kind.merged(earlier, event)
        elif len(self._events) >= MOST_WAITING:
            raise too_slow()
        self._events[key] = event

    def first(self) -> T:
        return next(iter(self._events.values()))

    def take(self) -> T:
        return self._events.popitem(last=False)[1]

    def clear(self) -> None:
        self._events.clear()


def too_slow() -> Resync:
    metrics.CUT.inc()
    return Resync("You read too slowly: read the board again, then subscribe from its seq.")


class Following(Generic[T]):
    """A stream that has not begun: `begin` tells it to a sink; or it is read with `async for`, like a file.

    Both raise what refuses the stream, and a reader what ends it.
    """

    def __init__(self, kind: Kind[T], begin: Callable[[Sink[T]], Awaitable[Follower[T]]]) -> None:
        self.kind = kind
        self.begin = begin
        self._reader: _Reader[T] | None = None
        self._begun: asyncio.Task[Follower[T] | None] | None = None

    def __aiter__(self) -> "Following[T]":
        return self

    async def __anext__(self) -> T:
        if self._reader is None:
            self._reader = _Reader(self.kind)
            self._begun = asyncio.create_task(self._begin(self._reader))
        return await self._reader.next()

    async def aclose(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.cancel()
            (follower,) = await asyncio.gather(begun, return_exceptions=True)
            if isinstance(follower, Follower):
                follower.leave()

    async def _begin(self, reader: "_Reader[T]") -> Follower[T] | None:
        try:
            return await self.begin(reader)
        except Exception as error:
            reader.fail(error)
            return None


class _Reader(Generic[T]):
    """A sink that is read one by one. What waits is read before an end, and dropped by an error."""

    def __init__(self, kind: Kind[T]) -> None:
        self._waiting = Waiting(kind)
        self._failure: Exception | None = None
        self._ended = False
        self._came = asyncio.Event()
        self._went = asyncio.Event()

    def take(self, event: T) -> None:
        if not self._ended:
            self._waiting.put(event)
            self._came.set()

    def end(self, error: DomainError | None) -> None:
        if error is not None:
            self.fail(error)
        self._ended = True
        self._came.set()

    def fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
        self._waiting.clear()
        self._ended = True
        self._came.set()
        self._went.set()

    async def room(self) -> None:
        while len(self._waiting) and not self._ended:
            self._went.clear()
            await self._went.wait()

    async def next(self) -> T:
        while not len(self._waiting):
            if self._failure is not None:
                raise self._failure
            if self._ended:
                raise StopAsyncIteration
            self._came.clear()
            await self._came.wait()
        self._went.set()
        return self._waiting.take()
