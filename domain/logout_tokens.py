"""Logout tokens: whether a provider says that somebody is signed out there, and who.

OpenID Connect Back-Channel Logout 1.0, with its errata.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from domain.id_tokens import CLOCKS_DIFFER_SECONDS, LOGOUT, TokenRefused, is_name, told_of, word_of

TYPES = ("logout+jwt", "jwt")
"""The second is what providers wrote before the first was recommended."""

HOLDS_SECONDS = 120
"""How long one without an end counts: the specification asked for none before its errata of 2023."""

_REQUIRED = ["iss", "aud", "iat", "jti", "events"]


class SignedOut(Struct, frozen=True):
    """Who is signed out at a provider: everywhere, or where sid is said there alone.

    sid: the provider's name of one of its sessions; jti: of the token; issued_at: by the provider's clock.
    """

    issuer: str
    subject: str | None
    sid: str | None
    jti: str
    issued_at: datetime


def verified(token: str, *, keys: Sequence[Mapping[str, Any]], issuer: str, client_id: str) -> SignedOut:
    """What it says, once all of it holds. keys: those of the provider, as JWKs. Raises TokenRefused."""
    claims, _ = word_of(token, keys=keys, issuer=issuer, client_id=client_id, required=_REQUIRED, types=TYPES)
    if "exp" not in claims and time.time() - claims["iat"] > HOLDS_SECONDS + CLOCKS_DIFFER_SECONDS:
        raise TokenRefused("it was issued long ago")
    if "nonce" in claims:
        raise TokenRefused("it has a nonce, as ID tokens have")
    if not isinstance(told_of(claims, LOGOUT), Mapping):
        raise TokenRefused("it tells of something else than signing out")
    if not is_name(claims["jti"]):
        raise TokenRefused("its own name is none")
    named = [name for name in ("sub", "sid") if name in claims]
    if not named or not all(is_name(claims[name]) for name in named):
        raise TokenRefused("it does not say who is signed out")
    return SignedOut(
        issuer=issuer,
        subject=claims.get("sub"),
        sid=claims.get("sid"),
        jti=claims["jti"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
    )
