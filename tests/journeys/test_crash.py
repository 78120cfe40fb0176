"""kill -9 of the whole server, in the middle of uploads and moves: the client's journal is the oracle."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest

from tests.pictures import photo
from tests.running import RunningServer, Script, running_server

Answer = TypeVar("Answer")

UPLOADS = 200
MOVES = 1_000
KILLS = 4

MOVE = """mutation ($input: TransformItemsInput!) { transformItems(input: $input) { change { seq } } }"""
CHANGES = """query ($id: ID!, $after: String) { board(id: $id) { seq changes(first: 500, after: $after) {
  nodes { seq clientMutationId } pageInfo { hasNextPage endCursor } } } }"""


@dataclass
class Journal:
    """What the client was told: answers by the id it sent."""

    uploaded: dict[str, str] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)


def _insist(attempt: Callable[[], Answer]) -> Answer:
    """Tries until there is an answer, as a script does whose server comes back."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return attempt()
        except (httpx.HTTPError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _token(script: Script) -> str:
    return "Bearer " + script.register().create_token()


def _script(server: RunningServer, token: str) -> Script:
    script = Script(server)
    script.http.headers["Authorization"] = token
    return script


def _kill_now_and_then(server: RunningServer, done: threading.Event) -> int:
    kills = 0
    chance = random.Random(20)
    while kills < KILLS and not done.wait(chance.uniform(1.5, 4.0)):
        server.kill()
        server.start()
        kills += 1
    return kills


def _all_changes(script: Script, board_id: str) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = []
    after = None
    while True:
        connection = script.ask(CHANGES, id=board_id, after=after)["board"]["changes"]
        changes += connection["nodes"]
        if not connection["pageInfo"]["hasNextPage"]:
            return changes
        after = connection["pageInfo"]["endCursor"]


@pytest.mark.journey
@pytest.mark.timeout(400)
def test_every_acknowledged_upload_and_move_is_there_once(tmp_path: Path) -> None:
    journal = Journal()
    with running_server(tmp_path) as server:
        token = _token(Script(server))
        owner = _script(server, token)
        board_id = owner.create_board()
        first = owner.upload(photo(300, 200, seed=0), "first.jpg")["id"]
        [item_id] = owner.add_images(board_id, [first])

        def upload(number: int) -> None:
            image_id = str(uuid4())
            content = photo(300, 200, seed=number + 1)
            script = _script(server, token)
            answer = _insist(lambda: script.upload(content, f"{number}.jpg", image_id=image_id))
            journal.uploaded[image_id] = answer["id"]

        def move(number: int) -> None:
            mutation_id = str(uuid4())
            script = _script(server, token)
            placement = {"id": item_id, "transform": {"x": float(number), "y": 0.0}}
            sent = {"boardId": board_id, "items": [placement], "clientMutationId": mutation_id}
            answer = _insist(lambda: script.ask(MOVE, input=sent))
            journal.moved[mutation_id] = answer["transformItems"]["change"]["seq"]

        done = threading.Event()
        with ThreadPoolExecutor(9) as pool:
            killer = pool.submit(_kill_now_and_then, server, done)
            work = [pool.submit(upload, number) for number in range(UPLOADS)]
            work += [pool.submit(move, number) for number in range(MOVES)]
            random.Random(1).shuffle(work)
            for job in work:
                job.result()
            done.set()
            assert killer.result() >= 1, "the server was never killed: the test says nothing"

        changes = _all_changes(owner, board_id)
        assert [change["seq"] for change in changes] == list(range(1, len(changes) + 1))
        seqs = {change["clientMutationId"]: change["seq"] for change in changes if change["clientMutationId"]}
        assert {key: seqs.get(key) for key in journal.moved} == journal.moved
        assert len(changes) == 2 + MOVES  # created, one item added, every move exactly once

        assert len(journal.uploaded) == UPLOADS
        assert all(sent == answered for sent, answered in journal.uploaded.items())
        for image_id in journal.uploaded:
            assert _until_ready(owner, image_id) == "READY"
            original = owner.http.get(f"/files/{image_id}/original")
            assert original.status_code == 200


def _until_ready(script: Script, image_id: str) -> str:
    deadline = time.monotonic() + 90
    while True:
        state = script.ask("query ($id: ID!) { image(id: $id) { state } }", id=image_id)["image"]["state"]
        if state in ("READY", "FAILED") or time.monotonic() > deadline:
            return str(state)
        time.sleep(0.1)
