"""Operators: what may be done at the command line, where whoever asks holds the database anyway."""

from datetime import datetime
from uuid import UUID

from domain import passwords, tokens
from domain.access import Scope
from domain.accounts import ONE_OWNER, Account, account_from, end_sessions, insert_account
from domain.database import execute, fetch, fetchrow, transaction
from domain.entries import good_email, good_line
from domain.errors import LastOwner, NotFound
from domain.notices import announce_access


async def create_account(*, name: str, email: str, password: str) -> Account:
    """An account whatever the registration policy says; the very first one owns the server."""
    name, email = good_line(name, "name"), good_email(email)
    hashed = await passwords.hash_password(password)
    async with transaction():
        await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
        first = await fetchrow("select from account limit 1") is None
        return await insert_account(name=name, email=email, password_hash=hashed, is_owner=first)


async def accounts_present() -> list[Account]:
    """Everybody, the disabled too, in the order they came."""
    rows = await fetch("select * from account order by created_at, id")
    return [account_from(row) for row in rows]


async def account_called(email: str) -> Account:
    row = await fetchrow("select * from account where email = $1", good_email(email))
    if row is None:
        raise NotFound(f"There is no account with the email {email.strip()}.")
    return account_from(row)


async def disable_account(email: str) -> Account:
    """Ends every session, token use and stream of the account at once; nothing of it is deleted."""
    account = await account_called(email)
    async with transaction() as connection:
        await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
        row = await fetchrow(
            "update account set disabled_at = coalesce(disabled_at, now())"
            " where id = $1 and not is_owner returning *",
            account.id,
        )
        if row is None:
            raise LastOwner(f"{account.email} owns this server. Let somebody else own it first.")
        await end_sessions(connection, account.id)
    return account_from(row)


async def enable_account(email: str) -> Account:
    """Lets a disabled account sign in again; its API tokens work again too."""
    account = await account_called(email)
    row = await fetchrow("update account set disabled_at = null where id = $1 returning *", account.id)
    return account_from(row)


async def set_password(email: str, password: str) -> Account:
    """For somebody who forgot it: sets another password and ends every session."""
    account = await account_called(email)
    hashed = await passwords.hash_password(password)
    async with transaction() as connection:
        row = await fetchrow(
            "update account set password_hash = $2, password_changed_at = now() where id = $1 returning *",
            account.id,
            hashed,
        )
        await end_sessions(connection, account.id)
    return account_from(row)


async def set_owner(email: str) -> Account:
    """Makes an account the one owner of the server; who owned it before keeps everything else."""
    account = await account_called(email)
    if account.disabled_at is not None:
        raise LastOwner(f"{account.email} is disabled. Enable the account before it owns the server.")
    async with transaction() as connection:
        await execute("select pg_advisory_xact_lock($1)", ONE_OWNER)
        before = await fetch(
            "update account set is_owner = false where is_owner and id <> $1 returning id", account.id
        )
        row = await fetchrow(
            "update account set is_owner = true where id = $1 and disabled_at is null returning *",
            account.id,
        )
        if row is None:
            raise LastOwner(f"{account.email} was disabled a moment ago. Enable the account first.")
        for former in before:
            await announce_access(connection, former["id"])
    return account_from(row)


async def create_token(
    email: str, *, name: str, scope: Scope, expires_at: datetime | None = None
) -> tokens.NewToken:
    account = await account_called(email)
    return await tokens.issue_token(account.id, name=name, scope=scope, expires_at=expires_at)


async def tokens_called(email: str) -> list[tokens.Token]:
    return await tokens.tokens_by_account((await account_called(email)).id)


async def revoke_token(token_id: UUID) -> None:
    """Revokes anybody's token. Raises NotFound when there is none that still works."""
    row = await fetchrow("select account from token where id = $1 and revoked_at is null", token_id)
    if row is None or not await tokens.end_tokens(row["account"], [token_id]):
        raise NotFound(f"There is no token with the id {token_id}, or it is revoked already.")
