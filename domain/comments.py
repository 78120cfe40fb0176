"""Comments: what people say on a board, pinned to an item or a place, in threads. Each command takes a list.

Whoever may comment may reply, and settle a thread; what somebody wrote is changed by nobody else, and moved
or removed only by them or by an editor.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from domain import checks
from domain.access import BoardRow, Role, Viewer
from domain.changes import Change
from domain.comment_rows import no_comments, not_removed, present_comments, removed_comments
from domain.database import Connection
from domain.deeds import deed
from domain.entries import good_text, require_distinct, require_few
from domain.errors import AlreadyExists, BadInput, Forbidden
from domain.item_rows import no_items, present
from domain.operations import (
    THE_BOARD,
    AddComments,
    CommentEdit,
    CommentPin,
    CommentState,
    EditComments,
    ItemKind,
    MoveComments,
    Operation,
    RemoveComments,
    Resolution,
    ResolveComments,
    RestoreComments,
    together,
)
from domain.threads import Voice, require_room_to_talk, voices_in, whole_threads

LONGEST_TEXT = 10_000


class Pin(Struct, frozen=True):
    """Where a thread is: x, y are fractions of the item's box, before any flip; without item, board units."""

    x: float = 0.5
    y: float = 0.5
    item_id: UUID | None = None


class NewComment(Struct, frozen=True):
    """Begins a thread where `pin` says, or replies in the thread of the comment `thread_id`."""

    text: str
    pin: Pin | None = None
    thread_id: UUID | None = None
    id: UUID | None = None


class NewText(Struct, frozen=True):
    id: UUID
    text: str


class NewPin(Struct, frozen=True):
    id: UUID
    pin: Pin


async def add_comments(
    viewer: Viewer, board_id: UUID, comments: list[NewComment], *, mutation_id: UUID | None = None
) -> Change:
    """Needs COMMENTER. A reply to a reply goes to the same thread; a reply opens a resolved thread again.

    Raises NotFound for items and threads that are not there, AlreadyExists for ids that are taken,
    LimitExceeded when the board or the thread is full.
    """
    require_few(comments, "comments")
    require_distinct((comment.id for comment in comments if comment.id is not None), "comments")
    wanted = [_checked(comment, f"comments.{n}") for n, comment in enumerate(comments)]

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        await _require_items(connection, board.id, [c.pin for c in wanted if c.pin is not None])
        await _require_free(connection, [c.id for c in wanted if c.id is not None])
        roots, resolved = await _threads(connection, board.id, wanted)
        _require_taken_by_none([c.id for c in wanted if c.thread_id and c.id and roots[c.thread_id] == c.id])
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        # Lists of comments go by time: these stay in the order sent.
        said = [_said(viewer, c, roots, now + timedelta(microseconds=n)) for n, c in enumerate(wanted)]
        operation = AddComments(said)
        await require_room_to_talk(connection, board.id, operation)
        answered = dict.fromkeys(roots[c.thread_id] for c in wanted if c.thread_id is not None)
        again = [Resolution(root, None) for root in answered if root in resolved]
        return together([operation, ResolveComments(again)]) if again else operation

    return await deed(viewer, board_id, mutation_id, "add_comments", comments, draft, required=Role.COMMENTER)


async def edit_comments(
    viewer: Viewer, board_id: UUID, comments: list[NewText], *, mutation_id: UUID | None = None
) -> Change:
    """One's own, while one may comment: an editor does not put words into others' mouths."""
    require_few(comments, "comments")
    require_distinct((comment.id for comment in comments), "comments")
    texts = {c.id: _text(c.text, f"comments.{n}.text") for n, c in enumerate(comments)}

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        there = await _there(connection, board.id, texts)
        _require_own(viewer, {c.id: c.author_id for c in there.values()}, "Only who wrote it may rewrite it.")
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return EditComments([CommentEdit(comment_id, text, now) for comment_id, text in texts.items()])

    return await deed(
        viewer, board_id, mutation_id, "edit_comments", comments, draft, required=Role.COMMENTER
    )


