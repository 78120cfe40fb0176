"""A door between a client and a server that cuts connections whenever it likes."""

import asyncio
import random
from contextlib import suppress

CHUNK_BYTES = 16 * 1024


class CuttingDoor:
    """`async with CuttingDoor(port, chance) as door`: clients use `door.url`. cuts: how many there were."""

    def __init__(self, port: int, chance: random.Random, *, every_seconds: float) -> None:
        self.cuts = 0
        self._target = port
        self._chance = chance
        self._every_seconds = every_seconds
        self._open: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "CuttingDoor":
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._cutter = asyncio.create_task(self._cut())
        return self

    def rest(self) -> None:
        """From now on nothing is cut: on a slow machine each cut may come before the last was got over."""
        self._cutter.cancel()

    async def __aexit__(self, *_: object) -> None:
        self.rest()
        self._server.close()
        for passing in self._open:
            passing.cancel()
        await asyncio.gather(self._cutter, *self._open, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.current_task()
        assert passing is not None
        self._open.append(passing)
        try:
            with suppress(OSError):
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
                try:
                    both = (_pass(reader, inner_writer), _pass(inner_reader, writer))
                    await asyncio.wait(
                        [asyncio.ensure_future(way) for way in both], return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    inner_writer.transport.abort()
        except asyncio.CancelledError:
            self.cuts += 1
        finally:
            writer.transport.abort()
            self._open.remove(passing)

    async def _cut(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.2, 1.8) * self._every_seconds)
            if self._open:
                self._chance.choice(self._open).cancel()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
