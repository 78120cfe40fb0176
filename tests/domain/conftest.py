"""What tests of the domain share."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain import attempts, letters, providers, sessions
from domain.elsewhere import Joining
from domain.mail_servers import smtp_server
from domain.oidc import Door
from domain.settings import Settings
from tests.domain.attending import Clock, Process
from tests.forged import CLIENT_ID, Forger, forger
from tests.mail import Mailbox, mail_server
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


@pytest.fixture(scope="module")
def _forger() -> Iterator[Forger]:
    with forger() as made:
        yield made


@pytest.fixture
def forged(_forger: Forger, monkeypatch: pytest.MonkeyPatch) -> Forger:
    """Says the truth until it is told otherwise, and may be asked again at once."""
    monkeypatch.setattr(providers, "AGAIN_SECONDS", 0.0)
    _forger.__dict__.update(Forger(port=_forger.port).__dict__)
    return _forger


@pytest.fixture
def knowing(settings: Settings, forged: Forger) -> Settings:
    return replace(
        settings,
        oidc_issuer=forged.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret="s3cret & more",
        oidc_name="Harbour",
        oidc_registration=Joining.OPEN,
    )


@pytest.fixture
async def door(knowing: Settings) -> AsyncIterator[Door]:
    made = Door(knowing)
    yield made
    await made.close()


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    """This process sends mail, and here it arrives."""
    with mail_server() as (box, port):
        box.settings = replace(
            settings,
            smtp=smtp_server(f"smtp://127.0.0.1:{port}"),
            mail_from="webref <webref@example.org>",
            public_url="https://boards.example.org",
        )
        letters.follow(box.settings)
        yield box
    letters.follow(settings)
