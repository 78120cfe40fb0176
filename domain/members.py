"""The people on a board: who has which role, and that somebody always owns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain import access, receipts, sharing
from domain.access import Role, Viewer
from domain.database import Connection, fetch, fetchval, transaction
from domain.entries import good_email, good_ids, require_distinct, require_few
from domain.errors import BadInput, LastOwner, NotFound
from domain.notices import announce_access
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_A_PAGE = 100
ORDER = "members"


@dataclass(frozen=True)
class Member:
    """granted_by: None when the role came with making the board."""

    account_id: UUID
    role: Role
    since: datetime
    granted_by: UUID | None


@dataclass(frozen=True)
class NewGrant:
    """A role for one person, named by exactly one of account_id and email."""

    role: Role
    account_id: UUID | None = None
    email: str | None = None


async def members_of(
    viewer: Viewer, board_id: UUID, *, first: int = 50, after: str | None = None
) -> Page[Member]:
    """In the order in which they came."""
    require_first(first, MOST_A_PAGE)
    keys = keys_of(after, ORDER, datetime, UUID) or (None, None)
    await access.board(viewer, board_id, Role.VIEWER)
    records = await fetch(
        "SELECT account, role, created_at, granted_by FROM board_grant WHERE board = $1 "
        "AND ($2::timestamptz IS NULL OR (created_at, account) > ($2, $3::uuid)) "
        "ORDER BY created_at, account LIMIT $4",
        board_id,
        *keys,
        first + 1,
    )

    async def total() -> int:
        return int(await fetchval("SELECT count(*) FROM board_grant WHERE board = $1", board_id))

    rows = [_member(record) for record in records]
    return page_of(rows, first, lambda row: cursor_to(ORDER, row.since, row.account_id), total)


async def grant_roles(
    viewer: Viewer,
    board_id: UUID,
    grants: Sequence[NewGrant],
    *,
    mutation_id: UUID | None = None,
    language: str = "en",
    is_quiet: bool = False,
) -> list[Member]:
    """Gives or changes roles; needs OWNER. Returns the members in the order asked for.

    Who comes onto the board by it is told by mail (domain/sharing.py), unless it is_quiet.
    language: the viewer's.
    Raises NotFound for people without an account here, LastOwner when nobody would own the board.
    """
    require_few(grants, "grants")
    asked = [(grant.role, grant.account_id, _email(grant)) for grant in grants]
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "grant_roles", board_id=board_id, grants=asked
        )
        if receipt.is_repeat:
            return receipt.answer(list[Member])
        await access.board(viewer, board_id, Role.OWNER, lock=True)
        ids = await _accounts(connection, asked)
        require_distinct(ids, "grants")
        records = await connection.fetch(
            _GRANT,
            board_id,
            ids,
            [role.value for role, _, _ in asked],
            viewer.account_id,
        )
        await _require_owner(connection, board_id)
        if records:
            await announce_access(connection, board_id)
        new = [record["account"] for record in records if record["is_new"]]
        if not is_quiet:
            await sharing.tell(connection, viewer, board_id, new, language=language)
        members = await _members(connection, board_id, ids)
        await receipt.keep(members)
        return members


_GRANT = """
INSERT INTO board_grant (board, account, role, granted_by)
SELECT $1, asked.account, asked.role, $4
FROM unnest($2::uuid[], $3::text[]) AS asked (account, role)
ON CONFLICT (board, account) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by
WHERE board_grant.role <> excluded.role
RETURNING account, xmax = 0 AS is_new
"""


async def revoke_grants(
    viewer: Viewer, board_id: UUID, account_ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> None:
    """Takes people off a board; needs OWNER, except to leave it oneself. Works in the trash as well.

    Raises NotFound for who is no member, LastOwner when nobody would own the board.
    """
    ids = good_ids(account_ids, "accountIds")
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "revoke_grants", board_id=board_id, account_ids=ids
        )
        if receipt.is_repeat:
            return
        required = Role.VIEWER if ids == [viewer.account_id] else Role.OWNER
        await access.board(viewer, board_id, required, lock=True, trashed_ok=True)
        records = await connection.fetch(
            "DELETE FROM board_grant WHERE board = $1 AND account = ANY($2::uuid[]) RETURNING account",
            board_id,
            ids,
        )
        gone = {record["account"] for record in records}
        if missing := [str(account_id) for account_id in ids if account_id not in gone]:
            raise NotFound("Some of these people are not on the board.", kind="member", ids=missing)
        await _require_owner(connection, board_id)
        await announce_access(connection, board_id)
        await receipt.keep(None)


def _email(grant: NewGrant) -> str | None:
    if (grant.account_id is None) == (grant.email is None):
        raise BadInput("A grant names its person by email or by account id, one of them.", field="grants")
    return None if grant.email is None else good_email(grant.email)


async def _accounts(
    connection: Connection, asked: Sequence[tuple[Role, UUID | None, str | None]]
) -> list[UUID]:
    """The account of each grant, in order."""
    records = await connection.fetch(
        "SELECT id, email FROM account WHERE disabled_at IS NULL "
        "AND (id = ANY($1::uuid[]) OR email = ANY($2::text[]))",
        [account_id for _, account_id, _ in asked if account_id is not None],
        [email for _, _, email in asked if email is not None],
    )
    known = {record["id"] for record in records}
    by_email = {record["email"]: record["id"] for record in records}
    if strangers := sorted({email for _, _, email in asked if email is not None and email not in by_email}):
        raise NotFound(
            f"Nobody here has the email {strangers[0]}. Invite them to register first, then share the board.",
            kind="account",
            emails=strangers,
        )
    if missing := [str(id_) for _, id_, _ in asked if id_ is not None and id_ not in known]:
        raise NotFound("There is no such account, or it is disabled.", kind="account", ids=missing)
    return [account_id or by_email[email] for _, account_id, email in asked]


async def _require_owner(connection: Connection, board_id: UUID) -> None:
    owned = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM board_grant g JOIN account a ON a.id = g.account "
        "WHERE g.board = $1 AND g.role = 'OWNER' AND a.disabled_at IS NULL)",
        board_id,
    )
    if not owned:
        raise LastOwner(
            "A board keeps at least one owner: make somebody else an owner first, or delete the board.",
            id=str(board_id),
        )


async def _members(connection: Connection, board_id: UUID, ids: Sequence[UUID]) -> list[Member]:
    records = await connection.fetch(
        "SELECT account, role, created_at, granted_by FROM board_grant "
        "WHERE board = $1 AND account = ANY($2::uuid[])",
        board_id,
        ids,
    )
    rows = {record["account"]: _member(record) for record in records}
    return [rows[account_id] for account_id in ids]


def _member(record: asyncpg.Record) -> Member:
    return Member(
        account_id=record["account"],
        role=Role(record["role"]),
        since=record["created_at"],
        granted_by=record["granted_by"],
    )
