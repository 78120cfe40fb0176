"""P1: what it costs to show many people each other's cursors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from uuid import uuid4

import psutil
import uvloop

from tests.benchmarks.fanout import RUNS, Crowd, bare_broadcast, message_size, speaker
from tests.benchmarks.listening import Listener, subscriber
from tests.benchmarks.rows import Measure
from tests.running import PASSWORD, Script, running_server

PEOPLE = 5
CLIENTS_OF_A_PERSON = 20
MOVERS = 10
MOVES_A_SECOND = 30

# What the web app asks for, and says.
PRESENCE = """subscription ($id: ID!, $client: ID) { presence(boardId: $id, clientId: $client) {
    isComplete left here { clientId account { id name colour } cursor { x y } selection
    viewport { x y zoom width height } following status } } }"""
SHOW = "mutation ($input: ShowPresenceInput!) { showPresence(input: $input) { accepted } }"


def cursors(folder: Path) -> list[Measure]:
    return uvloop.run(_cursors(folder))


async def _cursors(folder: Path) -> list[Measure]:
    async with AsyncExitStack() as until:
        ours = await until.enter_async_context(_webref(folder))
        size = await message_size(ours) // MOVERS
        for each in ours.listeners:
            each.heard = partial(_count_moves, each)
        clients = PEOPLE * CLIENTS_OF_A_PERSON
        bare = await until.enter_async_context(bare_broadcast(size, clients))
        for _ in range(RUNS):
            for crowd in (ours, bare):
                await crowd.measure()
    mine, theirs = median(ours.costs), median(bare.costs)
    how = (
        f"CPU of the server process for each move that one client is told of: {clients} present clients, "
        f"{MOVERS} of them move their cursors {MOVES_A_SECOND} times a second; against a message of {size} "
        f"bytes, what one move takes (ours tell of several at once): {mine * 1e6:.1f} against "
        f"{theirs * 1e6:.1f} µs, medians of {RUNS} rounds in turn"
    )
    return [Measure("P1", "cursors: CPU against `websockets.broadcast`", mine / theirs, "×", 1.5, how)]


def _count_moves(listener: Listener, message: bytes) -> None:
    """The message itself is counted already."""
    listener.count += message.count(b'"cursor":{') - 1


@asynccontextmanager
async def _webref(folder: Path) -> AsyncIterator[Crowd]:
    with running_server(folder, WEBREF_QUOTA_SOCKETS="0") as server:
        owner = await asyncio.to_thread(lambda: Script(server).register())
        board_id = await asyncio.to_thread(owner.create_board)
        tokens = [await asyncio.to_thread(owner.create_token)]
        for number in range(1, PEOPLE):
            tokens.append(await asyncio.to_thread(_guest, owner, Script(server), board_id, number))
        clients = [str(uuid4()) for _ in range(PEOPLE * CLIENTS_OF_A_PERSON)]
        listeners = [
            await subscriber(server.port, PRESENCE, tokens[number % PEOPLE], id=board_id, client=client)
            for number, client in enumerate(clients)
        ]
        movers = [(await speaker(server.port, tokens[n % PEOPLE]), clients[n]) for n in range(MOVERS)]

        @asynccontextmanager
        async def talking() -> AsyncIterator[None]:
            tasks = [asyncio.create_task(_move(*mover, board_id)) for mover in movers]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

        assert server.process is not None
        yield Crowd(psutil.Process(server.process.pid), listeners, talking)


def _guest(owner: Script, guest: Script, board_id: str, number: int) -> str:
    """A token of somebody else who may edit the board."""
    code = owner.ask("mutation { createInvite(input: {}) { code } }")["createInvite"]["code"]
    email = f"person{number}@example.org"
    new = {"name": f"Person {number}", "email": email, "password": PASSWORD, "inviteCode": code}
    guest.ask(
        "mutation ($input: RegisterInput!) { register(input: $input) { __typename } }",
        input={**new, "delivery": "BODY"},
    )
    given = {"boardId": board_id, "grants": [{"email": email, "role": "EDITOR"}]}
    owner.ask("mutation ($input: GrantRolesInput!) { grantRoles(input: $input) { __typename } }", input=given)
    return guest.sign_in(email).create_token()


async def _move(mover: Listener, client: str, board_id: str) -> None:
    for number in count():
        shown = {"boardId": board_id, "clientId": client, "cursor": {"x": number / 3, "y": number / 7}}
        payload = {"query": SHOW, "variables": {"input": shown}}
        mover.say(type="subscribe", id=f"m{number}", payload=payload)
        await asyncio.sleep(1 / MOVES_A_SECOND)
