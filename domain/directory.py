"""A directory of people (LDAP): whose password belongs to whom is asked there, in threads, within seconds.

Somebody searches it for the one that is meant, then it is tried whether they can sign in there with the
password. Whoever is meant or not, the answer takes as long and says the same.
"""

import asyncio
import contextlib
import logging
import math
import secrets
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from domain import attempts, identities
from domain.access import Viewer
from domain.elsewhere import Elsewhere
from domain.errors import SignInRefused, WrongCredentials
from domain.identities import Admission, Profile
from domain.passwords import HashingQueue
from domain.standing import require_session

if TYPE_CHECKING:
    from ldap3 import Connection, Tls

CONNECT_SECONDS = 3
ANSWER_SECONDS = 5
AT_ONCE = 4
WAITING = 20
NO_SOONER_SECONDS = 1.0
"""A refusal takes a whole number of these: who is there and who is not take different times there."""

MOST_SECONDS = 30.0
"""Longer than it takes to be asked for, searched, tried and waited for."""

LONGEST_LOGIN = 254
LONGEST_PASSWORD = 512

log = logging.getLogger("webref.signing_in")


class DirectoryAway(Exception):
    """It cannot be asked, or not with what the settings say; for the log."""


@dataclass
class Directory:
    """The one that the settings name, and those who wait for it: its threads are its own."""

    settings: Elsewhere
    queue: HashingQueue


DIRECTORY: Directory | None = None


def follow(settings: Elsewhere) -> None:
    """Says once per process which directory is asked, if one is."""
    global DIRECTORY
    DIRECTORY = None
    if settings.ldap_url is not None:
        DIRECTORY = Directory(settings, HashingQueue(AT_ONCE, WAITING))


async def account_for(login: str, password: str) -> UUID:
    """The account of who can sign in there with this. Raises WrongCredentials, SignInRefused, TooBusy."""
    directory = DIRECTORY
    if directory is None:
        raise wrong()
    profile = await _proved(directory, login, password)
    settings = directory.settings
    admission = Admission(
        door=settings.directory_name or "",
        joining=settings.ldap_registration,
        links_by_email=settings.ldap_link_by_email,
    )
    return await identities.account_for(profile, admission)


async def link(viewer: Viewer, login: str, password: str) -> None:
    """From now on the viewer can sign in as who this is there. Raises what the other does, and Forbidden."""
    require_session(viewer, "link an account")
    if DIRECTORY is None:
        raise SignInRefused("This server asks no directory (WEBREF_LDAP_URL).", reason="PROVIDER")
    with attempts.PASSWORD_CHANGES.guess(str(viewer.account_id), wrong=WrongCredentials):
        profile = await _proved(DIRECTORY, login, password)
    await identities.link(viewer, profile)


def wrong() -> WrongCredentials:
    return WrongCredentials("Email and password do not belong together.")


async def _proved(directory: Directory, login: str, password: str) -> Profile:
    began = time.monotonic()
    try:
        profile = await directory.queue.run(lambda: _asked(directory.settings, login.strip(), password))
    except DirectoryAway as error:
        name = directory.settings.directory_name
        log.warning("%s cannot be asked who somebody is: %s", name, error)
        raise SignInRefused(
            f"{name} cannot be asked at the moment, and without it email and password do not belong together."
            " Try again in a moment.",
            reason="PROVIDER",
        ) from error
    if profile is None:
        took = time.monotonic() - began
        await asyncio.sleep(math.ceil(took / NO_SOONER_SECONDS) * NO_SOONER_SECONDS - took)
        raise wrong()
    return profile


