"""`python -m tests.faults [F1 F7 …] [--seeds N] [--from SEED]`: the faults one after the other, a line each.

Each is run by a process of its own, which may mount disks and hold a network for itself. The exit code is 1
where an invariant was violated. A fault that this machine cannot do is said not to have run.
"""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.faults import (  # noqa: F401 - each puts its faults on the list
    brokers,
    clocks,
    databases,
    disks,
    killing,
    lines,
    releases,
    stores,
)
from tests.faults.invariants import violations
from tests.faults.listed import FAULTS as FAULTS
from tests.faults.listed import CannotRun, Fault
from tests.faults.load import RECOVERY_SECONDS, Load
from tests.faults.mounts import leave_the_others
from tests.faults.stage import Stage, staged
from tests.running import REPOSITORY

ROUND_SECONDS = 400.0


async def play(fault: Fault, stage: Stage, seed: int) -> dict[str, Any]:
    """One round: what was violated, after how many seconds everybody went on, how often was sent again."""
    chance = Random(f"{fault.name} {seed}")
    told: dict[str, Any] = {"seed": seed, "seconds": RECOVERY_SECONDS}
    async with Load(stage, chance) as load:
        try:
            await fault.inject(stage, load, chance)
            told["seconds"] = await load.goes_on()
            await load.settle()
            told["violations"] = await violations(stage, load)
        except TimeoutError:
            told["violations"] = ["recovery: clients, uploads or streams did not go on in time"]
        except CannotRun:
            raise
        except Exception as error:  # of a client that was told what cannot be
            told["violations"] = [f"{type(error).__name__}: {error}"]
        told["insisted"] = load.insisted
    stage.rounds += 1
    return told


async def play_all(fault: Fault, seeds: list[int], folder: Path) -> None:
    """Says each round as a line of JSON."""
    waiting = list(seeds)
    while waiting:
        place = Path(tempfile.mkdtemp(dir=folder))
        broken = False
        async with staged(place, fault.shape) as stage:
            while waiting and not broken:
                seed = waiting.pop(0)
                async with asyncio.timeout(ROUND_SECONDS):
                    told = await play(fault, stage, seed)
                print(json.dumps(told), flush=True)
                broken = bool(told["violations"]) or fault.shape.earlier
        if not told["violations"]:
            shutil.rmtree(place, ignore_errors=True)


def child(name: str, seeds: list[int], folder: Path) -> None:
    fault = FAULTS[name]
    try:
        if fault.shape.disk or fault.shape.alone:
            leave_the_others(network=fault.shape.alone)
        asyncio.run(play_all(fault, seeds, folder))
    except CannotRun as error:
        print(json.dumps({"not_run": str(error)}), flush=True)


def parent(name: str, seeds: list[int], folder: Path) -> bool:
    """Runs a child and says its line. True: nothing was violated."""
    fault, began = FAULTS[name], time.monotonic()
    command = [sys.executable, "-m", "tests.faults", "--child", name, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--only", ",".join(map(str, seeds))],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if reason := next((line["not_run"] for line in told if "not_run" in line), None):
        print(f"{name:4} {fault.words}\n     not run: {reason}", flush=True)
        return True
    wrong = {line["seed"]: line["violations"] for line in told if line["violations"]}
    count = sum(map(len, wrong.values()))
    slowest = max((line["seconds"] for line in told), default=0.0)
    insisted = sum(line["insisted"] for line in told)
    print(
        f"{name:4} {fault.words}\n     {len(told)} seeds, {count} violations; all went on within "
        f"{slowest:.1f} s, {insisted} times sent again; {time.monotonic() - began:.0f} s",
        flush=True,
    )
    for seed, lines_ in wrong.items():
        for line in lines_:
            print(f"     seed {seed}: {line[:600]}", flush=True)
    if done.returncode != 0:
        print(f"     ended after {len(told)} of {len(seeds)} seeds:\n{done.stderr[-3000:]}", flush=True)
    return not wrong and done.returncode == 0


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    asked.add_argument("names", nargs="*", metavar="FAULT", help="such as F7; without any: all of them")
    asked.add_argument("--seeds", type=int, help="of each; without it as many as the list says")
    asked.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    asked.add_argument("--folder", type=Path, help="where it happens; without it a temporary one")
    asked.add_argument("--child", help=argparse.SUPPRESS)
    asked.add_argument("--only", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.child:
        child(given.child, [int(seed) for seed in given.only.split(",")], given.folder)
        return
    every = sorted(FAULTS, key=lambda name: int(re.sub(r"\D", "", name)))
    if unknown := set(given.names) - set(every):
        asked.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    folder = given.folder or Path(tempfile.mkdtemp(prefix="webref-faults-"))
    well = True
    for name in given.names or every:
        count = given.seeds or FAULTS[name].seeds
        well &= parent(name, list(range(given.first, given.first + count)), folder)
    if well and given.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    elif not well:
        print(f"What there was at the time is in {folder}.")
    sys.exit(not well)


if __name__ == "__main__":
    main()
