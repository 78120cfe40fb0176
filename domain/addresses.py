"""Addresses on the web: which URLs are taken, and which hosts the server may ask for them.

A picture's address is chosen by whoever sends it, so it could name a machine that only this server can
reach. Therefore hosts are looked up once, every address found is held against the table below, and the
connection goes to an address that passed (`domain/fetching.py`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import quote, urljoin, urlsplit

import idna

from domain.errors import UrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 4_000
PORTS = {"http": 80, "https": 443}
# Kept as they are in path and query: reserved characters, and the % of what is encoded already.
PATH_KEEPS = "/%:@!$&'()*+,;=~-._"
QUERY_KEEPS = PATH_KEEPS + "?[]|"


# Python's own `is_global` passes several of these, differently by version.
_REFUSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind carriers, and metadata of some clouds
        "127.0.0.0/8",
        "168.63.129.16/32",  # metadata of a cloud, at a public address
        "169.254.0.0/16",  # link-local, and metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and metadata of a cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# All of IPv6 that is given out for the internet, without what in it is not.
_GIVEN_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, among them Teredo, which carries IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4, which carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)
# Translated to the IPv4 address in their last 32 bits.
_CARRIES_4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0/96"))

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\Z")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")


@dataclass(frozen=True)
class Target:
    """A URL in its parts. host: ASCII, without brackets; path: with the query, percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def target_of(url: str, base: str | None = None) -> Target:
    """base: what a relative one belongs to. Raises UrlRefused."""
    text = url.strip()
    if not text or len(text) > LONGEST_URL:
        raise UrlRefused(f"An address has 1 to {LONGEST_URL:,} characters.")
    if any(ord(letter) < 32 or ord(letter) == 127 or "\ud800" <= letter <= "\udfff" for letter in text):
        raise UrlRefused("This address holds characters that no address has.")
    try:
        parts = urlsplit(urljoin(base, text) if base else text)
    except ValueError:
        raise UrlRefused("This is no address such as https://example.org/picture.jpg.") from None
    if parts.scheme not in PORTS:
        raise UrlRefused("Only addresses that begin with https:// or http:// are fetched.")
    host, port = _host_and_port(parts.netloc, parts.scheme)
    path = quote(parts.path, safe=PATH_KEEPS) or "/"
    query = f"?{quote(parts.query, safe=QUERY_KEEPS)}" if parts.query else ""
    return Target(parts.scheme, host, port, path + query)


def _host_and_port(netloc: str, scheme: str) -> tuple[str, int]:
    if "@" in netloc:
        raise UrlRefused("Addresses with a user name or password in them are not fetched.")
    if not netloc or any(letter in netloc for letter in "%\\ "):
        raise UrlRefused("This address names no host that could be asked.")
    if netloc.startswith("["):
        inner, bracket, rest = netloc[1:].partition("]")
        try:
            host = str(IPv6Address(inner))
        except ValueError:
            raise UrlRefused("This address names no host that could be asked.") from None
        port = rest[1:] if rest.startswith(":") else ""
        if not bracket or (rest and not rest.startswith(":")):
            raise UrlRefused("This address names no host that could be asked.")
    else:
        name, _, port = netloc.partition(":")
        host = _host(name)
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65_535):
        raise UrlRefused("This address names no port that could be asked.")
    return host, int(port) if port else PORTS[scheme]


def _host(name: str) -> str:
    """As it is looked up. Numbers are taken as four decimal ones only: nobody means 0x7f.1."""
    try:
        host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise UrlRefused("This address names no host that could be asked.") from None
    host = host.removesuffix(".")
    if not _HOST.match(host):
        raise UrlRefused("This address names no host that could be asked.")
    if _NUMBER.match(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise UrlRefused("This address names its host by a number that is no usual one.") from None
    return host


def is_public(address: Address) -> bool:
    """Whether it is out on the internet, and no machine of ours, of a cloud's inside, or of nobody."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    if any(address in network for network in _CARRIES_4):
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _GIVEN_6:
        return False
    return not any(address in network for network in _REFUSED_6)


def require_allowed(addresses: Iterable[Address], port: int, allowed: Iterable[Network]) -> None:
    """Every address that a name has is public, or in a network that the server's owner allowed.

    What was allowed may have any port, others the usual ones. Raises UrlRefused.
    """
    trusted = tuple(allowed)
    for address in addresses:
        if any(address.version == network.version and address in network for network in trusted):
            continue
        if not is_public(address):
            raise UrlRefused("This address leads to a machine that is not on the public internet.")
        if port not in PORTS.values():
            raise UrlRefused("Only the usual ports of the web, 80 and 443, are asked.")


def networks_of(text: str) -> tuple[Network, ...]:
    """`10.0.0.0/8, fd00::/8`. Raises ValueError in words."""
    try:
        return tuple(ip_network(piece.strip()) for piece in text.split(",") if piece.strip())
    except ValueError as error:
        raise ValueError(f"expected networks such as 10.0.0.0/8, separated by commas ({error})") from None
