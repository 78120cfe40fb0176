"""graphql-transport-ws as we speak it: its bounds, its close codes, and how a socket ends in time."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Collection
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api import sockets
from api.app import drain
from domain import quotas, sessions, standing
from domain.access import Viewer
from domain.settings import Settings
from domain.standing import still_signed_in
from tests.api.serving import PROTOCOL, Served, end_of, heard, say
from tests.people import sign_in

NAME = {"query": "{ __typename }"}
CHANGES = "subscription ($id: ID!, $after: Long) { boardChanges(boardId: $id, after: $after) { seq } }"


async def global_id(served: Served, token: str) -> str:
    """Makes a board the way a client does; its id is whatever the API calls it."""
    async with served.client(token) as client:
        answer = await client.post(
            "/graphql",
            json={"query": 'mutation { createBoard(input: { title: "Trees" }) { board { id } } }'},
        )
    found: str = answer.json()["data"]["createBoard"]["board"]["id"]
    return found


async def rename(served: Served, token: str, board_id: str, title: str) -> None:
    async with served.client(token) as client:
        answer = await client.post(
            "/graphql",
            json={
                "query": "mutation ($i: EditBoardInput!) { editBoard(input: $i) { board { id } } }",
                "variables": {"i": {"id": board_id, "title": title}},
            },
        )
    assert "errors" not in answer.json(), answer.text


@pytest.mark.parametrize("offered", [["graphql-ws"], [], ["chat"]])
async def test_other_protocols_are_refused(served: Served, offered: list[str]) -> None:
    async with connect(served.socket_url, subprotocols=offered or None) as connection:  # type: ignore[arg-type]
        assert await end_of(connection) == (4406, [])


async def test_without_connection_init_a_socket_is_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sockets.INIT_SECONDS <= 5
    monkeypatch.setattr(sockets, "INIT_SECONDS", 0.2)
    async with served.connected() as connection:
        assert await end_of(connection) == (4408, [])


@pytest.mark.parametrize("payload", [None, {}, {"token": "wrong"}, {"token": "wr_wrong_wrong"}])
async def test_only_the_signed_in_are_let_in(served: Served, payload: Any) -> None:
    async with served.connected() as connection:
        await say(connection, type="connection_init", payload=payload)
        assert await end_of(connection) == (4403, [])


async def test_nothing_is_run_before_the_acknowledgement(served: Served) -> None:
    async with served.connected() as connection:
        await say(connection, type="subscribe", id="1", payload=NAME)
        assert await end_of(connection) == (4401, [])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ("3", 4400),
        (b"\x00\x01", 4400),
        ('{"type":"dance"}', 4400),
        ('{"type":7}', 4400),
        ('{"type":"subscribe","payload":{"query":"{ __typename }"}}', 4400),
        ('{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}', 4400),
        ('{"type":"subscribe","id":7,"payload":{"query":"{ __typename }"}}', 4400),
        ('{"type":"subscribe","id":"1"}', 4400),
        ('{"type":"subscribe","id":"1","payload":{"query":7}}', 4400),
        ('{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}', 4400),
        ('{"type":"ping","payload":7}', 4400),
        ('{"type":"connection_init"}', 4429),
        (json.dumps({"type": "ping", "payload": {"a": "x" * 65_536}}), 1009),
    ],
)
async def test_what_is_no_message_closes_the_socket_with_its_code(
    served: Served, message: str | bytes, code: int
) -> None:
    ana = await served.join("ana")
    async with served.connected(ana.access_token) as connection:
        await connection.send(message)
        assert await end_of(connection) == (code, [])


async def test_queries_run_over_it_and_errors_come_by_themselves(served: Served) -> None:
    ana = await served.join("ana")
    async with served.connected(ana.access_token) as connection:
        await say(connection, type="ping", payload={"n": 1})
        assert await heard(connection) == {"type": "pong", "payload": {"n": 1}}
        await say(connection, type="subscribe", id="a", payload=NAME)
        next_ = {"id": "a", "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await heard(connection) == next_
        assert await heard(connection) == {"id": "a", "type": "complete"}
        await say(connection, type="subscribe", id="a", payload={"query": "{ nothingOfThatName }"})
        refused = await heard(connection)
        assert (refused["id"], refused["type"]) == ("a", "error")
        assert refused["payload"][0]["message"]
        await say(connection, type="complete", id="never begun")
        await say(connection, type="subscribe", id="a", payload=NAME)
        assert await heard(connection) == next_


async def test_changes_arrive_and_can_be_resumed(served: Served) -> None:
    ana = await served.join("ana")
    board_id = await global_id(served, ana.access_token)
    variables: dict[str, Any] = {"id": board_id, "after": 0}
    async with served.connected(ana.access_token) as connection:
        await say(connection, type="subscribe", id="1", payload={"query": CHANGES, "variables": variables})
        await rename(served, ana.access_token, board_id, "Oaks")
        first = (await heard(connection))["payload"]["data"]["boardChanges"]["seq"]
        await rename(served, ana.access_token, board_id, "Elms")
        assert (await heard(connection))["payload"]["data"]["boardChanges"]["seq"] == first + 1
        await say(connection, type="complete", id="1")
        await rename(served, ana.access_token, board_id, "Ashes")
        await say(connection, type="subscribe", id="2", payload={"query": CHANGES, "variables": variables})
        seqs: list[int] = []
        while len(seqs) < first + 2:
            message = await heard(connection)
            if message["id"] == "2":  # what the first subscription had under way may still arrive
                seqs.append(message["payload"]["data"]["boardChanges"]["seq"])
        assert seqs == list(range(1, first + 3))


async def test_one_account_has_only_so_many_sockets_open(served: Served) -> None:
    ana = await served.join("ana")
    quotas.follow(Settings(quota_sockets=2))
    async with served.connected(ana.access_token):
        async with (
            served.connected(ana.access_token),
            connect(served.socket_url, subprotocols=[PROTOCOL]) as third,  # type: ignore[list-item]
        ):
            await say(third, type="connection_init", payload={"token": ana.access_token})
            assert await end_of(third) == (1013, [])
        for _ in range(100):
            if quotas.sockets_of(ana.account.id) == 1:
                break
            await asyncio.sleep(0.02)
        async with served.connected(ana.access_token):
            assert quotas.sockets_of(ana.account.id) == 2


async def test_an_id_in_use_and_too_many_operations(served: Served) -> None:
    ana = await served.join("ana")
    board_id = await global_id(served, ana.access_token)
    payload = {"query": CHANGES, "variables": {"id": board_id}}
    async with served.connected(ana.access_token) as connection:
        for number in range(sockets.MOST_OPERATIONS + 1):
            await say(connection, type="subscribe", id=str(number), payload=payload)
        refused = await heard(connection)
        assert (refused["id"], refused["type"]) == (str(sockets.MOST_OPERATIONS), "error")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await say(connection, type="subscribe", id="3", payload=payload)
        assert await end_of(connection) == (4409, [])


async def test_a_cookie_is_good_only_for_our_own_pages(served: Served) -> None:
    ana = await served.join("ana")
    cookie = {"Cookie": f"webref_access={ana.access_token}"}
    for origin in ("https://evil.example", "null", f"{served.url}.evil.example", None):
        with pytest.raises(InvalidStatus) as refusal:
            async with served.connected(additional_headers=cookie, origin=origin):
                pass
        assert refusal.value.response.status_code == 403
    async with served.connected(additional_headers=cookie, origin=served.url) as connection:
        await say(connection, type="connection_init")
        assert await heard(connection) == {"type": "connection_ack"}


async def test_a_revoked_session_ends_within_two_seconds_and_hears_nothing_more(served: Served) -> None:
    ana = await served.join("ana")
    again = await sign_in("ana")
    board_id = await global_id(served, ana.access_token)
    async with (
        served.connected(ana.access_token) as ending,
        served.connected(again.access_token) as staying,
    ):
        for connection in (ending, staying):
            await say(
                connection,
                type="subscribe",
                id="1",
                payload={"query": CHANGES, "variables": {"id": board_id}},
            )
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await sessions.sign_out(await sessions.viewer_of(ana.access_token))
        code, said = await end_of(ending)
        assert (code, [message for message in said if message["type"] == "next"]) == (4403, [])
        assert time.monotonic() - began < 6
        await rename(served, again.access_token, board_id, "Oaks")
        assert (await heard(staying))["type"] == "next"


async def test_before_a_stop_sockets_are_told_to_reconnect(served: Served) -> None:
    ana = await served.join("ana")
    board_id = await global_id(served, ana.access_token)
    async with served.connected(ana.access_token) as connection:
        payload = {"query": CHANGES, "variables": {"id": board_id}}
        await say(connection, type="subscribe", id="1", payload=payload)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await drain(served.app)
        code, said = await end_of(connection)
        assert (code, said) == (1001, [])
        assert time.monotonic() - began < 6
    async with served.connected() as late:
        assert await end_of(late) == (1001, [])


async def test_before_a_stop_a_slow_reader_still_gets_what_it_is_owed(served: Served) -> None:
    ana = await served.join("ana")
    board_id = await global_id(served, ana.access_token)
    async with served.connected(ana.access_token) as connection:
        payload = {"query": CHANGES, "variables": {"id": board_id, "after": 1}}
        await say(connection, type="subscribe", id="1", payload=payload)
        await asyncio.sleep(0.3)
        (client,) = served.services.sockets
        client.wire.pause_writing()
        for title in ("Oaks", "Elms"):
            await rename(served, ana.access_token, board_id, title)
        await asyncio.sleep(0.2)
        stopping = asyncio.create_task(drain(served.app))
        await asyncio.sleep(0.2)
        client.wire.resume_writing()
        code, said = await end_of(connection)
        assert [message["payload"]["data"]["boardChanges"]["seq"] for message in said] == [2, 3]
        assert code == 1001
        await stopping


async def test_a_client_that_reads_nothing_is_cut_and_leaves_nothing_behind(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sockets.SEND_SECONDS <= 10
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.5)
    ana = await served.join("ana")
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(deaf.connect, ("127.0.0.1", port))
        deaf.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode()
        )
        await asyncio.to_thread(deaf.recv, 1000)
        deaf.sendall(frame({"type": "connection_init", "payload": {"token": ana.access_token}}))
        many = " ".join(f"a{n}: __typename" for n in range(10))
        deaf.setblocking(False)
        began = time.monotonic()
        while served.services.sockets and time.monotonic() - began < 10:
            await asyncio.sleep(0.005)
            key = uuid4().hex
            try:
                deaf.send(frame({"type": "subscribe", "id": key, "payload": {"query": f"{{ {many} }}"}}))
                deaf.send(frame({"type": "ping", "payload": {"a": "x" * 60_000}}))
            except BlockingIOError:
                continue
            except ConnectionError:
                break
        assert not served.services.sockets


def frame(message: dict[str, Any]) -> bytes:
    """A masked text frame, with a mask that changes nothing."""
    text = json.dumps(message).encode()
    if len(text) < 126:
        return b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text
    return b"\x81\xfe" + struct.pack("!H", len(text)) + bytes(4) + text


@pytest.mark.parametrize("path", ["/", "/boards", "/files/a/b", "/assets/app.js"])
async def test_a_socket_anywhere_else_is_refused(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(served.socket_url.replace("/graphql", path), subprotocols=[PROTOCOL]):  # type: ignore[list-item]
            pass
    assert refused.value.response.status_code == 403
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_reason_longer_than_a_close_frame_is_cut_between_letters(served: Served) -> None:
    ana = await served.join("ana")
    board_id = await global_id(served, ana.access_token)
    async with served.connected(ana.access_token) as connection:
        for _ in range(2):
            payload = {"query": CHANGES, "variables": {"id": board_id}}
            await say(connection, type="subscribe", id="画" * 120, payload=payload)
        assert await end_of(connection) == (4409, [])
        assert connection.close_reason is not None
        assert connection.close_reason.startswith("Subscriber for 画")


async def test_a_revoked_socket_is_closed_although_one_look_failed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    looks = 0

    async def failing(viewers: Collection[Viewer]) -> set[Viewer]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("nobody expected this")
        return await still_signed_in(viewers)

    monkeypatch.setattr(standing, "still_signed_in", failing)
    async with served.connected(ana.access_token) as connection:
        while not looks:  # noqa: ASYNC110 - the sweep has no event to wait for
            await asyncio.sleep(0.05)
        await sessions.sign_out(await sessions.viewer_of(ana.access_token))
        assert await end_of(connection, within_seconds=4) == (4403, [])
