"""A PostgreSQL that is stopped, hangs, throws everybody out and takes nobody in (F7 to F9)."""

import asyncio
import signal
from contextlib import suppress
from random import Random

import asyncpg
import psutil

from tests.faults.listed import fault
from tests.faults.load import Load
from tests.faults.stage import Stage


@fault("F7", "PostgreSQL stopped immediately and started again by who watches it")
async def immediate(stage: Stage, load: Load, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    postmaster = stage.postgres()[0]
    postmaster.send_signal(signal.SIGQUIT)
    with suppress(psutil.TimeoutExpired):
        await asyncio.to_thread(postmaster.wait, 20)


@fault("F8", "PostgreSQL SIGSTOP 20 s, the first time; then 2 to 10 s")
async def frozen(stage: Stage, load: Load, chance: Random) -> None:
    processes = stage.postgres()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    await asyncio.sleep(chance.uniform(2, 10) if stage.rounds else 20)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.resume()


@fault("F9", "backends ended in a loop, then all connections taken")
async def thrown_out(stage: Stage, load: Load, chance: Random) -> None:
    connection = await asyncpg.connect(stage.url, server_settings={"application_name": "faults"})
    for _ in range(chance.randint(10, 40)):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'webref%' AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(chance.uniform(0.01, 0.15))
    taken = [connection]
    with suppress(asyncpg.PostgresError, OSError):
        for _ in range(100):
            taken.append(await asyncpg.connect(stage.url))
    with suppress(asyncpg.PostgresError):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'webref%'"
        )
    with suppress(asyncpg.PostgresError, OSError):
        for _ in range(100):
            taken.append(await asyncpg.connect(stage.url))
    await asyncio.sleep(chance.uniform(0.5, 4))
    for each in taken:
        each.terminate()
