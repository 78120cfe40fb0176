"""Compiled reads: the same bytes as the ordinary execution gives, from rows or from what was kept."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from domain import (
    accounts,
    adding,
    board_reads,
    boards,
    history,
    images,
    items,
    jobs,
    members,
    past_items,
    renditions,
)
from domain.access import STILL_SIGNED_IN, Role
from domain.adding import NewItem
from domain.database import close_database, connect, execute, fetchval, open_database, transaction
from domain.decoding import Developed
from domain.errors import TooBusy
from domain.images import ImageEdit
from domain.notices import announce_image
from domain.operations import NoteContent, StylePatch
from schema import execution, plans, reads
from schema.execution import Answer, Request, Stage
from tests.conftest import EMPTY
from tests.factories import a_board, a_grant, an_image
from tests.schema.asking import Asking
from tests.schema.documents import Asked, documents
from tests.schema.full_board import FullBoard
from tests.schema.reference import answered, counting, require_alike, require_equal
from tests.schema.test_execution import statements

ACTORS = ("owner", "owner", "editor", "commenter", "viewer", "read_token", "outsider", "disabled", "nobody")


@pytest.mark.parametrize(
    ("told", "alike"),
    [
        ([("a", "x"), ("b", "y")], True),
        ([("b", "y"), ("a", "x")], True),
        ([("b", "y")], True),
        ([("b", "other"), ("a", "x")], False),
        ([], False),
    ],
)
def test_siblings_that_fail_are_told_in_any_order_and_some_for_all(
    told: list[tuple[str, str]], alike: bool
) -> None:
    def answer(failures: list[tuple[str, str]]) -> Answer:
        errors: list[Any] = [{"message": words, "path": ["board", name]} for name, words in failures]
        return execution.encoded({"board": None}, errors)

    reference = answer([("a", "x"), ("b", "y")])
    if alike:
        require_alike(answer(told), reference)
    else:
        with pytest.raises(AssertionError):
            require_alike(answer(told), reference)


def test_plans_answer_what_the_resolvers_answer(database_url: str) -> None:
    board, asking = FullBoard(), Asking()
    stages: list[Stage] = []

    with asyncio.Runner() as runner, counting() as seen:
        runner.run(open_database(database_url, durable=False))
        runner.run(execute(EMPTY))
        runner.run(board.fill())

        @given(documents(boards=board.ids, cursors=board.cursors, actors=ACTORS))
        @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
        def compare(asked: Asked) -> None:
            request = Request(asked.text, asked.variables)
            stages.append(runner.run(require_equal(asking, board.people[asked.actor], request)).stage)

        try:
            compare()
        finally:
            runner.run(close_database())
    ran = stages.count(Stage.EXECUTED)
    assert ran > len(stages) * 0.45, f"of {len(stages)} documents only {ran} ran"
    assert seen.count(True) / 2 > ran * 0.3, f"of {ran} that ran only {seen.count(True) / 2} were compiled"


WHOLE = """
query($id: ID!) { board(id: $id) {
  title seq viewerRole canUndo canRedo updatedAt trashedAt cover { id name state url } createdBy { name }
  items(first: 100) { totalCount nodes {
    __typename id x y z locked name addedBy { name colour }
    ... on ImageItem { image {
      id name title tags state failure url owner { name } renditions { size width } } }
    ... on NoteItem { text }
  } pageInfo { endCursor } } } }
