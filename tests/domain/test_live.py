"""The hub: gapless under cuts, closed within two seconds, one slow reader harms nobody."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest

from domain import access, adding, changes, history, items, live
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.database import Connection, execute, fetchval, transaction
from domain.errors import BadInput, Forbidden, NotFound, Resync
from domain.live import Change, Drag, Hub, ImageProgress, Phase
from domain.notices import announce_access, announce_image
from domain.operations import NoteContent, Placement, Transform, TransformItems
from domain.rows import write
from domain.streams import MOST_WAITING
from tests.factories import a_board, a_grant, a_member, a_rendition, a_viewer, an_image, rows_of
from tests.laws import require_laws, whole_log

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def hub(database: str) -> AsyncIterator[Hub]:
    async with Hub() as hub:
        await asyncio.sleep(0.1)
        yield hub


async def a_note(viewer: Viewer, board_id: UUID) -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent(), transform=Transform())])
    return item_id


async def move(viewer: Viewer, board_id: UUID, item_id: UUID, x: float = 1.0) -> Change:
    return await items.transform_items(viewer, board_id, [Placement(item_id, Transform(x))])


class Following:
    """Reads a stream in a task of its own."""

    def __init__(self, stream: AsyncIterator[object]) -> None:
        self.events: list[object] = []
        self.error: BaseException | None = None
        self._came = asyncio.Event()
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[object]) -> None:
        try:
            async for event in stream:
                self.events.append(event)
                self._came.set()
        except Exception as error:
            self.error = error
        finally:
            self._came.set()

    async def until(self, count: int, seconds: float = 5.0) -> list[object]:
        async with asyncio.timeout(seconds):
            while len(self.events) < count and not self.task.done():
                self._came.clear()
                await self._came.wait()
        assert len(self.events) >= count, self.error
        return self.events

    async def ended(self, seconds: float = 2.0) -> None:
        await asyncio.wait_for(asyncio.shield(self.task), seconds)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def settled(hub: Hub) -> None:
    """Long enough for a new stream to be registered."""
    await asyncio.sleep(0.1)


async def test_followers_get_the_same_objects_in_order(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    item = await a_note(ana, board.id)
    first, second = Following(hub.changes(ana, board.id)), Following(hub.changes(ben, board.id))
    await settled(hub)
    made = [await move(ana, board.id, item, n) for n in range(20)]
    assert await first.until(20) == made
    assert all(a is b for a, b in zip(first.events, await second.until(20), strict=True))
    await first.stop()
    await second.stop()


async def test_following_after_a_seq_replays_and_goes_on(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = await a_note(ana, board.id)
    for n in range(5):
        await move(ana, board.id, item, n)
    log = await whole_log(board.id)
    following = Following(hub.changes(ana, board.id, after=2))
    await following.until(len(log) - 2)
    await move(ana, board.id, item, 99)
    log = await whole_log(board.id)
    assert await following.until(len(log) - 2) == log[2:]
    await following.stop()


async def test_readers_that_are_cut_at_random_miss_nothing(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    start = await fetchval("SELECT seq FROM board WHERE id = $1", board.id)
    total = start + 150

    async def read(seed: int) -> list[int]:
        chance, seen = random.Random(seed), []
        position = start
        while position < total:
            stream = hub.changes(ana, board.id, after=position)
            async with aclosing(stream):
                stay = chance.randint(1, 12)
                async for change in stream:
                    seen.append(change.seq)
                    position = change.seq
                    stay -= 1
                    if stay == 0 or position == total:
                        break
            await asyncio.sleep(chance.random() * 0.02)
        return seen

    readers = [asyncio.create_task(read(seed)) for seed in range(12)]
    for n in range(150):
        await move(ana, board.id, note, n)
    async with asyncio.timeout(20):
        for seen in await asyncio.gather(*readers):
            assert seen == list(range(start + 1, total + 1))
    await require_laws(board.id)


async def revoke_grant(board_id: UUID, viewer: Viewer) -> None:
    sql = "DELETE FROM board_grant WHERE board = $1 AND account = $2"
    await execute(sql, board_id, viewer.account_id)


async def revoke_session(board_id: UUID, viewer: Viewer) -> None:
    await execute("UPDATE session SET revoked_at = now() WHERE id = $1", viewer.session_id)


async def disable(board_id: UUID, viewer: Viewer) -> None:
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", viewer.account_id)


@pytest.mark.parametrize("end_access", [revoke_grant, revoke_session, disable])
@pytest.mark.parametrize("what", ["changes", "transforms", "image_progress"])
async def test_streams_end_within_two_seconds_of_the_access(hub: Hub, end_access: object, what: str) -> None:
    """Without any notice of the revocation: the sweep alone must see it."""
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)
    note = await a_note(ana, board.id)
    streams: dict[str, AsyncIterator[object]] = {
        "changes": hub.changes(ben, board.id),
        "transforms": hub.transforms(ben, board.id),
        "image_progress": hub.image_progress(ben, board_id=board.id),
    }
    following = Following(streams[what])
    await settled(hub)
    await end_access(board.id, ben)  # type: ignore[operator]
    await following.ended(2.0)
    assert isinstance(following.error, NotFound)
    before = len(following.events)
    await move(ana, board.id, note)
    await asyncio.sleep(0.2)
    assert len(following.events) == before


async def test_a_notice_of_revocation_lets_nothing_more_through(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    following = Following(hub.changes(ben, board.id))
    await settled(hub)
    async with transaction() as connection:
        await connection.execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
        await announce_access(connection, ben.account_id)
    for n in range(5):
        await move(ana, board.id, note, n)
    await following.ended(0.5)
    assert isinstance(following.error, NotFound)
    assert following.events == []


async def append_move(connection: Connection, viewer: Viewer, board_id: UUID, item_id: UUID) -> None:
    """What a command does, inside a transaction that goes on."""
    board = await access.board(viewer, board_id, Role.EDITOR, lock=True)
    operation = TransformItems([Placement(item_id, Transform(board.seq))])
    inverse = await write(connection, board_id, board.seq + 1, viewer.account_id, operation)
    await changes.append(connection, board_id, viewer.account_id, operation, inverse)


async def test_what_is_committed_together_with_a_revocation_is_not_delivered(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    following = Following(hub.changes(ben, board.id))
    await settled(hub)
    async with transaction() as connection:
        await append_move(connection, ana, board.id, note)
        await connection.execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
        await announce_access(connection, ben.account_id)
    await following.ended(2)
    assert isinstance(following.error, NotFound)
    assert following.events == []


async def test_more_than_is_read_at_once_arrives_without_another_notice(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 3600.0)
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    async with Hub() as hub:
        await asyncio.sleep(0.1)
        following = Following(hub.changes(ana, board.id))
        await settled(hub)
        async with transaction() as connection:
            for _ in range(changes.MOST_CHANGES + 20):
                await append_move(connection, ana, board.id, note)
        await following.until(changes.MOST_CHANGES + 20)
        await following.stop()


async def test_strangers_follow_nothing(hub: Hub) -> None:
    board = await a_board(await a_viewer())
    stranger = await a_viewer()
    for stream in (
        hub.changes(stranger, board.id),
        hub.transforms(stranger, board.id),
        hub.image_progress(stranger, board_id=board.id),
    ):
        with pytest.raises(NotFound):
            await anext(stream)
    with pytest.raises(NotFound):
        await hub.drag(stranger, board.id, uuid4(), [Placement(uuid4(), Transform())], Phase.MOVING)


async def test_a_slow_reader_is_cut_and_the_others_go_on(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    slow = hub.changes(ana, board.id)
    begun = asyncio.create_task(anext(slow))
    await settled(hub)
    quick = Following(hub.changes(ana, board.id))
    await settled(hub)
    seqs = [(await move(ana, board.id, note, n)).seq for n in range(MOST_WAITING + 2)]
    await quick.until(len(seqs))
    last = (await begun).seq
    rest = Following(slow)
    await rest.ended()
    assert isinstance(rest.error, Resync)
    assert rest.events == []
    resumed = Following(hub.changes(ana, board.id, after=last))
    await resumed.until(seqs[-1] - last)
    assert [event.seq for event in resumed.events] == list(range(last + 1, seqs[-1] + 1))  # type: ignore[attr-defined]
    await quick.stop()
    await resumed.stop()


async def test_a_killed_listener_loses_nothing(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    following = Following(hub.changes(ana, board.id))
    await settled(hub)
    made = []
    for n in range(30):
        if n % 7 == 3:
            await execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'webref live' AND datname = current_database()"
            )
        made.append(await move(ana, board.id, note, n))
    assert await following.until(30) == made
    await following.stop()


async def test_a_seq_that_never_was_or_is_no_more_asks_for_a_new_reading(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    note = await a_note(ana, board.id)
    for n in range(3):
        await move(ana, board.id, note, n)
    with pytest.raises(Resync):
        await anext(hub.changes(ana, board.id, after=1000))
    with pytest.raises(BadInput):
        await anext(hub.changes(ana, board.id, after=-1))
    await execute("DELETE FROM change WHERE board = $1 AND seq <= 2", board.id)
    with pytest.raises(Resync):
        await anext(hub.changes(ana, board.id, after=0))
    assert (await anext(hub.changes(ana, board.id, after=2))).seq == 3


async def test_draining_ends_every_stream(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    image = await an_image(ana)
    streams = [
        Following(hub.changes(ana, board.id)),
        Following(hub.transforms(ana, board.id)),
        Following(hub.image_progress(ana, image_ids=[image])),
    ]
    await settled(hub)
    await hub.drain()
    for following in streams:
        await following.ended(0.5)
        assert following.error is None
    late = Following(hub.changes(ana, board.id))
    await late.ended(0.5)
    assert late.events == []


async def test_drags_are_told_at_thirty_a_second_and_never_logged(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    note = await a_note(ana, board.id)
    before = await rows_of(board.id)
    following = Following(hub.transforms(ben, board.id))
    await settled(hub)
    gesture, began = uuid4(), time.monotonic()
    for n in range(120):
        await hub.drag(ana, board.id, gesture, [Placement(note, Transform(n))], Phase.MOVING)
        await asyncio.sleep(1 / 240)
    await hub.drag(ana, board.id, gesture, [Placement(note, Transform(500))], Phase.DROPPED)
    seconds = time.monotonic() - began
    await asyncio.sleep(0.2)
    drags = [event for event in following.events if isinstance(event, Drag)]
    assert 5 <= len(drags) <= seconds * 30 + 2
    assert drags[-1].phase is Phase.DROPPED
    assert drags[-1].placements == [Placement(note, Transform(500))]
    assert {drag.actor_id for drag in drags} == {ana.account_id}
    assert await rows_of(board.id) == before
    await following.stop()


async def test_a_drag_of_five_hundred_items_arrives_whole(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    following = Following(hub.transforms(ana, board.id))
    await settled(hub)
    placements = [Placement(uuid4(), Transform(n / 7, -n / 3, 1.1, 33.3, True)) for n in range(500)]
    await hub.drag(ana, board.id, uuid4(), placements, Phase.MOVING)
    await asyncio.sleep(0.3)
    told = {p.id: p for drag in following.events if isinstance(drag, Drag) for p in drag.placements}
    assert told == {placement.id: placement for placement in placements}
    await following.stop()


async def test_only_editors_drag(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    one = [Placement(uuid4(), Transform())]
    with pytest.raises(Forbidden):
        await hub.drag(ben, board.id, uuid4(), one, Phase.MOVING)
    with pytest.raises(BadInput):
        await hub.drag(ana, board.id, uuid4(), [Placement(uuid4(), Transform(float("nan")))], Phase.MOVING)


async def test_transforms_tell_moves_and_their_undoing(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    following = Following(hub.transforms(ana, board.id))
    await settled(hub)
    note = await a_note(ana, board.id)
    made = await move(ana, board.id, note)
    back = (await history.undo(ana, board.id)).change
    assert await following.until(2) == [made, back]
    await following.stop()


async def finish(image_id: UUID, *, announced: bool = True) -> None:
    async with transaction() as connection:
        await connection.execute("UPDATE image SET state = 'READY' WHERE id = $1", image_id)
        if announced:
            await announce_image(connection, image_id)


def told(following: Following) -> list[tuple[UUID, str, int, int]]:
    steps = [event for event in following.events if isinstance(event, ImageProgress)]
    return [(step.image.id, step.image.state.value, step.done, step.total) for step in steps]


async def test_renditions_are_told_from_the_present_state_on(hub: Hub) -> None:
    ana = await a_viewer()
    image = await an_image(ana, width=1000, height=500, state="WAITING")
    following = Following(hub.image_progress(ana, image_ids=[image]))
    await following.until(1)
    for told_so_far, size in enumerate((320, 800, 1600), start=1):
        await a_rendition(image, size)
        await following.until(told_so_far + 1)
    await finish(image)
    await following.until(5)
    assert told(following) == [
        (image, "WAITING", 0, 3),
        *((image, "WAITING", done, 3) for done in (1, 2, 3)),
        (image, "READY", 3, 3),
    ]
    await following.stop()


async def test_a_lost_notice_of_a_picture_costs_a_second(hub: Hub) -> None:
    ana = await a_viewer()
    image = await an_image(ana, state="WORKING")
    following = Following(hub.image_progress(ana, image_ids=[image]))
    await following.until(1)
    await finish(image, announced=False)
    await following.until(2, 2.0)
    await following.stop()


async def test_a_board_tells_its_pictures_and_those_that_come(hub: Hub) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    await a_grant(board.id, ben, Role.VIEWER)
    early, late, elsewhere = [await an_image(ana, state="WAITING") for _ in range(3)]
    await adding.add_items(ana, board.id, [NewItem(image_id=early)])
    following = Following(hub.image_progress(ben, board_id=board.id))
    await following.until(1)
    await adding.add_items(ana, board.id, [NewItem(image_id=late)])
    await following.until(2)
    for image in (elsewhere, early, late):
        await finish(image)
    await following.until(4)
    assert [(step[0], step[1]) for step in told(following)[:2]] == [(early, "WAITING"), (late, "WAITING")]
    assert {step[:2] for step in told(following)[2:]} == {(early, "READY"), (late, "READY")}
    await following.stop()


async def test_a_picture_is_followed_only_while_it_may_be_seen(hub: Hub) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    image = await an_image(ana, state="WAITING")
    with pytest.raises(NotFound):
        await anext(hub.image_progress(ben, image_ids=[image]))
    await adding.add_items(ana, board.id, [NewItem(image_id=image)])
    following = Following(hub.image_progress(ben, image_ids=[image]))
    await following.until(1)
    await revoke_grant(board.id, ben)
    await following.ended(2.0)
    assert isinstance(following.error, NotFound)
    await finish(image)
    await asyncio.sleep(0.2)
    assert len(following.events) == 1


async def test_exactly_one_of_board_and_pictures(hub: Hub) -> None:
    ana = await a_viewer()
    for given in ({}, {"image_ids": [uuid4()], "board_id": uuid4()}):
        with pytest.raises(BadInput):
            await anext(hub.image_progress(ana, **given))  # type: ignore[arg-type]


async def test_one_question_for_all_who_follow(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    asked: list[int] = []
    ask = access.still_allowed

    async def counted(pairs: set[tuple[Viewer, UUID]]) -> set[tuple[Viewer, UUID]]:
        asked.append(len(pairs))
        return await ask(pairs)

    monkeypatch.setattr(access, "still_allowed", counted)
    following = [Following(hub.changes(ana, board.id)) for _ in range(50)]
    await asyncio.sleep(1.2)
    assert 1 <= len(asked) <= 4
    assert max(asked) == 1
    for one in following:
        await one.stop()
