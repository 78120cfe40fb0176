"""Laws of quotas: none is passed, whoever asks at once; each says what to do; who has none is not counted."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain import adding, boards, darkroom, history, quotas, storage
from domain.access import Role
from domain.adding import NewItem
from domain.database import fetchval
from domain.errors import QuotaExceeded, TooBusy
from domain.operations import NoteContent
from domain.quotas import Kind, Use
from domain.settings import Settings
from tests import pictures
from tests.factories import a_board, a_grant, a_viewer, rows_of
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
def limited(settings: Settings) -> Iterator[Callable[..., Settings]]:
    def limit(**values: int) -> Settings:
        chosen: Any = {f"quota_{name}": value for name, value in values.items()}
        made = replace(settings, **chosen)
        quotas.follow(made)
        return made

    yield limit
    quotas.follow(replace(settings, quota_sockets=0))


def a_note() -> NewItem:
    return NewItem(note=NoteContent())


def refused(answers: list[object]) -> list[object]:
    return [answer for answer in answers if isinstance(answer, QuotaExceeded)]


async def test_boards_are_not_passed_by_requests_at_once(limited: Callable[..., Settings]) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    limited(boards=3)
    made = await asyncio.gather(*(a_board(ana) for _ in range(8)), return_exceptions=True)
    assert len(refused(list(made))) == 5
    assert await fetchval("SELECT count(*) FROM board WHERE created_by = $1", ana.account_id) == 3
    await a_board(ben)
    first = next(board for board in made if not isinstance(board, BaseException))
    with pytest.raises(QuotaExceeded, match="3 of 3 boards") as told:
        await boards.duplicate_board(ana, first.id)
    assert told.value.details == {"quota": "BOARDS", "used": 3, "limit": 3}
    await boards.trash_boards(ana, [first.id])
    with pytest.raises(QuotaExceeded):
        await a_board(ana)
    await boards.delete_boards(ana, [first.id])
    await a_board(ana)


async def test_items_count_for_who_made_the_board_whoever_adds_them(limited: Callable[..., Settings]) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    one, two = await a_board(ana), await a_board(ana)
    for board in (one, two):
        await a_grant(board.id, ben, Role.EDITOR)
    limited(items=10)
    answers = await asyncio.gather(
        *(
            adding.add_items(who, board.id, [a_note(), a_note()])
            for who in (ana, ben)
            for board in (one, two)
            for _ in range(3)
        ),
        return_exceptions=True,
    )
    assert len(refused(list(answers))) == 7
    assert await fetchval("SELECT sum(item_count) FROM board") == 10
    before = await rows_of(one.id)
    with pytest.raises(QuotaExceeded, match="10 of 10 items"):
        await adding.add_items(ben, one.id, [a_note()])
    with pytest.raises(QuotaExceeded):
        await boards.duplicate_board(ana, one.id)
    assert await rows_of(one.id) == before
    own = await a_board(ben)
    await adding.add_items(ben, own.id, [a_note()] * 10)


async def test_what_was_there_comes_back_by_undo(limited: Callable[..., Settings]) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    items = [NewItem(id=uuid4(), note=NoteContent()) for _ in range(3)]
    await adding.add_items(ana, board.id, items)
    await history.undo(ana, board.id)
    limited(items=1)
    await history.redo(ana, board.id)
    assert await fetchval("SELECT item_count FROM board") == 3


async def test_bytes_are_not_passed_by_uploads_at_once(
    limited: Callable[..., Settings], tmp_path: Path
) -> None:
    ana = await a_viewer()
    contents = [pictures.photo(60, 40, seed=seed) for seed in range(4)]
    settings = limited(bytes=len(contents[0]) + len(contents[1]) + 50)
    await storage.start_storage(settings)
    answers = await asyncio.gather(
        *(add(ana, content, settings) for content in contents), return_exceptions=True
    )
    kept = await fetchval("SELECT coalesce(sum(size_bytes), 0) FROM image")
    assert 0 < kept <= settings.quota_bytes
    assert refused(list(answers))
    assert [answer for answer in answers if isinstance(answer, BaseException)] == refused(list(answers))
    there = next(i for i, answer in enumerate(answers) if not isinstance(answer, BaseException))
    assert (await add(ana, contents[there], settings)).deduplicated
    assert await fetchval("SELECT coalesce(sum(size_bytes), 0) FROM image") == kept


async def test_one_account_is_given_more_less_or_no_end(limited: Callable[..., Settings]) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    limited(boards=1, cost=100)
    await quotas.set_quota(ana.account_id, {"boards": 2, "cost": 0})
    await quotas.look()
    assert quotas.of(ana.account_id) == quotas.Quota(boards=2, sockets=100)
    assert quotas.of(ben.account_id).boards == 1
    await a_board(ana)
    await a_board(ana)
    with pytest.raises(QuotaExceeded):
        await a_board(ana)
    await quotas.set_quota(ana.account_id, {"boards": 0})
    await quotas.look()
    await a_board(ana)
    assert Use(Kind.BOARDS, 3, 0) in await quotas.use_of(ana)
    await quotas.set_quota(ana.account_id, {"boards": None, "cost": None})
    await quotas.look()
    assert await fetchval("SELECT count(*) FROM quota") == 0
    assert quotas.of(ana.account_id).boards == 1


async def test_cost_fills_up_within_a_minute(
    limited: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("domain.quotas.time.monotonic", lambda: now)
    ana, ben = await a_viewer(), await a_viewer()
    limited(cost=600)
    for _ in range(6):
        quotas.spend(ana, 100)
    with pytest.raises(TooBusy) as told:
        quotas.spend(ana, 100)
    assert told.value.details["retry_after_seconds"] == 10
    quotas.spend(ben, 600)
    quotas.spend(None, 10_000)
    now += 10
    quotas.spend(ana, 100)
    with pytest.raises(TooBusy):
        quotas.spend(ana, 0)
    now += 60
    quotas.spend(ana, 9_999)  # more than a minute holds: once it is full
    assert Use(Kind.COST, 600, 600) not in await quotas.use_of(ben)


async def test_sockets_are_counted_while_they_are_open(limited: Callable[..., Settings]) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    limited(sockets=2)
    with quotas.socket_of(ana.account_id):
        with quotas.socket_of(ana.account_id):
            assert Use(Kind.SOCKETS, 2, 2) in await quotas.use_of(ana)
            with pytest.raises(QuotaExceeded), quotas.socket_of(ana.account_id):
                pass
            with quotas.socket_of(ben.account_id):
                pass
        with quotas.socket_of(ana.account_id):
            pass
    assert Use(Kind.SOCKETS, 0, 2) in await quotas.use_of(ana)
