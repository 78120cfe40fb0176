"""Standing: what a viewer may do to the server and to their own account, whatever the board."""

import json
from uuid import UUID

from domain.access import Scope, Viewer
from domain.database import execute
from domain.errors import Forbidden


def require_write(viewer: Viewer) -> None:
    if viewer.scope is not Scope.WRITE:
        raise Forbidden("This token may only read. Use one with the scope WRITE.", required=Scope.WRITE.value)


def require_session(viewer: Viewer, deed: str) -> None:
    """For what a leaked API token must never be able to do."""
    require_write(viewer)
    if viewer.session_id is None:
        raise Forbidden(f"An API token can not {deed}. Sign in with email and password.", required="SESSION")


def require_server_owner(viewer: Viewer, deed: str) -> None:
    require_write(viewer)
    if not viewer.is_owner:
        raise Forbidden(f"Only the owner of this server can {deed}.", required="SERVER_OWNER")


async def announce_access(account_id: UUID) -> None:
    """Makes every process look again at what this account may still see, once the transaction commits."""
    await execute("select pg_notify('webref', $1)", json.dumps({"access": str(account_id)}))
