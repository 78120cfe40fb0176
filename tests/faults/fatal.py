"""`webref` as it is, but for points at which it can be told to die: `python -m tests.faults.fatal serve …`.

The product has no such switch. SIGUSR1 lets it read the file that FATAL names: "after-commit 7" is the
seventh time from then on that a commit is done and nothing was answered yet. "poison kill" is for always:
a job whose picture is called poison.jpg ends its worker that way. Leases are short where BRIEF is set.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from domain import database, jobs, originals, twins
from domain import migrate as migrations
from workers import broker, sweeps

P = ParamSpec("P")
T = TypeVar("T")

POINTS = ("after-file", "before-commit", "after-commit", "after-outbox", "after-claim")


class _Armed:
    """name: the next point that is fatal, when it was passed `left` times."""

    name = ""
    left = 0
    poison = ""


def arm(*_: object) -> None:
    arm_with(Path(os.environ["FATAL"]).read_text())


def arm_with(words: str) -> None:
    name, _space, told = words.partition(" ")
    if name == "poison":
        _Armed.poison = told
    else:
        _Armed.name, _Armed.left = name, int(told)


def passed(name: str) -> None:
    if _Armed.name == name:
        _Armed.left -= 1
        if _Armed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def then(name: str, act: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    async def acted(*given: P.args, **more: P.kwargs) -> T:
        done = await act(*given, **more)
        passed(name)
        return done

    return acted


def lay_points() -> None:
    commit = database.Transaction.__aexit__

    async def ended(self: database.Transaction, kind: Any, error: Any, trace: Any) -> bool:
        writes = kind is None and not self.readonly
        if writes:
            passed("before-commit")
        done = await commit(self, kind, error, trace)
        if writes:
            passed("after-commit")
        return done

    hint = broker.PostgresBroker.enqueue

    def hinted(self: broker.PostgresBroker, message: Any, *, delay: int | None = None) -> Any:
        done = hint(self, message, delay=delay)
        passed("after-outbox")
        return done

    def put(owner: object, name: str, value: object) -> None:
        setattr(owner, name, value)

    put(database.Transaction, "__aexit__", ended)
    put(broker.PostgresBroker, "enqueue", hinted)
    put(originals, "keep", then("after-file", originals.keep))
    put(jobs, "_claim", then("after-claim", jobs._claim))
    put(twins, "develop", poisoned(twins.develop))
    put(migrations, "_run", then("after-migration", migrations._run))
    if "BRIEF" in os.environ:
        jobs.LEASE_SECONDS, jobs.HEARTBEAT_SECONDS, sweeps.TAKE_BACK_SECONDS = 1.5, 0.5, 0.5


def poisoned(develop: jobs.Handler) -> jobs.Handler:
    async def developed(run: jobs.Run) -> None:
        if _Armed.poison:
            name = await database.fetchval("SELECT name FROM image WHERE id = $1", run.job.subject)
            if name == "poison.jpg":
                take_poison()
        await develop(run)

    return developed


def take_poison() -> None:
    if _Armed.poison == "memory":
        raise MemoryError
    os.kill(os.getpid(), {"kill": signal.SIGKILL, "segfault": signal.SIGSEGV}[_Armed.poison])


def main() -> None:
    signal.signal(signal.SIGUSR1, arm)
    lay_points()
    if words := os.environ.get("FATAL_FROM_THE_START"):
        arm_with(words)
    if "PLAIN_LOOP" in os.environ:  # libuv ends the process where a write to its own event fails
        import asyncio

        import uvloop

        setattr(uvloop, "run", asyncio.run)  # noqa: B010
    from api.cli import main as webref

    webref(sys.argv[1:], prog_name="webref")


if __name__ == "__main__":
    main()
