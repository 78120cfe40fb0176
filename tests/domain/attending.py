"""Processes over one PostgreSQL that tell each other who is here, and what those who look are told."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.database import connect
from domain.errors import DomainError
from domain.presence import (
    PRESENCE_CHANNEL,
    Presence,
    PresenceEvent,
    Presences,
)
from domain.streams import Follower


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Seen:
    """What one follower was told, and who is here by that: as a client would keep it."""

    def __init__(self) -> None:
        self.events: list[PresenceEvent] = []
        self.here: dict[UUID, Presence] = {}
        self.error: DomainError | None = None
        self.follower: Follower[PresenceEvent]

    def take(self, event: PresenceEvent) -> None:
        self.events.append(event)
        if event.is_complete:
            self.here = {}
        for client_id in event.left:
            self.here.pop(client_id, None)
        self.here |= {presence.client_id: presence for presence in event.here}

    def end(self, error: DomainError | None) -> None:
        self.error = error

    async def room(self) -> None:
        pass

    def leave(self) -> None:
        self.follower.leave()


class Process:
    """One API process: it says and hears, and can be cut off or killed."""

    def __init__(self, clock: Clock) -> None:
        self.presences = Presences(clock)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def listen(self) -> None:
        self._connection = await connect(purpose="tests")
        await self._connection.add_listener(PRESENCE_CHANNEL, self._heard)
        self.presences.listening()

    async def cut(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _heard(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        self.presences.heard(str(payload))

    async def follow(self, viewer: Viewer, board_id: UUID, client_id: UUID | None = None) -> Seen:
        seen = Seen()
        seen.follower = Follower(viewer, board_id, seen, self.presences.unfollow)
        await self.presences.follow(seen.follower, client_id)
        return seen


async def until(true: Callable[[], object], seconds: float = 3.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


async def settled() -> None:
    """Long enough for what was said to have been heard."""
    await asyncio.sleep(0.15)
