"""Tokens that no provider signed, or not for us, or not now: refused whatever they say."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.forged import (
    CLIENT_ID,
    CURVE_KEY,
    KEY,
    OTHER_KEY,
    SHORT_KEY,
    jwk_of,
    signed,
    signed_raw,
    text_of,
    unsigned,
)

KEYS = [jwk_of(KEY, kid="1", alg="RS256"), jwk_of(CURVE_KEY, kid="curve")]
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

Honest = Callable[..., dict[str, Any]]


def now() -> int:
    return int(time.time())


def without(claims: dict[str, Any]) -> dict[str, Any]:
    """Without those that are to be left out, which are ..."""
    return {name: value for name, value in claims.items() if value is not ...}


def hostile(honest: Honest, issuer: str) -> dict[str, Callable[[], str]]:
    """By what is wrong with each. honest: claims that are believed, with some put otherwise."""

    def with_public_key_as_secret(secret: bytes) -> str:
        """The algorithm confusion: whoever knows the public key, which all do, makes a MAC with it."""
        head = unsigned(honest(), alg="HS256", kid="1").rpartition(".")[0]
        return f"{head}.{text_of(hmac.digest(secret, head.encode(), hashlib.sha256))}"

    def altered(**claims: Any) -> str:
        """Signed honestly, then changed."""
        head, _, signature = signed(honest()).split(".")
        return f"{head}.{text_of(json.dumps(honest(**claims)).encode())}.{signature}"

    return {
        "nothing": lambda: "",
        "no token": lambda: "a.b.c",
        "two parts": lambda: signed(honest()).rpartition(".")[0],
        "five parts": lambda: signed(honest()) + ".x.y",
        "endless": lambda: signed(honest(more="x" * 100_000)),
        "alg none": lambda: unsigned(honest()),
        "alg None": lambda: unsigned(honest(), alg="None"),
        "alg nOnE with a signature": lambda: unsigned(honest(), text_of(b"x"), alg="nOnE"),
        "alg left out": lambda: text_of(b"{}") + "." + text_of(json.dumps(honest()).encode()) + ".",
        "alg a list": lambda: unsigned(honest(), text_of(b"x"), alg=["RS256"], kid="1"),
        "alg null": lambda: unsigned(honest(), text_of(b"x"), alg=None, kid="1"),
        "HS256 with the public key": lambda: with_public_key_as_secret(PEM),
        "HS256 with the public key, stripped": lambda: with_public_key_as_secret(PEM.strip()),
        "HS256 with the modulus": lambda: with_public_key_as_secret(str(KEYS[0]["n"]).encode()),
        "HS256 with an empty secret": lambda: with_public_key_as_secret(b""),
        "HS256 with the client's secret": lambda: with_public_key_as_secret(b"secret"),
        "no signature": lambda: signed(honest()).rpartition(".")[0] + ".",
        "a signature cut short": lambda: signed(honest())[:-8],
        "a signature of another token": lambda: ".".join(
            [*signed(honest(sub="eve")).split(".")[:2], signed(honest()).split(".")[2]]
        ),
        "another's key": lambda: signed(honest(), OTHER_KEY),
        "a short key": lambda: signed(honest(), SHORT_KEY, kid="short"),
        "an algorithm that the key is not for": lambda: signed(honest(), KEY, "RS512"),
        "PS256 with a key for RS256": lambda: signed(honest(), KEY, "PS256"),
        "a curve's algorithm with an RSA key": lambda: signed(honest(), CURVE_KEY, "ES256", kid="1"),
        "a key that it brings along": lambda: signed(
            honest(), OTHER_KEY, jwk=jwk_of(OTHER_KEY, kid="1"), kid="own"
        ),
        "a key at an address that it brings along": lambda: signed(
            honest(), OTHER_KEY, jku="https://evil.example/keys", kid="own"
        ),
        "a kid that is no word": lambda: unsigned(honest(), text_of(b"x"), alg="RS256", kid={}),
        "a kid that is a path": lambda: signed(honest(), OTHER_KEY, kid="../../dev/null"),
        "critical extensions": lambda: signed(honest(), crit=["b64"], b64=True),
        "an access token": lambda: signed(honest(), typ="at+jwt"),
        "a type that is none": lambda: signed(honest(), typ=["jwt"]),
        "changed afterwards": lambda: altered(sub="olga"),
        "another issuer": lambda: signed(honest(iss="https://evil.example")),
        "another issuer with the same beginning": lambda: signed(honest(iss=issuer + ".evil.example")),
        "the issuer with a slash": lambda: signed(honest(iss=issuer + "/")),
        "the issuer in capitals": lambda: signed(honest(iss=issuer.upper())),
        "no issuer": lambda: signed(honest(iss=...)),
        "issuers as a list": lambda: signed_raw(honest(iss=[issuer])),
        "another audience": lambda: signed(honest(aud="somebody else")),
        "an audience that begins as ours": lambda: signed(honest(aud=CLIENT_ID + "2")),
        "no audience": lambda: signed(honest(aud=...)),
        "an empty audience": lambda: signed(honest(aud=[])),
        "audiences without us": lambda: signed(honest(aud=["a", "b"])),
        "several audiences, nobody asked": lambda: signed(honest(aud=[CLIENT_ID, "b"])),
        "several audiences, another asked": lambda: signed(honest(aud=[CLIENT_ID, "b"], azp="b")),
        "our audience, another asked": lambda: signed(honest(azp="b")),
        "azp as a list": lambda: signed(honest(azp=[CLIENT_ID])),
        "over": lambda: signed(honest(iat=now() - 400, exp=now() - 90)),
        "over before it began": lambda: signed(honest(iat=now() + 20, exp=now() + 10)),
        "an end that is no number": lambda: signed(honest(exp="tomorrow")),
        "an end that is a number in words": lambda: signed(honest(exp=str(now() + 300))),
        "an endless end": lambda: signed_raw(honest(exp=float("inf"))),
        "a null end": lambda: signed(honest(exp=None)),
        "from the future": lambda: signed(honest(iat=now() + 600, exp=now() + 900)),
        "not valid yet": lambda: signed(honest(nbf=now() + 600)),
        "issued a day ago, for a year": lambda: signed(honest(iat=now() - 86_400, exp=now() + 86_400 * 365)),
        "without a time": lambda: signed(honest(iat=...)),
        "a time that is yes": lambda: signed(honest(iat=True)),
        "claims that are a list": lambda: signed_raw([]),
        "a header that is a list": lambda: (
            "W10." + text_of(json.dumps(honest()).encode()) + "." + text_of(b"x")
        ),
    }
