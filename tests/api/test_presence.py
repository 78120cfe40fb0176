"""Presence over real sockets: how a socket ends does not matter, whoever held it open is gone at once."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection

from domain.sessions import SignedIn
from tests.api.serving import Served, heard, say

FOLLOW = """subscription ($board: ID!, $client: ID) { presence(boardId: $board, clientId: $client) {
    isComplete left here { clientId account { name } cursor { x y } } } }"""
SHOW = "mutation ($v: ShowPresenceInput!) { showPresence(input: $v) { accepted } }"


async def a_shared_board(served: Served, ana: SignedIn) -> str:
    """Ana's, and Ben may look at it."""
    async with served.client(ana.access_token) as client:
        made = await client.post(
            "/graphql",
            json={"query": 'mutation { createBoard(input: { title: "Trees" }) { board { id } } }'},
        )
        board: str = made.json()["data"]["createBoard"]["board"]["id"]
        shared = await client.post(
            "/graphql",
            json={
                "query": "mutation ($v: GrantRolesInput!) { grantRoles(input: $v) { board { id } } }",
                "variables": {
                    "v": {"boardId": board, "grants": [{"email": "ben@example.org", "role": "VIEWER"}]}
                },
            },
        )
    assert "errors" not in shared.json(), shared.text
    return board


async def follow(connection: ClientConnection, board: str, client: str | None) -> None:
    payload = {"query": FOLLOW, "variables": {"board": board, "client": client}}
    await say(connection, type="subscribe", id="presence", payload=payload)


class Watching:
    """Who is here, by what one socket was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.here: dict[str, Any] = {}
        self._connection = connection

    async def until(self, true: Callable[[dict[str, Any]], object], seconds: float = 2.0) -> None:
        async with asyncio.timeout(seconds):
            while not true(self.here):
                message = await heard(self._connection)
                if message["id"] != "presence" or message["type"] != "next":
                    continue
                event = message["payload"]["data"]["presence"]
                if event["isComplete"]:
                    self.here = {}
                for client in event["left"]:
                    self.here.pop(client, None)
                self.here |= {one["clientId"]: one for one in event["here"]}


async def complete(connection: ClientConnection) -> None:
    await say(connection, type="complete", id="presence")


async def close(connection: ClientConnection) -> None:
    await connection.close()


async def cut(connection: ClientConnection) -> None:
    """The cable is pulled: no goodbye of any protocol, only a reset."""
    raw = connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.transport.abort()


@pytest.mark.parametrize("end", [complete, close, cut])
async def test_the_end_of_the_stream_is_the_end_of_the_presence(served: Served, end: Any) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    board = await a_shared_board(served, ana)
    client = str(uuid4())
    async with served.connected(ana.access_token) as hers, served.connected(ben.access_token) as his:
        watching = Watching(hers)
        await follow(hers, board, None)
        await follow(his, board, client)
        await watching.until(lambda here: client in here)
        place = {"boardId": board, "clientId": client, "cursor": {"x": 3, "y": 4}}
        await say(his, type="subscribe", id="show", payload={"query": SHOW, "variables": {"v": place}})
        await watching.until(lambda here: here[client]["cursor"] == {"x": 3, "y": 4})
        assert watching.here[client]["account"] == {"name": "Ben"}
        await end(his)
        await watching.until(lambda here: not here, seconds=1)
