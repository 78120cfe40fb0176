"""Leaving: what is sent to who has left goes nowhere, without a word; so it is heard who leaves."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar.types import Receive


@asynccontextmanager
async def listening(receive: Receive) -> AsyncGenerator["asyncio.Task[None]", None]:
    """A task that is done when the client has left. For who has read the body of the request."""
    leaving = asyncio.create_task(_left(receive))
    try:
        yield leaving
    finally:
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
