"""A worker process for tests: `python -m tests.workers.worker URL DATA [brief] [poison]`.

With "brief" leases end after a second, as does the patience with a broker; with "poison" they do, too, and
every rendition job kills its worker, as a picture that crashes it would. WEBREF_BROKER_URL and
WEBREF_BROKER_CA are as for webref itself.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from domain import jobs
from domain.database import close_database, open_database
from domain.settings import Settings
from workers import giving, process, sweeps
from workers.process import running_workers


async def die(job_id: str) -> None:
    async def crash(run: jobs.Run) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    await jobs.run(UUID(job_id), crash)


async def main(url: str, data: str, words: Collection[str]) -> None:
    if words:
        jobs.LEASE_SECONDS, jobs.HEARTBEAT_SECONDS, sweeps.TAKE_BACK_SECONDS = 1.0, 0.3, 0.3
        giving.GIVE_SECONDS = process.STOP_SECONDS = 1.0
    if "poison" in words:
        die.__name__ = "make_renditions"
        setattr(process, "make_renditions", die)  # noqa: B010 - the name is not exported on purpose
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await open_database(url, durable=False)
    async with running_workers(Settings.from_environment({"data": Path(data), "workers": 2})):
        print("ready", flush=True)
        await stop.wait()
    await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
