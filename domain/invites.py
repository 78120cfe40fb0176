"""Invites: codes, known only to whoever was given one, that let one person register, and onto a board."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from msgspec import Struct, structs

from domain import access, letters
from domain.access import Role, Viewer, require_scope
from domain.database import Connection, fetch, fetchval, transaction
from domain.entries import good_email, good_ids
from domain.errors import AlreadyExists, Forbidden, LimitExceeded, MutationIdConflict
from domain.letters import Kind, code_hash
from domain.notices import announce_access
from domain.standing import require_server_owner

LIFETIME = timedelta(days=14)
MOST_OPEN = 200
MOST_LISTED = 500
MOST_A_DAY = 50
"""Invites that one person who does not own the server may send within a day: they reach strangers."""


class Invite(Struct, frozen=True):
    """email: the only address that may use it, or None for whoever has the code.

    board, role: where they are let in with it, as long as who invited them owns the board.
    """

    id: UUID
    email: str | None
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: UUID | None
    board: UUID | None = None
    role: Role | None = None


class NewInvite(Struct, frozen=True):
    """code: shown this once; only its hash is kept. is_mailed: another code is on its way by mail."""

    invite: Invite
    code: str
    is_mailed: bool = False


async def create_invite(
    viewer: Viewer, *, email: str | None = None, mutation_id: UUID | None = None, language: str = "en"
) -> NewInvite:
    """Makes a code that lets one person register within 14 days. Owner of the server only.

    To an address it is mailed as well, where this server sends mail. A retry with the same mutation id
    gives the same invite a fresh code (the first was never seen, and no code is stored to be repeated).
    Raises LimitExceeded, MutationIdConflict, TooBusy.
    """
    require_server_owner(viewer, "invite people")
    email = good_email(email) if email is not None else None
    async with transaction() as connection:
        return await _create(connection, viewer, email, mutation_id, language)


async def invite_to_board(
    viewer: Viewer,
    board_id: UUID,
    email: str,
    role: Role,
    *,
    mutation_id: UUID | None = None,
    language: str = "en",
) -> NewInvite:
    """Shares a board with somebody who has no account yet: the same, and they are on the board at once.

    Needs OWNER of the board; where people join by invite only, of the server too. Raises AlreadyExists for
    who has an account (their role is granted), Forbidden, LimitExceeded, MutationIdConflict, TooBusy.
    """
    email = good_email(email)
    async with transaction() as connection:
        await access.board(viewer, board_id, Role.OWNER, lock=True)
        policy = await fetchval("select registration from instance where id = 1")
        if policy != "OPEN" and not viewer.is_owner:
            raise Forbidden(
                "New people join this server by invite of its owner only. Ask for one, then share the board.",
                required="SERVER_OWNER",
            )
        if policy == "CLOSED":
            raise Forbidden("This server takes no new accounts: open registration first.", required="OPEN")
        if await fetchval("select true from account where email = $1", email):
            raise AlreadyExists("They have an account here: share the board with them.", field="email")
        return await _create(connection, viewer, email, mutation_id, language, board_id, role)


async def _create(
    connection: Connection,
    viewer: Viewer,
    email: str | None,
    mutation_id: UUID | None,
    language: str,
    board_id: UUID | None = None,
    role: Role | None = None,
) -> NewInvite:
    await _require_room(connection, viewer)
    code = secrets.token_urlsafe(32)
    row = await connection.fetchrow(
        "insert into invite (id, code_hash, email, created_by, expires_at, board, role)"
        " values ($1, $2, $3, $4, now() + $5::interval, $6, $7)"
        " on conflict (id) do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at"
        " where (invite.email, invite.board, invite.role)"
        "     is not distinct from (excluded.email, excluded.board, excluded.role)"
        "   and invite.used_at is null and invite.revoked_at is null"
        " returning *",
        uuid5(viewer.account_id, f"invite {mutation_id}") if mutation_id else uuid4(),
        code_hash(code),
        email,
        viewer.account_id,
        LIFETIME,
        board_id,
        role,
    )
    if row is None:
        raise MutationIdConflict("This client mutation id made another invite, or one that is over by now.")
    is_mailed = email is not None and letters.are_sent()
    if is_mailed and email is not None:
        letter_id = uuid5(row["id"], "letter")
        await letters.write(
            connection, Kind.INVITE, email, language=language, invite_id=row["id"], letter_id=letter_id
        )
    return NewInvite(_invite_from(row), code, is_mailed)


async def _require_room(connection: Connection, viewer: Viewer) -> None:
    """Under a lock, so that invites made at once do not slip through together."""
    await connection.execute("select from account where id = $1 for no key update", viewer.account_id)
    row = await connection.fetchrow(
        "select count(*) filter (where used_at is null and revoked_at is null"
        "   and expires_at > now()) as open,"
        " count(*) filter (where created_at > now() - interval '1 day') as today"
        " from invite where created_by = $1",
        viewer.account_id,
    )
    open_ones, today = (row["open"], row["today"]) if row is not None else (0, 0)
    if open_ones >= MOST_OPEN:
        raise LimitExceeded(f"There are {MOST_OPEN} open invites already. Revoke some.", limit=MOST_OPEN)
    if today >= MOST_A_DAY and not viewer.is_owner:
        raise LimitExceeded(
            f"You have invited {MOST_A_DAY} people within a day. Go on tomorrow.", limit=MOST_A_DAY
        )


async def invites_on(viewer: Viewer, board_id: UUID) -> list[Invite]:
    """Open ones to a board, newest first; nobody but its owners sees any."""
    row = await access.board(viewer, board_id, Role.VIEWER)
    if row.role is not Role.OWNER:
        return []
    rows = await fetch(
        "select * from invite where board = $1 and used_at is null and revoked_at is null"
        " and expires_at > now() order by created_at desc, id limit $2",
        board_id,
        MOST_LISTED,
    )
    return [_invite_from(row) for row in rows]


async def invites_of(viewer: Viewer) -> list[Invite]:
    """Those that are open or were used, newest first; nobody but the server's owner has any."""
    if not viewer.is_owner:
        return []
    rows = await fetch(
        "select * from invite"
        " where revoked_at is null and (used_at is not null or expires_at > now())"
        " order by created_at desc, id limit $1",
        MOST_LISTED,
    )
    return [_invite_from(row) for row in rows]


