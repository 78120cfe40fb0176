"""Laws of logout tokens: only the provider's own word that somebody is signed out there is believed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from domain import id_tokens
from domain.id_tokens import LOGOUT, TokenRefused
from domain.logout_tokens import SignedOut, verified
from tests.forged import CLIENT_ID, CURVE_KEY, KEY, SHORT_KEY, jwk_of, signed, signed_raw
from tests.hostile import KEYS, hostile, now, without

ISSUER = "https://login.example.org"
TYPE = "logout+jwt"


def honest(**more: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "ana",
        "sid": "s-1",
        "aud": CLIENT_ID,
        "iat": now(),
        "exp": now() + 120,
        "jti": "j-1",
        "events": {LOGOUT: {}},
    }
    return without(claims | more)


def believed(token: str, keys: Any = KEYS) -> SignedOut:
    return verified(token, keys=keys, issuer=ISSUER, client_id=CLIENT_ID)


def told(**more: Any) -> Callable[[], str]:
    return lambda: signed(honest(**more), typ=TYPE)


HOSTILE: dict[str, Callable[[], str]] = hostile(honest, ISSUER) | {
    "a security event of another kind": lambda: signed(honest(), typ="secevent+jwt"),
    "a type with more": lambda: signed(honest(), typ="logout+jwt2"),
    "an ID token": lambda: signed(
        {name: honest()[name] for name in ("iss", "sub", "sid", "aud", "iat", "exp")} | {"nonce": "n"}
    ),
    "an ID token without a nonce": lambda: signed(
        {name: honest()[name] for name in ("iss", "sub", "sid", "aud", "iat", "exp", "jti")}
    ),
    "an ID token that calls itself one": lambda: signed(honest(events=..., nonce="n"), typ=TYPE),
    "a nonce": told(nonce="n"),
    "an empty nonce": told(nonce=""),
    "a null nonce": told(nonce=None),
    "no events": told(events=...),
    "null events": told(events=None),
    "empty events": told(events={}),
    "events as a list": told(events=[LOGOUT]),
    "the event as a word": told(events=LOGOUT),
    "another event": told(events={"http://schemas.openid.net/event/frontchannel-logout": {}}),
    "an event that begins as this one": told(events={LOGOUT + "/x": {}}),
    "the event in capitals": told(events={LOGOUT.upper(): {}}),
    "the event, null": told(events={LOGOUT: None}),
    "the event, yes": told(events={LOGOUT: True}),
    "the event, a list": told(events={LOGOUT: []}),
    "no name of its own": told(jti=...),
    "an empty name of its own": told(jti=""),
    "a name of its own that is a number": lambda: signed_raw(honest(jti=1)),
    "an endless name of its own": told(jti="j" * 256),
    "nobody": told(sub=..., sid=...),
    "a null subject": lambda: signed_raw(honest(sub=None, sid=...)),
    "a null subject beside a session": lambda: signed_raw(honest(sub=None)),
    "a null session beside a subject": told(sid=None),
    "an empty subject": told(sub="", sid=...),
    "an empty session": told(sub=..., sid=""),
    "an empty session beside a subject": told(sid=""),
    "a subject that is a list": lambda: signed_raw(honest(sub=["ana"])),
    "a session that is a number": told(sid=1),
    "a session that is a pattern of many": told(sid=["s-1", "s-2"]),
    "a session with a NUL": told(sid="s\x00"),
    "an endless session": told(sid="s" * 256),
    "without an end, and three minutes old": lambda: signed(honest(exp=..., iat=now() - 181), typ=TYPE),
    "old, though its end is far": lambda: signed(honest(iat=now() - 700, exp=now() + 700), typ=TYPE),
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_token_signs_nobody_out(token: Callable[[], str]) -> None:
    keys = [*KEYS, jwk_of(SHORT_KEY, kid="short")]
    with pytest.raises(TokenRefused):
        believed(token(), keys)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(KEY, "RS256", "1"), (CURVE_KEY, "ES256", "curve")], ids=["RSA", "curve"]
)
@pytest.mark.parametrize("kind", [TYPE, "application/logout+jwt", "Logout+JWT", "JWT", None])
def test_an_honest_token_is_believed(key: Any, algorithm: str, kid: str, kind: str | None) -> None:
    at = now()
    token = signed(honest(iat=at), key, algorithm, kid=kid, typ=kind)
    assert ("typ" in jwt.get_unverified_header(token)) == (kind is not None)
    assert believed(token) == SignedOut(ISSUER, "ana", "s-1", "j-1", datetime.fromtimestamp(at, UTC))


@pytest.mark.parametrize(
    ("claims", "subject", "sid"),
    [({"sid": ...}, "ana", None), ({"sub": ...}, None, "s-1"), ({}, "ana", "s-1")],
    ids=["a person", "a session", "both"],
)
def test_a_person_or_a_session_is_named(claims: dict[str, Any], subject: str | None, sid: str | None) -> None:
    said = believed(told(**claims)())
    assert (said.subject, said.sid) == (subject, sid)


@pytest.mark.parametrize(
    "claims",
    [
        lambda: {"exp": ..., "iat": now() - 100},
        lambda: {"events": {LOGOUT: {"more": 1}, "revoke_offline_access": True}},
        lambda: {"aud": [CLIENT_ID]},
        lambda: {"aud": [CLIENT_ID, "b"], "azp": CLIENT_ID},
        lambda: {"typ": "Logout", "more": 1},
        lambda: {"iat": now() - 200, "exp": now() - 20},
        lambda: {"iat": now() + 30, "exp": now() + 150},
    ],
    ids=[
        "no end",
        "more events",
        "audiences",
        "several audiences",
        "more claims",
        "slow clock",
        "fast clock",
    ],
)
def test_what_providers_may_write_otherwise_is_believed(claims: Callable[[], dict[str, Any]]) -> None:
    assert believed(told(**claims())()).sid == "s-1"


@pytest.mark.parametrize("kind", [TYPE, "JWT"])
@pytest.mark.parametrize("nonce", [..., "n"], ids=["as it is", "with the nonce of a sign-in"])
def test_a_logout_token_lets_nobody_in(kind: str, nonce: Any) -> None:
    """Neither as it is nor, where it does not call itself one, with what would make it an ID token."""
    token = signed(honest(nonce=nonce), typ=kind)
    with pytest.raises(TokenRefused):
        id_tokens.verified(
            token, keys=KEYS, issuer=ISSUER, client_id=CLIENT_ID, nonce="n", access_token="an access token"
        )
