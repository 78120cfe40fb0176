"""The connection to PostgreSQL: one pool, one kind of transaction, and lost connections put in words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from domain import traces
from domain.errors import DatabaseUnavailable, DomainError, StorageUnavailable, TooBusy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

LEAST_VERSION = 14
STATEMENT_TIMEOUT_MS = 3_000
COMMAND_TIMEOUT_SECONDS = 6.0
ACQUIRE_TIMEOUT_SECONDS = 5.0

_LOST = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,
)


class PooledConnection(asyncpg.Connection):
    """Saves the round trip that tidies a returned connection: nothing here leaves session state behind.

    Session-level locks, LISTEN and SET belong on a connection from `connect`, never on a pooled one.
    """

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class Transaction(PostgresTransaction):
    """Piccolo's transaction, which gives its connection back even when COMMIT or ROLLBACK fails."""

    def __init__(self, engine: "Engine", isolation: str, readonly: bool) -> None:
        super().__init__(engine, allow_nested=False)
        self.isolation = isolation
        self.readonly = readonly

    async def __aenter__(self) -> "Transaction":
        self.connection = await self.get_connection()
        try:
            self.transaction = self.connection.transaction(
                isolation=self.isolation,
                readonly=self.readonly,
            )
            await self.transaction.start()
        except BaseException:
            await self._release()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def get_connection(self) -> Any:
        return await _acquire()

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        self.engine.current_transaction.reset(self.context)
        try:
            if exception is None:
                await self.transaction.commit()
            elif not self.connection.is_closed():
                await self.transaction.rollback()
        finally:
            await self._release()
        return exception is None

    async def _release(self) -> None:
        await _pool().release(self.connection, timeout=ACQUIRE_TIMEOUT_SECONDS)


class Engine(PostgresEngine):
    """Piccolo's engine: exists at import, connects in `open_database`."""

    def __init__(self) -> None:
        super().__init__(config={})

    def transaction(self, allow_nested: bool = False) -> PostgresTransaction:
        """Never nested: an inner failure would silently take back the outer work."""
        if allow_nested:
            raise ValueError("transactions do not nest; use a savepoint")
        return Transaction(self, "read_committed", readonly=False)

    async def check_version(self) -> None:
        """`open_database` has looked; Piccolo would connect for it on its own."""

    async def run_querystring(self, querystring: Any, in_pool: bool = True) -> Any:
        with translated():
            return await super().run_querystring(querystring, in_pool)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        with translated():
            return await super().run_ddl(ddl, in_pool)


DB = Engine()


async def open_database(url: str, *, pool_size: int = 10, durable: bool = True) -> None:
    """Opens the pool on the running loop. durable=False is for tests on a throw-away cluster.

    Raises DatabaseUnavailable in words: not reachable, older than 14, or made to lose what it
    acknowledges (fsync=off).
    """
    if DB.pool is not None:
        raise RuntimeError("the database is open already")
    await _check_server(url, durable)
    DB.config = {"dsn": url}
    with translated():
        DB.pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=pool_size,
            max_inactive_connection_lifetime=300.0,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            connection_class=PooledConnection,
            server_settings=_server_settings("webref", STATEMENT_TIMEOUT_MS, durable),
            init=_describe_types,
        )


async def close_database() -> None:
    """Ends every connection; calling it twice is harmless."""
    pool, DB.pool = DB.pool, None
    if pool is None:
        return
    try:
        async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):
            await pool.close()
    except (*_LOST, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()


async def connect(
    url: str | None = None, *, purpose: str = "webref", statement_timeout_ms: int = 0
) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection outside the pool, for LISTEN and session locks: the caller closes it.

    url: None = that of the open database.
    """
    dsn = url if url is not None else DB.config.get("dsn")
    if dsn is None:
        raise RuntimeError("the database is not open")
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=ACQUIRE_TIMEOUT_SECONDS,
            server_settings=_server_settings(purpose, statement_timeout_ms, durable=True),
        )
        await _describe_json(connection)
    except (*_LOST, OSError) as error:
        raise DatabaseUnavailable("The database cannot be reached. Try again in a moment.") from error
    return connection


@contextlib.asynccontextmanager
async def alone(purpose: str, busy: DomainError) -> AsyncIterator[None]:
    """While the block runs nobody else does what has this name, whatever their process. Raises `busy`."""
    connection = await connect(purpose=purpose)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", purpose):
            raise busy
        yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """All or nothing. Piccolo queries and the helpers below join it; it does not nest."""
    with translated():
        async with Transaction(DB, "read_committed", readonly=False) as running:
            yield running.connection


@contextlib.asynccontextmanager
async def snapshot() -> AsyncIterator[Connection]:
    """Several reads of one moment, for example a board's seq together with its items."""
    with translated():
        async with Transaction(DB, "repeatable_read", readonly=True) as running:
            yield running.connection


async def fetch(sql: str, *args: object) -> list[asyncpg.Record]:
    with translated():
        async with _connection() as connection:
            return await connection.fetch(sql, *args)


async def fetchrow(sql: str, *args: object) -> asyncpg.Record | None:
    with translated():
        async with _connection() as connection:
            return await connection.fetchrow(sql, *args)


async def fetchval(sql: str, *args: object) -> Any:
    with translated():
        async with _connection() as connection:
            return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: object) -> str:
    """Returns PostgreSQL's word for what was done, e.g. "UPDATE 3"."""
    with translated():
        async with _connection() as connection:
            return await connection.execute(sql, *args)


