"""Laws of letters: what is mailed to whom, what its link does and how often, and that nobody learns from it
who has an account."""

import asyncio
from datetime import timedelta

import pytest

from domain import accounts, invites, letters, mailboxes, sessions, tokens
from domain.access import Role, Scope, Viewer
from domain.accounts import RegistrationPolicy
from domain.database import execute, fetch, fetchrow, fetchval
from domain.errors import (
    AddressUnproven,
    AlreadyExists,
    BadInput,
    DomainError,
    Forbidden,
    LimitExceeded,
    LinkOver,
    MailUnavailable,
    NothingToChange,
    RegistrationClosed,
    SessionRevoked,
    TooBusy,
    WrongCredentials,
)
from domain.letters import Kind
from domain.settings import Settings
from tests.factories import a_board
from tests.mail import Mailbox, ask, delivered
from tests.people import a_person, join, opened_server, sign_in, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")

OTHER = "another long password"


async def test_a_forgotten_password_is_set_anew_and_ends_every_session(box: Mailbox) -> None:
    await a_person("ana")
    before = await sign_in("ana")
    who = await sessions.viewer_of(before.access_token)
    token = await tokens.create_token(who, name="mine", scope=Scope.READ)
    await ask(box, "reset", " Ana@Example.org")
    mail = box.to("ana@example.org")[0]
    assert mail.sender == "webref@example.org"
    assert mail.message["Subject"] == "A new password for boards.example.org"
    assert mail.link.startswith("https://boards.example.org/reset-password#")
    account_id, hashed = await mailboxes.reset_password(mail.code, OTHER, language="en")
    await sessions.open_session(account_id, password_hash=hashed)
    with pytest.raises(SessionRevoked):
        await sessions.viewer_of(before.access_token)
    with pytest.raises(SessionRevoked):
        await sessions.refresh(before.refresh_token)
    with pytest.raises(WrongCredentials):
        await sign_in("ana")
    await sign_in("ana", OTHER)
    await tokens.viewer_of(token.secret)
    with pytest.raises(LinkOver):
        await mailboxes.reset_password(mail.code, PASSWORD, language="en")
    await sign_in("ana", OTHER)
    await delivered(box)
    told = box.to("ana@example.org")[1]
    assert "was set anew" in told.message["Subject"]
    assert told.link == ""


async def test_tokens_end_with_the_password_where_it_is_wanted_or_the_address_was_never_proven(
    box: Mailbox,
) -> None:
    await a_person("ana")
    ben = await a_person("ben")
    await execute("UPDATE account SET email_proven_at = NULL WHERE id = $1", ben.id)
    secrets = {}
    for name in ("ana", "ben"):
        made = await tokens.create_token(await viewer(name), name="mine", scope=Scope.READ)
        secrets[name] = made.secret
        await ask(box, "reset", f"{name}@example.org")
        code = box.to(f"{name}@example.org")[0].code
        await mailboxes.reset_password(code, OTHER, language="en", end_tokens=name == "ana")
    for secret in secrets.values():
        with pytest.raises(DomainError):
            await tokens.viewer_of(secret)
    assert await fetchval("SELECT email_proven_at FROM account WHERE id = $1", ben.id) is not None


async def test_asking_says_and_writes_the_same_whoever_has_the_address(box: Mailbox) -> None:
    """What the request does depends on nothing that is known of the address; a worker looks, later."""
    await a_person("ana")
    ghost = await a_person("ghost")
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", ghost.id)
    written = []
    for email in ("ana@example.org", "ghost@example.org", "nobody@example.org"):
        await mailboxes.request_reset(email, language="en")
        row = await fetchrow("SELECT * FROM letter WHERE email = $1", email)
        assert row is not None
        written.append({**dict(row), "id": 0, "email": "", "created_at": 0, "expires_at": 0})
    assert written[0] == written[1] == written[2]
    await delivered(box)
    assert [mail.receivers for mail in box.received] == [["ana@example.org"]]
    assert await fetchval("SELECT count(*) FROM job WHERE state = 'DONE'") == 3


async def test_a_link_is_over_after_its_time_after_a_change_of_password_and_after_one_of_address(
    box: Mailbox,
) -> None:
    await a_person("ana")
    await ask(box, "reset", "ana@example.org")
    code = box.received[0].code
    for change, undo in (
        ("UPDATE letter SET expires_at = now()", "UPDATE letter SET expires_at = now() + interval '1 hour'"),
        (
            "UPDATE account SET password_changed_at = now()",
            "UPDATE account SET password_changed_at = now() - interval '1 day'",
        ),
        ("UPDATE account SET email = 'x@example.org'", "UPDATE account SET email = 'ana@example.org'"),
        ("UPDATE account SET disabled_at = now()", "UPDATE account SET disabled_at = NULL"),
    ):
        await execute(change)
        with pytest.raises(LinkOver):
            await mailboxes.reset_password(code, OTHER, language="en")
        await execute(undo)
    for wrong in ("", "x", code[:-1], code[:-1] + ("A" if code[-1] != "A" else "B"), "ä" * 64, "\ud800" * 64):
        with pytest.raises(LinkOver):
            await mailboxes.reset_password(wrong, OTHER, language="en")
    with pytest.raises(BadInput):
        await mailboxes.reset_password(code, "short", language="en")
    await mailboxes.reset_password(code, OTHER, language="en")


