"""The stage: a webref of real processes, which can be stopped, killed and started one by one."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from domain.postgres import Cluster, find_binaries, running
from domain.settings import Settings
from tests.brokers import KINDS, QUOTED, Broker
from tests.brokers import PASSWORD as BROKER_PASSWORD
from tests.faults.earlier import earlier_release
from tests.faults.lines import Line
from tests.faults.listed import CannotRun, Shape
from tests.faults.mounts import disk_of, small_disk
from tests.pictures import photo
from tests.running import PASSWORD, REPOSITORY, RunningServer, Script, free_port
from tests.s3 import HERE, Door, S3Server, a_door, swift_python
from tests.services import Service, listens

ENDS_SECONDS = 20.0


@dataclass
class Stage:
    """base: where data and PostgreSQL are; folder: where the logs are. services: "api", "worker1" …,
    "broker", "s3". images: two pictures that are there from the start. token: of who owns all; stranger: of
    somebody who may see nothing of it. dead: pictures whose job is meant to be given up. rounds: how many
    there were.
    """

    folder: Path
    base: Path
    shape: Shape
    port: int
    cluster: Cluster
    environment: dict[str, str]
    services: dict[str, Service] = field(default_factory=dict)
    token: str = ""
    stranger: str = ""
    images: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    broker: Broker | None = None
    door: Door | None = None
    line: Line | None = None
    rounds: int = 0

    @property
    def url(self) -> str:
        return self.cluster.url()

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def script(self) -> Script:
        """A new one: of one thread only."""
        script = Script(RunningServer(self.data, self.port))
        script.http.headers["Authorization"] = f"Bearer {self.token}"
        return script

    @property
    def settings(self) -> Settings:
        """As those of the API, for who looks at its database and its files from here."""
        return Settings.from_environment({}, {**self.environment, "WEBREF_DATABASE_URL": self.url})

    @property
    def secrets(self) -> set[str]:
        """What must never be in a log."""
        named = ("WEBREF_SECRET", "WEBREF_S3_SECRET_KEY")
        return {
            self.token,
            self.stranger,
            PASSWORD,
            BROKER_PASSWORD,
            QUOTED,
            *(self.environment.get(name, PASSWORD) for name in named),
        }

    async def start(self, name: str) -> None:
        """Returns when it is ready; what dies on its way is started again, as a service manager does."""
        for attempt in range(3):
            try:
                await asyncio.to_thread(self.services[name].start)
                return
            except AssertionError:
                self.services[name].stop()
                if attempt == 2:
                    raise

    def kill(self, name: str) -> None:
        self.services[name].kill()

    def signal(self, name: str, number: int) -> None:
        self.services[name].signal(number)

    def arm(self, name: str, words: str) -> None:
        """Lets it die at a point of tests/faults/fatal.py."""
        (self.folder / f"{name}.fatal").write_text(words)
        self.signal(name, signal.SIGUSR1)

    async def died(self, name: str, patience: float) -> bool:
        process = self.services[name].process
        assert process is not None
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, patience)
        return process.poll() is not None

    def postgres(self) -> list[psutil.Process]:
        """The server's processes, the first of them the one that starts the others."""
        lines = (self.cluster.cluster / "postmaster.pid").read_text().splitlines()
        postmaster = psutil.Process(int(lines[0]))
        return [postmaster, *postmaster.children()]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of webref, beside what runs."""
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def add_api(self, *, launcher: tuple[str, ...] | None = None, folder: Path = REPOSITORY) -> None:
        server = RunningServer(self.data, int(self.environment["WEBREF_PORT"]))
        self._add("api", ["serve"], server.is_ready, launcher, folder)

    def add_worker(self, number: int) -> None:
        name = f"worker{number}"
        log = self.folder / f"{name}.log"
        started = 0

        def ready() -> bool:
            return log.read_bytes().count(b"are ready") > started

        self._add(name, ["worker", "--threads", "1"], ready, None, REPOSITORY)
        service = self.services[name]
        start = service.start

        def counted() -> None:
            nonlocal started
            started = log.read_bytes().count(b"are ready") if log.exists() else 0
            start()

        service.start = counted  # type: ignore[method-assign]

    def _add(
        self, name: str, words: list[str], ready: Any, launcher: tuple[str, ...] | None, folder: Path
    ) -> None:
        command = [sys.executable, *(self.shape.launcher if launcher is None else launcher), *words]
        environment = {**self.environment, **dict(self.shape.extra)}
        environment["FATAL"] = str(self.folder / f"{name}.fatal")
        environment["FIU_CTRL_FIFO"] = str(self.folder / f"{name}.fiu")
        environment["FAKETIME_TIMESTAMP_FILE"] = str(self.folder / "clock")
        if folder != REPOSITORY:
            environment["PYTHONPATH"] = str(folder)
        self.services[name] = Service(command, self.folder / f"{name}.log", ready, environment, folder=folder)

    def logs(self) -> list[Path]:
        return [path for path in (*self.folder.glob("*.log"), self.cluster.log) if path.exists()]


@asynccontextmanager
async def staged(folder: Path, shape: Shape) -> AsyncIterator[Stage]:
    """Everything of that shape, started in order, with an owner, a stranger and two pictures."""
    async with AsyncExitStack() as opened:
        base = folder
        if shape.disk == "image":
            base = opened.enter_context(disk_of(folder))
        port = free_port()
        data = base / "data"
        environment = {
            "WEBREF_DATA": str(data),
            "WEBREF_PORT": str(port),
            "WEBREF_SECRET": secrets.token_urlsafe(48),
            "WEBREF_WORKERS": str(shape.threads),
            "WEBREF_TRASH_DAYS": "0",
        }
        own = shape.workers > 0 or shape.earlier
        cluster = Cluster(base / "postgres" if own else data / "postgres", find_binaries())
        stage = Stage(folder, base, shape, port, cluster, environment)
        opened.callback(_end_postgres, stage)
        if own:
            environment["WEBREF_DATABASE_URL"] = await opened.enter_async_context(running(cluster))
        opened.callback(_end, stage)
        if shape.broker:
            await _broker(stage, opened)
        if shape.bucket:
            await _bucket(stage, opened)
        (folder / "clock").write_text("+0\n")
        if shape.earlier:
            stage.add_api(launcher=("-m", "api.cli"), folder=await asyncio.to_thread(earlier_release, folder))
        else:
            stage.add_api()
        if shape.disk in ("tmpfs", "wal"):
            await small_disk(stage, opened)
        for number in range(1, shape.workers + 1):
            stage.add_worker(number)
        for name in ("api", *(f"worker{number}" for number in range(1, shape.workers + 1))):
            await stage.start(name)
        await asyncio.to_thread(_people, stage)
        if shape.line:
            stage.line = await opened.enter_async_context(Line(port))
            stage.port = stage.line.port
        yield stage


def _end(stage: Stage) -> None:
    for service in reversed(stage.services.values()):
        service.stop()


def _end_postgres(stage: Stage) -> None:
    """What an API that was killed has left behind."""
    with suppress(OSError, psutil.NoSuchProcess):
        postmaster = stage.postgres()[0]
        if str(stage.cluster.cluster) in " ".join(postmaster.cmdline()):
            postmaster.send_signal(signal.SIGQUIT)
            postmaster.wait(20)


def _people(stage: Stage) -> None:
    owner = Script(RunningServer(stage.data, stage.port)).register()
    code = owner.ask("mutation { createInvite(input: {}) { code } }")["createInvite"]["code"]
    email = "stranger@example.org"
    new = {"name": "Eve", "email": email, "password": PASSWORD, "inviteCode": code, "delivery": "BODY"}
    guest = Script(owner.server)
    guest.ask("mutation ($input: RegisterInput!) { register(input: $input) { __typename } }", input=new)
    stage.stranger = guest.sign_in(email).create_token()
    stage.token = owner.create_token()
    stage.images = [owner.upload(photo(60, 40, seed=n), f"{n}.jpg")["id"] for n in range(2)]


async def _broker(stage: Stage, opened: AsyncExitStack) -> None:
    needed = f"{stage.shape.broker}-server"
    if shutil.which(needed) is None:
        raise CannotRun(f"{needed} is not installed")
    stage.broker = broker = KINDS[stage.shape.broker](stage.folder)
    opened.callback(broker.close)
    stage.environment["WEBREF_BROKER_URL"] = broker.url
    stage.services["broker"] = broker.service
    await asyncio.to_thread(broker.start)


async def _bucket(stage: Stage, opened: AsyncExitStack) -> None:
    try:
        python = await asyncio.to_thread(swift_python)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRun(f"there is no S3 server for tests: {error}") from error
    store = S3Server(free_port())
    command = [str(python), str(HERE / "serving.py"), str(stage.folder / "swift"), str(store.port)]
    service = Service(
        [*command, store.access_key, store.secret_key],
        stage.folder / "s3.log",
        lambda: listens(store.port),
    )
    stage.services["s3"] = service
    await stage.start("s3")
    bucket = await store.make_bucket()
    stage.door, through = await opened.enter_async_context(a_door(store))
    stage.environment |= {
        "WEBREF_STORAGE": f"s3://{bucket}/files",
        "WEBREF_S3_ENDPOINT": through.endpoint,
        "WEBREF_S3_ACCESS_KEY": store.access_key,
        "WEBREF_S3_SECRET_KEY": store.secret_key,
    }
