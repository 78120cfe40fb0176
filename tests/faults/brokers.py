"""A Redis that dies, forgets and hangs: it only carries hints (F11 to F13)."""

import asyncio
import signal
import subprocess
from random import Random

from tests.faults.listed import CannotRun, fault
from tests.faults.load import Load
from tests.faults.stage import Stage


@fault("F11", "broker kill -9, and nothing of it was kept", workers=1, threads=0, broker=True)
async def dies(stage: Stage, load: Load, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    stage.kill("redis")
    await asyncio.sleep(chance.uniform(0, 4))
    await stage.start("redis")


@fault("F12", "broker flushed", workers=1, threads=0, broker=True)
async def forgets(stage: Stage, load: Load, chance: Random) -> None:
    port = stage.environment["WEBREF_BROKER_URL"].rpartition(":")[2].partition("/")[0]
    for _ in range(chance.randint(1, 8)):
        done = await asyncio.to_thread(_system, "redis-cli", "-p", port, "flushall")
        if done.returncode != 0:
            raise CannotRun("redis-cli is refused")
        await asyncio.sleep(chance.uniform(0, 0.3))


@fault("F13", "broker SIGSTOP 2 to 12 s", workers=1, threads=0, broker=True)
async def hangs(stage: Stage, load: Load, chance: Random) -> None:
    stage.signal("redis", signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(2, 12))
    stage.signal("redis", signal.SIGCONT)


def _system(*command: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, capture_output=True, check=False)
