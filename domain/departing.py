"""Departing: what a person may take along, and how they are forgotten."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from domain import blobs, boards, bundles, members, operators, trash
from domain.access import Role, Viewer
from domain.accounts import Account, end_sessions
from domain.database import fetch, fetchval, transaction
from domain.errors import LastOwner
from domain.images import image_of
from domain.members import NewGrant
from domain.notices import announce_access

NOBODY = "Former member"
AT_ONCE = 100

_AS_LIST = "SELECT coalesce(json_agg(line), '[]')::text"
# By the name of the file: a query for rows of the account $1, which become a JSON list.
_DOCUMENTS = {
    "account.json": "SELECT id, email, name, colour, is_owner, created_at, disabled_at, password_changed_at, "
    "email_proven_at FROM account WHERE id = $1",
    "letters.json": "SELECT kind, email, language, created_at, sent_at FROM letter "
    "WHERE account = $1 OR email = (SELECT email FROM account WHERE id = $1) ORDER BY created_at",
    "quota.json": "SELECT bytes, boards, items, sockets, cost FROM quota WHERE account = $1",
    "preferences.json": "SELECT key_preset, keys, wheel, snapping, sharing_mail FROM preference "
    "WHERE account = $1",
    "sessions.json": "SELECT created_at, last_seen_at, expires_at, revoked_at, user_agent, address, "
    "language, issuer, subject, sid FROM session WHERE account = $1 ORDER BY created_at",
    "identities.json": "SELECT issuer, subject, email, created_at, last_used_at FROM identity "
    "WHERE account = $1 ORDER BY created_at",
    "tokens.json": "SELECT name, scope, created_at, expires_at, last_used_at, revoked_at FROM token "
    "WHERE account = $1 ORDER BY created_at",
    "saved-searches.json": "SELECT * FROM saved_search WHERE owner = $1 ORDER BY created_at",
    "boards.json": "SELECT b.id, b.title, b.description, g.role, b.created_at, b.updated_at, b.trashed_at "
    "FROM board_grant g JOIN board b ON b.id = g.board WHERE g.account = $1 ORDER BY b.created_at",
    "items.json": "SELECT item.* FROM item JOIN board_grant g ON g.board = item.board AND g.account = $1 "
    "WHERE item.removed_at IS NULL AND (g.role = 'OWNER' OR item.added_by = $1) ORDER BY item.board, item.z",
    "comments.json": "SELECT board, id, at, text, item_id, x, y, thread_id, edited_at FROM comment "
    "WHERE author = $1 AND removed_at IS NULL ORDER BY at",
    "changes.json": "SELECT board, seq, at, about FROM change WHERE actor = $1 ORDER BY board, seq",
    "pictures.json": "SELECT id, name, title, tags, digest, size_bytes, format, mime, width, height, "
    "taken_at, camera, source_url, created_at, trashed_at FROM image WHERE owner = $1 "
    "ORDER BY created_at, id",
}


async def take_along(email: str, target: Path) -> Account:
    """Writes a zip: what webref knows of a person as JSON, and the originals of all their pictures.

    target: appears when it is whole, for its owner's eyes only. Raises NotFound, StorageUnavailable.
    """
    account = await operators.account_called(email)
    documents = {
        name: await fetchval(f"{_AS_LIST} FROM ({query}) AS line", account.id)
        for name, query in _DOCUMENTS.items()
    }
    rows = await fetch("SELECT * FROM image WHERE owner = $1 ORDER BY created_at, id", account.id)
    bundle = await bundles.bundle_of(account.name, [image_of(row) for row in rows], documents)
    draft = target.with_name(f".{target.name}.part")
    try:
        file = await asyncio.to_thread(_new_file, draft)
        with file:
            async with contextlib.aclosing(bundle.pieces()) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        os.replace(draft, target)
    finally:
        blobs.discard(draft)
    return account


def _new_file(path: Path) -> BinaryIO:
    """For its owner's eyes only. Blocks."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


@dataclass
class Erased:
    """boards: deleted, nobody else was there; handed: their new owners by board; pictures: deleted.

    staying: pictures that boards of others show.
    """

    boards: int = 0
    handed: dict[UUID, str] = field(default_factory=dict)
    pictures: int = 0
    staying: int = 0


