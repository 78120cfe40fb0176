"""How what is to be arranged is read from the rows: everything asked for, as it lies, in one statement.

A container stands for all that is in it: named or at the top of the board it is one unit, which moves as a
whole. What is in a locked or hidden container is as locked or hidden as if it were so itself.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain.arranging import Box, SortKey, Unit
from domain.containers import held
from domain.database import Connection
from domain.errors import ItemsLocked, LimitExceeded
from domain.item_rows import no_items
from domain.operations import ItemKind, Transform

MOST_ARRANGED = 10_000


class Part(Struct, frozen=True):
    """An item of a unit. box None: a group, which has no place of its own."""

    id: UUID
    unit: UUID
    z: str
    opacity: float
    locked: bool
    hidden: bool
    box: Box | None
    key: SortKey | None


class Chosen(Struct, frozen=True):
    """What was asked for: by the unit's own item, its parts from back to front."""

    parts: dict[UUID, list[Part]]

    @property
    def units(self) -> list[Unit]:
        """In the order asked for, or from back to front where everything was."""
        return [Unit(key, tuple(_boxes(parts))) for key, parts in self.parts.items()]

    @property
    def all(self) -> list[Part]:
        """From back to front."""
        return sorted((part for parts in self.parts.values() for part in parts), key=_height)

    @property
    def boxes(self) -> list[Box]:
        return list(_boxes(self.all))

    def require_unlocked(self) -> None:
        """Raises ItemsLocked."""
        locked = [str(part.id) for part in self.all if part.locked]
        if locked:
            raise ItemsLocked(
                "Some of these items, or what they are in, are locked: unlock them first.", ids=locked
            )


def _boxes(parts: Sequence[Part]) -> Iterator[Box]:
    return (part.box for part in parts if part.box is not None)


def _height(part: Part) -> tuple[str, UUID]:
    return part.z, part.id


_PART = (
    "item.id, item.kind, item.z, item.x, item.y, item.scale, item.rotation, item.flip_x, item.flip_y, "
    "item.width, item.height, item.opacity"
)
_TOP = (
    f"SELECT {_PART}, item.locked, item.hidden, item.id AS unit FROM item "  # noqa: S608 (constants)
    "WHERE item.board = $1 AND item.removed_at IS NULL AND item.parent_id IS NULL AND NOT item.hidden"
)
_INSIDE = (
    f"SELECT {_PART}, item.locked OR $3 AS locked, item.hidden, item.id AS unit FROM item "  # noqa: S608 (constants)
    "WHERE item.board = $1 AND item.removed_at IS NULL AND item.parent_id = $2 AND NOT item.hidden"
)
# Those of the named that are in no other of the named, with what they have of the containers above them.
_NAMED = f"""
SELECT {_PART}, above.locked, above.hidden, item.id AS unit
FROM above JOIN item ON item.id = above.named WHERE above.parent_id IS NULL AND NOT above.within
"""  # noqa: S608 (constants)
_ABOVE = """
above AS (
    SELECT id AS named, parent_id, locked, hidden, false AS within
    FROM item WHERE board = $1 AND id = ANY($2::uuid[]) AND removed_at IS NULL
    UNION ALL
    SELECT above.named, item.parent_id, above.locked OR item.locked, above.hidden OR item.hidden,
        above.within OR item.id = ANY($2::uuid[])
    FROM above CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = above.parent_id OFFSET 0
    ) AS item WHERE item.board = $1 AND item.removed_at IS NULL AND NOT above.within
),
"""


def _statement(roots: str, before: str = "") -> str:
    """OFFSET 0 makes the planner go by the containers' index: it cannot know how few are in each."""
    return f"""
WITH RECURSIVE {before} part AS (
    {roots}
    UNION ALL
    SELECT {_PART}, part.locked OR item.locked, part.hidden OR item.hidden, part.unit
    FROM part CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.parent_id = part.id OFFSET 0
    ) AS item
    WHERE part.kind IN ('GROUP', 'FRAME') AND item.board = $1 AND item.removed_at IS NULL
), few AS (
    SELECT * FROM part LIMIT {MOST_ARRANGED + 1}
)
"""  # noqa: S608 (constants)


