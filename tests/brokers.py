"""A Redis or a RabbitMQ of a test's own on loopback: it can be killed, and made to forget what it carried."""

import random
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import pika  # type: ignore[import-untyped]
import redis

from domain import jobs
from tests.services import Service, listens, program

QUEUES = (jobs.PICTURES, jobs.LARGE, jobs.MAIL)

# Debian's `rabbitmq-server` of /usr/sbin changes the user and the folder first; the one behind it does not.
RABBITMQ_PROGRAMS = "/usr/lib/rabbitmq/bin"


def quiet_port() -> int:
    """One that no connection is given by the system, so that a server that was killed finds it free again."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are taken")


class Redis:
    """It keeps nothing on a disk."""

    def __init__(self, folder: Path) -> None:
        port = quiet_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        command = [program("redis-server"), "--port", str(port), "--save", "", "--dir", str(folder)]
        self.service = Service(command, folder / "redis.log", self._answers)

    def _answers(self) -> bool:
        with suppress(redis.exceptions.ConnectionError), redis.Redis.from_url(self.url) as asking:
            return bool(asking.ping())
        return False

    def start(self) -> None:
        self.service.start()

    def kill(self) -> None:
        """It loses all that it carried with it."""
        self.service.kill()

    def forget(self) -> None:
        """It goes on, and has lost all that it carried."""
        with redis.Redis.from_url(self.url) as asking:
            asking.flushall()

    def close(self) -> None:
        self.service.stop()


class RabbitMQ:
    """A node with a folder, a cookie and a port mapper of its own: nothing of the system's is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "rabbitmq"
        self.folder.mkdir()
        port, far, mapper = quiet_port(), quiet_port(), quiet_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/%2F?connection_attempts=1&socket_timeout=2"
        environment = {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": "webref@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(far),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "kept"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "no-configuration"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "no-plugins"),
            "RUNNING_UNDER_SYSTEMD": "true",  # to its script: be the server, do not watch over it
        }
        self.mapper = Service([program("epmd")], folder / "epmd.log", lambda: listens(mapper), environment)
        self.service = Service(
            [program("rabbitmq-server", RABBITMQ_PROGRAMS)],
            folder / "rabbitmq.log",
            lambda: listens(port),
            environment,
        )

    def start(self) -> None:
        if self.mapper.process is None:
            self.mapper.start()
        self.service.start()

    def kill(self) -> None:
        self.service.kill()
        shutil.rmtree(self.folder / "kept")

    def forget(self) -> None:
        """Its queues, too: as if somebody had deleted them."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        channel = connection.channel()
        for name in QUEUES:
            for ending in ("", ".DQ", ".XQ"):
                channel.queue_delete(name + ending)
        connection.close()

    def close(self) -> None:
        if self.service.process is not None:
            self.service.kill()
        self.mapper.stop()


Broker = Redis | RabbitMQ
KINDS: dict[str, type[Redis] | type[RabbitMQ]] = {"redis": Redis, "rabbitmq": RabbitMQ}
