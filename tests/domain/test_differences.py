"""Differences: whatever two moments of a board are, the one operation leads from the first to the second."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.differences import difference
from domain.operations import AddItems, BoardState, RemoveItems, apply, decode, encode, inverse, parts_of
from tests.domain.test_operations import boards


def aimed(now: BoardState, then: BoardState) -> BoardState:
    return replace(then, comments=now.comments, trashed=now.trashed)


@given(boards(), boards())
def test_it_leads_from_the_one_to_the_other_and_back(now: BoardState, then: BoardState) -> None:
    operation = difference(now, then)
    if operation is None:
        assert now == aimed(now, then)
        return
    after = apply(operation, now)
    assert after == aimed(now, then)
    assert apply(inverse(operation, now), after) == now
    assert decode(encode(operation)) == operation


@given(boards(), boards(), boards())
def test_what_rests_comes_back_instead_of_being_added(
    now: BoardState, then: BoardState, kept: BoardState
) -> None:
    resting = {item_id: item for item_id, item in kept.items.items() if item_id not in now.items}
    operation = difference(now, then, resting)
    if operation is None:
        return
    assert apply(operation, now) == aimed(now, then)
    for part in parts_of(operation):
        if isinstance(part, AddItems):
            fitting = [item for item in part.items if item.id in resting]
            assert all(resting[item.id].kind is not item.kind for item in fitting)


@given(boards())
def test_between_equals_there_is_none(board: BoardState) -> None:
    assert difference(board, board) is None


@given(boards(), st.data())
def test_it_speaks_only_of_what_differs(now: BoardState, data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(now.items)))) if now.items else set()
    then = replace(now, items={i: item for i, item in now.items.items() if i not in some})
    operation = difference(now, then)
    assert operation == (RemoveItems([i for i in now.items if i in some]) if some else None)
