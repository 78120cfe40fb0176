"""A little web for the tests: a host on 127.0.0.1 that says what it is told to, and names that lead there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

from domain.addresses import Address
from domain.settings import Settings

HERE = ip_network("127.0.0.1/32")


@dataclass
class Site:
    """answers: by path; a string is an address to be led on to. asked: request lines and headers."""

    port: int
    answers: dict[str, bytes | str | tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


def allowing(settings: Settings) -> Settings:
    return replace(settings, fetch_allow=(HERE,))


@asynccontextmanager
async def a_site() -> AsyncIterator[Site]:
    site = Site(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            site.asked.append(head)
            path = head.split(" ")[1]
            answer = site.answers.get(path)
            if answer is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            elif isinstance(answer, str):
                writer.write(
                    f"HTTP/1.1 302 Found\r\nLocation: {answer}\r\nContent-Length: 0\r\n\r\n".encode()
                )
            else:
                kind, body = answer if isinstance(answer, tuple) else ("image/jpeg", answer)
                more = "".join(f"{name}: {value}\r\n" for name, value in site.headers.items())
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n".encode()
                )
                writer.write(body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


@dataclass
class Names:
    """A resolver: each time a name is asked for, its next answer; the last one for ever."""

    known: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        try:
            return [ip_address(host)]
        except ValueError:
            answers = self.known[host]
            now = answers.pop(0) if len(answers) > 1 else answers[0]
            return [ip_address(text) for text in now]