"""
THEN = WHOLE.replace("($id: ID!)", "($id: ID!, $at: Long)").replace("(id: $id)", "(id: $id, at: $at)")
PLACES = (
    "query($id: ID!) { board(id: $id) { items { nodes { id x ... on ImageItem { image { width } } } } } }"
)
PAST = "query($id: ID!, $at: Long) { board(id: $id, at: $at) { seq canUndo items { nodes { id } } } }"
PEOPLE = "query($id: ID!) { board(id: $id) { items { nodes { addedBy { name } } } } }"


@pytest.fixture
async def board(database: str) -> FullBoard:
    made = FullBoard()
    await made.fill()
    return made


async def test_every_moment_is_read_as_the_resolvers_read_it(board: FullBoard) -> None:
    owner, document = board.people["owner"], THEN
    assert owner is not None
    [row] = await boards.boards_by_ids(owner, [board.board_id])
    assert row is not None
    with counting() as seen:
        for at in [*range(row.seq + 1), None]:
            values = {"id": str(board.board_id), "at": at}
            told = orjson.loads((await require_equal(Asking(), owner, Request(document, values))).payload)
            found = told["data"]["board"]
            assert found["seq"] == (row.seq if at is None else at)
            assert at is None or (found["canUndo"], found["canRedo"]) == (False, False)
            for name in ("outsider", "disabled"):
                answer = await require_equal(Asking(), board.people[name], Request(document, values))
                assert answer.payload == b'{"data":{"board":null}}'
    assert all(seen)


@pytest.mark.parametrize(("at", "code"), [(99, "BAD_INPUT"), (-1, "BAD_INPUT")])
async def test_moments_that_are_none_are_refused_by_the_resolvers(
    board: FullBoard, at: int, code: str
) -> None:
    request = Request(PAST, {"id": str(board.board_id), "at": at})
    answer = await require_equal(Asking(), board.people["owner"], request)
    assert answer.codes == (code,)


async def test_a_large_page_is_written_in_pieces_and_beside_the_loop(
    board: FullBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "MOST_AT_ONCE", 3)  # as it was imported there
    monkeypatch.setattr(plans, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(plans, "PIECE", 2)
    monkeypatch.setattr(past_items, "AT_ONCE", 2)
    owner, values = board.people["owner"], {"id": str(board.board_id)}
    with counting() as seen:
        for document in (THEN, PAST):
            await require_equal(Asking(), owner, Request(document, {**values, "at": 2}))
    assert all(seen)


async def test_a_plan_asks_for_leave(board: FullBoard) -> None:
    """Whoever is on the board gets it in their role, also by a token that only reads; nobody else a word."""
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    roles = {"owner": "OWNER", "editor": "EDITOR", "commenter": "COMMENTER", "viewer": "VIEWER"}
    with counting() as seen:
        for name, role in {**roles, "read_token": "OWNER"}.items():
            told = orjson.loads((await require_equal(asking, board.people[name], request)).payload)
            assert told["data"]["board"]["viewerRole"] == role
            assert told["data"]["board"]["canUndo"] == (name in ("owner", "editor"))
            assert told["data"]["board"]["items"]["totalCount"] == 13
        for name in ("outsider", "disabled"):
            answer = await require_equal(asking, board.people[name], request)
            assert answer.payload == b'{"data":{"board":null}}'
    assert len(seen) == 14
    assert all(seen)
    anonymous = await require_equal(asking, None, request)
    assert anonymous.codes == ("UNAUTHENTICATED",)


async def test_a_revoked_grant_ends_the_reading(board: FullBoard) -> None:
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    owner, viewer = board.people["owner"], board.people["viewer"]
    assert owner is not None
    assert viewer is not None
    assert b"title" in (await require_equal(asking, viewer, request)).payload
    await members.revoke_grants(owner, board.board_id, [viewer.account_id])
    assert (await require_equal(asking, viewer, request)).payload == b'{"data":{"board":null}}'
    await a_grant(board.board_id, viewer, Role.EDITOR)
    told = orjson.loads((await require_equal(asking, viewer, request)).payload)
    assert told["data"]["board"]["viewerRole"] == "EDITOR"
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", viewer.account_id)
    assert (await require_equal(asking, viewer, request)).payload == b'{"data":{"board":null}}'


async def test_what_was_kept_is_never_old(board: FullBoard) -> None:
    """After whatever may change an answer, it is the one that the ordinary execution gives."""
    asking, board_id = Asking(), board.board_id
    owner, editor = board.people["owner"], board.people["editor"]
    assert owner is not None
    assert editor is not None
    [waiting, working, ready, *_] = board.image_ids
    placed = (await items.items_on(owner, board_id)).nodes
    note = placed[-1].state.id

    async def recorded() -> None:
        async with transaction() as connection:
            await renditions.record(connection, working, Developed(800, 800, 600, b"content"))

    async def turned() -> None:
        async with transaction() as connection:
            await renditions.enqueue(connection, working)
        run = await jobs._claim(await fetchval("SELECT id FROM job WHERE subject = $1", working))
        assert run is not None
        await renditions._turn(run, "READY")

    async def failed() -> None:
        async with transaction() as connection:
            await jobs.bury(connection, jobs.RENDITIONS, waiting, "TOO_EXPENSIVE")

    async def made_anew() -> None:
        """An id that is used again, for a board with as many changes."""
        seq = await fetchval("SELECT seq FROM board WHERE id = $1", board_id)
        await boards.trash_boards(owner, [board_id])
        await boards.delete_boards(owner, [board_id])
        await boards.create_board(owner, id=board_id, title="Another")
        await adding.add_items(owner, board_id, [NewItem(note=NoteContent("another"))])
        await execute("UPDATE board SET seq = $2 WHERE id = $1", board_id, seq + 2)

    deeds: list[Callable[[], Awaitable[object]]] = [
        lambda: items.restyle_items(owner, board_id, [StylePatch(note, name="renamed")]),
        lambda: items.remove_items(editor, board_id, [note]),
        lambda: history.undo(editor, board_id),
        lambda: adding.add_items(owner, board_id, [NewItem(image_id=ready)]),
        lambda: images.edit_images(owner, [ImageEdit(ready, title="a new title", tags=["new"])]),
        recorded,
        turned,
        failed,
        lambda: images.retry_images(editor, [waiting]),
        lambda: accounts.edit_profile(owner, name="Another name"),
        lambda: accounts.edit_profile(editor, name="An editor"),
        lambda: boards.edit_board(editor, board_id, title="A new title", cover_id=working),
        lambda: boards.trash_boards(owner, [board_id]),
        lambda: boards.restore_boards(owner, [board_id]),
        made_anew,
    ]
    requests = [Request(text, {"id": str(board_id)}) for text in (WHOLE, PLACES, PEOPLE)]

    async def told() -> list[bytes]:
        return [
            (await require_equal(asking, board.people[actor], request)).payload
            for actor in ("owner", "viewer")
            for request in requests
        ]

    before = await told()
    for deed in deeds:
        await deed()
        after = await told()
        assert after != before
        before = after


async def test_what_has_not_committed_is_not_kept_away(board: FullBoard) -> None:
    """A change that was under way while a page was made is seen once it commits, whatever came between."""
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    owner, ready = board.people["owner"], board.image_ids[2]
    assert owner is not None
    under_way = await connect()
    try:
        running = under_way.transaction()
        await running.start()
        await under_way.execute("UPDATE image SET title = 'late' WHERE id = $1", ready)
        await announce_image(under_way, ready)
        await images.edit_images(owner, [ImageEdit(board.image_ids[4], title="quick")])
        for _ in range(3):
            assert b'"late"' not in (await require_equal(asking, owner, request)).payload
        await running.commit()
    finally:
        await under_way.close()
    assert b'"late"' in (await require_equal(asking, owner, request)).payload


async def test_an_unchanged_page_is_not_read_again(board: FullBoard) -> None:
    """Neither for another viewer nor after changes of other boards; the next page is another page."""
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    owner = board.people["owner"]
    assert owner is not None
    reads.forget()
    with statements() as seen:
        await answered(asking, owner, request)
        [whole] = (statement for statement in seen if STILL_SIGNED_IN in statement)
        other = await a_board(owner)
        await adding.add_items(owner, other.id, [NewItem(note=NoteContent("elsewhere"))])
        await images.edit_images(owner, [ImageEdit(await an_image(owner), name="elsewhere.jpg")])
        seen.clear()
        for name in ("owner", "editor", "viewer", "read_token"):
            await answered(asking, board.people[name], request)
    asked = [statement for statement in seen if STILL_SIGNED_IN in statement]
    assert len(asked) == 4
    assert whole not in asked
    assert not any("UNION ALL" in statement for statement in asked)


async def test_pages_are_kept_within_their_memory(board: FullBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, owner = Asking(), board.people["owner"]
    reads.forget()
    monkeypatch.setattr(reads, "MOST_KEPT_BYTES", 5_000)
    monkeypatch.setattr(reads, "MOST_PAGES", 4)
    text = "query($id: ID!, $n: Int!) { board(id: $id) { items(first: $n) { nodes { id name } } } }"
    for first in range(1, 20):
        await answered(asking, owner, Request(text, {"id": str(board.board_id), "n": first}))
        held = [len(page.payload) for page in reads._kept.pages.values()]
        assert 1 <= len(held) <= 4
        assert reads._kept.size_bytes == sum(held) <= 5_000
    monkeypatch.setattr(reads, "LARGEST_KEPT_BYTES", 10)
    await answered(asking, owner, Request(text, {"id": str(board.board_id), "n": 50}))
    assert reads._kept.size_bytes <= 5_000


@pytest.mark.parametrize(
    ("failure", "code"), [(TooBusy("wait"), "TOO_BUSY"), (ZeroDivisionError("secret"), "INTERNAL")]
)
async def test_a_failure_in_a_plan_is_told_like_any_other(
    board: FullBoard, monkeypatch: pytest.MonkeyPatch, failure: Exception, code: str
) -> None:
    async def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(board_reads, "read", fails)
    request = Request("query($id: ID!) { b: board(id: $id) { id } }", {"id": str(board.board_id)})
    answer = await answered(Asking(), board.people["owner"], request)
    told = orjson.loads(answer.payload)
    assert told["data"] == {"b": None}
    [error] = told["errors"]
    assert (error["path"], error["extensions"]["code"], answer.codes) == (["b"], code, (code,))
    assert error["locations"] == [{"line": 1, "column": 19}]
    assert "secret" not in answer.payload.decode()


@pytest.mark.parametrize(
    ("text", "compiled"),
    [
        ("{ board(id: $id) { id title } }", True),
        ("{ a: board(id: $id) { id } b: board(id: $id) { seq } __typename }", True),
        ("{ board(id: $id) { items { nodes { board { id } } } } }", False),
        ("{ board(id: $id) { members { totalCount } } }", False),
        ("{ board(id: $id) { id } viewer { scope } }", False),
        ("{ board(id: $id) { a: items { totalCount } b: items { totalCount } } }", False),
        ("{ board(id: $id) { items(first: 0) { totalCount } } }", False),
    ],
)
async def test_what_is_compiled_and_what_is_not(board: FullBoard, text: str, compiled: bool) -> None:
    with counting() as seen:
        request = Request(f"query($id: ID!) {text}", {"id": str(board.board_id)})
        await require_equal(Asking(), board.people["owner"], request)
    assert seen == [compiled, compiled]
