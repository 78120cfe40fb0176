"""One line for each request: method, path, status, milliseconds, and nothing that could be a secret."""

import logging
import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from domain import metrics, traces

log = logging.getLogger("webref.access")

_QUIET = (b"/health/", b"/assets/")
_DOORS = frozenset({"graphql", "uploads", "files", "health", "assets", "auth"})
_LONGEST_PATH = 200


def traced(app: ASGIApp) -> ASGIApp:
    """Tells of requests, where traces are told; a websocket lives too long to be one thing."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with traces.request(str(scope["method"]), _door(scope["path"]), headers) as span:

            async def send_watched(message: Message) -> None:
                if span is not None and message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await app(scope, receive, send_watched)

    return middleware


def logged(app: ASGIApp) -> ASGIApp:
    """Query strings, headers and bodies are never written; the path stays percent-encoded."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.close":
                status = message["code"]
            await send(message)

        try:
            await app(scope, receive, send_watched)
        finally:
            if scope["type"] == ScopeType.HTTP:
                took_seconds = time.perf_counter() - began
                metrics.REQUESTS.labels(_door(scope["path"]), f"{status // 100}xx").observe(took_seconds)
            _log_line(scope, status, began)

    return middleware


def _door(path: str) -> str:
    first = path.lstrip("/").partition("/")[0]
    return first if first in _DOORS else "pages"


def _log_line(scope: Scope, status: int, began: float) -> None:
    raw = scope.get("raw_path") or scope["path"].encode()
    level = logging.DEBUG if raw.startswith(_QUIET) and status < 500 else logging.INFO
    if not log.isEnabledFor(level):
        return
    path = raw.split(b"?", 1)[0][:_LONGEST_PATH].decode("ascii", "backslashreplace")
    method = scope["method"] if scope["type"] == ScopeType.HTTP else "WS"
    took_ms = round((time.perf_counter() - began) * 1000)
    log.log(level, "method=%s path=%s status=%d ms=%d", method, _one_line(path), status, took_ms)


def _one_line(path: str) -> str:
    return "".join(letter if letter.isprintable() and letter != " " else "?" for letter in path)
