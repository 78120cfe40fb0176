"""Threads: a comment and the replies to it, how long they may be, and that no reply is without its root."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from domain.database import Connection
from domain.errors import LimitExceeded
from domain.operations import (
    AddComments,
    CommentState,
    Operation,
    RemoveComments,
    ResolveComments,
    RestoreComments,
    parts_of,
)

MOST_COMMENTS = 10_000
MOST_IN_A_THREAD = 500

_IN_THREADS = """
SELECT id, thread_id, author, at FROM comment
WHERE board = $1 AND removed_at IS NULL AND (id = ANY($2::uuid[]) OR thread_id = ANY($2::uuid[]))
ORDER BY thread_id IS NOT NULL, at, id
"""


class Voice(Struct, frozen=True):
    """Of a comment on the board: whose it is, what it replies to, and when it was said."""

    author_id: UUID
    thread_id: UUID | None
    at: datetime


async def voices_in(connection: Connection, board_id: UUID, ids: Collection[UUID]) -> dict[UUID, Voice]:
    """These comments and all replies to them, as far as they are on the board; no reply before its root."""
    records = await connection.fetch(_IN_THREADS, board_id, list(ids))
    return {record["id"]: Voice(record["author"], record["thread_id"], record["at"]) for record in records}


def added_by(operation: Operation) -> list[CommentState]:
    """The comments that it puts on the board."""
    return [
        comment
        for part in parts_of(operation)
        if isinstance(part, AddComments | RestoreComments)
        for comment in part.comments
    ]


def removed_by(operation: Operation) -> set[UUID]:
    """The comments that it takes from the board."""
    return {
        comment_id
        for part in parts_of(operation)
        if isinstance(part, RemoveComments)
        for comment_id in part.ids
    }


async def require_room_to_talk(connection: Connection, board_id: UUID, operation: Operation) -> None:
    """Raises LimitExceeded for what would be too many comments on a board, or in a thread."""
    added = added_by(operation)
    if not added:
        return
    there: int = await connection.fetchval(
        "SELECT count(*) FROM comment WHERE board = $1 AND removed_at IS NULL", board_id
    )
    if there + len(added) > MOST_COMMENTS:
        raise LimitExceeded(
            f"A board holds at most {MOST_COMMENTS:,} comments; this one has {there:,}: remove some first.",
            limit=MOST_COMMENTS,
        )
    longer = Counter(comment.thread_id for comment in added if comment.thread_id is not None)
    voices = await voices_in(connection, board_id, longer) if longer else {}
    sizes = longer + Counter(voice.thread_id or comment_id for comment_id, voice in voices.items())
    sizes += Counter(comment.id for comment in added if comment.thread_id is None)
    full = [str(thread_id) for thread_id, size in sizes.items() if size > MOST_IN_A_THREAD]
    if full:
        raise LimitExceeded(
            f"A thread holds at most {MOST_IN_A_THREAD} comments: begin another.",
            limit=MOST_IN_A_THREAD,
            ids=full,
        )


async def broken_threads(
    connection: Connection, board_id: UUID, operation: Operation
) -> tuple[dict[UUID, UUID], set[UUID]]:
    """What it must leave alone so that every reply keeps its root.

    First the roots that it would take from replies that stay, each with who spoke last there; then the
    replies that it would bring to where their root is not.
    """
    removed, added = removed_by(operation), added_by(operation)
    threads = {comment.thread_id for comment in added if comment.thread_id is not None}
    if not removed and not threads:
        return {}, set()
    voices = await voices_in(connection, board_id, removed | threads)
    staying = _last_to_stay(voices, removed)
    rooted = (voices.keys() | {comment.id for comment in added}) - removed
    return staying, {comment.id for comment in added if comment.thread_id not in rooted | {None}}


async def answered_since(
    connection: Connection, board_id: UUID, operation: Operation, moment: datetime, but: UUID
) -> dict[UUID, UUID]:
    """The threads it would settle although others than `but` have replied since; each with who did last."""
    settled = {
        resolution.id
        for part in parts_of(operation)
        if isinstance(part, ResolveComments)
        for resolution in part.comments
        if resolution.resolved_by is not None
    }
    voices = await voices_in(connection, board_id, settled) if settled else {}
    return {
        voice.thread_id: voice.author_id
        for voice in voices.values()
        if voice.thread_id is not None and voice.at > moment and voice.author_id != but
    }


def _last_to_stay(voices: Mapping[UUID, Voice], removed: Collection[UUID]) -> dict[UUID, UUID]:
    """The removed roots that have replies which stay, and who wrote the last of these."""
    return {
        voice.thread_id: voice.author_id
        for comment_id, voice in voices.items()
        if voice.thread_id in removed and comment_id not in removed and voice.thread_id is not None
    }


def whole_threads(ids: Sequence[UUID], voices: Mapping[UUID, Voice]) -> list[UUID]:
    """These comments, and the replies to those of them that are roots, each once, these first."""
    return list(dict.fromkeys([*ids, *voices]))
