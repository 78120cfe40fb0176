"""Windows: what lies near a place, and what has changed, are exactly what a look at everything would find."""

from random import Random
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, history, items, nearness
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import execute, fetchrow, transaction
from domain.errors import BadInput, NotFound, Resync
from domain.geometry import Bounds, bounds
from domain.items import ItemRow
from domain.operations import (
    ItemKind,
    ItemState,
    NoteContent,
    Placement,
    StylePatch,
    Transform,
    TransformItems,
)
from domain.pagination import Page
from domain.rows import write
from domain.windows import ALL, Window, windowed
from tests.factories import a_board, a_viewer
from tests.laws import require_laws

pytestmark = pytest.mark.usefixtures("database")


def a_place(random: Random) -> Transform:
    return Transform(
        random.uniform(-900, 900),
        random.uniform(-900, 900),
        random.uniform(0.1, 3),
        random.choice((0.0, 30.0, 90.0, random.uniform(0, 360))),
    )


async def a_full_board(viewer: Viewer, random: Random, count: int = 60) -> UUID:
    board = await a_board(viewer)
    new = [
        NewItem(id=uuid4(), note=NoteContent(str(n)), transform=a_place(random), width=80, height=30 + n)
        for n in range(count)
    ]
    await adding.add_items(viewer, board.id, new)
    return board.id


async def every_page(viewer: Viewer, board_id: UUID, window: Window, first: int = 7) -> list[ItemRow]:
    found: list[ItemRow] = []
    page: Page[ItemRow] | None = None
    while page is None or page.has_next:
        after = page.cursors[-1] if page else None
        page = await items.items_on(viewer, board_id, first=first, after=after, window=window)
        found += page.nodes
    assert await page.total() == len(found)
    return found


