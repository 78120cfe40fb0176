"""Listeners: websocket clients so simple that hundreds of them cost little beside the server."""

import asyncio
from collections.abc import Callable
from typing import cast

import orjson

TEXT, BINARY, PING, PONG = 0x81, 0x82, 0x9, 0x8A


def masked(head: int, payload: bytes) -> bytes:
    """A client's frame, with a mask that changes nothing."""
    size = len(payload)
    if size < 126:
        return bytes((head, 0x80 | size)) + bytes(4) + payload
    return bytes((head, 0xFE)) + size.to_bytes(2, "big") + bytes(4) + payload


class Listener(asyncio.Protocol):
    """One socket. count: messages that came since it was last set to 0. heard: is given each of them."""

    def __init__(self, path: str, subprotocol: str = "") -> None:
        self.count = 0
        self.heard: Callable[[bytes], None] | None = None
        self.open = asyncio.Event()
        self.lost = False
        self._hello = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            + (f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else "")
            + "\r\n"
        ).encode()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self.transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def say(self, **message: object) -> None:
        self.send(TEXT, orjson.dumps(message))

    def send(self, head: int, payload: bytes) -> None:
        self.transport.write(masked(head, payload))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        if not self.open.is_set():
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self.open.set()
            at = end + 4
        size = len(data)
        while size - at >= 2:
            body, length = at + 2, data[at + 1]
            if length == 126:
                body, length = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
            elif length == 127:
                body, length = at + 10, int.from_bytes(data[at + 2 : at + 10], "big")
            if size < body + length:
                break
            self._frame(data[at] & 0xF, data, body, body + length)
            at = body + length
        self._rest = data[at:]

    def _frame(self, kind: int, data: bytes, begin: int, end: int) -> None:
        if kind in (1, 2):
            self.count += 1
            if self.heard is not None:
                self.heard(data[begin:end])
        elif kind == PING:
            self.send(PONG, data[begin:end])


async def listener(port: int, path: str, subprotocol: str = "") -> Listener:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(lambda: Listener(path, subprotocol), "127.0.0.1", port)
    async with asyncio.timeout(20):
        await protocol.open.wait()
    return protocol


async def subscriber(port: int, document: str, token: str = "", **variables: object) -> Listener:
    """Over graphql-transport-ws; what comes before the first event is not counted."""
    made = await listener(port, "/graphql", "graphql-transport-ws")
    made.say(type="connection_init", payload={"token": token})
    made.say(type="subscribe", id="1", payload={"query": document, "variables": variables})
    return made
