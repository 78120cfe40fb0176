"""L1 and L2: what it costs to tell many the same, and how soon and how surely they hear it.

WEBREF_BENCH_L2_SECONDS shortens L2, which takes five minutes.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from uuid import uuid4

import psutil
import uvloop

from tests.benchmarks.installing import installed
from tests.benchmarks.listening import BINARY, Listener, listener, subscriber
from tests.benchmarks.rows import Measure
from tests.running import REPOSITORY, RunningServer, Script, free_port, running_server

RUNS = 5
ROUND_SECONDS = 3.0
SETTLE_SECONDS = 0.5
SUBSCRIBERS = 200
DRAGGERS = 2
DRAGS_A_SECOND = 30
EVENTS_A_SECOND = 60
L2_SECONDS = float(os.environ.get("WEBREF_BENCH_L2_SECONDS", "300"))
L2_SUBSCRIBERS = 500
L2_CHANGES_A_SECOND = 10

# What the web app asks for.
TRANSFORMS = """subscription ($id: ID!) { transforms(boardId: $id) { phase gestureId seq
    actor { id name colour } items { id transform { x y scale rotation flipX flipY } } } }"""
DRAG = "mutation ($input: DragItemsInput!) { dragItems(input: $input) { accepted } }"
SEQS = "subscription ($id: ID!, $after: Long) { boardChanges(boardId: $id, after: $after) { seq } }"
MOVE = "mutation ($input: TransformItemsInput!) { transformItems(input: $input) { change { seq } } }"

Drive = Callable[[], contextlib.AbstractAsyncContextManager[None]]


@dataclass
class Crowd:
    """A server, those who listen to it, and what makes it talk to them while the block runs."""

    process: psutil.Process
    listeners: list[Listener]
    talking: Drive
    costs: list[float] = field(default_factory=list)

    async def measure(self) -> None:
        """Adds the CPU seconds of one delivered message."""
        async with self.talking():
            await asyncio.sleep(SETTLE_SECONDS)
            before, came = sum(self.process.cpu_times()[:2]), self.came()
            await asyncio.sleep(ROUND_SECONDS)
            delivered = self.came() - came
            self.costs.append((sum(self.process.cpu_times()[:2]) - before) / delivered)
        await asyncio.sleep(SETTLE_SECONDS)

    def came(self) -> int:
        return sum(each.count for each in self.listeners)


def fan_out(folder: Path) -> list[Measure]:
    return uvloop.run(_fan_out(folder))


async def _fan_out(folder: Path) -> list[Measure]:
    async with contextlib.AsyncExitStack() as until:
        ours = await until.enter_async_context(_webref(folder))
        size = await message_size(ours)
        peers = {
            "`websockets.broadcast`": await until.enter_async_context(bare_broadcast(size, SUBSCRIBERS)),
            "plain Strawberry": await until.enter_async_context(_strawberry()),
        }
        hocuspocus = installed("L1", "hocuspocus")
        if hocuspocus is not None:
            peers["Hocuspocus"] = await until.enter_async_context(_hocuspocus(hocuspocus, size))
        for _ in range(RUNS):
            for crowd in (ours, *peers.values()):
                await crowd.measure()
    bars = {"Hocuspocus": 1.0, "`websockets.broadcast`": 1.5, "plain Strawberry": 1 / 6}
    measures = []
    for name, bar in bars.items():
        if name not in peers:
            continue
        mine, theirs = median(ours.costs), median(peers[name].costs)
        how = (
            f"CPU of the server process for each delivered message, {SUBSCRIBERS} subscribers, "
            f"{EVENTS_A_SECOND} events a second ({DRAGGERS} people drag over sockets; what they do leaves "
            f"together), {size} bytes each: "
            f"{mine * 1e6:.1f} against {theirs * 1e6:.1f} µs, medians of {RUNS} rounds in turn"
        )
        measures.append(Measure("L1", f"fan-out CPU against {name}", mine / theirs, "×", bar, how))
    return measures


async def message_size(crowd: Crowd) -> int:
    """Of a message as our listeners get it."""
    sizes: list[int] = []
    crowd.listeners[0].heard = lambda message: sizes.append(len(message))
    async with crowd.talking():
        await asyncio.sleep(SETTLE_SECONDS)
    crowd.listeners[0].heard = None
    return int(median(sizes))


@asynccontextmanager
async def _webref(folder: Path) -> AsyncIterator[Crowd]:
    with running_server(folder, WEBREF_QUOTA_SOCKETS="0") as server:
        _, board_id, tokens = await asyncio.to_thread(_a_board, server)
        listeners = [
            await subscriber(server.port, TRANSFORMS, tokens[n % len(tokens)], id=board_id)
            for n in range(SUBSCRIBERS)
        ]
        draggers = [await speaker(server.port, tokens[n]) for n in range(DRAGGERS)]

        @asynccontextmanager
        async def talking() -> AsyncIterator[None]:
            tasks = [asyncio.create_task(_drag(dragger, board_id)) for dragger in draggers]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

        assert server.process is not None
        yield Crowd(psutil.Process(server.process.pid), listeners, talking)


def _a_board(server: RunningServer) -> tuple[Script, str, list[str]]:
    script = Script(server).register()
    return script, script.create_board(), [script.create_token() for _ in range(8)]


async def speaker(port: int, token: str) -> Listener:
    made = await listener(port, "/graphql", "graphql-transport-ws")
    made.say(type="connection_init", payload={"token": token})
    return made


async def _drag(dragger: Listener, board_id: str) -> None:
    gesture, item = str(uuid4()), str(uuid4())
    for number in count():
        place = {"x": number / 3, "y": number / 7, "scale": 1.0, "rotation": 0.0}
        moment = {
            "boardId": board_id,
            "gestureId": gesture,
            "phase": "MOVING",
            "items": [{"id": item, "transform": place}],
        }
        payload = {"query": DRAG, "variables": {"input": moment}}
        dragger.say(type="subscribe", id=str(number), payload=payload)
        await asyncio.sleep(1 / DRAGS_A_SECOND)


@asynccontextmanager
async def _running(*command: str, cwd: Path = REPOSITORY) -> AsyncIterator[psutil.Process]:
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


async def _until_there(connect: Callable[[], Awaitable[Listener]]) -> Listener:
    for _ in range(400):
        try:
            return await connect()
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError("a peer of the bench does not answer")


@asynccontextmanager
async def bare_broadcast(size: int, subscribers: int) -> AsyncIterator[Crowd]:
    port = free_port()
    module = (sys.executable, "-m", "tests.benchmarks.broadcasting")
    async with _running(*module, str(port), str(size)) as process:
        switch = await _until_there(lambda: listener(port, "/switch"))
        listeners = [await listener(port, "/") for _ in range(subscribers)]

        @asynccontextmanager
        async def talking() -> AsyncIterator[None]:
            switch.say()
            try:
                yield
            finally:
                switch.say()

        yield Crowd(process, listeners, talking)


@asynccontextmanager
async def _strawberry() -> AsyncIterator[Crowd]:
    port = free_port()
    module = (sys.executable, "-m", "tests.benchmarks.plain_strawberry")
    async with _running(*module, str(port)) as process:
        switch = await _until_there(lambda: speaker(port, ""))
        listeners = [await subscriber(port, TRANSFORMS, id="board") for _ in range(SUBSCRIBERS)]
        numbers = count()

        @asynccontextmanager
        async def talking() -> AsyncIterator[None]:
            def turn() -> None:
                switch.say(type="subscribe", id=str(next(numbers)), payload={"query": "{ switch }"})

            turn()
            try:
                yield
            finally:
                turn()

        yield Crowd(process, listeners, talking)


@asynccontextmanager
async def _hocuspocus(folder: Path, size: int) -> AsyncIterator[Crowd]:
    """Everybody opens one document; what one says of itself (awareness) is told to all."""
    port = free_port()
    async with _running("node", "serve.mjs", str(port), cwd=folder) as process:
        await _until_there(lambda: _joined(port))
        listeners = [await _joined(port) for _ in range(SUBSCRIBERS)]
        speaker = await _joined(port)
        clocks = count(1)

        async def speak() -> None:
            while True:
                state = b'{"moving":"' + b"x" * (size - 40) + b'"}'
                entry = _number(1) + _number(7) + _number(next(clocks)) + _text(state)
                speaker.send(BINARY, _text(b"board") + _number(1) + _text(entry))
                await asyncio.sleep(1 / EVENTS_A_SECOND)

        @asynccontextmanager
        async def talking() -> AsyncIterator[None]:
            task = asyncio.create_task(speak())
            try:
                yield
            finally:
                task.cancel()

        yield Crowd(process, listeners, talking)


async def _joined(port: int) -> Listener:
    made = await listener(port, "/")
    made.send(BINARY, _text(b"board") + _number(2) + _number(0) + _text(b"token"))
    made.send(BINARY, _text(b"board") + _number(0) + _number(0) + _text(b"\0"))
    return made


def _number(value: int) -> bytes:
    """As lib0 writes it: seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes((*found, value))


