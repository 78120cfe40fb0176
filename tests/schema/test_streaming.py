"""Streaming: one execution for all who ask the same, nobody's answer for somebody else, and slow readers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from domain import adding, images, items, sessions
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.database import execute, transaction
from domain.errors import DatabaseUnavailable
from domain.live import Hub, Phase
from domain.notices import announce_access
from domain.operations import NoteContent, Placement, Transform
from domain.settings import Settings
from domain.streams import MOST_WAITING
from schema import execution, streaming
from schema.execution import Answer, Request, Stage
from schema.streaming import Edition, Subscription
from tests.factories import a_board, a_member, a_viewer, an_image
from tests.schema.asking import Asking, Heard

CHANGES = """subscription($b: ID!, $a: Long) { boardChanges(boardId: $b, after: $a) {
    seq actor { name } operation { ... on TransformItems { items { id transform { x } } } } } }"""
ROLES = "subscription($b: ID!) { boardChanges(boardId: $b) { seq board { viewerRole canUndo } } }"
PICTURES = """subscription($b: ID!, $a: Long) { boardChanges(boardId: $b, after: $a) {
    seq operation { ... on AddItems { items { image { name } } } } } }"""
MOVES = "subscription($b: ID!) { transforms(boardId: $b) { phase seq items { transform { x } } } }"


@pytest.fixture
async def asking(database: str, settings: Settings) -> AsyncIterator[Asking]:
    sessions.sign_with(settings)
    async with Hub() as hub:
        await asyncio.sleep(0.1)
        yield Asking(hub, settings)


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each event that is executed, or written by a writer."""
    seen: list[object] = []
    make = Edition._make

    def counted(edition: Edition, copy: Any) -> None:
        seen.append(copy)
        make(edition, copy)

    monkeypatch.setattr(Edition, "_make", counted)
    return seen


class Reading(Heard):
    """A subscription that has begun."""

    def __init__(self, asking: Asking, viewer: Viewer, document: str, **variables: object) -> None:
        super().__init__()
        request = Request(document, variables)
        context = asking.context(viewer)
        self.subscription = Subscription(execution.prepare(request, context), request, context, self)

    async def begun(self) -> "Reading":
        await self.subscription.begin()
        return self

    async def until(self, count: int) -> list[Any]:
        async with asyncio.timeout(5):
            while len(self.payloads) < count:
                answer = await self.answers.get()
                assert answer is not None
        return [next(iter(orjson.loads(payload)["data"].values())) for payload in self.payloads]

    async def why(self) -> Answer | None:
        async with asyncio.timeout(5):
            while True:
                answer = await self.answers.get()
                if answer is None or answer.codes:
                    return answer

    def go_on(self) -> None:
        self.open()
        self.subscription.go_on()


async def a_note(viewer: Viewer, board_id: UUID) -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent())])
    return item_id


async def move(viewer: Viewer, board_id: UUID, item_id: UUID, x: float = 1.0) -> int:
    return (await items.transform_items(viewer, board_id, [Placement(item_id, Transform(x))])).seq


async def test_who_asks_the_same_shares_one_execution_and_its_bytes(
    asking: Asking, executions: list[object]
) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    people = [ana, *[await a_member(board.id, Role.VIEWER) for _ in range(4)]]
    readers = [
        await Reading(asking, person, CHANGES, b=str(board.id), a=after).begun()
        for person in people
        for after in (None, 2)
    ]
    for n in range(5):
        await move(ana, board.id, note, n)
    for reader in readers:
        told = await reader.until(5)
        assert [change["operation"]["items"][0]["transform"]["x"] for change in told] == [0, 1, 2, 3, 4]
    assert len(executions) == 5
    assert all(a is b for a, b in zip(readers[0].payloads, readers[-1].payloads, strict=True))


async def test_other_documents_variables_and_boards_are_executed_by_themselves(
    asking: Asking, executions: list[object]
) -> None:
    ana = await a_viewer()
    boards = [await a_board(ana) for _ in range(2)]
    notes = [await a_note(ana, board.id) for board in boards]
    readers = [
        await Reading(asking, ana, document, b=str(board.id)).begun()
        for board in boards
        for document in (CHANGES, ROLES)
    ]
    for board, note in zip(boards, notes, strict=True):
        await move(ana, board.id, note, 7)
    for reader in readers:
        assert [change["seq"] for change in await reader.until(1)] == [3]
    assert len(executions) == 2 * (1 + 2)  # what asks for the viewer is tried for nobody, then for them


