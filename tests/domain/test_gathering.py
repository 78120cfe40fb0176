"""Laws of gathering: many ask at once, nobody is told what was read before they asked."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from domain.gathering import Gathering


class Desk:
    """Answers when told to. asked: the keys of each asking."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.failure: Exception | None = None
        self.gathering: Gathering[str, str] = Gathering(self.ask)

    async def ask(self, keys: Sequence[str]) -> dict[str, str]:
        self.asked.append(list(keys))
        number = len(self.asked)
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return {key: f"{key}{number}" for key in keys if key != "unknown"}


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_during_an_asking_shares_the_next_one() -> None:
    desk = Desk()
    first = asyncio.create_task(desk.gathering.find("a"))
    await _settled()
    later = [asyncio.create_task(desk.gathering.find(key)) for key in ("a", "b", "a", "unknown")]
    await _settled()
    assert desk.asked == [["a"]]
    desk.open.set()
    assert await asyncio.gather(first, *later) == ["a1", "a2", "b2", "a2", None]
    assert desk.asked == [["a"], ["a", "b", "unknown"]]
    assert await desk.gathering.find("a") == "a3"


async def test_a_failure_is_told_to_those_who_asked_then() -> None:
    desk = Desk()
    desk.failure = ZeroDivisionError()
    desk.open.set()
    told = await asyncio.gather(*(desk.gathering.find(key) for key in "ab"), return_exceptions=True)
    assert [type(each) for each in told] == [ZeroDivisionError] * 2
    desk.failure = None
    assert await desk.gathering.find("a") == "a2"


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    desk = Desk()
    asking = [asyncio.create_task(desk.gathering.find("a")) for _ in range(3)]
    await _settled()
    asking[0].cancel()
    await _settled()
    desk.open.set()
    assert await asyncio.gather(*asking[1:]) == ["a1", "a1"]
    assert asking[0].cancelled()


async def test_an_asking_that_is_stopped_leaves_nobody_waiting() -> None:
    desk = Desk()
    asking = [asyncio.create_task(desk.gathering.find("a"))]
    await _settled()
    asking.append(asyncio.create_task(desk.gathering.find("b")))
    await _settled()
    runner = desk.gathering._runner
    assert runner is not None
    runner.cancel()
    for each in asking:
        with pytest.raises(asyncio.CancelledError):
            await each
    desk.open.set()
    assert await desk.gathering.find("c") == "c2"


async def test_an_asking_knows_nothing_of_the_first_who_asks() -> None:
    place: ContextVar[str] = ContextVar("place", default="nowhere")
    seen = []

    async def ask(keys: Sequence[str]) -> dict[str, str]:
        seen.append(place.get())
        return {}

    place.set("in a transaction")
    await Gathering(ask).find("a")
    assert seen == ["nowhere"]
