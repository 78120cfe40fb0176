"""Reverting: a board becomes again what it was at an earlier moment, by one new change that can be undone."""

from uuid import UUID

from domain import access, past, snapshots
from domain.access import BoardRow, Role, Viewer
from domain.changes import Change
from domain.database import Connection
from domain.deeds import deed
from domain.differences import difference
from domain.errors import HistoryCompacted, LimitExceeded, NothingToChange
from domain.item_rows import removed
from domain.operations import BoardState, Operation, touches_of

MOST_TOUCHED = 20_000
"""More is not written within the time that a request has (docs/decisions/0012)."""


async def revert_board(viewer: Viewer, board_id: UUID, to: int, *, mutation_id: UUID | None = None) -> Change:
    """Words, cover and items, the locked too, as they were right after change `to`. Needs EDITOR.

    Comments stay as they are: nobody's words are taken back. Raises BadInput for a seq that is still to
    come, HistoryCompacted, NothingToChange, LimitExceeded for more than MOST_TOUCHED items.
    """
    # Folded before the board is locked, so that nobody waits for it.
    seen = await access.board(viewer, board_id, Role.VIEWER)
    then, compacted = BoardState(), None
    try:
        then = (await past.past_of(seen, to)).state
    except HistoryCompacted as error:
        compacted = error  # a repeat is answered all the same
    lately = (await past.past_of(seen, seen.seq)).point

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        if board.created_at != seen.created_at:
            raise access.no_board(board_id)
        if compacted is not None:
            raise compacted
        now = (await snapshots.folded(board_id, lately, board.seq)).state
        missing = [item_id for item_id in then.items if item_id not in now.items]
        resting = await removed(connection, board.id, missing) if missing else {}
        operation = difference(now, then, resting)
        if operation is None:
            raise NothingToChange("The board is what it was then already.")
        touched = len(touches_of(operation))
        if touched > MOST_TOUCHED:
            raise LimitExceeded(
                f"Going back to seq {to} would change {touched:,} items, and at most {MOST_TOUCHED:,} are "
                "changed at once: go back in steps, to moments between.",
                limit=MOST_TOUCHED,
                items=touched,
            )
        return operation

    return await deed(viewer, board_id, mutation_id, "revert_board", to, draft, force=True)
