"""Who may do what: nothing of a board or a picture is fetched without asking here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.database import fetch, fetchrow
from domain.errors import BoardTrashed, Forbidden, NotFound


class Role(StrEnum):
    """What a person may do on a board; each role may do all that the lesser ones may."""

    VIEWER = "VIEWER"
    COMMENTER = "COMMENTER"
    EDITOR = "EDITOR"
    OWNER = "OWNER"

    def allows(self, required: "Role") -> bool:
        return _RANKS[self] >= _RANKS[required]


_RANKS = {role: rank for rank, role in enumerate(Role)}


class Scope(StrEnum):
    """How far a token reaches; a session has WRITE."""

    READ = "READ"
    WRITE = "WRITE"


@dataclass(frozen=True)
class Viewer:
    """Who is asking. is_owner: of the server, which opens no board of others."""

    account_id: UUID
    name: str
    is_owner: bool = False
    scope: Scope = Scope.WRITE
    session_id: UUID | None = None
    token_id: UUID | None = None


@dataclass(frozen=True)
class Proof:
    """A viewer as their token was looked up. until: when to look it up again, in seconds since 1970."""

    viewer: Viewer
    until: float


@dataclass(frozen=True)
class BoardRow:
    """A board as one viewer has it. cover_id: the chosen cover, None = none was chosen.

    log_start: the log holds what follows this seq, and the board can be read as it was from there on.
    """

    id: UUID
    title: str
    description: str
    seq: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None
    cover_id: UUID | None
    item_count: int
    role: Role
    log_start: int = 0


@dataclass(frozen=True)
class ImageRow:
    """What it takes to serve a picture."""

    id: UUID
    owner: UUID
    digest: str
    name: str
    format: str
    mime: str
    size_bytes: int
    width: int
    height: int


BOARD_COLUMNS = (
    "b.id, b.title, b.description, b.seq, b.created_by, b.created_at, b.updated_at, b.trashed_at, "
    "b.cover_id, b.item_count, b.log_start, g.role"
)


def board_readable(account: str) -> str:
    """Boards b with grant g and account a of this person, in SQL."""
    return (
        f"board b JOIN board_grant g ON g.board = b.id AND g.account = {account} "
        "JOIN account a ON a.id = g.account AND a.disabled_at IS NULL"
    )


BOARD_READABLE = board_readable("$1")

_ONE_BOARD = f"SELECT {BOARD_COLUMNS} FROM {BOARD_READABLE} WHERE b.id = $2"  # noqa: S608 (constants)
# The grant is locked too: else one that was revoked while waiting for the board would still count.
_ONE_BOARD_LOCKED = f"{_ONE_BOARD} FOR NO KEY UPDATE OF b FOR SHARE OF g"


def board_row(record: asyncpg.Record) -> BoardRow:
    return BoardRow(
        id=record["id"],
        title=record["title"],
        description=record["description"],
        seq=record["seq"],
        created_by=record["created_by"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
        trashed_at=record["trashed_at"],
        cover_id=record["cover_id"],
        item_count=record["item_count"],
        role=Role(record["role"]),
        log_start=record["log_start"],
    )


def require_scope(viewer: Viewer) -> None:
    """Raises Forbidden for a token that may only read."""
    if viewer.scope is not Scope.WRITE:
        raise Forbidden("This token may only read. Use one with the scope WRITE.", required=Scope.WRITE.value)


async def board(
    viewer: Viewer, board_id: UUID, required: Role, *, lock: bool = False, trashed_ok: bool = False
) -> BoardRow:
    """Fetches and authorizes. lock: holds the board until the transaction ends; this comes first in it.

    Asking for more than VIEWER, or for the lock, is a wish to write. Raises NotFound to outsiders,
    Forbidden to members lacking the role or scope, BoardTrashed to writers unless trashed_ok.
    """
    record = await fetchrow(_ONE_BOARD_LOCKED if lock else _ONE_BOARD, viewer.account_id, board_id)
    if record is None:
        raise no_board(board_id)
    row = board_row(record)
    _require(viewer, row, required, lock=lock, trashed_ok=trashed_ok)
    return row


async def boards(
    viewer: Viewer,
    board_ids: Collection[UUID],
    required: Role,
    *,
    lock: bool = False,
    trashed_ok: bool = False,
) -> list[BoardRow]:
    """The same for several, all or none, in the order of their ids, which is the order of locking."""
    wanted = sorted(set(board_ids))
    sql = (
        f"SELECT {BOARD_COLUMNS} FROM {BOARD_READABLE} "  # noqa: S608 (constants)
        "WHERE b.id = ANY($2::uuid[]) ORDER BY b.id"
    )
    records = await fetch(
        sql + (" FOR NO KEY UPDATE OF b FOR SHARE OF g" if lock else ""), viewer.account_id, wanted
    )
    rows = {record["id"]: board_row(record) for record in records}
    for board_id in wanted:
        if board_id not in rows:
            raise no_board(board_id)
    for row in rows.values():
        _require(viewer, row, required, lock=lock, trashed_ok=trashed_ok)
    return [rows[board_id] for board_id in wanted]


def no_board(board_id: UUID) -> NotFound:
    return NotFound("There is no such board, or you may not see it.", kind="board", id=str(board_id))


def _require(viewer: Viewer, row: BoardRow, required: Role, *, lock: bool, trashed_ok: bool) -> None:
    if not row.role.allows(required):
        raise Forbidden(
            f"This needs the role {required.value} on the board; yours is {row.role.value}. Ask its owner.",
            required=required.value,
            id=str(row.id),
        )
    if not lock and required is Role.VIEWER:
        return
    require_scope(viewer)
    if row.trashed_at is not None and not trashed_ok:
        raise BoardTrashed("The board is in the trash: restore it to change it.", id=str(row.id))


# Of image i and account a: a picture of one's own, or on a board that one may read. Removed items count, and
# what items showed before: the board's log still shows them, and undoing brings them back.
IMAGE_SEEN = (
    "a.disabled_at IS NULL AND (i.owner = a.id OR EXISTS (SELECT FROM item JOIN board_grant g "
    "ON g.board = item.board AND g.account = a.id WHERE item.image_id = i.id) "
    "OR EXISTS (SELECT FROM former_image f JOIN board_grant g "
    "ON g.board = f.board AND g.account = a.id WHERE f.image = i.id))"
)
IMAGE_READABLE = f"image i JOIN account a ON a.id = $1 AND {IMAGE_SEEN}"

_ONE_IMAGE = (
    "SELECT i.id, i.owner, i.digest, i.name, i.format, i.mime, i.size_bytes, i.width, i.height "  # noqa: S608 (constants)
    f"FROM {IMAGE_READABLE} WHERE i.id = $2"
)


async def image(viewer: Viewer, image_id: UUID) -> ImageRow:
    """A picture that the viewer may see. Raises NotFound."""
    record = await fetchrow(_ONE_IMAGE, viewer.account_id, image_id)
    if record is None:
        raise NotFound("There is no such picture, or you may not see it.", kind="image", id=str(image_id))
    return ImageRow(**dict(record))


# Of account a and a row of `asked`: the session or token that came with the request, if any, has not ended.
STILL_SIGNED_IN = (
    "(asked.session_id IS NULL OR EXISTS (SELECT FROM session s WHERE s.id = asked.session_id "
    "AND s.account = a.id AND s.revoked_at IS NULL AND s.expires_at > now())) "
    "AND (asked.token_id IS NULL OR EXISTS (SELECT FROM token t WHERE t.id = asked.token_id "
    "AND t.account = a.id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())))"
)

_STILL = f"""
SELECT asked.n
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
    WITH ORDINALITY AS asked (account_id, session_id, token_id, board_id, n)
JOIN account a ON a.id = asked.account_id AND a.disabled_at IS NULL
JOIN board_grant g ON g.account = a.id AND g.board = asked.board_id
WHERE {STILL_SIGNED_IN}
"""  # noqa: S608 (constants)


async def still_allowed(asked: Collection[tuple[Viewer, UUID]]) -> set[tuple[Viewer, UUID]]:
    """Of these viewers and boards, those that may be read at this moment; one query for all."""
    pairs = list(asked)
    if not pairs:
        return set()
    records = await fetch(
        _STILL,
        [viewer.account_id for viewer, _ in pairs],
        [viewer.session_id for viewer, _ in pairs],
        [viewer.token_id for viewer, _ in pairs],
        [board_id for _, board_id in pairs],
    )
    return {pairs[record["n"] - 1] for record in records}
