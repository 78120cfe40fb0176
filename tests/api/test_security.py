"""Who may speak for a signed-in person: our own pages, and programs with a bearer credential."""

import logging
from typing import Any

import pytest

from domain.sessions import SignedIn
from tests.api.serving import Served
from tests.running import PASSWORD

WHO = {"query": "{ viewer { account { name } } }"}
SIGN_IN = {
    "query": "mutation ($i: SignInInput!) { signIn(input: $i) { viewer { account { name } } } }",
    "variables": {"i": {"email": "ana@example.org", "password": PASSWORD}},
}


def cookies(signed_in: SignedIn) -> str:
    return f"webref_access={signed_in.access_token}; webref_refresh={signed_in.refresh_token}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Webref": "1", "Origin": "SELF"}, 200),
        ({"X-Webref": "1", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-Webref": "1", "Origin": "SELF", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "SELF"}, 403),
        ({"X-Webref": "0", "Origin": "SELF"}, 403),
        ({"X-Webref": "1", "Origin": "https://evil.example"}, 403),
        ({"X-Webref": "1", "Origin": "null"}, 403),
        ({"X-Webref": "1", "Origin": "SELF.evil.example"}, 403),
        ({"X-Webref": "1", "Origin": "https://user@evil.example"}, 403),
        ({"X-Webref": "1", "Origin": ""}, 403),
        ({"X-Webref": "1", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Webref": "1", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Webref": "1", "Sec-Fetch-Site": "none"}, 403),
    ],
)
async def test_cookies_count_only_from_our_own_pages(
    served: Served, headers: dict[str, str], status: int
) -> None:
    ana = await served.join("ana")
    headers = {name: value.replace("SELF", served.url) for name, value in headers.items()}
    async with served.client(Cookie=cookies(ana)) as client:
        answer = await client.post("/graphql", json=WHO, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["errors"][0]["extensions"]["code"] == "CROSS_SITE_REQUEST"
    else:
        assert answer.json()["data"]["viewer"]["account"]["name"] == "Ana"


async def test_a_bearer_needs_neither_and_wins_over_cookies(served: Served) -> None:
    ana, bob = await served.join("ana"), await served.join("bob")
    async with served.client(bob.access_token, Cookie=cookies(ana), Origin="https://evil.example") as client:
        answer = await client.post("/graphql", json=WHO)
    assert answer.json()["data"]["viewer"]["account"]["name"] == "Bob"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer wrong", "Bearer wr_a_b", "Basic YTpi", "Bearer " + "x" * 9000]
)
async def test_a_wrong_bearer_is_401_and_never_somebody_else(served: Served, header: str) -> None:
    ana = await served.join("ana")
    async with served.client(Cookie=cookies(ana), Authorization=header) as client:
        answer = await client.post("/graphql", json=WHO)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_ended_cookie_is_nobody_so_that_the_page_can_refresh(served: Served) -> None:
    await served.join("ana")
    headers = {"Cookie": "webref_access=ended", "Origin": served.url, "X-Webref": "1"}
    async with served.client(**headers) as client:
        answer = await client.post("/graphql", json={"query": "{ viewer { email } }"})
    assert answer.json() == {"data": {"viewer": None}}


async def test_signing_in_gives_cookies_that_no_script_can_read(served: Served) -> None:
    await served.join("ana")
    async with served.client(Origin=served.url) as client:
        answer = await client.post("/graphql", json=SIGN_IN)
        given = answer.headers.get_list("set-cookie")
        assert [line.split("=")[0] for line in given] == ["webref_access", "webref_refresh"]
        for line in given:
            parts = {part.strip().lower() for part in line.split(";")}
            assert {"httponly", "samesite=lax", "path=/"} <= parts
            assert "secure" not in parts
        assert (await client.post("/graphql", json=WHO, headers={"X-Webref": "1"})).json()["data"]["viewer"]
        out = {"query": "mutation { signOut(input: {}) { __typename } }"}
        ended = await client.post("/graphql", json=out, headers={"X-Webref": "1"})
        assert all("Max-Age=0" in line for line in ended.headers.get_list("set-cookie")), ended.text
        gone = await client.post("/graphql", json=WHO, headers={"X-Webref": "1"})
        assert gone.json() == {"data": {"viewer": None}}


async def test_no_page_of_another_site_can_sign_somebody_in(served: Served) -> None:
    await served.join("ana")
    async with served.client(Origin="https://evil.example") as client:
        answer = await client.post("/graphql", json=SIGN_IN)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_log_has_no_secrets(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ana = await served.join("ana")
    async with served.browser(ana) as browser:
        await browser.post(
            "/graphql?canary-query=1", json={"query": "{ __typename }", "variables": {"p": PASSWORD}}
        )
        await browser.get("/line%0Abreak%20forged")
    own = [record for record in caplog.records if record.name.startswith("webref")]
    lines = [record.getMessage() for record in own if record.name == "webref.access"]
    assert any(line.startswith("method=POST path=/graphql status=200 ms=") for line in lines)
    text = "\n".join(record.getMessage() for record in own)
    for secret in (ana.access_token, ana.refresh_token, PASSWORD, "canary-query"):
        assert secret not in text
    assert all("\n" not in line and len(line.split()) == 4 for line in lines)


@pytest.mark.parametrize("address", ["/", "/graphql", "/health/live", "/nothing.png", "/files/x/y"])
async def test_every_answer_carries_the_headers_of_the_house(served: Served, address: str) -> None:
    async with served.client() as client:
        headers: Any = (await client.get(address)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
