"""R1: how many cold reads of a large board a second, against servers of GraphQL that are known to be quick.

All read the same rows of the same PostgreSQL, each in one process, asked by the same client in turn. The
peers ask for nobody's leave; ours asks for account, session and grant with every read.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil

from tests.benchmarks.installing import installed
from tests.benchmarks.reads import COMPILED, CONNECTIONS, SMALL, Rig, rate, rig
from tests.benchmarks.rows import Measure
from tests.running import free_port

RUNS = 9
# The same in its own words. An address is made of the picture's id and the size of a rendition that it has:
# the lighter document leaves that out, and another text stands there.
POSTGRAPHILE = """query($id: UUID!, $first: Int!) { board: boardByRowId(rowId: $id) { id: rowId title
    items: itemsByBoard(orderBy: [Z_ASC], first: $first) { nodes {
    id: rowId x y scale rotation z opacity locked
    image: imageByImageId { id: rowId name width height mime url } } } } }"""
SIZES = "url: renditionsByImage(first: 1, condition: { size: 320 }) { nodes { size } }"
HEAVY, LIGHT = POSTGRAPHILE.replace("url", SIZES), POSTGRAPHILE.replace("url", "url: digest")


@dataclass
class Reader:
    """A server that reads the board: its process, and one read on one of the connections."""

    process: psutil.Process
    ask: Callable[[int], Awaitable[bytes]]


def cold_rate(folder: Path) -> list[Measure]:
    peers = installed("R1", "readers")
    return [] if peers is None else asyncio.run(_cold_rate(folder, peers))


async def _cold_rate(folder: Path, peers: Path) -> list[Measure]:
    async with AsyncExitStack() as opened:
        made = await opened.enter_async_context(rig(folder, (SMALL,), keep=False))
        body = orjson.dumps({"query": COMPILED, "variables": _variables(made)})
        own = Reader(psutil.Process(made.process.pid), lambda each: made.ask(each, body))
        readers = {"webref": own}
        for name, program, document in (
            ("mercurius", "mercurius.mjs", COMPILED),
            ("postgraphile", "postgraphile.mjs", HEAVY),
            ("light", "postgraphile.mjs", LIGHT),
        ):
            readers[name] = await opened.enter_async_context(_peer(made, peers / program, document))
        told = [_without_urls(await reader.ask(0)) for reader in readers.values()]
        assert all(each == told[0] for each in told)
        rates: dict[str, list[float]] = {name: [] for name in readers}
        spent: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(RUNS):
            for name, reader in readers.items():
                before = _cpu_seconds(made, reader)
                found, reads = await rate(reader.ask)
                rates[name].append(found)
                spent[name].append((_cpu_seconds(made, reader) - before) / reads * 1000)
    each = {name: f"{median(rates[name]):.0f}/s ({median(spent[name]):.1f} ms CPU)" for name in readers}
    how = (
        f"{SMALL} items with their pictures on {CONNECTIONS} connections, nothing kept: webref "
        f"{each['webref']}, Mercurius with graphql-jit {each['mercurius']}, PostGraphile 5 "
        f"{each['postgraphile']}, and where it need not read the renditions {each['light']}; "
        f"CPU of server and PostgreSQL for one read; medians of {RUNS} rounds in turn"
    )
    return [
        Measure(
            "R1",
            f"cold reads a second against {title}",
            median(rates["webref"]) / median(rates[name]),
            "×",
            bar,
            how,
            at_most=False,
        )
        for name, title, bar in (
            ("mercurius", "Mercurius + graphql-jit", 2.0),
            ("postgraphile", "PostGraphile 5", 8.0),
        )
    ]


@asynccontextmanager
async def _peer(made: Rig, program: Path, document: str) -> AsyncIterator[Reader]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *("node", str(program), made.url, str(port)),
        cwd=program.parent,
        env={**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    asking = replace(made, port=port, connections=[])
    body = orjson.dumps({"query": document, "variables": _variables(made)})
    try:
        await _until_told(lambda: asking.ask(0, body))
        yield Reader(psutil.Process(process.pid), lambda each: asking.ask(each, body))
    finally:
        for _, writer in asking.connections:
            writer.close()
        process.kill()
        await process.wait()


async def _until_told(ask: Callable[[], Awaitable[bytes]]) -> None:
    for _ in range(600):
        try:
            await ask()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("a peer of the bench does not answer")


def _variables(made: Rig) -> dict[str, Any]:
    return {"id": made.boards[SMALL], "first": SMALL}


def _cpu_seconds(made: Rig, reader: Reader) -> float:
    family = [reader.process, made.postmaster, *made.postmaster.children()]
    return sum(sum(process.cpu_times()[:4]) for process in family)


def _without_urls(answer: bytes) -> Any:
    told = orjson.loads(answer)
    for item in told["data"]["board"]["items"]["nodes"]:
        assert item["image"].pop("url")
    return told
