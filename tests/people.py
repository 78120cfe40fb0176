"""People of the tests who register and sign in as real ones do."""

from domain import accounts, sessions
from domain.access import Viewer
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
