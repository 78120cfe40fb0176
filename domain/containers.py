"""Containers: groups and frames, what is in them, and that they never form a ring or lead nowhere."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from domain.database import Connection
from domain.operations import (
    CONTAINERS,
    AddItems,
    ItemKind,
    Membership,
    Operation,
    RegroupItems,
    RemoveItems,
    RestoreItems,
    Simple,
    parts_of,
    together,
)

# OFFSET 0, here and below, makes the planner go by the items' keys: it cannot know how few are meant.
_NAMED = """unnest($2::uuid[]) AS named (id) CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = named.id OFFSET 0
    ) AS item"""

# Each item comes once, from the innermost of the named that it is in, however deep they are in each other.
_CONTENTS = f"""
WITH RECURSIVE inside AS (
    SELECT item.id, 0 AS depth FROM {_NAMED} WHERE item.board = $1 AND item.removed_at IS NULL
    UNION ALL
    SELECT item.id, inside.depth + 1 FROM inside CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.parent_id = inside.id OFFSET 0
    ) AS item LEFT JOIN unnest($2::uuid[]) AS named (id) ON named.id = item.id
    WHERE item.board = $1 AND item.removed_at IS NULL AND named.id IS NULL
)
SELECT id FROM inside ORDER BY depth, id
"""  # noqa: S608 (constants)

_ABOVE = f"""
WITH RECURSIVE above AS (
    SELECT item.id, item.parent_id, item.locked FROM {_NAMED}
    WHERE item.board = $1 AND item.removed_at IS NULL
    UNION
    SELECT item.id, item.parent_id, item.locked FROM above CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = above.parent_id OFFSET 0
    ) AS item WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT id, parent_id, locked FROM above
"""  # noqa: S608 (constants)


async def with_contents(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """These items, and all that is in those of them that are containers, each once, these first.

    Those that are not on the board are left in, for whoever writes them to complain.
    """
    records = await connection.fetch(_CONTENTS, board_id, list(ids))
    return list(dict.fromkeys([*ids, *(record["id"] for record in records)]))


async def held(connection: Connection, board_id: UUID, parents: Collection[UUID]) -> set[UUID]:
    """Which of these containers are locked, or in one that is: nothing in them may be written."""
    if not parents:
        return set()
    records = await connection.fetch(_ABOVE, board_id, list(parents))
    above = {record["id"]: record["parent_id"] for record in records}
    return leading_to({record["id"] for record in records if record["locked"]}, parents, above)


def leading_to(
    goals: Collection[UUID], starts: Collection[UUID], parents: Mapping[UUID, UUID | None]
) -> set[UUID]:
    """The starts that are one of the goals, or in one, however deep: each step upwards is taken once."""
    leads: dict[UUID | None, bool] = {None: False} | dict.fromkeys(goals, True)
    for start in starts:
        way: list[UUID] = []
        above: UUID | None = start
        while above is not None and above not in leads:
            leads[above] = False
            way.append(above)
            above = parents.get(above)
        leads |= dict.fromkeys(way, leads[above])
    return {start for start in starts if leads[start]}


# Of all containers above: how many are in it; and of those alone that hold any that leave: less how many.
_LEFT = f"""
WITH RECURSIVE leaving AS (
    SELECT item.parent_id, count(*) AS count FROM {_NAMED}
    WHERE item.board = $1 AND item.removed_at IS NULL AND item.parent_id IS NOT NULL GROUP BY item.parent_id
), above AS (
    SELECT item.id, item.parent_id, item.kind FROM leaving CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = leaving.parent_id OFFSET 0
    ) AS item WHERE item.board = $1 AND item.removed_at IS NULL
    UNION
    SELECT item.id, item.parent_id, item.kind FROM above CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = above.parent_id OFFSET 0
    ) AS item WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT id, parent_id, kind,
    (SELECT count(*) FROM item WHERE item.parent_id = above.id AND item.removed_at IS NULL) AS staying
