"""Laws of sharing: who comes onto a board is told by mail, once, in their language, and nobody else is."""

from uuid import UUID

import pytest

from domain import accounts, invites, letters, mailboxes, members, preferences, sessions, sharing
from domain.access import Role, Viewer
from domain.accounts import RegistrationPolicy
from domain.database import execute, fetchval
from domain.errors import NotFound
from domain.members import NewGrant
from domain.settings import Settings
from tests.factories import a_board
from tests.mail import Mailbox, delivered
from tests.people import a_person, viewer
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


async def someone(name: str) -> Viewer:
    await a_person(name)
    return await viewer(name)


async def share(
    sharer: Viewer, board_id: UUID, *names: str, role: Role = Role.EDITOR, is_quiet: bool = False
) -> None:
    await members.grant_roles(
        sharer, board_id, [NewGrant(role, email=f"{name}@example.org") for name in names], is_quiet=is_quiet
    )


async def written() -> int:
    return int(await fetchval("SELECT count(*) FROM letter WHERE kind = 'SHARED'"))


async def test_who_comes_onto_a_board_is_told_in_their_language_with_a_link_to_it(box: Mailbox) -> None:
    ana = await someone("ana")
    await a_person("ben")
    await a_person("cy")
    german = await sessions.sign_in(email="ben@example.org", password=PASSWORD, language="de")
    board = await a_board(ana, title="Mood “one”")
    await share(ana, board.id, "ben", "cy")
    assert box.received == []
    await delivered(box)
    told, english = box.to("ben@example.org")[0], box.to("cy@example.org")[0]
    assert told.message["Subject"] == "Ana teilt „Mood “one”“ mit dir"
    assert "Du kannst hinzufügen, verschieben und ändern" in told.text
    assert english.message["Subject"] == "Ana shares “Mood “one”” with you"
    assert "Hello Cy," in english.text
    assert "You can add, move and change what is on it." in english.text
    assert told.link == english.link == f"https://boards.example.org/boards/{board.id}"
    assert len(box.received) == 2
    await sessions.refresh(german.refresh_token, language="en")
    other = await a_board(ana, title="Two")
    await share(ana, other.id, "ben", role=Role.OWNER)
    await delivered(box)
    later = box.to("ben@example.org")[1]
    assert later.message["Subject"] == "Ana shares “Two” with you"
    assert "You own it as well" in later.text


@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR, Role.VIEWER])
async def test_who_is_on_the_board_already_is_told_nothing(box: Mailbox, role: Role) -> None:
    ana = await someone("ana")
    await a_person("ben")
    board = await a_board(ana)
    await share(ana, board.id, "ben")
    await delivered(box)
    await share(ana, board.id, "ben", role=role)
    await share(ana, board.id, "ana", role=Role.OWNER)
    await members.revoke_grants(ana, board.id, [await fetchval("SELECT id FROM account WHERE name = 'Ben'")])
    await share(ana, board.id, "ben", role=role)
    await delivered(box)
    assert [mail.receivers for mail in box.received] == [["ben@example.org"]]
    assert await written() == 1
    await execute("UPDATE letter SET created_at = now() - interval '25 hours'")
    await execute("DELETE FROM board_grant WHERE account <> $1", ana.account_id)
    await share(ana, board.id, "ben", role=role)
    await delivered(box)
    assert len(box.received) == 2


async def test_the_same_command_sent_twice_tells_once(box: Mailbox) -> None:
    ana = await someone("ana")
    await a_person("ben")
    board = await a_board(ana)
    for _ in range(2):
        await members.grant_roles(
            ana, board.id, [NewGrant(Role.VIEWER, email="ben@example.org")], mutation_id=board.id
        )
    await delivered(box)
    assert len(box.received) == 1


