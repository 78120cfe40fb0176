"""Laws of passwords: length is the only rule, hashing is bounded, nobody's password matches nothing."""

import asyncio
import threading
import time
from statistics import median

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import passwords
from domain.attempts import Limiter
from domain.errors import BadInput, TooBusy, WrongCredentials
from tests.running import PASSWORD


async def test_a_password_belongs_to_its_hash_only() -> None:
    stored = await passwords.hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    assert PASSWORD not in stored
    assert await passwords.verify_password(PASSWORD, stored)
    assert not await passwords.verify_password(PASSWORD + " ", stored)
    assert not await passwords.verify_password("", stored)


async def test_two_hashes_of_one_password_differ() -> None:
    assert await passwords.hash_password(PASSWORD) != await passwords.hash_password(PASSWORD)


@pytest.mark.parametrize("password", ["", "123456789", "x" * 129, "good length \ud800"])
async def test_a_bad_password_is_refused_in_words(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        await passwords.hash_password(password)
    assert refused.value.details["field"] == "password"


@pytest.mark.parametrize(
    "password", ["1234567890", "x" * 128, "пароль пароль", "🦊" * 10, "with\x00nul bytes"]
)
async def test_any_characters_make_a_password(password: str) -> None:
    assert await passwords.verify_password(password, await passwords.hash_password(password))


async def test_the_same_letters_typed_on_another_keyboard_match() -> None:
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
    assert await passwords.verify_password(decomposed, await passwords.hash_password(composed))


@given(st.text(max_size=200))
@settings(max_examples=15, deadline=None)
def test_nobody_has_no_password(password: str) -> None:
    assert not asyncio.run(passwords.verify_password(password, None))


async def test_a_damaged_hash_matches_nothing() -> None:
    assert not await passwords.verify_password(PASSWORD, "not a hash")
    assert not await passwords.verify_password(PASSWORD, "$argon2id$v=19$m=19456,t=3,p=1$AAAA$BBBB")


async def test_nobody_takes_as_long_as_somebody() -> None:
    stored = await passwords.hash_password(PASSWORD)

    async def took_seconds(against: str | None, password: str) -> float:
        began = time.perf_counter()
        await passwords.verify_password(password, against)
        return time.perf_counter() - began

    somebody, nobody, too_long = [], [], []
    for _ in range(9):
        somebody.append(await took_seconds(stored, "wrong password"))
        nobody.append(await took_seconds(None, "wrong password"))
        too_long.append(await took_seconds(stored, "x" * 5_000))
    assert 0.5 < median(nobody) / median(somebody) < 2
    assert 0.5 < median(too_long) / median(somebody) < 2


async def test_other_parameters_ask_for_another_hash() -> None:
    assert not passwords.needs_rehash(await passwords.hash_password(PASSWORD))
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD))


def test_the_hash_of_nobody_costs_what_a_hash_costs_today() -> None:
    assert not passwords.needs_rehash(passwords.NOBODYS_HASH)


async def test_a_full_queue_says_when_to_come_back() -> None:
    queue, go, running = passwords.HashingQueue(at_once=2, waiting=3), threading.Event(), []

    def work() -> str:
        running.append(1)
        go.wait(10)
        return "done"

    waiting = [asyncio.create_task(queue.run(work)) for _ in range(5)]
    await asyncio.sleep(0.1)
    assert len(running) == 2
    with pytest.raises(TooBusy) as refused:
        await queue.run(work)
    assert refused.value.details["retry_after_seconds"] > 0
    go.set()
    assert await asyncio.gather(*waiting) == ["done"] * 5
    assert await queue.run(work) == "done"


async def test_whoever_goes_away_leaves_the_queue() -> None:
    queue, go = passwords.HashingQueue(at_once=1, waiting=1), threading.Event()
    first = asyncio.create_task(queue.run(lambda: go.wait(10)))
    second = asyncio.create_task(queue.run(lambda: go.wait(10)))
    await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    third = asyncio.create_task(queue.run(lambda: go.wait(10)))
    await asyncio.sleep(0.05)
    go.set()
    assert list(await asyncio.gather(first, third)) == [True, True]


def test_only_wrong_guesses_count() -> None:
    now = [0.0]
    limiter = Limiter(3, 60, clock=lambda: now[0])
    for _ in range(10):
        with limiter.guess("ana", wrong=WrongCredentials):
            pass
    for _ in range(10):
        with pytest.raises(TooBusy), limiter.guess("ana", wrong=WrongCredentials):
            raise TooBusy("the queue is full", retry_after_seconds=1)
    for _ in range(3):
        with pytest.raises(WrongCredentials), limiter.guess("ana", wrong=WrongCredentials):
            raise WrongCredentials("no")
    with pytest.raises(TooBusy) as refused, limiter.guess("ana", wrong=WrongCredentials):
        pytest.fail("a fourth guess was let in")
    assert refused.value.details["retry_after_seconds"] == 60
    with limiter.guess("ben", wrong=WrongCredentials):
        pass
    now[0] = 60.0
    with limiter.guess("ana", wrong=WrongCredentials):
        pass


def test_guesses_made_at_once_do_not_slip_through_together() -> None:
    limiter = Limiter(2, 60)
    with (
        limiter.guess("ana", wrong=WrongCredentials),
        limiter.guess("ana", wrong=WrongCredentials),
        pytest.raises(TooBusy),
        limiter.guess("ana", wrong=WrongCredentials),
    ):
        pytest.fail("a third guess was let in")
