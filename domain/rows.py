"""How an operation reaches the rows: its parts in order, each in one statement, with what takes it back."""

from uuid import UUID

from msgspec import UNSET

from domain.comment_rows import write_comments
from domain.database import Connection
from domain.item_rows import write_items
from domain.operations import (
    AddComments,
    BoardState,
    Compound,
    EditBoard,
    EditComments,
    MoveComments,
    Operation,
    RemoveComments,
    ResolveComments,
    RestoreBoard,
    RestoreComments,
    Simple,
    TrashBoard,
    inverse,
)


async def write(
    connection: Connection,
    board_id: UUID,
    seq: int,
    actor_id: UUID,
    operation: Operation,
    *,
    force: bool = False,
) -> Operation:
    """Writes the operation to the rows and returns its inverse. The caller holds the board's lock.

    seq: of the change that this will be. force: locked items too. Raises NotFound, ItemsLocked,
    AlreadyExists or BadInput naming the items; the transaction is then to be rolled back.
    """
    if not isinstance(operation, Compound):
        return await _write(connection, board_id, seq, actor_id, operation, force)
    back = [await _write(connection, board_id, seq, actor_id, part, force) for part in operation.operations]
    return Compound(back[::-1])


async def _write(
    connection: Connection, board_id: UUID, seq: int, actor_id: UUID, part: Simple, force: bool
) -> Simple:
    match part:
        case EditBoard():
            return await _edit_board(connection, board_id, seq, part)
        case TrashBoard() | RestoreBoard():
            raise ValueError("only a board's owner moves it, by a command of its own")
        case (
            AddComments()
            | RemoveComments()
            | RestoreComments()
            | EditComments()
            | MoveComments()
            | ResolveComments()
        ):
            return await write_comments(connection, board_id, seq, part)
        case _:
            return await write_items(connection, board_id, seq, actor_id, part, force=force)


# A cover that is one no more is a former picture: the board's past shows it, and undoing brings it back.
_EDIT_BOARD = """
WITH old AS (SELECT title, description, cover_id FROM board WHERE id = $1),
remembered AS (
    INSERT INTO former_image (board, image, seq) SELECT $1, cover_id, $6 FROM old
    WHERE $4 AND cover_id IS NOT NULL AND cover_id IS DISTINCT FROM $5::uuid
)
UPDATE board SET title = coalesce($2, board.title), description = coalesce($3, board.description),
    cover_id = CASE WHEN $4 THEN $5::uuid ELSE board.cover_id END
FROM old WHERE board.id = $1 RETURNING old.title, old.description, old.cover_id
"""


async def _edit_board(connection: Connection, board_id: UUID, seq: int, part: EditBoard) -> EditBoard:
    record = await connection.fetchrow(
        _EDIT_BOARD,
        board_id,
        None if part.title is UNSET else part.title,
        None if part.description is UNSET else part.description,
        part.cover_id is not UNSET,
        None if part.cover_id is UNSET else part.cover_id,
        seq,
    )
    assert record is not None
    back = inverse(part, BoardState(record["title"], record["description"], record["cover_id"]))
    assert isinstance(back, EditBoard)
    return back
