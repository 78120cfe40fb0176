"""Bringing the database's tables up to date: once, by one process, all or nothing."""

import asyncio
import contextlib
import importlib
import io
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
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
LOCK_TIMEOUT_MS = 500
"""Less than PostgreSQL waits before it looks for a deadlock: it is always the migration that steps back."""

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = (0.1, 0.5)
TAKEN_FIRST = ("receipt", "upload", "direct_upload", "board", "image")
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
            await _insist(connection, pending)
        return list(pending)


async def _insist(connection: "asyncpg.Connection[asyncpg.Record]", pending: Mapping[str, str]) -> None:
    """Servers of the release before are at work: tries until nobody stands in the way of the tables.

    Whoever works is never held up for longer than LOCK_TIMEOUT_MS and the migrations themselves.
    Raises DatabaseUnavailable after PATIENCE_SECONDS.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            async with connection.transaction():
                await _take_tables(connection)
                for migration_id, name in pending.items():
                    await _run(connection, name)
                    await connection.execute(
                        "INSERT INTO migration (name, app_name) VALUES ($1, $2)",
                        migration_id,
                        APP_CONFIG.app_name,
                    )
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if time.monotonic() > until:
                raise DatabaseUnavailable(
                    "The tables cannot be changed because something works on them all the time, such as a "
                    "backup. Wait for it to end, or stop webref, and try again; nothing was changed."
                ) from error
        await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 (no secret)


async def _take_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """All of them before any is changed, those first that others begin with: who is in the middle of
    something ends it, and who begins waits before holding anything.
    """
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    tables = {row["tablename"] for row in rows}
    ordered = [*(name for name in TAKEN_FIRST if name in tables), *sorted(tables - set(TAKEN_FIRST))]
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    if ordered:
        listed = ", ".join(f'"{name}"' for name in ordered)
        await connection.execute(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")


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
