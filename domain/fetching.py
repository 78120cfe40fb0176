"""Fetching from the web: one GET, bounded in bytes, time and redirects, from hosts that may be asked.

Nothing of the server's goes along: no cookies, no credentials, no proxy out of the environment.
"""

import asyncio
import contextlib
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote

import certifi
import httpcore

from domain.addresses import Address, Network, Target, require_allowed, target_of
from domain.errors import FetchFailed, FileTooLarge, UrlRefused
from domain.settings import Settings

MOST_REDIRECTS = 3
FETCH_SECONDS = 30.0
CONNECT_SECONDS = 8.0
SILENCE_SECONDS = 10.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NO_SUCCESS = {
    401: "it wants a password",
    403: "it does not give this to others",
    404: "there is nothing at this address",
    410: "there is nothing at this address any more",
    429: "it was asked too often",
}

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


@dataclass(frozen=True)
class Fetched:
    """An answer whose bytes are still to come. url: where they are from, after redirects."""

    url: str
    media_type: str
    charset: str | None
    filename: str
    pieces: AsyncIterator[bytes]


async def resolved(host: str, port: int) -> Sequence[Address]:
    """All addresses of a name, as the system knows them. Raises FetchFailed."""
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed("The host of this address cannot be found.") from None
    # An address with a scope, such as fe80::1%eth0, is of this machine's own links.
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ip_address(text) for text in texts]


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and looks a name up only for that.

    A name that is asked for twice could have another address the second time.
    """

    def __init__(self, allowed: Iterable[Network], resolve: Resolve) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise FetchFailed("The host of this address cannot be found.")
        require_allowed(addresses, port, self._allowed)
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(str(address), port, timeout)
        return await self._network.connect_tcp(str(addresses[-1]), port, timeout)

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        raise UrlRefused("Only hosts are asked.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def fetched(
    settings: Settings,
    url: str,
    *,
    accept: str,
    most_bytes: int,
    referer: str | None = None,
    resolve: Resolve = resolved,
) -> AsyncIterator[Fetched]:
    """`async with fetched(…) as answer:` then read its pieces, at most `most_bytes`.

    Raises UrlRefused, FetchFailed, FileTooLarge.
    """
    deadline = asyncio.timeout(FETCH_SECONDS)
    try:
        async with contextlib.AsyncExitStack() as opened, deadline:
            target, response = await _followed(settings, opened, target_of(url), accept, referer, resolve)
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            announced = headers.get("content-length", "")
            if announced.isdigit() and int(announced) > most_bytes:
                raise _too_large(most_bytes)
            kind = Message()
            kind["content-type"] = headers.get("content-type", "application/octet-stream")
            kind["content-disposition"] = headers.get("content-disposition", "inline")
            yield Fetched(
                url=target.url,
                media_type=kind.get_content_type(),
                charset=kind.get_content_charset(),
                filename=_filename(kind.get_filename(), target),
                pieces=_bounded(_plain(response, headers.get("content-encoding", "")), most_bytes),
            )
    except TimeoutError:
        if not deadline.expired():
            raise
        raise FetchFailed(f"It took longer than {FETCH_SECONDS:.0f} seconds.") from None
    except httpcore.TimeoutException:
        raise FetchFailed("The host of this address does not answer in time.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise FetchFailed("The host of this address cannot be reached, or broke off.") from None


async def _followed(
    settings: Settings,
    opened: contextlib.AsyncExitStack,
    target: Target,
    accept: str,
    referer: str | None,
    resolve: Resolve,
) -> tuple[Target, httpcore.Response]:
    """The first answer that is no redirect; every step is checked like the first."""
    for _ in range(MOST_REDIRECTS + 1):
        pool = await opened.enter_async_context(
            httpcore.AsyncConnectionPool(
                ssl_context=trusted_by_system(),
                network_backend=_Pinned(settings.fetch_allow, resolve),
                max_connections=1,
            )
        )
        waits = {"connect": CONNECT_SECONDS, "read": SILENCE_SECONDS, "write": SILENCE_SECONDS, "pool": 1.0}
        response = await opened.enter_async_context(
            pool.stream(
                "GET",
                httpcore.URL(
                    scheme=target.scheme.encode(),
                    host=target.host.encode(),
                    port=target.port,
                    target=target.path.encode(),
                ),
                headers=_headers(target, accept, referer),
                extensions={"timeout": waits},
            )
        )
        if response.status == 200:
            return target, response
        location = next((value for name, value in response.headers if name.lower() == b"location"), None)
        if response.status not in REDIRECTS or location is None:
            why = NO_SUCCESS.get(response.status, f"it answered {response.status}")
            raise FetchFailed(f"The host gives no picture: {why}.", status=response.status)
        target = target_of(location.decode("utf-8", "replace"), base=target.url)
    raise FetchFailed(f"This address leads on to others more than {MOST_REDIRECTS} times.")


def _headers(target: Target, accept: str, referer: str | None) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"Host", target.authority.encode()),
        (b"User-Agent", b"Mozilla/5.0 (compatible; webref)"),
        (b"Accept", accept.encode()),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]
    if referer:
        headers.append((b"Referer", target_of(referer).url.encode()))
    return headers


@cache
def trusted_by_system() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not any(ssl.get_default_verify_paths()[:2]):
        context.load_verify_locations(certifi.where())
    return context


async def _plain(response: httpcore.Response, encoding: str) -> AsyncIterator[bytes]:
    """Unpacked, never more at once than the bound of one step. Raises FetchFailed."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        async for piece in response.aiter_stream():
            yield piece
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise FetchFailed("The host sends this in a form that was not asked for.")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for piece in response.aiter_stream():
            rest = piece
            while rest:
                yield unpack.decompress(rest, 1 << 18)
                rest = unpack.unconsumed_tail
    except zlib.error:
        raise FetchFailed("The host sends this broken.") from None


async def _bounded(pieces: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    came = 0
    async for piece in pieces:
        came += len(piece)
        if came > most_bytes:
            raise _too_large(most_bytes)
        yield piece


def _too_large(most_bytes: int) -> FileTooLarge:
    return FileTooLarge(
        f"It is too large: at most {most_bytes / 1_000_000:g} MB are fetched.", limit_bytes=most_bytes
    )


def _filename(sent: str | None, target: Target) -> str:
    last = target.path.partition("?")[0].rpartition("/")[2]
    return sent or unquote(last) or target.host
