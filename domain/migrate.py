"""Bringing the database's tables up to date: once, by one process, all or nothing."""

import contextlib
import importlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.postgres import PostgresTransaction

from domain.database import DB, connect
from domain.errors import DatabaseUnavailable
from domain.piccolo_app import APP_CONFIG

LOCK = 0x77656272_6566  # "webref"; one number per purpose in this database
RESTORING = "restoring"
"""A table that is there while a backup is put back, and until that was finished."""


@dataclass(frozen=True)
class _Running:
    """What Piccolo looks for to send its statements through one connection."""

    connection: "asyncpg.Connection[asyncpg.Record]"


async def migrate(url: str) -> list[str]:
    """Runs what has not run yet and returns its ids. Several processes may call this at once.

    Everything, the bookkeeping included, is one transaction: a process killed half-way leaves
    the tables as they were.
    """
    async with _alone(url) as connection:
        if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", RESTORING):
            raise DatabaseUnavailable(
                "A backup is being put back into this database, or that was stopped before its end: wait, or "
                "give the same `webref restore` again."
            )
        await connection.execute(_HISTORY)
        pending = await _pending(connection)
        if pending:
            async with connection.transaction():
                for migration_id, name in pending.items():
                    await _run(connection, name)
                    await connection.execute(
                        "INSERT INTO migration (name, app_name) VALUES ($1, $2)",
                        migration_id,
                        APP_CONFIG.app_name,
                    )
        return list(pending)


async def pending_migrations(url: str) -> list[str]:
    """The ids that `migrate` would run."""
    connection = await connect(url, purpose="webref migrate")
    try:
        return list(await _pending(connection))
    finally:
        await connection.close()


# As Piccolo itself would make it, so that its command line agrees.
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration (
    id serial PRIMARY KEY NOT NULL,
    name varchar(200) NOT NULL DEFAULT '',
    app_name varchar(200) NOT NULL DEFAULT '',
    ran_on timestamp NOT NULL DEFAULT current_timestamp
)
"""


@contextlib.asynccontextmanager
async def _alone(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Piccolo takes no lock of its own: of several processes starting at once all but one would fail."""
    connection = await connect(url, purpose="webref migrate")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        yield connection
    finally:
        await connection.close()


def known_migrations() -> dict[str, str]:
    """Migration id → module name, in order."""
    known = {}
    for path in sorted(Path(APP_CONFIG.resolved_migrations_folder_path).glob("*.py")):
        if path.stem != "__init__":
            name = f"migrations.{path.stem}"
            known[str(importlib.import_module(name).ID)] = name
    return known


async def _pending(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
    """Migration id → module name, in order."""
    known = known_migrations()
    ran: set[str] = set()
    if await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL"):
        rows = await connection.fetch("SELECT name FROM migration WHERE app_name = $1", APP_CONFIG.app_name)
        ran = {row["name"] for row in rows}
    if unknown := sorted(ran - set(known)):
        raise DatabaseUnavailable(
            f"The database was written by a newer webref (migration {unknown[-1]}): "
            "install that version, or restore a backup made before it."
        )
    return {migration_id: known[migration_id] for migration_id in sorted(set(known) - ran)}


async def _run(connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    os.environ.setdefault("PICCOLO_CONF", "domain.piccolo_conf")  # how Piccolo finds its engine
    manager = await importlib.import_module(name).forwards()
    if not isinstance(manager, MigrationManager):
        return
    manager.wrap_in_transaction = False
    token = DB.current_transaction.set(cast(PostgresTransaction, _Running(connection)))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            await manager.run()
    finally:
        DB.current_transaction.reset(token)
