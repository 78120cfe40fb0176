"""Pages of documents, small: for choosing which of them shall be pictures."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.types import Receive, Scope, Send

from api.errors import MethodNotAllowed, send_error
from api.files import FOR_EVER
from api.identity import viewer_of_read
from api.previews import send_webp
from api.services import services_of
from domain import pages
from domain.errors import NotFound, Unauthenticated


async def sheets(scope: Scope, receive: Receive, send: Send) -> None:
    """GET of /files/<image id>/pages/<page>: that page, at most 320 px long, as WebP."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    try:
        content = await _content(request)
    except Exception as error:
        await send_error(scope, receive, send, error)
        return
    await send_webp(send, content, FOR_EVER)


async def _content(request: Request[Any, Any, Any]) -> bytes:
    if request.method != "GET":
        raise MethodNotAllowed("Pages are read with GET.", allow=("GET",))
    viewer = await viewer_of_read(request, services_of(request).settings)
    if viewer is None:
        raise Unauthenticated("Sign in to see this document.")
    _, image, _, page = request.scope["path"].strip("/").split("/")
    try:
        image_id = UUID(image)
    except ValueError:
        raise NotFound("There is no such document.") from None
    if not page.isascii() or not page.isdigit() or len(page) > 6:
        raise NotFound("There is no such page.")
    return await pages.glimpse(viewer, image_id, int(page))
