"""The wire: uvicorn's websocket, on which text can be written by a call, many messages in one write.

What uvicorn writes itself (pings, pongs, closes) are whole frames, and so is what is written here: they
cannot tear each other. A server's frames have no mask, and ours no compression.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakKeyDictionary

from litestar import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "webref.wire"
MOST_MESSAGE_BYTES = 64 * 1024
# What may gather in one turn of the loop before it is written.
MOST_GATHERED_BYTES = 64 * 1024

_SHORT = [bytes((0x81, size)) for size in range(126)]


def text_head(size: int) -> bytes:
    """Of a final text frame of the server: https://www.rfc-editor.org/rfc/rfc6455#section-5.2."""
    if size < 126:
        return _SHORT[size]
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


class _Turn:
    """The wires that have something to write when the loop has done what it is at."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wires: list[Wire] = []

    def add(self, wire: "Wire") -> None:
        if not self._wires:
            self._loop.call_soon(self._flush)
        self._wires.append(wire)

    def _flush(self) -> None:
        wires, self._wires = self._wires, []
        for wire in wires:
            wire.flush()


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turn] = WeakKeyDictionary()


def _nothing() -> None:
    pass


class Wire(WebSocketsSansIOProtocol):
    """clear: the client keeps up. on_slow, on_clear: called when that changes."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.clear = True
        self.on_slow: Callable[[], None] = _nothing
        self.on_clear: Callable[[], None] = _nothing
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._turn = _turns.setdefault(self.loop, _Turn(self.loop))

    async def run_asgi(self) -> None:
        cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self
        await super().run_asgi()

    def send_text(self, *parts: bytes) -> None:
        """Sends the parts as one message, with all else of this turn; nothing when the socket is closing."""
        size = sum(map(len, parts))
        if not self._gathered:
            self._turn.add(self)
        self._gathered.append(text_head(size))
        self._gathered.extend(parts)
        self._gathered_bytes += size
        if self._gathered_bytes >= MOST_GATHERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what has gathered now, before something else is."""
        gathered, self._gathered, self._gathered_bytes = self._gathered, [], 0
        if gathered and not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(b"".join(gathered))

    async def room(self) -> None:
        """Returns when the client keeps up, or is gone."""
        while not self.clear:
            await self.writable.wait()

    @property
    def waiting_bytes(self) -> int:
        """What was written and is not taken yet."""
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Lets go of a client that reads nothing, not even a close frame, and of what waits for it."""
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.clear = False
        self.on_slow()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.clear = True
        self.on_clear()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.clear = True


# How uvicorn is to be configured for it.
SOCKETS: dict[str, Any] = {"ws": Wire, "ws_max_size": MOST_MESSAGE_BYTES, "ws_per_message_deflate": False}


def wire_of(socket: WebSocket[Any, Any, Any]) -> Wire:
    """Of a socket of a server with these settings."""
    wire = cast(dict[str, Any], socket.scope["extensions"]).get(EXTENSION)
    assert isinstance(wire, Wire), "the server is configured with api.wire.SOCKETS"
    return wire
