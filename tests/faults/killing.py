"""Processes that die, hang and are told to stop (F1 to F6), and run out of memory (F27)."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil

from tests.faults.fatal import POINTS
from tests.faults.listed import MANY, CannotRun, fault
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.pictures import photo

STOPPED_SECONDS = 12.0


@fault("F1", f"API kill -9 at {', '.join(POINTS)}", seeds=MANY)
async def api_dies(stage: Stage, load: Load, chance: Random) -> None:
    stage.arm("api", f"{chance.choice(POINTS)} {chance.randint(1, 12)}")
    if not await stage.died("api", 60):
        load.faults.append("the point was never passed")
        stage.kill("api")
    await stage.start("api")


@fault("F2", "worker kill -9 while renditions are made", seeds=MANY, workers=2, threads=0)
async def worker_dies(stage: Stage, load: Load, chance: Random) -> None:
    name = chance.choice(["worker1", "worker2"])
    stage.arm(name, "after-claim 1")
    moment = chance.choice(["claimed", "developing"])
    if moment == "developing":  # in the middle of it: wherever the clock finds it
        await asyncio.sleep(chance.uniform(0, 0.4))
        stage.kill(name)
    elif not await stage.died(name, 20):
        load.faults.append(f"{name} had no job for 20 s")
        stage.kill(name)
    await asyncio.sleep(chance.uniform(0, 1))
    await stage.start(name)


BRIEF = (("BRIEF", "1"),)


@fault(
    "F3",
    "a job that kills its worker, ends it by a fault of memory, or has none",
    workers=2,
    threads=0,
    extra=BRIEF,
)
async def poison(stage: Stage, load: Load, chance: Random) -> None:
    """Leases of 1.5 s. Whoever dies of it is started again, as a service manager would."""
    how = chance.choice(["kill", "segfault", "memory"])
    names = ("worker1", "worker2")
    for name in names:
        stage.arm(name, f"poison {how}")
    content = await asyncio.to_thread(photo, 900, 600, seed=chance.getrandbits(40))
    image = await load.upload(content, "poison.jpg")
    stage.dead.add(image)
    async with asyncio.timeout(60):
        while (await asyncio.to_thread(_state, stage, image)) != "FAILED":
            for name in names:
                if await stage.died(name, 0):
                    await stage.start(name)
                    stage.arm(name, f"poison {how}")
            await asyncio.sleep(0.2)
    for name in names:
        if await stage.died(name, 0):
            await stage.start(name)


def _state(stage: Stage, image: str) -> str:
    answer = stage.script.ask("query ($id: ID!) { image(id: $id) { state } }", id=image)
    return str(answer["image"]["state"])


@fault("F4", "worker SIGSTOP 90 s then SIGCONT, the first time; then 25 s", workers=2, threads=0)
async def worker_stops(stage: Stage, load: Load, chance: Random) -> None:
    """Longer than its lease: what it does afterwards must change nothing."""
    name = chance.choice(["worker1", "worker2"])
    await _freeze(stage, name, 25.0 if stage.rounds else 90.0)
    await asyncio.sleep(2)


@fault("F5", "API SIGSTOP 30 s, the first time; then 2 to 12 s")
async def api_stops(stage: Stage, load: Load, chance: Random) -> None:
    await _freeze(stage, "api", chance.uniform(2, STOPPED_SECONDS) if stage.rounds else 30.0)


async def _freeze(stage: Stage, name: str, seconds: float) -> None:
    process = stage.services[name].process
    assert process is not None
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    own = [each for each in family if "postgres" not in each.name()]
    for each in own:
        with suppress(psutil.NoSuchProcess):
            each.suspend()
    await asyncio.sleep(seconds)
    for each in own:
        with suppress(psutil.NoSuchProcess):
            each.resume()


@fault("F6", "SIGTERM under load")
async def asked_to_stop(stage: Stage, load: Load, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    began = time.monotonic()
    stage.signal("api", signal.SIGTERM)
    if not await stage.died("api", 30):
        load.faults.append("it did not stop within 30 s of SIGTERM")
        stage.kill("api")
    process = stage.services["api"].process
    assert process is not None
    if process.returncode != 0:
        load.faults.append(f"it ended with {process.returncode} after {time.monotonic() - began:.1f} s")
    await stage.start("api")


@fault("F27", "memory of the API and all that it started is limited to less than it needs, for a while")
async def out_of_memory(stage: Stage, load: Load, chance: Random) -> None:
    """A control group whose limit is below what is used: the kernel ends something in it."""
    group = _group()
    process = stage.services["api"].process
    assert process is not None
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    try:
        used = sum(each.memory_info().rss for each in family if each.is_running())
        for each in family:
            with suppress(OSError):
                (group / "cgroup.procs").write_text(str(each.pid))
        with suppress(OSError):
            _limit(group, int(used * chance.uniform(0.35, 0.8)))
        content = await asyncio.to_thread(photo, 4_000, 3_000, seed=chance.getrandbits(40))
        sending = asyncio.create_task(load.upload(content, "large.jpg"))
        if not await stage.died("api", chance.uniform(2, 5)):
            _limit(group, -1)
        if await stage.died("api", 0):
            await stage.start("api")
        await sending
    finally:
        for path in (group / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (group.parent / "cgroup.procs").write_text(path)
        with suppress(OSError):
            group.rmdir()


def _group() -> Path:
    """Of version 1 or 2, whichever is there and may be used."""
    for root in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
        group = Path(root) / f"webref-faults-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / "memory.max").exists() or (group / "memory.limit_in_bytes").exists():
            return group
        group.rmdir()
    raise CannotRun("no control group for memory can be made here")


def _limit(group: Path, size_bytes: int) -> None:
    if (group / "memory.max").exists():
        (group / "memory.max").write_text("max" if size_bytes < 0 else str(size_bytes))
    else:
        (group / "memory.limit_in_bytes").write_text(str(size_bytes))
