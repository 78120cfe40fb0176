"""Laws of ID tokens: only the provider's own word, for us, about this sign-in, is believed."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.id_tokens import TokenRefused, UnknownKey, verified
from tests.forged import (
    CLIENT_ID,
    CURVE_KEY,
    KEY,
    OTHER_KEY,
    SHORT_KEY,
    half_hash,
    jwk_of,
    signed,
    signed_raw,
    text_of,
    unsigned,
)

ISSUER = "https://login.example.org"
NONCE = "the nonce of this sign-in"
ACCESS = "an access token"
KEYS = [jwk_of(KEY, kid="1", alg="RS256"), jwk_of(CURVE_KEY, kid="curve")]
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def honest(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "ana", "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": NONCE}
    return {name: value for name, value in (claims | more).items() if value is not ...}


def believed(token: str, keys: Any = KEYS) -> dict[str, Any]:
    return verified(token, keys=keys, issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, access_token=ACCESS)


def with_public_key_as_secret(secret: bytes) -> str:
    """The algorithm confusion: whoever knows the public key, which all do, makes a MAC with it."""
    head = unsigned(honest(), alg="HS256", kid="1").rpartition(".")[0]
    return f"{head}.{text_of(hmac.digest(secret, head.encode(), hashlib.sha256))}"


def altered(**claims: Any) -> str:
    """Signed honestly, then changed."""
    head, _, signature = signed(honest()).split(".")
    return f"{head}.{text_of(json.dumps(honest(**claims)).encode())}.{signature}"


def now() -> int:
    return int(time.time())


HOSTILE: dict[str, Callable[[], str]] = {
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
    "a logout token": lambda: signed(honest(), typ="logout+jwt"),
    "changed afterwards": lambda: altered(sub="olga"),
    "another issuer": lambda: signed(honest(iss="https://evil.example")),
    "another issuer with the same beginning": lambda: signed(honest(iss=ISSUER + ".evil.example")),
    "the issuer with a slash": lambda: signed(honest(iss=ISSUER + "/")),
    "the issuer in capitals": lambda: signed(honest(iss=ISSUER.upper())),
    "no issuer": lambda: signed(honest(iss=...)),
    "issuers as a list": lambda: signed_raw(honest(iss=[ISSUER])),
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
    "without an end": lambda: signed(honest(exp=...)),
    "an end that is no number": lambda: signed(honest(exp="tomorrow")),
    "an end that is a number in words": lambda: signed(honest(exp=str(now() + 300))),
    "an endless end": lambda: signed_raw(honest(exp=float("inf"))),
    "from the future": lambda: signed(honest(iat=now() + 600, exp=now() + 900)),
    "not valid yet": lambda: signed(honest(nbf=now() + 600)),
    "issued a day ago, for a year": lambda: signed(honest(iat=now() - 86_400, exp=now() + 86_400 * 365)),
    "without a time": lambda: signed(honest(iat=...)),
    "a time that is yes": lambda: signed(honest(iat=True)),
    "another nonce": lambda: signed(honest(nonce="of another sign-in")),
    "a nonce with more": lambda: signed(honest(nonce=NONCE + " ")),
    "no nonce": lambda: signed(honest(nonce=...)),
    "a null nonce": lambda: signed(honest(nonce=None)),
    "a nonce that is a list": lambda: signed(honest(nonce=[NONCE])),
    "no subject": lambda: signed(honest(sub=...)),
    "an empty subject": lambda: signed(honest(sub="")),
    "a subject with a line break": lambda: signed(honest(sub="ana\nolga")),
    "a subject with a NUL": lambda: signed(honest(sub="ana\x00")),
    "an endless subject": lambda: signed(honest(sub="a" * 256)),
    "the hash of another access token": lambda: signed(honest(at_hash=half_hash("another"))),
    "a hash that is none": lambda: signed(honest(at_hash=1)),
    "claims that are a list": lambda: signed_raw([]),
    "a header that is a list": lambda: "W10." + text_of(json.dumps(honest()).encode()) + "." + text_of(b"x"),
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_token_is_refused(token: Callable[[], str]) -> None:
    keys = [*KEYS, jwk_of(SHORT_KEY, kid="short")]
    with pytest.raises(TokenRefused):
        believed(token(), keys)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(KEY, "RS256", "1"), (CURVE_KEY, "ES256", "curve")], ids=["RSA", "curve"]
)
def test_an_honest_token_is_believed(key: Any, algorithm: str, kid: str) -> None:
    claims = honest(aud=[CLIENT_ID, "b"], azp=CLIENT_ID, at_hash=half_hash(ACCESS), more=1)
    assert believed(signed(claims, key, algorithm, kid=kid)) == claims


def test_clocks_may_differ_by_a_minute() -> None:
    assert believed(signed(honest(iat=now() - 300, exp=now() - 20)))
    assert believed(signed(honest(iat=now() + 30, exp=now() + 300)))


def test_without_a_name_the_only_fitting_key_is_taken_and_of_two_none() -> None:
    token = jwt.encode(honest(), KEY, algorithm="RS256")
    assert believed(token)
    with pytest.raises(UnknownKey):
        believed(token, [*KEYS, jwk_of(OTHER_KEY, kid="2")])


@pytest.mark.parametrize(
    "key",
    [
        {**KEYS[0], "kid": "2"},
        {**KEYS[0], "use": "enc"},
        {**KEYS[0], "alg": "PS256"},
        {**KEYS[0], "kty": "oct", "k": text_of(PEM)},
        {"kty": "oct", "kid": "1", "k": text_of(b"x" * 32)},
        {},
    ],
    ids=["another name", "for encryption", "for another algorithm", "a secret", "only a secret", "nothing"],
)
def test_a_key_that_is_not_for_this_is_none(key: dict[str, Any]) -> None:
    with pytest.raises(UnknownKey):
        believed(signed(honest()), [key])


@pytest.mark.parametrize(
    "key", [{"kty": "RSA", "kid": "1"}, {"kty": "RSA", "kid": "1", "n": "!", "e": "AQAB"}]
)
def test_a_broken_key_is_refused_in_words(key: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        believed(signed(honest()), [key])
