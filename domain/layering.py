"""Layering: bringing items to the front or the back of all, or one step past what they overlap."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain import checks
from domain.access import BoardRow, Viewer
from domain.arranging import Box, Insertion, Layer, Step, steps
from domain.changes import Change
from domain.database import Connection
from domain.deeds import deed
from domain.errors import LimitExceeded, NothingToChange
from domain.nearness import BOUNDS, near
from domain.operations import Operation, Rank, ReorderItems, Transform
from domain.ordering import LONGEST_RANK, rank_between, ranks_between
from domain.unit_rows import Part, units_of

MOST_STEPPED = 500


class Layering(StrEnum):
    FRONT = "FRONT"
    BACK = "BACK"
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"


async def order_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], to: Layering, *, mutation_id: UUID | None = None
) -> Change:
    """A container takes along all that is in it. FRONT and BACK keep their order among themselves.

    FORWARD and BACKWARD: past the next item that overlaps and is not among them, for at most MOST_STEPPED;
    those that overlap each other keep their order. Raises NothingToChange where they are there already,
    ItemsLocked.
    """
    one_step = to in (Layering.FORWARD, Layering.BACKWARD)
    wanted = checks.item_ids(ids, most=MOST_STEPPED if one_step else checks.MOST_IDS)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        chosen = await units_of(connection, board.id, wanted)
        chosen.require_unlocked()
        match to:
            case Layering.FRONT:
                ranks = await ranks_in_front(connection, board.id, chosen.all)
            case Layering.BACK:
                ranks = await _ranks_behind(connection, board.id, chosen.all)
            case Layering.FORWARD:
                ranks = await _ranks_past(connection, board.id, chosen.all, Step.FORWARD)
            case Layering.BACKWARD:
                ranks = await _ranks_past(connection, board.id, chosen.all, Step.BACKWARD)
        if not ranks:
            raise NothingToChange("Nothing lies between these items and where they are to go.")
        return ReorderItems(ranks)

    # By force: a locked one that is ranked anew beside them stays where it is.
    return await deed(viewer, board_id, mutation_id, "order_items", (wanted, to), draft, force=True)


async def rank_above(connection: Connection, board_id: UUID, rank: str) -> str:
    """One right after `rank`, before whatever follows. Raises LimitExceeded."""
    following = await connection.fetchval(
        "SELECT min(z) FROM item WHERE board = $1 AND z > $2", board_id, rank
    )
    return _short_enough([rank_between(rank, following)])[0]


async def ranks_in_front(connection: Connection, board_id: UUID, parts: Sequence[Part]) -> list[Rank]:
    """Ranks in front of all else, for these in the order given; none where they lie so already.

    Removed items count, as they may come back; groups do not, as they show nothing.
    """
    heights = [(part.z, part.id) for part in parts]
    settled = heights == sorted(heights)
    if not parts or (settled and not await _lies(connection, board_id, parts, ">", heights[0])):
        return []
    highest = await connection.fetchval("SELECT max(z) FROM item WHERE board = $1", board_id)
    return _ranked([part.id for part in parts], highest, None)


async def _ranks_behind(connection: Connection, board_id: UUID, parts: Sequence[Part]) -> list[Rank]:
    heights = [(part.z, part.id) for part in parts]
    if not parts or not await _lies(connection, board_id, parts, "<", heights[-1]):
        return []
    lowest = await connection.fetchval("SELECT min(z) FROM item WHERE board = $1", board_id)
    return _ranked([part.id for part in parts], None, lowest)


async def _lies(
    connection: Connection,
    board_id: UUID,
    parts: Sequence[Part],
    where: str,
    height: tuple[str, UUID],
) -> bool:
    """Whether anything else lies on that side of the height."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM item WHERE board = $1 AND removed_at IS NULL AND kind <> 'GROUP' "  # noqa: S608
        f"AND (z, id) {where} ($2, $3) AND id <> ALL($4::uuid[]))",
        board_id,
        *height,
        [part.id for part in parts],
    )
    return found


