"""Many pictures at once over HTTP: their originals as one zip, streamed."""

import asyncio
import contextlib
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from litestar import Request
from litestar.types import Receive, Scope, Send

from api.body import body_pieces
from api.errors import BadRequest, MethodNotAllowed, send_error
from api.files import WRITE_TIMEOUT_SECONDS, content_disposition
from api.identity import viewer_of_read
from api.leaving import listening
from api.services import services_of
from domain import bundles, filter_words
from domain.access import Viewer
from domain.bundles import Bundle
from domain.errors import BadInput, StorageUnavailable, TooBusy, Unauthenticated
from domain.findings import ImageSort

LONGEST_FORM = 64_000
MIME = "application/zip"
WHICH = (
    "Say which pictures, in one way: 'board=<id>', 'images=<id>,<id>…', 'search=<id>' of a saved search, "
    "or 'filter=<JSON in the words of ImageFilter>'."
)

DownloadRequest = Request[Any, Any, Any]


async def downloads(scope: Scope, receive: Receive, send: Send) -> None:
    """GET, HEAD or POST of /files/zip, in the query or as a form: `board=<id>`, `images=<id>,<id>…`,
    `search=<id>` of a saved search, or `filter=<JSON>` with `sort=<ORDER>`.

    A form is for more pictures than an address holds. It changes nothing, so a page's form may send it.
    """
    request: DownloadRequest = Request(scope, receive, send)
    services = services_of(request)
    async with contextlib.AsyncExitStack() as taken:
        try:
            if request.method not in ("GET", "HEAD", "POST"):
                raise MethodNotAllowed("Send GET, HEAD or POST.", allow=("GET", "HEAD", "POST"))
            viewer = await viewer_of_read(request, services.settings)
            if viewer is None:
                raise Unauthenticated("Sign in to download pictures.")
            for places in (services.own_download_places(viewer.account_id), services.download_places):
                if places.locked():
                    raise TooBusy(
                        "Several downloads are under way: try again when one has ended.",
                        retry_after_seconds=10,
                    )
                await taken.enter_async_context(places)
            bundle = await _asked_for(request, viewer)
        except Exception as error:
            await send_error(scope, receive, send, error)
            return
        leaving = await taken.enter_async_context(listening(receive))
        # Lost on the way, or nobody reads: the server cuts an answer that is left unfinished.
        with contextlib.suppress(TimeoutError, StorageUnavailable, FileNotFoundError, RuntimeError):
            await _respond(request, bundle, send, leaving)


async def _asked_for(request: DownloadRequest, viewer: Viewer) -> Bundle:
    fields = await _form(request) if request.method == "POST" else request.scope["query_string"].decode()
    try:
        given = parse_qs(fields, max_num_fields=1_000, strict_parsing=bool(fields))
    except ValueError as error:
        raise BadRequest(WHICH) from error
    ids = [text for value in given.get("images", []) for text in value.split(",") if text]
    boards, searches, filters = (given.get(name, []) for name in ("board", "search", "filter"))
    if len(boards) + len(searches) + len(filters) + bool(ids) != 1:
        raise BadRequest(WHICH)
    if boards:
        return await bundles.bundle_of_board(viewer, _uuid(boards[0], "board"))
    if searches:
        return await bundles.bundle_of_search(viewer, _uuid(searches[0], "search"))
    if filters:
        wanted = filter_words.filter_of(filters[0])
        return await bundles.bundle_of_filter(viewer, wanted, sort=_sort(given.get("sort", ["NEWEST"])[0]))
    return await bundles.bundle_of_images(viewer, [_uuid(text, "images") for text in ids])


def _sort(text: str) -> ImageSort:
    if text not in ImageSort.__members__:
        raise BadInput(f"'sort' is one of {', '.join(ImageSort)}.", field="sort")
    return ImageSort[text]


async def _form(request: DownloadRequest) -> str:
    received = bytearray()
    async for piece in body_pieces(request):
        received += piece
        if len(received) > LONGEST_FORM:
            raise BadRequest(f"A form may have {LONGEST_FORM} bytes.", limit=LONGEST_FORM)
    return received.decode("ascii", "replace")


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise BadInput(f"'{field}' must hold UUIDs.", field=field) from error


async def _respond(
    request: DownloadRequest, bundle: Bundle, send: Send, leaving: "asyncio.Task[None]"
) -> None:
    headers = {
        "Content-Type": MIME,
        "Content-Length": str(bundle.size_bytes),
        "Content-Disposition": content_disposition(f"{bundle.title}.zip", MIME, saved=True),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Vary": "Authorization, Cookie",
    }
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    if request.method != "HEAD":
        async with contextlib.aclosing(bundle.pieces()) as pieces:
            async for piece in pieces:
                if leaving.done():
                    return
                # Who takes nothing for a minute must not keep a place for ever.
                async with asyncio.timeout(WRITE_TIMEOUT_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
