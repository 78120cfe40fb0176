"""How an operation reaches the rows of comments: one statement each, whatever the length of its list."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain.database import Connection
from domain.errors import AlreadyExists, NotFound
from domain.operations import (
    AddComments,
    BoardState,
    CommentOperation,
    CommentState,
    EditComments,
    MoveComments,
    RemoveComments,
    ResolveComments,
    RestoreComments,
    inverse,
    subjects_of,
)

COMMENT_COLUMNS = (
    "comment.id, comment.author, comment.at, comment.text, comment.item_id, comment.x, comment.y, "
    "comment.thread_id, comment.resolved_by, comment.edited_at"
)


def comment_of(record: asyncpg.Record) -> CommentState:
    """A comment as the log knows it, from a row with COMMENT_COLUMNS."""
    return CommentState(
        id=record["id"],
        author_id=record["author"],
        at=record["at"],
        text=record["text"],
        item_id=record["item_id"],
        x=record["x"],
        y=record["y"],
        thread_id=record["thread_id"],
        resolved_by=record["resolved_by"],
        edited_at=record["edited_at"],
    )


async def write_comments(
    connection: Connection, board_id: UUID, seq: int, operation: CommentOperation
) -> CommentOperation:
    """Writes the operation to the rows and returns its inverse. See `rows.write`."""
    match operation:
        case AddComments():
            await _insert(connection, board_id, seq, operation.comments)
            return RemoveComments([comment.id for comment in operation.comments])
        case RestoreComments():
            await _restore(connection, board_id, seq, [comment.id for comment in operation.comments])
            return RemoveComments([comment.id for comment in operation.comments])
        case _:
            records = await _update(connection, board_id, seq, operation)
    before = {record["id"]: comment_of(record) for record in records}
    ids = subjects_of(operation)
    if len(before) != len(ids):
        raise no_comments(comment_id for comment_id in ids if comment_id not in before)
    back = inverse(operation, BoardState(comments=before))
    assert isinstance(back, CommentOperation)
    return back


def no_comments(ids: Iterable[UUID]) -> NotFound:
    missing = [str(comment_id) for comment_id in ids]
    return NotFound("Some of these comments are not on this board.", kind="comment", ids=missing)


_NAMES = COMMENT_COLUMNS.replace("comment.", "")


def _updated(assignments: str, rows: str, *, removed: str = "IS NULL") -> str:
    """What the rows were, while they are written: as in item_rows."""
    return (
        "WITH old AS MATERIALIZED ("  # noqa: S608 (constants)
        f"SELECT new.*, comment.* FROM {rows} CROSS JOIN LATERAL ("
        f"SELECT {COMMENT_COLUMNS}, comment.board, comment.removed_at FROM comment "
        "WHERE comment.id = new.key OFFSET 0"
        f") AS comment WHERE comment.board = $1 AND comment.removed_at {removed}"
        f"), done AS (UPDATE comment SET changed_seq = $2, {assignments} FROM old "
        f"WHERE comment.id = old.key) SELECT {_NAMES} FROM old"
    )


_EDIT = _updated(
    "text = new_text, edited_at = new_edited_at",
    "unnest($3::uuid[], $4::text[], $5::timestamptz[]) AS new (key, new_text, new_edited_at)",
)
_MOVE = _updated(
    "item_id = new_item, x = new_x, y = new_y",
    "unnest($3::uuid[], $4::uuid[], $5::float8[], $6::float8[]) AS new (key, new_item, new_x, new_y)",
)
_RESOLVE = _updated(
    "resolved_by = new_resolved_by", "unnest($3::uuid[], $4::uuid[]) AS new (key, new_resolved_by)"
)
_REMOVE = _updated("removed_at = clock_timestamp()", "unnest($3::uuid[]) AS new (key)")
_RESTORE = _updated("removed_at = NULL", "unnest($3::uuid[]) AS new (key)", removed="IS NOT NULL")
_PRESENT = (
    f"SELECT {_NAMES} FROM comment "  # noqa: S608 (constants)
    "WHERE board = $1 AND id = ANY($2::uuid[]) AND removed_at IS NULL"
)


async def _update(
    connection: Connection,
    board_id: UUID,
    seq: int,
    operation: EditComments | MoveComments | ResolveComments | RemoveComments,
) -> list[asyncpg.Record]:
    ids = subjects_of(operation)
    match operation:
        case EditComments():
            texts = [edit.text for edit in operation.comments]
            moments = [edit.edited_at for edit in operation.comments]
            return await connection.fetch(_EDIT, board_id, seq, ids, texts, moments)
        case MoveComments():
            pins = operation.comments
            columns = ([pin.item_id for pin in pins], [pin.x for pin in pins], [pin.y for pin in pins])
            return await connection.fetch(_MOVE, board_id, seq, ids, *columns)
        case ResolveComments():
            people = [resolution.resolved_by for resolution in operation.comments]
            return await connection.fetch(_RESOLVE, board_id, seq, ids, people)
        case RemoveComments():
            return await connection.fetch(_REMOVE, board_id, seq, ids)


_INSERT = """
INSERT INTO comment (
    board, changed_seq, id, author, at, text, item_id, x, y, thread_id, resolved_by, edited_at
)
SELECT $1, $2, new.* FROM unnest(
    $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::uuid[], $8::float8[], $9::float8[],
    $10::uuid[], $11::uuid[], $12::timestamptz[]
) AS new (id, author, at, text, item_id, x, y, thread_id, resolved_by, edited_at)
ON CONFLICT (id) DO NOTHING RETURNING id
"""


async def _insert(connection: Connection, board_id: UUID, seq: int, comments: Sequence[CommentState]) -> None:
    inserted = await connection.fetch(
        _INSERT,
        board_id,
        seq,
        [comment.id for comment in comments],
        [comment.author_id for comment in comments],
        [comment.at for comment in comments],
        [comment.text for comment in comments],
        [comment.item_id for comment in comments],
        [comment.x for comment in comments],
        [comment.y for comment in comments],
        [comment.thread_id for comment in comments],
        [comment.resolved_by for comment in comments],
        [comment.edited_at for comment in comments],
    )
    if len(inserted) != len(comments):
        made = {record["id"] for record in inserted}
        taken = [str(comment.id) for comment in comments if comment.id not in made]
        raise AlreadyExists("Some of these ids are taken: use new ones.", ids=taken)


async def _restore(connection: Connection, board_id: UUID, seq: int, ids: Sequence[UUID]) -> None:
    records = await connection.fetch(_RESTORE, board_id, seq, ids)
    if len(records) != len(ids):
        back = {record["id"] for record in records}
        raise not_removed(comment_id for comment_id in ids if comment_id not in back)


def not_removed(ids: Iterable[UUID]) -> NotFound:
    missing = [str(comment_id) for comment_id in ids]
    return NotFound("Some of these comments were not removed from this board.", kind="comment", ids=missing)


async def present_comments(
    connection: Connection, board_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, CommentState]:
    """Those of the comments that are on the board now."""
    records = await connection.fetch(_PRESENT, board_id, ids)
    return {record["id"]: comment_of(record) for record in records}


class Gone(Struct, frozen=True):
    """A removed comment, as it was when it went. removed_by: who removed it."""

    state: CommentState
    removed_by: UUID


# What was removed with a root went in the same change; the removal is what last touched a removed comment.
_GONE = f"""
SELECT {COMMENT_COLUMNS}, change.actor AS removed_by FROM comment
JOIN change ON change.board = comment.board AND change.seq = comment.changed_seq
LEFT JOIN comment AS root ON root.id = comment.thread_id
    AND root.changed_seq = comment.changed_seq AND root.removed_at IS NOT NULL
WHERE comment.board = $1 AND comment.removed_at IS NOT NULL
    AND (comment.id = ANY($2::uuid[]) OR comment.thread_id = ANY($2::uuid[]) AND root.id IS NOT NULL)
ORDER BY comment.thread_id IS NOT NULL, comment.at, comment.id
"""  # noqa: S608 (constants)


async def removed_comments(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> list[Gone]:
    """Those of the comments that were removed, roots first, each with the replies that went with it."""
    records = await connection.fetch(_GONE, board_id, ids)
    return [Gone(comment_of(record), record["removed_by"]) for record in records]