async def test_what_depends_on_the_viewer_is_told_to_each_in_their_own_words(
    asking: Asking, executions: list[object]
) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    ben, eve = await a_member(board.id, Role.EDITOR), await a_member(board.id, Role.VIEWER)
    readers = [await Reading(asking, who, ROLES, b=str(board.id)).begun() for who in (ana, ana, ben, eve)]
    await move(ana, board.id, note)
    told = [(await reader.until(1))[0]["board"] for reader in readers]
    assert [board["viewerRole"] for board in told] == ["OWNER", "OWNER", "EDITOR", "VIEWER"]
    assert [board["canUndo"] for board in told] == [True, True, False, False]
    assert len(executions) == 1 + 3


async def test_pictures_of_the_board_are_told_to_all_at_once_and_others_to_each(
    asking: Asking, executions: list[object]
) -> None:
    """Whoever may read a board may see what lies on it; which boards else hold a picture is one's own."""
    ana = await a_viewer()
    board, secret = await a_board(ana), await a_board(ana, title="Secret")
    ben = await a_member(board.id, Role.VIEWER)
    image = await an_image(ana, name="fox.jpg")
    await adding.add_items(ana, secret.id, [NewItem(image_id=image)])
    elsewhere = (
        "subscription($b: ID!) { boardChanges(boardId: $b) { seq board { cover { boards(first: 5) "
        "{ nodes { title } } } } } }"
    )
    readers = [
        await Reading(asking, who, document, b=str(board.id)).begun()
        for document in (PICTURES, elsewhere)
        for who in (ana, ben)
    ]
    item_id = uuid4()
    await adding.add_items(ana, board.id, [NewItem(id=item_id, image_id=image)])
    told = [(await reader.until(1))[0] for reader in readers]
    assert [one["operation"]["items"][0]["image"] for one in told[:2]] == [{"name": "fox.jpg"}] * 2
    titles = [{node["title"] for node in one["board"]["cover"]["boards"]["nodes"]} for one in told[2:]]
    assert titles == [{"Board", "Secret"}, {"Board"}]
    assert len(executions) == 1 + (1 + 2)
    await move(ana, board.id, item_id)
    for reader in readers:
        await reader.until(2)
    assert len(executions) == 2 * (1 + (1 + 2))


