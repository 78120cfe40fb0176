"""The server process: one uvicorn, run and stopped by us, with the workers beside it on the same loop."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace

import uvicorn
from litestar import Litestar

from api.app import create_app, drain
from domain.errors import DomainError
from domain.migrate import migrate
from domain.postgres import database_at
from domain.settings import Settings
from workers.process import running_workers

GRACE_SECONDS = 3
KEEP_ALIVE_SECONDS = 65  # longer than the minute for which proxies keep a connection
SIGNALS = (signal.SIGINT, signal.SIGTERM)
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where a browser here finds it

log = logging.getLogger("webref.server")
Say = Callable[[str], None]


class CannotServe(DomainError):
    """The server can not start; the message says what to do about it."""

    code = "CANNOT_SERVE"
    http_status = 500


async def serve(settings: Settings, say: Say) -> None:
    """Serves until SIGINT or SIGTERM. Raises CannotServe and other DomainErrors when it can not start."""
    began = time.perf_counter()
    settings = settings.with_secret()
    sockets = bound_sockets(settings.host, settings.port)
    port = sockets[0].getsockname()[1]
    stop = asyncio.Event()
    with contextlib.ExitStack() as closing, stopping_signals(stop):
        for listener in sockets:
            closing.enter_context(listener)
        async with AsyncExitStack() as opened:
            settings = replace(settings, port=port)
            if settings.database_url is None:
                say(f"Starting PostgreSQL in {settings.postgres}")
            url = await opened.enter_async_context(database_at(settings))
            settings = replace(settings, database_url=url)
            say("Bringing the database up to date")
            await migrate(url)
            if stop.is_set():
                return
            app = create_app(settings)
            server = Server(app, stop, beside=lambda: running_workers(settings), drain=lambda: drain(app))

            def ready() -> None:
                took_seconds = time.perf_counter() - began
                say(f"webref is ready at {address_of(settings)} after {took_seconds:.1f} s (Ctrl-C stops it)")

            await server.run_until_stopped(sockets, ready)
            say("Closing the database")
    say("webref has stopped")


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: these would end the process before `finally` is reached."""

    def __init__(
        self,
        app: Litestar,
        stop: asyncio.Event,
        *,
        beside: Callable[[], AbstractAsyncContextManager[object]],
        drain: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=65_536,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._stop = stop
        self._beside = beside
        self._drain = drain
        self._ready: Callable[[], None] = lambda: None

    async def run_until_stopped(self, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        self._ready = ready
        try:
            await self.serve(sockets=sockets)
        except SystemExit as error:
            raise CannotServe("The web server did not start; the lines above say why.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            host, port = sockets[0].getsockname()[:2]
            raise CannotServe(_in_words(error, host, port)) from error

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """While serving: a tick each second for the Date header, the workers beside, until told to stop."""
        async with self._beside():
            self._ready()
            seconds = 0
            while not self._stop.is_set():
                await self.on_tick(seconds * 10)
                seconds += 1
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 1)
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


@contextlib.contextmanager
def stopping_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM asks for a clean end; a second one does not wait for it."""
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    assert main is not None

    def on_signal() -> None:
        if stop.is_set():
            main.cancel()
            return
        print("\nStopping…", file=sys.stderr, flush=True)  # noqa: T201 - said where Ctrl-C was pressed
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Takes the address before anything is started. Raises CannotServe in words."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], sockets[0].getsockname()[1] or port, *address[2:]))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise CannotServe(_in_words(error, host, port)) from error
    return sockets


def address_of(settings: Settings) -> str:
    """Where a browser finds the server."""
    if settings.public_url is not None:
        return settings.public_url
    host = ANYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"


def _in_words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program, maybe by another webref."
            " Stop that one or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this process has. Choose one above 1023 with --port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Choose another with --host, for example 127.0.0.1."
    return f"{host}:{port} can not be listened on: {error.strerror}."
