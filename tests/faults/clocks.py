"""Clocks that are a day off and jump (F26)."""

import asyncio
from pathlib import Path
from random import Random

from tests.faults.listed import CannotRun, fault
from tests.faults.load import Load
from tests.faults.stage import Stage

PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


def library() -> str:
    """Empty where it is not installed."""
    return next((str(path) for place in PLACES for path in Path("/").glob(place[1:])), "")


WRONG = (
    ("LD_PRELOAD", library()),
    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ("DONT_FAKE_MONOTONIC", "1"),
    ("FAKETIME_NO_CACHE", "1"),
)


@fault("F26", "the clock jumps by a day, back, or by five minutes (libfaketime)", extra=WRONG)
async def jumps(stage: Stage, load: Load, chance: Random) -> None:
    if not library():
        raise CannotRun("libfaketime is not installed (Debian: faketime)")
    place = Path(stage.services["api"].environment["FAKETIME_TIMESTAMP_FILE"])
    for jump in chance.sample(["+1d", "-1d", "-5m", "+5m"], 2):
        _set(place, jump)
        await load.goes_on(count=5)
        await asyncio.sleep(chance.uniform(0.2, 2))
    # It stays as it is: who waits for the moment to come back has not recovered.


def _set(place: Path, jump: str) -> None:
    place.write_text(f"{jump}\n")