async def revoke_invites(viewer: Viewer, ids: Sequence[UUID]) -> list[UUID]:
    """Makes codes useless at once; answers the ids of those that are revoked now. Twice equals once.

    The owner of the server may revoke every one, others what they made and those to boards of theirs.
    """
    require_scope(viewer)
    async with transaction() as connection:
        rows = await connection.fetch(
            "update invite set revoked_at = coalesce(revoked_at, now())"
            " where id = any($1::uuid[]) and used_at is null and ($2 or created_by = $3 or exists ("
            "   select from board_grant g where g.board = invite.board and g.account = $3 and g.role = "
            "'OWNER'))"
            " returning id",
            good_ids(ids),
            viewer.is_owner,
            viewer.account_id,
        )
        revoked = sorted(row["id"] for row in rows)
        await letters.withdraw_invites(connection, revoked)
    return revoked


# An invite is known by its own code, or by one that was mailed with it.
_USABLE = (
    "(code_hash = $1 or id = (select letter.invite from letter where letter.id = $3 and $1 = any(codes)"
    " and kind = 'INVITE' and ended_at is null))"
    " and (email is null or email = $2) and used_at is null and revoked_at is null and expires_at > now()"
)


async def can_use(code: str, email: str) -> bool:
    """Whether this person could register with the code at this moment."""
    usable = await fetchval(
        f"select id from invite where {_USABLE}",  # noqa: S608 (a constant)
        code_hash(code),
        email,
        letters.letter_id_of(code),
    )
    return usable is not None


async def use(connection: Connection, code: str, email: str, account_id: UUID) -> bool:
    """Spends the code inside the caller's transaction; False when somebody else was quicker."""
    rows = await connection.fetch(
        f"update invite set used_at = now(), used_by = $4 where {_USABLE}"  # noqa: S608 (a constant)
        " returning id, board, role, created_by",
        code_hash(code),
        email,
        letters.letter_id_of(code),
        account_id,
    )
    await _open_boards(connection, account_id, rows)
    return bool(rows)


async def let_in(connection: Connection, account_id: UUID, email: str) -> None:
    """Opens the boards to which an address was invited that is known now to be this person's."""
    rows = await connection.fetch(
        "update invite set used_at = now(), used_by = $2 where email = $1 and board is not null"
        " and used_at is null and revoked_at is null and expires_at > now()"
        " returning id, board, role, created_by",
        email,
        account_id,
    )
    await _open_boards(connection, account_id, rows)


async def use_for(connection: Connection, email: str, account_id: UUID) -> bool:
    """Spends an invite that is meant for this very address, for somebody who proved that it is theirs."""
    rows = await connection.fetch(
        "update invite set used_at = now(), used_by = $2"
        " where id = (select id from invite where email = $1 and used_at is null and revoked_at is null"
        "   and expires_at > now() order by created_at limit 1 for update)"
        " returning id, board, role, created_by",
        email,
        account_id,
    )
    await _open_boards(connection, account_id, rows)
    return bool(rows)


async def _open_boards(connection: Connection, account_id: UUID, rows: Sequence[Any]) -> None:
    """Only where who invited them still owns the board, and never less than they have already."""
    granted = await connection.fetch(
        "insert into board_grant (board, account, role, granted_by)"
        " select asked.board, $1, asked.role, asked.inviter"
        " from unnest($2::uuid[], $3::text[], $4::uuid[]) as asked (board, role, inviter)"
        " join board_grant g on g.board = asked.board and g.account = asked.inviter and g.role = 'OWNER'"
        " join account a on a.id = asked.inviter and a.disabled_at is null"
        " order by asked.board for share of g"
        " on conflict (board, account) do nothing returning board",
        account_id,
        *_columns(rows),
    )
    for row in granted:
        await announce_access(connection, row["board"])


def _columns(rows: Sequence[Any]) -> tuple[list[UUID], list[str], list[UUID]]:
    """board, role, inviter: of several to one board the greatest role."""
    best: dict[UUID, tuple[Role, UUID]] = {}
    for row in rows:
        if row["board"] is None:
            continue
        role, known = Role(row["role"]), best.get(row["board"])
        if known is None or role.allows(known[0]):
            best[row["board"]] = (role, row["created_by"])
    return list(best), [role.value for role, _ in best.values()], [inviter for _, inviter in best.values()]


def _invite_from(row: Any) -> Invite:
    invite = Invite(*(row[name] for name in Invite.__struct_fields__))
    return invite if invite.role is None else structs.replace(invite, role=Role(invite.role))