async def move_comments(
    viewer: Viewer, board_id: UUID, comments: list[NewPin], *, mutation_id: UUID | None = None
) -> Change:
    """Pins threads elsewhere, with all that is in them: one's own, or any by an editor."""
    require_few(comments, "comments")
    require_distinct((comment.id for comment in comments), "comments")
    pins = {c.id: _pin(c.pin, f"comments.{n}.pin") for n, c in enumerate(comments)}

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        there = await _there(connection, board.id, pins)
        _require_roots(there.values())
        _require_leave(viewer, board, {c.id: c.author_id for c in there.values()})
        await _require_items(connection, board.id, pins.values())
        return MoveComments([CommentPin(i, pin.item_id, pin.x, pin.y) for i, pin in pins.items()])

    return await deed(
        viewer, board_id, mutation_id, "move_comments", comments, draft, required=Role.COMMENTER
    )


async def resolve_comments(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, resolved: bool, mutation_id: UUID | None = None
) -> Change:
    """Settles threads, or opens them again. Who settled a thread first stays who did."""
    wanted = checks.item_ids(ids, most=_MOST)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        there = await _there(connection, board.id, wanted)
        _require_roots(there.values())
        people = {i: (there[i].resolved_by or viewer.account_id) if resolved else None for i in wanted}
        return ResolveComments([Resolution(comment_id, by) for comment_id, by in people.items()])

    return await deed(
        viewer,
        board_id,
        mutation_id,
        "resolve_comments",
        (wanted, resolved),
        draft,
        required=Role.COMMENTER,
    )