def _asked(settings: Elsewhere, login: str, password: str) -> Profile | None:
    """Who that is; None: nobody, or another password. Blocks, for seconds at most. Raises DirectoryAway."""
    from ldap3.core.exceptions import LDAPException  # noqa: PLC0415 - only where there is a directory

    possible = 1 <= len(login) <= LONGEST_LOGIN and login.isprintable()
    # Without a password a directory lets anybody in, as nobody (RFC 4513, 5.1.2).
    possible = possible and 1 <= len(password) <= LONGEST_PASSWORD and "\x00" not in password
    try:
        with _connected(settings, settings.ldap_bind_dn, settings.ldap_bind_password) as searching:
            if not searching.bind():
                raise DirectoryAway(f"who searches it is not let in: {searching.result['description']}")
            entry = _found(searching, settings, login if possible else secrets.token_hex(8))
            name = entry["dn"] if entry else f"cn={secrets.token_hex(8)},{settings.ldap_base}"
            with _connected(settings, name, password if possible else secrets.token_hex(8)) as trying:
                is_theirs = trying.bind()
            if not is_theirs or entry is None:
                return None
            return _profile_of(entry, settings, may_own=_may_own(searching, settings, entry["dn"]))
    except (LDAPException, OSError, ValueError) as error:
        raise DirectoryAway(f"{type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _connected(settings: Elsewhere, name: str | None, password: str | None) -> Iterator["Connection"]:
    """Open and secret, before anybody says anything on it."""
    from ldap3 import NONE, Connection, Server  # noqa: PLC0415

    assert settings.ldap_url is not None
    parts = urlsplit(settings.ldap_url)
    server = Server(
        parts.hostname or "",
        port=parts.port,
        use_ssl=parts.scheme == "ldaps",
        tls=_tls(settings, parts.hostname or ""),
        get_info=NONE,
        connect_timeout=CONNECT_SECONDS,
    )
    connection = Connection(
        server,
        user=name,
        password=password,
        auto_referrals=False,
        read_only=True,
        receive_timeout=ANSWER_SECONDS,
        check_names=False,
    )
    try:
        connection.open()
        if parts.scheme == "ldap" and settings.ldap_start_tls and not connection.start_tls():
            raise DirectoryAway("it does not speak TLS")
        yield connection
    finally:
        connection.unbind()


def _tls(settings: Elsewhere, host: str) -> "Tls":
    """As Python does it: the one of ldap3 takes certificates for other names on some releases of Python."""
    from ldap3 import Tls  # noqa: PLC0415

    context = ssl.create_default_context(cafile=settings.ldap_ca)

    class Checked(Tls):
        def wrap_socket(self, connection: "Connection", do_handshake: bool = False) -> None:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=host)

    return Checked()


def _found(searching: "Connection", settings: Elsewhere, login: str) -> dict[str, Any] | None:
    """The one entry that is meant: of two nobody knows which."""
    from ldap3.utils.conv import escape_filter_chars  # noqa: PLC0415

    assert settings.ldap_base is not None
    meant = settings.ldap_filter.replace("{login}", escape_filter_chars(login))
    searching.search(
        settings.ldap_base,
        meant,
        attributes=[
            settings.ldap_id_attribute,
            settings.ldap_name_attribute,
            settings.ldap_email_attribute,
        ],
        size_limit=2,
        time_limit=ANSWER_SECONDS,
    )
    if searching.result["result"] not in (0, 4):  # 4: there are more than two
        raise DirectoryAway(f"it does not search: {searching.result['description']}")
    entries = [each for each in searching.response or [] if each["type"] == "searchResEntry"]
    return entries[0] if len(entries) == 1 else None


def _may_own(searching: "Connection", settings: Elsewhere, name: str) -> bool | None:
    from ldap3 import BASE  # noqa: PLC0415

    if settings.ldap_owner_filter is None:
        return None
    searching.search(name, settings.ldap_owner_filter, search_scope=BASE, attributes=[])
    return any(each["type"] == "searchResEntry" for each in searching.response or [])


def _profile_of(entry: dict[str, Any], settings: Elsewhere, *, may_own: bool | None) -> Profile:
    subject = _text(entry, settings.ldap_id_attribute)
    if subject is None:
        raise DirectoryAway(f"{settings.ldap_id_attribute} of people is not told to who searches")
    return Profile(
        issuer=f"ldap:{settings.ldap_base}",
        subject=subject,
        email=_text(entry, settings.ldap_email_attribute),
        is_email_verified=True,  # who runs the directory wrote it there
        name=_text(entry, settings.ldap_name_attribute),
        may_own=may_own,
    )


def _text(entry: dict[str, Any], attribute: str) -> str | None:
    """The first of its values; bytes that are no text (objectGUID) as hexadecimal digits."""
    values = {name.lower(): value for name, value in entry["raw_attributes"].items()}.get(attribute.lower())
    if not values:
        return None
    raw: bytes = values[0]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw.hex()
    return text if text.isprintable() else raw.hex()
