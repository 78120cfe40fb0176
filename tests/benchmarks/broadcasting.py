"""A bare `websockets` server that sends the same bytes to all, sixty times a second: the least there is.

`python -m tests.benchmarks.broadcasting <port> <bytes>`; it begins when a client says so, and ends again.
"""

import asyncio
import contextlib
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

RATE = 60


async def main(port: int, size: int) -> None:
    listeners: set[ServerConnection] = set()
    talking = asyncio.Event()

    async def attend(connection: ServerConnection) -> None:
        if connection.request is not None and connection.request.path == "/switch":
            async for _ in connection:
                talking.clear() if talking.is_set() else talking.set()
            return
        listeners.add(connection)
        with contextlib.suppress(Exception):
            await connection.wait_closed()
        listeners.discard(connection)

    async with serve(attend, "127.0.0.1", port, compression=None):
        message = "x" * size
        loop = asyncio.get_running_loop()
        while True:
            await talking.wait()
            due = loop.time() + 1 / RATE
            broadcast(listeners, message)
            await asyncio.sleep(max(0.0, due - loop.time()))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
