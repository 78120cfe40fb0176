"""Items: what lies on a board. Each command takes a list, is one transaction and one line of the log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain import access, checks
from domain.access import BoardRow, Role, Viewer
from domain.changes import Change
from domain.containers import emptied, housed, nesting_of, with_contents
from domain.database import Connection, fetch, fetchval
from domain.deeds import deed, plain_deed
from domain.item_rows import STATE_COLUMNS, not_removed, removed, state_of
from domain.operations import (
    ItemState,
    Operation,
    Placement,
    Rank,
    RemoveItems,
    ReorderItems,
    RestoreItems,
    RestyleItems,
    StylePatch,
    TransformItems,
)
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.windows import ALL, Window, require_known, windowed

MOST_A_PAGE = 10_000


class ItemRow(Struct, frozen=True):
    """An item with what the rows know besides the log's state of it."""

    state: ItemState
    board_id: UUID
    added_by: UUID
    added_at: datetime
    changed_seq: int
    removed_at: datetime | None


async def transform_items(
    viewer: Viewer, board_id: UUID, items: list[Placement], *, mutation_id: UUID | None = None
) -> Change:
    operation = TransformItems(checks.placements(items))
    return await plain_deed(viewer, board_id, mutation_id, "transform_items", operation)


async def restyle_items(
    viewer: Viewer, board_id: UUID, items: list[StylePatch], *, mutation_id: UUID | None = None
) -> Change:
    """Locked items too: this is how they are unlocked."""
    operation = RestyleItems(checks.patches(items))
    return await plain_deed(viewer, board_id, mutation_id, "restyle_items", operation)


async def reorder_items(
    viewer: Viewer, board_id: UUID, items: list[Rank], *, mutation_id: UUID | None = None
) -> Change:
    operation = ReorderItems(checks.ranks(items))
    return await plain_deed(viewer, board_id, mutation_id, "reorder_items", operation)


async def remove_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """With a container goes all that is in it; with the last item of a group goes the group."""
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        going = await with_contents(connection, board.id, wanted)
        return RemoveItems([*going, *await emptied(connection, board.id, going)])

    return await deed(viewer, board_id, mutation_id, "remove_items", wanted, draft)


async def restore_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """Brings removed items back exactly as they were. Raises NotFound for what was not removed here.

    What was in a container that is gone comes back to the top of the board.
    """
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        gone = await removed(connection, board.id, wanted)
        if len(gone) != len(wanted):
            raise not_removed(item_id for item_id in wanted if item_id not in gone)
        back = RestoreItems([gone[item_id] for item_id in wanted])
        return housed(back, await nesting_of(connection, board.id))

    # By force: what is gone cannot be unlocked, and it may have to leave a container that is gone, too.
    return await deed(viewer, board_id, mutation_id, "restore_items", wanted, draft, force=True)


ROW_COLUMNS = f"{STATE_COLUMNS}, item.board, item.added_by, item.added_at, item.changed_seq, item.removed_at"


def row_of(record: asyncpg.Record) -> ItemRow:
    return ItemRow(
        state=state_of(record),
        board_id=record["board"],
        added_by=record["added_by"],
        added_at=record["added_at"],
        changed_seq=record["changed_seq"],
        removed_at=record["removed_at"],
    )


async def items_on(
    viewer: Viewer, board_id: UUID, *, first: int = 100, after: str | None = None, window: Window = ALL
) -> Page[ItemRow]:
    """What lies on the board, from back to front. Raises Resync where it is not known what has changed."""
    board = await access.board(viewer, board_id, Role.VIEWER)
    require_first(first, MOST_A_PAGE)
    rank, item_id = keys_of(after, "items", str, UUID) or (None, None)
    require_known(window, board.log_start, board.seq)

    async def total() -> int:
        counted = f"SELECT count(*) FROM ({windowed(window.kind, '$1', 2)}) AS item"  # noqa: S608 (constants)
        count: int = await fetchval(counted, board_id, *window.values)
        return count

    records = await fetch(
        f"SELECT {ROW_COLUMNS} FROM ({windowed(window.kind, '$1', 5)}) AS item "  # noqa: S608 (constants)
        "WHERE (item.z, item.id) > ($3, $4) ORDER BY item.z, item.id LIMIT $2",
        board_id,
        first + 1,
        rank or "",
        item_id or UUID(int=0),
        *window.values,
    )
    rows = [row_of(record) for record in records]
    return page_of(rows, first, lambda row: cursor_to("items", row.state.z, row.state.id), total)


async def items_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[ItemRow | None]:
    """In the order of the ids, removed ones too; None for what the viewer may not see."""
    records = await fetch(
        f"SELECT {ROW_COLUMNS} FROM item "  # noqa: S608 (constants)
        "JOIN board_grant g ON g.board = item.board AND g.account = $1 "
        "JOIN account a ON a.id = g.account AND a.disabled_at IS NULL WHERE item.id = ANY($2::uuid[])",
        viewer.account_id,
        list(set(ids)),
    )
    found = {record["id"]: row_of(record) for record in records}
    return [found.get(item_id) for item_id in ids]
