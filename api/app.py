"""The application: every door in its place; what they share is opened before the first request."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, asgi
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from api.access_log import logged, traced
from api.direct import begin_direct, complete_direct, direct_parts, end_direct, read_direct
from api.downloads import downloads
from api.elsewhere import backchannel_logout, callback, link
from api.elsewhere import begin as begin_elsewhere
from api.errors import HANDLERS
from api.files import files
from api.graphql import graphql, shortened
from api.health import live, ready, startup
from api.pages import WebApp, pages_of
from api.previews import previews
from api.security import secured
from api.services import STATE_KEY, Services
from api.sheets import sheets
from api.sockets import Close, graphql_socket
from api.tus import tus
from api.uploads import uploads
from domain import darkroom, directory, letters, quotas, recipes, sessions, standing, storage
from domain.database import close_database, open_database
from domain.errors import DomainError
from domain.live import Hub
from domain.oidc import Door
from domain.settings import Settings

SWEEP_SECONDS = 1.0
WEB_FOLDER = Path(__file__).resolve().parent.parent / "build" / "web"

log = logging.getLogger("webref.api")


def create_app(settings: Settings, *, durable: bool = True) -> Litestar:
    """The ASGI application. settings: with a database_url and a secret; the database is migrated already.

    durable=False is for tests, whose database may forget.
    """
    services = Services(
        settings=settings,
        web=WebApp(settings.web or WEB_FOLDER, ide=settings.ide, reaches=settings.direct_origin),
    )

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with running(services, durable):
            yield

    app = Litestar(
        route_handlers=[
            graphql,
            graphql_socket,
            uploads,
            begin_direct,
            read_direct,
            direct_parts,
            complete_direct,
            end_direct,
            begin_elsewhere,
            callback,
            link,
            backchannel_logout,
            live,
            ready,
            startup,
            everything_else(services),
        ],
        lifespan=[lifespan],
        state=State({STATE_KEY: services}),
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = logged(secured(shortened(app.asgi_handler), settings))  # sees the server's own send
    if settings.traces is not None:
        app.asgi_handler = traced(app.asgi_handler)
    return app


def everything_else(services: Services) -> ASGIRouteHandler:
    """Files, uploads that go on, and pages: Litestar routes a mount at the root before any address with
    parameters."""
    pages = pages_of(services.web)

    @asgi("/", is_mount=True, copy_scope=True)
    async def rest(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            # Closing before accepting is a 403: sockets are opened at /graphql only.
            await send({"type": "websocket.close", "code": Close.GOING_AWAY, "reason": None})
            return
        path = scope["path"].strip("/").split("/")
        two = path[:2]
        door = files if path[0] == "files" else pages
        if path == ["files", "zip"]:
            door = downloads
        elif path[0] == "files" and len(path) == 4 and path[2] == "pages":
            door = sheets
        elif two in (["uploads", "tus"], ["files", "preview"]):
            door = tus if path[0] == "uploads" else previews
        await door(scope, receive, send)

    return rest


@asynccontextmanager
async def running(services: Services, durable: bool) -> AsyncIterator[None]:
    """Opens database, storage, darkroom and hub; closes them in the opposite order."""
    settings = services.settings
    assert settings.database_url is not None, "the database's address is known before the app is made"
    async with contextlib.AsyncExitStack() as opened:
        await open_database(settings.database_url, pool_size=settings.pool_size, durable=durable)
        opened.push_async_callback(close_database)
        await storage.start_storage(settings)
        opened.push_async_callback(storage.close_storage)
        recipes.follow(settings)
        letters.follow(settings)
        directory.follow(settings)
        quotas.follow(settings)
        sessions.sign_with(settings)
        darkroom.warm_up()
        opened.push_async_callback(asyncio.to_thread, darkroom.close)
        if settings.oidc_issuer is not None:
            services.oidc = Door(settings)
            opened.push_async_callback(services.oidc.close)
        services.hub = await opened.enter_async_context(Hub())
        for endless in (_sweep_sockets(services), storage.follow_for_ever(), quotas.follow_for_ever()):
            opened.push_async_callback(_cancelled, asyncio.create_task(endless))
        services.started = True
        try:
            yield
        finally:
            await drain_services(services)


async def drain(app: Litestar) -> None:
    """Before a stop: nothing new begins, what was asked is answered, clients go and reconnect."""
    services: Services = app.state[STATE_KEY]
    await drain_services(services)


async def drain_services(services: Services) -> None:
    if services.draining:
        return
    services.draining = True
    sockets = list(services.sockets)
    if sockets:
        await asyncio.gather(*(socket.drain() for socket in sockets))
    if services.hub is not None:
        await services.hub.drain()


async def _sweep_sockets(services: Services) -> None:
    """Ends the sockets of people who may no longer be here, all asked for in one query a second."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        sockets = [(socket, viewer) for socket in services.sockets if (viewer := socket.viewer) is not None]
        if not sockets:
            continue
        try:
            standing_now = await standing.still_signed_in({viewer for _, viewer in sockets})
        except DomainError as error:
            log.warning("sockets could not be checked: %s", error.message)
            continue
        except Exception:
            log.exception("sockets could not be checked; they are again in a moment")
            continue
        for socket, viewer in sockets:
            if viewer not in standing_now:
                socket.end(Close.FORBIDDEN, "You are no longer signed in here.")


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
