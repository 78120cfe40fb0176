"""Running documents: what clients are told, what the log has, and how few statements it takes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain import adding, boards, findings, items, jobs, metrics, quotas, sessions
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import fetchval, transaction
from domain.errors import Resync
from domain.live import Hub
from domain.operations import NoteContent
from domain.settings import Settings
from schema import execution, limits
from schema.execution import Request, Stage
from tests.factories import a_board, a_viewer, an_image
from tests.schema.asking import Asking


@pytest.fixture
async def asking(database: str, settings: Settings) -> AsyncIterator[Asking]:
    sessions.sign_with(settings)
    async with Hub() as hub:
        yield Asking(hub, settings)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that is run meanwhile, by whichever connection."""
    seen: list[str] = []
    original = asyncpg.connection.Connection._do_execute  # type: ignore[attr-defined]

    async def noted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        if "pg_notify" not in query:
            seen.append(query)
        return await original(self, query, *args, **kwargs)

    asyncpg.connection.Connection._do_execute = noted  # type: ignore[attr-defined]
    try:
        yield seen
    finally:
        asyncpg.connection.Connection._do_execute = original  # type: ignore[attr-defined]


async def _a_full_board(owner: Viewer, count: int) -> UUID:
    board = await a_board(owner)
    pictures = [await an_image(owner) for _ in range(count // 2)]
    await adding.add_items(
        owner,
        board.id,
        [NewItem(image_id=image) for image in pictures]
        + [NewItem(note=NoteContent(str(n))) for n in range(count - len(pictures))],
    )
    return board.id


WHOLE_BOARD = """
query($id: ID!) {
  board(id: $id) {
    title seq viewerRole itemCount canUndo canRedo createdBy { name } cover { url }
    members { totalCount nodes { role account { name } grantedBy { name } } }
    items(first: 1000) {
      totalCount
      nodes {
        id z transform { x y } addedBy { name colour } board { title }
        ... on ImageItem { image { name url owner { name } renditions { url } } }
        ... on NoteItem { text }
      }
    }
    changes { nodes { seq actor { name } operation { ... on AddItems { items { id image { url } } } } } }
  }
}
"""


async def test_a_board_takes_few_statements_whatever_lies_on_it(asking: Asking) -> None:
    owner = await a_viewer()
    counts = []
    for size in (4, 100):
        board_id = await _a_full_board(owner, size)
        await asking.ask(owner, WHOLE_BOARD, {"id": str(board_id)})  # connections are set up by now
        with statements() as seen:
            told = await asking.ask(owner, WHOLE_BOARD, {"id": str(board_id)})
        assert told.errors == [], told.text[:500]
        assert len(told.data["board"]["items"]["nodes"]) == size
        counts.append(len(seen))
    # Which reads meet in one batch depends on when they ask, so the number sways (17 to 38 were seen on a
    # busy machine): not with the size, or a hundred items would take more than a hundred.
    assert max(counts) <= 60


async def test_a_list_of_boards_reads_its_covers_and_people_together(asking: Asking) -> None:
    owner = await a_viewer()
    document = "{ boards(first: 50) { nodes { title cover { url placeholder } createdBy { name } } } }"
    counts = []
    for more in (2, 20):
        for _ in range(more):
            await _a_full_board(owner, 2)
        await asking.ask(owner, document)  # connections are set up by now
        with statements() as seen:
            told = await asking.ask(owner, document)
        assert all(node["cover"] for node in told.data["boards"]["nodes"])
        counts.append(len(seen))
    assert max(counts) <= 8


async def test_what_nobody_expected_is_masked_and_logged_under_the_same_id(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(boards, "boards_of", broken)
    told = await asking.ask(await a_viewer(), "{ boards { totalCount } instance { version } }")
    assert told.code == "INTERNAL"
    assert "secret reason" not in told.text
    assert "Traceback" not in told.text
    failure_id = told.errors[0]["extensions"]["id"]
    assert failure_id in told.errors[0]["message"]
    assert failure_id in caplog.text
    assert "the secret reason" in caplog.text


async def test_a_clients_mistake_is_not_logged(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    viewer = await a_viewer()
    for document in (
        "{",
        "{ nothing }",
        '{ node(id: "no id") { id } }',
        "{ jobs { totalCount } }",
        f'mutation {{ undo(input: {{ boardId: "{uuid4()}" }}) {{ board {{ id }} }} }}',
    ):
        assert (await asking.ask(viewer, document)).errors
    assert caplog.text == ""


@pytest.mark.parametrize("text", ["", "no id", "1", "{}", "3f2b8c1e0d4a4f6b9a571c2d3e4f5a6b", "x" * 36])
async def test_a_malformed_id_is_refused_in_words(asking: Asking, text: str) -> None:
    viewer = await a_viewer()
    for document in (
        "query($id: ID!) { board(id: $id) { id } }",
        "query($id: ID!) { image(id: $id) { id } }",
        "query($id: ID!) { node(id: $id) { id } }",
        "query($id: ID!) { nodes(ids: [$id]) { id } }",
        "mutation($id: ID!) { trashBoards(input: { ids: [$id] }) { boards { id } } }",
        'mutation($id: ID!) { createBoard(input: { title: "t", clientMutationId: $id }) { board { id } } }',
    ):
        told = await asking.ask(viewer, document, {"id": text})
        if text == "" and "clientMutationId" in document:
            continue
        assert told.code == "BAD_INPUT", (document, told.text)
        assert "UUID" in told.errors[0]["message"]


async def test_an_operation_ends_at_its_deadline(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object, **__: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(boards, "boards_of", slow)
    monkeypatch.setattr(limits, "DEADLINE_SECONDS", 0.05)
    told = await asking.ask(await a_viewer(), "{ boards { totalCount } }")
    assert told.code == "TIMEOUT"
    assert told.stage is Stage.EXECUTED


async def test_request_errors_have_no_data_and_field_errors_have(asking: Asking) -> None:
    viewer = await a_viewer()
    request = await asking.ask(viewer, "query($id: ID!) { board(id: $id) { id } }")
    assert (request.stage, request.code, "data" in request.text) == (
        Stage.REFUSED,
        "INVALID_VARIABLES",
        False,
    )
    field = await asking.ask(viewer, "{ instance { version } jobs { totalCount } }")
    assert (field.stage, field.code, field.data) == (Stage.EXECUTED, "FORBIDDEN", None)
    assert field.errors[0]["path"] == ["jobs"]
    assert field.errors[0]["extensions"]["required"] == "SERVER_OWNER"


async def test_several_operations_need_a_name(asking: Asking) -> None:
    two = "query A { instance { version } } query B { viewer { email } }"
    context = asking.context(await a_viewer())
    assert (await execution.answer(Request(two), context)).codes == ("OPERATION_NOT_FOUND",)
    assert (await execution.answer(Request(two, operation_name="C"), context)).codes == (
        "OPERATION_NOT_FOUND",
    )
    assert (await execution.answer(Request(two, operation_name="A"), context)).codes == ()


async def test_get_runs_queries_only_and_http_no_subscriptions(asking: Asking) -> None:
    context = asking.context(await a_viewer())
    mutation = Request('mutation { createBoard(input: { title: "t" }) { board { id } } }')
    assert (await execution.answer(mutation, context, queries_only=True)).stage is Stage.WRONG_METHOD
    stream = Request(f'subscription {{ boardChanges(boardId: "{uuid4()}") {{ seq }} }}')
    assert (await execution.answer(stream, context)).stage is Stage.NEEDS_SOCKET
    assert execution.prepare(stream, context).is_subscription
    assert not execution.prepare(mutation, context).is_subscription


def _refused_so_far() -> tuple[float, float]:
    """How many, and the seconds they took together."""
    found = {
        sample.name.removeprefix("webref_operation_seconds"): sample.value
        for family in metrics.OPERATIONS.collect()
        for sample in family.samples
        if sample.labels.get("outcome") == "refused" and "le" not in sample.labels
    }
    return found.get("_count", 0), found.get("_sum", 0)


async def test_a_refused_operation_is_counted_once_with_the_time_it_took(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = asking.context(await a_viewer())
    held = execution._document

    def slowly(text: str, known: bool) -> object:
        time.sleep(0.05)
        return held(text, known)

    monkeypatch.setattr(execution, "_document", slowly)
    stream = f'subscription {{ boardChanges(boardId: "{uuid4()}") {{ seq }} }}'
    for document in ("{ nothing }", "}{", stream):
        count, seconds = _refused_so_far()
        assert not (await execution.answer(Request(document), context)).has_data
        later, then = _refused_so_far()
        assert later == count + 1
        assert 0.05 <= then - seconds < 5
    count, _ = _refused_so_far()
    with pytest.raises(execution.Refused):
        execution.prepare(Request("{ nothing }"), context)
    execution.prepare(Request(stream), context)
    await execution.answer(Request("{ viewer { email } }"), context)
    assert _refused_so_far()[0] == count + 1


async def test_a_repeated_mutation_gives_the_stored_answer(asking: Asking) -> None:
    viewer, mutation_id = await a_viewer(), str(uuid4())
    document = (
        "mutation($t: String!, $m: ID) { createBoard(input: { title: $t, clientMutationId: $m }) "
        "{ board { id title } } }"
    )
    first = await asking.ask(viewer, document, {"t": "one", "m": mutation_id})
    again = await asking.ask(viewer, document, {"t": "one", "m": mutation_id})
    other = await asking.ask(viewer, document, {"t": "two", "m": mutation_id})
    assert first.data == again.data
    assert other.code == "MUTATION_ID_CONFLICT"
    listed = await asking.ask(viewer, "{ boards { totalCount } }")
    assert listed.data["boards"]["totalCount"] == 1


async def test_pages_read_on_until_the_end(asking: Asking) -> None:
    owner = await a_viewer()
    board_id = await _a_full_board(owner, 25)
    document = """query($id: ID!, $after: String) { board(id: $id) { items(first: 10, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
    found: list[str] = []
    after: str | None = None
    for page in range(3):
        told = await asking.ask(owner, document, {"id": str(board_id), "after": after})
        items_page = told.data["board"]["items"]
        found += [edge["node"]["id"] for edge in items_page["edges"]]
        assert items_page["pageInfo"]["hasNextPage"] == (page < 2)
        assert items_page["pageInfo"]["hasPreviousPage"] == (page > 0)
        after = items_page["pageInfo"]["endCursor"]
    assert len(set(found)) == 25


@pytest.mark.parametrize("first", [0, -1, 10_001, 2_147_483_647])
async def test_pages_are_bounded(asking: Asking, first: int) -> None:
    owner = await a_viewer()
    board = await a_board(owner)
    document = "query($id: ID!, $n: Int!) { board(id: $id) { items(first: $n) { totalCount } } }"
    told = await asking.ask(owner, document, {"id": str(board.id), "n": first})
    assert told.code in ("BAD_INPUT", "LIMIT_EXCEEDED")


async def test_an_item_content_is_exactly_one_thing(asking: Asking) -> None:
    owner = await a_viewer()
    board = await a_board(owner)
    document = "mutation($i: AddItemsInput!) { addItems(input: $i) { items { id } } }"
    for content in ({}, {"note": {"text": "x"}, "imageId": str(uuid4())}, {"note": None}):
        variables = {"i": {"boardId": str(board.id), "items": [{"content": content}]}}
        told = await asking.ask(owner, document, variables)
        assert told.stage is Stage.REFUSED, told.text
        assert told.code == "INVALID_VARIABLES"


async def test_a_cover_can_be_chosen_and_unchosen(asking: Asking) -> None:
    owner = await a_viewer()
    board_id = await _a_full_board(owner, 4)
    later = (await findings.find_images(owner, first=1)).nodes[0]
    document = "mutation($i: EditBoardInput!) { editBoard(input: $i) { board { title cover { id } } } }"
    chosen = await asking.ask(owner, document, {"i": {"id": str(board_id), "coverId": str(later.id)}})
    assert chosen.data["editBoard"]["board"]["cover"]["id"] == str(later.id)
    kept = await asking.ask(owner, document, {"i": {"id": str(board_id), "title": "New"}})
    assert kept.data["editBoard"]["board"] == {"title": "New", "cover": {"id": str(later.id)}}
    unchosen = await asking.ask(owner, document, {"i": {"id": str(board_id), "coverId": None}})
    assert unchosen.errors == []
    assert unchosen.data["editBoard"]["board"]["cover"]["id"] != str(later.id)


async def test_a_stream_resumes_without_gap_or_repetition(asking: Asking) -> None:
    owner = await a_viewer()
    board = await a_board(owner)
    for n in range(3):
        await adding.add_items(owner, board.id, [NewItem(note=NoteContent(str(n)))])
    document = (
        "subscription($b: ID!, $a: Long) { boardChanges(boardId: $b, after: $a) { seq actor { name } } }"
    )
    seen: list[int] = []
    for _ in range(4):
        after = seen[-1] if seen else 0
        told = await asking.first_event(owner, document, {"b": str(board.id), "a": after})
        seen.append(told.data["boardChanges"]["seq"])
    assert seen == [1, 2, 3, 4]


async def test_a_stream_that_cannot_go_on_says_so(asking: Asking) -> None:
    owner = await a_viewer()
    board = await a_board(owner)
    document = "subscription($b: ID!, $a: Long) { boardChanges(boardId: $b, after: $a) { seq } }"
    told = await asking.first_event(owner, document, {"b": str(board.id), "a": 999})
    assert (told.stage, told.code) == (Stage.ENDED, Resync.code)


async def test_cookies_are_handed_to_the_door_and_bodies_to_programs(asking: Asking) -> None:
    document = """mutation($i: RegisterInput!) { register(input: $i) {
        viewer { isServerOwner scope } accessExpiresAt session { accessToken refreshToken } } }"""
    person = {"name": "Ana", "email": "ana@example.org", "password": "a long password"}
    browser = await asking.ask(None, document, {"i": person})
    assert browser.errors == [], browser.text
    assert browser.data["register"]["session"] is None
    assert browser.data["register"]["viewer"] == {"isServerOwner": True, "scope": "WRITE"}
    [signed_in] = browser.context.cookies_out
    assert signed_in is not None
    refresh = """mutation($i: RefreshSessionInput!) { refreshSession(input: $i) {
        session { accessToken refreshToken } } }"""
    program = await asking.ask(
        None, refresh, {"i": {"delivery": "BODY"}}, refresh_cookie=signed_in.refresh_token
    )
    assert program.data["refreshSession"]["session"]["refreshToken"] != signed_in.refresh_token
    assert program.context.cookies_out == []
    out = await asking.ask(None, "mutation { signOut(input: {}) { signedOut } }")
    assert out.context.cookies_out == [None]


async def test_no_session_is_opened_for_cookies_that_cannot_be_set(asking: Asking) -> None:
    person = {"name": "Ana", "email": "ana@example.org", "password": "a long password"}
    document = "mutation($i: RegisterInput!) { register(input: $i) { accessExpiresAt } }"
    refused = await asking.ask(None, document, {"i": person}, takes_cookies=False)
    assert refused.codes == ["BAD_INPUT"]
    assert await fetchval("SELECT count(*) FROM account") == 0
    assert await fetchval("SELECT count(*) FROM session") == 0


async def test_a_stranger_to_the_project_learns_how_to_upload(asking: Asking) -> None:
    told = await asking.ask(
        await a_viewer(),
        '{ __type(name: "UploadRules") { description } instance { uploads '
        "{ url maxFileBytes maxBatchBytes maxMegapixels formats } } }",
    )
    rules = told.data["instance"]["uploads"]
    assert rules["url"] == "/uploads"
    assert rules["maxFileBytes"] == 50_000_000
    assert "JPEG" in rules["formats"]
    words = told.data["__type"]["description"]
    for word in ("POST", "?name=", "multipart/form-data", "`file`", "`id`", "`batch`", "201", "X-Webref"):
        assert word in words, word


@pytest.mark.parametrize(("count", "code"), [(0, "BAD_INPUT"), (501, "LIMIT_EXCEEDED")])
async def test_following_pictures_is_bounded(asking: Asking, count: int, code: str) -> None:
    document = "subscription($ids: [ID!]) { imageProgress(imageIds: $ids) { done } }"
    told = await asking.first_event(await a_viewer(), document, {"ids": [str(uuid4()) for _ in range(count)]})
    assert (told.stage, told.code) == (Stage.ENDED, code)


async def test_following_pictures_names_exactly_one_set(asking: Asking) -> None:
    viewer = await a_viewer()
    for arguments in ("", f'(boardId: "{uuid4()}", imageIds: ["{uuid4()}"])'):
        told = await asking.first_event(viewer, f"subscription {{ imageProgress{arguments} {{ done }} }}")
        assert told.code == "BAD_INPUT"


async def test_node_finds_what_may_be_seen_of_every_type(asking: Asking) -> None:
    owner, stranger = await a_viewer(is_owner=True), await a_viewer()
    board_id = await _a_full_board(owner, 2)
    image = (await findings.find_images(owner, first=1)).nodes[0]
    item = (await items.items_on(owner, board_id, first=1)).nodes[0]
    async with transaction() as connection:
        job_id = await jobs.enqueue(connection, jobs.RENDITIONS, image.id)
    ids = [str(key) for key in (board_id, image.id, item.state.id, owner.account_id, job_id, uuid4())]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    told = await asking.ask(owner, document, {"ids": ids})
    kinds = [node and node["__typename"] for node in told.data["nodes"]]
    assert kinds == ["Board", "Image", "ImageItem", "Account", "Job", None]
    assert [node["id"] for node in told.data["nodes"] if node] == ids[:5]
    hidden = await asking.ask(stranger, document, {"ids": ids})
    assert hidden.data["nodes"] == [None] * 6


async def test_who_has_asked_for_too_much_waits_but_not_for_what_was_kept(
    asking: Asking, settings: Settings
) -> None:
    viewer = await a_viewer()
    await a_board(viewer)
    ask = "{ boards(first: 40) { nodes { title } } }"
    quotas.follow(replace(settings, quota_cost=100))
    try:
        for _ in range(2):
            assert (await asking.ask(viewer, ask)).errors == []
        with statements() as seen:
            told = await asking.ask(viewer, ask)
        assert told.code == "TOO_BUSY"
        assert told.errors[0]["extensions"]["retry_after_seconds"] > 1
        assert seen == []
        usage = "{ viewer { usage { kind used limit } } }"
        uses = (await asking.ask(viewer, usage)).data["viewer"]["usage"]
        assert {"kind": "BOARDS", "used": 1, "limit": None} in uses
        (cost,) = [use for use in uses if use["kind"] == "COST"]
        assert 80 <= cost["used"] <= 100 == cost["limit"]
    finally:
        quotas.follow(settings)
