"""`webref serve` from first to last: the port, the signals, the database, then the web server."""

import asyncio
import contextlib
import errno
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import click

from api.listening import CannotServe, in_words, listening_sockets
from api.manager import READY, STOPPING, tell_manager
from domain import traces
from domain.exposing import served
from domain.migrate import migrate
from domain.postgres import database_at
from domain.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where a browser here finds it

Say = Callable[[str], None]
ServeApp = Callable[[Settings, list[socket.socket], asyncio.Event, Callable[[], None]], Awaitable[None]]


def load_server() -> ServeApp:
    """The frameworks take a second to load, in which PostgreSQL can start."""
    from api.server import serve_app

    return serve_app


async def serve_until_stopped(settings: Settings, say: Say) -> None:
    """Serves until SIGINT or SIGTERM. Raises CannotServe and other DomainErrors when it cannot start."""
    began = time.perf_counter()
    settings = settings.with_secret()
    sockets = listening_sockets(settings.host, settings.port)
    settings = replace(settings, port=sockets[0].getsockname()[1])
    stop = asyncio.Event()

    def ready() -> None:
        took_seconds = time.perf_counter() - began
        tell_manager(READY)
        say(f"webref is ready at {address_of(settings)} after {took_seconds:.1f} s (Ctrl-C stops it)")

    async with AsyncExitStack() as opened:
        opened.enter_context(stopping_signals(stop))
        for listener in sockets:
            opened.enter_context(listener)
        if settings.database_url is None:
            say(f"Starting PostgreSQL in {settings.postgres}")
        loading = asyncio.create_task(asyncio.to_thread(load_server))
        opened.push_async_callback(asyncio.wait, [loading])
        opened.enter_context(served(settings))
        opened.enter_context(traces.told(settings, "server"))
        url = await opened.enter_async_context(database_at(settings))
        say("Bringing the database up to date")
        await migrate(url)
        serve_app = await loading
        if stop.is_set():
            return
        try:
            await serve_app(replace(settings, database_url=url), sockets, stop, ready)
        except SystemExit as error:
            raise CannotServe("The web server did not start; the lines above say why.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise CannotServe(in_words(error, settings.host, settings.port)) from error
        say("Closing the database")
    say("webref has stopped")


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
        click.echo("\nStopping…", err=True)
        tell_manager(STOPPING)
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def address_of(settings: Settings) -> str:
    """Where a browser finds the server."""
    if settings.public_url is not None:
        return settings.public_url
    host = ANYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"
