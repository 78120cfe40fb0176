"""`webref worker`: the workers alone, in a process beside or far from the server."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from api.cli_serve import Say, stopping_signals
from api.manager import READY, tell_manager
from domain import quotas, traces
from domain.database import close_database, open_database
from domain.exposing import served
from domain.migrate import migrate
from domain.postgres import database_at
from domain.settings import Settings
from domain.storage import close_storage, follow_for_ever
from workers.process import running_workers


async def work_until_stopped(settings: Settings, say: Say) -> None:
    """Works until SIGINT or SIGTERM. Raises DomainError when it cannot start."""
    stop = asyncio.Event()
    with stopping_signals(stop):
        async with AsyncExitStack() as opened:
            opened.enter_context(served(settings))
            opened.enter_context(traces.told(settings, "worker"))
            url = await opened.enter_async_context(database_at(settings))
            await migrate(url)
            await open_database(url, pool_size=settings.pool_size)
            opened.push_async_callback(close_database)
            opened.push_async_callback(close_storage)
            await opened.enter_async_context(running_workers(replace(settings, database_url=url)))
            for endless in (follow_for_ever(), quotas.follow_for_ever()):
                opened.callback(asyncio.create_task(endless).cancel)
            tell_manager(READY)
            say(f"{settings.workers} worker threads are ready (Ctrl-C stops them)")
            await stop.wait()
    say("The workers have stopped")
