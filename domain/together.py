"""Much work done together, a few pieces at a time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Iterable
from typing import TypeVar

from domain.errors import DomainError

T = TypeVar("T")
AT_ONCE = 4


async def few_at_once(work: AsyncGenerator[Awaitable[None], None]) -> None:
    """As the pieces come; the first failure ends all and is raised."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[None]) -> None:
        try:
            await each
        finally:
            places.release()

    async with _first_failure() as group, contextlib.aclosing(work):
        async for each in work:
            group.create_task(one(each))
            await places.acquire()


@contextlib.asynccontextmanager
async def _first_failure() -> AsyncGenerator[asyncio.TaskGroup, None]:
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except* DomainError as failed:
        failures = failed.exceptions
    else:
        return
    raise failures[0]


async def each_of(things: Iterable[T]) -> AsyncGenerator[T, None]:
    """For `few_at_once`, where nothing has to be waited for between two of them."""
    for thing in things:
        yield thing
