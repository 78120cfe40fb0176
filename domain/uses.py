"""Uses: where a picture lies, board by board, with the items that show it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain import access
from domain.access import BOARD_COLUMNS, BOARD_READABLE, BoardRow, Viewer, board_row
from domain.database import fetch, fetchval
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_A_PAGE = 100
MOST_ITEMS = 20


@dataclass(frozen=True)
class Use:
    """item_count: items that show the picture; item_ids: the first of them, from back to front."""

    board: BoardRow
    item_count: int
    item_ids: list[UUID]


_USES = (
    f"SELECT {BOARD_COLUMNS}, used.item_count, used.item_ids "  # noqa: S608 (constants)
    f"FROM {BOARD_READABLE} CROSS JOIN LATERAL (SELECT count(*) AS item_count, "
    f"(array_agg(item.id ORDER BY item.z, item.id))[1:{MOST_ITEMS}] AS item_ids FROM item "
    "WHERE item.board = b.id AND item.image_id = $2 AND item.removed_at IS NULL) AS used "
    "WHERE b.id IN (SELECT board FROM item WHERE item.image_id = $2 AND item.removed_at IS NULL) "
    "AND b.trashed_at IS NULL"
)


async def uses_of(viewer: Viewer, image_id: UUID, *, first: int = 20, after: str | None = None) -> Page[Use]:
    """On boards in use that the viewer may read, the newest board first. Raises NotFound."""
    require_first(first, MOST_A_PAGE)
    await access.image(viewer, image_id)
    created_at, last_id = keys_of(after, "uses", datetime, UUID) or (None, None)
    rows = await fetch(
        f"{_USES} AND ($4::uuid IS NULL OR (b.created_at, b.id) < ($3, $4)) "
        "ORDER BY b.created_at DESC, b.id DESC LIMIT $5",
        viewer.account_id,
        image_id,
        created_at,
        last_id,
        first + 1,
    )

    async def total() -> int:
        count: int = await fetchval(
            f"SELECT count(*) FROM ({_USES}) AS found",  # noqa: S608 (constants)
            viewer.account_id,
            image_id,
        )
        return count

    def use(row: asyncpg.Record) -> Use:
        return Use(board_row(row), row["item_count"], row["item_ids"])

    return page_of(
        [use(row) for row in rows],
        first,
        lambda found: cursor_to("uses", found.board.created_at, found.board.id),
        total,
    )
