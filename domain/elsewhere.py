"""What can be configured about signing in elsewhere: at a provider of OpenID Connect, by a directory."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit


class Joining(StrEnum):
    """Who gets an account by signing in elsewhere for the first time.

    RULE: whoever the server's own rule about registration lets in. OPEN: everybody who is let in there.
    CLOSED: nobody, accounts are linked by hand.
    """

    RULE = "rule"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Elsewhere:
    """The settings that begin with oidc_ and ldap_; without an issuer or an address there is no such thing.

    …_name: what people call it; None: the host of its address.
    oidc_groups: who is in none of them is not let in; empty: everybody is.
    oidc_owner_group: the first of it to sign in owns the server.
    oidc_…_claim: where the provider says it, with dots into what is nested.
    ldap_ca: who signed the directory's certificate; None: one of those whom the system trusts.
    ldap_start_tls: whether ldap:// is made secret first; without it is for a directory on this machine only.
    ldap_bind_dn: who may search it; None: nobody needs to say who they are.
    ldap_filter, ldap_owner_filter: who is meant by what somebody wrote; which of them own the server.
    """

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    oidc_name: str | None = None
    oidc_scopes: tuple[str, ...] = ("openid", "profile", "email")
    oidc_registration: Joining = Joining.RULE
    oidc_link_by_email: bool = False
    oidc_name_claim: str = "name"
    oidc_email_claim: str = "email"
    oidc_groups_claim: str = "groups"
    oidc_groups: tuple[str, ...] = ()
    oidc_owner_group: str | None = None
    ldap_url: str | None = None
    ldap_name: str | None = None
    ldap_ca: Path | None = None
    ldap_start_tls: bool = True
    ldap_bind_dn: str | None = None
    ldap_bind_password: str | None = field(default=None, repr=False)
    ldap_base: str | None = None
    ldap_filter: str = "(uid={login})"
    ldap_owner_filter: str | None = None
    ldap_id_attribute: str = "entryUUID"
    ldap_name_attribute: str = "cn"
    ldap_email_attribute: str = "mail"
    ldap_registration: Joining = Joining.RULE
    ldap_link_by_email: bool = False

    @property
    def provider_name(self) -> str | None:
        """What people call the provider; None: there is none."""
        if self.oidc_issuer is None:
            return None
        return self.oidc_name or urlsplit(self.oidc_issuer).hostname

    @property
    def directory_name(self) -> str | None:
        """What people call the directory; None: there is none."""
        return None if self.ldap_url is None else self.ldap_name or urlsplit(self.ldap_url).hostname

    def unfinished(self) -> tuple[str, str] | None:
        """The variable that is missing or means nothing without another, and what to do."""
        return self._unfinished_directory() or self._unfinished_provider()

    def _unfinished_directory(self) -> tuple[str, str] | None:
        if self.ldap_url is None:
            given = self.ldap_base or self.ldap_bind_dn or self.ldap_bind_password
            return ("WEBREF_LDAP_URL", "name the directory's address too") if given else None
        if self.ldap_base is None:
            return (
                "WEBREF_LDAP_BASE",
                "say where people are in the directory, such as ou=people,dc=example,dc=org",
            )
        if (self.ldap_bind_dn is None) != (self.ldap_bind_password is None):
            lacking = "PASSWORD" if self.ldap_bind_password is None else "DN"
            return f"WEBREF_LDAP_BIND_{lacking}", "name and password of who searches go together"
        host = urlsplit(self.ldap_url).hostname or ""
        if self.ldap_url.startswith("ldap://") and not self.ldap_start_tls and not _is_this_machine(host):
            return "WEBREF_LDAP_START_TLS", "passwords would be read on the way"
        return None

    def _unfinished_provider(self) -> tuple[str, str] | None:
        if self.oidc_issuer is None:
            given = self.oidc_client_id or self.oidc_client_secret
            return ("WEBREF_OIDC_ISSUER", "name the provider's address too") if given else None
        if self.oidc_client_id is None:
            return "WEBREF_OIDC_CLIENT_ID", "say as whom webref is known to the provider"
        return None


def good_issuer(text: str) -> str:
    """Where a provider is. Raises ValueError."""
    if not is_safe_address(text) or urlsplit(text).query or urlsplit(text).fragment:
        raise ValueError("expected the issuer's address, such as https://login.example.org/realms/home")
    return text


def is_safe_address(text: str) -> bool:
    """Whether what is asked there comes from there: TLS, or this very machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or not text.isprintable() or not text.isascii() or " " in text:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def good_directory(text: str) -> str:
    parts = urlsplit(text)
    try:
        port, known = parts.port, parts.scheme in ("ldap", "ldaps")
    except ValueError:
        port, known = None, False
    if not known or not parts.hostname or "@" in parts.netloc or parts.path.strip("/") or port == 0:
        raise ValueError("expected an address such as ldaps://directory.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def good_filter(text: str) -> str:
    if text.count("(") != text.count(")") or not text.startswith("(") or not text.endswith(")"):
        raise ValueError("expected a filter such as (memberOf=cn=crew,dc=example,dc=org)")
    return text


def good_login_filter(text: str) -> str:
    if "{login}" not in text:
        raise ValueError("expected a filter with {login} in it, such as (uid={login})")
    return good_filter(text)


def good_attribute(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text):
        raise ValueError("expected the name of an attribute, such as mail")
    return text


def listed(text: str) -> tuple[str, ...]:
    """Separated by commas."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def good_scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError("expected scopes such as openid profile email")
    return scopes if "openid" in scopes else ("openid", *scopes)


_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, appendix A.4


def good_joining(text: str) -> Joining:
    try:
        return Joining(text.lower())
    except ValueError:
        raise ValueError("expected rule, open or closed") from None


def short_name(text: str) -> str:
    if len(text) > 40 or not text.isprintable():
        raise ValueError("expected a name of at most 40 characters")
    return text


ELSEWHERE: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "WEBREF_OIDC_ISSUER": ("oidc_issuer", good_issuer),
    "WEBREF_OIDC_CLIENT_ID": ("oidc_client_id", str),
    "WEBREF_OIDC_CLIENT_SECRET": ("oidc_client_secret", str),
    "WEBREF_OIDC_NAME": ("oidc_name", short_name),
    "WEBREF_OIDC_SCOPES": ("oidc_scopes", good_scopes),
    "WEBREF_OIDC_REGISTRATION": ("oidc_registration", good_joining),
    "WEBREF_OIDC_NAME_CLAIM": ("oidc_name_claim", str),
    "WEBREF_OIDC_EMAIL_CLAIM": ("oidc_email_claim", str),
    "WEBREF_OIDC_GROUPS_CLAIM": ("oidc_groups_claim", str),
    "WEBREF_OIDC_GROUPS": ("oidc_groups", listed),
    "WEBREF_OIDC_OWNER_GROUP": ("oidc_owner_group", str),
    "WEBREF_LDAP_URL": ("ldap_url", good_directory),
    "WEBREF_LDAP_NAME": ("ldap_name", short_name),
    "WEBREF_LDAP_CA": ("ldap_ca", Path),
    "WEBREF_LDAP_BIND_DN": ("ldap_bind_dn", str),
    "WEBREF_LDAP_BIND_PASSWORD": ("ldap_bind_password", str),
    "WEBREF_LDAP_BASE": ("ldap_base", str),
    "WEBREF_LDAP_FILTER": ("ldap_filter", good_login_filter),
    "WEBREF_LDAP_OWNER_FILTER": ("ldap_owner_filter", good_filter),
    "WEBREF_LDAP_ID_ATTRIBUTE": ("ldap_id_attribute", good_attribute),
    "WEBREF_LDAP_NAME_ATTRIBUTE": ("ldap_name_attribute", good_attribute),
    "WEBREF_LDAP_EMAIL_ATTRIBUTE": ("ldap_email_attribute", good_attribute),
    "WEBREF_LDAP_REGISTRATION": ("ldap_registration", good_joining),
}
