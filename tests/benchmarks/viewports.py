"""R5: what a look at one place of a board costs, however much lies elsewhere."""

import asyncio
import math
from pathlib import Path
from statistics import median
from uuid import uuid4

import orjson

from domain import nearness
from domain.access import Viewer
from domain.database import execute
from tests.benchmarks.reads import Rig, rig
from tests.benchmarks.rows import Measure
from tests.factories import a_board, an_image

RUNS = 7
TIMES = 300
SMALL, LARGE = 1_000, 100_000
SPACING, ACROSS = 120, 14  # 14 × 14 items are about 200
DOCUMENT = """query($id: ID!, $within: RectInput!) { board(id: $id) { id seq
    items(first: 1000, within: $within) { nodes { id x y scale rotation z opacity locked
    ... on ImageItem { image { id name width height mime url(atLeast: 320) } } } } } }"""
_ITEMS = """
INSERT INTO item (id, board, kind, image_id, x, y, width, height, z, added_by, changed_seq, indexed)
SELECT gen_random_uuid(), $1, 'IMAGE', $2, n % $3 * $5, n / $3 * $5, 100, 100,
    'd' || lpad(n::text, 8, '0') || 'V', $4, 1, $7
FROM generate_series($6::int, $6::int + $8::int - 1) AS n
"""


async def _grid(viewer: Viewer, count: int) -> str:
    board = await a_board(viewer, title=f"{count} items on a grid")
    side = math.ceil(math.sqrt(count))
    image = await an_image(viewer)
    is_large = count > nearness.MANY
    for start in range(0, count, SMALL):
        given = (image, side, viewer.account_id, float(SPACING), start, is_large, SMALL)
        await execute(_ITEMS, board.id, *given)
    await execute("UPDATE board SET item_count = $2, indexed = $3 WHERE id = $1", board.id, count, is_large)
    return str(board.id)


def viewport(folder: Path) -> list[Measure]:
    return asyncio.run(_viewport(folder))


async def _viewport(folder: Path) -> list[Measure]:
    costs: dict[int, list[float]] = {SMALL: [], LARGE: []}
    async with rig(folder, (SMALL, LARGE), _grid) as made:
        found = {count: await _look(made, count) for count in costs}
        assert found[SMALL] == found[LARGE] == ACROSS**2, found
        for _ in range(RUNS):
            for count, seconds in costs.items():
                before = made.cpu_seconds()
                for _ in range(TIMES):
                    await _look(made, count)
                seconds.append((made.cpu_seconds() - before) / TIMES)
    small, large = median(costs[SMALL]), median(costs[LARGE])
    how = (
        f"CPU of server and PostgreSQL for a look at {ACROSS**2} items, nothing kept: {large * 1000:.2f} ms "
        f"on {LARGE} items, {small * 1000:.2f} on {SMALL}, medians of {RUNS}"
    )
    return [Measure("R5", "viewport on 100,000 items against 1,000", large / small, "×", 1.5, how)]


async def _look(made: Rig, count: int) -> int:
    """At the same number of items in the middle of the board, never twice at the same place."""
    middle = math.ceil(math.sqrt(count)) // 2 * SPACING
    shift = uuid4().int % 10_000 / 1_000
    half = (ACROSS - 1) / 2 * SPACING
    left = top = middle - SPACING / 2 - half + shift
    within = {"left": left, "top": top, "right": left + 2 * half, "bottom": top + 2 * half}
    variables = {"id": made.boards[count], "within": within}
    answer = await made.ask(0, orjson.dumps({"query": DOCUMENT, "variables": variables}))
    return len(orjson.loads(answer)["data"]["board"]["items"]["nodes"])
