"""How a failure looks over plain HTTP: one JSON shape, words and a stable code, never a traceback."""

import logging
from typing import Any
from uuid import uuid4

import orjson
from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap, Receive, Scope, Send

from domain.errors import DatabaseUnavailable, DomainError, TooBusy

log = logging.getLogger("webref.api")

JSON_TYPE = "application/json; charset=utf-8"
RETRY_AFTER_SECONDS = 2

_WORDS = {
    400: ("BAD_REQUEST", "The request is not well formed."),
    404: ("NOT_FOUND", "There is nothing at this address. The API is at /graphql."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method."),
    413: ("TOO_LARGE", "The request is larger than this address takes."),
}


class BadRequest(DomainError):
    """The request is not well formed."""

    code = "BAD_REQUEST"
    http_status = 400


class MethodNotAllowed(DomainError):
    """This address does not take that method; `allow` lists those that it takes."""

    code = "METHOD_NOT_ALLOWED"
    http_status = 405


class BodyTooLarge(DomainError):
    """The body is larger than this address takes, `limit_bytes`."""

    code = "BODY_TOO_LARGE"
    http_status = 413


class UnsupportedMediaType(DomainError):
    """The content type or its charset is not one that this address reads."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415


class NotAcceptable(DomainError):
    """No content type that the client accepts can be given."""

    code = "NOT_ACCEPTABLE"
    http_status = 406


class CrossSite(DomainError):
    """A request made with cookies that does not prove that it comes from webref's own pages."""

    code = "CROSS_SITE_REQUEST"
    http_status = 403


class ClientGone(DomainError):
    """The client hung up before its request was complete: nobody reads this answer, only the log."""

    code = "CLIENT_GONE"
    http_status = 499


class SlowRequest(DomainError):
    """The client sent too slowly, or stopped."""

    code = "REQUEST_TIMEOUT"
    http_status = 408


def as_domain_error(error: Exception) -> DomainError:
    """What a client may be told about any failure; the unexpected gets an id that the log has."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        code, words = _WORDS.get(error.status_code, _WORDS[400])
        return _plain(error.status_code, code, words)
    incident = uuid4().hex
    log.error("unexpected failure %s", incident, exc_info=error)
    return _plain(
        500, "INTERNAL", f"Something went wrong on the server; its log has it as {incident}.", id=incident
    )


def _plain(status: int, code: str, message: str, **details: Any) -> DomainError:
    kind = type("HttpError", (DomainError,), {"code": code, "http_status": status})
    error: DomainError = kind(message, **details)
    return error


def error_headers(error: DomainError) -> dict[str, str]:
    """The headers that belong to a failure: when to try again, how to sign in, what is allowed."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooBusy | DatabaseUnavailable):
        headers["Retry-After"] = str(
            max(1, int(error.details.get("retry_after_seconds", RETRY_AFTER_SECONDS)))
        )
    if error.http_status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="webref"'
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.details.get("allow", ()))
    return headers


def error_entry(error: DomainError) -> dict[str, object]:
    """`{code, message, details}`, the value of `error` in every plain HTTP answer."""
    return {"code": error.code, "message": error.message, "details": error.details}


def error_response(error: Exception) -> Response[bytes]:
    known = as_domain_error(error)
    return Response(
        content=orjson.dumps({"error": error_entry(known)}, default=str),
        status_code=known.http_status,
        media_type=JSON_TYPE,
        headers=error_headers(known),
    )


async def send_error(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
    """The same answer for the doors that are plain ASGI."""
    known = as_domain_error(error)
    body = orjson.dumps({"error": error_entry(known)}, default=str)
    headers = {**error_headers(known), "Content-Type": JSON_TYPE, "Content-Length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": known.http_status,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    head = scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD"
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": False})


def _handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, HTTPException) and error.status_code == 405:
        path = request.scope["path"].rstrip("/") or "/"
        methods = next((route.methods for route in request.app.routes if route.path == path), set())
        allow = sorted(str(method) for method in methods if method != "OPTIONS")
        return error_response(MethodNotAllowed(_WORDS[405][1], allow=allow))
    return error_response(error)


HANDLERS: ExceptionHandlersMap = {Exception: _handle, HTTPException: _handle, 500: _handle}
