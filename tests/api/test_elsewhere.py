"""Signing in at a real provider of OpenID Connect, as a browser does: redirects, cookies and pages."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from domain import attempts
from domain.database import execute, fetch, fetchval
from domain.elsewhere import Joining
from domain.settings import Settings
from tests.api.serving import Served, end_of, heard, say, serving
from tests.conftest import EMPTY
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Harbour, harbour, leave, walk
from tests.people import sign_in as sign_in_here

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = {"query": "{ viewer { account { name } email hasPassword identities { issuer email } } }"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Harbour]:
    with harbour() as started:
        yield started


@pytest.fixture
def provider_settings(server_settings: Settings, provider: Harbour) -> Settings:
    return replace(
        server_settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Harbour",
        oidc_scopes=("openid", "profile", "email", "groups"),
        oidc_registration=Joining.OPEN,
    )


@pytest.fixture
async def known(provider_settings: Settings) -> AsyncIterator[Served]:
    attempts.forget_all()
    async with serving(provider_settings) as running:
        await execute(EMPTY)
        yield running


def browser(served: Served) -> httpx.AsyncClient:
    """With a jar of its own, of this server's and of the provider's cookies."""
    return httpx.AsyncClient(base_url=served.url, timeout=20)


async def asked(page: httpx.AsyncClient, document: dict[str, Any]) -> Any:
    headers = {"Origin": str(page.base_url).rstrip("/"), "X-Webref": "1"}
    return (await page.post("/graphql", json=document, headers=headers)).json()["data"]


async def sign_in(page: httpx.AsyncClient, login: str, way: str = "/auth/oidc") -> httpx.Response:
    there = await page.get(way)
    assert there.status_code == 303
    back = await walk(page, there.headers["location"], login)
    return await page.get(back)


def led_to(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    assert not parts.netloc
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


async def test_who_signs_in_there_is_signed_in_here(known: Served) -> None:
    async with browser(known) as page:
        arrived = await sign_in(page, "ana", "/auth/oidc?next=/boards/x")
        assert led_to(arrived) == ("/sign-in", {"arrived": "1", "next": "/boards/x"})
        for cookie in arrived.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
        said = (await asked(page, WHO))["viewer"]
        assert said == {
            "account": {"name": "Ana Harbour"},
            "email": "ana@example.org",
            "hasPassword": False,
            "identities": [{"issuer": known.settings.oidc_issuer, "email": "ana@example.org"}],
        }
        assert "webref_way" not in dict(page.cookies)
        again = await sign_in(page, "ana")
        assert led_to(again)[1]["arrived"] == "1"
    assert await fetchval("SELECT count(*) FROM account") == 1


async def test_others_see_the_button_and_no_secret(known: Served) -> None:
    async with browser(known) as page:
        query = {"query": "{ instance { providers { name url linkUrl issuer } } }"}
        answer = await page.post("/graphql", json=query)
    assert answer.json()["data"]["instance"]["providers"] == [
        {
            "name": "Harbour",
            "url": "/auth/oidc",
            "linkUrl": "/auth/oidc/link",
            "issuer": known.settings.oidc_issuer,
        }
    ]


async def test_the_cookie_of_one_browser_opens_nothing_in_another(known: Served) -> None:
    """Login CSRF: somebody else's way back, sent to a victim."""
    async with browser(known) as attacker, browser(known) as victim:
        there = await attacker.get("/auth/oidc")
        back = await walk(attacker, there.headers["location"], "ben")
        await victim.get("/auth/oidc")
        answer = await victim.get(back)
        assert led_to(answer) == ("/sign-in", {"trouble": "EXPIRED", "next": "/"})
        assert (await asked(victim, WHO))["viewer"] is None
    assert await fetch("SELECT FROM account") == []


async def test_the_way_back_is_gone_once(known: Served) -> None:
    async with browser(known) as page:
        there = await page.get("/auth/oidc")
        kept = page.cookies["webref_way"]
        back = await walk(page, there.headers["location"], "ana")
        assert led_to(await page.get(back))[1]["arrived"] == "1"
        assert led_to(await page.get(back))[1]["trouble"] == "EXPIRED"
        page.cookies.set("webref_way", kept)
        again = led_to(await page.get(back))[1]["trouble"]
    assert again == "PROVIDER", "the provider itself takes a code once"
    assert await fetchval("SELECT count(*) FROM session") == 1


