"""Reading a request's body piece by piece, with a bound on its size and on a client's slowness."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request

from api.errors import BadRequest, BodyTooLarge, ClientGone, SlowRequest

SILENCE_SECONDS = 30.0
# After the first moments a body must arrive at least this fast on average: 50 MB in less than an hour.
LEAST_BYTES_PER_SECOND = 16_000
GRACE_SECONDS = 60.0


def announced_bytes(request: Request[Any, Any, Any]) -> int | None:
    """Content-Length, if the client sent one."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise BadRequest("Content-Length must be a whole number.")
    return int(text)


async def read_body(request: Request[Any, Any, Any], most_bytes: int, timeout_seconds: float) -> bytes:
    """A small body, whole. Raises BodyTooLarge before reading more than it may."""
    if (announced_bytes(request) or 0) > most_bytes:
        raise _too_large(most_bytes)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_seconds):
            async for piece in body_pieces(request):
                size += len(piece)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                pieces.append(piece)
    except TimeoutError as error:
        raise SlowRequest("The request did not arrive in time.") from error
    return b"".join(pieces)


async def body_pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises ClientGone, and SlowRequest after silence or at a crawl."""
    began = time.monotonic()
    received = 0
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                event = await request.receive()
        except TimeoutError as error:
            raise SlowRequest(f"Nothing arrived for {SILENCE_SECONDS:.0f} seconds: send it again.") from error
        if event["type"] == "http.disconnect":
            raise ClientGone("The client hung up before its request was complete.")
        assert event["type"] == "http.request"
        piece = event.get("body", b"")
        if piece:
            received += len(piece)
            yield piece
        if not event.get("more_body", False):
            return
        took = time.monotonic() - began
        if took > GRACE_SECONDS and received < took * LEAST_BYTES_PER_SECOND:
            raise SlowRequest("The body arrives too slowly to be kept waiting for.")


def _too_large(most_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request is larger than {most_bytes:,} bytes.", limit_bytes=most_bytes)
