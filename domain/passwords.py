"""Passwords: how they are judged, hashed and compared, and how little of the machine that may take."""

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import BadInput, TooBusy

MIN_CHARACTERS = 10
MAX_CHARACTERS = 128
HASHES_AT_ONCE = 2
QUEUE_LENGTH = 20
RETRY_AFTER_SECONDS = 2

HASHER = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)

T = TypeVar("T")


class HashingQueue:
    """At most `at_once` hashes run, at most `waiting` wait; whoever comes after that is told to come back.

    Threads, because argon2 releases the interpreter lock; a counter of its own, because an
    executor's queue has no bound.
    """

    def __init__(self, at_once: int = HASHES_AT_ONCE, waiting: int = QUEUE_LENGTH) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")
        self._capacity = at_once + waiting
        self._taken = 0
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._taken >= self._capacity:
                raise TooBusy(
                    "Too many people are signing in at this moment. Try again in a few seconds.",
                    retry_after_seconds=RETRY_AFTER_SECONDS,
                )
            self._taken += 1
        future = self._threads.submit(work)
        future.add_done_callback(self._release)  # also when cancelled before it began
        return await asyncio.wrap_future(future)

    def _release(self, _: Future[T]) -> None:
        with self._lock:
            self._taken -= 1


QUEUE = HashingQueue()


def require_good_password(password: str) -> str:
    """The password in the form that is hashed. Length is the only rule; NFKC: keyboards differ."""
    normal = unicodedata.normalize("NFKC", password)
    if not MIN_CHARACTERS <= len(normal) <= MAX_CHARACTERS:
        raise BadInput(
            f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters; any characters will do.",
            field="password",
        )
    if not _can_encode(normal):
        raise BadInput("The password holds half a character (a lone surrogate).", field="password")
    return normal


async def hash_password(password: str) -> str:
    """The encoded Argon2id hash of a new password. Raises BadInput, TooBusy."""
    normal = require_good_password(password)
    return await QUEUE.run(lambda: HASHER.hash(normal))


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the stored hash; takes as long when there is none. Raises TooBusy.

    stored: None or empty: there is no account, or it has no password.
    """
    normal = unicodedata.normalize("NFKC", password[: MAX_CHARACTERS * 4])
    possible = len(normal) <= MAX_CHARACTERS and _can_encode(normal)
    against = stored if possible and stored else NOBODYS_HASH
    attempt = normal if possible else ""
    matches = await QUEUE.run(lambda: _matches(against, attempt))
    return matches and against is not NOBODYS_HASH


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _can_encode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Compared with when there is no account, so that the answer takes the same time. Nobody's password:
# salt and digest are arbitrary, only the parameters must be today's.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=3,p=1$d2VicmVmOiBub2JvZHkhIQ$" + "A" * 43
