"""A real S3 server for the tests: OpenStack Swift with its s3api, all of it in one process.

Run by the Python of an environment of its own (tests/s3.py): `python serving.py FOLDER PORT KEY SECRET`.
Says `ready` on standard output when it takes requests, and ends when its standard input does.
"""

import os
import sys
import warnings

warnings.filterwarnings("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402
from eventlet.greenio.base import GreenSocket  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

PARTS_POWER = 2
BACKENDS = ("account", "container", "object")

PROXY = """
[DEFAULT]
swift_dir = {folder}
user = {user}
[pipeline:main]
pipeline = catch_errors gatekeeper s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
cors_allow_origin = *
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
cors_preflight_allow_origin = *
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{name} = {secret} .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""

BACKEND = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
user = {user}
bind_port = {port}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


def main(folder: str, port: int, key: str, secret: str) -> None:
    os.makedirs(f"{folder}/devices/d1", exist_ok=True)
    with open(f"{folder}/swift.conf", "w") as file:
        file.write("[swift-hash]\nswift_hash_path_prefix = webref\nswift_hash_path_suffix = tests\n")
    utils.SWIFT_CONF_FILE = f"{folder}/swift.conf"
    utils.validate_hash_conf()
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    account, _, name = key.partition(":")
    words = {"folder": folder, "user": _user(), "account": account, "name": name, "secret": secret}
    listening = []
    for kind in BACKENDS:
        listener = eventlet.listen(("127.0.0.1", 0))
        backend_port = listener.getsockname()[1]
        _make_ring(folder, kind, backend_port)
        conf = f"{folder}/{kind}.conf"
        with open(conf, "w") as file:
            file.write(BACKEND.format(**words, kind=kind, port=backend_port))
        listening.append((listener, conf))
    with open(f"{folder}/proxy.conf", "w") as file:
        file.write(PROXY.format(**words))
    listening.append((eventlet.listen(("127.0.0.1", port)), f"{folder}/proxy.conf"))
    for listener, conf in listening:
        app = loadapp(conf, global_conf={"log_name": "swift"})
        eventlet.spawn(_serve, wsgi, listener, app, SwiftHttpProtocol)
    print("ready", listening[-1][0].getsockname()[1], flush=True)
    while eventlet.tpool.execute(sys.stdin.read):
        pass


def _serve(server, listener: GreenSocket, app, protocol) -> None:  # type: ignore[no-untyped-def]
    with open(os.devnull, "w") as nowhere:
        server.server(
            listener, app, nowhere, protocol=protocol, capitalize_response_headers=False, socket_timeout=60
        )


def _make_ring(folder: str, kind: str, port: int) -> None:
    builder = RingBuilder(PARTS_POWER, 1, 0)
    builder.add_dev(
        {
            "id": 0,
            "region": 1,
            "zone": 1,
            "weight": 1.0,
            "ip": "127.0.0.1",
            "port": port,
            "device": "d1",
            "meta": "",
        }
    )
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