async def test_who_shares_in_quiet_or_in_vain_tells_nobody(box: Mailbox) -> None:
    ana = await someone("ana")
    await a_person("ben")
    board = await a_board(ana)
    with pytest.raises(NotFound):
        await share(ana, board.id, "ben", "nobody")
    await share(ana, board.id, "ben", is_quiet=True)
    await delivered(box)
    assert box.received == []
    assert await written() == 0


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM board_grant WHERE role <> 'OWNER'",
        "UPDATE board SET trashed_at = now()",
        "UPDATE account SET disabled_at = now() WHERE name = 'Ben'",
        "UPDATE account SET disabled_at = now() WHERE name = 'Ana'",
        "UPDATE account SET email = 'new@example.org' WHERE name = 'Ben'",
        "UPDATE preference SET sharing_mail = false",
    ],
)
async def test_a_letter_that_waits_is_not_sent_where_it_is_no_longer_true_or_wanted(
    box: Mailbox, change: str
) -> None:
    ana = await someone("ana")
    ben = await someone("ben")
    await preferences.set_preferences(ben, snapping=False)
    board = await a_board(ana)
    await share(ana, board.id, "ben")
    assert await written() == 1
    await execute(change)
    await delivered(box)
    assert box.received == []
    assert await fetchval("SELECT ended_at FROM letter WHERE kind = 'SHARED'") is not None


async def test_the_letter_says_the_role_of_the_moment_it_leaves(box: Mailbox) -> None:
    ana = await someone("ana")
    await a_person("ben")
    board = await a_board(ana)
    await share(ana, board.id, "ben", role=Role.OWNER)
    await share(ana, board.id, "ben", role=Role.VIEWER)
    await delivered(box)
    assert "You can look at it." in box.received[0].text
    assert len(box.received) == 1


async def test_who_turned_it_off_gets_none_and_others_do(box: Mailbox) -> None:
    ana, ben = await someone("ana"), await someone("ben")
    await a_person("cy")
    assert (await preferences.preferences_of(ben)).sharing_mail
    await preferences.set_preferences(ben, sharing_mail=False)
    board = await a_board(ana)
    await share(ana, board.id, "ben", "cy")
    await delivered(box)
    assert [mail.receivers for mail in box.received] == [["cy@example.org"]]


async def test_an_address_that_was_never_proven_is_not_written_to(box: Mailbox) -> None:
    ana = await someone("ana")
    await a_person("ben")
    await execute("UPDATE account SET email_proven_at = NULL WHERE name = 'Ben'")
    board = await a_board(ana)
    await share(ana, board.id, "ben")
    assert await written() == 0


async def test_one_person_has_few_told_a_day_and_shares_on(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MOST_BY_ONE", 3)
    ana, zoe = await someone("ana"), await someone("zoe")
    names = [f"p{number}" for number in range(5)]
    for name in names:
        await accounts.insert_account(
            name=name, email=f"{name}@example.org", password_hash="", is_proven=True
        )
    board = await a_board(ana)
    await share(ana, board.id, *names[:2])
    await share(ana, board.id, *names[2:])
    assert await written() == 3
    assert await fetchval("SELECT count(*) FROM board_grant WHERE board = $1", board.id) == 6
    await share(zoe, (await a_board(zoe)).id, "p0")
    assert await written() == 4
    await execute("UPDATE letter SET created_at = now() - interval '25 hours'")
    await share(ana, (await a_board(ana)).id, "p4")
    assert await written() == 5


async def test_nobody_gets_many_a_day_and_other_mails_of_theirs_still_leave(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MOST_TO_ONE", 5)
    await a_person("ben")
    for name in ("ana", "zoe"):
        sharer = await someone(name)
        for _ in range(4):
            await share(sharer, (await a_board(sharer)).id, "ben")
    assert await written() == 5
    await mailboxes.request_reset("ben@example.org", language="en")
    await delivered(box)
    assert len(box.to("ben@example.org")) == 6


async def test_who_was_invited_by_mail_is_not_told_again(box: Mailbox) -> None:
    ana = await someone("ana")
    await execute("UPDATE account SET is_owner = true")
    ana = await viewer("ana")
    await accounts.set_registration(ana, RegistrationPolicy.OPEN)
    board = await a_board(ana)
    await invites.invite_to_board(ana, board.id, "ben@example.org", Role.VIEWER)
    await delivered(box)
    await accounts.register(
        name="Ben", email="ben@example.org", password=PASSWORD, invite_code=box.received[0].code
    )
    await delivered(box)
    assert len(box.received) == 1


async def test_without_a_mail_server_nothing_is_written(settings: Settings) -> None:
    letters.follow(settings)
    ana = await someone("ana")
    await a_person("ben")
    board = await a_board(ana)
    await share(ana, board.id, "ben")
    assert await written() == 0
    assert await fetchval("SELECT count(*) FROM job") == 0
