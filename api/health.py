"""Whether the server lives, is ready, and has started; what is missing is said in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from litestar import MediaType, Request, Response, get

from api.errors import JSON_TYPE
from api.services import Services, services_of
from domain import storage
from domain.database import fetchval
from domain.errors import DatabaseUnavailable, DomainError, TooBusy

CHECK_SECONDS = 2.0

HealthRequest = Request[Any, Any, Any]


@get("/health/live", media_type=MediaType.JSON)
async def live() -> Response[bytes]:
    """The process answers."""
    return _answer(200, {"status": "ok"})


@get("/health/startup")
async def startup(request: HealthRequest) -> Response[bytes]:
    """Start-up is over: the database is open and up to date."""
    if services_of(request).started:
        return _answer(200, {"status": "ok"})
    return _answer(503, {"status": "starting", "message": "The server is starting."})


@get("/health/ready")
async def ready(request: HealthRequest) -> Response[bytes]:
    """Everything that a request needs is there now; 503 names what is not, and heals by itself."""
    services = services_of(request)
    checks: dict[str, Callable[[], Awaitable[None]]] = {
        "database": _check_database,
        "storage": storage.check,
        "live": lambda: _check_live(services),
    }
    said = dict(zip(checks, await asyncio.gather(*map(_said, checks.values())), strict=True))
    if services.draining or not services.started:
        said["server"] = "The server is stopping." if services.draining else "The server is starting."
    troubles = {name: words for name, words in said.items() if words != "ok"}
    if troubles:
        return _answer(503, {"status": "unavailable", "message": " ".join(troubles.values()), "checks": said})
    return _answer(200, {"status": "ok", "checks": said})


async def _said(check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except DomainError as error:
        return error.message
    except TimeoutError:
        return f"No answer within {CHECK_SECONDS:.0f} seconds."
    return "ok"


async def _check_database() -> None:
    try:
        await fetchval("select 1")
    except TooBusy as error:
        raise DatabaseUnavailable("The database answers too slowly.") from error


async def _check_live(services: Services) -> None:
    if services.hub is None:
        raise DatabaseUnavailable("Live updates have not started yet.")


def _answer(status: int, content: dict[str, object]) -> Response[bytes]:
    return Response(
        content=orjson.dumps(content),
        status_code=status,
        media_type=JSON_TYPE,
        headers={"Cache-Control": "no-store"},
    )
