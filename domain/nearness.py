"""Nearness: which boards are large enough for a spatial index, and how items near a place are found.

The index makes a look at one place as quick on a large board as on a small one, and every move dearer. A
board that holds few items is looked through instead: then no index speaks of where an item lies, and moving
it writes nothing but its row (decision 15).
"""

from uuid import UUID

from domain.database import Connection

MANY = 2_000
FEW = 1_000
"""Indexed above MANY items, and until they are less than FEW: apart, so that no board goes to and fro."""

BOUNDS = "webref_bounds(item.x, item.y, item.scale, item.rotation, item.width, item.height)"


async def settle(connection: Connection, board_id: UUID, item_count: int, *, indexed: bool) -> None:
    """Puts the items of a board that has grown large into the index, and takes those of a small one out.

    The caller holds the board's lock. Removed items are left alone: who comes back becomes as the board is.
    """
    wanted = item_count > MANY or (indexed and item_count >= FEW)
    if wanted == indexed:
        return
    await connection.execute("UPDATE board SET indexed = $2 WHERE id = $1", board_id, wanted)
    await connection.execute(
        "UPDATE item SET indexed = $2 WHERE board = $1 AND removed_at IS NULL", board_id, wanted
    )


async def settle_anew(connection: Connection, board_id: UUID) -> None:
    """As it should be, whatever the rows of the board and of its items say of it now."""
    row = await connection.fetchrow(
        "SELECT item_count, indexed FROM board WHERE id = $1 FOR UPDATE", board_id
    )
    if row is None:
        return
    wanted = row["item_count"] > MANY or (row["indexed"] and row["item_count"] >= FEW)
    await connection.execute("UPDATE board SET indexed = $2 WHERE id = $1", board_id, wanted)
    await connection.execute(
        "UPDATE item SET indexed = $2 WHERE board = $1 AND removed_at IS NULL", board_id, wanted
    )


_ASTRAY = (
    "SELECT board.id FROM board WHERE item_count > $1 AND NOT indexed OR item_count < $2 AND indexed "  # noqa: S608
    "OR EXISTS (SELECT FROM item WHERE item.board = board.id AND removed_at IS NULL AND (item.indexed <> "
    f"board.indexed OR bounds IS DISTINCT FROM CASE WHEN item.indexed THEN {BOUNDS} END)) ORDER BY board.id"
)


async def astray(connection: Connection) -> list[UUID]:
    """Boards that are not as `settle` leaves them: there is none."""
    return [record["id"] for record in await connection.fetch(_ASTRAY, MANY, FEW)]


def near(board: str, box: str) -> str:
    """The rows of items present on a board whose bounds touch a box, both in SQL; groups have no bounds.

    Of its halves one is never run. The fences (OFFSET 0) keep the planner from walking all items in order
    for the sake of a LIMIT.
    """
    there = "item.board = here.id AND item.removed_at IS NULL AND item.kind <> 'GROUP'"
    return (
        "SELECT item.* FROM board AS here CROSS JOIN LATERAL ("  # noqa: S608 (constants)
        f"(SELECT item.* FROM item WHERE here.indexed AND {there} AND item.indexed AND item.bounds && {box} "
        f"OFFSET 0) UNION ALL (SELECT item.* FROM item WHERE NOT here.indexed AND {there} "
        f"AND {BOUNDS} && {box} OFFSET 0)) AS item WHERE here.id = {board}"
    )
