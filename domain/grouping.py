"""Grouping: putting items into groups and frames, taking them out, dissolving what held them."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from msgspec import Struct

from domain import checks
from domain.access import BoardRow, Viewer
from domain.changes import Change
from domain.containers import emptied, held, leading_to
from domain.database import Connection
from domain.deeds import deed
from domain.entries import good_text
from domain.errors import AlreadyExists, BadInput, ItemsLocked, NothingToChange
from domain.item_rows import no_items
from domain.layering import rank_above
from domain.operations import (
    CONTAINERS,
    THE_BOARD,
    AddItems,
    ItemKind,
    ItemState,
    Membership,
    Operation,
    RegroupItems,
    RemoveItems,
    Simple,
    Style,
    together,
)


async def group_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    *,
    group_id: UUID | None = None,
    name: str = "",
    mutation_id: UUID | None = None,
) -> Change:
    """A new group of these, in the container that all of them are in, else at the top of the board.

    What is in another of the named goes with that one. Raises AlreadyExists for an id that is taken.
    """
    wanted = checks.item_ids(ids)
    if group_id == THE_BOARD:
        raise BadInput("id is the nil UUID, which names nothing: make another.", field="id")
    title = good_text(name, "name", checks.LONGEST_NAME)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        lineage = await _lineage(connection, board.id, wanted)
        if group_id in lineage.kinds:
            raise AlreadyExists("The id is taken by another item: make a new one.", ids=[str(group_id)])
        members = lineage.outermost(wanted)
        parents = {lineage.parents[member] for member in members}
        parent = parents.pop() if len(parents) == 1 else None
        group = ItemState(
            id=group_id or uuid4(),
            kind=ItemKind.GROUP,
            width=1.0,
            height=1.0,
            z=await rank_above(connection, board.id, max(lineage.ranks[member] for member in members)),
            style=Style(name=title),
            parent_id=parent,
        )
        memberships = [Membership(member, group.id) for member in members]
        left = await emptied(connection, board.id, members, {parent})
        return together([AddItems([group]), RegroupItems(memberships), *_removal(left)])

    return await deed(viewer, board_id, mutation_id, "group_items", (wanted, group_id, title), draft)


async def ungroup_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """Dissolves groups and frames: what is in them goes where they are, they are removed."""
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        lineage = await _lineage(connection, board.id, wanted)
        if others := [str(item_id) for item_id in wanted if lineage.kinds[item_id] not in CONTAINERS]:
            raise BadInput("Only groups and frames can be dissolved.", field="ids", ids=others)
        named, homes = set(wanted), lineage.outside(wanted)
        memberships = [
            Membership(member, homes[parent])
            for member, parent in await _members(connection, board.id, wanted)
            if member not in named
        ]
        going = [*wanted, *(membership.id for membership in memberships)]
        left = await emptied(connection, board.id, going, {entry.parent_id for entry in memberships})
        parts: list[Simple] = [RegroupItems(memberships)] if memberships else []
        return together([*parts, RemoveItems([*wanted, *left])])

    return await deed(viewer, board_id, mutation_id, "ungroup_items", wanted, draft)


async def regroup_items(
    viewer: Viewer,
    board_id: UUID,
    ids: list[UUID],
    parent_id: UUID | None,
    *,
    mutation_id: UUID | None = None,
) -> Change:
    """Puts items into a group or frame, or to the top of the board; a group that is left empty goes.

    What is in another of the named goes with that one. Raises NothingToChange where all are there already.
    """
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        targets = [] if parent_id is None else [parent_id]
        lineage = await _lineage(connection, board.id, [*wanted, *targets])
        if parent_id is not None:
            await _require_open(connection, board.id, lineage, wanted, parent_id)
        going = [item for item in lineage.outermost(wanted) if lineage.parents[item] != parent_id]
        if not going:
            raise NothingToChange("These items are there already.")
        left = await emptied(connection, board.id, going, {parent_id})
        memberships = [Membership(item, parent_id) for item in going]
        return together([RegroupItems(memberships), *_removal(left)])

    return await deed(viewer, board_id, mutation_id, "regroup_items", (wanted, parent_id), draft)


def _removal(ids: list[UUID]) -> list[RemoveItems]:
    return [RemoveItems(ids)] if ids else []


class _Lineage(Struct, frozen=True):
    """Of items and of all containers above them: what they are, where they are, how far in front."""

    kinds: dict[UUID, str]
    parents: dict[UUID, UUID | None]
    ranks: dict[UUID, str]

    def above(self, item: UUID) -> Iterator[UUID]:
        """The containers that it is in, the innermost first."""
        container = self.parents[item]
        while container is not None:
            yield container
            container = self.parents[container]

    def outermost(self, items: Sequence[UUID]) -> list[UUID]:
        """Those that are in no other of them."""
        homes = {home for item in items if (home := self.parents[item]) is not None}
        within = leading_to(set(items), homes, self.parents)
        return [item for item in items if self.parents[item] not in within]

    def outside(self, containers: Sequence[UUID]) -> dict[UUID, UUID | None]:
        """Of each of them, what it is in that is none of them."""
        named, found = set(containers), dict[UUID | None, UUID | None]()
        for container in containers:
            way: list[UUID] = []
            above: UUID | None = container
            while above in named and above not in found:
                way.append(above)
                above = self.parents[above]
            found |= dict.fromkeys(way, found.get(above, above))
        return {container: found[container] for container in containers}


_LINEAGE = """
WITH RECURSIVE above AS (
    SELECT item.id, item.kind, item.parent_id, item.z FROM unnest($2::uuid[]) AS named (id)
    CROSS JOIN LATERAL (SELECT * FROM item WHERE item.id = named.id OFFSET 0) AS item
    WHERE item.board = $1 AND item.removed_at IS NULL
    UNION
    SELECT item.id, item.kind, item.parent_id, item.z FROM above CROSS JOIN LATERAL (
        SELECT * FROM item WHERE item.id = above.parent_id OFFSET 0
    ) AS item WHERE item.board = $1 AND item.removed_at IS NULL
)
SELECT id, kind, parent_id, z FROM above
"""


async def _lineage(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> _Lineage:
    """Raises NotFound naming those that are not on the board."""
    records = await connection.fetch(_LINEAGE, board_id, list(ids))
    lineage = _Lineage(
        {record["id"]: record["kind"] for record in records},
        {record["id"]: record["parent_id"] for record in records},
        {record["id"]: record["z"] for record in records},
    )
    if missing := [item_id for item_id in ids if item_id not in lineage.kinds]:
        raise no_items(missing)
    return lineage


async def _members(
    connection: Connection, board_id: UUID, containers: Sequence[UUID]
) -> list[tuple[UUID, UUID]]:
    """What is directly in the containers, with its container, from back to front."""
    records = await connection.fetch(
        "SELECT id, parent_id FROM item WHERE board = $1 AND parent_id = ANY($2::uuid[]) "
        "AND removed_at IS NULL ORDER BY z, id",
        board_id,
        list(containers),
    )
    return [(record["id"], record["parent_id"]) for record in records]


async def _require_open(
    connection: Connection, board_id: UUID, lineage: _Lineage, ids: Sequence[UUID], parent_id: UUID
) -> None:
    """The items may go into the container. Raises BadInput, ItemsLocked."""
    if lineage.kinds[parent_id] not in CONTAINERS:
        raise BadInput("parentId is no group or frame: nothing can be put into it.", field="parentId")
    around = {parent_id, *lineage.above(parent_id)}
    if rings := [str(item_id) for item_id in ids if item_id in around]:
        raise BadInput(
            "A group or frame cannot be put into itself, or into what is in it.", field="parentId", ids=rings
        )
    if await held(connection, board_id, [parent_id]):
        raise ItemsLocked("What these items are to be in is locked: unlock it first.", ids=[str(parent_id)])
