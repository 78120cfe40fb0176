"""A real PostgreSQL for the tests: a throw-away cluster, one migrated database per test process."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from domain.database import close_database, execute, open_database
from domain.migrate import migrate
from domain.postgres import Cluster, find_binaries, running
from domain.settings import Settings
from domain.tables import TABLES

pytest_plugins = ["tests.s3"]

# Only here: what a test acknowledges may be lost with the power.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

# Some rows are deleted a hundred times sooner than some tables are truncated; as a replica in any order.
EMPTY = (
    "BEGIN; SET LOCAL session_replication_role = replica; "
    + "".join(f"DELETE FROM {table._meta.tablename}; " for table in TABLES)
    + "INSERT INTO instance (id, registration) VALUES (1, 'INVITE'); COMMIT"
)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Under pytest-xdist all processes share one: the launcher's locks are made for that."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "postgres"
    shared = Cluster(folder, find_binaries(), FORGETFUL)
    with asyncio.Runner() as runner:
        server = running(shared)
        runner.run(server.__aenter__())
        yield shared
        runner.run(server.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def database_url(cluster: Cluster) -> str:
    """A migrated database of this test process's own."""
    name = f"webref_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"

    async def make() -> None:
        connection = await asyncpg.connect(cluster.url("postgres"))
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        await migrate(cluster.url(name))

    asyncio.run(make())
    return cluster.url(name)


@pytest.fixture
async def emptied(database_url: str) -> str:
    """The url of the database, in which nobody has left anything: for who opens it themselves."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(EMPTY)
    await connection.close()
    return database_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The open database, empty but for its instance row; yields its url. NOTIFY and commits are real."""
    await open_database(database_url, durable=False)
    try:
        await execute(EMPTY)
        yield database_url
    finally:
        await close_database()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """As the server would have them, with a data folder of this test's own."""
    return Settings(data=tmp_path / "data", database_url=database_url, secret="a secret of the tests, " * 3)
