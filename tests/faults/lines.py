"""Lines between clients and server that cut, stay silent, lose and linger (F22 to F25)."""

import asyncio
import random
import shutil
import subprocess
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.faults.listed import CannotRun, fault

if TYPE_CHECKING:
    from tests.faults.load import Load
    from tests.faults.stage import Stage

CHUNK_BYTES = 16 * 1024
FORGOTTEN_HEADS = 200


class Line:
    """A proxy. targets: ports, each connection goes to one of them. mute: what comes is thrown away, and
    nobody is told; slow: seconds that each piece takes, and by how much they differ.
    """

    def __init__(self, target: int) -> None:
        self.targets = [target]
        self.mute = False
        self.slow: tuple[float, float] = (0.0, 0.0)
        self.chance = random.Random(target)
        self.open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0, backlog=1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut(len(self.open))

    def cut(self, count: int) -> None:
        for passing in self.chance.sample(sorted(self.open, key=id), min(count, len(self.open))):
            passing.cancel()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.current_task()
        assert passing is not None
        self.open.add(passing)
        try:
            with suppress(OSError, asyncio.CancelledError):
                inner_reader, inner_writer = await asyncio.open_connection(
                    "127.0.0.1", self.chance.choice(self.targets)
                )
                ways = [
                    asyncio.create_task(self._pass(reader, inner_writer)),
                    asyncio.create_task(self._pass(inner_reader, writer)),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                    await asyncio.wait(ways, timeout=2 * sum(self.slow) + 0.1)
                finally:
                    for way in ways:
                        way.cancel()
                    inner_writer.transport.abort()
        finally:
            writer.transport.abort()
            self.open.discard(passing)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection that was open while the line was mute stays so: its bytes are lost."""
        deaf = False
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                deaf = deaf or self.mute
                if deaf:
                    continue
                middle, spread = self.slow
                if middle:
                    await asyncio.sleep(max(0.0, self.chance.uniform(middle - spread, middle + spread)))
                writer.write(chunk)
                await writer.drain()
        if deaf:
            await asyncio.Event().wait()  # nobody hears that it was closed


@fault("F22", "connections cut again and again, after 0.3 to 3 s", line=True)
async def cuts(stage: "Stage", load: "Load", chance: Random) -> None:
    assert stage.line is not None
    for _ in range(chance.randint(4, 8)):
        await asyncio.sleep(chance.uniform(0.3, 3))
        stage.line.cut(chance.randint(1, 5))


@fault("F23", "half-open connections: nothing arrives, nobody is told", line=True)
async def half_open(stage: "Stage", load: "Load", chance: Random) -> None:
    assert stage.line is not None
    stage.line.mute = True
    await asyncio.sleep(chance.uniform(1, 12))
    stage.line.mute = False


@fault("F24", "5 % of packets lost at 1 Mbit/s", alone=True)
async def lossy(stage: "Stage", load: "Load", chance: Random) -> None:
    for program in ("tc", "nft", "ip"):
        if shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
            raise CannotRun(f"{program} is not installed")
    _system("ip", "link", "set", "lo", "mtu", "1500")
    _system(
        "tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "16k", "latency", "400ms"
    )
    try:
        _system("nft", "add table ip faults")
        _system("nft", "add chain ip faults input { type filter hook input priority 0; policy accept; }")
        _system("nft", "add rule ip faults input ip protocol tcp numgen random mod 100 < 5 drop")
        await asyncio.sleep(chance.uniform(6, 12))
    finally:
        _system("nft", "flush", "ruleset")
        _system("tc", "qdisc", "del", "dev", "lo", "root")


def _system(program: str, *arguments: str) -> None:
    path = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert path is not None
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(f"{program} {arguments[0]} is refused: {done.stderr.strip()}")


@fault("F25", "500 ± 300 ms in each direction, and 200 clients that never end their head", line=True)
async def slow(stage: "Stage", load: "Load", chance: Random) -> None:
    assert stage.line is not None
    stage.line.slow = (0.5, 0.3)
    lingering = [asyncio.create_task(_linger(stage, chance.uniform(0.5, 2))) for _ in range(FORGOTTEN_HEADS)]
    try:
        await load.goes_on(count=1)
        await asyncio.sleep(chance.uniform(1, 4))
    finally:
        stage.line.slow = (0.0, 0.0)
        for each in lingering:
            each.cancel()
        await asyncio.gather(*lingering, return_exceptions=True)


async def _linger(stage: "Stage", every_seconds: float) -> None:
    """Straight to the server: a byte now and then, for ever."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", int(stage.environment["WEBREF_PORT"]))
        try:
            writer.write(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(every_seconds)
        finally:
            writer.transport.abort()
