"""The laws that hold after every command: the log is gapless, replaying it gives the rows, and back again.

Where the log was compacted it begins later, and replaying starts from the snapshot there.
"""

from uuid import UUID

from domain import changes, nearness, renditions, snapshots
from domain.changes import Change
from domain.comment_rows import COMMENT_COLUMNS, comment_of
from domain.database import fetch, fetchrow, fetchval, transaction
from domain.item_rows import STATE_COLUMNS, state_of
from domain.operations import CONTAINERS, BoardState, apply, replay, subjects_of


async def log_start(board_id: UUID) -> int:
    """The seq after which the log begins: 0 where nothing was compacted."""
    start: int = await fetchval("SELECT log_start FROM board WHERE id = $1", board_id)
    return start


async def whole_log(board_id: UUID) -> list[Change]:
    log: list[Change] = []
    start = await log_start(board_id)
    while page := await changes.log_after(board_id, log[-1].seq if log else start):
        log += page
    return log


async def state_in_rows(board_id: UUID) -> BoardState:
    board = await fetchrow("SELECT * FROM board WHERE id = $1", board_id)
    assert board is not None
    records = await fetch(
        f"SELECT {STATE_COLUMNS} FROM item WHERE board = $1 AND removed_at IS NULL",
        board_id,
    )
    said = await fetch(
        f"SELECT {COMMENT_COLUMNS} FROM comment WHERE board = $1 AND removed_at IS NULL",
        board_id,
    )
    return BoardState(
        title=board["title"],
        description=board["description"],
        cover_id=board["cover_id"],
        trashed=board["trashed_at"] is not None,
        items={record["id"]: state_of(record) for record in records},
        comments={record["id"]: comment_of(record) for record in said},
    )


async def require_laws(board_id: UUID) -> list[Change]:
    """Asserts them and returns the log."""
    start, log = await log_start(board_id), await whole_log(board_id)
    last = start + len(log)
    assert [change.seq for change in log] == list(range(start + 1, last + 1))
    assert await fetchval("SELECT seq FROM board WHERE id = $1", board_id) == last
    assert await fetchval("SELECT count(*) FROM change WHERE board = $1", board_id) == len(log)
    kept = await snapshots.nearest(board_id, start)
    assert kept.seq == start
    rows = await state_in_rows(board_id)
    assert replay((change.operation for change in log), kept.state) == rows
    state = kept.state
    for change in log:
        before, state = state, apply(change.operation, state)
        assert apply(change.inverse, state) == before
    for item in rows.items.values():
        if item.parent_id is not None:
            assert rows.items[item.parent_id].kind in CONTAINERS
            assert not _leads_to_itself(rows, item.id)
    for comment in rows.comments.values():
        assert comment.thread_id is None or rows.comments[comment.thread_id].thread_id is None
    assert await fetchval("SELECT item_count FROM board WHERE id = $1", board_id) == len(rows.items)
    await require_gathered()
    await require_settled()
    last_touched = {item_id: change.seq for change in log for item_id in subjects_of(change.operation)}
    records = await fetch(
        "SELECT id, changed_seq FROM item WHERE board = $1 "
        "UNION ALL SELECT id, changed_seq FROM comment WHERE board = $1",
        board_id,
    )
    touched = {record["id"]: record["changed_seq"] for record in records}
    assert {subject: seq for subject, seq in touched.items() if seq > start} == last_touched
    # What was last touched before the log begins lies on the board: the rest of it is gone.
    standing = kept.state.items.keys() | kept.state.comments.keys()
    assert {subject for subject, seq in touched.items() if seq <= start} <= standing
    return log


async def require_gathered() -> None:
    """What is written at each picture of its renditions is what their rows say."""
    wrong = f"SELECT id, made FROM image WHERE made IS DISTINCT FROM {renditions.MADE_BY_ROWS}"
    assert await fetch(wrong) == []


async def require_settled() -> None:
    """Items of large boards, and no others, are in the spatial index, at the places that their rows say."""
    async with transaction() as connection:
        assert await nearness.astray(connection) == []


def _leads_to_itself(board: BoardState, item_id: UUID) -> bool:
    above = board.items[item_id].parent_id
    while above is not None:
        if above == item_id:
            return True
        above = board.items[above].parent_id
    return False
