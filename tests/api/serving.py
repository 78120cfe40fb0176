"""The real application behind a real uvicorn on 127.0.0.1, and people who use it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from litestar import Litestar
from websockets.asyncio.client import ClientConnection, connect

from api.app import create_app
from api.services import STATE_KEY, Services
from api.wire import SOCKETS
from domain import darkroom
from domain.accounts import RegistrationPolicy
from domain.database import execute
from domain.sessions import SignedIn
from domain.settings import Settings
from tests.people import join, sign_in

PROTOCOL = "graphql-transport-ws"


@dataclass(frozen=True)
class Served:
    """One running server."""

    url: str
    app: Litestar
    settings: Settings

    @property
    def services(self) -> Services:
        found: Services = self.app.state[STATE_KEY]
        return found

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    def browser(self, signed_in: SignedIn, **headers: str) -> httpx.AsyncClient:
        """A page of ours: cookies, Origin and the header that only our pages can send."""
        cookie = f"webref_access={signed_in.access_token}; webref_refresh={signed_in.refresh_token}"
        return self.client(**{"Cookie": cookie, "Origin": self.url, "X-Webref": "1", **headers})

    async def join(self, name: str) -> SignedIn:
        """Registers and signs in; the first one owns the server, and everybody may come."""
        await join(name)
        await execute("UPDATE instance SET registration = $1", RegistrationPolicy.OPEN.value)
        return await sign_in(name)

    @asynccontextmanager
    async def connected(self, token: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
        """A websocket; with a token it is initialised already."""
        async with connect(self.socket_url, subprotocols=[PROTOCOL], **options) as connection:  # type: ignore[list-item]
            if token is not None:
                await say(connection, type="connection_init", payload={"token": token})
                assert await heard(connection) == {"type": "connection_ack"}
            yield connection


async def say(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def heard(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        message: dict[str, Any] = json.loads(await connection.recv())
    return message


async def end_of(
    connection: ClientConnection, within_seconds: float = 10
) -> tuple[int, list[dict[str, Any]]]:
    """The close code, and what was still said before it."""
    said = []
    async with asyncio.timeout(within_seconds):
        with contextlib.suppress(Exception):
            async for message in connection:
                said.append(json.loads(message))
        await connection.wait_closed()
    assert connection.close_code is not None
    return connection.close_code, said


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = create_app(settings, durable=False)
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        **SOCKETS,
    )
    server = Quiet(config)
    patched = pytest.MonkeyPatch()
    patched.setattr(darkroom, "warm_up", lambda: None)  # most tests open no picture; the first one starts it
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if running.done():
                running.result()
                raise RuntimeError("the application did not start")
            await asyncio.sleep(0.01)
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", app, settings)
    finally:
        server.should_exit = True
        await running
        patched.undo()
        listener.close()


class Quiet(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
