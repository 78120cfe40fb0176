"""Mail servers: how the one that takes our mail is named in an address, and who the mail is from."""

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

SUBMISSION_PORT = 587
SUBMISSIONS_PORT = 465
_EXPECTED = "expected an address such as smtp://user:password@mail.example.org or smtps://…"


@dataclass(frozen=True)
class SmtpServer:
    """tls: from the first byte (smtps). starttls: begun before anything else is said, or nothing is."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = ""
    password: str = field(default="", repr=False)


def smtp_server(text: str) -> SmtpServer:
    """Of an address. What leaves this machine leaves it by TLS, unless the address ends in ?starttls=off.

    Raises ValueError, in words without the password.
    """
    parts = urlsplit(text)
    options = parse_qs(parts.query, keep_blank_values=True)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(f"{_EXPECTED}; an @ or / in the password is written %40 or %2F")
    chosen = options.pop("starttls", None)
    if parts.fragment or options or chosen not in (None, ["on"], ["off"]):
        raise ValueError(f"{_EXPECTED}; the one option is ?starttls=off, for a network that you trust")
    if bool(parts.username) != bool(parts.password):
        raise ValueError(f"{_EXPECTED}; user and password go together")
    tls = parts.scheme == "smtps"
    starttls = not _is_here(parts.hostname) if chosen is None else chosen == ["on"]
    return SmtpServer(
        host=parts.hostname,
        port=port or (SUBMISSIONS_PORT if tls else SUBMISSION_PORT),
        tls=tls,
        starttls=starttls and not tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def good_sender(text: str) -> str:
    """`webref <webref@example.org>`, or the address alone. Raises ValueError."""
    sender_of(text)
    return text


def sender_of(text: str) -> Address:
    """As a header holds it. Raises ValueError."""
    name, address = parseaddr(text)
    user, at, domain = address.rpartition("@")
    if not at or not user or not domain or not text.isprintable() or not address.isascii():
        raise ValueError("expected an address such as webref <webref@example.org>")
    return Address(name or "webref", addr_spec=address)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
