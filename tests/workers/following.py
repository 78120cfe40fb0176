"""Worker processes, and waiting for what they do."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from uuid import UUID

from domain.database import fetchval
from domain.settings import Settings
from tests.running import REPOSITORY


async def until(holds: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
    begun = time.monotonic()
    while not await holds():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        await asyncio.sleep(0.02)


async def is_ready(image_id: UUID) -> bool:
    return bool(await fetchval("SELECT state = 'READY' FROM image WHERE id = $1", image_id))


async def a_worker(url: str, settings: Settings, *words: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.workers.worker",
        url,
        str(settings.data),
        *words,
        stdout=PIPE,
        cwd=REPOSITORY,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def end(process: Process) -> int:
    process.terminate()
    return await asyncio.wait_for(process.wait(), 10)
