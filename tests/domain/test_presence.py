"""Presence: told whole, bounded, gone when it should be, and never in the log."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain import members
from domain.access import Role, Viewer
from domain.errors import DomainError, LimitExceeded, NotFound
from domain.live import Hub
from domain.presence import (
    Point,
    Presence,
    PresenceEvent,
    Presences,
    Shown,
    Status,
    Viewport,
    packed,
)
from domain.presence_book import DEAD_SECONDS, DOUBT_SECONDS, SILENT_SECONDS, both
from domain.presence_notices import Reader, Told, notices_of
from tests.domain.attending import Clock, Process, Seen, settled, until
from tests.factories import a_board, a_member, a_viewer, rows_of
from tests.laws import require_laws

pytestmark = pytest.mark.usefixtures("database")

VIEWPORT = Viewport(10.0, 20.0, 0.5, 1280.0, 800.0)


async def test_what_is_shown_in_one_process_is_seen_in_the_other_and_nowhere_in_the_rows(
    processes: list[Process],
) -> None:
    one, other = processes
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER, "Ben")
    before = await rows_of(board.id)
    seen = await other.follow(ana, board.id)
    assert seen.events == [PresenceEvent(True, [], [])]
    client, item = uuid4(), uuid4()
    shown = Shown(cursor=Point(1.5, -2.0), selection=packed([item]), viewport=VIEWPORT, status=Status.IDLE)
    await one.presences.show(ben, board.id, client, shown)
    await until(lambda: seen.here)
    [presence] = seen.here.values()
    assert (presence.client_id, presence.account_id) == (client, ben.account_id)
    assert (presence.name, presence.colour) == ("Ben", "#4f9cf9")
    assert (presence.cursor, presence.selection) == (Point(1.5, -2.0), [item])
    assert (presence.viewport, presence.status, presence.following) == (VIEWPORT, Status.IDLE, None)
    assert await rows_of(board.id) == before
    await require_laws(board.id)


async def test_what_is_left_out_stays_and_none_takes_away(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    client, followed = uuid4(), uuid4()
    await one.presences.show(ana, board.id, client, Shown(cursor=Point(1, 1), following=followed))
    await one.presences.show(ana, board.id, client, Shown(viewport=VIEWPORT))
    await settled()
    await other.presences.show(ana, board.id, client, Shown(cursor=None))
    await until(lambda: client in seen.here and seen.here[client].cursor is None)
    assert seen.here[client].viewport == VIEWPORT
    assert seen.here[client].following == followed


async def test_a_selection_of_five_hundred_arrives_whole_in_notices_that_postgresql_takes(
    processes: list[Process],
) -> None:
    one, other = processes
    ana = await a_viewer("Æ" * 80)
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    items = [uuid4() for _ in range(500)]
    everything = Shown(Point(1e9, -1e9), packed(items), VIEWPORT, uuid4(), Status.ACTIVE)
    await one.presences.show(ana, board.id, uuid4(), everything)
    await until(lambda: seen.here)
    [presence] = seen.here.values()
    assert presence.selection == items
    words = [
        Told(board.id, uuid4(), ana.account_id, "Æ" * 80, "#ffffff", 1, shown=everything) for _ in range(50)
    ]
    notices = notices_of(one.presences.process, words)
    assert max(len(notice.encode()) for notice in notices) < 8000
    reader = Reader()
    read = [message for notice in notices if (message := reader.read(notice)) is not None]
    assert read == [(one.presences.process, words)]
    with pytest.raises(LimitExceeded):
        packed([*items, uuid4()])


def test_a_message_with_a_part_missing_is_not_read() -> None:
    process = uuid4()
    words = [Told(uuid4(), uuid4(), uuid4(), "Ana", "#ffffff", 1, shown=Shown(selection=bytes(16_000)))]
    first, second, third = notices_of(process, words)
    reader = Reader()
    assert reader.read(first) is None
    with pytest.raises(ValueError, match="missing"):
        reader.read(third)
    for nonsense in ("", "x", "1:2:3:4", f"{process.hex}:0::!!", f"{process.hex}:0::AAAA"):
        with pytest.raises(ValueError):  # noqa: PT011 (whatever it says)
            reader.read(nonsense)
    assert [reader.read(part) for part in (first, second)] == [None, None]
    assert reader.read(third) == (process, words)


async def test_one_client_is_told_thirty_times_a_second_and_ends_where_it_ended(database: str) -> None:
    process = Process(Clock())
    process.presences = Presences(time.monotonic)
    await process.listen()
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await process.follow(ana, board.id)
    client, began = uuid4(), time.monotonic()
    for n in range(150):
        await process.presences.show(ana, board.id, client, Shown(cursor=Point(n, n)))
        await asyncio.sleep(1 / 300)
    await process.presences.show(ana, board.id, client, Shown(cursor=Point(500, 500)))
    seconds = time.monotonic() - began
    await settled()
    assert 5 <= len(seen.events) <= seconds * 30 + 4
    assert seen.here[client].cursor == Point(500, 500)
    await process.presences.close()
    await process.cut()


async def test_a_process_that_comes_late_learns_of_everybody_within_a_second(
    processes: list[Process], clock: Clock
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    items = [uuid4() for _ in range(500)]
    clients = [uuid4(), uuid4(), uuid4()]
    await one.follow(ana, board.id, clients[0])
    await one.presences.show(ana, board.id, clients[0], Shown(selection=packed(items)))
    await other.presences.show(ana, board.id, clients[1], Shown(cursor=Point(1, 2)))
    await other.follow(ana, board.id, clients[2])
    await settled()
    late = Process(clock)
    await late.listen()
    seen = await late.follow(ana, board.id)
    await until(lambda: len(seen.here) == 3, seconds=1)
    assert seen.here[clients[0]].selection == items
    assert seen.here[clients[1]].cursor == Point(1, 2)
    await late.cut()


async def test_a_script_is_gone_thirty_seconds_after_its_last_word(
    processes: list[Process], clock: Clock
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    client = uuid4()
    await one.presences.show(ana, board.id, client, Shown(cursor=Point(0, 0)))
    await until(lambda: client in seen.here)
    for _ in range(3):
        clock.now += SILENT_SECONDS / 3 - 1
        await one.presences.tidy()
        await settled()
        await other.presences.tidy()
    assert client in seen.here
    clock.now += 4
    await other.presences.tidy()
    assert seen.here == {}


async def test_who_follows_stays_for_as_long_as_the_stream_and_leaves_with_it(
    processes: list[Process], clock: Clock
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    client = uuid4()
    own = await one.follow(ana, board.id, client)
    await until(lambda: client in seen.here and client in own.here)
    for _ in range(60):
        clock.now += 4
        await one.presences.tidy()
        await asyncio.sleep(0.04)
        await other.presences.tidy()
    assert client in seen.here
    own.leave()
    await until(lambda: client not in seen.here, seconds=1)


async def test_a_client_that_is_followed_anew_elsewhere_does_not_leave(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    client = uuid4()
    first = await one.follow(ana, board.id, client)
    await settled()
    second = await other.follow(ana, board.id, client)
    await settled()
    first.leave()
    await settled()
    assert client in seen.here
    assert all(client not in event.left for event in seen.events)
    second.leave()
    await until(lambda: client not in seen.here, seconds=1)


async def test_those_of_a_killed_process_are_gone_within_fifteen_seconds(
    processes: list[Process], clock: Clock
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    held, loose = uuid4(), uuid4()
    await one.follow(ana, board.id, held)
    await one.presences.show(ana, board.id, loose, Shown())
    await until(lambda: len(seen.here) == 2)
    await one.cut()  # and it says nothing more
    clock.now += DEAD_SECONDS - 1
    await other.presences.tidy()
    assert len(seen.here) == 2
    clock.now += 2
    await other.presences.tidy()
    assert seen.here == {}
    assert DEAD_SECONDS + 2 < 15


async def test_what_was_missed_while_cut_off_is_made_good(processes: list[Process], clock: Clock) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    stays, goes, comes = uuid4(), uuid4(), uuid4()
    await one.follow(ana, board.id, stays)
    going = await one.follow(ana, board.id, goes)
    seen = await other.follow(ana, board.id)
    await until(lambda: len(seen.here) == 2)
    await other.cut()
    going.leave()
    await one.follow(ana, board.id, comes)
    await one.presences.show(ana, board.id, stays, Shown(cursor=Point(7, 7)))
    await settled()
    assert set(seen.here) == {stays, goes}
    await other.listen()
    await until(lambda: comes in seen.here)
    assert seen.here[stays].cursor == Point(7, 7)
    clock.now += DOUBT_SECONDS
    await other.presences.tidy()
    assert set(seen.here) == {stays, comes}


async def test_leaving_is_at_once_and_showing_again_is_coming_back(
    processes: list[Process], clock: Clock
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    client = uuid4()
    seen = await other.follow(ana, board.id)
    own = await one.follow(ana, board.id, client)
    await until(lambda: client in seen.here)
    await other.presences.leave(ana, board.id, client)
    await until(lambda: client not in seen.here)
    await one.presences.tidy()
    await settled()
    assert client not in seen.here, "an open stream does not bring back who has left"
    await other.presences.show(ana, board.id, client, Shown(cursor=Point(1, 1)))
    await until(lambda: client in seen.here)
    await one.presences.tidy()
    await settled()
    clock.now += SILENT_SECONDS
    await one.presences.tidy()
    await settled()
    await other.presences.tidy()
    assert client in seen.here, "its stream holds it again"
    own.leave()
    await until(lambda: client not in seen.here)
    await one.presences.leave(ana, board.id, client)


def test_two_events_as_one_tell_a_slow_reader_the_same() -> None:
    def a_presence(client: UUID, x: float) -> Presence:
        moment = datetime.fromtimestamp(0, UTC)
        return Presence(uuid4(), client, uuid4(), "Ana", "#ffffff", moment, Shown(cursor=Point(x, 0)))

    ana, ben, eve = uuid4(), uuid4(), uuid4()
    steps = [
        PresenceEvent(True, [a_presence(ana, 0), a_presence(ben, 0)], []),
        PresenceEvent(False, [a_presence(ana, 1), a_presence(eve, 1)], []),
        PresenceEvent(False, [], [ana, ben]),
        PresenceEvent(False, [a_presence(ben, 3)], [eve]),
        PresenceEvent(True, [a_presence(eve, 4)], []),
        PresenceEvent(False, [a_presence(ana, 5)], [eve]),
    ]
    for start in range(len(steps)):
        for end in range(start + 1, len(steps) + 1):
            each, together = Seen(), Seen()
            for step in steps[:end]:
                each.take(step)
            for step in steps[:start]:
                together.take(step)
            event = steps[start]
            for step in steps[start + 1 : end]:
                event = both(event, step)
            together.take(event)
            assert together.here == each.here
            assert not {one.client_id for one in event.here} & set(event.left)


async def reading(hub: Hub, seen: Seen, viewer: Viewer, board_id: UUID, client_id: UUID | None) -> None:
    stream = hub.presence(viewer, board_id, client_id)
    async with contextlib.aclosing(stream):
        try:
            async for event in stream:
                seen.take(event)
        except DomainError as error:
            seen.error = error


async def test_two_hubs_tell_each_other_and_a_revoked_grant_ends_both_sides(database: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    async with Hub() as one, Hub() as other:
        mine, theirs = Seen(), Seen()
        first = asyncio.create_task(reading(one, mine, ana, board.id, uuid4()))
        client = uuid4()
        second = asyncio.create_task(reading(other, theirs, ben, board.id, client))
        await until(lambda: len(mine.here) == 2 and len(theirs.here) == 2)
        await one.presences.show(ben, board.id, client, Shown(cursor=Point(3, 4)))
        await until(lambda: mine.here[client].cursor == Point(3, 4))
        await members.revoke_grants(ana, board.id, [ben.account_id])
        await asyncio.wait_for(second, 2)
        assert isinstance(theirs.error, NotFound)
        await until(lambda: client not in mine.here, seconds=2)
        told = len(theirs.events)
        await one.presences.show(ana, board.id, uuid4(), Shown())
        await settled()
        assert len(theirs.events) == told
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_hub_that_stops_takes_its_people_along(database: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    client = uuid4()
    async with Hub() as stays:
        seen, going = Seen(), Seen()
        watching = asyncio.create_task(reading(stays, seen, ana, board.id, None))
        async with Hub() as stops:
            held = asyncio.create_task(reading(stops, going, ana, board.id, client))
            await until(lambda: client in seen.here)
        await until(lambda: client not in seen.here, seconds=1)
        await asyncio.wait_for(held, 1)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_it_stops_even_in_the_moment_in_which_somebody_s_access_changes(database: str) -> None:
    presences = Presences()
    keeping = asyncio.create_task(presences.run())
    await asyncio.sleep(0)
    presences.distrust()
    keeping.cancel()
    async with asyncio.timeout(2):
        await asyncio.gather(keeping, return_exceptions=True)
    assert keeping.cancelled()
