"""Laws of ID tokens: only the provider's own word, for us, about this sign-in, is believed."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from domain.id_tokens import TokenRefused, UnknownKey, verified
from tests.forged import CLIENT_ID, CURVE_KEY, KEY, OTHER_KEY, SHORT_KEY, half_hash, jwk_of, signed, text_of
from tests.hostile import KEYS, PEM, hostile, now, without

ISSUER = "https://login.example.org"
NONCE = "the nonce of this sign-in"
ACCESS = "an access token"


def honest(**more: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "ana",
        "aud": CLIENT_ID,
        "iat": now(),
        "exp": now() + 300,
        "nonce": NONCE,
    }
    return without(claims | more)


def believed(token: str, keys: Any = KEYS) -> dict[str, Any]:
    return verified(token, keys=keys, issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, access_token=ACCESS)


HOSTILE: dict[str, Callable[[], str]] = hostile(honest, ISSUER) | {
    "a logout token": lambda: signed(honest(), typ="logout+jwt"),
    "without an end": lambda: signed(honest(exp=...)),
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
