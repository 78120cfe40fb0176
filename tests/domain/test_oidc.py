"""Laws of signing in at a provider: what lies, was not begun here, or comes twice opens nothing."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from domain import accounts, invites, providers, sessions
from domain.database import execute, fetch, fetchval
from domain.elsewhere import Joining
from domain.errors import Forbidden, SignInRefused
from domain.oidc import Begun, Door, own_path
from domain.settings import Settings
from tests.forged import CLIENT_ID, KEY, OTHER_KEY, Forger, jwk_of, signed, text_of, unsigned
from tests.people import join, viewer

pytestmark = pytest.mark.usefixtures("database", "signing")

BACK = "http://127.0.0.1:8484/auth/oidc/callback"


async def refused(door: Door, begun: Begun | str | None, said: dict[str, str], reason: str) -> None:
    """And nobody is signed in or made by it."""
    before = await everybody()
    cookie = begun.cookie if isinstance(begun, Begun) else begun
    with pytest.raises(SignInRefused) as refusal:
        await door.finish(cookie, said)
    assert refusal.value.details == {"reason": reason}
    assert await everybody() == before


async def everybody() -> list[Any]:
    return [
        await fetch(f"SELECT * FROM {table}") for table in ("account", "session", "identity", "spent_proof")
    ]


async def test_the_way_there_and_back_opens_a_session_of_ours(door: Door, forged: Forger) -> None:
    begun = await door.begin(BACK, "/boards/1?x=2")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.address).query).items()}
    assert begun.address.startswith(f"{forged.issuer}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, BACK)
    assert asked["scope"].split() == ["openid", "profile", "email"]
    assert "s3cret" not in begun.address + begun.cookie
    arrived = await door.finish(begun.cookie, forged.authorize(begun.address), user_agent="Test")
    assert arrived.path == "/boards/1?x=2"
    assert arrived.signed_in is not None
    ana = await sessions.viewer_of(arrived.signed_in.access_token)
    assert (ana.name, ana.is_owner) == ("Ana Forged", True)
    (exchange,) = [each for each in forged.asked if each[0] == "/token"]
    _, headers, form = exchange
    assert headers["Authorization"].startswith("Basic ")
    verifier = form["code_verifier"][0]
    assert len(verifier) >= 43
    assert text_of(hashlib.sha256(verifier.encode()).digest()) == asked["code_challenge"]
    assert form["redirect_uri"] == [BACK]
    assert verifier not in begun.address + begun.cookie


async def test_every_sign_in_has_secrets_of_its_own(door: Door) -> None:
    ways = [await door.begin(BACK, "/") for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({parse_qs(urlsplit(way.address).query)[name][0] for way in ways}) == 3


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nonce": lambda claims: signed(claims | {"nonce": "another"}),
    "nonce left out": lambda claims: signed({k: v for k, v in claims.items() if k != "nonce"}),
    "audience": lambda claims: signed(claims | {"aud": "another"}),
    "issuer": lambda claims: signed(claims | {"iss": "https://evil.example"}),
    "over": lambda claims: signed(claims | {"iat": 1, "exp": 2}),
    "key": lambda claims: signed(claims, OTHER_KEY),
    "unknown key": lambda claims: signed(claims, kid="unknown"),
    "none": lambda claims: unsigned(claims),
    "at_hash": lambda claims: signed(claims | {"at_hash": "x"}),
    "a number": lambda claims: 1,
    "null": lambda claims: None,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_about_a_person_opens_nothing(
    door: Door, forged: Forger, lie: Callable[[dict[str, Any]], Any]
) -> None:
    forged.token = lie
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "PROVIDER")


async def test_what_was_not_begun_here_is_not_finished(door: Door, forged: Forger) -> None:
    begun, other = [await door.begin(BACK, "/") for _ in range(2)]
    said = forged.authorize(begun.address)
    head, payload, signature = begun.cookie.split(".")
    changed = jwt.decode(begun.cookie, options={"verify_signature": False}) | {"path": "/evil"}
    for cookie in (
        None,
        "",
        "x",
        other.cookie,
        f"{head}.{text_of(json.dumps(changed).encode())}.{signature}",
        f"{head}.{payload}.",
        jwt.encode(changed, "a guess at the secret that signs " * 2, algorithm="HS256"),
        unsigned(changed),
    ):
        await refused(door, cookie, said, "EXPIRED")
    for state in ("", "x", forged.authorize(other.address)["state"], said["state"] + "x", "ä"):
        await refused(door, begun, {**said, "state": state}, "EXPIRED")
    assert [each for each in forged.asked if each[0] == "/token"] == [], "no code was shown to anybody"
    assert (await door.finish(begun.cookie, said)).signed_in


async def test_a_cookie_of_a_session_is_no_cookie_of_a_way(door: Door, forged: Forger) -> None:
    await join("olga")
    token = (
        await sessions.sign_in(email="olga@example.org", password="correct horse battery staple")
    ).access_token
    begun = await door.begin(BACK, "/")
    await refused(door, token, forged.authorize(begun.address), "EXPIRED")


async def test_a_way_takes_ten_minutes_at_most(
    door: Door, forged: Forger, knowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.oidc.LIFETIME", timedelta(seconds=-1))
    begun = await door.begin(BACK, "/boards")
    await refused(door, begun, forged.authorize(begun.address), "EXPIRED")
    assert door.path_of(begun.cookie) == "/boards", "so that the next try leads there"


async def test_what_was_finished_is_not_finished_again(door: Door, forged: Forger) -> None:
    """Not even where the provider takes its code twice."""
    begun = await door.begin(BACK, "/")
    said = forged.authorize(begun.address)
    assert (await door.finish(begun.cookie, said)).signed_in
    await refused(door, begun, said, "EXPIRED")


async def test_the_answer_of_another_provider_is_none(door: Door, forged: Forger) -> None:
    begun = await door.begin(BACK, "/")
    said = forged.authorize(begun.address)
    await refused(door, begun, {**said, "iss": "https://evil.example"}, "PROVIDER")
    await refused(door, begun, {k: v for k, v in said.items() if k != "iss"}, "PROVIDER")
    assert [each for each in forged.asked if each[0] == "/token"] == [], "it is not shown the code"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("access_denied", "CANCELLED"),
        ("server_error", "PROVIDER"),
        ("<script>", "PROVIDER"),
        ("", "PROVIDER"),
    ],
)
async def test_a_no_is_a_no_even_with_a_code(door: Door, forged: Forger, error: str, reason: str) -> None:
    begun = await door.begin(BACK, "/")
    await refused(door, begun, {**forged.authorize(begun.address), "error": error}, reason)


@pytest.mark.parametrize("code", ["", "x" * 5000])
async def test_no_code_is_no_sign_in(door: Door, forged: Forger, code: str) -> None:
    begun = await door.begin(BACK, "/")
    await refused(door, begun, {**forged.authorize(begun.address), "code": code}, "PROVIDER")


BROKEN: dict[str, dict[str, Any]] = {
    "calls itself another": {"document": {"issuer": "https://evil.example"}},
    "calls itself nothing": {"document": {"issuer": None}},
    "authorizes without TLS": {"document": {"authorization_endpoint": "http://evil.example/authorize"}},
    "takes codes without TLS": {"document": {"token_endpoint": "http://evil.example/token"}},
    "has keys without TLS": {"document": {"jwks_uri": "http://evil.example/keys"}},
    "keys in a file": {"document": {"jwks_uri": "file:///etc/passwd"}},
    "authorizes by script": {"document": {"authorization_endpoint": "javascript:alert(1)"}},
    "signs with secrets only": {"document": {"id_token_signing_alg_values_supported": ["HS256", "none"]}},
    "has no keys": {"keys": None},
    "has an empty list of keys": {"keys": []},
    "has broken keys": {"keys": [1, None, {}, {"kty": "RSA"}]},
    "gives no ID token": {"answer": {"id_token": None}},
    "gives no access token": {"answer": {"access_token": None}},
    "gives another kind of token": {"answer": {"token_type": "mac"}},
    "fails": {"status": 500},
    "leads elsewhere": {"status": 302},
    "answers without end": {"answer": {"more": "x" * 2_000_000}},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_provider_opens_nothing_and_is_said_in_words(
    door: Door, forged: Forger, broken: dict[str, Any]
) -> None:
    for name, value in broken.items():
        setattr(forged, name, value)

    async def tried() -> None:
        begun = await door.begin(BACK, "/")
        await door.finish(begun.cookie, forged.authorize(begun.address))

    with pytest.raises(SignInRefused, match="Harbour does not work at the moment") as refusal:
        await tried()
    assert refusal.value.details == {"reason": "PROVIDER"}
    assert all(rows == [] for rows in await everybody())
    vars(forged).update(vars(Forger(port=forged.port)))
    begun = await door.begin(BACK, "/")
    forged.keys = [jwk_of(KEY, kid="1")]
    assert (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in, "it heals by itself"


async def test_who_cannot_be_reached_is_said_so_within_seconds(knowing: Settings) -> None:
    door = Door(replace(knowing, oidc_issuer="http://127.0.0.1:9"))
    with pytest.raises(SignInRefused):
        await door.begin(BACK, "/")
    await door.close()


async def test_one_that_is_away_is_not_asked_for_everybody(
    door: Door, forged: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "AGAIN_SECONDS", 60.0)
    forged.status = 503
    came = await asyncio.gather(*(door.begin(BACK, "/") for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in came} == {SignInRefused}
    assert len(forged.asked) == 1


async def test_new_keys_are_asked_for_when_they_are_met(door: Door, forged: Forger) -> None:
    begun = await door.begin(BACK, "/")
    await door.finish(begun.cookie, forged.authorize(begun.address))
    forged.keys = [jwk_of(OTHER_KEY, kid="2")]
    forged.token = lambda claims: signed(claims, OTHER_KEY, kid="2")
    begun = await door.begin(BACK, "/")
    assert (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    forged.token = signed
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "PROVIDER")
    asked = [path for path, _, _ in forged.asked]
    assert asked.count("/keys") == 3, "once at first, once for each name that was not known"
    assert asked.count("/.well-known/openid-configuration") == 1


async def test_what_the_token_leaves_out_is_asked_for_and_must_be_of_the_same_person(
    door: Door, forged: Forger
) -> None:
    forged.token = lambda claims: signed({k: v for k, v in claims.items() if k not in ("email", "name")})
    forged.userinfo = {"sub": "olga", "email": "olga@example.org", "email_verified": True, "name": "Olga"}
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "PROVIDER")
    forged.userinfo["sub"] = "ana-1"
    begun = await door.begin(BACK, "/")
    assert (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    assert await fetchval("SELECT email FROM account") == "olga@example.org"


@pytest.mark.parametrize(
    ("groups", "is_in"),
    [
        (["crew", "x"], True),
        ("crew", True),
        ("x crew", True),
        (["captains"], False),
        ([], False),
        (None, False),
        ([["crew"]], False),
        ({"crew": True}, False),
        ("crewless", False),
    ],
)
async def test_only_who_is_in_a_group_is_let_in_where_groups_are_named(
    knowing: Settings, forged: Forger, groups: Any, is_in: bool
) -> None:
    door = Door(replace(knowing, oidc_groups=("crew", "cooks"), oidc_groups_claim="access.roles"))
    forged.person = {"access": {"roles": groups}}
    forged.userinfo = {"sub": "ana-1"}
    begun = await door.begin(BACK, "/")
    said = forged.authorize(begun.address)
    if is_in:
        assert (await door.finish(begun.cookie, said)).signed_in
    else:
        await refused(door, begun, said, "NOT_ALLOWED")
    await door.close()


async def test_who_leaves_the_group_is_let_in_no_more(knowing: Settings, forged: Forger) -> None:
    door = Door(replace(knowing, oidc_groups=("crew",)))
    forged.person = {"groups": ["crew"]}
    begun = await door.begin(BACK, "/")
    await door.finish(begun.cookie, forged.authorize(begun.address))
    forged.person = {"groups": []}
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "NOT_ALLOWED")
    await door.close()


async def test_the_owners_group_owns_the_server(knowing: Settings, forged: Forger) -> None:
    door = Door(replace(knowing, oidc_owner_group="captains"))
    olga = await join("olga")
    assert olga.is_owner
    forged.person = {"groups": ["captains"]}
    begun = await door.begin(BACK, "/")
    await door.finish(begun.cookie, forged.authorize(begun.address))
    assert await fetchval("SELECT email FROM account WHERE is_owner") == "ana@example.org"
    await door.close()


async def test_the_signed_in_link_an_account_and_nobody_is_signed_in_by_it(
    door: Door, forged: Forger
) -> None:
    olga = await join("olga")
    here = await viewer("olga")
    begun = await door.begin_link(here, BACK, "/settings/password")
    before = await fetchval("SELECT count(*) FROM session")
    arrived = await door.finish(begun.cookie, forged.authorize(begun.address))
    assert (arrived.signed_in, arrived.path) == (None, "/settings/password")
    assert await fetchval("SELECT count(*) FROM session") == before
    assert [(row["account"], row["subject"]) for row in await fetch("SELECT * FROM identity")] == [
        (olga.id, "ana-1")
    ]
    begun = await door.begin(BACK, "/")
    signed_in = (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    assert signed_in is not None
    assert signed_in.account.id == olga.id


async def test_who_signed_out_meanwhile_links_nothing(door: Door, forged: Forger) -> None:
    await join("olga")
    here = await viewer("olga")
    begun = await door.begin_link(here, BACK, "/settings/password")
    await sessions.sign_out(here)
    await refused(door, begun, forged.authorize(begun.address), "EXPIRED")
    with pytest.raises(Forbidden):
        await door.begin_link(replace(here, session_id=None), BACK, "/")


async def test_an_invite_travels_along(knowing: Settings, forged: Forger) -> None:
    await join("olga")
    door = Door(replace(knowing, oidc_registration=Joining.RULE))
    assert await accounts.registration_policy() is accounts.RegistrationPolicy.INVITE
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "NEEDS_INVITE")
    code = (await invites.create_invite(await viewer("olga"))).code
    begun = await door.begin(BACK, "/", invite_code=code)
    assert code not in begun.address
    assert (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    await door.close()


@pytest.mark.parametrize(
    ("secret", "methods", "sent"),
    [
        ("s3", ["client_secret_basic", "client_secret_post"], "header"),
        ("s3", ["client_secret_post"], "body"),
        ("s3", None, "header"),
        (None, ["none"], "nothing"),
    ],
)
async def test_webref_says_who_it_is_as_the_provider_takes_it(
    knowing: Settings, forged: Forger, secret: str | None, methods: Any, sent: str
) -> None:
    forged.document = {"token_endpoint_auth_methods_supported": methods}
    door = Door(replace(knowing, oidc_client_secret=secret))
    begun = await door.begin(BACK, "/")
    assert (await door.finish(begun.cookie, forged.authorize(begun.address))).signed_in
    (exchange,) = [each for each in forged.asked if each[0] == "/token"]
    _, headers, form = exchange
    assert ("Authorization" in headers) == (sent == "header")
    assert form.get("client_secret") == (["s3"] if sent == "body" else None)
    assert form.get("client_id") == (None if sent == "header" else [CLIENT_ID])
    await door.close()


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/boards/1?a=b#c", "/boards/1?a=b#c"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
        ("boards", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/" + "a" * 1000, "/"),
        ("/a\tb", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_afterwards(path: str, goes_to: str) -> None:
    assert own_path(path) == goes_to


async def test_no_secret_is_in_the_log(door: Door, forged: Forger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "webref")
    forged.token = LIES["nonce"]
    begun = await door.begin(BACK, "/")
    said = forged.authorize(begun.address)
    await refused(door, begun, said, "PROVIDER")
    assert "nonce" in caplog.text, "why it failed is"
    for secret in (said["code"], said["state"], "an access token", "s3cret", begun.cookie):
        assert secret not in caplog.text


async def test_the_disabled_stay_out(door: Door, forged: Forger) -> None:
    await join("olga")
    begun = await door.begin(BACK, "/")
    await door.finish(begun.cookie, forged.authorize(begun.address))
    await execute("UPDATE account SET disabled_at = now() WHERE NOT is_owner")
    begun = await door.begin(BACK, "/")
    await refused(door, begun, forged.authorize(begun.address), "DISABLED")
