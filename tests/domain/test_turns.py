"""Turns: the slow step aside for the quick, and however they end, no place is lost and none is made up."""

import asyncio
import random

import pytest

from domain.turns import Turns


async def held(turns: Turns, seconds: float) -> None:
    async with turns.taken():
        await asyncio.sleep(seconds)


async def test_who_takes_long_leaves_its_place_to_others_while_there_is_room_aside() -> None:
    turns = Turns(1, 0.02)
    endless = asyncio.create_task(held(turns, 60))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await held(turns, 0)
    assert not endless.done()
    another = asyncio.create_task(held(turns, 60))
    await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await held(turns, 0)
    endless.cancel()
    async with asyncio.timeout(5):
        await held(turns, 0)
    assert not another.done()
    another.cancel()


@pytest.mark.parametrize("seed", range(5))
async def test_however_they_end_there_are_as_many_places_as_before(seed: int) -> None:
    chance, turns, inside = random.Random(seed), Turns(2, 0.002), 0

    async def one() -> None:
        nonlocal inside
        async with turns.taken():
            inside += 1
            assert inside <= 4, "two in their places and two aside"
            try:
                await asyncio.sleep(chance.random() * 0.006)
            finally:
                inside -= 1

    tasks = []
    for _ in range(150):
        tasks.append(asyncio.create_task(one()))
        if chance.random() < 0.3:
            chance.choice(tasks).cancel()
        await asyncio.sleep(chance.random() * 0.002)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {type(None), asyncio.CancelledError}
    calm = asyncio.Event()

    async def waits() -> None:
        nonlocal inside
        async with turns.taken():
            inside += 1
            await calm.wait()

    waiting = [asyncio.create_task(waits()) for _ in range(6)]
    await asyncio.sleep(0.1)
    assert inside == 4
    calm.set()
    await asyncio.gather(*waiting)
