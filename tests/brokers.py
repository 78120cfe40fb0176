"""A Redis or a RabbitMQ of a test's own on loopback: it can be killed, and made to forget what it carried.

Both ask for a password, and speak with and without TLS, for which `ca.pem` of their folder vouches.
"""

import json
import random
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import pika  # type: ignore[import-untyped]
import redis

from domain import jobs
from tests.certificates import make_certificate
from tests.services import Service, listens, program

QUEUES = (jobs.PICTURES, jobs.LARGE, jobs.MAIL)

# Debian's `rabbitmq-server` of /usr/sbin changes the user and the folder first; the one behind it does not.
RABBITMQ_PROGRAMS = "/usr/lib/rabbitmq/bin"


PASSWORD = "p@ss/word:1"
QUOTED = "p%40ss%2Fword%3A1"


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
        port, tls = quiet_port(), quiet_port()
        self.url = f"redis://:{QUOTED}@127.0.0.1:{port}/0"
        self.secret_url = f"rediss://:{QUOTED}@127.0.0.1:{tls}/0"
        make_certificate(folder)
        self.ca = folder / "ca.pem"
        command = [program("redis-server"), "--port", str(port), "--save", "", "--dir", str(folder)]
        command += ["--requirepass", PASSWORD, "--tls-port", str(tls), "--tls-auth-clients", "no"]
        for name, file in (("cert", "server.pem"), ("key", "server.key"), ("ca-cert", "ca.pem")):
            command += [f"--tls-{name}-file", str(folder / file)]
        self.service = Service(command, folder / "redis.log", self._answers)

    def wrong(self) -> dict[str, str]:
        """Addresses at which it does not let anybody in, and a word of what is said of each."""
        own, other = self.url.replace(QUOTED, "{}"), self.secret_url.replace(QUOTED, "{}")
        return {
            own.format("not-the-secret"): "this user with this password",
            own.replace(":{}@", ""): "this user with this password",
            other.format("not-the-secret"): "this user with this password",
            f"{self.url}?not-the-secret=1": "option behind the ?",
            self.url.removesuffix("0") + "99": "no database of that number",
            self.secret_url.replace("127.0.0.1", "localhost"): "for another name",
            self.secret_url.replace("rediss:", "redis:"): "does not answer",
        }

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
        port, tls, far, mapper = (quiet_port() for _ in range(4))
        options = "?connection_attempts=1&socket_timeout=2"
        self.url = f"amqp://ana:{QUOTED}@127.0.0.1:{port}/studio%2Fone{options}"
        self.secret_url = f"amqps://ana:{QUOTED}@127.0.0.1:{tls}/studio%2Fone{options}"
        make_certificate(self.folder)
        self.ca = self.folder / "ca.pem"
        self._configure(tls)
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
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "no-plugins"),
            "RUNNING_UNDER_SYSTEMD": "true",  # to its script: be the server, do not watch over it
        }
        self.mapper = Service([program("epmd")], folder / "epmd.log", lambda: listens(mapper), environment)
        self.service = Service(
            [program("rabbitmq-server", RABBITMQ_PROGRAMS)],
            folder / "rabbitmq.log",
            lambda: listens(port) and listens(tls),
            environment,
        )

    def _configure(self, tls: int) -> None:
        """Ana may do all; Eve is let in, and may do nothing."""
        vhosts = ("/", "studio/one")
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        nothing = dict.fromkeys(rights, "^$")
        definitions = {
            "vhosts": [{"name": name} for name in vhosts],
            "users": [{"name": name, "password": PASSWORD, "tags": ""} for name in ("ana", "eve")],
            "permissions": [
                {"user": user, "vhost": vhost, **may}
                for user, may in (("ana", rights), ("eve", nothing))
                for vhost in vhosts
            ],
        }
        (self.folder / "definitions.json").write_text(json.dumps(definitions))
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.ssl.default = 127.0.0.1:{tls}\n"
            f"ssl_options.cacertfile = {self.ca}\n"
            f"ssl_options.certfile = {self.folder / 'server.pem'}\n"
            f"ssl_options.keyfile = {self.folder / 'server.key'}\n"
            "ssl_options.verify = verify_none\n"
            f"load_definitions = {self.folder / 'definitions.json'}\n"
        )

    def wrong(self) -> dict[str, str]:
        """Addresses at which it does not let anybody in, and a word of what is said of each."""
        own, other = self.url.replace(QUOTED, "{}"), self.secret_url.replace(QUOTED, "{}")
        return {
            own.format("not-the-secret"): "this user with this password",
            other.format("not-the-secret"): "this user with this password",
            self.url.replace("ana", "nobody"): "this user with this password",
            self.url.replace("studio%2Fone", "studio"): "no such vhost",
            self.url.replace("studio%2Fone", "studio/one"): "no such vhost",
            self.url.replace("ana", "eve"): "Let them configure, write and read",
            self.url.replace("amqp:", "amqps:"): "No TLS is spoken there",
            self.secret_url.replace("127.0.0.1", "localhost"): "for another name",
            self.secret_url.replace("amqps:", "amqp:"): "No AMQP is spoken there",
        }

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
