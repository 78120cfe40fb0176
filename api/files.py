"""Pictures over HTTP: originals, renditions and thumbnails, cached by nobody but the asker."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request
from litestar.types import Receive, Scope, Send

from api.errors import MethodNotAllowed, send_error
from api.identity import viewer_of_read
from api.leaving import listening
from api.ranges import Slice, wanted
from api.services import services_of
from domain import animations, atlases, full_sizes, originals, renditions, storage, thumbnails, tiles
from domain.errors import NotFound, StorageUnavailable, Unauthenticated
from domain.storage import StoredFile

WRITE_TIMEOUT_SECONDS = 60.0
FOR_EVER, ASK_AGAIN = "private, max-age=31536000, immutable", "private, no-cache"
# Shown in a tab of the browser; everything else is only saved. SVG is not among them on purpose.
INLINE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"})


async def files(scope: Scope, receive: Receive, send: Send) -> None:
    """GET and HEAD of /files/<image id>/original, /files/<image id>/full, /files/<image id>/animation,
    /files/<image id>/<size>, /files/<image id>/tiles/<level>/<column>/<row>, /files/boards/<board id>/<seq>
    and /files/boards/<board id>/atlas/<digest>."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    try:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("Pictures are read with GET or HEAD.", allow=("GET", "HEAD"))
        stored = await _find(request)
        part = _wanted(request, stored)
        pieces = storage.read(stored.key, stored.start + part.start, stored.start + part.stop)
        # Before the answer begins: what goes wrong with the first piece can still be said.
        first = await _first(pieces) if request.method == "GET" and part.stop > part.start else b""
    except Exception as error:
        await send_error(scope, receive, send, error)
        return
    async with contextlib.aclosing(pieces):
        try:
            await _respond(request, stored, part, first, pieces, send)
        except (TimeoutError, StorageUnavailable, FileNotFoundError):
            return  # nobody reads, or the store went: the server cuts an answer that is left unfinished


async def _find(request: Request[Any, Any, Any]) -> StoredFile:
    services = services_of(request)
    parts = request.scope["path"].strip("/").split("/")[1:]
    of_atlas = len(parts) == 4 and parts[0] == "boards" and parts[2] == "atlas"
    of_board = of_atlas or (len(parts) == 3 and parts[0] == "boards")
    if of_board:
        parts = parts[1:]
    of_tiles = len(parts) == 5 and parts[1] == "tiles"
    if len(parts) != 2 and not of_tiles and not of_atlas:
        raise _no_file()
    try:
        key = UUID(parts[0])
    except ValueError as error:
        raise _no_file() from error
    viewer = await viewer_of_read(request, services.settings)
    if viewer is None:
        raise Unauthenticated("Sign in to see this picture.")
    if of_atlas:
        return await atlases.file(viewer, key, parts[2])
    if of_tiles:
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts[2:]):
            raise _no_file()
        level, column, row = map(int, parts[2:])
        return await tiles.file(viewer, key, (level, column, row))
    variant = parts[1]
    if variant == "original" and not of_board:
        return await originals.file(viewer, key)
    if variant == "full" and not of_board:
        return await full_sizes.file(viewer, key)
    if variant == "animation" and not of_board:
        return await animations.file(viewer, key)
    if not variant.isascii() or not variant.isdigit() or len(variant) > (15 if of_board else 5):
        raise _no_file()
    find = thumbnails.file if of_board else renditions.file
    return await find(viewer, key, int(variant))


def _no_file() -> NotFound:
    return NotFound("There is no such file.")


def _wanted(request: Request[Any, Any, Any], stored: StoredFile) -> Slice:
    return wanted(
        stored.size_bytes,
        stored.etag,
        if_match=request.headers.get("if-match"),
        if_none_match=request.headers.get("if-none-match"),
        byte_range=request.headers.get("range") if request.method == "GET" else None,
        if_range=request.headers.get("if-range"),
    )


async def _first(pieces: AsyncGenerator[bytes, None]) -> bytes:
    try:
        return await anext(pieces, b"")
    except FileNotFoundError as error:
        raise StorageUnavailable("The file was just lost from the store. Try again in a moment.") from error


async def _respond(
    request: Request[Any, Any, Any],
    stored: StoredFile,
    part: Slice,
    first: bytes,
    pieces: AsyncGenerator[bytes, None],
    send: Send,
) -> None:
    headers = {
        "ETag": stored.etag,
        "Cache-Control": FOR_EVER if stored.lasting else ASK_AGAIN,
        "Vary": "Authorization, Cookie",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if part.status in (200, 206):
        headers["Content-Type"] = stored.mime
        headers["Content-Length"] = str(part.stop - part.start)
        saved = "1" in request.query_params.getall("download", [])
        headers["Content-Disposition"] = content_disposition(stored.filename, stored.mime, saved=saved)
    if part.status == 206:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{stored.size_bytes}"
    if part.status == 416:
        headers["Content-Range"] = f"bytes */{stored.size_bytes}"
        headers["Content-Length"] = "0"
    if part.status == 412:
        headers["Content-Length"] = "0"
    await send(
        {
            "type": "http.response.start",
            "status": part.status,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    if first:
        await _send_piece(send, first)
    if len(first) < part.stop - part.start and request.method == "GET":
        async with listening(request.receive) as leaving:
            async for piece in pieces:
                if leaving.done():
                    return
                await _send_piece(send, piece)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_piece(send: Send, piece: bytes) -> None:
    """A reader that takes nothing for a minute must not hold the file for ever."""
    async with asyncio.timeout(WRITE_TIMEOUT_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def content_disposition(filename: str, mime: str, *, saved: bool = False) -> str:
    """RFC 6266 with an ASCII stand-in and the real name as in RFC 8187; never a path, never a new header."""
    name = (
        "".join(letter for letter in filename if letter.isprintable()).replace("\\", "/").rpartition("/")[2]
    )
    name = name.encode("utf-8", "ignore").decode()[:150].strip(" .") or "picture"
    kind = "attachment" if saved or mime not in INLINE_TYPES else "inline"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%;' else "_" for letter in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