_PLAIN = "SELECT * FROM few"
_KEYED = """
SELECT few.*,
    coalesce(nullif(item.name, ''), nullif(image.title, ''), image.name, left(item.note->>'text', 200), '')
        AS name,
    extract(epoch FROM coalesce(image.taken_at, image.created_at, item.added_at))::float8 AS date,
    coalesce(
        image.palette[1], item.note->>'background', item.note->>'colour', item.drawing->>'stroke',
        item.frame->>'background'
    ) AS colour
FROM few JOIN item ON item.id = few.id LEFT JOIN image ON image.id = item.image_id
"""


async def units_of(
    connection: Connection, board_id: UUID, ids: Sequence[UUID] | None, *, keyed: bool = False
) -> Chosen:
    """These items; None: all that is seen at the top of the board. keyed: with what they are sorted by.

    What is in another of the named goes with that one. Raises NotFound for what is not on the board,
    LimitExceeded for more than MOST_ARRANGED items with all that is in them.
    """
    asked = _KEYED if keyed else _PLAIN
    if ids is None:
        return _chosen(await connection.fetch(_statement(_TOP) + asked, board_id), None, keyed)
    records = await connection.fetch(_statement(_NAMED, _ABOVE) + asked, board_id, list(ids))
    chosen = _chosen(records, ids, keyed)
    found = {record["id"] for record in records}
    if missing := [item_id for item_id in ids if item_id not in found]:
        raise no_items(missing)
    return chosen


async def units_in(connection: Connection, board_id: UUID, container: UUID) -> Chosen:
    """All that is seen directly in the container, groups as one unit each."""
    shut = bool(await held(connection, board_id, [container]))
    records = await connection.fetch(_statement(_INSIDE) + _PLAIN, board_id, container, shut)
    return _chosen(records, None, False)


def _chosen(records: Sequence[asyncpg.Record], order: Sequence[UUID] | None, keyed: bool) -> Chosen:
    if len(records) > MOST_ARRANGED:
        raise LimitExceeded(
            f"At most {MOST_ARRANGED} items are arranged at once, with all that is in them: name fewer.",
            limit=MOST_ARRANGED,
            field="ids",
        )
    parts = sorted((_part(record, keyed) for record in records), key=_height)
    keys = [part.unit for part in parts if part.id == part.unit] if order is None else order
    units: dict[UUID, list[Part]] = {key: [] for key in keys}
    for part in parts:
        units.setdefault(part.unit, []).append(part)
    return Chosen({key: found for key, found in units.items() if found})


def _part(record: asyncpg.Record, keyed: bool) -> Part:
    place = Transform(
        record["x"],
        record["y"],
        record["scale"],
        record["rotation"],
        record["flip_x"],
        record["flip_y"],
    )
    box = Box(record["id"], place, record["width"], record["height"], record["locked"])
    key = None
    if keyed:
        area = record["width"] * record["height"] * record["scale"] ** 2
        key = SortKey(record["name"], area, record["date"], record["colour"])
    return Part(
        id=record["id"],
        unit=record["unit"],
        z=record["z"],
        opacity=record["opacity"],
        locked=record["locked"],
        hidden=record["hidden"],
        box=None if record["kind"] == ItemKind.GROUP else box,
        key=key,
    )


def sort_keys(chosen: Chosen) -> dict[UUID, SortKey]:
    """Of a container: its own name, the area and the earliest date of all in it, its hindmost colour."""
    keys: dict[UUID, SortKey] = {}
    for unit, parts in chosen.parts.items():
        seen = [part.key for part in parts if part.key is not None and part.box is not None]
        own = next(part.key for part in parts if part.id == unit)
        assert own is not None
        keys[unit] = SortKey(
            name=own.name,
            size=sum(key.size for key in seen),
            date=min((key.date for key in seen), default=own.date),
            colour=next((key.colour for key in seen if key.colour is not None), None),
        )
    return keys
