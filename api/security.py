"""Which pages may speak for a signed-in person, and the headers that every answer carries."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import CrossSite
from domain.settings import Settings

PROOF_HEADER = "X-Webref"

_INLINE_SCRIPT = re.compile(
    rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE
)

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
CLOSED_POLICY = "default-src 'none'; frame-ancestors 'none'"


def page_policy(page: bytes, reaches: str | None = None) -> str:
    """The content security policy of a page of ours: its own files, its own inline scripts by hash.

    reaches: the one other origin that it may send files to.
    """
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(found['body']).digest()).decode()}'"
        for found in _INLINE_SCRIPT.finditer(page)
        if b"src=" not in found["attributes"].lower() and found["body"].strip()
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' blob: data:",
            "font-src 'self' data:",
            f"connect-src 'self'{f' {reaches}' if reaches else ''}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def origin_allowed(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> bool:
    """Whether the Origin header names this server: as configured, or as the request itself addressed it."""
    origin = _origin(connection.headers.get("origin", ""))
    if origin is None:
        return False
    if settings.public_url is not None and origin == _origin(settings.public_url):
        return True
    scheme = {"ws": "http", "wss": "https"}.get(connection.scope["scheme"], connection.scope["scheme"])
    return origin == _origin(f"{scheme}://{connection.headers.get('host', '')}")


def require_own_page(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> None:
    """For what is done with cookies. Raises CrossSite unless one of our own pages asks.

    A form or an image of another site can send neither our header nor a fitting Origin.
    """
    if "origin" in connection.headers:
        allowed = origin_allowed(connection, settings)
    else:
        allowed = connection.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    if not allowed:
        raise CrossSite(
            "This request comes from a page of another address than this server's. "
            "Behind a proxy, set WEBREF_PUBLIC_URL to the address that people use."
        )
    if connection.headers.get(PROOF_HEADER) != "1":
        raise CrossSite(f"A request that is signed in by cookies needs the header '{PROOF_HEADER}: 1'.")


def require_no_stranger(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> None:
    """For what is done without credentials, such as signing in: no page of another site may do it."""
    if "origin" in connection.headers and not origin_allowed(connection, settings):
        raise CrossSite("This request comes from a page of another address than this server's.")


def _origin(text: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(text)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or port is None:
        return None
    return parts.scheme, parts.hostname, port


def secured(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Adds the headers that every answer carries; a door that sets one itself is left its own."""
    headers = {**EVERYWHERE, "Content-Security-Policy": CLOSED_POLICY, "Cache-Control": "no-store"}
    if settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = list(message["headers"])
                own = {name.lower() for name, _ in present}
                message["headers"] = [*present, *(header for header in encoded if header[0] not in own)]
            await send(message)

        await app(scope, receive, send_secured if scope["type"] == ScopeType.HTTP else send)

    return middleware