async def test_of_many_with_one_link_exactly_one_sets_the_password(box: Mailbox) -> None:
    await a_person("ana")
    await ask(box, "reset", "ana@example.org")
    code = box.received[0].code
    answers = await asyncio.gather(
        *(mailboxes.reset_password(code, f"{OTHER} {n}", language="en") for n in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert sum(isinstance(answer, LinkOver) for answer in answers) == 4


async def test_one_address_is_written_to_four_times_a_quarter_of_an_hour_even_at_once(box: Mailbox) -> None:
    answers = await asyncio.gather(
        *(mailboxes.request_reset("nobody@example.org", language="en") for _ in range(12)),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 4
    assert sum(isinstance(answer, TooBusy) for answer in answers) == 8
    await mailboxes.request_reset("somebody@example.org", language="en")
    await execute("UPDATE letter SET created_at = created_at - interval '16 minutes'")
    await mailboxes.request_reset("nobody@example.org", language="en")


async def test_one_network_address_asks_for_thirty_mails_in_ten_minutes(box: Mailbox) -> None:
    for number in range(30):
        await mailboxes.request_reset(f"p{number}@example.org", language="en", address="192.0.2.1")
    with pytest.raises(TooBusy):
        await mailboxes.request_reset("more@example.org", language="en", address="192.0.2.1")
    await mailboxes.request_reset("more@example.org", language="en", address="192.0.2.2")
    assert await fetchval("SELECT count(*) FROM letter") == 31


async def test_on_an_open_server_an_address_is_proven_first_and_nobody_learns_who_has_an_account(
    box: Mailbox,
) -> None:
    await opened_server()
    words = set()
    for email in ("olga@example.org", "ben@example.org"):
        with pytest.raises(AddressUnproven) as refused:
            await accounts.register(name="Ben", email=email, password=PASSWORD)
        words.add(refused.value.message)
        await ask(box, "join", email)
    assert len(words) == 1
    taken, invited = box.to("olga@example.org")[0], box.to("ben@example.org")[0]
    assert taken.message["Subject"] == "You have an account on boards.example.org"
    assert taken.code == ""
    with pytest.raises(AddressUnproven):
        await accounts.register(
            name="Eve", email="eve@example.org", password=PASSWORD, invite_code=invited.code
        )
    assert invited.link.endswith("/ben%40example.org")
    ben = await accounts.register(
        name="Ben", email="ben@example.org", password=PASSWORD, invite_code=invited.code
    )
    assert ben.email_proven_at is not None
    with pytest.raises(AddressUnproven):
        await accounts.register(
            name="Ben", email="ben@example.org", password=PASSWORD, invite_code=invited.code
        )
    assert await fetchval("SELECT count(*) FROM account") == 2


async def test_an_address_that_did_not_come_by_mail_is_verified_by_its_link(box: Mailbox) -> None:
    await accounts.register(name="Olga", email="olga@example.org", password=PASSWORD, language="de")
    await delivered(box)
    mail = box.received[0]
    assert mail.message["Subject"] == "Bestätige deine Adresse für boards.example.org"
    olga = await viewer("olga")
    assert (await accounts.account_of(olga)).email_proven_at is None
    assert await mailboxes.send_verification(olga, language="en") == "olga@example.org"
    await delivered(box)
    with pytest.raises(LinkOver):
        await mailboxes.verify_email(mail.code, language="en")
    assert await mailboxes.verify_email(box.received[1].code, language="en") == "olga@example.org"
    assert (await accounts.account_of(olga)).email_proven_at is not None
    with pytest.raises(NothingToChange):
        await mailboxes.send_verification(olga, language="en")
    with pytest.raises(LinkOver):
        await mailboxes.verify_email(box.received[1].code, language="en")


async def test_another_address_counts_once_it_is_verified_and_the_former_is_told(box: Mailbox) -> None:
    await a_person("ana")
    ana = await viewer("ana")
    await ask(box, "reset", "ana@example.org")
    with pytest.raises(WrongCredentials):
        await mailboxes.change_email(ana, "new@example.org", password="wrong", language="en")
    await mailboxes.change_email(ana, "New@Example.org", password=PASSWORD, language="en")
    await delivered(box)
    assert (await accounts.account_of(ana)).email == "ana@example.org"
    assert await letters.pending_email(ana.account_id) == "new@example.org"
    assert await mailboxes.verify_email(box.to("new@example.org")[0].code, language="en") == "new@example.org"
    assert (await accounts.account_of(ana)).email == "new@example.org"
    assert await letters.pending_email(ana.account_id) is None
    await delivered(box)
    assert "was changed" in box.to("ana@example.org")[1].message["Subject"]
    with pytest.raises(LinkOver):
        await mailboxes.reset_password(box.to("ana@example.org")[0].code, OTHER, language="en")
    await sessions.sign_in(email="new@example.org", password=PASSWORD)


async def test_who_has_no_password_changes_their_address_within_minutes_of_signing_in(box: Mailbox) -> None:
    account = await accounts.insert_account(
        name="Ana", email="ana@example.org", password_hash=accounts.NO_PASSWORD, is_proven=True
    )
    opened = await sessions.open_session(account.id)
    ana = await sessions.viewer_of(opened.access_token)
    await execute("UPDATE session SET created_at = now() - interval '16 minutes'")
    await sessions.refresh(opened.refresh_token)
    for password in (None, "", PASSWORD):
        with pytest.raises(WrongCredentials):
            await mailboxes.change_email(ana, "new@example.org", password=password, language="en")
    program = Viewer(account.id, "Ana", token_id=account.id)
    with pytest.raises(Forbidden):
        await mailboxes.change_email(program, "new@example.org", password=None, language="en")
    assert await fetchval("SELECT count(*) FROM letter") == 0
    again = await sessions.viewer_of((await sessions.open_session(account.id)).access_token)
    with pytest.raises(WrongCredentials):
        await mailboxes.change_email(again, "new@example.org", password="a guess", language="en")
    await mailboxes.change_email(again, "new@example.org", password=None, language="en")
    await delivered(box)
    assert (await accounts.account_of(ana)).email == "ana@example.org"
    await mailboxes.verify_email(box.to("new@example.org")[0].code, language="en")
    assert (await accounts.account_of(ana)).email == "new@example.org"
    await delivered(box)
    assert "was changed" in box.to("ana@example.org")[0].message["Subject"]


async def test_a_fresh_session_is_no_password_for_who_has_one(box: Mailbox) -> None:
    await a_person("ana")
    with pytest.raises(WrongCredentials):
        await mailboxes.change_email(await viewer("ana"), "new@example.org", password=None, language="en")
    assert await fetchval("SELECT count(*) FROM letter") == 0


async def test_an_address_that_somebody_has_is_not_taken_and_who_asks_does_not_learn_of_it(
    box: Mailbox,
) -> None:
    await a_person("ana")
    await a_person("ben")
    ana = await viewer("ana")
    await mailboxes.change_email(ana, "ben@example.org", password=PASSWORD, language="en")
    await delivered(box)
    assert box.to("ben@example.org")[0].message["Subject"] == "You have an account on boards.example.org"
    assert box.to("ben@example.org")[0].code == ""
    await mailboxes.change_email(ana, "late@example.org", password=PASSWORD, language="en")
    await delivered(box)
    await a_person("late")
    with pytest.raises(AlreadyExists):
        await mailboxes.verify_email(box.to("late@example.org")[0].code, language="en")
    assert (await accounts.account_of(ana)).email == "ana@example.org"
    await mailboxes.change_email(ana, "third@example.org", password=PASSWORD, language="en")
    await mailboxes.change_email(ana, "ana@example.org", password=None, language="en")
    assert await letters.pending_email(ana.account_id) is None


async def test_an_api_token_has_no_mail_sent(box: Mailbox) -> None:
    account = await a_person("ana")
    program = Viewer(account.id, "Ana", token_id=account.id)
    with pytest.raises(Forbidden):
        await mailboxes.change_email(program, "x@example.org", password=PASSWORD, language="en")
    with pytest.raises(Forbidden):
        await mailboxes.send_verification(program, language="en")
    assert await fetchval("SELECT count(*) FROM letter") == 0


async def test_without_a_mail_server_all_is_as_before(settings: Settings) -> None:
    letters.follow(settings)
    await join("ana")
    ana = await viewer("ana")
    await accounts.set_registration(ana, RegistrationPolicy.OPEN)
    await join("ben")
    for refused in (
        mailboxes.request_reset("ana@example.org", language="en"),
        mailboxes.request_registration("ana@example.org", language="en"),
        mailboxes.send_verification(ana, language="en"),
        mailboxes.change_email(ana, "x@example.org", password=PASSWORD, language="en"),
    ):
        with pytest.raises(MailUnavailable):
            await refused
    made = await invites.create_invite(ana, email="cy@example.org")
    assert not made.is_mailed
    assert await fetchval("SELECT count(*) FROM letter") == 0


async def test_who_is_invited_to_a_board_by_mail_is_on_it_with_the_account(box: Mailbox) -> None:
    owner = await opened_server()
    board, other = await a_board(owner, title="Mood “one”"), await a_board(owner, title="Other")
    made = await invites.invite_to_board(owner, board.id, "Ben@Example.org", Role.EDITOR)
    more = await invites.invite_to_board(owner, other.id, "ben@example.org", Role.VIEWER, language="de")
    assert (made.is_mailed, more.is_mailed) == (True, True)
    await delivered(box)
    mail, german = box.to("ben@example.org")
    assert mail.message["Subject"] == "Olga invites you to “Mood “one””"
    assert german.message["Subject"] == "Olga lädt dich zu „Other“ ein"
    assert [invite.email for invite in await invites.invites_on(owner, board.id)] == ["ben@example.org"]
    ben = await accounts.register(
        name="Ben", email="ben@example.org", password=PASSWORD, invite_code=mail.code
    )
    assert ben.email_proven_at is not None
    rows = await fetch("SELECT board, role, granted_by FROM board_grant WHERE account = $1", ben.id)
    assert {(row["board"], row["role"], row["granted_by"]) for row in rows} == {
        (board.id, "EDITOR", owner.account_id),
        (other.id, "VIEWER", owner.account_id),
    }
    assert await invites.invites_on(owner, board.id) == []
    with pytest.raises(AlreadyExists):
        await invites.invite_to_board(owner, board.id, "ben@example.org", Role.OWNER)


async def test_an_invitation_ends_with_its_revocation_and_with_the_role_of_who_sent_it(box: Mailbox) -> None:
    owner = await opened_server()
    await a_person("cy")
    cy = await viewer("cy")
    board, lost = await a_board(cy), await a_board(cy, title="lost")
    kept = await invites.invite_to_board(cy, board.id, "ben@example.org", Role.VIEWER)
    await invites.invite_to_board(cy, lost.id, "ben@example.org", Role.OWNER)
    await delivered(box)
    assert await invites.revoke_invites(await viewer_of_person("ana"), [kept.invite.id]) == []
    assert await invites.revoke_invites(cy, [kept.invite.id]) == [kept.invite.id]
    first, second = box.to("ben@example.org")
    with pytest.raises(AddressUnproven):
        await accounts.register(name="B", email="ben@example.org", password=PASSWORD, invite_code=first.code)
    await execute("UPDATE board_grant SET role = 'EDITOR' WHERE board = $1", lost.id)
    ben = await accounts.register(
        name="B", email="ben@example.org", password=PASSWORD, invite_code=second.code
    )
    assert await fetchval("SELECT count(*) FROM board_grant WHERE account = $1", ben.id) == 0
    await accounts.set_registration(owner, RegistrationPolicy.INVITE)
    with pytest.raises(Forbidden):
        await invites.invite_to_board(cy, board.id, "eve@example.org", Role.VIEWER)
    await accounts.set_registration(owner, RegistrationPolicy.CLOSED)
    with pytest.raises(RegistrationClosed):
        await accounts.require_open()


async def viewer_of_person(name: str) -> Viewer:
    await a_person(name)
    return await viewer(name)


async def test_nobody_invites_strangers_without_end(box: Mailbox) -> None:
    await opened_server()
    await a_person("cy")
    cy = await viewer("cy")
    board = await a_board(cy)
    many = [
        invites.invite_to_board(cy, board.id, f"p{n}@example.org", Role.VIEWER)
        for n in range(invites.MOST_A_DAY + 6)
    ]
    answers = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(answer, invites.NewInvite) for answer in answers) == invites.MOST_A_DAY
    assert sum(isinstance(answer, LimitExceeded) for answer in answers) == 6
    assert await fetchval("SELECT count(*) FROM letter WHERE kind = 'INVITE'") == invites.MOST_A_DAY


async def test_a_retry_with_a_mutation_id_sends_no_second_mail(box: Mailbox) -> None:
    owner = await opened_server()
    board = await a_board(owner)
    for _ in range(2):
        await invites.invite_to_board(
            owner, board.id, "ben@example.org", Role.VIEWER, mutation_id=board.id, language="en"
        )
    await delivered(box)
    assert len(box.received) == 1
    assert await fetchval("SELECT count(*) FROM invite") == 1


def test_letters_live_as_long_as_their_words_say() -> None:
    assert letters.LIFETIMES[Kind.VERIFY] == timedelta(days=3)
    assert letters.LIFETIMES[Kind.RESET] == timedelta(hours=1)
    assert letters.LIFETIMES[Kind.JOIN] == timedelta(days=1)
    assert letters.LIFETIMES[Kind.INVITE] == timedelta(days=14) == invites.LIFETIME
