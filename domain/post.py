"""The post: makes a message of a letter and hands it to the mail server that the settings name."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import aiosmtplib
import idna
from msgspec import Struct

from domain import jobs, letters, sharing
from domain.database import execute, fetchrow, transaction
from domain.entries import good_email, plain_line
from domain.errors import DomainError, MailUnavailable
from domain.letter_words import Wording, wording
from domain.letters import Kind, Letter, letter_of
from domain.mail_servers import sender_of
from domain.settings import Settings

LOG = logging.getLogger("webref.post")

PATIENCE_SECONDS = 20.0
LONGEST_SAID = 200
# Where links lead. The code stands behind #: no browser sends that, and no proxy writes it down.
_PAGES = {Kind.VERIFY: "verify", Kind.RESET: "reset-password", Kind.JOIN: "register", Kind.INVITE: "register"}


class MailRefused(DomainError):
    """The mail server does not take it; `message` is what it said."""

    code = "MAIL_REFUSED"


class Draft(Struct, frozen=True):
    """words: of domain/letter_words.py. page: where its link leads. account: whom it was found to be for."""

    words: str
    values: Mapping[str, str]
    page: str = ""
    has_code: bool = False
    account: UUID | None = None


def poster(settings: Settings) -> Callable[[jobs.Run], Awaitable[None]]:
    """The job that sends a letter. It may arrive twice where the answer was lost; both links work, once."""

    async def post(run: jobs.Run) -> None:
        row = await fetchrow("SELECT * FROM letter WHERE id = $1", run.job.subject)
        if row is None or row["sent_at"] is not None or row["ended_at"] is not None:
            return
        letter = letter_of(row)
        if letter.expires_at <= datetime.now(UTC):
            raise jobs.Unrepeatable("EXPIRED", "It could not be sent in time; its link would be over.")
        if settings.smtp is None:
            raise jobs.Away("no mail server is named here (WEBREF_SMTP_URL)")
        draft = await _draft_of(letter)
        if draft is None:
            await execute("UPDATE letter SET ended_at = now() WHERE id = $1", letter.id)
            return
        async with connected(settings) as client:
            code = await _code_for(run, letter, draft) if draft.has_code else ""
            link = _link(settings, letter, draft.page, code)
            words = wording(draft.words, letter.language, {**draft.values, "server": _host(settings)})
            await _hand_over(client, message_of(settings, letter.email, words, link, letter.id))
        await execute("UPDATE letter SET sent_at = now() WHERE id = $1", letter.id)
        LOG.info("letter %s (%s) is sent", letter.id, letter.kind)

    return post


async def send_trial(settings: Settings, email: str, language: str = "en") -> None:
    """A mail without a letter, to see whether mail leaves. Raises MailUnavailable, MailRefused, BadInput."""
    if settings.smtp is None:
        raise MailUnavailable("No mail server is named: set WEBREF_SMTP_URL and WEBREF_MAIL_FROM.")
    words = wording("TRIAL", language, {"server": _host(settings)})
    message = message_of(settings, good_email(email), words, "", uuid4())
    try:
        async with connected(settings) as client:
            await _hand_over(client, message)
    except (jobs.Away, jobs.Unrepeatable) as error:
        raise MailRefused(str(error)) from error


async def _code_for(run: jobs.Run, letter: Letter, draft: Draft) -> str:
    """Kept as a hash before it leaves; that of an attempt whose answer was lost stays good beside it."""
    code = letters.new_code(letter.id)
    async with transaction() as connection:
        await run.require(connection)
        await connection.execute(
            "UPDATE letter SET codes = (array_prepend($2, codes))[:$3], account = coalesce(account, $4) "
            "WHERE id = $1",
            letter.id,
            letters.code_hash(code),
            letters.MOST_CODES,
            draft.account,
        )
    return code


async def _draft_of(letter: Letter) -> Draft | None:
    """None: nobody is to get it. Only here it is looked at who has the address, long after the answer."""
    holder = await fetchrow(
        "SELECT id, name, password_hash <> '' AS has_password FROM account "
        "WHERE email = $1 AND disabled_at IS NULL",
        letter.email,
    )
    page = _PAGES.get(letter.kind, "")
    match letter.kind:
        case Kind.RESET:
            if holder is None or not holder["has_password"]:
                return None
            values = {"name": holder["name"]}
            return Draft("RESET", values, page, has_code=True, account=holder["id"])
        case Kind.JOIN:
            if holder is None:
                return Draft("JOIN", {}, page, has_code=True)
        case Kind.VERIFY:
            if holder is None or holder["id"] == letter.account:
                name = await _name_of(letter.account)
                values = {"name": name or "", "email": letter.email}
                return Draft("VERIFY", values, page, has_code=True) if name is not None else None
        case Kind.INVITE:
            return await _invitation(letter) if holder is None else None
        case Kind.CHANGED | Kind.PASSWORD:
            name = await _name_of(letter.account)
            return Draft(letter.kind.value, {"name": name}) if name is not None else None
        case Kind.SHARED:
            news = await sharing.news_of(letter)
            return Draft("SHARED", news, f"boards/{letter.board}") if news is not None else None
    assert holder is not None, "else it was answered above"
    return Draft("TAKEN", {"name": holder["name"]}, "sign-in")


async def _invitation(letter: Letter) -> Draft | None:
    row = await fetchrow(
        "SELECT account.name, board.title FROM invite JOIN account ON account.id = invite.created_by "
        "LEFT JOIN board ON board.id = invite.board WHERE invite.id = $1 AND used_at IS NULL "
        "AND revoked_at IS NULL AND disabled_at IS NULL",
        letter.invite,
    )
    if row is None:
        return None
    page, values = _PAGES[letter.kind], {"inviter": row["name"]}
    if row["title"] is None:
        return Draft("INVITE", values, page, has_code=True)
    return Draft("INVITE_TO_BOARD", {**values, "board": row["title"]}, page, has_code=True)


async def _name_of(account_id: UUID | None) -> str | None:
    row = await fetchrow("SELECT name FROM account WHERE id = $1 AND disabled_at IS NULL", account_id)
    return None if row is None else str(row["name"])


def message_of(settings: Settings, email: str, words: Wording, link: str, letter_id: UUID) -> EmailMessage:
    """The same words as plain text and as HTML. The same letter has the same Message-ID."""
    sender, receiver = sender_of(settings.mail_from), _receiver(email)
    message = EmailMessage(policy=policy.SMTP if receiver.addr_spec.isascii() else policy.SMTPUTF8)
    message["From"] = sender
    message["To"] = receiver
    message["Subject"] = plain_line(words.subject, 200)
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{letter_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    around = [*words.before, *([f"{words.button}:\n{link}"] if link else []), *words.after]
    message.set_content("\n\n".join(around) + "\n")
    message.add_alternative(_html(words, link), subtype="html")
    return message


def _receiver(email: str) -> Address:
    """Domains in the form that every server reads; a name before the @ beyond ASCII needs SMTPUTF8."""
    user, _, domain = email.rpartition("@")
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        return Address(username=user, domain=domain)
    except (idna.IDNAError, ValueError) as error:
        raise jobs.Unrepeatable("BAD_ADDRESS", "No mail can be addressed like this.") from error


_PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
_BUTTON = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:10px 18px;'
    'border-radius:8px;background:#2f5fd0;color:#ffffff;font-weight:600;text-decoration:none">{words}</a></p>'
    '<p style="margin:0 0 16px;font-size:13px;color:#6b7280;word-break:break-all">{link}</p>'
)
_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>'
    '<body style="margin:0;padding:24px;font:16px/1.55 system-ui,sans-serif">'
    '<div style="max-width:520px;margin:0 auto">{}</div></body></html>\n'
)


def _html(words: Wording, link: str) -> str:
    """No picture, no address but the link's: nothing tells that it was opened."""
    parts = [_PARAGRAPH.format(escape(line)) for line in words.before]
    if link:
        parts.append(_BUTTON.format(link=escape(link), words=escape(words.button)))
    parts += [_PARAGRAPH.format(escape(line)) for line in words.after]
    return _PAGE.format("".join(parts))


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[aiosmtplib.SMTP]:
    """A client that is greeted, by TLS where it has to be, and signed in. Raises Away, MailRefused."""
    server = settings.smtp
    assert server is not None, "who sends mail has looked"
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        local_hostname=sender_of(settings.mail_from).domain,
        timeout=PATIENCE_SECONDS,
        use_tls=server.tls,
        start_tls=server.starttls,
    )
    try:
        await client.connect()
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailRefused(f"The mail server takes neither user nor password: {_said(error)}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise jobs.Away(f"the mail server {server.host} cannot be used: {_said(error)}") from error
    try:
        yield client
    finally:
        client.close()


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    """Raises MailRefused for what may be taken later, Unrepeatable for what never is, Away."""
    try:
        await client.send_message(message)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(error.recipients[0]) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error) from error
    except aiosmtplib.SMTPNotSupported as error:
        raise jobs.Unrepeatable("MAIL_REFUSED", f"The mail server cannot: {_said(error)}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise jobs.Away(f"the mail server went away: {_said(error)}") from error
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):  # it has the mail
        await client.quit()


def _refused(answer: aiosmtplib.SMTPResponseException) -> Exception:
    words = f"The mail server says {answer.code}: {_said(answer)}"
    return jobs.Unrepeatable("MAIL_REFUSED", words) if answer.code >= 500 else MailRefused(words)


def _said(error: Exception) -> str:
    """In one line, and not without end: a server of others wrote it."""
    words = getattr(error, "message", "") or str(error) or type(error).__name__
    return plain_line(str(words), LONGEST_SAID)


def _link(settings: Settings, letter: Letter, page: str, code: str) -> str:
    """Who makes an account finds the address filled in: only with it the code is worth something."""
    if not page:
        return ""
    address = f"/{quote(letter.email)}" if letter.kind in (Kind.JOIN, Kind.INVITE) else ""
    return f"{settings.public_url}/{page}" + (f"#{code}{address}" if code else "")


def _host(settings: Settings) -> str:
    return urlsplit(settings.public_url or "").netloc
