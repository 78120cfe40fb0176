"""Presence over the schema: what clients send and are told, executed once for all who listen."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from domain.access import Role
from domain.live import Hub
from domain.settings import Settings
from schema import presence
from schema.execution import Request
from tests.factories import a_board, a_member, a_viewer
from tests.schema.asking import Asking, answers_of

SHOW = "mutation($v: ShowPresenceInput!) { showPresence(input: $v) { accepted } }"
LEAVE = "mutation($v: LeaveBoardInput!) { leaveBoard(input: $v) { accepted } }"
FOLLOW = """subscription($board: ID!, $client: ID) { presence(boardId: $board, clientId: $client) {
    isComplete left here { clientId account { id name colour } cursor { x y } selection following status at
                           viewport { x y zoom width height } } } }"""


@pytest.fixture
async def asking(database: str, settings: Settings) -> AsyncIterator[Asking]:
    async with Hub() as hub:
        await asyncio.sleep(0.1)
        yield Asking(hub, settings)


async def shown(asking: Asking, viewer: Any, **facts: Any) -> None:
    told = await asking.ask(viewer, SHOW, {"v": facts})
    assert told.data == {"showPresence": {"accepted": True}}, told.text
    await asyncio.sleep(0.1)


async def who_is_here(asking: Asking, viewer: Any, board_id: Any) -> list[dict[str, Any]]:
    told = await asking.first_event(viewer, FOLLOW, {"board": str(board_id)})
    assert told.data["presence"]["isComplete"] is True
    assert told.data["presence"]["left"] == []
    here: list[dict[str, Any]] = told.data["presence"]["here"]
    return here


async def test_what_is_shown_is_told_and_null_takes_away(asking: Asking) -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER, "Ben")
    client, item, other = (str(uuid4()) for _ in range(3))
    place = {"boardId": str(board.id), "clientId": client}
    viewport = {"x": 1.0, "y": 2.0, "zoom": 0.5, "width": 800.0, "height": 600.0}
    assert await who_is_here(asking, ana, board.id) == []
    await shown(asking, ben, **place)
    [told] = await who_is_here(asking, ana, board.id)
    assert told.pop("at").endswith("Z")
    assert told == {
        "clientId": client,
        "account": {"id": str(ben.account_id), "name": "Ben", "colour": "#4f9cf9"},
        "cursor": None,
        "selection": [],
        "following": None,
        "status": "ACTIVE",
        "viewport": None,
    }
    facts = {
        "cursor": {"x": 3.0, "y": -4.0},
        "selection": [item, item],
        "viewport": viewport,
        "following": other,
        "status": "IDLE",
    }
    await shown(asking, ben, **place, **facts)
    [told] = await who_is_here(asking, ana, board.id)
    assert {name: told[name] for name in facts} == facts | {"selection": [item]}
    await shown(asking, ben, **place, cursor=None, following=None, selection=None, status=None)
    [told] = await who_is_here(asking, ana, board.id)
    assert {name: told[name] for name in facts} == facts | {
        "cursor": None,
        "following": None,
        "selection": [item],
    }
    await shown(asking, ben, **place, viewport=None, selection=[])
    [told] = await who_is_here(asking, ana, board.id)
    assert (told["viewport"], told["selection"]) == (None, [])
    assert (await asking.ask(ben, LEAVE, {"v": place})).errors == []
    await asyncio.sleep(0.1)
    assert await who_is_here(asking, ana, board.id) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"clientId": "me"}, "BAD_INPUT"),
        ({"cursor": {"x": 1e10, "y": 0}}, "BAD_INPUT"),
        ({"selection": ["x"]}, "BAD_INPUT"),
        ({"selection": [str(uuid4()) for _ in range(501)]}, "LIMIT_EXCEEDED"),
        ({"viewport": {"x": 0, "y": 0, "zoom": 0, "width": 1, "height": 1}}, "BAD_INPUT"),
        ({"following": "Ana"}, "BAD_INPUT"),
    ],
)
async def test_what_cannot_be_shown_is_refused(asking: Asking, facts: dict[str, Any], code: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    place = {"boardId": str(board.id), "clientId": str(uuid4())}
    told = await asking.ask(ana, SHOW, {"v": place | facts})
    assert told.codes == [code], told.text
    await asyncio.sleep(0.1)
    assert await who_is_here(asking, ana, board.id) == []


async def test_followers_with_clients_of_their_own_share_one_execution(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    friends = [await a_member(board.id, Role.VIEWER) for _ in range(4)]
    made: list[str] = []
    plain = presence.presence_of

    def counted(row: Any) -> presence.Presence:
        if row.cursor is not None:
            made.append(str(row.client_id))
        return plain(row)

    monkeypatch.setattr(presence, "presence_of", counted)
    seen: dict[int, list[Any]] = {number: [] for number in range(len(friends))}

    async def follow(number: int) -> None:
        variables = {"board": str(board.id), "client": str(uuid4())}
        request = Request(FOLLOW, variables)
        async for answer in answers_of(request, asking.context(friends[number])):
            event = orjson.loads(answer.payload)["data"]["presence"]
            seen[number] += [one for one in event["here"] if one["cursor"]]

    following = [asyncio.create_task(follow(number)) for number in seen]
    await asyncio.sleep(0.3)
    client = str(uuid4())
    await shown(asking, ana, boardId=str(board.id), clientId=client, cursor={"x": 1.0, "y": 1.0})
    await asyncio.sleep(0.1)
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    assert [[one["clientId"] for one in events] for events in seen.values()] == [[client]] * 4
    assert made == [client]
