"""ID tokens: whether what a provider says about a person is its own word, for us, about this very sign-in."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

LONGEST_TOKEN = 64_000  # some name every group of a person
LONGEST_SUBJECT = 255
LEAST_RSA_BITS = 2048
CLOCKS_DIFFER_SECONDS = 60
OLDEST_SECONDS = 600

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
    algorithm, key = _signed_by(token, keys)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=CLOCKS_DIFFER_SECONDS,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(f"{type(error).__name__}: {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenRefused(f"it cannot be read: {error}") from error
    _require_meant_for(claims, client_id)
    _require_fresh(claims)
    if not _equal(claims.get("nonce"), nonce):
        raise TokenRefused("its nonce is not that of this sign-in")
    if "at_hash" in claims and not _equal(claims["at_hash"], _half_hash(access_token, algorithm)):
        raise TokenRefused("it came with another access token")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise TokenRefused("its subject is none")
    return claims


def _signed_by(token: str, keys: Sequence[Mapping[str, Any]]) -> tuple[str, jwt.PyJWK]:
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
    if str(header.get("typ", "JWT")).lower() != "jwt":
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
    issued_at, ends_at = claims["iat"], claims["exp"]
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