def _text(value: bytes) -> bytes:
    return _number(len(value)) + value


def everybody_hears(folder: Path) -> list[Measure]:
    return uvloop.run(_everybody_hears(folder))


class _Ear:
    """What one subscriber heard: how late, and whether each seq came once and in its turn."""

    def __init__(self, sent_at: dict[int, float], last: int) -> None:
        self.sent_at = sent_at
        self.last = last
        self.gaps = self.repeats = 0
        self.delays: list[float] = []

    def heard(self, message: bytes) -> None:
        at = message.find(b'"seq":')
        if at < 0:
            return
        seq = int(message[at + 6 : message.index(b"}", at)])
        self.delays.append(time.perf_counter() - self.sent_at[seq])
        self.repeats += seq <= self.last
        self.gaps += seq > self.last + 1
        self.last = max(seq, self.last)


async def _everybody_hears(folder: Path) -> list[Measure]:
    with running_server(folder, WEBREF_QUOTA_SOCKETS="0") as server:
        script, board_id, tokens = await asyncio.to_thread(_a_board, server)
        item_id = str(uuid4())
        await asyncio.to_thread(_add_note, script, board_id, item_id)
        start = await asyncio.to_thread(_seq_of, script, board_id)
        sent_at: dict[int, float] = {}
        ears = [_Ear(sent_at, start) for _ in range(L2_SUBSCRIBERS)]
        for number, ear in enumerate(ears):
            token = tokens[number % len(tokens)]
            (await subscriber(server.port, SEQS, token, id=board_id, after=start)).heard = ear.heard
        mover = await speaker(server.port, tokens[0])
        await asyncio.sleep(2)
        began = time.perf_counter()
        total = round(L2_SECONDS * L2_CHANGES_A_SECOND)
        for number in range(total):
            await asyncio.sleep(max(0.0, began + number / L2_CHANGES_A_SECOND - time.perf_counter()))
            place = {"x": number / 3, "y": number / 7, "scale": 1.0, "rotation": 0.0}
            change = {"boardId": board_id, "items": [{"id": item_id, "transform": place}]}
            payload = {"query": MOVE, "variables": {"input": change}}
            sent_at[start + number + 1] = time.perf_counter()
            mover.say(type="subscribe", id=str(number), payload=payload)
        await asyncio.sleep(3)
    delays = sorted(delay for ear in ears for delay in ear.delays)
    missing = sum(start + total - ear.last + ear.gaps for ear in ears)
    p95 = delays[int(len(delays) * 0.95)] * 1000 if delays else float("inf")
    how = (
        f"{L2_SUBSCRIBERS} subscribers, {L2_CHANGES_A_SECOND} commits a second for {L2_SECONDS:g} s; "
        f"from before a mutation is sent until a subscriber has its change; median "
        f"{delays[len(delays) // 2] * 1000 if delays else 0:.1f} ms of {len(delays)} deliveries"
    )
    return [
        Measure("L2", "a change is heard by 500, p95", p95, "ms", 150, how),
        Measure("L2", "changes missing or out of turn", missing, "", 0, how),
        Measure("L2", "changes heard twice", sum(ear.repeats for ear in ears), "", 0, how),
    ]


def _add_note(script: Script, board_id: str, item_id: str) -> None:
    script.ask(
        "mutation ($input: AddItemsInput!) { addItems(input: $input) { change { seq } } }",
        input={"boardId": board_id, "items": [{"id": item_id, "content": {"note": {"text": "moved"}}}]},
    )


def _seq_of(script: Script, board_id: str) -> int:
    return int(script.ask("query ($id: ID!) { board(id: $id) { seq } }", id=board_id)["board"]["seq"])
