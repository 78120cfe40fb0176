"""Compiled reads: the same bytes as the ordinary execution gives, from rows or from what was kept."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

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
from domain.access import STILL_SIGNED_IN, Role, Scope, Viewer
from domain.adding import NewItem
from domain.checks import FARTHEST
from domain.database import close_database, connect, execute, fetch, fetchval, open_database, transaction
from domain.decoding import Developed
from domain.errors import TooBusy
from domain.images import ImageEdit
from domain.notices import announce_image
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    NoteContent,
    Sampling,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from schema import execution, plans, reads
from schema.context import Context
from schema.execution import Answer, Prepared, Request, Stage
from tests.conftest import EMPTY
from tests.factories import a_board, a_grant, a_member, a_rendition, a_viewer, an_image
from tests.schema.asking import Asking
from tests.schema.documents import Asked, documents
from tests.schema.test_execution import statements

ACTORS = ("owner", "owner", "editor", "commenter", "viewer", "read_token", "outsider", "disabled", "nobody")


class Board:
    """Everything that may lie on a board, in every state, and everybody who may ask for it."""

    def __init__(self) -> None:
        self.people: dict[str, Viewer | None] = {"nobody": None}
        self.ids: list[str] = []
        self.cursors: list[str | None] = [None, "", "nonsense"]
        self.board_id = UUID(int=0)
        self.image_ids: list[UUID] = []

    async def fill(self) -> None:
        owner = self.people["owner"] = await a_viewer('Ana "\\ é 漢 \u2028')
        board = await a_board(owner, title="Title é", description="Words\n\t<>&")
        self.board_id = board.id
        await execute("UPDATE board SET title = title || $1", '\x7f\x01"')
        for role in (Role.EDITOR, Role.COMMENTER, Role.VIEWER):
            self.people[role.value.lower()] = await a_member(board.id, role)
        self.people["read_token"] = Viewer(owner.account_id, owner.name, scope=Scope.READ)
        self.people["outsider"] = await a_viewer()
        self.people["disabled"] = disabled = await a_member(board.id, Role.EDITOR)
        await execute("UPDATE account SET disabled_at = now() WHERE id = $1", disabled.account_id)
        editor = self.people["editor"]
        assert editor is not None
        sizes: tuple[tuple[str, tuple[int, ...]], ...] = (
            ("WAITING", ()),
            ("WORKING", (320,)),
            ("READY", (1600, 320, 800)),
            ("FAILED", ()),
            ("READY", (320, 800)),
        )
        for state, made in sizes:
            image_id = await an_image(owner, state=state)
            self.image_ids.append(image_id)
            for size in made:
                await a_rendition(image_id, size, height=7, size_bytes=5_000_000_000)
        await execute(
            "UPDATE image SET failure = 'CORRUPT', tags = '{a,\"b c\"}', camera = 'Box', taken_at = now(), "
            "palette = '{#0090ff}', placeholder = 'abc', title = 'T' WHERE id = $1",
            self.image_ids[3],
        )
        await adding.add_items(
            owner,
            board.id,
            [NewItem(image_id=image_id) for image_id in (*self.image_ids, self.image_ids[2])]
            + [NewItem(note=NoteContent('one "\\ é', background=None)), NewItem(note=NoteContent(""))]
            + await self.others(),
        )
        await execute("UPDATE image SET owner = $1 WHERE id = $2", editor.account_id, self.image_ids[0])
        placed = [row["id"] for row in await fetch("SELECT id FROM item ORDER BY z, id")]
        await items.remove_items(editor, board.id, [placed[5]])
        for item_id, x in zip(
            placed, (1e-7, -0.0, FARTHEST, 0.1, 123456789.123, 5e-324, -1.5e-5), strict=False
        ):
            await execute(
                "UPDATE item SET x = $2, flip_x = true, name = 'n', hidden = true WHERE id = $1", item_id, x
            )
        empty, trashed = await a_board(owner), await a_board(owner)
        await adding.add_items(owner, trashed.id, [NewItem(image_id=self.image_ids[0])])
        await boards.trash_boards(owner, [trashed.id])
        covered = await boards.duplicate_board(owner, board.id)
        await execute("UPDATE board SET cover_id = $2 WHERE id = $1", covered.id, self.image_ids[1])
        viewer = self.people["viewer"]
        assert viewer is not None
        await a_grant(covered.id, viewer, Role.VIEWER)
        self.ids = [str(board.id)] * 6 + [str(each) for each in (empty.id, trashed.id, covered.id, uuid4())]
        self.ids.append("no id")
        self.cursors += (await items.items_on(owner, board.id)).cursors

    async def others(self) -> list[NewItem]:
        """Every kind of item, each look, and one in another."""
        frame, group = uuid4(), uuid4()
        looks = Style(
            0.5, True, 0.1, 4.0, 1e-3, Sampling.NEAREST, name="é", tags=["a", 'b "c"'], link="https://x.y/é"
        )
        stroke = DrawingContent(Shape.PEN, [(0.1, -2.0), (1e-7, 3.0)], [0.0, 1.0], "#010203", 0.1, "#fffefd")
        return [
            NewItem(id=frame, frame=FrameContent("#abcdef"), style=looks),
            NewItem(id=group, is_group=True, parent_id=frame),
            NewItem(frame=FrameContent(), parent_id=group, transform=Transform(30)),
            NewItem(drawing=stroke, parent_id=group, transform=Transform(3, 4)),
            NewItem(drawing=DrawingContent(Shape.ELLIPSE), width=3, height=4),
            NewItem(image_id=self.image_ids[2], crop=Crop(0.1, 0, 0.7, 1 / 3), style=looks),
        ]


@contextmanager
def ordinary() -> Iterator[None]:
    """Nothing is answered by plans meanwhile."""

    async def not_at_all(*_: object) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "_read", not_at_all)
        yield


@contextmanager
def counting() -> Iterator[list[bool]]:
    """Whether each operation was answered by a plan."""
    seen: list[bool] = []
    original = execution._read

    async def noted(prepared: Prepared, context: Context) -> Answer | None:
        found = await original(prepared, context)
        seen.append(found is not None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "_read", noted)
        yield seen


Path = tuple[str | int, ...]


async def _answer(asking: Asking, viewer: Viewer | None, request: Request) -> Answer:
    return await execution.answer(request, asking.context(viewer))


async def _require_equal(asking: Asking, viewer: Viewer | None, request: Request) -> Answer:
    """Compiled, kept and ordinary; returns the answer."""
    first = await _answer(asking, viewer, request)
    again = await _answer(asking, viewer, request)
    with ordinary():
        reference = await _answer(asking, viewer, request)
    _require_alike(first, reference)
    _require_alike(again, reference)
    assert "INTERNAL" not in first.codes
    return first


def _require_alike(answer: Answer, reference: Answer) -> None:
    """The same bytes; of failures what GraphQL promises, which is neither their order nor all of them.

    Siblings run at once. Where one of them takes their parent with it, what the others would have said need
    not be told, so there it may be another's failure, as long as it takes the same parent.
    """
    if answer == reference:
        return
    bare, wanted_bare = (replace(each, payload=b"", codes=(), errors=b"") for each in (answer, reference))
    assert bare == wanted_bare
    told, wanted = orjson.loads(answer.payload), orjson.loads(reference.payload)
    assert orjson.dumps(told.get("data")) == orjson.dumps(wanted.get("data"))
    failures, expected = _failures(told), _failures(wanted)
    assert failures.keys() == expected.keys()
    for taken, by_path in failures.items():
        shared = by_path.keys() & expected[taken].keys()
        assert [by_path[path] for path in shared] == [expected[taken][path] for path in shared]
        others = by_path.keys() ^ expected[taken].keys()
        assert all(len(path) > len(taken) for path in others), "a failure that nobody else hides is told"


def _failures(told: dict[str, Any]) -> dict[Path, dict[Path, list[str]]]:
    """What each said, sorted, by where it failed; these by what is null for it."""
    found: dict[Path, dict[Path, list[str]]] = {}
    for error in told.get("errors", ()):
        path = tuple(error.get("path", ()))
        at_path = found.setdefault(_taken(told.get("data"), path), {}).setdefault(path, [])
        at_path.append(orjson.dumps(error).decode())
        at_path.sort()
    return found


def _taken(data: Any, path: Path) -> Path:
    for depth, step in enumerate(path):
        if data is None:
            return path[:depth]
        data = data[step]
    return path


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
        _require_alike(answer(told), reference)
    else:
        with pytest.raises(AssertionError):
            _require_alike(answer(told), reference)


def test_plans_answer_what_the_resolvers_answer(database_url: str) -> None:
    board, asking = Board(), Asking()
    stages: list[Stage] = []

    with asyncio.Runner() as runner, counting() as seen:
        runner.run(open_database(database_url, durable=False))
        runner.run(execute(EMPTY))
        runner.run(board.fill())

        @given(documents(boards=board.ids, cursors=board.cursors, actors=ACTORS))
        @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
        def compare(asked: Asked) -> None:
            request = Request(asked.text, asked.variables)
            stages.append(runner.run(_require_equal(asking, board.people[asked.actor], request)).stage)

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
async def board(database: str) -> Board:
    made = Board()
    await made.fill()
    return made


async def test_every_moment_is_read_as_the_resolvers_read_it(board: Board) -> None:
    owner, document = board.people["owner"], THEN
    assert owner is not None
    [row] = await boards.boards_by_ids(owner, [board.board_id])
    assert row is not None
    with counting() as seen:
        for at in [*range(row.seq + 1), None]:
            values = {"id": str(board.board_id), "at": at}
            told = orjson.loads((await _require_equal(Asking(), owner, Request(document, values))).payload)
            found = told["data"]["board"]
            assert found["seq"] == (row.seq if at is None else at)
            assert at is None or (found["canUndo"], found["canRedo"]) == (False, False)
            for name in ("outsider", "disabled"):
                answer = await _require_equal(Asking(), board.people[name], Request(document, values))
                assert answer.payload == b'{"data":{"board":null}}'
    assert all(seen)


@pytest.mark.parametrize(("at", "code"), [(99, "BAD_INPUT"), (-1, "BAD_INPUT")])
async def test_moments_that_are_none_are_refused_by_the_resolvers(board: Board, at: int, code: str) -> None:
    request = Request(PAST, {"id": str(board.board_id), "at": at})
    answer = await _require_equal(Asking(), board.people["owner"], request)
    assert answer.codes == (code,)


async def test_a_large_page_is_written_in_pieces_and_beside_the_loop(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "MOST_AT_ONCE", 3)  # as it was imported there
    monkeypatch.setattr(plans, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(plans, "PIECE", 2)
    monkeypatch.setattr(past_items, "AT_ONCE", 2)
    owner, values = board.people["owner"], {"id": str(board.board_id)}
    with counting() as seen:
        for document in (THEN, PAST):
            await _require_equal(Asking(), owner, Request(document, {**values, "at": 2}))
    assert all(seen)


async def test_a_plan_asks_for_leave(board: Board) -> None:
    """Whoever is on the board gets it in their role, also by a token that only reads; nobody else a word."""
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    roles = {"owner": "OWNER", "editor": "EDITOR", "commenter": "COMMENTER", "viewer": "VIEWER"}
    with counting() as seen:
        for name, role in {**roles, "read_token": "OWNER"}.items():
            told = orjson.loads((await _require_equal(asking, board.people[name], request)).payload)
            assert told["data"]["board"]["viewerRole"] == role
            assert told["data"]["board"]["canUndo"] == (name in ("owner", "editor"))
            assert told["data"]["board"]["items"]["totalCount"] == 13
        for name in ("outsider", "disabled"):
            answer = await _require_equal(asking, board.people[name], request)
            assert answer.payload == b'{"data":{"board":null}}'
    assert len(seen) == 14
    assert all(seen)
    anonymous = await _require_equal(asking, None, request)
    assert anonymous.codes == ("UNAUTHENTICATED",)


async def test_a_revoked_grant_ends_the_reading(board: Board) -> None:
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    owner, viewer = board.people["owner"], board.people["viewer"]
    assert owner is not None
    assert viewer is not None
    assert b"title" in (await _require_equal(asking, viewer, request)).payload
    await members.revoke_grants(owner, board.board_id, [viewer.account_id])
    assert (await _require_equal(asking, viewer, request)).payload == b'{"data":{"board":null}}'
    await a_grant(board.board_id, viewer, Role.EDITOR)
    told = orjson.loads((await _require_equal(asking, viewer, request)).payload)
    assert told["data"]["board"]["viewerRole"] == "EDITOR"
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", viewer.account_id)
    assert (await _require_equal(asking, viewer, request)).payload == b'{"data":{"board":null}}'


async def test_what_was_kept_is_never_old(board: Board) -> None:
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
            (await _require_equal(asking, board.people[actor], request)).payload
            for actor in ("owner", "viewer")
            for request in requests
        ]

    before = await told()
    for deed in deeds:
        await deed()
        after = await told()
        assert after != before
        before = after


async def test_what_has_not_committed_is_not_kept_away(board: Board) -> None:
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
            assert b'"late"' not in (await _require_equal(asking, owner, request)).payload
        await running.commit()
    finally:
        await under_way.close()
    assert b'"late"' in (await _require_equal(asking, owner, request)).payload


async def test_an_unchanged_page_is_not_read_again(board: Board) -> None:
    """Neither for another viewer nor after changes of other boards; the next page is another page."""
    asking, request = Asking(), Request(WHOLE, {"id": str(board.board_id)})
    owner = board.people["owner"]
    assert owner is not None
    reads.forget()
    with statements() as seen:
        await _answer(asking, owner, request)
        [whole] = (statement for statement in seen if STILL_SIGNED_IN in statement)
        other = await a_board(owner)
        await adding.add_items(owner, other.id, [NewItem(note=NoteContent("elsewhere"))])
        await images.edit_images(owner, [ImageEdit(await an_image(owner), name="elsewhere.jpg")])
        seen.clear()
        for name in ("owner", "editor", "viewer", "read_token"):
            await _answer(asking, board.people[name], request)
    asked = [statement for statement in seen if STILL_SIGNED_IN in statement]
    assert len(asked) == 4
    assert whole not in asked
    assert not any("UNION ALL" in statement for statement in asked)


async def test_pages_are_kept_within_their_memory(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, owner = Asking(), board.people["owner"]
    reads.forget()
    monkeypatch.setattr(reads, "MOST_KEPT_BYTES", 5_000)
    monkeypatch.setattr(reads, "MOST_PAGES", 4)
    text = "query($id: ID!, $n: Int!) { board(id: $id) { items(first: $n) { nodes { id name } } } }"
    for first in range(1, 20):
        await _answer(asking, owner, Request(text, {"id": str(board.board_id), "n": first}))
        held = [len(page.payload) for page in reads._kept.pages.values()]
        assert 1 <= len(held) <= 4
        assert reads._kept.size_bytes == sum(held) <= 5_000
    monkeypatch.setattr(reads, "LARGEST_KEPT_BYTES", 10)
    await _answer(asking, owner, Request(text, {"id": str(board.board_id), "n": 50}))
    assert reads._kept.size_bytes <= 5_000


@pytest.mark.parametrize(
    ("failure", "code"), [(TooBusy("wait"), "TOO_BUSY"), (ZeroDivisionError("secret"), "INTERNAL")]
)
async def test_a_failure_in_a_plan_is_told_like_any_other(
    board: Board, monkeypatch: pytest.MonkeyPatch, failure: Exception, code: str
) -> None:
    async def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(board_reads, "read", fails)
    request = Request("query($id: ID!) { b: board(id: $id) { id } }", {"id": str(board.board_id)})
    answer = await _answer(Asking(), board.people["owner"], request)
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
async def test_what_is_compiled_and_what_is_not(board: Board, text: str, compiled: bool) -> None:
    with counting() as seen:
        request = Request(f"query($id: ID!) {text}", {"id": str(board.board_id)})
        await _require_equal(Asking(), board.people["owner"], request)
    assert seen == [compiled, compiled]
