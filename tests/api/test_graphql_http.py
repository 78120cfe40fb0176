"""GraphQL over HTTP to the letter; the audit suite of `graphql-http` asks the same from outside."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.errors import NotAcceptable
from api.graphql import LEGACY_TYPE, MOST_BODY_BYTES, RESPONSE_TYPE, negotiated
from domain.database import close_database, open_database
from domain.pagination import cursor_to
from tests.api.serving import Served

NAME = {"query": "{ __typename }"}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, LEGACY_TYPE),
        ("", LEGACY_TYPE),
        ("*/*", LEGACY_TYPE),
        ("application/*", LEGACY_TYPE),
        ("application/json", LEGACY_TYPE),
        ("application/graphql-response+json", RESPONSE_TYPE),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE_TYPE),
        ("application/graphql-response+json;q=0.1, application/json", LEGACY_TYPE),
        ("application/json, application/graphql-response+json", LEGACY_TYPE),
        ("application/graphql-response+json, application/json", RESPONSE_TYPE),
        ("application/json;q=0, */*", RESPONSE_TYPE),
        ("text/html, */*;q=0.1", LEGACY_TYPE),
        ("application/graphql-response+json; charset=utf-8", RESPONSE_TYPE),
    ],
)
def test_the_answer_has_the_type_that_is_liked_best(accept: str | None, expected: str) -> None:
    assert negotiated(accept) == expected


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*", "application/json;q=x"])
def test_a_client_that_takes_neither_is_told_so(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiated(accept)


async def ask(served: Served, content: bytes | str | dict[str, Any], **headers: str) -> httpx.Response:
    body = json.dumps(content) if isinstance(content, dict) else content
    async with served.client() as client:
        return await client.post(
            "/graphql", content=body, headers={"Content-Type": "application/json", **headers}
        )


@pytest.mark.parametrize("accept", [LEGACY_TYPE, RESPONSE_TYPE])
async def test_a_good_request_is_200_in_the_type_asked_for(served: Served, accept: str) -> None:
    answer = await ask(served, NAME, accept=accept)
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "content",
    [
        {"query": "{"},
        {"query": "{ nothingOfThatName }"},
        {"query": "query A($id: ID!) { node(id: $id) { id } }", "variables": {"id": None}},
        {"query": "query A { __typename }", "operationName": "B"},
        {"query": "fragment F on Query { __typename }"},
    ],
)
async def test_a_document_that_can_not_run_has_no_data(served: Served, content: dict[str, Any]) -> None:
    for accept, status in ((LEGACY_TYPE, 200), (RESPONSE_TYPE, 400)):
        answer = await ask(served, content, accept=accept)
        assert answer.status_code == status
        assert set(answer.json()) == {"errors"}
        assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"3",
        b'"{ __typename }"',
        {},
        {"query": ""},
        {"query": 7},
        {"query": ["{ __typename }"]},
        {"query": {"a": "b"}},
        {"qeury": "{ __typename }"},
        {**NAME, "operationName": 7},
        {**NAME, "operationName": {"a": 1}},
        {**NAME, "variables": "a"},
        {**NAME, "variables": [1]},
        {**NAME, "variables": 0},
        {**NAME, "extensions": False},
        {**NAME, "extensions": [1]},
        b'[{"query":"{ __typename }"}]',
    ],
)
async def test_a_malformed_request_is_400_with_a_code(
    served: Served, content: bytes | dict[str, Any]
) -> None:
    for accept in (LEGACY_TYPE, RESPONSE_TYPE):
        answer = await ask(served, content, accept=accept)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert "Traceback" not in answer.text


async def test_null_and_unknown_parameters_are_as_good_as_none(served: Served) -> None:
    content = {**NAME, "operationName": None, "variables": None, "extensions": None, "more": 1}
    assert (await ask(served, content)).json() == {"data": {"__typename": "Query"}}
    assert (await ask(served, {**NAME, "extensions": {"a": 1}, "variables": {}})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Accept": "text/html"}, 406),
        ({"Content-Type": 'application/json; charset="UTF-8"'}, 200),
    ],
)
async def test_what_can_not_be_read_or_given_is_said(
    served: Served, headers: dict[str, str], status: int
) -> None:
    answer = await ask(served, NAME, **headers)
    assert answer.status_code == status
    assert "errors" in answer.json() or status == 200


async def test_a_body_too_large_is_refused_before_and_while_it_arrives(served: Served) -> None:
    large = json.dumps({"query": "{ __typename }", "variables": {"a": "x" * MOST_BODY_BYTES}}).encode()

    async def pieces() -> Any:
        for start in range(0, len(large), 50_000):
            yield large[start : start + 50_000]

    async with served.client() as client:
        for content in (large, pieces()):
            answer = await client.post(
                "/graphql", content=content, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 413
            assert answer.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_get_is_off_and_says_what_to_do(served: Served) -> None:
    async with served.client() as client:
        answer = await client.get("/graphql", params=NAME)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
        other = await client.put("/graphql", json=NAME)
        assert other.status_code == 405
        assert "POST" in other.headers["allow"]


async def test_get_runs_queries_where_switched_on_but_nothing_that_writes(get_served: Served) -> None:
    async with get_served.client() as client:
        answer = await client.get("/graphql", params={**NAME, "variables": "{}", "extensions": ""})
        assert answer.json() == {"data": {"__typename": "Query"}}
        writing = await client.get("/graphql", params={"query": "mutation { __typename }"})
        assert (writing.status_code, writing.headers["allow"]) == (405, "POST")
        assert (await client.get("/graphql", params={**NAME, "variables": "{"})).status_code == 400
        assert (await client.get("/graphql", params={**NAME, "variables": "[]"})).status_code == 400
        assert (await client.get("/graphql")).status_code == 400


async def test_a_subscription_is_sent_to_the_websocket(served: Served) -> None:
    answer = await ask(
        served, {"query": 'subscription { imageProgress(imageIds: ["x"]) { done } }'}, accept=RESPONSE_TYPE
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_OVER_HTTP"


async def test_a_lost_database_is_503_in_words_and_heals(served: Served) -> None:
    ana = await served.join("ana")
    question = {"query": "{ viewer { account { name } } }"}
    async with served.client(ana.access_token) as client:
        assert (await client.post("/graphql", json=question)).json() == {
            "data": {"viewer": {"account": {"name": "Ana"}}}
        }
        await close_database()
        lost = await client.post("/graphql", json=question)
        assert lost.status_code == 503
        assert lost.json()["errors"][0]["extensions"]["code"] == "DATABASE_UNAVAILABLE"
        assert int(lost.headers["retry-after"]) > 0
        assert served.settings.database_url is not None
        await open_database(served.settings.database_url, durable=False)
        assert (await client.post("/graphql", json=question)).status_code == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_cursor_at_no_moment_of_the_calendar_is_bad_input(served: Served, moment: str) -> None:
    ana = await served.join("ana")
    cursor = cursor_to("UPDATED", moment, uuid4())
    async with served.client(ana.access_token) as client:
        document = "query ($c: String) { boards(after: $c) { nodes { id } } }"
        answer = await client.post("/graphql", json={"query": document, "variables": {"c": cursor}})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_INPUT"
