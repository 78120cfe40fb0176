"""A bucket that fails, lies and locks out (F19 to F21)."""

import asyncio
from random import Random

from tests.faults.listed import fault
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.s3 import Fault

METHODS = ("PUT", "POST", "GET", "HEAD")


@fault("F19", "S3 answers 500, 503 or not at all", bucket=True)
async def fails(stage: Stage, load: Load, chance: Random) -> None:
    kinds = ("status 500 InternalError", "status 503 SlowDown", "cut")
    await _meanwhile(
        stage, load, chance, [Fault(chance.choice(kinds), method, times=1_000) for method in METHODS]
    )


@fault("F20", "S3 does it and the answer is lost, cut short or names another ETag", bucket=True)
async def lies(stage: Stage, load: Load, chance: Random) -> None:
    await _meanwhile(
        stage,
        load,
        chance,
        [
            Fault(kind, method, times=chance.randint(1, 6))
            for method in METHODS
            for kind in ("lost", "short", "etag")
        ],
    )


@fault("F21", "S3 credentials have expired", bucket=True)
async def locked_out(stage: Stage, load: Load, chance: Random) -> None:
    await _meanwhile(
        stage, load, chance, [Fault("status 403 ExpiredToken", method, times=1_000) for method in METHODS]
    )


async def _meanwhile(stage: Stage, load: Load, chance: Random, faults: list[Fault]) -> None:
    assert stage.door is not None
    chance.shuffle(faults)
    wanted = sum(each.times for each in faults)
    stage.door.faults += faults
    await asyncio.sleep(chance.uniform(2, 6))
    stage.door.faults.clear()
    if sum(each.times for each in faults) == wanted:
        load.faults.append("no request met the fault")
