"""Laws of the embedded server: one for all users of a folder, stopped by the last, whole after kill -9."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from domain import postgres
from domain.database import close_database, fetchval, open_database
from domain.errors import DatabaseUnavailable
from domain.postgres import Cluster, database_at, embedded_postgres, find_binaries
from domain.settings import Settings

USER = """
import asyncio, sys
from pathlib import Path
from domain.postgres import embedded_postgres
from domain.settings import Settings

async def main():
    async with embedded_postgres(Settings(data=Path(sys.argv[1]))):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


def postmaster(settings: Settings) -> int | None:
    path = settings.postgres / "cluster" / "postmaster.pid"
    return int(path.read_text().split()[0]) if path.exists() else None


def lives(process: int) -> bool:
    """A dead one may stay in the list for a while, where nobody collects orphans."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def a_user(settings: Settings) -> "subprocess.Popen[bytes]":
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(settings.data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert user.stdout is not None
    assert user.stdout.readline() == b"ready\n"
    return user


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


async def value(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchval("SELECT count(*) FROM kept")
        return int(found)
    finally:
        await connection.close()


async def keep(url: str, rows: int = 1) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    for n in range(rows):
        await connection.execute("INSERT INTO kept VALUES ($1)", n)
    await connection.close()


async def test_it_is_made_durable_closed_to_the_network_and_keeps_its_rows(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    async with embedded_postgres(settings) as url:
        await keep(url, 3)
        connection = await asyncpg.connect(url)
        shown = {
            name: await connection.fetchval("SELECT current_setting($1)", name)
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
        encoding = await connection.fetchval("SHOW server_encoding")
        await connection.close()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
    }
    assert encoding == "UTF8"
    assert postmaster(settings) is None
    async with embedded_postgres(settings) as url:
        assert await value(url) == 3


async def test_users_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    first, second = await asyncio.gather(*(asyncio.to_thread(a_user, settings) for _ in range(2)))
    process = postmaster(settings)
    assert process is not None
    first.communicate(b"\n", timeout=20)
    assert postmaster(settings) == process
    async with embedded_postgres(settings) as url:
        second.communicate(b"\n", timeout=20)
        await keep(url)
        assert postmaster(settings) == process
    assert not lives(process)
    assert (first.returncode, second.returncode) == (0, 0)


async def test_a_killed_user_leaves_a_server_that_the_next_one_takes_over(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    user = await asyncio.to_thread(a_user, settings)
    process = postmaster(settings)
    assert process is not None
    user.kill()
    user.communicate(timeout=10)
    async with embedded_postgres(settings) as url:
        assert postmaster(settings) == process
        await keep(url)
    assert not lives(process)


async def test_a_killed_server_comes_back_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    user = await asyncio.to_thread(a_user, settings)
    process = postmaster(settings)
    assert process is not None
    url = Cluster(settings.postgres, find_binaries()).url()
    await keep(url, 200)
    os.kill(process, signal.SIGKILL)
    user.kill()
    user.communicate(timeout=10)
    began = time.monotonic()
    async with embedded_postgres(settings) as again:
        assert await value(again) == 200
    assert time.monotonic() - began < 15
    until(lambda: postmaster(settings) is None)


async def ask_until_it_fails() -> None:
    for _ in range(100):
        await fetchval("SELECT count(*) FROM kept")
        await asyncio.sleep(0.01)


async def test_a_server_killed_under_its_users_comes_back_and_the_pool_with_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    async with embedded_postgres(settings) as url:
        await keep(url, 5)
        await open_database(url)
        try:
            process = postmaster(settings)
            assert process is not None
            os.kill(process, signal.SIGKILL)
            with pytest.raises(DatabaseUnavailable):
                await ask_until_it_fails()
            deadline = time.monotonic() + 30
            while True:
                assert time.monotonic() < deadline
                try:
                    assert await fetchval("SELECT count(*) FROM kept") == 5
                    break
                except DatabaseUnavailable:
                    await asyncio.sleep(0.1)
            assert postmaster(settings) not in (None, process)
        finally:
            await close_database()
    assert postmaster(settings) is None


async def test_as_root_without_namespaces_an_unprivileged_user_runs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root needs another user")
    entry = pwd.getpwnam("nobody")
    monkeypatch.setattr(postgres, "_guise", lambda: postgres._Guise(user=entry.pw_uid, group=entry.pw_gid))
    with tempfile.TemporaryDirectory() as reachable:
        os.chmod(reachable, 0o755)
        settings = Settings(data=Path(reachable) / "data")
        async with embedded_postgres(settings) as url:
            await keep(url, 2)
            process = postmaster(settings)
            assert process is not None
            assert psutil.Process(process).uids().effective == entry.pw_uid
        async with embedded_postgres(settings) as url:
            assert await value(url) == 2


async def test_a_folder_of_another_postgresql_is_told_in_words(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    async with embedded_postgres(settings):
        pass
    (settings.postgres / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL 12"):
        async with embedded_postgres(settings):
            pass


async def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    (settings.postgres / "new-1").mkdir(parents=True)
    (settings.postgres / "new-1" / "PG_VERSION").write_text("18")
    async with embedded_postgres(settings) as url:
        await keep(url)
    assert not list(settings.postgres.glob("new-*"))


async def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / ("long" * 20) / "data with spaces & ümlaut")
    cluster = Cluster(settings.postgres, find_binaries())
    assert len(os.fsencode(cluster.sockets)) < 80
    async with embedded_postgres(settings) as url:
        await keep(url)
        assert await value(url) == 1
        assert cluster.sockets.parent == Path(tempfile.gettempdir())
    assert not cluster.sockets.exists(), "nothing stays in the temporary folder"


async def test_the_last_user_removes_a_short_socket_and_a_killed_one_is_in_nobodys_way(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path / ("long" * 20))
    cluster = Cluster(settings.postgres, find_binaries())
    killed = await asyncio.to_thread(a_user, settings)
    process = postmaster(settings)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    killed.kill()
    killed.communicate(timeout=10)
    assert any(cluster.sockets.iterdir()), "nobody tidied up"
    other = await asyncio.to_thread(a_user, settings)
    async with embedded_postgres(settings) as url:
        other.communicate(b"\n", timeout=20)
        assert other.returncode == 0
        await keep(url)
        assert await value(url) == 1
    assert not cluster.sockets.exists()


async def test_users_who_come_while_the_last_one_leaves_find_a_server(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / ("long" * 20))
    async with embedded_postgres(settings) as url:
        await keep(url)

    async def come_and_go() -> None:
        for _ in range(3):
            async with embedded_postgres(settings) as url:
                assert await value(url) == 1

    await asyncio.gather(*(come_and_go() for _ in range(3)))
    assert not Cluster(settings.postgres, find_binaries()).sockets.exists()


async def test_a_folder_that_can_not_be_used_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        async with embedded_postgres(Settings(data=tmp_path / "file")):
            pass
    with pytest.raises(DatabaseUnavailable, match="WEBREF_POSTGRES_BIN"):
        find_binaries(tmp_path)


async def test_a_configured_database_is_used_as_it_is() -> None:
    async with database_at(Settings(database_url="postgresql://db/webref")) as url:
        assert url == "postgresql://db/webref"
