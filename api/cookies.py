"""The session's cookies: kept by the browser for our own pages only, out of reach of every script."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from litestar import Response

from api.identity import access_cookie, refresh_cookie
from domain.sessions import SignedIn
from domain.settings import Settings


def set_cookies(response: Response[Any], cookies_out: Iterable[SignedIn | None], settings: Settings) -> None:
    """Applies what the session mutations left in the context; the last word counts."""
    for signed_in in list(cookies_out)[-1:]:
        if signed_in is None:
            _set(response, access_cookie(settings), "", 0, settings)
            _set(response, refresh_cookie(settings), "", 0, settings)
            continue
        access, refresh = signed_in.access_expires_at, signed_in.refresh_expires_at
        _set(response, access_cookie(settings), signed_in.access_token, _seconds_until(access), settings)
        _set(response, refresh_cookie(settings), signed_in.refresh_token, _seconds_until(refresh), settings)


def _set(response: Response[Any], name: str, value: str, max_age_seconds: int, settings: Settings) -> None:
    response.set_cookie(
        key=name,
        value=value,
        max_age=max_age_seconds,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def _seconds_until(moment: datetime) -> int:
    return max(1, round((moment - datetime.now(UTC)).total_seconds()))
