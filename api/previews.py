"""Small forms of pictures of the web, for choosing: the pages of webref themselves ask no other host."""

from typing import Any

from litestar import Request
from litestar.types import Receive, Scope, Send

from api.errors import BadRequest, CrossSite, MethodNotAllowed, send_error
from api.identity import viewer_of_read
from api.services import services_of
from domain import from_web
from domain.errors import Unauthenticated


async def previews(scope: Scope, receive: Receive, send: Send) -> None:
    """GET of /files/preview?url=…&source=…: the picture at this address, at most 320 px long, as WebP."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    try:
        content = await _content(request)
    except Exception as error:
        await send_error(scope, receive, send, error)
        return
    await send_webp(send, content, "private, max-age=3600")


async def send_webp(send: Send, content: bytes, keeping: str) -> None:
    """keeping: what Cache-Control says."""
    headers = {
        "Content-Type": "image/webp",
        "Content-Length": str(len(content)),
        "Cache-Control": keeping,
        "Vary": "Authorization, Cookie",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _content(request: Request[Any, Any, Any]) -> bytes:
    if request.method != "GET":
        raise MethodNotAllowed("Previews are read with GET.", allow=("GET",))
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSite("This request comes from a page of another address than this server's.")
    services = services_of(request)
    viewer = await viewer_of_read(request, services.settings)
    if viewer is None:
        raise Unauthenticated("Sign in to see this picture.")
    url = request.query_params.get("url")
    if not url:
        raise BadRequest("Say which picture: ?url=…")
    return await from_web.preview(viewer, services.settings, url, request.query_params.get("source"))
