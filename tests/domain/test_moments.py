"""Moments: even steps through what is kept, each with what the log says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import past
from domain.access import Role
from domain.compaction import compact
from domain.database import execute
from domain.errors import BadInput, HistoryCompacted, NotFound
from domain.moments import evenly, moments_of
from tests.domain.test_past import a_story
from tests.factories import a_board, a_member, a_viewer
from tests.laws import whole_log


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 100))
def test_steps_are_even_and_end_at_the_end(start: int, end: int, most: int) -> None:
    seqs = evenly(start, end, most)
    assert len(seqs) == max(0, min(most, end - start))
    if seqs:
        assert seqs[-1] == end
        steps = [after - before for before, after in zip([start, *seqs], seqs, strict=False)]
        assert min(steps) >= 1
        assert max(steps) - min(steps) <= 1


@pytest.mark.usefixtures("database")
async def test_each_moment_tells_what_there_was_and_who_worked() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    ben = await a_member(board, Role.EDITOR)
    states = await a_story(ana, board, 10)
    states += (await a_story(ben, board, 10, seed=2))[2:]
    log = await whole_log(board)
    assert len(states) == len(log) + 1
    for most in (1, 4, 100):
        before = 0
        found = await moments_of(ana, board, most=most)
        assert [moment.seq for moment in found] == list(evenly(0, len(log), most))
        for moment in found:
            assert moment.item_count == len(states[moment.seq].items)
            assert moment.at == log[moment.seq - 1].at
            assert set(moment.actor_ids) == {change.actor_id for change in log[before : moment.seq]}
            before = moment.seq
    some = await moments_of(ana, board, since=5, until=9)
    assert [moment.seq for moment in some] == [6, 7, 8, 9]
    assert await moments_of(ana, board, since=9, until=5) == []


@pytest.mark.usefixtures("database")
async def test_they_begin_where_history_is_kept() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    await a_story(ana, board)
    await execute("UPDATE change SET at = at - interval '40 days' WHERE seq <= 9")
    await compact(30)
    past.forget()
    assert (await moments_of(ana, board, most=100))[0].seq == 10
    with pytest.raises(HistoryCompacted):
        await moments_of(ana, board, since=8)
    for wrong in ({"most": 0}, {"most": 101}, {"since": -1}, {"until": 999}):
        with pytest.raises(BadInput) as refused:
            await moments_of(ana, board, **wrong)
        assert refused.value.details["field"] in wrong


@pytest.mark.usefixtures("database")
async def test_strangers_see_none() -> None:
    board = (await a_board(await a_viewer())).id
    for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
        with pytest.raises(NotFound):
            await moments_of(stranger, board)
