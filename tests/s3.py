"""A real S3 server on loopback: OpenStack Swift, in an environment of its own that is made when first needed.

Where it cannot be made a test skips and says so, except under CI: there nothing is skipped.
"""

import asyncio
import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from domain import buckets
from domain.settings import Settings

HERE = Path(__file__).resolve().parent / "swift"
ENVIRONMENTS = HERE.parent.parent / "build" / "swift"
START_SECONDS = 60.0


@dataclass(frozen=True)
class S3Server:
    """access_key and secret_key may do everything there."""

    port: int
    access_key: str = "test:tester"
    secret_key: str = "the-secret-of-the-tests"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, settings: Settings, bucket: str, prefix: str = "webref") -> Settings:
        """The same, with their files in this bucket."""
        return replace(
            settings,
            storage=f"s3://{bucket}/{prefix}".rstrip("/"),
            s3_endpoint=self.endpoint,
            s3_access_key=self.access_key,
            s3_secret_key=self.secret_key,
        )

    async def make_bucket(self) -> str:
        """Its name, which no other test has."""
        name = f"webref-{uuid4().hex}"
        store = buckets.store_at(f"s3://{name}", self.settings(Settings(), name), Path())
        await store.ask("create_bucket", Bucket=name)
        await store.close()
        return name


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    try:
        python = swift_python()
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no S3 server for the tests: {error}")
    with _serving(python, tmp_path_factory.mktemp("swift")) as server:
        yield server


def swift_python() -> Path:
    """The Python of the server's environment, which is made once for each state of its lock file."""
    lock = HERE / "requirements.lock"
    folder = ENVIRONMENTS / hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    python, stamp = folder / "bin" / "python", folder / "made"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with open(ENVIRONMENTS / "lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists():
            venv.create(folder, clear=True, with_pip=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
            stamp.touch()
    return python


@contextmanager
def _serving(python: Path, folder: Path) -> Iterator[S3Server]:
    """While the block runs, and no longer than this process lives."""
    given = S3Server(0)
    with (
        open(folder / "errors", "wb") as errors,
        subprocess.Popen(
            [python, HERE / "serving.py", folder, "0", given.access_key, given.secret_key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline().split()
            if not said:
                raise RuntimeError(f"the S3 server did not start: {(folder / 'errors').read_text()[-2000:]}")
            yield replace(given, port=int(said[1]))
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Fault:
    """What a door does to requests of one method: the next `times` of them, then no more.

    kind: "status 503" (any status), "cut" (no answer, nothing arrives), "lost" (it arrives, the answer does
    not), "short" (the answer breaks off in its middle), "etag" (the answer names another ETag).
    """

    kind: str
    method: str = "PUT"
    times: int = 1
    path: str = ""


class Door:
    """Between a client and the S3 server, one request a connection; `faults` are for the next ones."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.faults: list[Fault] = []
        self.seen: list[str] = []

    def _fault(self, method: str, path: str) -> str | None:
        for fault in self.faults:
            if fault.method == method and fault.path in path and fault.times > 0:
                fault.times -= 1
                return fault.kind
        return None

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        fields = _fields(head)
        self.seen.append(f"{method} {path}")
        fault = self._fault(method, path)
        if fields.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        if fault == "cut":
            return
        if fault is not None and fault.startswith("status "):
            status, _, code = fault.removeprefix("status ").partition(" ")
            said = f"<Error><Code>{code or 'ServiceUnavailable'}</Code></Error>".encode()
            writer.write(
                f"HTTP/1.1 {status} Said\r\ncontent-type: application/xml\r\n"
                f"content-length: {len(said)}\r\nconnection: close\r\n\r\n".encode()
            )
            writer.write(b"" if method == "HEAD" else said)
            await writer.drain()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            asked = [
                line
                for line in head.split(b"\r\n")
                if not line.lower().startswith((b"connection:", b"expect:"))
            ]
            asked.insert(1, b"Connection: close")
            inner_writer.write(b"\r\n".join(asked) + body)
            answer = await inner_reader.read(-1)
        finally:
            inner_writer.close()
        if fault == "lost":
            return
        if fault == "etag":
            answer = _with_other_etag(answer)
        if fault == "short":
            start = answer.index(b"\r\n\r\n") + 4
            answer = answer[: start + (len(answer) - start) // 2]
        writer.write(answer)
        await writer.drain()


def _fields(head: bytes) -> dict[str, str]:
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:] if line]
    return {name.decode().lower(): value.strip().decode() for name, _, value in lines}


def _with_other_etag(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [
        b'etag: "' + b"0" * 32 + b'"' if line.lower().startswith(b"etag:") else line
        for line in head.split(b"\r\n")
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@asynccontextmanager
async def a_door(server: S3Server) -> AsyncIterator[tuple[Door, S3Server]]:
    """The door, and the server as it is seen through it."""
    door = Door(server.port)
    listening = await asyncio.start_server(door.enter, "127.0.0.1", 0, limit=1 << 20)
    async with listening:
        yield door, replace(server, port=listening.sockets[0].getsockname()[1])
