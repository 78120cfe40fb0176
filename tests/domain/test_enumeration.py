"""Whether somebody has an account is not to be learnt by asking: the work before an answer is equal.

Equal time follows from equal work, so it is the work that is held here: statements, hashes, rows and jobs.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from domain import accounts, attempts, letters, mailboxes, passwords, sessions
from domain.accounts import NO_PASSWORD, RegistrationPolicy
from domain.database import execute, fetch, fetchval
from domain.errors import DomainError
from domain.passwords import HashingQueue
from domain.settings import Settings
from tests.mail import Mailbox
from tests.people import a_person
from tests.running import PASSWORD
from tests.schema.test_execution import statements

pytestmark = pytest.mark.usefixtures("database", "signing")

Ask = Callable[[str], Awaitable[Any]]


@dataclass
class Work:
    """What was done before the answer, and what it was."""

    statements: list[str]
    hashes: int
    letters: int
    jobs: int
    answer: object


@contextmanager
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[None]]:
    """One entry a hash that is computed meanwhile, be it made or compared with."""
    computed: list[None] = []

    class Counting(HashingQueue):
        async def run(self, work: Callable[[], Any]) -> Any:
            computed.append(None)
            return await super().run(work)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "QUEUE", Counting())
        yield computed


async def work_of(ask: Ask, email: str, monkeypatch: pytest.MonkeyPatch) -> Work:
    attempts.forget_all()
    rows = [await fetchval(f"SELECT count(*) FROM {table}") for table in ("letter", "job")]
    answer: object
    with statements() as seen, hashes(monkeypatch) as computed:
        try:
            answer = await ask(email)
        except DomainError as error:
            answer = (error.code, error.message, error.details)
    more = [await fetchval(f"SELECT count(*) FROM {table}") for table in ("letter", "job")]
    return Work(seen, len(computed), more[0] - rows[0], more[1] - rows[1], answer)


async def some_people() -> tuple[str, ...]:
    """Addresses: of somebody, of who is disabled, has no password, was never verified, and of nobody."""
    for name in ("ana", "gone", "elsewhere", "unproven"):
        await a_person(name)
    await execute("UPDATE account SET disabled_at = now() WHERE name = 'Gone'")
    await execute("UPDATE account SET password_hash = $1 WHERE name = 'Elsewhere'", NO_PASSWORD)
    await execute("UPDATE account SET email_proven_at = NULL WHERE name = 'Unproven'")
    return tuple(f"{name}@example.org" for name in ("ana", "gone", "elsewhere", "unproven", "nobody"))


def sign_in(email: str) -> Awaitable[Any]:
    return sessions.sign_in(email=email, password="a guess that is wrong")


def register(email: str) -> Awaitable[Any]:
    return accounts.register(name="Eve", email=email, password=PASSWORD, invite_code="made up")


def request_reset(email: str) -> Awaitable[Any]:
    return mailboxes.request_reset(email, language="en")


def request_registration(email: str) -> Awaitable[Any]:
    return mailboxes.request_registration(email, language="en")


@pytest.mark.parametrize(
    ("ask", "policy", "expected"),
    [
        (sign_in, RegistrationPolicy.OPEN, (1, 0)),
        (request_reset, RegistrationPolicy.OPEN, (0, 1)),
        (request_registration, RegistrationPolicy.OPEN, (0, 1)),
        (register, RegistrationPolicy.OPEN, (0, 0)),
        (register, RegistrationPolicy.INVITE, (0, 0)),
        (register, RegistrationPolicy.CLOSED, (0, 0)),
    ],
)
async def test_the_work_before_an_answer_is_the_same_whoever_has_the_address(
    box: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    policy: RegistrationPolicy,
    expected: tuple[int, int],
) -> None:
    emails = await some_people()
    await execute("UPDATE instance SET registration = $1", policy)
    await work_of(ask, "warm@example.org", monkeypatch)  # connections are set up by now
    before = await fetch("SELECT * FROM account ORDER BY id")
    done = [await work_of(ask, email, monkeypatch) for email in emails]
    assert done == [done[-1]] * len(emails)
    assert (done[0].hashes, done[0].letters) == expected
    assert done[0].jobs == done[0].letters
    assert done[0].statements
    assert await fetch("SELECT * FROM account ORDER BY id") == before
    assert box.received == []


async def test_where_an_answer_has_to_tell_the_hash_is_made_before_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without mail, and where everybody may join, who registers has to be told that the address is taken."""
    letters.follow(settings)
    emails = await some_people()
    await execute("UPDATE instance SET registration = 'OPEN'")
    ask: Ask = lambda email: accounts.register(name="Eve", email=email, password=PASSWORD)  # noqa: E731
    await work_of(ask, "warm@example.org", monkeypatch)
    done = [await work_of(ask, email, monkeypatch) for email in emails]
    assert [work.hashes for work in done] == [1] * len(emails)
    assert [work.statements for work in done] == [done[-1].statements] * len(emails)
    assert [isinstance(work.answer, tuple) for work in done] == [True, True, True, True, False]
