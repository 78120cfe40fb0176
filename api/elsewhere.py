"""The way to a provider of OpenID Connect and back: redirects, and the cookie that ties them to a browser.

And the provider's own way here, to say that somebody is signed out there.
"""

from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson
from litestar import Request, Response, get, post

from api.body import read_body
from api.cookies import set_cookies
from api.errors import JSON_TYPE, as_domain_error
from api.identity import client_address, language_of, user_agent, viewer_of_request
from api.security import require_own_page
from api.services import Services, services_of
from domain import attempts
from domain.errors import DomainError, NotFound, SignInRefused, Unauthenticated
from domain.id_tokens import LONGEST_TOKEN
from domain.oidc import LIFETIME, Door, LogoutRefused, own_path
from domain.settings import Settings

BEGIN = "/auth/oidc"
CALLBACK = "/auth/oidc/callback"
LINK = "/auth/oidc/link"
LOGOUT = "/auth/oidc/backchannel-logout"
LINKED_PAGE = "/settings/password"

FORM_TYPE = "application/x-www-form-urlencoded"
FORM_SECONDS = 30.0

NOT_KEPT = {"Cache-Control": "no-store"}

HttpRequest = Request[Any, Any, Any]


@get(BEGIN)
async def begin(request: HttpRequest) -> Response[bytes]:
    """`?next=` a path of ours, `invite=` a code, `afresh=1` where the provider shall ask who it is."""
    services = services_of(request)
    asked = request.query_params
    path = own_path(asked.get("next", "/"))
    try:
        begun = await _door(services).begin(
            _callback(request, services.settings),
            path,
            invite_code=asked.get("invite"),
            afresh=asked.get("afresh") == "1",
        )
    except SignInRefused as error:
        return _to_sign_in(error, path)
    response = _redirect(begun.address)
    _keep(response, begun.cookie, services.settings)
    return response


@get(CALLBACK)
async def callback(request: HttpRequest) -> Response[bytes]:
    """Where the provider sends the browser; a session begins, or the sign-in page says why none does."""
    services = services_of(request)
    settings = services.settings
    door = _door(services)
    cookie = request.cookies.get(_cookie_name(settings))
    address = client_address(request)
    said = {name: value for name, value in request.query_params.items() if isinstance(value, str)}
    path = door.path_of(cookie)
    try:
        with attempts.SIGN_INS_FROM_ADDRESS.guess(address, wrong=SignInRefused):
            arrived = await door.finish(
                cookie,
                said,
                user_agent=user_agent(request),
                address=address,
                language=language_of(request),
            )
    except Exception as error:
        response = _to_sign_in(as_domain_error(error), path)
    else:
        response = _redirect(_arrived_at(arrived.path) if arrived.signed_in else arrived.path)
        if arrived.signed_in is not None:
            set_cookies(response, [arrived.signed_in], settings)
    _keep(response, "", settings)
    return response


@post(LINK, status_code=200)
async def link(request: HttpRequest) -> Response[bytes]:
    """For a page of ours whose person is signed in: `{"url"}`, where the browser goes to prove the rest."""
    services = services_of(request)
    require_own_page(request, services.settings)
    viewer = await viewer_of_request(request, services.settings)
    if viewer is None:
        raise Unauthenticated("Sign in first.")
    begun = await _door(services).begin_link(viewer, _callback(request, services.settings), LINKED_PAGE)
    response = Response(content=orjson.dumps({"url": begun.address}), media_type=JSON_TYPE)
    _keep(response, begun.cookie, services.settings)
    return response


@post(LOGOUT, status_code=200)
async def backchannel_logout(request: HttpRequest) -> Response[bytes]:
    """For the provider alone, whose word is all that counts: no cookie and no page has a part in it."""
    door = _door(services_of(request))
    try:
        await door.sign_out(await _logout_token(request))
    except LogoutRefused as error:
        refusal = orjson.dumps({"error": error.code, "error_description": str(error)})
        return Response(refusal, status_code=400, media_type=JSON_TYPE, headers=NOT_KEPT)
    return Response(b"", headers=NOT_KEPT)


async def _logout_token(request: HttpRequest) -> str:
    """Of the form. Raises LogoutRefused."""
    body = await read_body(request, 2 * LONGEST_TOKEN, FORM_SECONDS)
    try:
        sent = parse_qs(body.decode(), max_num_fields=10).get("logout_token", [])
    except ValueError:
        sent = []
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE or len(sent) != 1:
        raise LogoutRefused(f"Send a form ({FORM_TYPE}) with one logout_token.")
    return sent[0]


def _door(services: Services) -> Door:
    if services.oidc is None:
        raise NotFound("This server knows no provider to sign in with (WEBREF_OIDC_ISSUER).")
    return services.oidc


def _callback(request: HttpRequest, settings: Settings) -> str:
    """The address that the provider knows: it sends nobody to any other."""
    if settings.public_url is not None:
        return settings.public_url + CALLBACK
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}{CALLBACK}"


def _arrived_at(path: str) -> str:
    """The app has to learn that a session began before it shows anything."""
    return f"/sign-in?{urlencode({'arrived': '1', 'next': path})}"


def _to_sign_in(error: DomainError, path: str) -> Response[bytes]:
    """A code, no words: whoever writes an address could write words too."""
    if path == LINKED_PAGE:
        return _redirect(f"{path}?{urlencode({'trouble': _code(error)})}")
    return _redirect(f"/sign-in?{urlencode({'trouble': _code(error), 'next': path})}")


def _code(error: DomainError) -> str:
    return str(error.details.get("reason", error.code))


def _redirect(address: str) -> Response[bytes]:
    return Response(content=b"", status_code=303, headers={"Location": address, **NOT_KEPT})


def _cookie_name(settings: Settings) -> str:
    return "__Host-webref_way" if settings.secure else "webref_way"


def _keep(response: Response[Any], cookie: str, settings: Settings) -> None:
    """For as long as the way takes; empty: it is over. Lax: the provider's redirect brings it along."""
    response.set_cookie(
        key=_cookie_name(settings),
        value=cookie,
        max_age=LIFETIME.seconds if cookie else 0,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
