"""Fractional indexes: always room between two, short when appending, the same in both languages."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ordering import is_rank, rank_between, ranks_between

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "ordering.json").read_text())


@pytest.mark.parametrize("case", VECTORS["between"], ids=str)
def test_a_rank_between_is_the_one_both_languages_find(case: dict[str, Any]) -> None:
    assert rank_between(case["low"], case["high"]) == case["rank"]


@pytest.mark.parametrize("case", VECTORS["many"], ids=str)
def test_several_ranks_are_the_ones_both_languages_find(case: dict[str, Any]) -> None:
    assert ranks_between(case["low"], case["high"], case["count"]) == case["ranks"]


@pytest.mark.parametrize("text", VECTORS["invalid"])
def test_what_is_no_rank(text: str) -> None:
    assert not is_rank(text)
    with pytest.raises(ValueError, match="no rank"):
        rank_between(text, None)


def test_the_sorted_vector_is_sorted_bytewise() -> None:
    assert VECTORS["sorted"] == sorted(VECTORS["sorted"], key=str.encode)
    assert all(map(is_rank, VECTORS["sorted"]))


@given(st.lists(st.integers(0, 10_000), max_size=150))
def test_there_is_always_room(choices: list[int]) -> None:
    ranks: list[str] = []
    for choice in choices:
        place = choice % (len(ranks) + 1)
        low = ranks[place - 1] if place else None
        high = ranks[place] if place < len(ranks) else None
        ranks.insert(place, rank_between(low, high))
    assert all(map(is_rank, ranks))
    assert ranks == sorted(set(ranks), key=str.encode)


@given(st.integers(0, 600), st.integers(0, 600))
def test_many_between_two_ascend(seed: int, count: int) -> None:
    low, high = ranks_between(None, None, seed + 2)[-2:]
    ranks = [low, *ranks_between(low, high, count), high]
    assert len(ranks) == count + 2
    assert ranks == sorted(set(ranks))


def test_appending_and_prepending_stay_short() -> None:
    assert max(map(len, ranks_between(None, None, 100_000))) <= 4
    assert max(map(len, ranks_between(None, "a0", 100_000))) <= 4


def test_the_ends_of_the_integers_have_room() -> None:
    highest, lowest = "z" * 27, "A" + "0" * 25 + "1"
    assert rank_between(highest, None) > highest
    below = rank_between(None, lowest)
    for _ in range(20):
        assert is_rank(below)
        assert below < lowest
        lowest, below = below, rank_between(None, below)


def test_an_order_that_is_none_is_refused() -> None:
    for low, high in (("a1", "a1"), ("a2", "a1")):
        with pytest.raises(ValueError, match="before"):
            rank_between(low, high)
