"""Many processes: whichever of them is killed, what was acknowledged stays, and the work goes on."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.database import close_database, fetchval, open_database
from domain.postgres import Cluster, find_binaries, running
from tests.journeys.copying import READ, Copy, copy_of_rows
from tests.journeys.restless import Restless
from tests.laws import require_laws, state_in_rows
from tests.pictures import photo
from tests.running import Script
from tests.topology import NAMES, Topology, topology

CLIENTS = 3
KILLED_SECONDS = 0.5
RECOVERY_SECONDS = 30


class Uploader(threading.Thread):
    """Sends pictures through nginx, one after the other, and insists; kept: ids that were acknowledged."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script
        self.kept: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        seed = 1_000
        while not self.enough.is_set():
            seed += 1
            try:
                self.kept.append(self.script.upload(photo(900, 600, seed=seed), f"{seed}.jpg")["id"])
            except Exception:
                time.sleep(0.1)


@pytest.mark.journey
@pytest.mark.timeout(300)
def test_any_process_may_be_killed(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        cluster = running(Cluster(tmp_path / "postgres", find_binaries()))
        url = runner.run(cluster.__aenter__())
        try:
            with topology(tmp_path, url) as made:
                runner.run(_play(made, url))
        finally:
            runner.run(cluster.__aexit__(None, None, None))


async def _play(made: Topology, url: str) -> None:
    script = await asyncio.to_thread(lambda: Script(made.door).register())
    board, token = await asyncio.to_thread(lambda: (script.create_board(), script.create_token()))
    images = [
        (await asyncio.to_thread(script.upload, photo(60, 40, seed=n), f"{n}.jpg"))["id"] for n in range(2)
    ]
    script.http.headers["Authorization"] = f"Bearer {token}"
    uploader = Uploader(script)
    async with AsyncExitStack() as stack:
        clients = [Restless(made.door.port, token, board, images, seed) for seed in range(CLIENTS)]
        for client in clients:
            await stack.enter_async_context(client.http)
            await client.begin()
        followers = [asyncio.create_task(client.follow()) for client in clients]
        enough = asyncio.Event()
        writers = [asyncio.create_task(_write(client, enough)) for client in clients]
        uploader.start()
        try:
            for name in NAMES:
                done = [client.done for client in clients]
                await asyncio.to_thread(made.kill, name)
                await asyncio.sleep(KILLED_SECONDS)
                await asyncio.to_thread(made.start, name)
                await _until(partial(_all_went_on, clients, done))
            enough.set()
            await asyncio.gather(*writers)
            last = (await clients[0].ask(READ, board=board, since=None))["board"]["seq"]
            await _until(lambda: all(client.copy.seq >= last for client in clients))
        finally:
            uploader.enough.set()
            await asyncio.to_thread(uploader.join)
            for task in (*writers, *followers):
                task.cancel()
            await asyncio.gather(*writers, *followers, return_exceptions=True)
        whole = (await clients[0].ask(READ, board=board, since=None))["board"]
    await _judge(url, UUID(board), clients, whole)
    await _require_pictures(script, uploader.kept, images)


def _all_went_on(clients: list[Restless], done: list[int]) -> bool:
    return all(client.done > before for client, before in zip(clients, done, strict=True))


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _write(client: Restless, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await client.write(1)


async def _judge(url: str, board: UUID, clients: list[Restless], whole: dict[str, Any]) -> None:
    assert [fault for client in clients for fault in client.faults] == []
    await open_database(url)
    try:
        log = await require_laws(board)
        rows = await state_in_rows(board)
        assert await fetchval("SELECT count(*) FROM job WHERE state = 'DEAD'") == 0
    finally:
        await close_database()
    read = Copy()
    read.read(whole, since=None)
    assert (read.items, read.title, read.seq) == (copy_of_rows(rows), rows.title, len(log))
    for client in clients:
        assert (client.copy.items, client.copy.title, client.copy.seq) == (read.items, read.title, read.seq)
    seqs = {str(change.mutation_id): change.seq for change in log if change.mutation_id}
    answered = {key: seq for client in clients for key, seq in client.answered.items() if seq is not None}
    assert answered == seqs, "each once: what was acknowledged, and what was sent again after a lost answer"


async def _require_pictures(script: Script, kept: list[str], images: list[str]) -> None:
    """Every acknowledged picture gets its larger size within the recovery time."""
    assert len(kept) > len(NAMES)
    deadline = time.monotonic() + RECOVERY_SECONDS + len(kept)
    for image in [*kept, *images]:
        size = "800" if image in kept else "320"
        while (await asyncio.to_thread(_status, script, image, size)) != 200:
            assert time.monotonic() < deadline, (image, size)
            await asyncio.sleep(0.1)


def _status(script: Script, image: str, size: str) -> int:
    try:
        return script.http.get(f"/files/{image}/{size}").status_code
    except httpx.HTTPError:
        return 0