FROM above UNION ALL SELECT parent_id, NULL, NULL, -count FROM leaving
"""  # noqa: S608 (constants)


async def emptied(
    connection: Connection,
    board_id: UUID,
    leaving: Collection[UUID],
    arriving: Collection[UUID | None] = (),
) -> list[UUID]:
    """The groups that hold nothing more once these have left, and those that held nothing but such groups.

    arriving: containers that something comes into. A frame stays, however empty.
    """
    records = await connection.fetch(_LEFT, board_id, list(leaving))
    found = {record["id"]: record for record in records if record["kind"] is not None}
    staying: Counter[UUID] = Counter()
    for record in records:
        staying[record["id"]] += record["staying"]
    kept = {*leaving, *arriving}
    gone: list[UUID] = []
    waiting = [container for container, count in staying.items() if count == 0]
    while waiting:
        container = waiting.pop()
        if container in kept or found[container]["kind"] != ItemKind.GROUP:
            continue
        gone.append(container)
        above = found[container]["parent_id"]
        if above is not None:
            staying[above] -= 1
            if staying[above] == 0:
                waiting.append(above)
    return gone


_WHOLE = """
SELECT id, parent_id, kind FROM item
WHERE board = $1 AND removed_at IS NULL AND (parent_id IS NOT NULL OR kind IN ('GROUP', 'FRAME'))
"""


class Nesting(Struct, frozen=True):
    """parents: of all items that are in something, and of all containers (None: at the top)."""

    parents: dict[UUID, UUID | None]
    containers: frozenset[UUID]


async def nesting_of(connection: Connection, board_id: UUID) -> Nesting:
    records = await connection.fetch(_WHOLE, board_id)
    return Nesting(
        {record["id"]: record["parent_id"] for record in records},
        frozenset(record["id"] for record in records if record["kind"] in CONTAINERS),
    )


def touches_nesting(operation: Operation) -> bool:
    """Whether it can put anything into or out of containers, or containers away."""
    return any(
        isinstance(part, AddItems | RestoreItems | RemoveItems | RegroupItems) for part in parts_of(operation)
    )


def housed(operation: Operation, nesting: Nesting) -> Operation:
    """The operation, with what it brings back at the top of the board if its container is gone."""
    parts: list[Simple] = []
    holding = set(nesting.containers)
    for part in parts_of(operation):
        parts.append(part)
        if isinstance(part, RestoreItems):
            holding |= {item.id for item in part.items if item.kind in CONTAINERS}
            homeless = [
                Membership(item.id, None)
                for item in part.items
                if item.parent_id is not None and item.parent_id not in holding
            ]
            if homeless:
                parts.append(RegroupItems(homeless))
    return together(parts)


def misplaced(operation: Operation, nesting: Nesting) -> set[UUID]:
    """Which items it must leave alone so that all containers hold: it may take more than one round.

    A container stays while anything stays in it; nothing goes into what is gone, or into itself.
    """
    parents = dict(nesting.parents)
    holding = set(nesting.containers)
    removed: set[UUID] = set()
    put: set[UUID] = set()
    for part in parts_of(operation):
        match part:
            case AddItems() | RestoreItems():
                parents |= {item.id: item.parent_id for item in part.items}
                holding |= {item.id for item in part.items if item.kind in CONTAINERS}
                put |= {item.id for item in part.items if item.parent_id is not None}
            case RemoveItems():
                removed |= set(part.ids)
            case RegroupItems():
                parents |= {item.id: item.parent_id for item in part.items}
                put |= {item.id for item in part.items}
            case _:
                pass
    for item in removed:
        parents.pop(item, None)
    holding -= removed
    wrong = {item for item, parent in parents.items() if parent is not None and parent not in holding}
    staying = {parent for item in wrong if (parent := parents[item]) is not None and parent in removed}
    wrong = {item for item in wrong if parents[item] not in removed}
    return wrong | _with_homes(staying, removed, nesting.parents) | put & _in_rings(put, parents)


def _with_homes(staying: set[UUID], removed: set[UUID], parents: Mapping[UUID, UUID | None]) -> set[UUID]:
    """What stays although it was to go, and what it is in now, however deep: that stays for its sake."""
    found: set[UUID] = set()
    for container in staying:
        home: UUID | None = container
        while home is not None and home in removed and home not in found:
            found.add(home)
            home = parents.get(home)
    return found


def _in_rings(starts: Collection[UUID], parents: Mapping[UUID, UUID | None]) -> set[UUID]:
    """What leads back to itself, of all that the starts are in."""
    seen: dict[UUID, UUID] = {}
    rings: set[UUID] = set()
    for start in starts:
        way: list[UUID] = []
        above: UUID | None = start
        while above is not None and above not in seen:
            seen[above] = start
            way.append(above)
            above = parents.get(above)
        if above is not None and seen[above] == start:
            rings |= set(way[way.index(above) :])
    return rings
