"""The wire: frames made by hand are valid, whole and in order beside those of uvicorn, and few writes."""

import asyncio
import json
import socket
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from api import sockets
from api.wire import Wire, text_head
from domain import boards
from domain.sessions import viewer_of
from tests.api.serving import PROTOCOL, Served, end_of, heard, say
from tests.api.test_websocket import CHANGES, global_id


@given(st.one_of(st.integers(0, 70_000), st.integers(0, 2**40)))
def test_the_head_of_a_frame_says_its_length_in_the_shortest_form(size: int) -> None:
    head = text_head(size)
    assert head[0] == 0x81
    if size < 126:
        assert (head[1], len(head)) == (size, 2)
    elif size < 65_536:
        assert (head[1], int.from_bytes(head[2:], "big"), len(head)) == (126, size, 4)
    else:
        assert (head[1], int.from_bytes(head[2:], "big"), len(head)) == (127, size, 10)


def the_wire(served: Served) -> Wire:
    (client,) = served.services.sockets
    return client.wire


class Recorded:
    """A transport that counts what is written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.writes: list[bytes] = []
        self._transport = transport

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
async def test_messages_of_every_length_arrive_as_they_are(served: Served, size: int) -> None:
    ana = await served.join("ana")
    async with served.connected(ana.access_token) as connection:
        text = ("画é🦊x" * size)[:size]
        the_wire(served).send_text(b"", text[: size // 2].encode(), text[size // 2 :].encode())
        assert await connection.recv() == text


async def test_messages_of_one_turn_leave_in_one_write_and_large_ones_do_not_gather(served: Served) -> None:
    ana = await served.join("ana")
    async with served.connected(ana.access_token) as connection:
        wire = the_wire(served)
        recorded = wire.transport = Recorded(wire.transport)  # type: ignore[assignment]
        for n in range(50):
            wire.send_text(b'{"n":', str(n).encode(), b"}")
        assert [await heard(connection) for _ in range(50)] == [{"n": n} for n in range(50)]
        assert len(recorded.writes) == 1
        for _ in range(4):
            wire.send_text(b"x" * 65_536)
        assert len(recorded.writes) == 5
        for _ in range(4):
            await connection.recv()


async def test_nothing_is_written_to_a_socket_that_is_closing(served: Served) -> None:
    ana = await served.join("ana")
    async with served.connected(ana.access_token) as connection:
        (client,) = served.services.sockets
        client.wire.send_text(b'{"said":"before"}')
        client.end(sockets.Close.GOING_AWAY, "enough")
        await asyncio.sleep(0.1)
        client.wire.send_text(b'{"said":"after"}')
        assert await end_of(connection) == (1001, [{"said": "before"}])


class Raw:
    """A client that keeps every frame as it came, checked by a strict parser of the protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = ClientProtocol(parse_uri(url), subprotocols=[PROTOCOL], max_size=None)  # type: ignore[list-item]
        self.protocol.send_request(self.protocol.connect())
        self.frames: list[Frame] = []
        self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.writer.write(data)

    def say(self, **message: Any) -> None:
        self.protocol.send_text(json.dumps(message).encode())
        self.flush()

    def ping(self, data: bytes) -> None:
        self.protocol.send_ping(data)
        self.flush()

    async def read(self) -> bool:
        data = await self.reader.read(1000)
        if data:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        for event in self.protocol.events_received():
            if isinstance(event, Response):
                continue
            assert isinstance(event, Frame)
            self.frames.append(event)
        assert self.protocol.parser_exc is None or isinstance(self.protocol.parser_exc, EOFError)
        self.flush()
        return bool(data)


async def test_events_pongs_and_the_close_never_tear_each_other(served: Served) -> None:
    ana = await served.join("ana")
    viewer = await viewer_of(ana.access_token)
    board_id = await global_id(served, ana.access_token)
    port = int(served.url.rpartition(":")[2])
    raw = Raw(*await asyncio.open_connection("127.0.0.1", port), served.socket_url)
    while not raw.protocol.handshake_exc and raw.protocol.state.name == "CONNECTING":
        await raw.read()
    raw.say(type="connection_init", payload={"token": ana.access_token})
    document = CHANGES.replace("{ seq }", "{ seq operation { ... on EditBoard { title } } }")
    payload = {"query": document, "variables": {"id": board_id}}
    raw.say(type="subscribe", id="一", payload=payload)
    await asyncio.sleep(0.3)

    async def work() -> None:
        for n in range(40):
            raw.ping(b"ping %d" % n)
            await boards.edit_board(viewer, UUID(board_id), title=f"🦊 {n}")
        (client,) = served.services.sockets
        await asyncio.sleep(0.2)
        client.end(sockets.Close.FORBIDDEN, "That was all.")

    working = asyncio.create_task(work())
    async with asyncio.timeout(20):
        while await raw.read():
            pass
    await working
    raw.writer.close()
    kinds = [frame.opcode for frame in raw.frames]
    assert kinds[-1] is Opcode.CLOSE
    assert [f.data for f in raw.frames if f.opcode is Opcode.PONG] == [b"ping %d" % n for n in range(40)]
    assert all(frame.fin and not (frame.rsv1 or frame.rsv2 or frame.rsv3) for frame in raw.frames)
    told = [json.loads(bytes(f.data)) for f in raw.frames if f.opcode is Opcode.TEXT]
    events = [message["payload"]["data"]["boardChanges"] for message in told if message["type"] == "next"]
    assert {message["id"] for message in told if message["type"] == "next"} == {"一"}
    assert [event["operation"]["title"] for event in events] == [f"🦊 {n}" for n in range(40)]


async def test_a_deaf_subscriber_is_cut_and_the_others_hear_everything(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.5)
    ana = await served.join("ana")
    viewer = await viewer_of(ana.access_token)
    board_id = await global_id(served, ana.access_token)
    document = CHANGES.replace("{ seq }", "{ seq operation { ... on EditBoard { description } } }")
    payload = {"query": document, "variables": {"id": board_id, "after": 1}}
    port = int(served.url.rpartition(":")[2])
    deaf = Raw(*await asyncio.open_connection("127.0.0.1", port, limit=1), served.socket_url)
    while deaf.protocol.state.name == "CONNECTING":
        await deaf.read()
    deaf.say(type="connection_init", payload={"token": ana.access_token})
    deaf.say(type="subscribe", id="1", payload=payload)
    async with served.connected(ana.access_token) as connection:
        for client in served.services.sockets:
            bare = client.wire.transport.get_extra_info("socket")
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        await say(connection, type="subscribe", id="1", payload=payload)
        told: list[int] = []
        async with asyncio.timeout(40):
            while len(served.services.sockets) > 1 or len(told) < 5:
                description = "é" * 9_000 + str(len(told))
                await boards.edit_board(viewer, UUID(board_id), description=description)
                change = (await heard(connection))["payload"]["data"]["boardChanges"]
                assert change["operation"]["description"] == description
                told.append(change["seq"])
        assert told == list(range(2, len(told) + 2))
    deaf.writer.close()
