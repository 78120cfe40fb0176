"""A whole webref of many processes on loopback: nginx, two APIs, two workers, Redis, S3, a PostgreSQL.

Each can be killed and started again. What the system lacks skips the test, or fails it in CI.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.brokers import Redis
from tests.running import REPOSITORY, RunningServer, free_port
from tests.s3 import HERE, S3Server, swift_python
from tests.services import Service, listens, program

NGINX = REPOSITORY / "docs" / "nginx.conf"
NAMES = ("api1", "api2", "worker1", "worker2", "redis", "s3", "nginx")


@dataclass
class Topology:
    """door: what people reach. services: by NAMES; the APIs are ready when they say so."""

    door: RunningServer
    services: dict[str, Service]

    def kill(self, name: str) -> None:
        self.services[name].kill()

    def start(self, name: str) -> None:
        self.services[name].start()


@contextmanager
def topology(folder: Path, database_url: str) -> Iterator[Topology]:
    """All of them, started in order; stopped in the opposite one."""
    nginx, redis = program("nginx"), Redis(folder)
    ports = {name: free_port() for name in NAMES}
    store = S3Server(ports["s3"])
    environment = {
        "WEBREF_DATA": str(folder / "data"),
        "WEBREF_DATABASE_URL": database_url,
        "WEBREF_SECRET": "of a webref of many processes, on loopback",
        "WEBREF_BROKER_URL": redis.url,
        "WEBREF_STORAGE": "s3://webref-topology/files",
        "WEBREF_S3_ENDPOINT": store.endpoint,
        "WEBREF_S3_ACCESS_KEY": store.access_key,
        "WEBREF_S3_SECRET_KEY": store.secret_key,
        "WEBREF_WORKERS": "0",
    }
    webref = [sys.executable, "-m", "api.cli"]

    def service(name: str, *command: str) -> Service:
        return Service(list(command), folder / f"{name}.log", lambda: listens(ports[name]), environment)

    def api(name: str) -> Service:
        server = RunningServer(folder / "data", ports[name])
        return Service(
            [*webref, "serve", "--port", str(ports[name])],
            folder / f"{name}.log",
            server.is_ready,
            environment,
        )

    def worker(name: str) -> Service:
        log = folder / f"{name}.log"
        return Service(
            [*webref, "worker", "--threads", "1"], log, lambda: b"are ready" in log.read_bytes(), environment
        )

    made = {
        "redis": redis.service,
        "s3": service(
            "s3",
            *(str(swift_python()), str(HERE / "serving.py"), str(folder / "swift"), str(ports["s3"])),
            *(store.access_key, store.secret_key),
        ),
        "api1": api("api1"),
        "api2": api("api2"),
        "worker1": worker("worker1"),
        "worker2": worker("worker2"),
        "nginx": service("nginx", nginx, "-p", str(folder), "-c", str(_configuration(folder, ports))),
    }
    with ExitStack() as opened:
        for name, each in made.items():
            opened.callback(each.stop)
            each.start()
            if name == "s3":
                _make_bucket(store)
        yield Topology(RunningServer(folder / "data", ports["nginx"]), made)


def _configuration(folder: Path, ports: dict[str, int]) -> Path:
    """The documented one, with the ports of this test."""
    text = NGINX.read_text()
    for written, name in (("8484", "api1"), ("8485", "api2")):
        text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{ports[name]}")
    text, changed = re.subn(r"listen 80;", f"listen 127.0.0.1:{ports['nginx']};", text)
    assert changed == 1
    whole = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr; "
        f"events {{ worker_connections 512; }} http {{ access_log off; {temporary}\n{text}\n}}\n"
    )
    return whole


def _make_bucket(store: S3Server) -> None:
    import asyncio

    from domain import buckets
    from domain.settings import Settings

    async def make() -> None:
        made = buckets.store_at("s3://webref-topology", store.settings(Settings(), "webref-topology"), Path())
        await made.ask("create_bucket", Bucket="webref-topology")
        await made.close()

    asyncio.run(make())
