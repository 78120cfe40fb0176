"""Attempts: how often somebody may guess before having to wait."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import TooBusy

MOST_KEYS = 20_000


class Limiter:
    """A sliding window of wrong guesses per key, in this process's memory.

    A guess is counted before its outcome is known, so that guesses made at once do not slip
    through together, and taken back when it was right. The longest idle key is forgotten when
    there are too many, so memory stays bounded.
    """

    def __init__(
        self, most: int, window_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._clock = clock
        self._guesses: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    @contextmanager
    def guess(self, *key: str, wrong: type[Exception] | tuple[type[Exception], ...]) -> Iterator[None]:
        """Around one guess: only an exception of the kind `wrong` makes it count. Raises TooBusy."""
        self._count(key)
        try:
            yield
        except wrong:
            raise
        except BaseException:
            self._take_back(key)
            raise
        self._take_back(key)

    def spend(self, *key: str) -> None:
        """Counts, whatever comes of it. Raises TooBusy."""
        self._count(key)

    def forget_all(self) -> None:
        self._guesses.clear()

    def _count(self, key: tuple[str, ...]) -> None:
        now = self._clock()
        guesses = self._guesses.setdefault(key, deque())
        self._guesses.move_to_end(key)
        while guesses and guesses[0] <= now - self._window_seconds:
            guesses.popleft()
        if len(guesses) >= self._most:
            wait_seconds = max(1, math.ceil(guesses[0] + self._window_seconds - now))
            raise TooBusy(
                f"Too many attempts. Wait {in_words(wait_seconds)} and try again.",
                retry_after_seconds=wait_seconds,
            )
        guesses.append(now)
        while len(self._guesses) > MOST_KEYS:
            self._guesses.popitem(last=False)

    def _take_back(self, key: tuple[str, ...]) -> None:
        guesses = self._guesses.get(key)
        if guesses:
            guesses.pop()
            if not guesses:
                del self._guesses[key]


def in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{math.ceil(seconds / 60)} minutes"


# Wrong passwords for one account from one address, and from one address whatever the account.
SIGN_INS = Limiter(10, 300)
SIGN_INS_FROM_ADDRESS = Limiter(100, 300)
# Wrong current passwords when changing it: a stolen session must not become a guessing machine.
PASSWORD_CHANGES = Limiter(10, 300)
# Registrations that did not succeed (taken email, refused invite) from one address.
REGISTRATIONS = Limiter(60, 600)
# Mails that one network address had sent, to whomever.
LETTERS = Limiter(30, 600)

# Addresses of the web that one person has fetched.
FETCHES = Limiter(600, 600)


def forget_all() -> None:
    """Everybody starts afresh, as after a restart."""
    for limiter in (SIGN_INS, SIGN_INS_FROM_ADDRESS, PASSWORD_CHANGES, REGISTRATIONS, LETTERS, FETCHES):
        limiter.forget_all()
