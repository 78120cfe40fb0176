"""What tests of the domain share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain import attempts, sessions
from domain.settings import Settings
from tests.domain.attending import Clock, Process
from tests.talk import Talk


@pytest.fixture
def signing(tmp_path: Path) -> None:
    """Lets this process sign sessions, and forgets who guessed how often."""
    attempts.forget_all()
    sessions.sign_with(Settings(data=tmp_path, secret="only for tests, and long enough for them"))


@pytest.fixture
async def talk(database: str) -> Talk:
    return await Talk().begin()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def processes(clock: Clock, database: str) -> AsyncIterator[list[Process]]:
    """Two processes over one PostgreSQL."""
    made = [Process(clock), Process(clock)]
    for process in made:
        await process.listen()
    yield made
    for process in made:
        await process.presences.close()
        await process.cut()
