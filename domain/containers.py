"""Containers: groups and frames, what is in them, and that they never form a ring or lead nowhere."""

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

_CONTENTS = """
WITH RECURSIVE inside AS (
    SELECT item.id, 0 AS depth FROM item
    WHERE item.board = $1 AND item.id = ANY($2::uuid[]) AND item.removed_at IS NULL
    UNION ALL
    SELECT item.id, inside.depth + 1 FROM inside JOIN item ON item.parent_id = inside.id
    WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT id, min(depth) AS depth FROM inside GROUP BY id ORDER BY depth, id
"""

_ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, parent_id, locked FROM item WHERE board = $1 AND id = ANY($2::uuid[]) AND removed_at IS NULL
    UNION
    SELECT item.id, item.parent_id, item.locked FROM above JOIN item ON item.id = above.parent_id
    WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT id, parent_id, locked FROM above
"""


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
    locked = {record["id"] for record in records if record["locked"]}

    def is_held(container: UUID | None) -> bool:
        while container is not None and container not in locked:
            container = above.get(container)
        return container is not None

    return {container for container in parents if is_held(container)}


# staying: how many are in it besides those that leave.
_LEFT = """
WITH RECURSIVE above AS (
    SELECT id, parent_id, kind FROM item WHERE board = $1 AND removed_at IS NULL AND id IN (
        SELECT parent_id FROM item WHERE board = $1 AND id = ANY($2::uuid[]) AND removed_at IS NULL
    )
    UNION
    SELECT item.id, item.parent_id, item.kind FROM above JOIN item ON item.id = above.parent_id
    WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT above.id, above.parent_id, above.kind, count(item.id) - count(leaving.id) AS staying
FROM above LEFT JOIN item ON item.parent_id = above.id AND item.removed_at IS NULL
LEFT JOIN unnest($2::uuid[]) AS leaving (id) ON leaving.id = item.id
GROUP BY above.id, above.parent_id, above.kind
"""


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
    found = {record["id"]: record for record in records}
    staying = {record["id"]: record["staying"] for record in records}
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
    wrong = {
        parent if parent in removed else item
        for item, parent in parents.items()
        if parent is not None and parent not in holding
    }
    return wrong | {item for item in put if _leads_back(item, parents)}


def _leads_back(item: UUID, parents: Mapping[UUID, UUID | None]) -> bool:
    seen = set()
    above = parents.get(item)
    while above is not None and above not in seen:
        if above == item:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
