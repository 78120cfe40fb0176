"""A thread for what may hang for ever: a client of a broker that does not answer. The end waits for none."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Work = Callable[[], Any]


class Aside:
    """One thing after the other, in one thread. Made on the loop that is told what became of it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[tuple[Work, asyncio.Future[Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def do(self, work: Work) -> "asyncio.Future[Any]":
        """Whoever waits no longer need not cancel it; an error that nobody asks for is forgotten."""
        done = self._loop.create_future()
        done.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        self._waiting.put((work, done))
        return done

    def end(self) -> None:
        """After what waits. Nothing more may be given to it."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (given := self._waiting.get()) is not None:
            work, done = given
            result, error = None, None
            try:
                result = work()
            except Exception as caught:
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_tell, done, result, error)


def _tell(done: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