def is_near(item: ItemState, place: Bounds) -> bool:
    box = bounds(item.transform, item.width, item.height)
    return (
        item.kind is not ItemKind.GROUP
        and box.left <= place.right
        and box.right >= place.left
        and box.top <= place.bottom
        and box.bottom >= place.top
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_large", [False, True])
async def test_within_finds_what_touches_the_rectangle(
    seed: int, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearness, "MANY", 40 if is_large else 400)
    random, ana = Random(seed), await a_viewer()
    board_id = await a_full_board(ana, random)
    rows = await every_page(ana, board_id, ALL)
    await adding.add_items(ana, board_id, [NewItem(is_group=True)])
    await items.remove_items(ana, board_id, [rows[5].state.id])
    rows = await every_page(ana, board_id, ALL)
    assert any(row.state.kind is ItemKind.GROUP for row in rows)
    for _ in range(20):
        left, top = random.uniform(-1200, 1000), random.uniform(-1200, 1000)
        place = Bounds(left, top, left + random.uniform(0, 900), top + random.uniform(0, 900))
        found = await every_page(ana, board_id, Window(within=place))
        assert found == [row for row in rows if is_near(row.state, place)]


@pytest.mark.parametrize("is_large", [False, True])
async def test_a_place_of_a_large_board_is_looked_for_in_an_index(
    is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a matter of speed alone: without it a window of a large board would read all of it."""
    monkeypatch.setattr(nearness, "MANY", 59 if is_large else 60)
    ana = await a_viewer()
    board_id = await a_full_board(ana, Random(1))
    await execute("VACUUM ANALYZE item")
    async with transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        found = windowed("within", "$1", 2)
        plan = await connection.fetch(f"EXPLAIN ANALYZE {found}", board_id, 0.0, 0.0, 9.0, 9.0)
    [step] = [row[0] for row in plan if "item_board_bounds" in row[0]]
    assert ("never executed" not in step) == is_large


@pytest.mark.parametrize("seed", range(4))
async def test_a_board_read_earlier_and_what_has_changed_are_the_board_now(seed: int) -> None:
    random, ana, ben = Random(seed), await a_viewer(), await a_viewer()
    board_id = await a_full_board(ana, random, 20)
    states: list[dict[UUID, ItemRow]] = []
    for _ in range(12):
        rows = await every_page(ana, board_id, ALL)
        states.append({row.state.id: row for row in rows})
        some = [row.state.id for row in random.sample(rows, min(3, len(rows)))]
        match random.randrange(5) if some else 3:
            case 0:
                await items.transform_items(ana, board_id, [Placement(i, a_place(random)) for i in some])
            case 1:
                await items.restyle_items(ana, board_id, [StylePatch(i, name="new") for i in some])
            case 2:
                await items.remove_items(ana, board_id, some)
            case 3:
                await adding.add_items(ana, board_id, [NewItem(note=NoteContent())])
            case _:
                await history.undo(ana, board_id)
    log = await require_laws(board_id)
    now = {row.state.id: row for row in await every_page(ana, board_id, ALL)}
    for n, known in enumerate(states):
        seq = log[-1].seq - len(states) + n
        delta = await every_page(ana, board_id, Window(changed_since=seq))
        assert all(row.changed_seq > seq for row in delta)
        for row in delta:
            if row.removed_at is None:
                known[row.state.id] = row
            else:
                known.pop(row.state.id, None)
        assert known == now
    with pytest.raises(NotFound):
        await items.items_on(ben, board_id, window=Window(changed_since=0))


EVERYWHERE = Window(within=Bounds(-1e9, -1e9, 1e9, 1e9))


async def in_index(board_id: UUID) -> tuple[bool, int]:
    """Whether the board is, and how many of its items, present and removed."""
    row = await fetchrow(
        "SELECT indexed, (SELECT count(*) FROM item WHERE item.board = board.id AND bounds IS NOT NULL) "
        "FROM board WHERE id = $1",
        board_id,
    )
    assert row is not None
    return row[0], row[1]


async def test_a_board_grows_into_the_index_and_shrinks_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "MANY", 20)
    monkeypatch.setattr(nearness, "FEW", 10)
    random, ana = Random(1), await a_viewer()
    board_id = await a_full_board(ana, random, 20)
    ids = [row.state.id for row in await every_page(ana, board_id, ALL)]
    assert await in_index(board_id) == (False, 0)
    await adding.add_items(ana, board_id, [NewItem(id=uuid4(), note=NoteContent())])
    assert await in_index(board_id) == (True, 21)
    await items.transform_items(ana, board_id, [Placement(i, a_place(random)) for i in ids])
    copy = await boards.duplicate_board(ana, board_id)
    assert await in_index(copy.id) == (True, 21)
    await items.remove_items(ana, board_id, ids[:11])
    assert await in_index(board_id) == (True, 21)  # ten are there: a board does not go to and fro
    await items.remove_items(ana, board_id, ids[11:12])
    assert await in_index(board_id) == (False, 12)
    await items.transform_items(ana, board_id, [Placement(ids[15], a_place(random))])
    for _ in range(3):
        await require_laws(board_id)
        rows = await every_page(ana, board_id, ALL)
        assert await every_page(ana, board_id, EVERYWHERE) == rows
        await history.undo(ana, board_id)
    assert await in_index(board_id) == (True, 21)
    await require_laws(copy.id)


@pytest.mark.parametrize("is_large", [False, True])
async def test_a_move_on_a_small_board_writes_to_no_index(
    is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL calls it a HOT update: else every index learns where the row went, each time."""
    monkeypatch.setattr(nearness, "MANY", 2 if is_large else 3)
    ana = await a_viewer()
    board_id = await a_full_board(ana, Random(1), 3)
    [row, *_] = await every_page(ana, board_id, ALL)
    operation = TransformItems([Placement(row.state.id, Transform(5.0, 5.0))])
    hot = "SELECT pg_stat_get_xact_tuples_hot_updated('item'::regclass)"
    async with transaction() as connection:
        before = await connection.fetchval(hot)
        await write(connection, board_id, 3, ana.account_id, operation)
        assert await connection.fetchval(hot) - before == (0 if is_large else 1)


async def test_what_is_not_known_is_not_made_up() -> None:
    ana = await a_viewer()
    board_id = await a_full_board(ana, Random(1), 3)
    for seq in (-1, 3):
        with pytest.raises(BadInput):
            await items.items_on(ana, board_id, window=Window(changed_since=seq))
    await execute("UPDATE board SET log_start = 1 WHERE id = $1", board_id)
    with pytest.raises(Resync):
        await items.items_on(ana, board_id, window=Window(changed_since=0))
    with pytest.raises(BadInput):
        Window(Bounds(0, 0, 1, 1), 3)
