"""Laws of reading again over HTTP: one statement, and whoever may no longer read is refused at once."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from domain import boards, members, sessions, tokens
from domain.access import STILL_SIGNED_IN, Role, Scope, Viewer
from domain.database import execute
from domain.sessions import SignedIn
from schema import execution
from tests.api.serving import Served
from tests.factories import a_board, a_grant
from tests.schema.test_execution import statements

BOARD = "query($id: ID!) { board(id: $id) { title viewerRole items { nodes { id } } } }"


class Reader:
    """Ben, who reads Ana's board in one way of signing in."""

    def __init__(self, served: Served, ana: Viewer, ben: Viewer, board_id: Any, signed_in: SignedIn) -> None:
        self.served, self.ana, self.ben, self.board_id = served, ana, ben, board_id
        self.signed_in = signed_in
        self.secret: str | None = None

    def client(self, way: str) -> httpx.AsyncClient:
        if way == "cookie":
            return self.served.browser(self.signed_in)
        return self.served.client(self.signed_in.access_token if way == "session" else self.secret)

    async def read(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.post("/graphql", json={"query": BOARD, "variables": {"id": str(self.board_id)}})


@pytest.fixture
async def reader(served: Served) -> Reader:
    ana = await sessions.viewer_of((await served.join("ana")).access_token)
    signed_in = await served.join("ben")
    ben = await sessions.viewer_of(signed_in.access_token)
    board = await a_board(ana, title="Shared")
    await a_grant(board.id, ben, Role.VIEWER)
    made = Reader(served, ana, ben, board.id, signed_in)
    made.secret = (await tokens.create_token(ben, name="script", scope=Scope.READ)).secret
    return made


@contextmanager
def quick_ones() -> Iterator[list[bool]]:
    """Whether each request of somebody recognised was answered at once."""
    seen: list[bool] = []
    original = execution.quick_answer

    async def noted(*args: Any) -> Any:
        found = await original(*args)
        seen.append(found is not None)
        return found

    with patch.object(execution, "quick_answer", noted):
        yield seen


WAYS = pytest.mark.parametrize("way", ["session", "cookie", "token"])


@WAYS
async def test_who_reads_again_takes_one_statement(reader: Reader, way: str) -> None:
    async with reader.client(way) as client:
        first = await reader.read(client)
        await reader.read(client)  # its connection knows the statement's types by now
        with statements() as seen, quick_ones() as quick:
            again = await reader.read(client)
    assert first.json()["data"]["board"]["viewerRole"] == "VIEWER"
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert quick == [True]
    [statement] = seen
    assert STILL_SIGNED_IN in statement


@WAYS
async def test_who_may_no_longer_read_is_refused_at_once(reader: Reader, way: str) -> None:
    """By whatever it ended: the grant, the session or token, the account."""

    async def end_of_the_grant() -> None:
        await members.revoke_grants(reader.ana, reader.board_id, [reader.ben.account_id])

    async def end_of_the_account() -> None:
        await execute("UPDATE account SET disabled_at = now() WHERE id = $1", reader.ben.account_id)

    async def end_of_what_came() -> None:
        if way == "token":
            await execute("UPDATE token SET revoked_at = now()")
        else:
            await sessions.sign_out(reader.ben)

    async def its_time() -> None:
        table = "token" if way == "token" else "session"
        await execute(f"UPDATE {table} SET expires_at = now() - interval '1 s'")

    async def restored() -> None:
        await a_grant(reader.board_id, reader.ben, Role.EDITOR)
        await execute("UPDATE account SET disabled_at = NULL")
        await execute("UPDATE session SET revoked_at = NULL, expires_at = now() + interval '1 day'")
        await execute("UPDATE token SET revoked_at = NULL, expires_at = NULL")

    ends: list[tuple[Callable[[], Awaitable[None]], bool]] = [
        (end_of_the_grant, True),
        (end_of_the_account, False),
        (end_of_what_came, False),
        (its_time, False),
    ]
    async with reader.client(way) as client:
        for end, stays_signed_in in ends:
            assert (await reader.read(client)).json()["data"]["board"] is not None
            with quick_ones() as quick:
                await reader.read(client)
                await end()
                refused = await reader.read(client)
            assert quick == [True, False], end.__name__
            assert "Shared" not in refused.text
            if stays_signed_in:
                assert refused.json() == {"data": {"board": None}}
            elif way == "cookie":  # nobody, so that the page can refresh it
                assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            else:
                assert refused.status_code == 401
                assert "data" not in refused.json()
            if end is end_of_the_grant:
                await a_grant(reader.board_id, reader.ben, Role.VIEWER)
            else:
                await execute("DELETE FROM board_grant WHERE account = $1", reader.ben.account_id)
                await restored()


async def test_who_is_recognised_by_cookies_still_proves_the_page(reader: Reader) -> None:
    async with reader.client("cookie") as client:
        assert (await reader.read(client)).status_code == 200
        with quick_ones() as quick:
            for stranger in ({"Origin": "https://elsewhere.example"}, {"X-Webref": "0"}):
                client.headers.update(stranger)
                assert (await reader.read(client)).status_code == 403
                client.headers.update({"Origin": reader.served.url, "X-Webref": "1"})
    assert quick == []


async def test_what_fails_is_told_in_the_ordinary_way(reader: Reader) -> None:
    """What was never asked, what changes something and what is no document is not for the quick way."""
    id = str(reader.board_id)
    asked: list[dict[str, Any]] = [
        {"query": "query($id: ID!) { board(id: $id) { title } }", "variables": {"id": id}},
        {"query": "{ viewer { account { name } } }"},
        {"query": "{ nothing }"},
        {"query": "mutation { signOut(input: {}) { clientMutationId } }"},
    ]
    async with reader.client("session") as client:
        await reader.read(client)
        with quick_ones() as quick:
            for content in asked:
                await client.post("/graphql", json=content)
    assert quick == [False] * len(asked)


async def test_get_tells_who_has_the_answer_that_it_is_the_same(get_served: Served) -> None:
    """For as long as they may read it and nothing has changed."""
    signed_in = await get_served.join("ana")
    ana = await sessions.viewer_of(signed_in.access_token)
    board = await a_board(ana, title="Kept")
    asked = {"query": BOARD, "variables": f'{{"id": "{board.id}"}}'}
    async with get_served.client(signed_in.access_token) as client:
        for _ in range(2):
            whole = await client.get("/graphql", params=asked)
        etag = whole.headers["etag"]
        assert whole.headers["cache-control"] == "private, no-cache"
        have = {"If-None-Match": etag}
        same = await client.get("/graphql", params=asked, headers=have)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        other_type = {**have, "Accept": "application/graphql-response+json"}
        assert (await client.get("/graphql", params=asked, headers=other_type)).status_code == 200
        posted = await client.post("/graphql", json={"query": BOARD, "variables": {"id": str(board.id)}})
        assert "etag" not in posted.headers
        await boards.edit_board(ana, board.id, title="Changed")
        changed = await client.get("/graphql", params=asked, headers=have)
        assert (changed.status_code, changed.json()["data"]["board"]["title"]) == (200, "Changed")
        await sessions.sign_out(ana)
        have = {"If-None-Match": changed.headers["etag"]}
        assert (await client.get("/graphql", params=asked, headers=have)).status_code == 401
