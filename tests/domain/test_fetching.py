"""Fetching: a hostile web of names that change their minds, redirects inwards, and bodies without end."""

import asyncio
import gzip
import zlib

import pytest

from domain import fetching
from domain.errors import DomainError, FetchFailed, FileTooLarge, UrlRefused
from domain.fetching import Resolve, fetched, resolved
from domain.settings import Settings
from tests.domain.webbing import Names, a_site, allowing

METADATA = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
    "http://127.0.0.1:5432/",
    "http://localhost/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://10.0.0.1/",
]


async def got(settings: Settings, url: str, *, most: int = 1_000_000, resolve: Resolve = resolved) -> bytes:
    async with fetched(settings, url, accept="*/*", most_bytes=most, resolve=resolve) as answer:
        return b"".join([piece async for piece in answer.pieces])


async def test_a_picture_is_fetched_and_nothing_of_ours_goes_along(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with a_site() as site:
        site.answers["/a%20b.jpg?x=1"] = b"picture"
        assert await got(allowing(settings), site.url("/a b.jpg?x=1#part")) == b"picture"
        (head,) = site.asked
        assert f"Host: 127.0.0.1:{site.port}" in head
        assert not any(word in head.lower() for word in ("cookie", "authorization", "referer"))


@pytest.mark.parametrize("url", METADATA)
async def test_what_is_inside_is_not_asked_directly(settings: Settings, url: str) -> None:
    with pytest.raises(UrlRefused):
        await got(settings, url)


@pytest.mark.parametrize(
    "url",
    [
        *(url for url in METADATA if "127.0.0.1" not in url and "localhost" not in url),
        "file:///etc/passwd",
        "http://user:word@127.0.0.1/",
        "//127.1/",
    ],
)
async def test_nor_is_it_when_a_host_outside_leads_there(settings: Settings, url: str) -> None:
    async with a_site() as site:
        site.answers["/"] = url
        with pytest.raises(UrlRefused):
            await got(allowing(settings), site.url("/"))
        assert len(site.asked) == 1


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1"], ["169.254.169.254"], ["0.0.0.0"]],
)
async def test_a_name_that_leads_inside_is_refused(settings: Settings, addresses: list[str]) -> None:
    names = Names({"rebind.example": [addresses]})
    with pytest.raises(UrlRefused):
        await got(settings, "http://rebind.example/", resolve=names)


async def test_a_name_is_looked_up_once_for_each_connection_which_goes_where_it_was_checked(
    settings: Settings,
) -> None:
    """The second answer of a name that changes its mind is never asked for."""
    async with a_site() as site:
        site.answers["/a.jpg"] = b"picture"
        names = Names({"rebind.example": [["127.0.0.1"], ["10.0.0.1"]]})
        url = site.url("/a.jpg", "rebind.example")
        assert await got(allowing(settings), url, resolve=names) == b"picture"
        assert names.asked == ["rebind.example"]
        assert f"Host: rebind.example:{site.port}" in site.asked[0]
        with pytest.raises(UrlRefused):
            await got(allowing(settings), url, resolve=names)
        assert len(site.asked) == 1


async def test_a_name_is_checked_again_at_every_step(settings: Settings) -> None:
    async with a_site() as site:
        names = Names({"rebind.example": [["127.0.0.1"], ["192.168.0.1"]]})
        site.answers["/"] = site.url("/secret", "rebind.example")
        site.answers["/secret"] = b"secret"
        with pytest.raises(UrlRefused):
            await got(allowing(settings), site.url("/", "rebind.example"), resolve=names)
        assert len(site.asked) == 1


async def test_three_times_it_may_be_led_on_and_no_fourth(settings: Settings) -> None:
    async with a_site() as site:
        site.answers |= {f"/{step}": f"/{step + 1}" for step in range(6)}
        site.answers["/6"] = b"there"
        assert await got(allowing(settings), site.url("/3")) == b"there"
        with pytest.raises(FetchFailed, match="more than 3"):
            await got(allowing(settings), site.url("/2"))


async def test_other_ports_than_those_of_the_web_are_not_asked(settings: Settings) -> None:
    names = Names({"example.org": [["93.184.216.34"]]})
    for port in (22, 6379, 8080):
        with pytest.raises(UrlRefused, match="80 and 443"):
            await got(settings, f"http://example.org:{port}/", resolve=names)


async def test_too_much_is_not_taken_whatever_is_said_of_it(settings: Settings) -> None:
    async with a_site() as site:
        site.answers["/a"] = bytes(200_000)
        with pytest.raises(FileTooLarge):
            await got(allowing(settings), site.url("/a"), most=100_000)
        site.headers["Content-Length"] = "200000"
        with pytest.raises(FileTooLarge):
            await got(allowing(settings), site.url("/a"), most=100_000)
        for coding, body in (
            ("gzip", gzip.compress(bytes(50_000_000))),
            ("deflate", zlib.compress(bytes(50_000_000))),
        ):
            site.headers = {"Content-Encoding": coding}
            site.answers["/bomb"] = body
            with pytest.raises(FileTooLarge):
                await got(allowing(settings), site.url("/bomb"), most=1_000_000)
        site.answers["/small"] = gzip.compress(b"small")
        site.headers = {"Content-Encoding": "gzip"}
        assert await got(allowing(settings), site.url("/small")) == b"small"
        site.headers = {"Content-Encoding": "br"}
        with pytest.raises(FetchFailed):
            await got(allowing(settings), site.url("/small"))


async def test_a_host_that_says_nothing_or_never_ends_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /drip"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            await asyncio.sleep(30)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    monkeypatch.setattr(fetching, "FETCH_SECONDS", 0.6)
    monkeypatch.setattr(fetching, "SILENCE_SECONDS", 0.3)
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for path in ("/drip", "/silence"):
        with pytest.raises(FetchFailed):
            await got(allowing(settings), f"http://127.0.0.1:{port}{path}")
    server.close()


async def test_what_fails_is_said_in_words(settings: Settings) -> None:
    async with a_site() as site:
        with pytest.raises(FetchFailed, match="nothing at this address"):
            await got(allowing(settings), site.url("/none"))
        site.answers["/"] = ""
        site.answers["/broken"] = "http://[::1"
        with pytest.raises(DomainError):
            await got(allowing(settings), site.url("/broken"))
        gone = site.url("/")
    with pytest.raises(FetchFailed, match="cannot be reached"):
        await got(allowing(settings), gone)
    with pytest.raises(FetchFailed, match="cannot be found"):
        await got(settings, "http://no-such-name.invalid/")


async def test_over_tls_nothing_is_taken_from_a_host_that_is_not_the_one_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate of a host that is not the one named is not taken: here there is none at all."""
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 0.5)
    async with a_site() as site:
        names = Names({"secure.example": [["127.0.0.1"]]})
        with pytest.raises(FetchFailed):
            await got(allowing(settings), f"https://secure.example:{site.port}/", resolve=names)
