"""Following by calls: nothing is missed at the border of log and life, and one sink harms no other."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import adding, items
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.database import execute, fetchval
from domain.drags import Drag, Phase
from domain.errors import DomainError, Resync, TooBusy
from domain.live import MOVES, Change, Hub
from domain.operations import NoteContent, Placement, Transform
from domain.streams import MOST_WAITING, Kind, Waiting
from tests.factories import a_board, a_member, a_viewer


@pytest.fixture
async def hub(database: str) -> AsyncIterator[Hub]:
    async with Hub() as hub:
        await asyncio.sleep(0.1)
        yield hub


class Ear:
    """A sink that remembers. fails: with what it takes the next event."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.why: DomainError | None = None
        self.over = False
        self.fails: Exception | None = None
        self._heard = asyncio.Event()

    def take(self, event: Change) -> None:
        assert not self.over
        if self.fails is not None:
            raise self.fails
        self.seqs.append(event.seq)
        self._heard.set()

    def end(self, error: DomainError | None) -> None:
        assert not self.over
        self.over, self.why = True, error

    async def room(self) -> None:
        await asyncio.sleep(0)

    async def until(self, seq: int) -> None:
        async with asyncio.timeout(5):
            while self.seqs[-1:] != [seq]:
                self._heard.clear()
                await self._heard.wait()


async def a_note(viewer: Viewer, board_id: UUID) -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent())])
    return item_id


async def move(viewer: Viewer, board_id: UUID, item_id: UUID, x: float) -> int:
    return (await items.transform_items(viewer, board_id, [Placement(item_id, Transform(x))])).seq


@pytest.mark.parametrize("seed", range(3))
async def test_who_joins_while_others_write_misses_nothing_and_hears_nothing_twice(
    hub: Hub, seed: int
) -> None:
    """Forty come and go at random moments of eighty commits, each with what it heard last."""
    chance = random.Random(seed)
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    start: int = await fetchval("SELECT seq FROM board WHERE id = $1", board.id)

    async def follow() -> Ear:
        ear = Ear()
        for _ in range(3):
            await asyncio.sleep(chance.random() * 0.3)
            after = ear.seqs[-1] if ear.seqs else start
            follower = await hub.changes(ana, board.id, after=after).begin(ear)
            await asyncio.sleep(chance.random() * 0.1)
            follower.leave()
        await hub.changes(ana, board.id, after=ear.seqs[-1] if ear.seqs else start).begin(ear)
        return ear

    following = [asyncio.create_task(follow()) for _ in range(40)]
    for n in range(80):
        last = await move(ana, board.id, note, n)
    ears = await asyncio.gather(*following)
    for ear in ears:
        await ear.until(last)
        assert ear.seqs == list(range(start + 1, last + 1))


@pytest.mark.parametrize(
    ("failure", "why"), [(RuntimeError("a sink broke"), Resync), (TooBusy("no more"), TooBusy)]
)
@pytest.mark.usefixtures("database")
async def test_a_sink_that_fails_ends_its_own_stream_and_no_other(
    hub: Hub, failure: Exception, why: type[DomainError]
) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    ears = [Ear() for _ in range(3)]
    for ear in ears:
        await hub.changes(ana, board.id).begin(ear)
    ears[1].fails = failure
    seqs = [await move(ana, board.id, note, n) for n in range(3)]
    for ear in (ears[0], ears[2]):
        await ear.until(seqs[-1])
        assert ear.seqs == seqs
    assert ears[1].seqs == []
    assert isinstance(ears[1].why, why)
    assert ears[0].why is None


async def test_who_may_not_see_the_board_any_more_is_told_nothing_of_its_log(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grant goes between the asking for access and the reading of the log."""
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    await move(ana, board.id, note, 1)
    entered = hub._entered

    async def revoked_meanwhile(viewer: Viewer, board_id: UUID) -> object:
        found = await entered(viewer, board_id)
        await execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
        return found

    monkeypatch.setattr(hub, "_entered", revoked_meanwhile)
    ear = Ear()
    with pytest.raises(DomainError) as refused:
        await hub.changes(ben, board.id, after=0).begin(ear)
    assert refused.value.code == "NOT_FOUND"
    assert ear.seqs == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=60))
def test_what_waits_is_in_order_and_the_latest_of_its_key(events: list[tuple[int, int]]) -> None:
    waiting: Waiting[tuple[int, int]] = Waiting(Kind(lambda event: event[0]))
    for event in events:
        waiting.put(event)
    firsts = list(dict.fromkeys(key for key, _ in events))
    latest = dict(events)
    assert [waiting.take() for _ in range(len(waiting))] == [(key, latest[key]) for key in firsts]


def test_more_than_may_wait_is_refused() -> None:
    waiting: Waiting[int] = Waiting(Kind(lambda event: event))
    for number in range(MOST_WAITING):
        waiting.put(number)
    with pytest.raises(Resync):
        waiting.put(MOST_WAITING)
    waiting.put(0)
    assert len(waiting) == MOST_WAITING


def test_moments_that_wait_become_one_that_says_what_all_said() -> None:
    board, actor, gesture, one, two = (uuid4() for _ in range(5))
    waiting = Waiting(MOVES)
    for item, x, phase in ((one, 1, Phase.MOVING), (two, 2, Phase.MOVING), (one, 3, Phase.DROPPED)):
        waiting.put(Drag(board, actor, gesture, phase, [Placement(item, Transform(x))]))
    assert waiting.take() == Drag(
        board, actor, gesture, Phase.DROPPED, [Placement(one, Transform(3)), Placement(two, Transform(2))]
    )
    assert len(waiting) == 0
