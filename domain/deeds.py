"""Deeds: what every command of a board's content has in common."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from domain import access, changes, quotas
from domain.access import BoardRow, Role, Viewer
from domain.changes import Change
from domain.database import Connection, transaction
from domain.errors import LimitExceeded
from domain.operations import AddItems, Operation, RemoveItems, RestoreItems, parts_of
from domain.receipts import claim
from domain.rows import write

MOST_ON_A_BOARD = 100_000

Draft: TypeAlias = Callable[[Connection, BoardRow], Awaitable[Operation]]
"""Looks at the rows under the board's lock and says what is to be done."""


async def deed(
    viewer: Viewer,
    board_id: UUID,
    mutation_id: UUID | None,
    name: str,
    payload: object,
    draft: Draft,
    *,
    required: Role = Role.EDITOR,
    force: bool = False,
) -> Change:
    """One transaction: the receipt, the board's lock, the operation of `draft`, its rows, the log.

    name, payload: what a retry with the same mutation id is compared by. force: locked items too.
    """
    async with transaction() as connection:
        receipt = await claim(
            connection, viewer.account_id, mutation_id, name, board_id=board_id, payload=payload
        )
        if receipt.is_repeat:
            await access.board(viewer, board_id, Role.VIEWER)
            return await changes.change_at(board_id, receipt.answer(int))
        board = await access.board(viewer, board_id, required, lock=True)
        operation = await draft(connection, board)
        growth = growth_of(operation)
        require_room(board, growth)
        await quotas.require_items(connection, board.created_by, growth)
        inverse = await write(connection, board_id, board.seq + 1, viewer.account_id, operation, force=force)
        change = await changes.append(
            connection,
            board_id,
            viewer.account_id,
            operation,
            inverse,
            mutation_id=mutation_id,
            items_added=growth,
        )
        await receipt.keep(change.seq)
        return change


async def plain_deed(
    viewer: Viewer, board_id: UUID, mutation_id: UUID | None, name: str, operation: Operation
) -> Change:
    """A deed that is known before the board is looked at."""

    async def draft(_connection: Connection, _board: BoardRow) -> Operation:
        return operation

    return await deed(viewer, board_id, mutation_id, name, operation, draft)


def growth_of(operation: Operation) -> int:
    """By how many the items present on the board grow."""
    growth = 0
    for part in parts_of(operation):
        match part:
            case AddItems() | RestoreItems():
                growth += len(part.items)
            case RemoveItems():
                growth -= len(part.ids)
            case _:
                pass
    return growth


def require_room(board: BoardRow, count: int) -> None:
    """Raises LimitExceeded if `count` more items do not fit on the board."""
    if count > 0 and board.item_count + count > MOST_ON_A_BOARD:
        raise LimitExceeded(
            f"A board holds at most {MOST_ON_A_BOARD} items; this one has {board.item_count}.",
            limit=MOST_ON_A_BOARD,
        )
