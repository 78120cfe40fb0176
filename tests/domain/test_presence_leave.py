"""Who may be present on a board, how many, and under which client: whoever may not is not there."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain import accounts, boards
from domain.access import Role, Scope
from domain.database import execute
from domain.errors import AlreadyExists, BadInput, Forbidden, LimitExceeded, NotFound
from domain.presence import (
    MOST_OF_ACCOUNT,
    MOST_ON_BOARD,
    Point,
    Shown,
    Viewport,
)
from tests.domain.attending import Process, settled, until
from tests.factories import a_board, a_member, a_viewer

pytestmark = pytest.mark.usefixtures("database")


async def test_a_board_has_room_for_two_hundred_and_an_account_for_twenty(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    mine = [uuid4() for _ in range(MOST_OF_ACCOUNT)]
    for client in mine:
        await one.presences.show(ana, board.id, client, Shown())
    with pytest.raises(LimitExceeded) as refused:
        await one.presences.show(ana, board.id, uuid4(), Shown())
    assert refused.value.details["limit"] == MOST_OF_ACCOUNT
    for _ in range(MOST_ON_BOARD // MOST_OF_ACCOUNT - 1):
        friend = await a_member(board.id, Role.VIEWER)
        for _ in range(MOST_OF_ACCOUNT):
            await one.presences.show(friend, board.id, uuid4(), Shown())
    await until(lambda: len(seen.here) == MOST_ON_BOARD)
    late = await a_member(board.id, Role.EDITOR)
    for process in processes:
        with pytest.raises(LimitExceeded) as refused:
            await process.follow(late, board.id, uuid4())
        assert refused.value.details["limit"] == MOST_ON_BOARD
    looking_on = await other.follow(late, board.id)
    assert len(looking_on.here) == MOST_ON_BOARD
    await one.presences.leave(ana, board.id, mine[0])
    await until(lambda: len(seen.here) == MOST_ON_BOARD - 1)
    await other.follow(late, board.id, uuid4())


async def test_nobody_takes_anothers_client(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)
    client = uuid4()
    seen = await other.follow(ana, board.id, client)
    await until(lambda: client in seen.here)
    for attempt in (
        one.presences.show(ben, board.id, client, Shown(cursor=Point(1, 1))),
        one.presences.leave(ben, board.id, client),
        one.follow(ben, board.id, client),
    ):
        with pytest.raises(AlreadyExists):
            await attempt
    await settled()
    assert seen.here[client].account_id == ana.account_id
    assert seen.here[client].cursor is None


async def test_only_who_may_read_the_board_shows_and_a_reading_token_does_not(
    processes: list[Process],
) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    seen = await other.follow(ana, board.id)
    stranger, reading = await a_viewer(), replace(ana, scope=Scope.READ)
    for attempt in (
        one.presences.show(stranger, board.id, uuid4(), Shown()),
        one.presences.leave(stranger, board.id, uuid4()),
        one.follow(stranger, board.id, uuid4()),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Forbidden):
        await one.presences.show(reading, board.id, uuid4(), Shown())
    for wrong in (
        Shown(cursor=Point(float("nan"), 0)),
        Shown(cursor=Point(0, 1e10)),
        Shown(viewport=Viewport(0, 0, 0, 100, 100)),
        Shown(viewport=Viewport(0, 0, 1, 1e9, 100)),
    ):
        with pytest.raises(BadInput):
            await one.presences.show(ana, board.id, uuid4(), wrong)
    await settled()
    assert seen.here == {}


async def test_one_is_present_on_a_board_in_the_trash(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    await boards.trash_boards(ana, [board.id])
    seen = await other.follow(ana, board.id)
    await one.presences.show(ben, board.id, uuid4(), Shown(cursor=Point(0, 0)))
    await until(lambda: seen.here)


async def test_who_may_read_the_board_no_more_is_gone_for_the_others(processes: list[Process]) -> None:
    one, other = processes
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)
    seen = await other.follow(ana, board.id)
    client, held = uuid4(), uuid4()
    await one.presences.show(ben, board.id, client, Shown(cursor=Point(0, 0)))
    await one.follow(ben, board.id, held)
    await until(lambda: len(seen.here) == 2)
    await execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
    one.presences.distrust()
    with pytest.raises(NotFound):
        await one.presences.show(ben, board.id, client, Shown(cursor=Point(1, 1)))
    await one.presences.tidy()
    await until(lambda: not seen.here)
    await one.presences.tidy()
    await settled()
    assert seen.here == {}


async def test_a_new_name_is_seen_by_those_who_look(processes: list[Process], signing: None) -> None:
    one, other = processes
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    client = uuid4()
    await one.follow(ana, board.id, client)
    seen = await other.follow(ana, board.id)
    await until(lambda: client in seen.here)
    await accounts.edit_profile(ana, name="Anna", colour="#112233")
    await one.presences.tidy()
    await until(lambda: seen.here[client].name == "Anna")
    assert seen.here[client].colour == "#112233"
