"""The load: clients that write and follow, and one that uploads; their journal is what counts afterwards."""

import asyncio
import hashlib
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from tests.faults.stage import Stage
from tests.journeys import restless
from tests.journeys.copying import READ
from tests.journeys.restless import Restless
from tests.pictures import photo

CLIENTS = 3
RECOVERY_SECONDS = 30.0
PAUSE_SECONDS = 0.01
FORGIVEN = {"INTERNAL"}
"""What earlier releases say once a connection where a later one has widened a table; nothing is written then.
The present one says that it passes."""

PASSING = {"DATABASE_UNAVAILABLE", "TOO_BUSY", "TIMEOUT", "STORAGE_UNAVAILABLE", "SERVER_BUSY"}

restless.TRY_AGAIN |= PASSING


class Load:
    """kept: of every acknowledged upload its id, SHA-256 and bytes. faults: answers that should not be.

    resent: how often an upload was sent again.
    """

    def __init__(self, stage: Stage, chance: Random, *, megapixels: float = 0.5) -> None:
        self.stage = stage
        self.chance = chance
        self.megapixels = megapixels
        self.kept: dict[str, tuple[str, int]] = {}
        self.faults: list[str] = []
        self.board = ""
        self.clients: list[Restless] = []
        self.whole: dict[str, Any] = {}
        self.resent = 0
        self.passing = set(PASSING)
        if stage.shape.earlier:
            self.forgive()
        self._enough = asyncio.Event()
        self._opened = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        stage = self.stage
        self.board = await asyncio.to_thread(stage.script.create_board)
        for _ in range(CLIENTS):
            client = Restless(stage.port, stage.token, self.board, stage.images, self.chance.getrandbits(60))
            await self._opened.enter_async_context(client.http)
            self.clients.append(client)
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{stage.port}",
            headers={"Authorization": f"Bearer {stage.token}"},
            timeout=restless.PATIENCE_SECONDS,
        )
        await self._opened.enter_async_context(self.http)
        await asyncio.gather(*(client.begin() for client in self.clients))
        self._tasks = [asyncio.create_task(self._write(client)) for client in self.clients]
        self._tasks.append(asyncio.create_task(self._upload()))
        self._followers = [asyncio.create_task(client.follow()) for client in self.clients]
        await self.goes_on(count=5)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        for task in (*self._tasks, *self._followers):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._followers, return_exceptions=True)
        await self._opened.aclose()

    async def goes_on(self, *, count: int = 2, pictures: bool = True) -> float:
        """Waits until each client was answered that many times more, and an upload; after how many seconds.

        Raises TimeoutError after the time that recovering may take.
        """
        began = asyncio.get_running_loop().time()
        wanted = [client.done + count for client in self.clients]
        kept = len(self.kept) + int(pictures)
        async with asyncio.timeout(RECOVERY_SECONDS):
            while any(client.done < least for client, least in zip(self.clients, wanted, strict=True)) or (
                len(self.kept) < kept
            ):
                self.require_running()
                await asyncio.sleep(0.02)
        return asyncio.get_running_loop().time() - began

    def require_running(self) -> None:
        for task in (*self._tasks, *self._followers):
            if task.done():
                task.result()

    def forgive(self) -> None:
        """For as long as an earlier release may answer."""
        self.passing |= FORGIVEN
        restless.TRY_AGAIN |= FORGIVEN

    def be_strict(self) -> None:
        self.passing -= FORGIVEN
        restless.TRY_AGAIN -= FORGIVEN

    @property
    def insisted(self) -> int:
        """How often somebody had to send again."""
        return self.resent + sum(client.resent for client in self.clients)

    async def settle(self) -> None:
        """Everybody finishes what was begun, and hears of the last change. Raises TimeoutError."""
        self._enough.set()
        async with asyncio.timeout(RECOVERY_SECONDS * 2):
            await asyncio.gather(*self._tasks)
            self.whole = (await self.clients[0].ask(READ, board=self.board, since=None))["board"]
            while any(client.copy.seq < self.whole["seq"] for client in self.clients):
                self.require_running()
                await asyncio.sleep(0.02)

    async def upload(self, content: bytes, name: str, *, again: bool = False) -> str:
        """Insists until there is an answer. again: these bytes are a picture already."""
        image_id = str(UUID(int=self.chance.getrandbits(128), version=4))
        while True:
            try:
                answer = await self.http.post(
                    "/uploads", params={"name": name, "id": image_id}, content=content
                )
                said = answer.json()
                if answer.status_code == 201:
                    digest = hashlib.sha256(content).hexdigest()
                    self.kept[said["image"]["id"]] = (digest, len(content))
                    if not again and said["image"]["id"] != image_id:
                        self.faults.append(f"the upload {image_id} was answered as {said['image']['id']}")
                    return image_id
                if said["error"]["code"] not in self.passing:
                    self.faults.append(f"an upload was refused: {said['error']}")
                    return image_id
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            self.resent += 1
            await asyncio.sleep(0.1)

    async def _upload(self) -> None:
        height = round((self.megapixels * 1e6 / 1.5) ** 0.5)
        while not self._enough.is_set():
            seed = self.chance.getrandbits(40)
            content = await asyncio.to_thread(photo, round(height * 1.5), height, seed=seed)
            await self.upload(content, f"{seed}.jpg")
            await asyncio.sleep(0.1)

    async def _write(self, client: Restless) -> None:
        while not self._enough.is_set():
            await client.write(1)
            await asyncio.sleep(PAUSE_SECONDS)
