"""Boards: making, naming, copying, throwing away and finding them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from msgspec import UNSET, UnsetType

from domain import access, changes, quotas, receipts
from domain.access import BOARD_COLUMNS, BOARD_READABLE, BoardRow, Role, Viewer, board_row
from domain.changes import Change
from domain.copying import copy_items
from domain.database import Connection, fetch, fetchval, transaction
from domain.entries import good_line, good_text, require_few
from domain.errors import AlreadyExists, BadInput
from domain.notices import announce_access
from domain.operations import (
    BoardState,
    EditBoard,
    Operation,
    RestoreBoard,
    TrashBoard,
    inverse,
)
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.rows import write
from domain.searching import matches, search_terms

LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 10_000
MOST_A_PAGE = 100


class State(StrEnum):
    ACTIVE = "ACTIVE"
    TRASHED = "TRASHED"


class Order(StrEnum):
    """UPDATED and CREATED: the latest first; TITLE: A to Z."""

    UPDATED = "UPDATED"
    CREATED = "CREATED"
    TITLE = "TITLE"


async def create_board(
    viewer: Viewer,
    *,
    id: UUID | None = None,
    title: str,
    description: str = "",
    mutation_id: UUID | None = None,
) -> BoardRow:
    """An empty board owned by the viewer. Raises AlreadyExists when the id is taken."""
    access.require_scope(viewer)
    title, description = good_title(title), good_description(description)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection,
            viewer.account_id,
            mutation_id,
            "create_board",
            id=id,
            title=title,
            description=description,
        )
        if receipt.is_repeat:
            return receipt.answer(BoardRow)
        board_id = id or uuid4()
        await _insert(connection, viewer, board_id, title, description, None, mutation_id)
        row = await access.board(viewer, board_id, Role.OWNER)
        await receipt.keep(row)
        return row


async def edit_board(
    viewer: Viewer,
    board_id: UUID,
    *,
    title: str | UnsetType = UNSET,
    description: str | UnsetType = UNSET,
    cover_id: UUID | UnsetType | None = UNSET,
    mutation_id: UUID | None = None,
) -> Change:
    """Changes what is given; cover_id None: no chosen cover. Needs EDITOR.

    Raises BadInput for a cover that does not lie on the board.
    """
    wanted = EditBoard(
        title=UNSET if title is UNSET else good_title(title),
        description=UNSET if description is UNSET else good_description(description),
        cover_id=cover_id,
    )
    if wanted == EditBoard():
        raise BadInput("Nothing to change was given: a title, a description or a cover.", field="input")
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "edit_board", board_id=board_id, wanted=wanted
        )
        if receipt.is_repeat:
            return receipt.answer(Change)
        row = await access.board(viewer, board_id, Role.EDITOR, lock=True)
        if isinstance(cover_id, UUID):
            await _require_picture_on(connection, board_id, cover_id)
        back = await write(connection, board_id, row.seq + 1, viewer.account_id, wanted)
        change = await changes.append(
            connection,
            board_id=board_id,
            actor_id=viewer.account_id,
            operation=wanted,
            inverse=back,
            mutation_id=mutation_id,
        )
        await receipt.keep(change)
        return change


async def duplicate_board(
    viewer: Viewer,
    board_id: UUID,
    *,
    new_id: UUID | None = None,
    title: str | None = None,
    mutation_id: UUID | None = None,
) -> BoardRow:
    """A copy with new items, owned by the viewer, without people or log. Needs VIEWER on the original.

    title: None = the original's, marked as a copy.
    """
    access.require_scope(viewer)
    title = None if title is None else good_title(title)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection,
            viewer.account_id,
            mutation_id,
            "duplicate_board",
            board_id=board_id,
            new_id=new_id,
            title=title,
        )
        if receipt.is_repeat:
            return receipt.answer(BoardRow)
        source = await access.board(viewer, board_id, Role.VIEWER)
        copy_id = new_id or uuid4()
        title = title or f"{source.title[: LONGEST_TITLE - 7]} (copy)"
        cover_id = source.cover_id if await _lies_on(connection, board_id, source.cover_id) else None
        await quotas.require_items(connection, viewer.account_id, source.item_count)
        await _insert(connection, viewer, copy_id, title, source.description, cover_id, mutation_id)
        await copy_items(connection, viewer.account_id, board_id, copy_id, seq=1)
        row = await access.board(viewer, copy_id, Role.OWNER)
        await receipt.keep(row)
        return row


async def trash_boards(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[BoardRow]:
    """Into the trash, where they can be read and restored; needs OWNER. What is there already stays so."""
    return await _move(viewer, ids, mutation_id, trashed=True)


async def restore_boards(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[BoardRow]:
    """Out of the trash; needs OWNER."""
    return await _move(viewer, ids, mutation_id, trashed=False)


async def delete_boards(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[UUID]:
    """For good, with their items, people and log; the pictures stay in the library. Needs OWNER.

    Raises BadInput for boards that are not in the trash. Returns the ids in the order asked for.
    """
    require_few(ids, "ids")
    asked = list(dict.fromkeys(ids))
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "delete_boards", ids=asked)
        if receipt.is_repeat:
            return receipt.answer(list[UUID])
        rows = await access.boards(viewer, asked, Role.OWNER, lock=True, trashed_ok=True)
        if active := [str(row.id) for row in rows if row.trashed_at is None]:
            raise BadInput(
                "Only boards in the trash can be deleted: trash them first.", field="ids", ids=active
            )
        for sql in (
            "DELETE FROM item WHERE board = ANY($1::uuid[])",
            "DELETE FROM comment WHERE board = ANY($1::uuid[])",
            "DELETE FROM change WHERE board = ANY($1::uuid[])",
            "DELETE FROM snapshot WHERE board = ANY($1::uuid[])",
            "DELETE FROM former_image WHERE board = ANY($1::uuid[])",
            "DELETE FROM board_grant WHERE board = ANY($1::uuid[])",
            "DELETE FROM board WHERE id = ANY($1::uuid[])",
        ):
            await connection.execute(sql, asked)
        for row in rows:
            await announce_access(connection, row.id)
        await receipt.keep(asked)
        return asked


async def boards_of(
    viewer: Viewer,
    *,
    first: int = 20,
    after: str | None = None,
    search: str | None = None,
    state: State = State.ACTIVE,
    order: Order = Order.UPDATED,
) -> Page[BoardRow]:
    """The boards that the viewer has a role on. search: words of title and description."""
    require_first(first, MOST_A_PAGE)
    text, goes_on = search_terms(search)
    key, kind, direction, sign = _ORDERS[order]
    keys = keys_of(after, order.value, kind, UUID) or (None, None)
    found = f"FROM {BOARD_READABLE} WHERE (b.trashed_at IS NOT NULL) = $2 AND {matches('b.search', 3, 4)}"
    given = (viewer.account_id, state is State.TRASHED, text, goes_on)
    records = await fetch(
        f"SELECT {BOARD_COLUMNS}, {key} AS key {found} "
        f"AND ($5::{_SQL_TYPES[kind]} IS NULL OR ({key}, b.id) {sign} ($5, $6::uuid)) "
        f"ORDER BY {key} {direction}, b.id {direction} LIMIT $7",
        *given,
        *keys,
        first + 1,
    )

    async def total() -> int:
        return int(await fetchval(f"SELECT count(*) {found}", *given))

    page = page_of(records, first, lambda record: cursor_to(order.value, record["key"], record["id"]), total)
    return page.mapped(board_row)


_ORDERS: dict[Order, tuple[str, type, str, str]] = {
    Order.UPDATED: ("b.updated_at", datetime, "DESC", "<"),
    Order.CREATED: ("b.created_at", datetime, "DESC", "<"),
    Order.TITLE: ("lower(b.title)", str, "ASC", ">"),
}
_SQL_TYPES = {datetime: "timestamptz", str: "text"}


async def boards_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[BoardRow | None]:
    """In the order asked for; None for what does not exist or may not be seen."""
    records = await fetch(
        f"SELECT {BOARD_COLUMNS} FROM {BOARD_READABLE} WHERE b.id = ANY($2::uuid[])",  # noqa: S608
        viewer.account_id,
        list(ids),
    )
    rows = {record["id"]: board_row(record) for record in records}
    return [rows.get(board_id) for board_id in ids]


COVER = (
    "COALESCE(b.cover_id, (SELECT image_id FROM item WHERE item.board = b.id AND image_id IS NOT NULL "
    "AND removed_at IS NULL ORDER BY added_at, id LIMIT 1))"
)


async def covers_of(viewer: Viewer, board_ids: Sequence[UUID]) -> list[UUID | None]:
    """The picture that stands for each board: the chosen one, else the earliest that lies on it."""
    records = await fetch(
        f"SELECT b.id, {COVER} AS cover_id FROM {BOARD_READABLE} "  # noqa: S608 (constants)
        "WHERE b.id = ANY($2::uuid[])",
        viewer.account_id,
        list(board_ids),
    )
    found = {record["id"]: record["cover_id"] for record in records}
    return [found.get(board_id) for board_id in board_ids]


def good_title(title: str) -> str:
    return good_line(title, "title", LONGEST_TITLE)


def good_description(description: str) -> str:
    return good_text(description, "description", LONGEST_DESCRIPTION)


async def _insert(
    connection: Connection,
    viewer: Viewer,
    board_id: UUID,
    title: str,
    description: str,
    cover_id: UUID | None,
    mutation_id: UUID | None,
) -> None:
    """The rows of a new board, and its first change, from which replaying gives them."""
    await quotas.require_boards(connection, viewer.account_id)
    made = await connection.fetchval(
        "INSERT INTO board (id, title, description, cover_id, created_by) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (id) DO NOTHING RETURNING true",
        board_id,
        title,
        description,
        cover_id,
        viewer.account_id,
    )
    if not made:
        raise AlreadyExists("The id is taken by another board: make a new one.", id=str(board_id))
    await connection.execute(
        "INSERT INTO board_grant (board, account, role) VALUES ($1, $2, 'OWNER')", board_id, viewer.account_id
    )
    operation = EditBoard(title, description, UNSET if cover_id is None else cover_id)
    await changes.append(
        connection,
        board_id=board_id,
        actor_id=viewer.account_id,
        operation=operation,
        inverse=inverse(operation, BoardState()),
        mutation_id=mutation_id,
    )


async def _require_picture_on(connection: Connection, board_id: UUID, image_id: UUID) -> None:
    if not await _lies_on(connection, board_id, image_id):
        raise BadInput("A cover is one of the pictures that lie on the board.", field="coverId")


async def _lies_on(connection: Connection, board_id: UUID, image_id: UUID | None) -> bool:
    lies_there: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM item WHERE board = $1 AND image_id = $2 AND removed_at IS NULL)",
        board_id,
        image_id,
    )
    return lies_there


async def _move(
    viewer: Viewer, ids: Sequence[UUID], mutation_id: UUID | None, *, trashed: bool
) -> list[BoardRow]:
    require_few(ids, "ids")
    asked = list(dict.fromkeys(ids))
    operation: Operation = TrashBoard() if trashed else RestoreBoard()
    command = "trash_boards" if trashed else "restore_boards"
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, command, ids=asked)
        if receipt.is_repeat:
            return receipt.answer(list[BoardRow])
        for row in await access.boards(viewer, asked, Role.OWNER, lock=True, trashed_ok=True):
            if (row.trashed_at is not None) == trashed:
                continue
            await connection.execute(
                "UPDATE board SET trashed_at = CASE WHEN $2 THEN now() END WHERE id = $1", row.id, trashed
            )
            await changes.append(
                connection,
                board_id=row.id,
                actor_id=viewer.account_id,
                operation=operation,
                inverse=inverse(operation, BoardState(trashed=not trashed)),
                mutation_id=mutation_id,
            )
        rows = {row.id: row for row in await access.boards(viewer, asked, Role.VIEWER)}
        moved = [rows[board_id] for board_id in asked]
        await receipt.keep(moved)
        return moved