async def executemany(sql: str, rows: Sequence[Sequence[object]]) -> None:
    with translated():
        async with _connection() as connection:
            await connection.executemany(sql, rows)


def affected(status: str) -> int:
    """How many rows a status such as "UPDATE 3" speaks of."""
    return int(status.rsplit(" ", 1)[-1])


def column(values: Sequence[UUID | float | bool]) -> str:
    """PostgreSQL's text of an array, for a placeholder such as `$1::text::uuid[]`: finite numbers only.

    Written at once, where asyncpg looks at value after value; and as nothing of it is known to the planner,
    one plan serves one row and five hundred, and is not made anew each time.
    """
    return "{" + msgspec.json.encode(values)[1:-1].decode() + "}"


def in_transaction() -> bool:
    return DB.current_transaction.get() is not None


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Puts what a lost, full or overloaded database raises into the domain's own words."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise StorageUnavailable(
            "The disk of the database is full; nothing was changed. Make room and try again."
        ) from error
    except (
        asyncpg.QueryCanceledError,
        asyncpg.LockNotAvailableError,
        asyncpg.DeadlockDetectedError,
    ) as error:
        raise TooBusy(
            "The database took too long and the request was stopped; nothing was changed. Try again.",
            retry_after_seconds=1,
        ) from error
    except asyncpg.InvalidCachedStatementError as error:
        # Statements are prepared once, and a migration of a later release has widened a table since.
        raise DatabaseUnavailable(
            "The database was brought to a newer release this moment; nothing was changed. Try again."
        ) from error
    except (*_LOST, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if not _is_lost(error):
            raise
        raise DatabaseUnavailable(
            "The database does not answer. What was sent may not have been saved: "
            "try again in a moment with the same client mutation id."
        ) from error


def _is_lost(error: BaseException) -> bool:
    """asyncpg says InterfaceError for a closed connection and for our own mistakes alike."""
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)
    return isinstance(error, _LOST)


@contextlib.asynccontextmanager
async def _connection() -> AsyncIterator[Connection]:
    running = DB.current_transaction.get()
    if running is not None:
        yield running.connection
        return
    connection = await _acquire()
    try:
        yield connection
    finally:
        await _pool().release(connection, timeout=ACQUIRE_TIMEOUT_SECONDS)


async def _acquire() -> "PoolConnectionProxy[asyncpg.Record]":
    try:
        async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):  # asyncpg's own would take a task for it
            return await _pool().acquire()
    except OSError as error:
        raise DatabaseUnavailable(
            "The database cannot be reached; nothing was changed. Try again in a moment."
        ) from error


def _pool() -> "asyncpg.Pool[asyncpg.Record]":
    if DB.pool is None:
        raise DatabaseUnavailable("The database is not open: the server is starting or stopping.")
    return DB.pool


def _server_settings(purpose: str, statement_timeout_ms: int, durable: bool) -> dict[str, str]:
    return {
        "application_name": purpose,
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(statement_timeout_ms),
        "idle_in_transaction_session_timeout": "30000",
        "synchronous_commit": "on" if durable else "off",
    }


async def _describe_types(connection: Connection) -> None:
    """Arrays within a record are read only where the connection has met their types before."""
    await _describe_json(connection)
    await connection.fetchrow("SELECT NULL::integer[], NULL::bigint[]")
    traces.watch(connection)


async def _describe_json(connection: Connection) -> None:
    """jsonb goes in as text or UTF-8 bytes and comes out as text: msgspec does the rest."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: value if isinstance(value, str) else bytes(value).decode(),
        decoder=str,
        format="text",
    )


async def _check_server(url: str, durable: bool) -> None:
    where = urlsplit(url).hostname or "the local socket"
    try:
        connection = await asyncpg.connect(url, timeout=ACQUIRE_TIMEOUT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise DatabaseUnavailable(
            f"PostgreSQL at {where} cannot be reached: {str(error) or type(error).__name__}. "
            "Check WEBREF_DATABASE_URL and that the server runs."
        ) from error
    try:
        version = connection.get_server_version().major
        fsync = await connection.fetchval("SELECT current_setting('fsync')")
        encoding = await connection.fetchval("SHOW server_encoding")
    finally:
        await connection.close()
    if version < LEAST_VERSION:
        raise DatabaseUnavailable(f"PostgreSQL {version} is too old: webref needs {LEAST_VERSION} or newer.")
    if encoding != "UTF8":
        raise DatabaseUnavailable(f"The database's encoding is {encoding}: webref needs UTF8.")
    if durable and fsync != "on":
        raise DatabaseUnavailable(
            "PostgreSQL runs with fsync=off and may lose what webref has acknowledged: "
            "set fsync=on in postgresql.conf and restart it."
        )
