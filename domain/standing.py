"""Standing: what a viewer may do to the server and to their own account, whatever the board."""

from collections.abc import Collection
from datetime import timedelta

from domain.access import Viewer, require_scope
from domain.database import fetch, fetchval
from domain.errors import Forbidden, WrongCredentials

FRESH = timedelta(minutes=15)
"""How long having signed in elsewhere is as good as a password for who has none."""


def require_session(viewer: Viewer, deed: str) -> None:
    """For what a leaked API token must never be able to do."""
    require_scope(viewer)
    if viewer.session_id is None:
        raise Forbidden(f"An API token cannot {deed}. Sign in with email and password.", required="SESSION")


async def require_fresh(viewer: Viewer, deed: str) -> None:
    """In place of a password, from who has none: a stolen session is not enough. Raises WrongCredentials."""
    fresh = await fetchval(
        "select created_at > now() - $2::interval from session where id = $1", viewer.session_id, FRESH
    )
    if not fresh:
        raise WrongCredentials(
            f"To {deed}, sign in again: without a password it is possible within"
            f" {FRESH.seconds // 60} minutes of that."
        )


def require_server_owner(viewer: Viewer, deed: str) -> None:
    require_scope(viewer)
    if not viewer.is_owner:
        raise Forbidden(f"Only the owner of this server can {deed}.", required="SERVER_OWNER")


async def still_signed_in(viewers: Collection[Viewer]) -> set[Viewer]:
    """Those whose session or token, and account, stand at this moment; one query for all."""
    asked = list(viewers)
    rows = await fetch(
        "select asked.n from unnest($1::uuid[], $2::uuid[], $3::uuid[])"
        "   with ordinality as asked (account_id, session_id, token_id, n)"
        " join account on account.id = asked.account_id and account.disabled_at is null"
        " where exists (select from session where session.id = asked.session_id"
        "     and session.account = account.id and revoked_at is null and expires_at > now())"
        "   or exists (select from token where token.id = asked.token_id and token.account = account.id"
        "     and revoked_at is null and (expires_at is null or expires_at > now()))",
        [viewer.account_id for viewer in asked],
        [viewer.session_id for viewer in asked],
        [viewer.token_id for viewer in asked],
    )
    return {asked[row["n"] - 1] for row in rows}