async def remove_comments(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """One's own, or any by an editor. With a root go its replies: all of them must be allowed to go."""
    wanted = checks.item_ids(ids, most=_MOST)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        voices = await voices_in(connection, board.id, wanted)
        if missing := [comment_id for comment_id in wanted if comment_id not in voices]:
            raise no_comments(missing)
        _require_leave(viewer, board, _authors(voices))
        return RemoveComments(whole_threads(wanted, voices))

    return await deed(
        viewer, board_id, mutation_id, "remove_comments", wanted, draft, required=Role.COMMENTER
    )


async def restore_comments(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """What one removed oneself, or any by an editor; with a root come the replies that went with it.

    Raises NotFound for what was not removed here, BadInput for replies whose thread is not there.
    """
    wanted = checks.item_ids(ids, most=_MOST)

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        gone = await removed_comments(connection, board.id, wanted)
        back = [comment.state for comment in gone]
        found = {state.id for state in back}
        if missing := [comment_id for comment_id in wanted if comment_id not in found]:
            raise not_removed(missing)
        _require_leave(viewer, board, {comment.state.id: comment.removed_by for comment in gone})
        await _require_rooted(connection, board.id, back)
        operation = RestoreComments(back)
        await require_room_to_talk(connection, board.id, operation)
        return operation

    return await deed(
        viewer, board_id, mutation_id, "restore_comments", wanted, draft, required=Role.COMMENTER
    )


_MOST = 500


def _checked(comment: NewComment, field: str) -> NewComment:
    if (comment.pin is None) == (comment.thread_id is None):
        raise BadInput(f"{field} needs a place or a thread, one of them.", field=field)
    if comment.id == THE_BOARD:
        raise BadInput(f"{field}.id is the nil UUID, which names nothing: make another.", field=f"{field}.id")
    return NewComment(
        _text(comment.text, f"{field}.text"),
        None if comment.pin is None else _pin(comment.pin, f"{field}.place"),
        comment.thread_id,
        comment.id or uuid4(),
    )


def _text(text: str, field: str) -> str:
    if not text.strip():
        raise BadInput(f"{field} is empty: a comment says something.", field=field)
    return good_text(text, field, LONGEST_TEXT)


def _pin(pin: Pin, field: str) -> Pin:
    least, most = (-checks.FARTHEST, checks.FARTHEST) if pin.item_id is None else (0.0, 1.0)
    return Pin(
        checks.number(pin.x, f"{field}.x", least, most),
        checks.number(pin.y, f"{field}.y", least, most),
        pin.item_id,
    )


def _said(viewer: Viewer, comment: NewComment, roots: Mapping[UUID, UUID], at: datetime) -> CommentState:
    assert comment.id is not None
    if comment.thread_id is not None:
        return CommentState(
            comment.id, viewer.account_id, at, comment.text, thread_id=roots[comment.thread_id]
        )
    pin = comment.pin or Pin()
    return CommentState(comment.id, viewer.account_id, at, comment.text, pin.item_id, pin.x, pin.y)


_ROOTS = """
SELECT comment.id, root.id AS root, root.resolved_by FROM comment
JOIN comment AS root ON root.id = coalesce(comment.thread_id, comment.id)
WHERE comment.board = $1 AND comment.id = ANY($2::uuid[]) AND comment.removed_at IS NULL
"""


async def _threads(
    connection: Connection, board_id: UUID, comments: Sequence[NewComment]
) -> tuple[dict[UUID, UUID], set[UUID]]:
    """The root of whatever is replied to, and which of these roots are resolved. Raises NotFound.

    A reply may name what comes before it in the same list.
    """
    named = [comment.thread_id for comment in comments if comment.thread_id is not None]
    records = await connection.fetch(_ROOTS, board_id, named) if named else []
    roots: dict[UUID, UUID] = {record["id"]: record["root"] for record in records}
    for comment in comments:
        if comment.thread_id is not None and comment.thread_id not in roots:
            raise no_comments([comment.thread_id])
        assert comment.id is not None
        roots[comment.id] = comment.id if comment.thread_id is None else roots[comment.thread_id]
    return roots, {record["root"] for record in records if record["resolved_by"] is not None}


async def _there(connection: Connection, board_id: UUID, ids: Collection[UUID]) -> dict[UUID, CommentState]:
    """All of them, or NotFound."""
    found = await present_comments(connection, board_id, list(ids))
    if missing := [comment_id for comment_id in ids if comment_id not in found]:
        raise no_comments(missing)
    return found


async def _require_items(connection: Connection, board_id: UUID, pins: Collection[Pin]) -> None:
    """Raises NotFound for items that do not lie on the board, BadInput for groups."""
    wanted = {pin.item_id for pin in pins if pin.item_id is not None}
    if not wanted:
        return
    found = await present(connection, board_id, list(wanted))
    if len(found) != len(wanted):
        raise no_items(wanted - found.keys())
    groups = [str(item.id) for item in found.values() if item.kind is ItemKind.GROUP]
    if groups:
        raise BadInput(
            "A group has no place of its own: pin the comment to something in it, or to a place.",
            field="itemId",
            ids=groups,
        )


async def _require_free(connection: Connection, ids: Sequence[UUID]) -> None:
    """An id names one thing, be it an item or a comment."""
    records = await connection.fetch("SELECT id FROM item WHERE id = ANY($1::uuid[])", ids)
    _require_taken_by_none([record["id"] for record in records])


def _require_taken_by_none(ids: Sequence[UUID]) -> None:
    """ids: those found to be something. Other comments' are found by their being written."""
    if ids:
        raise AlreadyExists("Some of these ids are taken: use new ones.", ids=[str(each) for each in ids])


def _authors(voices: Mapping[UUID, Voice]) -> dict[UUID, UUID]:
    return {comment_id: voice.author_id for comment_id, voice in voices.items()}


def _require_roots(comments: Collection[CommentState]) -> None:
    replies = [str(comment.id) for comment in comments if comment.thread_id is not None]
    if replies:
        raise BadInput("Some of these are replies: name the comment that begins the thread.", ids=replies)


async def _require_rooted(connection: Connection, board_id: UUID, back: Sequence[CommentState]) -> None:
    """Raises BadInput for replies that would come back without their root."""
    coming = {comment.id for comment in back}
    threads = {comment.thread_id for comment in back if comment.thread_id is not None} - coming
    if not threads:
        return
    missing = threads - (await present_comments(connection, board_id, list(threads))).keys()
    if missing:
        raise BadInput(
            "The thread of some of these was removed: restore the comment that begins it.",
            ids=[str(thread_id) for thread_id in missing],
        )


def _require_leave(viewer: Viewer, board: BoardRow, doers: Mapping[UUID, UUID]) -> None:
    """doers: of each comment whose it is in this respect. Raises Forbidden."""
    if not board.role.allows(Role.EDITOR):
        words = "Some of this is others': that needs the role EDITOR on the board. Ask its owner."
        _require_own(viewer, doers, words, required=Role.EDITOR.value)


def _require_own(viewer: Viewer, doers: Mapping[UUID, UUID], words: str, **details: str) -> None:
    others = [str(comment_id) for comment_id, doer in doers.items() if doer != viewer.account_id]
    if others:
        raise Forbidden(words, ids=others, **details)