async def test_a_picture_that_is_not_the_boards_is_read_with_the_viewers_own_access(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    image = await an_image(ana, name="secret.jpg")
    await adding.add_items(ana, board.id, [NewItem(image_id=image)])
    await execute("DELETE FROM item WHERE board = $1", board.id)
    readers = [await Reading(asking, who, PICTURES, b=str(board.id), a=1).begun() for who in (ana, ben)]
    told = [(await reader.until(1))[0]["operation"]["items"][0]["image"] for reader in readers]
    assert told == [{"name": "secret.jpg"}, None]


async def test_a_reader_that_keeps_up_never_waits_for_a_slow_one(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    slow = await Reading(asking, ana, CHANGES, b=str(board.id)).begun()
    quick = await Reading(asking, ana, CHANGES, b=str(board.id)).begun()
    slow.clear = False
    seqs = [await move(ana, board.id, note, n) for n in range(20)]
    assert [change["seq"] for change in await quick.until(20)] == seqs
    assert slow.payloads == []
    slow.go_on()
    assert [change["seq"] for change in await slow.until(20)] == seqs


async def test_a_slow_reader_gets_the_latest_moment_of_each_drag_in_its_place(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    slow = await Reading(asking, ana, MOVES, b=str(board.id)).begun()
    quick = await Reading(asking, ana, MOVES, b=str(board.id)).begun()
    slow.clear = False
    gesture = uuid4()
    for n in range(5):
        await asking.hub.drag(ana, board.id, gesture, [Placement(note, Transform(n))], Phase.MOVING)
        await quick.until(n + 1)
    await asking.hub.drag(ana, board.id, gesture, [Placement(note, Transform(9))], Phase.DROPPED)
    await quick.until(6)
    await move(ana, board.id, note, 9)
    await quick.until(7)
    slow.go_on()
    told = await slow.until(2)
    assert [(step["phase"], step["items"][0]["transform"]["x"]) for step in told] == [
        ("DROPPED", 9),
        ("COMMITTED", 9),
    ]


async def test_who_takes_nothing_is_told_to_read_anew_and_loses_nothing_by_it(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    slow = await Reading(asking, ana, CHANGES, b=str(board.id)).begun()
    slow.clear = False
    await move(ana, board.id, note)
    operation = [Placement(note, Transform(3))]
    for _ in range(MOST_WAITING):
        await items.transform_items(ana, board.id, operation)
    ended = await slow.why()
    assert ended is not None
    assert ended.codes == ("RESYNC",)
    assert slow.payloads == []
    again = Reading(asking, ana, CHANGES, b=str(board.id), a=2)
    begun = asyncio.create_task(again.begun())
    told = await again.until(MOST_WAITING + 1)
    assert [change["seq"] for change in told] == list(range(3, MOST_WAITING + 4))
    await begun


async def test_what_is_read_from_the_log_waits_in_the_log_while_the_reader_is_slow(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    for n in range(30):
        await move(ana, board.id, note, n)
    slow = Reading(asking, ana, CHANGES, b=str(board.id), a=0)
    slow.clear = False
    begun = asyncio.create_task(slow.begun())
    await asyncio.sleep(0.2)
    assert slow.payloads == []
    late = await move(ana, board.id, note, 99)
    slow.go_on()
    assert [change["seq"] for change in await slow.until(late)] == list(range(1, late + 1))
    await begun


async def test_a_revoked_reader_is_sent_nothing_of_what_waited_for_it(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    reader = await Reading(asking, ben, CHANGES, b=str(board.id)).begun()
    reader.clear = False
    for n in range(3):
        await move(ana, board.id, note, n)
    await asyncio.sleep(0.1)
    async with transaction() as connection:
        await connection.execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
        await announce_access(connection, ben.account_id)
    ended = await reader.why()
    assert ended is not None
    assert ended.codes == ("NOT_FOUND",)
    reader.go_on()
    await move(ana, board.id, note)
    await asyncio.sleep(0.2)
    assert reader.payloads == []


async def test_drags_that_follow_a_revocation_are_not_shown_to_the_revoked(asking: Asking) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    one = [Placement(note, Transform(1))]
    await asking.hub.drag(ana, board.id, uuid4(), one, Phase.MOVING)  # she is trusted for a second
    await asyncio.sleep(0.1)
    readers = [await Reading(asking, who, MOVES, b=str(board.id)).begun() for who in (ana, ben)]
    async with transaction() as connection:
        await connection.execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
        await announce_access(connection, ben.account_id)
    await asking.hub.drag(ana, board.id, uuid4(), one, Phase.MOVING)
    await readers[0].until(1)
    assert readers[1].payloads == []


async def test_an_event_that_cannot_be_said_is_an_error_and_the_stream_goes_on(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    readers = [await Reading(asking, ana, CHANGES, b=str(board.id)).begun() for _ in range(2)]

    def unsayable(data: Any, found: Any) -> Answer:
        if not found:
            raise ValueError("nobody expected this")
        return execution.encoded(data, found)

    monkeypatch.setattr(streaming, "encoded", unsayable)
    first = await move(ana, board.id, note, 1)
    for reader in readers:
        async with asyncio.timeout(5):
            await reader.answers.get()
        (failed,) = [orjson.loads(payload) for payload in reader.payloads]
        assert failed["data"] is None
        assert failed["errors"][0]["extensions"]["code"] == "INTERNAL"
        reader.payloads.clear()
    monkeypatch.undo()
    await move(ana, board.id, note, 2)
    for reader in readers:
        assert [change["seq"] for change in await reader.until(1)] == [first + 1]
    assert "nobody expected this" in caplog.text


async def test_an_event_that_cannot_be_said_for_now_ends_the_stream_and_is_said_to_who_goes_on(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped it would be a gap that nobody tells of: the database was away when the names were asked for."""
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    readers = [await Reading(asking, ana, CHANGES, b=str(board.id)).begun() for _ in range(2)]

    def away(data: Any, found: Any) -> Answer:
        if not found:
            raise DatabaseUnavailable("The database does not answer.")
        return execution.encoded(data, found)

    monkeypatch.setattr(streaming, "encoded", away)
    seq = await move(ana, board.id, note, 1)
    for reader in readers:
        ended = await reader.why()
        assert ended is not None
        assert (ended.stage, ended.codes) == (Stage.ENDED, ("DATABASE_UNAVAILABLE",))
        assert reader.payloads == []
    monkeypatch.undo()
    again = await Reading(asking, ana, CHANGES, b=str(board.id), a=seq - 1).begun()
    assert [change["seq"] for change in await again.until(1)] == [seq]


async def test_an_event_that_can_only_be_said_in_part_for_now_ends_the_stream_too(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A null would be taken for a picture that is not there, for good."""
    ana = await a_viewer()
    board = await a_board(ana)
    image = await an_image(ana, name="here.jpg")
    readers = [await Reading(asking, ana, PICTURES, b=str(board.id)).begun() for _ in range(2)]

    async def away(*_: object) -> object:
        raise DatabaseUnavailable("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(images, "images_of_board", away)
        change = await adding.add_items(ana, board.id, [NewItem(image_id=image)])
        for reader in readers:
            ended = await reader.why()
            assert ended is not None
            assert (ended.stage, ended.codes) == (Stage.ENDED, ("DATABASE_UNAVAILABLE",))
            assert reader.payloads == []
    again = await Reading(asking, ana, PICTURES, b=str(board.id), a=change.seq - 1).begun()
    [told] = await again.until(1)
    assert told == {"seq": change.seq, "operation": {"items": [{"image": {"name": "here.jpg"}}]}}
