"""Turns: the slow step aside for the quick, and however they end, no place is lost and none is made up."""

import asyncio
import random

import pytest

from domain.turns import BeginAgain, Turns


async def held(turns: Turns, seconds: float, *, keeps: bool = False) -> None:
    try:
        async with turns.taken() as turn:
            if keeps:
                turn.keep()
            await asyncio.sleep(seconds)
    except BeginAgain:
        async with turns.aside():
            await asyncio.sleep(seconds)


async def quick(turns: Turns) -> None:
    async with asyncio.timeout(5):
        await held(turns, 0)


async def test_who_takes_long_makes_room_however_many_do() -> None:
    turns = Turns(1, 0.02)
    endless = []
    for _ in range(5):
        endless.append(asyncio.create_task(held(turns, 60)))
        await asyncio.sleep(0)
        await quick(turns)
    assert not any(task.done() for task in endless)
    for task in endless:
        task.cancel()


async def test_what_began_again_is_done_when_there_is_room_aside_in_order() -> None:
    turns, done = Turns(1, 0.02), []

    async def one(number: int) -> None:
        await held(turns, 0.1)
        done.append(number)

    slow = [asyncio.create_task(one(number)) for number in range(4)]
    async with asyncio.timeout(10):
        await asyncio.gather(*slow)
    assert sorted(done) == [0, 1, 2, 3]
    assert done[0] == 0
    assert done.index(1) < done.index(2)


async def test_where_nobody_waits_the_slow_keep_their_places() -> None:
    turns = Turns(1, 0.02)
    begun = []

    async def one() -> None:
        async with turns.taken():
            begun.append(1)
            await asyncio.sleep(0.3)

    await asyncio.gather(one(), one())
    assert len(begun) == 2


async def test_what_has_spoken_is_not_stopped() -> None:
    turns = Turns(1, 0.02)
    aside, kept = (asyncio.create_task(held(turns, 60, keeps=True)) for _ in range(2))
    await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await held(turns, 0)
    aside.cancel()
    await quick(turns)
    assert not kept.done()
    kept.cancel()


@pytest.mark.parametrize("seed", range(5))
async def test_however_they_end_there_are_as_many_places_as_before(seed: int) -> None:
    chance, turns, inside = random.Random(seed), Turns(2, 0.002), 0
    again: list[int] = []

    async def work() -> None:
        nonlocal inside
        inside += 1
        assert inside <= 4, "two in their places and two aside"
        try:
            await asyncio.sleep(chance.random() * 0.006)
        finally:
            inside -= 1

    async def one() -> None:
        try:
            async with turns.taken() as turn:
                await work()
                if chance.random() < 0.5:
                    turn.keep()
                    await work()
        except BeginAgain:
            again.append(1)
            async with turns.aside():
                await work()

    tasks: list[asyncio.Task[None]] = []
    for _ in range(150):
        tasks.append(asyncio.create_task(one()))
        if chance.random() < 0.3:
            chance.choice(tasks).cancel()
        await asyncio.sleep(chance.random() * 0.002)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {type(None), asyncio.CancelledError}
    assert again
    calm = asyncio.Event()

    async def waits() -> None:
        nonlocal inside
        async with turns.taken() as turn:
            turn.keep()
            inside += 1
            await calm.wait()

    waiting = [asyncio.create_task(waits()) for _ in range(6)]
    await asyncio.sleep(0.1)
    assert inside == 4
    calm.set()
    await asyncio.gather(*waiting)
