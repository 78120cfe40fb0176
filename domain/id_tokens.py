"""ID tokens: whether what a provider says about a person is its own word, for us, about this very sign-in.

Whether it is its word, for us and of now, is asked of its logout tokens too (domain/logout_tokens.py).
"""

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jwt

LONGEST_TOKEN = 64_000  # some name every group of a person
LONGEST_NAME = 255
LEAST_RSA_BITS = 2048
CLOCKS_DIFFER_SECONDS = 60
OLDEST_SECONDS = 600

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
"""The event of a logout token, with which it is no ID token."""

# Asymmetric ones alone: of "none" anybody is the author, and a MAC could be made with a public key.
FITS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{f"{family}{bits}": ("RSA", ()) for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", ("P-256",)),
    "ES384": ("EC", ("P-384",)),
    "ES512": ("EC", ("P-521",)),
    "EdDSA": ("OKP", ("Ed25519",)),
}
"""Algorithm → the type and the curves of its keys."""

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class TokenRefused(Exception):
    """What is wrong with it, for the log: whoever made it up need not know."""


class UnknownKey(TokenRefused):
    """None of the keys at hand is the one that it names: the provider may have changed them."""


def verified(
    token: str,
    *,
    keys: Sequence[Mapping[str, Any]],
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
) -> dict[str, Any]:
    """What it says, once all of it holds. keys: those of the provider, as JWKs. Raises TokenRefused."""
    claims, algorithm = word_of(token, keys=keys, issuer=issuer, client_id=client_id, required=_REQUIRED)
    if not _equal(claims.get("nonce"), nonce):
        raise TokenRefused("its nonce is not that of this sign-in")
    if "at_hash" in claims and not _equal(claims["at_hash"], _half_hash(access_token, algorithm)):
        raise TokenRefused("it came with another access token")
    if told_of(claims, LOGOUT) is not None:
        raise TokenRefused("it is a logout token")
    if not is_name(claims["sub"]):
        raise TokenRefused("its subject is none")
    return claims


def word_of(
    token: str,
    *,
    keys: Sequence[Mapping[str, Any]],
    issuer: str,
    client_id: str,
    required: Sequence[str],
    types: Collection[str] = ("jwt",),
) -> tuple[dict[str, Any], str]:
    """What it says and its algorithm, once the provider has signed it for us a moment ago.

    required: claims that it has to have, iss, aud and iat among them. types: what its header may say it is.
    Raises TokenRefused.
    """
    algorithm, key = _signed_by(token, keys, types)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=CLOCKS_DIFFER_SECONDS,
            options={"require": list(required)},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(f"{type(error).__name__}: {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenRefused(f"it cannot be read: {error}") from error
    _require_meant_for(claims, client_id)
    _require_fresh(claims)
    return claims, algorithm


def told_of(claims: Mapping[str, Any], event: str) -> object:
    """What they say of an event (RFC 8417, 2.2); None: nothing."""
    events = claims.get("events")
    return events.get(event) if isinstance(events, Mapping) else None


def is_name(value: object) -> bool:
    """Whether somebody or something can be known by it."""
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME and value.isprintable()


def _signed_by(
    token: str, keys: Sequence[Mapping[str, Any]], types: Collection[str]
) -> tuple[str, jwt.PyJWK]:
    """Algorithm and key that its header names, if they are such as we take."""
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused("it is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise TokenRefused(f"it cannot be read: {error}") from error
    algorithm, named = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in FITS:
        raise TokenRefused("its algorithm is not one that we take")
    if "crit" in header:
        raise TokenRefused("it asks for more than we know")
    if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in types:
        raise TokenRefused("it is a token for something else")
    fitting = [key for key in keys if named in (None, key.get("kid")) and _fits(key, algorithm)]
    if len(fitting) != 1:
        raise UnknownKey("no key of the provider is the one that it names")
    try:
        key = jwt.PyJWK(dict(fitting[0]), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused(f"its key is none: {error}") from error
    if FITS[algorithm][0] == "RSA" and key.key.key_size < LEAST_RSA_BITS:
        raise TokenRefused("its key is too short")
    return algorithm, key


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind, curves = FITS[algorithm]
    return (
        key.get("kty") == kind
        and (not curves or key.get("crv") in curves)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _require_meant_for(claims: Mapping[str, Any], client_id: str) -> None:
    """Where it is for others too, it has to say that we were the one who asked."""
    audience, authorized = claims["aud"], claims.get("azp")
    alone = audience == client_id or audience == [client_id]
    if authorized != client_id and not (authorized is None and alone):
        raise TokenRefused("it was made for somebody else")


def _require_fresh(claims: Mapping[str, Any]) -> None:
    issued_at, ends_at = claims["iat"], claims.get("exp", math.inf)
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (issued_at, ends_at)):
        raise TokenRefused("its times are none")
    if ends_at <= issued_at or time.time() - issued_at > OLDEST_SECONDS:
        raise TokenRefused("it was issued long ago")


def _half_hash(access_token: str, algorithm: str) -> str:
    """OpenID Connect Core, 3.1.3.6."""
    bits = "512" if algorithm == "EdDSA" else algorithm[-3:]
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _equal(said: object, expected: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(errors="replace"), expected.encode())
