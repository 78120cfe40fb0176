"""Eight clients write and follow at once, through cuts and kills, and all end with the same board.

Each has a door of its own that cuts connections; the server is killed again and again, PostgreSQL is real.
"""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.database import close_database, open_database
from domain.operations import CommentOperation, EditItems, parts_of
from domain.postgres import Cluster, find_binaries
from tests.cutting import CuttingDoor
from tests.journeys.copying import READ, Copy, copy_of_rows, talk_of_rows
from tests.journeys.restless import Restless
from tests.laws import require_laws, state_in_rows
from tests.pictures import photo
from tests.running import PASSWORD, RunningServer, Script, running_server
from tests.thoroughness import SEEDS

CLIENTS = 8
PEOPLE = 4
WRITES = 200


@dataclass(frozen=True)
class Stage:
    board_id: str
    tokens: list[str]
    images: list[str]


def _set_up(server: RunningServer) -> Stage:
    """Four people who may all edit one board, and pictures of one of them on it."""
    scripts = [Script(server).register()]
    owner = scripts[0]
    board_id = owner.create_board()
    for number in range(1, PEOPLE):
        code = owner.ask(
            "mutation { createInvite(input: {}) { code } }",
        )["createInvite"]["code"]
        email = f"person{number}@example.org"
        new = {
            "name": f"Person {number}",
            "email": email,
            "password": PASSWORD,
            "inviteCode": code,
            "delivery": "BODY",
        }
        guest = Script(server)
        guest.ask("mutation ($input: RegisterInput!) { register(input: $input) { __typename } }", input=new)
        scripts.append(guest.sign_in(email))
        given = {"boardId": board_id, "grants": [{"email": email, "role": "EDITOR"}]}
        owner.ask(
            "mutation ($input: GrantRolesInput!) { grantRoles(input: $input) { __typename } }", input=given
        )
    sizes = ((120, 80), (60, 90))
    images = [owner.upload(photo(*size), "a.jpg")["id"] for size in sizes]
    owner.add_images(board_id, images)
    return Stage(board_id, [script.create_token() for script in scripts], images)


async def _kill_in_between(server: RunningServer, clients: list[Restless], chance: random.Random) -> int:
    """Two or three times, spread over the work whatever the speed of the machine."""
    moments = sorted(chance.uniform(0.1, 0.8) for _ in range(chance.choice([2, 3])))
    for moment in moments:
        while sum(c.done for c in clients) < moment * CLIENTS * WRITES:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    return len(moments)


async def _act(server: RunningServer, stage: Stage, seed: int) -> list[Restless]:
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        clients: list[Restless] = []
        doors: list[CuttingDoor] = []
        for number in range(CLIENTS):
            door = CuttingDoor(server.port, random.Random(chance.random()), every_seconds=1.0)
            doors.append(await stack.enter_async_context(door))
            token = stage.tokens[number % PEOPLE]
            client = Restless(door.port, token, stage.board_id, stage.images, chance.getrandbits(60))
            await stack.enter_async_context(client.http)
            clients.append(client)
        await asyncio.gather(*(client.begin() for client in clients))
        followers = [asyncio.create_task(client.follow()) for client in clients]
        kills = asyncio.create_task(_kill_in_between(server, clients, chance))
        try:
            await asyncio.gather(*(client.write(WRITES) for client in clients))
            assert await kills >= 2
            for door in doors:
                door.rest()
            last = (await clients[0].ask(READ, board=stage.board_id, since=None))["board"]["seq"]
            async with asyncio.timeout(30):
                while any(client.copy.seq < last for client in clients):
                    assert not any(follower.done() for follower in followers), followers
                    await asyncio.sleep(0.05)
        finally:
            for task in (kills, *followers):
                task.cancel()
            outcomes = await asyncio.gather(*followers, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes
        return clients


async def _judge(server: RunningServer, stage: Stage, clients: list[Restless], whole: dict[str, Any]) -> None:
    assert [fault for client in clients for fault in client.faults] == []
    board_id = UUID(stage.board_id)
    await open_database(Cluster(server.data / "postgres", find_binaries()).url())
    try:
        log = await require_laws(board_id)  # gapless, and folding it gives the rows
        rows = await state_in_rows(board_id)
    finally:
        await close_database()
    read = Copy()
    read.read(whole, since=None)
    assert (read.items, read.title, read.seq) == (copy_of_rows(rows), rows.title, len(log))
    said = talk_of_rows(rows)
    for client in clients:
        assert (client.copy.items, client.copy.title, client.copy.seq) == (read.items, read.title, read.seq)
        assert client.copy.comments == said
    kinds = Counter(type(part) for change in log for part in parts_of(change.operation))
    assert all(kinds[kind] for kind in (EditItems, *get_args(CommentOperation))), kinds
    seqs = {str(change.mutation_id): change.seq for change in log if change.mutation_id}
    assert len(seqs) == len([change for change in log if change.mutation_id])  # nothing was done twice
    answered = {key: seq for client in clients for key, seq in client.answered.items()}
    assert {key: seq for key, seq in answered.items() if seq is not None} == seqs
    for client in clients:
        assert len(client.seen) == len(set(client.seen))
        assert client.done == WRITES


@pytest.mark.journey
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_all_end_with_the_same_board(seed: int, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        stage = _set_up(server)

        async def play() -> list[Restless]:
            clients = await _act(server, stage, seed)
            whole = await asyncio.to_thread(_whole, server, stage)
            await _judge(server, stage, clients, whole)
            return clients

        clients = asyncio.run(play())
    written = sum(seq is not None for client in clients for seq in client.answered.values())
    resumed = sum(client.resumed for client in clients)
    print(f"seed {seed}: {written} changes, {resumed} resumed, {sum(c.resent for c in clients)} sent again")
    assert written > CLIENTS * WRITES / 2
    assert resumed > CLIENTS


def _whole(server: RunningServer, stage: Stage) -> dict[str, Any]:
    script = Script(server)
    script.http.headers["Authorization"] = f"Bearer {stage.tokens[0]}"
    return dict(script.ask(READ, board=stage.board_id, since=None)["board"])
