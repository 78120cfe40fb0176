"""R2, R3, R4: what reading a board costs, compiled, kept, and as the ordinary execution has it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import orjson
import psutil

from domain import accounts, adding, renditions, sessions
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import close_database, execute, open_database, transaction
from domain.migrate import migrate
from domain.pagination import cursor_to
from domain.postgres import Cluster, find_binaries, running
from domain.settings import Settings
from schema import execution
from tests.benchmarks.reading_server import NOTHING_KEPT, SECRET, STATIC
from tests.benchmarks.rows import Measure
from tests.factories import a_board, an_image
from tests.running import PASSWORD, REPOSITORY, free_port
from tests.schema.asking import Asking

RUNS = 7
ROUND_SECONDS = 1.0
CONNECTIONS = 8
SMALL, LARGE = 1_000, 10_000
PAGE = """items(first: $first, after: $after) { nodes { id x y scale rotation z opacity locked
    ... on ImageItem { image { id name width height mime url(atLeast: 320) } } } }"""
VARIABLES = "query($id: ID!, $first: Int!, $after: String)"
COMPILED = f"{VARIABLES} {{ board(id: $id) {{ id title {PAGE} }} }}"
# A field that no plan knows: the same work by the ordinary resolvers.
ORDINARY = f"{VARIABLES} {{ board(id: $id) {{ id title {PAGE} }} viewer {{ scope }} }}"


Fill = Callable[[Viewer, int], Awaitable[str]]


@dataclass
class Rig:
    """A filled database, a server that reads it and who asks; boards: by how many items lie on them.

    url: of the database. port: of the server.
    """

    url: str
    port: int
    process: asyncio.subprocess.Process
    postmaster: psutil.Process
    token: str
    boards: dict[int, str]
    connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """Of the server and of PostgreSQL."""
        family = [psutil.Process(self.process.pid), self.postmaster, *self.postmaster.children()]
        return sum(sum(process.cpu_times()[:4]) for process in family)

    async def get(self, connection: int, path: str) -> bytes:
        return await self._send(connection, f"GET {path} HTTP/1.1\r\n", b"")

    async def read(self, connection: int, document: str, count: int, *, afresh: bool) -> bytes:
        """afresh: from a place before the first item that nobody has asked from yet."""
        after = cursor_to("items", "!", uuid4()) if afresh else None
        variables = {"id": self.boards[count], "first": count, "after": after}
        return await self.ask(connection, orjson.dumps({"query": document, "variables": variables}))

    async def ask(self, connection: int, body: bytes) -> bytes:
        head = "POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\n"
        return await self._send(connection, head + f"Content-Length: {len(body)}\r\n", body)

    async def _send(self, connection: int, head: str, body: bytes) -> bytes:
        while len(self.connections) <= connection:
            self.connections.append(await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22))
        reader, writer = self.connections[connection]
        writer.write(f"{head}Host: bench\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].split(b"\r\n")[0])
        assert answer.startswith(b"http/1.1 200"), answer
        return await reader.readexactly(length)


@asynccontextmanager
async def rig(
    folder: Path, sizes: tuple[int, ...], fill: Fill | None = None, *, keep: bool = True
) -> AsyncIterator[Rig]:
    """fill: makes a board with so many items; None: with as many pictures. keep: the server keeps pages."""
    cluster = Cluster(folder / "postgres", find_binaries(), {"fsync": "off"})
    async with running(cluster) as url:
        await migrate(url)
        await open_database(url, durable=False)
        settings = Settings(data=folder, database_url=url, secret=SECRET)
        sessions.sign_with(settings)
        account = await accounts.register(name="Ana", email="ana@example.org", password=PASSWORD)
        signed_in = await sessions.sign_in(email="ana@example.org", password=PASSWORD)
        viewer = Viewer(account.id, account.name, session_id=signed_in.session_id)
        boards = {count: await (fill or _filled)(viewer, count) for count in sizes}
        await execute("VACUUM ANALYZE")
        variables = {"id": boards[sizes[0]], "first": sizes[0]}
        request = execution.Request(COMPILED, variables)
        answer = await execution.answer(request, Asking(settings=settings).context(viewer))
        (folder / "answer").write_bytes(answer.payload)
        await close_database()
        port = free_port()
        keeping = [] if keep else [NOTHING_KEPT]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.reading_server", str(folder), url, str(port), *keeping),
            cwd=REPOSITORY,
        )
        pid = int((cluster.cluster / "postmaster.pid").read_text().splitlines()[0])
        made = Rig(url, port, process, psutil.Process(pid), signed_in.access_token, boards)
        try:
            await _until_served(made)
            yield made
        finally:
            for _, writer in made.connections:
                writer.close()
            process.kill()
            await process.wait()


async def _filled(viewer: Viewer, count: int) -> str:
    board = await a_board(viewer, title=f"{count} pictures")
    images = [await an_image(viewer, name=f"picture {number}.jpg") for number in range(count)]
    async with transaction() as connection:
        await connection.execute(
            "INSERT INTO rendition (image, size, width, height, size_bytes, mime, digest) "
            "SELECT image.id, size, size, size, 1000, 'image/webp', '' FROM image, "
            "unnest(ARRAY[320, 800, 1600]) AS size ON CONFLICT DO NOTHING"
        )
        await renditions.gather(connection, images)
    for first in range(0, count, 500):
        chosen = images[first : first + 500]
        await adding.add_items(viewer, board.id, [NewItem(image_id=image) for image in chosen])
    return str(board.id)


async def _until_served(made: Rig) -> None:
    for _ in range(600):
        try:
            await made.get(0, STATIC)
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("the server of the bench does not answer")


async def _cpu_each(made: Rig, document: str, count: int, times: int) -> float:
    """CPU seconds of one read, afresh."""
    await made.read(0, document, count, afresh=True)
    before = made.cpu_seconds()
    for _ in range(times):
        await made.read(0, document, count, afresh=True)
    return (made.cpu_seconds() - before) / times


async def rate(ask: Callable[[int], Awaitable[Any]]) -> tuple[float, int]:
    """Requests a second over all connections, and how many there were."""
    began = time.perf_counter()
    done = 0

    async def client(connection: int) -> None:
        nonlocal done
        while time.perf_counter() - began < ROUND_SECONDS:
            await ask(connection)
            done += 1

    await asyncio.gather(*(client(connection) for connection in range(CONNECTIONS)))
    return done / (time.perf_counter() - began), done


def compiled_cpu(folder: Path) -> list[Measure]:
    return asyncio.run(_compiled_cpu(folder))


async def _compiled_cpu(folder: Path) -> list[Measure]:
    compiled, ordinary = [], []
    async with rig(folder, (SMALL,)) as made:
        plan = orjson.loads(await made.read(0, COMPILED, SMALL, afresh=True))["data"]["board"]
        reference = orjson.loads(await made.read(0, ORDINARY, SMALL, afresh=True))["data"]["board"]
        assert plan == reference
        for _ in range(RUNS):
            compiled.append(await _cpu_each(made, COMPILED, SMALL, 40))
            ordinary.append(await _cpu_each(made, ORDINARY, SMALL, 4))
    how = (
        f"CPU of server and PostgreSQL for one read of {SMALL} items with their pictures, nothing kept: "
        f"{median(compiled) * 1000:.1f} against {median(ordinary) * 1000:.0f} ms, medians of {RUNS}"
    )
    ratio = median(compiled) / median(ordinary)
    return [Measure("R2", "compiled read against plain execution, CPU", ratio, "×", 1 / 12, how)]


def kept_rate(folder: Path) -> list[Measure]:
    return asyncio.run(_kept_rate(folder))


async def _kept_rate(folder: Path) -> list[Measure]:
    kept, static = [], []
    async with rig(folder, (SMALL,)) as made:
        variables = {"id": made.boards[SMALL], "first": SMALL}
        body = orjson.dumps({"query": COMPILED, "variables": variables})
        answer = await made.ask(0, body)
        assert answer == await made.get(0, STATIC)
        for _ in range(RUNS):
            kept.append((await rate(lambda each: made.ask(each, body)))[0])
            static.append((await rate(lambda each: made.get(each, STATIC)))[0])
    how = (
        f"requests a second on {CONNECTIONS} connections, {len(answer) // 1000} kB each: "
        f"{median(kept):.0f} against {median(static):.0f}, medians of {RUNS} rounds in turn"
    )
    ratio = median(kept) / median(static)
    return [
        Measure("R3", "unchanged board against a static route", ratio, "×", 0.5, how, at_most=False),
    ]


def growth(folder: Path) -> list[Measure]:
    return asyncio.run(_growth(folder))


async def _growth(folder: Path) -> list[Measure]:
    small, large = [], []
    async with rig(folder, (SMALL, LARGE)) as made:
        for _ in range(RUNS):
            small.append(await _cpu_each(made, COMPILED, SMALL, 20))
            large.append(await _cpu_each(made, COMPILED, LARGE, 4))
    how = (
        f"CPU of server and PostgreSQL for {LARGE} items against {SMALL}: "
        f"{median(large) * 1000:.0f} against {median(small) * 1000:.1f} ms, medians of {RUNS}"
    )
    return [Measure("R4", "10,000 items against 1,000, CPU", median(large) / median(small), "×", 12, how)]
