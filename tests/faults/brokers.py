"""A Redis (F11 to F13) or a RabbitMQ (F11R to F13R) that dies, forgets and hangs: it only carries hints."""

import asyncio
import signal
from random import Random

from tests.brokers import Broker
from tests.faults.listed import fault
from tests.faults.load import Load
from tests.faults.stage import Stage


@fault("F11", "Redis kill -9, and nothing of it was kept", workers=1, threads=0, broker="redis")
@fault("F11R", "RabbitMQ kill -9, and nothing of it was kept", workers=1, threads=0, broker="rabbitmq")
async def dies(stage: Stage, load: Load, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    await asyncio.to_thread(_of(stage).kill)
    await asyncio.sleep(chance.uniform(0, 4))
    await stage.start("broker")


@fault("F12", "Redis flushed", workers=1, threads=0, broker="redis")
@fault("F12R", "RabbitMQ's queues deleted", workers=1, threads=0, broker="rabbitmq")
async def forgets(stage: Stage, load: Load, chance: Random) -> None:
    for _ in range(chance.randint(1, 8)):
        await asyncio.to_thread(_of(stage).forget)
        await asyncio.sleep(chance.uniform(0, 0.3))


@fault("F13", "Redis SIGSTOP 2 to 12 s", workers=1, threads=0, broker="redis")
@fault("F13R", "RabbitMQ SIGSTOP 2 to 12 s", workers=1, threads=0, broker="rabbitmq")
async def hangs(stage: Stage, load: Load, chance: Random) -> None:
    stage.signal("broker", signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(2, 12))
    stage.signal("broker", signal.SIGCONT)


def _of(stage: Stage) -> Broker:
    assert stage.broker is not None
    return stage.broker