async def _ranks_past(
    connection: Connection, board_id: UUID, parts: Sequence[Part], step: Step
) -> list[Rank]:
    going = {part.id for part in parts}
    if len(going) > MOST_STEPPED:
        raise LimitExceeded(
            f"At most {MOST_STEPPED} items are moved by a step, with all that is in them: name fewer.",
            limit=MOST_STEPPED,
            field="ids",
        )
    own = [Layer(part.id, part.z, None if part.hidden else part.box) for part in parts]
    order = sorted(
        [*own, *await _overlapped(connection, board_id, list(going))], key=lambda it: (it.z, it.id)
    )
    insertions = await asyncio.to_thread(steps, order, going, step)
    ranks: list[Rank] = []
    for gap in await _narrowed(connection, board_id, insertions, going, step):
        ranks += _ranked(gap.ids, gap.low, gap.high)
    return ranks


# By upright bounds, for `steps` to look at more closely; hidden ones, and what is in them, show nothing.
# With what shares a rank with any of these: it may have to be ranked anew together with them.
_OVERLAPPED = f"""
WITH RECURSIVE mine AS MATERIALIZED (
    SELECT item.id, item.z, {BOUNDS} AS bounds FROM unnest($2::uuid[]) AS chosen (id)
    CROSS JOIN LATERAL (SELECT * FROM item WHERE item.id = chosen.id OFFSET 0) AS item
), touching AS (
    SELECT DISTINCT item.id, item.z FROM mine CROSS JOIN LATERAL (
        {near("$1", "mine.bounds")}
    ) AS item
), near AS (
    SELECT item.* FROM (SELECT z FROM touching UNION SELECT z FROM mine) AS rank CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.board = $1 AND item.z = rank.z OFFSET 0
    ) AS item
    WHERE item.removed_at IS NULL AND item.kind <> 'GROUP' AND item.id <> ALL($2::uuid[])
), above AS (
    SELECT id, parent_id, hidden FROM near
    UNION ALL
    SELECT above.id, item.parent_id, above.hidden OR item.hidden
    FROM above JOIN item ON item.id = above.parent_id
)
SELECT near.id, near.z, near.x, near.y, near.scale, near.rotation, near.width, near.height, above.hidden
FROM above JOIN near USING (id) WHERE above.parent_id IS NULL
"""  # noqa: S608 (constants)


async def _overlapped(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> list[Layer]:
    records = await connection.fetch(_OVERLAPPED, board_id, ids)
    return [
        Layer(
            record["id"],
            record["z"],
            None
            if record["hidden"]
            else Box(
                record["id"],
                Transform(record["x"], record["y"], record["scale"], record["rotation"]),
                record["width"],
                record["height"],
            ),
        )
        for record in records
    ]


class _Gap(Struct, frozen=True):
    """Items that come between two ranks that follow each other."""

    ids: Sequence[UUID]
    low: str | None
    high: str | None


_NEIGHBOURS = """
SELECT (SELECT min(z) FROM item WHERE board = $1 AND z > gap.low) AS following,
    (SELECT max(z) FROM item WHERE board = $1 AND z < gap.high) AS preceding
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS gap (low, high, place) ORDER BY place
"""


async def _narrowed(
    connection: Connection, board_id: UUID, insertions: Sequence[Insertion], going: set[UUID], step: Step
) -> list[_Gap]:
    """`steps` saw only what overlaps: they go right past that, whatever else lies in the gap.

    One that shared its rank with what was passed is ranked anew and stays where it was, right in front.
    """
    records = await connection.fetch(
        _NEIGHBOURS, board_id, [gap.low for gap in insertions], [gap.high for gap in insertions]
    )
    gaps: list[_Gap] = []
    for gap, record in zip(insertions, records, strict=True):
        if gap.low is not None and (step is Step.FORWARD or not going.issuperset(gap.ids)):
            gaps.append(_Gap(gap.ids, gap.low, record["following"]))
        else:
            gaps.append(_Gap(gap.ids, record["preceding"], gap.high))
    return gaps


def _ranked(ids: Sequence[UUID], low: str | None, high: str | None) -> list[Rank]:
    ranks = _short_enough(ranks_between(low, high, len(ids)))
    return [Rank(item_id, rank) for item_id, rank in zip(ids, ranks, strict=True)]


def _short_enough(ranks: list[str]) -> list[str]:
    if any(len(rank) > LONGEST_RANK for rank in ranks):
        raise LimitExceeded(
            "Too much was put between these two items: bring some to the front first.", limit=LONGEST_RANK
        )
    return ranks
