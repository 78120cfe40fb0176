"""A collector that dies in one moment of its work, by a signal that nothing catches. A test runs it.

It reads a number a line, and forks a child that collects what is due, twice, and is killed in that moment:
before or after any file is kept or removed, before or after any commit. It says "killed", or "done" where
there is no such moment any more.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from domain import collecting, storage
from domain.database import Connection, open_database, transaction
from domain.settings import Settings

T = TypeVar("T")


class _Moments:
    def __init__(self, fatal: int) -> None:
        self.left = fatal

    def pass_(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, act: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        async def acted(*given: object, **more: object) -> T:
            self.pass_()
            done = await act(*given, **more)
            self.pass_()
            return done

        return acted


async def _collect(settings: Settings, moments: _Moments) -> None:
    assert settings.database_url is not None
    await open_database(settings.database_url, durable=False)
    await storage.start_storage(settings)

    @contextlib.asynccontextmanager
    async def watched() -> AsyncGenerator[Connection, None]:
        async with transaction() as connection:
            yield connection
            moments.pass_()
        moments.pass_()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collecting, "transaction", watched)
        patched.setattr(storage, "copy", moments.around(storage.copy))
        patched.setattr(storage, "remove", moments.around(storage.remove))
        await _collect_twice(settings)


async def _collect_twice(settings: Settings) -> None:
    for hours in (2, 30):
        await collecting.collect(settings, strays=True, now=datetime.now(UTC) + timedelta(hours=hours))


def main() -> None:
    given = json.loads(sys.argv[1])
    settings = Settings(data=Path(given.pop("data")), **given)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(_collect(settings, _Moments(int(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        said = {-signal.SIGKILL: "killed", 0: "done"}
        print(said.get(os.waitstatus_to_exitcode(status), "failed"), flush=True)


if __name__ == "__main__":
    main()
