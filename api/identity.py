"""Who is asking: credentials of a request or socket turned into a Viewer, and cookies given and taken."""

from typing import Any, NamedTuple

from litestar.connection import ASGIConnection

from api.security import require_no_stranger, require_own_page
from domain import credentials
from domain.access import Viewer
from domain.errors import SessionRevoked, Unauthenticated
from domain.letter_words import LANGUAGES
from domain.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]


class Caller(NamedTuple):
    """What a request shows to say who asks. is_bearer: a program's header, no browser's cookie."""

    credential: str
    is_bearer: bool


def caller_of_request(connection: Connection, settings: Settings) -> Caller | None:
    """The caller of a request that may change something; None when nobody is signed in.

    Raises Unauthenticated for what is no bearer credential, CrossSite for cookies sent by a page that is
    not ours.
    """
    bearer = bearer_of(connection)
    if bearer is not None:
        return Caller(bearer, is_bearer=True)
    if carries_cookies(connection, settings):
        require_own_page(connection, settings)
        return _cookie_caller(connection, settings)
    require_no_stranger(connection, settings)
    return None


async def viewer_of_caller(caller: Caller | None) -> Viewer | None:
    """Raises Unauthenticated for a bearer credential that is wrong or has ended.

    A cookie that has ended is nobody, so that the page can refresh it.
    """
    if caller is None:
        return None
    try:
        return await credentials.viewer_of(caller.credential)
    except (Unauthenticated, SessionRevoked):
        if caller.is_bearer:
            raise
        return None


async def viewer_of_request(connection: Connection, settings: Settings) -> Viewer | None:
    """The viewer of a request that may change something. Raises as the two above."""
    return await viewer_of_caller(caller_of_request(connection, settings))


async def viewer_of_read(connection: Connection, settings: Settings) -> Viewer | None:
    """The viewer of a GET, which changes nothing and is made by `<img>` and links as well."""
    bearer = bearer_of(connection)
    if bearer is not None:
        return await viewer_of_caller(Caller(bearer, is_bearer=True))
    return await viewer_of_cookie(connection, settings)


async def viewer_of_cookie(connection: Connection, settings: Settings) -> Viewer | None:
    return await viewer_of_caller(_cookie_caller(connection, settings))


def _cookie_caller(connection: Connection, settings: Settings) -> Caller | None:
    token = connection.cookies.get(access_cookie(settings))
    return Caller(token, is_bearer=False) if token else None


def bearer_of(connection: Connection) -> str | None:
    """The credential of the Authorization header. Raises Unauthenticated for any other scheme."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The Authorization header must be 'Bearer <token>'.")
    return credential.strip()


def carries_cookies(connection: Connection, settings: Settings) -> bool:
    cookies = connection.cookies
    return bool(cookies.get(access_cookie(settings)) or cookies.get(refresh_cookie(settings)))


def refresh_token_of(connection: Connection, settings: Settings) -> str | None:
    """The refresh token that a browser sent; one who comes with a bearer credential does not mean it."""
    if "authorization" in connection.headers:
        return None
    return connection.cookies.get(refresh_cookie(settings)) or None


def access_cookie(settings: Settings) -> str:
    return "__Host-webref_access" if settings.secure else "webref_access"


def refresh_cookie(settings: Settings) -> str:
    return "__Host-webref_refresh" if settings.secure else "webref_refresh"


def client_address(connection: Connection) -> str:
    return connection.client.host if connection.client else ""


def language_of(connection: Connection) -> str:
    """Of those that mails are written in, the one that the client likes best."""
    liked, most = LANGUAGES[0], 0.0
    for entry in connection.headers.get("accept-language", "")[:300].lower().split(","):
        name, _, weight = entry.partition(";")
        code = name.strip().partition("-")[0]
        try:
            weighs = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in LANGUAGES and weighs > most:
            liked, most = code, weighs
    return liked


def user_agent(connection: Connection) -> str:
    return connection.headers.get("user-agent", "")[:300]
