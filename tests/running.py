"""webref as its users meet it: the real `webref serve`, and a script that talks to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

REPOSITORY = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery staple"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningServer:
    """One `webref serve` on 127.0.0.1; `kill` is kill -9, `start` brings it back on the same folder."""

    data: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    def start(self, *, patience_seconds: float = 60) -> float:
        """Returns the seconds from the start of the process to the first ready answer."""
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "api.cli",
                    "serve",
                    "--port",
                    str(self.port),
                    "--data",
                    str(self.data),
                ],
                cwd=REPOSITORY,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while time.perf_counter() - began < patience_seconds:
            if self.process.poll() is not None:
                raise RuntimeError(f"webref serve ended at once:\n{self.log.read_text()[-4000:]}")
            if self.is_ready():
                return time.perf_counter() - began
            time.sleep(0.02)
        raise RuntimeError(f"webref serve was not ready in time:\n{self.log.read_text()[-4000:]}")

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def own_processes(self) -> list[psutil.Process]:
        """The server and its helpers, without PostgreSQL."""
        return [process for process in self._family() if "postgres" not in process.name()]

    def memory_bytes(self, *, with_postgres: bool) -> int:
        """Proportional set size: shared pages counted once."""
        processes = self._family() if with_postgres else self.own_processes()
        return sum(process.memory_full_info().pss for process in processes)

    def cpu_seconds(self) -> float:
        """CPU of the server and its decoder, with that of the children that have ended and been reaped."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        lasting = [root, *(child for child in root.children() if "postgres" not in child.name())]
        times = [process.cpu_times() for process in lasting]
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)

    def _family(self) -> list[psutil.Process]:
        """All processes of this server: its children, and the PostgreSQL that serves its data folder."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        family = [root, *root.children(recursive=True)]
        pid_file = self.data / "postgres" / "cluster" / "postmaster.pid"
        if pid_file.exists():
            postmaster = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            family += [postmaster, *postmaster.children(recursive=True)]
        return list(dict.fromkeys(family))


@contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[RunningServer]:
    server = RunningServer(folder / "data", environment=environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Refused(Exception):
    """A GraphQL answer with errors; `codes` are their stable codes."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error["message"]) for error in errors))
        self.codes = [error.get("extensions", {}).get("code") for error in errors]


class Script:
    """A person's script: GraphQL and uploads with a bearer token, nothing else."""

    def __init__(self, server: RunningServer, *, timeout_seconds: float = 30) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=timeout_seconds)

    def ask(self, document: str, /, **variables: Any) -> dict[str, Any]:
        answer = self.http.post("/graphql", json={"query": document, "variables": variables}).json()
        if answer.get("errors"):
            raise Refused(answer["errors"])
        return dict(answer["data"])

    def register(self, name: str = "Ana", email: str = "ana@example.org") -> "Script":
        answer = self.ask(
            """mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken } } }""",
            input={"name": name, "email": email, "password": PASSWORD, "delivery": "BODY"},
        )
        self.http.headers["Authorization"] = "Bearer " + answer["register"]["session"]["accessToken"]
        return self

    def sign_in(self, email: str = "ana@example.org") -> "Script":
        answer = self.ask(
            """mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }""",
            input={"email": email, "password": PASSWORD, "delivery": "BODY"},
        )
        self.http.headers["Authorization"] = "Bearer " + answer["signIn"]["session"]["accessToken"]
        return self

    def create_token(self) -> str:
        answer = self.ask(
            "mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret } }",
            input={"name": "script", "scope": "WRITE"},
        )
        return str(answer["createToken"]["secret"])

    def create_board(self, title: str = "Mood") -> str:
        answer = self.ask(
            "mutation ($input: CreateBoardInput!) { createBoard(input: $input) { board { id } } }",
            input={"title": title},
        )
        return str(answer["createBoard"]["board"]["id"])

    def upload(self, content: bytes, name: str, *, image_id: str | None = None) -> dict[str, Any]:
        response = self.http.post(
            "/uploads", params={"name": name, "id": image_id or str(uuid4())}, content=content
        )
        answer = response.json()
        if response.status_code != 201:
            raise Refused([{"message": answer["error"]["message"], "extensions": answer["error"]}])
        return dict(answer["image"])

    def add_images(self, board_id: str, image_ids: list[str], *, mutation_id: str | None = None) -> list[str]:
        answer = self.ask(
            "mutation ($input: AddItemsInput!) { addItems(input: $input) { items { id } } }",
            input={
                "boardId": board_id,
                "items": [{"content": {"imageId": image_id}} for image_id in image_ids],
                "clientMutationId": mutation_id,
            },
        )
        return [item["id"] for item in answer["addItems"]["items"]]

    def items_on(self, board_id: str) -> list[dict[str, Any]]:
        answer = self.ask(
            """query ($id: ID!) { board(id: $id) { items(first: 10000) { nodes {
                 id x y scale rotation z ... on ImageItem { image { id name state } } } } } }""",
            id=board_id,
        )
        return list(answer["board"]["items"]["nodes"])