async def erase(email: str) -> Erased:
    """Forgets a person: their boards, pictures, sessions, tokens, searches, name and address of email.

    What they did on boards of others stays, of a former member. A board that others use goes to the one who
    may do most there, and of these to who came first. Stopped anywhere, the same call goes on with it.
    Raises NotFound, LastOwner for who owns the server.
    """
    account = await operators.account_called(email)
    if account.is_owner:
        raise LastOwner(f"{account.email} owns this server. Let somebody else own it first.")
    await _lock_out(account.id)
    viewer = Viewer(account.id, account.name)
    erased = Erased()
    for row in await fetch("SELECT board FROM board_grant WHERE account = $1 ORDER BY board", account.id):
        await _leave(viewer, row["board"], erased)
    ids = [row["id"] for row in await fetch("SELECT id FROM image WHERE owner = $1 ORDER BY id", account.id)]
    for first in range(0, len(ids), AT_ONCE):
        await _delete(viewer, ids[first : first + AT_ONCE], erased)
    await _forget(account.id)
    return erased


_FORGET_LETTERS = (
    "DELETE FROM letter WHERE account = $1 OR email = (SELECT email FROM account WHERE id = $1) "
    "OR invite IN (SELECT id FROM invite WHERE created_by = $1)"
)


async def _lock_out(account_id: UUID) -> None:
    """Nobody comes in as they any more, so that nothing is added meanwhile; no password has an empty hash."""
    async with transaction() as connection:
        await connection.execute("UPDATE account SET password_hash = '' WHERE id = $1", account_id)
        await connection.execute("DELETE FROM identity WHERE account = $1", account_id)
        await connection.execute(_FORGET_LETTERS, account_id)
        await connection.execute(
            "UPDATE token SET revoked_at = now() WHERE account = $1 AND revoked_at IS NULL", account_id
        )
        await end_sessions(connection, account_id)


async def _leave(viewer: Viewer, board_id: UUID, erased: Erased) -> None:
    others = await fetch(
        "SELECT g.account, g.role, a.email FROM board_grant g JOIN account a ON a.id = g.account "
        "WHERE g.board = $1 AND g.account <> $2 AND a.disabled_at IS NULL "
        "ORDER BY array_position(ARRAY['OWNER', 'EDITOR', 'COMMENTER', 'VIEWER'], g.role), "
        "g.created_at, g.account",
        board_id,
        viewer.account_id,
    )
    own = await fetchval(
        "SELECT role FROM board_grant WHERE board = $1 AND account = $2", board_id, viewer.account_id
    )
    if own == Role.OWNER and not others:
        await boards.trash_boards(viewer, [board_id])
        await boards.delete_boards(viewer, [board_id])
        erased.boards += 1
        return
    if own == Role.OWNER and others[0]["role"] != Role.OWNER:
        await members.grant_roles(viewer, board_id, [NewGrant(Role.OWNER, account_id=others[0]["account"])])
        erased.handed[board_id] = others[0]["email"]
    await members.revoke_grants(viewer, board_id, [viewer.account_id])


async def _delete(viewer: Viewer, ids: Sequence[UUID], erased: Erased) -> None:
    await trash.trash_images(viewer, ids)
    gone = len((await trash.delete_images(viewer, ids)).ids)
    erased.pictures += gone
    erased.staying += len(ids) - gone


async def _forget(account_id: UUID) -> None:
    async with transaction() as connection:
        for table, column in (
            *(("session", "account"), ("token", "account"), ("preference", "account"), ("quota", "account")),
            *(
                ("saved_search", "owner"),
                ("upload", "owner"),
                ("direct_upload", "owner"),
                ("receipt", "actor"),
            ),
        ):
            await connection.execute(f"DELETE FROM {table} WHERE {column} = $1", account_id)  # noqa: S608
        await connection.execute(_FORGET_LETTERS, account_id)
        await connection.execute(
            "UPDATE invite SET email = NULL, revoked_at = coalesce(revoked_at, now()) "
            "WHERE created_by = $1 OR used_by = $1 OR email = (SELECT email FROM account WHERE id = $1)",
            account_id,
        )
        await connection.execute(
            "UPDATE account SET email = $2, name = $3, disabled_at = coalesce(disabled_at, now()), "
            "touched = pg_current_xact_id() WHERE id = $1",
            account_id,
            f"{account_id}@erased.invalid",
            NOBODY,
        )
        await announce_access(connection, account_id)
