"""The list: which faults there are, what each needs, and how often it is tried."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.load import Load
    from tests.faults.stage import Stage

Inject = Callable[["Stage", "Load", Random], Awaitable[None]]

SEEDS = 20
MANY = 200


class CannotRun(Exception):
    """This machine lacks what the fault needs; the message says what."""


@dataclass(frozen=True)
class Shape:
    """What is brought up. threads: of workers within the API; workers: processes of their own, with a
    PostgreSQL that is not the API's. broker: "", "redis" or "rabbitmq". bucket: files in S3, through a door;
    disk: "", "tmpfs" (the pictures' disk is small), "wal" (that of PostgreSQL's log) or "image" (all is on a
    disk in a file). line: clients come through a proxy. alone: with a network of its own. launcher: of API
    and workers; extra: of their environment. earlier: the API is of an earlier release, and each seed has a
    stage of its own.
    """

    threads: int = 2
    workers: int = 0
    broker: str = ""
    bucket: bool = False
    disk: str = ""
    line: bool = False
    alone: bool = False
    launcher: tuple[str, ...] = ("-m", "tests.faults.fatal")
    extra: tuple[tuple[str, str], ...] = ()
    earlier: bool = False


@dataclass(frozen=True)
class Fault:
    """inject: makes the fault happen under load and returns when its cause is gone."""

    name: str
    words: str
    inject: Inject
    shape: Shape
    seeds: int


FAULTS: dict[str, Fault] = {}


def fault(name: str, words: str, *, seeds: int = SEEDS, **shape: object) -> Callable[[Inject], Inject]:
    """Puts the function on the list."""

    def put(inject: Inject) -> Inject:
        assert name not in FAULTS
        FAULTS[name] = Fault(name, words, inject, Shape(**shape), seeds)  # type: ignore[arg-type]
        return inject

    return put
