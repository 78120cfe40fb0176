"""The web server: uvicorn run and stopped by us, with the workers beside it on the same loop."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import uvicorn
from litestar import Litestar

from api.app import create_app, drain
from api.wire import SOCKETS
from domain.settings import Settings
from workers.process import running_workers

GRACE_SECONDS = 3
# A read of a large board makes thousands of objects and none that point at each other in a ring.
MADE_BEFORE_COLLECTING = 50_000
KEEP_ALIVE_SECONDS = 65  # longer than the minute for which proxies keep a connection

log = logging.getLogger("webref.server")


async def serve_app(
    settings: Settings, sockets: list[socket.socket], stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serves on bound sockets until `stop` is set. Raises SystemExit when the application does not start."""
    app = create_app(settings)
    server = Server(app, stop, ready, beside=lambda: running_workers(settings), drain=lambda: drain(app))
    await server.serve(sockets=sockets)


def _look_for_garbage_rarely() -> None:
    """What was made up to here stays for ever and is not looked through again; the rest not so often.

    A tenth of the CPU of live delivery, a quarter of that of reading a large board; memory is freed by
    counting references as before.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(MADE_BEFORE_COLLECTING, 20, 50)


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: these would end the process before `finally` is reached."""

    def __init__(
        self,
        app: Litestar,
        stop: asyncio.Event,
        ready: Callable[[], None],
        *,
        beside: Callable[[], AbstractAsyncContextManager[object]],
        drain: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                **SOCKETS,
            )
        )
        self._stop = stop
        self._beside = beside
        self._drain = drain
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """While serving: a tick each second for the Date header, the workers beside, until told to stop."""
        _look_for_garbage_rarely()
        async with self._beside():
            self._ready()
            seconds = 0
            while not self._stop.is_set():
                await self.on_tick(seconds * 10)
                seconds += 1
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self._stop.wait()
            for server in self.servers:
                server.close()
            draining = asyncio.create_task(self._drained())
        await draining
        # What is still open after the grace is cut, and uvicorn would show each cut with its traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    async def _drained(self) -> None:
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._drain()
        except TimeoutError:
            log.warning("some streams did not end within %d s and are cut", GRACE_SECONDS)
