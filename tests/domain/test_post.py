"""Laws of the post: how a letter leaves, what a mail server may do to it, what no header and no log holds."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from domain import invites, letters, mailboxes, post
from domain.access import Role
from domain.database import execute, fetchrow, fetchval
from domain.errors import BadInput, LinkOver
from domain.mail_servers import smtp_server
from domain.settings import Settings
from tests.factories import a_board
from tests.mail import SECRET, USER, Mailbox, a_certificate, ask, delivered, mail_server
from tests.people import a_person, opened_server
from tests.schema.scene import everything

pytestmark = pytest.mark.usefixtures("database", "signing")

OTHER = "another long password"


@pytest.mark.parametrize(
    "name",
    ["Ana\r\nBcc: eve@example.org", "Ana\u2028Bcc: eve@example.org", '<b>"Ana"</b>', "Ünal {link} %s"],
)
async def test_no_name_becomes_a_header_or_markup(box: Mailbox, name: str) -> None:
    owner = await opened_server()
    board = await a_board(owner)
    await execute("UPDATE account SET name = $1", name)
    await execute("UPDATE board SET title = $1", name)
    await invites.invite_to_board(owner, board.id, "ben@example.org", Role.VIEWER)
    await delivered(box)
    (mail,) = box.received
    assert mail.receivers == ["ben@example.org"]
    assert mail.message["Bcc"] is None
    assert "\n" not in mail.message["Subject"]
    assert "<b>" not in mail.html
    assert sorted(mail.message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


@pytest.mark.parametrize(
    "email", ["a@x.org\r\nBcc: b@x.org", "a@x.org,b@x.org", "a b@x.org", "<a@x.org>", "a@x.org>"]
)
async def test_no_address_becomes_two(box: Mailbox, email: str) -> None:
    with pytest.raises(BadInput):
        await mailboxes.request_reset(email, language="en")
    assert await fetchval("SELECT count(*) FROM letter") == 0


@pytest.mark.parametrize("email", ["grüße@bücher.example", "o'brien+x@example.org", "a.b@münchen.example"])
async def test_addresses_beyond_ascii_are_written_to(box: Mailbox, email: str) -> None:
    await opened_server()
    await ask(box, "join", email)
    assert len(box.received) == 1
    local, _, domain = email.partition("@")
    sent_local, _, sent_domain = box.received[0].receivers[0].partition("@")
    assert sent_local == local
    assert sent_domain.encode("ascii").decode("idna") == domain or sent_domain == domain


async def test_no_row_log_or_error_holds_a_code_or_the_password_of_the_server(
    box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await a_person("ana")
    box.refusals = ["451 4.7.1 try later"]
    await ask(box, "reset", "ana@example.org")
    assert (
        await fetchval("SELECT error FROM job") == "MAIL_REFUSED: The mail server says 451: 4.7.1 try later"
    )
    await execute("UPDATE job SET due_at = now()")
    await delivered(box)
    code = box.received[0].code
    assert len(code) == 64
    kept = "\n".join(await everything()) + caplog.text
    assert code not in kept
    assert letters.code_hash(code).hex() in kept


async def test_what_a_mail_server_takes_later_is_tried_later_and_what_it_never_takes_is_not(
    box: Mailbox,
) -> None:
    await a_person("ana")
    box.refusals = ["450 later"] * 2 + ["550 no such mailbox"]
    await ask(box, "reset", "ana@example.org")
    for attempts in (1, 2, 3):
        row = await fetchrow("SELECT state, attempts FROM job")
        assert row is not None
        assert tuple(row) == ("DEAD" if attempts == 3 else "QUEUED", attempts)
        await execute("UPDATE job SET due_at = now() WHERE state = 'QUEUED'")
        await delivered(box)
    assert (box.attempts, box.received) == (3, [])


async def test_a_mail_server_that_is_away_costs_no_attempt(box: Mailbox) -> None:
    await a_person("ana")
    there = box.settings
    box.settings = replace(there, smtp=smtp_server("smtp://127.0.0.1:9"))
    await ask(box, "reset", "ana@example.org")
    row = await fetchrow("SELECT state, attempts, error FROM job")
    assert row is not None
    assert (row["state"], row["attempts"]) == ("QUEUED", 0)
    assert row["error"].startswith("AWAY: the mail server 127.0.0.1 cannot be used")
    box.settings = there
    await execute("UPDATE job SET due_at = now()")
    await delivered(box)
    assert len(box.received) == 1
    assert await fetchval("SELECT state FROM job") == "DONE"
    await mailboxes.request_reset("ana@example.org", language="en")
    await execute("UPDATE letter SET expires_at = now() WHERE sent_at IS NULL")
    await delivered(box)
    assert await fetchval("SELECT error FROM job WHERE state = 'DEAD'") is not None


async def test_a_letter_whose_answer_was_lost_goes_again_and_both_links_work_once(
    box: Mailbox,
) -> None:
    await a_person("ana")
    await ask(box, "reset", "ana@example.org")
    await execute("UPDATE letter SET sent_at = NULL")
    await execute("UPDATE job SET state = 'QUEUED', due_at = now()")
    await delivered(box)
    first, second = box.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.code != second.code
    await mailboxes.reset_password(first.code, OTHER, language="en")
    with pytest.raises(LinkOver):
        await mailboxes.reset_password(second.code, OTHER, language="en")


async def test_it_goes_by_starttls_and_with_a_password_or_not_at_all(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = a_certificate(tmp_path)
    user, secret = (
        USER.replace("@", "%40"),
        SECRET.replace("@", "%40").replace("/", "%2F").replace(" ", "%20"),
    )

    def through(address: str) -> Settings:
        return replace(
            settings,
            smtp=smtp_server(address),
            mail_from="webref@example.org",
            public_url="https://boards.example.org",
        )

    with mail_server(certificate=(certificate, key)) as (box, port):
        whole = f"smtp://{user}:{secret}@127.0.0.1:{port}?starttls=on"
        with pytest.raises(post.MailRefused, match="certificate"):
            await post.send_trial(through(whole), "ana@example.org")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await post.send_trial(through(whole), "ana@example.org", "de")
        (mail,) = box.received
        assert (mail.tls, mail.user) == (True, USER)
        with pytest.raises(post.MailRefused, match="neither user nor password") as refused:
            await post.send_trial(through(whole.replace(secret, "wrong")), "ana@example.org")
        assert SECRET not in str(refused.value)
        with pytest.raises(post.MailRefused):
            await post.send_trial(through(f"smtp://127.0.0.1:{port}?starttls=off"), "ana@example.org")
    with mail_server() as (plain, port):
        with pytest.raises(post.MailRefused):
            await post.send_trial(through(f"smtp://127.0.0.1:{port}?starttls=on"), "ana@example.org")
        assert (plain.attempts, len(box.received)) == (0, 1)
