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
    body, more = b"", True
    try:
        async with asyncio.timeout(timeout_seconds):
            while more:
                piece, more = await _next_piece(request)
                if len(body) + len(piece) > most_bytes:
                    raise _too_large(most_bytes)
                body += piece
    except TimeoutError as error:
        raise SlowRequest("The request did not arrive in time.") from error
    return body


async def body_pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises ClientGone, and SlowRequest after silence or at a crawl."""
    began = time.monotonic()
    received = 0
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                piece, more = await _next_piece(request)
        except TimeoutError as error:
            raise SlowRequest(f"Nothing arrived for {SILENCE_SECONDS:.0f} seconds: send it again.") from error
        if piece:
            received += len(piece)
            yield piece
        if not more:
            return
        took = time.monotonic() - began
        if took > GRACE_SECONDS and received < took * LEAST_BYTES_PER_SECOND:
            raise SlowRequest("The body arrives too slowly to be kept waiting for.")


async def _next_piece(request: Request[Any, Any, Any]) -> tuple[bytes, bool]:
    """And whether there are more. Raises ClientGone."""
    event = await request.receive()
    if event["type"] == "http.disconnect":
        raise ClientGone("The client hung up before its request was complete.")
    assert event["type"] == "http.request"
    return event.get("body", b""), event.get("more_body", False)


def _too_large(most_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request is larger than {most_bytes:,} bytes.", limit_bytes=most_bytes)
