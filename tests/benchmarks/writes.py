"""W1, W2: what a committed move costs, against the bare statements, and 500 items against one."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

from domain import adding, items
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import close_database, connect, execute, open_database
from domain.migrate import migrate
from domain.operations import NoteContent, Placement, Transform
from domain.postgres import Cluster, find_binaries, running
from tests.benchmarks.rows import Measure
from tests.factories import a_board, a_viewer

RUNS = 7
MOVES, LARGE_MOVES = 300, 30
MANY = 500

_UPDATE = "UPDATE item SET x = $2, y = $3, scale = $4, rotation = $5, changed_seq = $6 WHERE id = $1"
_INSERT = (
    "INSERT INTO change (board, seq, actor, operation, inverse, subjects, aspects) "
    "VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6::uuid[], '{2}')"
)
_OPERATION = (
    '{"kind":"transform_items","items":[{"id":"8dd0deef-e4ad-4f2b-8890-a0e2c5003f36",'
    '"transform":{"x":1.5,"y":2.5}}]}'
)


@asynccontextmanager
async def _board(folder: Path) -> AsyncIterator[tuple[Viewer, UUID, list[UUID]]]:
    """With MANY items on it, in a database as `make run` has it: a commit waits for the disk."""
    async with running(Cluster(folder / "postgres", find_binaries())) as url:
        await migrate(url)
        await open_database(url)
        try:
            viewer = await a_viewer()
            board = await a_board(viewer)
            ids = [uuid4() for _ in range(MANY)]
            new = [NewItem(id=item_id, note=NoteContent(), transform=Transform()) for item_id in ids]
            await adding.add_items(viewer, board.id, new)
            await execute("VACUUM ANALYZE")
            yield viewer, board.id, ids
        finally:
            await close_database()


async def _seconds(times: int, move: Callable[[int], Awaitable[object]]) -> float:
    """Of one move."""
    began = time.perf_counter()
    for n in range(times):
        await move(n)
    return (time.perf_counter() - began) / times


def one_move(folder: Path) -> list[Measure]:
    return asyncio.run(_one_move(folder))


async def _one_move(folder: Path) -> list[Measure]:
    ours: list[float] = []
    bare: list[float] = []
    async with _board(folder) as (viewer, board_id, ids):
        other = await a_board(viewer)
        connection = await connect(purpose="webref bench")
        seq = 1_000_000

        async def move(n: int) -> None:
            await items.transform_items(viewer, board_id, [Placement(ids[0], Transform(n, n))])

        async def statements(n: int) -> None:
            nonlocal seq
            seq += 1
            async with connection.transaction():
                await connection.execute(_UPDATE, ids[1], float(n), float(n), 1.0, 0.0, seq)
                await connection.execute(
                    _INSERT, other.id, seq, viewer.account_id, _OPERATION, _OPERATION, [ids[1]]
                )

        await _seconds(50, move)
        await _seconds(50, statements)
        for _ in range(RUNS):
            ours.append(await _seconds(MOVES, move))
            bare.append(await _seconds(MOVES, statements))
        await connection.close()
    how = (
        f"time of one committed move: {median(ours) * 1e3:.2f} ms against "
        f"{median(bare) * 1e3:.2f} of UPDATE and INSERT in one transaction, medians of {RUNS}"
    )
    return [Measure("W1", "move against bare UPDATE + INSERT", median(ours) / median(bare), "×", 2.5, how)]


def many_at_once(folder: Path) -> list[Measure]:
    return asyncio.run(_many_at_once(folder))


async def _many_at_once(folder: Path) -> list[Measure]:
    one: list[float] = []
    many: list[float] = []
    async with _board(folder) as (viewer, board_id, ids):

        async def move_one(n: int) -> None:
            await items.transform_items(viewer, board_id, [Placement(ids[0], Transform(n, n))])

        async def move_many(n: int) -> None:
            places = [Placement(item_id, Transform(n, k)) for k, item_id in enumerate(ids)]
            await items.transform_items(viewer, board_id, places)

        await _seconds(50, move_one)
        await _seconds(5, move_many)
        for _ in range(RUNS):
            one.append(await _seconds(MOVES, move_one))
            many.append(await _seconds(LARGE_MOVES, move_many))
            await execute("VACUUM item")
    how = (
        f"time of one committed move: {median(many) * 1e3:.1f} ms for {MANY} items, "
        f"{median(one) * 1e3:.2f} for one, medians of {RUNS}"
    )
    return [Measure("W2", f"moving {MANY} items against one", median(many) / median(one), "×", 12, how)]
