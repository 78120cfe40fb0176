"""People of the tests who register and sign in as real ones do."""

from domain import accounts, passwords, sessions
from domain.access import Viewer
from domain.accounts import RegistrationPolicy
from domain.database import execute
from tests.running import PASSWORD


async def join(name: str, invite_code: str | None = None) -> accounts.Account:
    """Registers ana as ana@example.org."""
    return await accounts.register(
        name=name.title(), email=f"{name}@example.org", password=PASSWORD, invite_code=invite_code
    )


async def sign_in(name: str, password: str = PASSWORD, address: str = "") -> sessions.SignedIn:
    return await sessions.sign_in(email=f"{name}@example.org", password=password, address=address)


async def viewer(name: str) -> Viewer:
    """Through a session of their own."""
    return await sessions.viewer_of((await sign_in(name)).access_token)


async def a_person(name: str) -> accounts.Account:
    """With an address that is known to be theirs."""
    account = await accounts.insert_account(
        name=name.title(),
        email=f"{name}@example.org",
        password_hash=await passwords.hash_password(PASSWORD),
        is_proven=True,
    )
    await execute(
        "UPDATE account SET password_changed_at = now() - interval '1 day' WHERE id = $1", account.id
    )
    return account


async def opened_server() -> Viewer:
    await accounts.register(name="Olga", email="olga@example.org", password=PASSWORD)
    await execute("UPDATE account SET email_proven_at = now()")
    await execute("UPDATE letter SET ended_at = now()")
    owner = await viewer("olga")
    await accounts.set_registration(owner, RegistrationPolicy.OPEN)
    return owner
