"""A real mail server for the tests, on loopback: it speaks SMTP, STARTTLS and AUTH, and refuses when told."""

import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from domain import jobs, mailboxes, post
from domain.settings import Settings
from tests.running import free_port

USER, SECRET = "webref@example.org", "p@ss/word of the tests"


@dataclass(frozen=True)
class Received:
    """sender, receivers: of the envelope. tls: whether it came that way. user: who had signed in."""

    sender: str
    receivers: list[str]
    message: EmailMessage
    tls: bool
    user: str | None

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def link(self) -> str:
        found = re.search(r"https?://\S+", self.text)
        return "" if found is None else found[0]

    @property
    def code(self) -> str:
        return self.link.partition("#")[2].partition("/")[0]


@dataclass
class Mailbox:
    """What arrived, the oldest first. refusals: said in this order instead of taking mail, then no more.

    settings: of who sends here, where a test has any.
    """

    received: list[Received] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    attempts: int = 0
    users: list[str] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd looks for it by this name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.attempts += 1
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message: Any = message_from_bytes(content, policy=policy.default)
        user = session.auth_data.login.decode() if session.authenticated else None  # type: ignore[attr-defined]
        receivers = [str(each) for each in envelope.rcpt_tos]
        self.received.append(
            Received(str(envelope.mail_from), receivers, message, session.ssl is not None, user)
        )
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        good = (given.login.decode(), given.password.decode()) == (USER, SECRET)
        return AuthResult(success=good, handled=good, auth_data=given)

    def to(self, email: str) -> list[Received]:
        return [each for each in self.received if each.receivers == [email]]

    def wait(self, email: str, count: int = 1, *, seconds: float = 20) -> Received:
        """The latest to this address, once there are so many."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if len(found := self.to(email)) >= count:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no mail number {count} to {email}, but {[m.receivers for m in self.received]}")


@contextmanager
def mail_server(*, certificate: tuple[Path, Path] | None = None) -> Iterator[tuple[Mailbox, int]]:
    """Its mailbox and its port. certificate, key: it wants STARTTLS and AUTH before it takes any mail."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": box.authenticate,
        }
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1 and localhost, signed by itself: certificate and key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


async def delivered(box: Mailbox) -> None:
    """Runs every letter's job that is due, as a worker would."""
    send = post.poster(box.settings)
    for job in await jobs.due(50):
        if job.kind == jobs.LETTER:
            await jobs.run(job.id, send)


async def ask(box: Mailbox, kind: str, email: str, language: str = "en") -> None:
    request = {"reset": mailboxes.request_reset, "join": mailboxes.request_registration}[kind]
    await request(email, language=language)
    await delivered(box)