async def test_new_keys_of_the_provider_need_nobodys_doing(known: Served, provider: Harbour) -> None:
    async with browser(known) as page:
        await sign_in(page, "ana")
    provider.stop()
    async with browser(known) as page:
        # What it says of itself is still known: the browser would meet that it is away.
        assert (await page.get("/auth/oidc")).headers["location"].startswith(provider.issuer)
    provider.start()
    async with browser(known) as page:
        assert led_to(await sign_in(page, "ana"))[1]["arrived"] == "1"


async def test_what_went_wrong_is_said_by_a_code(known: Served) -> None:
    async with browser(known) as page:
        assert led_to(await sign_in(page, "", "/auth/oidc?next=/boards/x")) == (
            "/sign-in",
            {"trouble": "CANCELLED", "next": "/boards/x"},
        )
        assert led_to(await sign_in(page, "dot"))[1]["trouble"] == "NO_EMAIL"
        assert led_to(await page.get("/auth/oidc/callback?code=x&state=y"))[1]["trouble"] == "EXPIRED"
    assert await fetch("SELECT FROM account") == []


async def test_nobody_is_led_elsewhere(known: Served) -> None:
    async with browser(known) as page:
        arrived = await sign_in(page, "ana", "/auth/oidc?next=//evil.example/x")
        assert led_to(arrived)[1]["next"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example", "X-Webref": "1"},
        {"Origin": "null", "X-Webref": "1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_only_our_own_page_begins_a_link(known: Served, headers: dict[str, str]) -> None:
    """Else a page of others could link their account with somebody's here."""
    ana = await known.join("ana")
    async with known.browser(ana) as page:
        page.headers.pop("origin")
        page.headers.pop("x-webref")
        answer = await page.post("/auth/oidc/link", headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert (await page.get("/auth/oidc/link")).status_code == 405


async def test_a_link_is_made_by_who_is_signed_in_and_taken_back(known: Served) -> None:
    ana = await known.join("ana")
    async with browser(known) as page:
        own = {"Origin": known.url, "X-Webref": "1"}
        assert (await page.post("/auth/oidc/link", headers=own)).status_code == 401
        page.cookies.set("webref_access", ana.access_token)
        begun = await page.post("/auth/oidc/link", headers=own)
        back = await walk(page, begun.json()["url"], "ben")
        assert led_to(await page.get(back)) == ("/settings/password", {})
        viewer = (await asked(page, WHO))["viewer"]
        assert (viewer["email"], viewer["hasPassword"]) == ("ana@example.org", True)
        assert [one["email"] for one in viewer["identities"]] == ["ben@example.org"]
    async with browser(known) as page:
        await sign_in(page, "ben")
        assert (await asked(page, WHO))["viewer"]["email"] == "ana@example.org"
        ids = (await asked(page, {"query": "{ viewer { identities { id } } }"}))["viewer"]["identities"]
        unlink = "mutation ($i: UnlinkIdentitiesInput!) { unlinkIdentities(input: $i) { unlinkedIds } }"
        variables = {"i": {"ids": [one["id"] for one in ids]}}
        gone = await asked(page, {"query": unlink, "variables": variables})
        assert gone["unlinkIdentities"]["unlinkedIds"] == variables["i"]["ids"]


async def test_guessing_has_an_end(known: Served) -> None:
    async with browser(known) as page:
        answers = await asyncio.gather(
            *(page.get(f"/auth/oidc/callback?state={n}") for n in range(101)), return_exceptions=False
        )
        codes = {led_to(answer)[1]["trouble"] for answer in answers}
    assert codes == {"EXPIRED", "TOO_BUSY"}


async def test_without_a_provider_there_is_no_way(served: Served) -> None:
    ana = await served.join("ana")
    async with served.browser(ana) as page:
        for answer in (
            await page.get("/auth/oidc"),
            await page.get("/auth/oidc/callback"),
            await page.post("/auth/oidc/link"),
            await page.post("/auth/oidc/backchannel-logout", data={"logout_token": "x"}),
            await page.get("/auth/other"),
        ):
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "NOT_FOUND"


async def test_with_tls_the_cookie_is_this_hosts_alone(provider_settings: Settings) -> None:
    secure = replace(provider_settings, public_url="https://boards.example.org")
    async with serving(secure) as running, browser(running) as page:
        there = await page.get("/auth/oidc")
    (cookie,) = there.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-webref_way=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    redirect = parse_qs(urlsplit(there.headers["location"]).query)["redirect_uri"]
    assert redirect == ["https://boards.example.org/auth/oidc/callback"]


async def named(page: httpx.AsyncClient) -> str | None:
    """Who is signed in on it; a session that goes on can be renewed too."""
    viewer = (await asked(page, WHO))["viewer"]
    renewal = {"query": "mutation { refreshSession(input: {}) { viewer { email } } }"}
    renewed = await asked(page, renewal)
    assert (viewer is None) == (renewed is None)
    return None if viewer is None else str(viewer["email"])


async def test_who_signs_out_there_is_signed_out_here_on_that_device(
    known: Served, provider: Harbour
) -> None:
    await asyncio.to_thread(provider.tell, known.url)
    async with browser(known) as desk, browser(known) as phone, browser(known) as bens:
        for page, login in ((desk, "ana"), (phone, "ana"), (bens, "ben")):
            assert led_to(await sign_in(page, login))[1]["arrived"] == "1"
        rows = await fetch("SELECT issuer, subject, sid FROM session")
        assert {(row["issuer"], row["subject"]) for row in rows} == {
            (provider.issuer, "ana"),
            (provider.issuer, "ben"),
        }
        assert len({row["sid"] for row in rows} - {None}) == 3
        async with (
            known.connected(desk.cookies["webref_access"]) as ending,
            known.connected(phone.cookies["webref_access"]) as staying,
        ):
            began = time.monotonic()
            await leave(desk, provider.issuer)
            assert (await end_of(ending))[0] == 4403
            assert time.monotonic() - began < 2
            await say(staying, type="ping")
            assert (await heard(staying))["type"] == "pong"
        assert [await named(page) for page in (desk, phone, bens)] == [
            None,
            "ana@example.org",
            "ben@example.org",
        ]
        assert led_to(await sign_in(desk, "ana"))[1]["arrived"] == "1", "there is a way back"
        assert await named(desk) == "ana@example.org"


async def test_who_is_signed_out_everywhere_there_is_here_but_where_a_password_was_used(
    known: Served, provider: Harbour
) -> None:
    await asyncio.to_thread(provider.tell, known.url, session=False)
    async with browser(known) as desk, browser(known) as phone, browser(known) as bens:
        await sign_in(desk, "ana")
        own = "correct horse battery staple"
        query = "mutation ($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }"
        await asked(desk, {"query": query, "variables": {"i": {"newPassword": own}}})
        with_password = await sign_in_here("ana", own)
        for page, login in ((phone, "ana"), (bens, "ben")):
            await sign_in(page, login)
        assert await fetch("SELECT FROM session WHERE sid IS NOT NULL") == []
        assert [await named(page) for page in (desk, phone)] == ["ana@example.org"] * 2
        assert await asyncio.to_thread(provider.ask, {"signOut": "ana"}) == "done"
        assert [await named(page) for page in (desk, phone, bens)] == [None, None, "ben@example.org"]
        async with known.browser(with_password) as page:
            assert await named(page) == "ana@example.org"
        before = await fetch("SELECT * FROM session ORDER BY id")
        # Whether somebody was ever here is not said.
        assert await asyncio.to_thread(provider.ask, {"signOut": "dot"}) == "done"
        assert await fetch("SELECT * FROM session ORDER BY id") == before


NO_FORMS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an empty form": {"data": {}},
    "no token": {"data": {"logout_token": ""}},
    "another field": {"data": {"id_token": "x"}},
    "two tokens": {"data": {"logout_token": ["x", "y"]}},
    "in the address": {"params": {"logout_token": "x"}},
    "JSON": {"json": {"logout_token": "x"}},
    "a form that says it is text": {"content": "logout_token=x", "headers": {"Content-Type": "text/plain"}},
    "not text": {"content": b"logout_token=\xff", "headers": FORM},
    "many fields": {"content": "&".join(f"f{n}=x" for n in range(99)), "headers": FORM},
    "a wrong token": {"data": {"logout_token": "a.b.c"}},
    "a wrong token with cookies": {
        "data": {"logout_token": "a.b.c"},
        "headers": {"Cookie": "webref_access=x"},
    },
}


@pytest.mark.parametrize("sent", NO_FORMS.values(), ids=NO_FORMS.keys())
async def test_what_is_no_logout_token_is_refused_in_the_words_of_the_protocol(
    known: Served, sent: dict[str, Any]
) -> None:
    ana = await known.join("ana")
    async with browser(known) as page:
        answer = await page.post("/auth/oidc/backchannel-logout", **sent)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_request"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert await fetchval("SELECT revoked_at IS NULL FROM session WHERE id = $1", ana.session_id)


async def test_a_logout_token_may_not_be_endless_nor_be_got(known: Served) -> None:
    async with browser(known) as page:
        form = {"logout_token": "x" * 200_000}
        assert (await page.post("/auth/oidc/backchannel-logout", data=form)).status_code == 413
        answer = await page.get("/auth/oidc/backchannel-logout?logout_token=x")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
