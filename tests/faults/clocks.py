"""Clocks that are a day off and jump (F26)."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg

from tests.faults.listed import CannotRun, fault
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.pictures import photo

PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
MINUTES = {"+1d": 1_440, "-1d": -1_440, "+5m": 5, "-5m": -5}
PICTURES = 8


def library() -> str:
    """Empty where it is not installed."""
    return next((str(path) for place in PLACES for path in Path("/").glob(place[1:])), "")


WRONG = (
    ("LD_PRELOAD", library()),
    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ("DONT_FAKE_MONOTONIC", "1"),
    ("FAKETIME_NO_CACHE", "1"),
)


@fault("F26", "the clock jumps ahead and back by a day or five minutes (libfaketime)", extra=WRONG)
async def jumps(stage: Stage, load: Load, chance: Random) -> None:
    """Back while jobs wait that came when it was later. It stays so: who waits for that moment waits long."""
    if not library():
        raise CannotRun("libfaketime is not installed (Debian: faketime)")
    place = Path(stage.services["api"].environment["FAKETIME_TIMESTAMP_FILE"])
    await _jump(stage, place, chance.choice(["+1d", "+5m"]))
    await load.goes_on(count=5)
    height = chance.randint(1_400, 1_800)
    seeds = [chance.getrandbits(40) for _ in range(PICTURES)]
    contents = await asyncio.to_thread(lambda: [photo(2_400, height, seed=seed) for seed in seeds])
    await asyncio.gather(*(load.upload(content, "later.jpg") for content in contents))
    await _jump(stage, place, chance.choice(["-1d", "-5m"]))
    await load.goes_on(count=5)


async def _jump(stage: Stage, place: Path, jump: str) -> None:
    """PostgreSQL runs by it, too, as all of a machine would."""
    _set(place, jump)
    connection = await asyncpg.connect(stage.url)
    try:
        seen = await connection.fetchval("SELECT clock_timestamp()")
    finally:
        await connection.close()
    minutes = (seen - datetime.now(UTC)).total_seconds() / 60
    if abs(minutes - MINUTES[jump]) > 2:
        raise CannotRun(f"PostgreSQL's clock did not follow: it is {minutes:.1f} minutes off")


def _set(place: Path, jump: str) -> None:
    place.write_text(f"{jump}\n")
