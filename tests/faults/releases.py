"""Two releases together, migrations cut short, and a backup made under load (F29 to F31)."""

import asyncio
import os
import signal
import subprocess
import sys
from random import Random
from uuid import UUID

import asyncpg

from domain.database import close_database, fetch, open_database
from domain.postgres import embedded_postgres
from domain.settings import Settings
from domain.tables import TABLES
from tests.faults.earlier import EARLIER_MIGRATIONS
from tests.faults.listed import fault
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.laws import require_laws
from tests.running import REPOSITORY, free_port

BOTH = {"earlier": True, "line": True}


async def bring_up_this_release(stage: Stage) -> None:
    """Beside the one that serves; people come to either, then that one is told to stop."""
    assert stage.line is not None
    port = free_port()
    stage.environment["WEBREF_PORT"] = str(port)
    stage.services["earlier"] = stage.services.pop("api")
    stage.add_api()
    await stage.start("api")
    stage.line.targets.append(port)
    stage.line.cut(2)


async def end_the_earlier(stage: Stage, load: Load) -> None:
    assert stage.line is not None
    del stage.line.targets[0]
    stage.signal("earlier", signal.SIGTERM)
    if not await stage.died("earlier", 30):
        load.faults.append("the earlier release did not stop within 30 s")
        stage.kill("earlier")
    load.be_strict()


@fault(
    "F29", "an earlier release and this one serve one database, then a later one widens it", seeds=5, **BOTH
)
async def together(stage: Stage, load: Load, chance: Random) -> None:
    await bring_up_this_release(stage)
    for _ in range(3):
        await load.goes_on(count=20)
        assert stage.line is not None
        stage.line.cut(chance.randint(2, 5))
    await end_the_earlier(stage, load)
    await widen(stage)
    await load.goes_on(count=30)


async def widen(stage: Stage) -> None:
    """What a later release does first: each table gets one more column, while this one serves."""
    connection = await asyncpg.connect(stage.url)
    try:
        for table in TABLES:
            await connection.execute(f"ALTER TABLE {table._meta.tablename} ADD COLUMN later integer")
    finally:
        await connection.close()


@fault("F30", "migration kill -9 while an earlier release serves", seeds=5, **BOTH)
async def migration_dies(stage: Stage, load: Load, chance: Random) -> None:
    before = await _applied(stage)
    for number in sorted(chance.sample(range(1, EARLIER_MIGRATIONS + 1), 3)):
        done = await asyncio.to_thread(_migrate, stage, f"after-migration {number}")
        if done.returncode != -signal.SIGKILL:
            load.faults.append(f"the migration was not killed after {number}: {done.stderr}")
        if await _applied(stage) != before:
            load.faults.append(f"a migration that was killed after {number} left something behind")
        await load.goes_on(count=2)
    await bring_up_this_release(stage)
    if len(await _applied(stage)) < len(before) + EARLIER_MIGRATIONS:
        load.faults.append("not all migrations ran")
    await end_the_earlier(stage, load)


async def _applied(stage: Stage) -> list[str]:
    """Migrations, tables and columns."""
    await open_database(stage.url, pool_size=2)
    try:
        ids = [row["name"] for row in await fetch("SELECT name FROM migration ORDER BY name")]
        columns = await fetch(
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1"
        )
    finally:
        await close_database()
    return [*ids, *(row["name"] for row in columns)]


def _migrate(stage: Stage, fatal: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.fatal", "migrate"],
        cwd=REPOSITORY,
        env={**os.environ, **stage.environment, "FATAL_FROM_THE_START": fatal},
        capture_output=True,
        text=True,
        check=False,
    )


@fault("F31", "restore of a backup made under load", seeds=20)
async def restored(stage: Stage, load: Load, chance: Random) -> None:
    """Into another folder: what was acknowledged before the backup began is there, and it is a webref."""
    await asyncio.sleep(chance.uniform(0, 1))
    told = {key: seq for client in load.clients for key, seq in client.answered.items() if seq is not None}
    kept = dict(load.kept)
    place, data = f"file://{stage.folder}/backups", stage.folder / f"restored{stage.rounds}"
    made = await asyncio.to_thread(stage.run, "backup", place, "--keep", "3")
    if made.returncode != 0:
        load.faults.append(f"no backup was made: {made.stdout} {made.stderr}")
        return
    for arguments in (("restore", place, "--data", str(data)), ("doctor", "--deep", "--data", str(data))):
        done = await asyncio.to_thread(stage.run, *arguments)
        if done.returncode != 0:
            load.faults.append(f"webref {arguments[0]} of the restored: {done.stdout} {done.stderr}")
            return
    async with embedded_postgres(Settings(data=data)) as url:
        await open_database(url, pool_size=2)
        try:
            log = await require_laws(UUID(load.board))
            rows = await fetch("SELECT id, digest, size_bytes FROM image")
        finally:
            await close_database()
    seqs = {str(change.mutation_id): change.seq for change in log if change.mutation_id}
    if missing := [key for key, seq in told.items() if seqs.get(key) != seq]:
        load.faults.append(f"{len(missing)} acknowledged before the backup are not in it")
    found = {str(row["id"]): (row["digest"], row["size_bytes"]) for row in rows}
    if any(found.get(image) != seen for image, seen in kept.items()):
        load.faults.append("pictures acknowledged before the backup are not in it")
