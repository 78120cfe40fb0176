"""Mailboxes: that an address is its person's, and what who reads there may do: verify it, set a password."""

from uuid import UUID

from domain import attempts, invites, letters, passwords
from domain.access import Viewer
from domain.accounts import NO_PASSWORD, ONE_OWNER, end_sessions
from domain.database import Connection, execute, fetchrow, fetchval, transaction
from domain.entries import good_email
from domain.errors import (
    AlreadyExists,
    LinkOver,
    NothingToChange,
    WrongCredentials,
)
from domain.letters import Kind
from domain.standing import require_fresh, require_session


async def request_registration(email: str, *, language: str, address: str = "") -> None:
    """Mails a code for `register`, whoever has the address, or to who has an account already those words.

    What may be told of a server's rules is told by `accounts.require_open` before. Raises MailUnavailable,
    BadInput, TooBusy.
    """
    await _ask(Kind.JOIN, email, language, address)


async def request_reset(email: str, *, language: str, address: str = "") -> None:
    """Mails a link for a new password. Answers and takes the same whether or not there is an account.

    Raises MailUnavailable, BadInput, TooBusy (also the same).
    """
    await _ask(Kind.RESET, email, language, address)


async def _ask(kind: Kind, email: str, language: str, address: str) -> None:
    letters.require_sending()
    email = good_email(email)
    attempts.LETTERS.spend(address)
    async with transaction() as connection:
        await letters.write(connection, kind, email, language=language)


async def reset_password(code: str, new: str, *, language: str, end_tokens: bool = False) -> tuple[UUID, str]:
    """Sets a password by a mailed code, and ends every session; answers the account and the hash that stands.

    API tokens end where that is wanted, and where the address was never known to be this person's: then
    somebody else may have made them. Raises LinkOver, BadInput, TooBusy.
    """
    passwords.require_good_password(new)
    await letters.require_good(code, Kind.RESET)
    hashed = await passwords.hash_password(new)
    async with transaction() as connection:
        letter = await letters.opened(connection, code, Kind.RESET)
        row = await connection.fetchrow(
            "WITH before AS (SELECT id, email_proven_at FROM account WHERE id = $1 FOR UPDATE) "
            "UPDATE account SET password_hash = $2, password_changed_at = now(), "
            "email_proven_at = coalesce(account.email_proven_at, now()) FROM before "
            "WHERE account.id = before.id AND email = $3 AND password_hash <> '' AND disabled_at IS NULL "
            "AND password_changed_at < $4 RETURNING before.email_proven_at",
            letter.account,
            hashed,
            letter.email,
            letter.created_at,
        )
        if row is None or letter.account is None:
            raise LinkOver("The password was changed since this link was sent. Ask for another.")
        if end_tokens or row["email_proven_at"] is None:
            await connection.execute(
                "UPDATE token SET revoked_at = now() WHERE account = $1 AND revoked_at IS NULL",
                letter.account,
            )
        await end_sessions(connection, letter.account)
        await letters.withdraw(connection, letter.account, [Kind.RESET, Kind.VERIFY])
        await invites.let_in(connection, letter.account, letter.email)
        await letters.write(
            connection, Kind.PASSWORD, letter.email, language=language, account_id=letter.account
        )
    return letter.account, hashed


async def send_verification(
    viewer: Viewer, *, email: str | None = None, language: str, address: str = ""
) -> str:
    """Mails once more the link that verifies the viewer's address, or the one they want; answers which.

    email: only if it is this one. Raises NothingToChange, MailUnavailable, TooBusy.
    """
    require_session(viewer, "have mail sent")
    letters.require_sending()
    row = await fetchrow("SELECT email, email_proven_at FROM account WHERE id = $1", viewer.account_id)
    wanted = await letters.pending_email(viewer.account_id)
    if row is None or (wanted is None and row["email_proven_at"] is not None):
        raise NothingToChange("The address of this account is verified already.")
    waiting: str = wanted or row["email"]
    if email is not None and good_email(email) != waiting:
        raise NothingToChange("This address does not wait to be verified.")
    attempts.LETTERS.spend(address)
    await _verify(viewer.account_id, waiting, language)
    return waiting


async def change_email(
    viewer: Viewer, email: str, *, password: str | None, language: str, address: str = ""
) -> None:
    """Mails a link to another address, which is the viewer's once it was followed, and not before.

    The present one: it stays, and the links to another are over. Answers the same whether or not somebody has
    that address. password: None for who has none and signed in a moment ago.
    Raises WrongCredentials, BadInput, MailUnavailable, TooBusy.
    """
    require_session(viewer, "change the address")
    letters.require_sending()
    email = good_email(email)
    row = await fetchrow("SELECT email, password_hash FROM account WHERE id = $1", viewer.account_id)
    if row is not None and row["email"] == email:
        async with transaction() as connection:
            await letters.withdraw(connection, viewer.account_id, [Kind.VERIFY])
        return
    attempts.LETTERS.spend(address)
    with attempts.PASSWORD_CHANGES.guess(str(viewer.account_id), wrong=WrongCredentials):
        if row is not None and row["password_hash"] == NO_PASSWORD and password is None:
            await require_fresh(viewer, "change your address")
        elif row is None or not await passwords.verify_password(password or "", row["password_hash"]):
            raise WrongCredentials("The password is not right.")
    await _verify(viewer.account_id, email, language)


async def _verify(account_id: UUID, email: str, language: str) -> None:
    async with transaction() as connection:
        await letters.withdraw(connection, account_id, [Kind.VERIFY])
        await letters.write(connection, Kind.VERIFY, email, language=language, account_id=account_id)


async def verify_email(code: str, *, language: str) -> str:
    """Whoever has the code has the mailbox: from now on the address is the account's, and known to be.

    Boards to which it was invited open. Raises LinkOver, AlreadyExists.
    """
    async with transaction() as connection:
        await execute("SELECT pg_advisory_xact_lock($1)", ONE_OWNER)  # nobody registers with it meanwhile
        letter = await letters.opened(connection, code, Kind.VERIFY)
        if await fetchval(
            "SELECT true FROM account WHERE email = $1 AND id IS DISTINCT FROM $2",
            letter.email,
            letter.account,
        ):
            raise AlreadyExists("Another account has this address by now.", field="email")
        before = await fetchval(
            "SELECT email FROM account WHERE id = $1 AND disabled_at IS NULL FOR UPDATE", letter.account
        )
        if before is None or letter.account is None:
            raise LinkOver("The account of this link is gone.")
        await execute(
            "UPDATE account SET email = $2, email_proven_at = now() WHERE id = $1",
            letter.account,
            letter.email,
        )
        if before != letter.email:
            await _tell_former(connection, letter.account, before, language)
        await invites.let_in(connection, letter.account, letter.email)
    return letter.email


async def _tell_former(connection: Connection, account_id: UUID, former: str, language: str) -> None:
    """Links that went to the address of before are over."""
    await letters.withdraw(connection, account_id, [Kind.RESET, Kind.VERIFY])
    await letters.write(connection, Kind.CHANGED, former, language=language, account_id=account_id)
