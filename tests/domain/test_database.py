"""Laws of the database: nothing half-done, no connection lost, trouble told in words, and healed alone."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
import pytest
from piccolo.engine.exceptions import TransactionError

from domain import database as db
from domain.database import (
    affected,
    close_database,
    connect,
    execute,
    fetch,
    fetchrow,
    fetchval,
    in_transaction,
    open_database,
    snapshot,
    transaction,
)
from domain.errors import DatabaseUnavailable, TooBusy
from domain.tables.people import Instance, Invite
from tests.factories import a_viewer

INVITE = (
    "INSERT INTO invite (id, code_hash, created_by, expires_at) VALUES (gen_random_uuid(), $1, $2, now())"
)


def idle() -> int:
    assert db.DB.pool is not None
    return db.DB.pool.get_idle_size()


@pytest.mark.usefixtures("database")
async def test_a_transaction_is_all_or_nothing_and_piccolo_joins_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await _fail_in_a_transaction()
    assert not in_transaction()
    assert await fetchval("SELECT registration FROM instance") == "INVITE"
    async with transaction() as connection:
        assert in_transaction()
        await connection.execute("UPDATE instance SET registration = 'OPEN'")
        await Instance.update({Instance.created_at: Instance.created_at}).where(Instance.id == 1)
        (row,) = await Instance.select(Instance.registration)
        assert row == {"registration": "OPEN"}
    assert await fetchval("SELECT registration FROM instance") == "OPEN"


async def _fail_in_a_transaction() -> None:
    async with transaction():
        await execute("UPDATE instance SET registration = 'OPEN'")
        await Instance.update({Instance.registration: "CLOSED"}).where(Instance.id == 1)
        raise ZeroDivisionError


@pytest.mark.usefixtures("database")
async def test_a_commit_that_fails_gives_its_connection_back() -> None:
    ana = await a_viewer()
    await execute("ALTER TABLE invite ALTER CONSTRAINT invite_created_by_fkey DEFERRABLE INITIALLY DEFERRED")
    try:
        for _ in range(12):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await _commit_an_orphan()
            assert not in_transaction()
        assert await Invite.count() == 0
        await execute(INVITE, b"x", ana.account_id)
    finally:
        await execute("DELETE FROM invite")
        await execute("ALTER TABLE invite ALTER CONSTRAINT invite_created_by_fkey NOT DEFERRABLE")


async def _commit_an_orphan() -> None:
    async with transaction():
        await execute(INVITE, b"x", uuid4())


@pytest.mark.usefixtures("database")
async def test_transactions_do_not_nest() -> None:
    async with transaction():
        with pytest.raises(TransactionError):
            await _begin()
        with pytest.raises(ValueError, match="savepoint"):
            db.DB.transaction(allow_nested=True)
        await execute("UPDATE instance SET registration = 'OPEN'")
    assert await fetchval("SELECT registration FROM instance") == "OPEN"


async def _begin() -> None:
    async with transaction():
        raise AssertionError("this is not reached")


@pytest.mark.usefixtures("database")
async def test_a_snapshot_sees_one_moment_and_writes_nothing() -> None:
    async with snapshot() as connection:
        assert await connection.fetchval("SELECT registration FROM instance") == "INVITE"
        other = await connect()
        await other.execute("UPDATE instance SET registration = 'OPEN'")
        await other.close()
        assert await fetchval("SELECT registration FROM instance") == "INVITE"
    assert await fetchval("SELECT registration FROM instance") == "OPEN"
    with pytest.raises(DatabaseUnavailable):
        await _write_in_a_snapshot()


async def _write_in_a_snapshot() -> None:
    async with snapshot():
        await execute("UPDATE instance SET registration = 'CLOSED'")


@pytest.mark.usefixtures("database")
async def test_a_cancelled_transaction_is_taken_back() -> None:
    async def slow() -> None:
        async with transaction():
            await execute("UPDATE instance SET registration = 'OPEN'")
            await asyncio.sleep(60)

    for _ in range(12):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await fetchval("SELECT registration FROM instance") == "INVITE"


@pytest.mark.usefixtures("database")
async def test_json_goes_in_as_bytes_or_text_and_comes_out_as_text() -> None:
    for value in (b'{"x": 0.1}', '{"x": 0.1}'):
        assert await fetchval("SELECT $1::jsonb", value) == '{"x": 0.1}'
    assert await fetch("SELECT 1 AS n WHERE false") == []
    assert await fetchrow("SELECT 1 WHERE false") is None
    assert affected(await execute("UPDATE instance SET registration = 'OPEN'")) == 1


@pytest.mark.usefixtures("database")
async def test_what_takes_too_long_is_stopped_in_words() -> None:
    with pytest.raises(TooBusy):
        await execute("SELECT pg_sleep(10)")
    assert await fetchval("SELECT 1") == 1


@pytest.mark.usefixtures("database")
async def test_cut_connections_are_told_and_heal_by_themselves() -> None:
    async def cut() -> None:
        other = await connect()
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()
        await asyncio.sleep(0.1)  # until the idle ones have heard that they are closed

    for _ in range(5):
        with pytest.raises(DatabaseUnavailable):
            await _cut_inside(cut)
        assert not in_transaction()
        assert await fetchval("SELECT registration FROM instance") == "INVITE"
    running = asyncio.create_task(execute("SELECT pg_sleep(2)"))
    await asyncio.sleep(0.1)
    await cut()
    with pytest.raises(DatabaseUnavailable):
        await running
    assert await fetchval("SELECT 1") == 1


async def _cut_inside(cut: Callable[[], Awaitable[None]]) -> None:
    async with transaction() as connection:
        await connection.execute("UPDATE instance SET registration = 'OPEN'")
        await cut()
        await connection.execute("UPDATE instance SET registration = 'CLOSED'")


@pytest.mark.usefixtures("database")
async def test_a_full_pool_says_so_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "ACQUIRE_TIMEOUT_SECONDS", 0.2)
    release = asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await release.wait()

    holders = [asyncio.create_task(hold()) for _ in range(10)]
    await asyncio.sleep(0.3)
    with pytest.raises(DatabaseUnavailable):
        await fetchval("SELECT 1")
    release.set()
    await asyncio.gather(*holders)
    assert await fetchval("SELECT 1") == 1


async def test_our_own_mistakes_are_not_called_a_lost_database(database: str) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await fetch("SELECT * FROM nowhere")
    with pytest.raises(asyncpg.InterfaceError):
        await fetch("SELECT $1::int")
    with pytest.raises(FileNotFoundError):
        await _miss_a_file()
    assert database.startswith("postgresql://")


async def _miss_a_file() -> None:
    async with transaction():
        raise FileNotFoundError("not the database's")


async def test_a_database_that_forgets_is_refused(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="fsync"):
        await open_database(database_url)
    with pytest.raises(DatabaseUnavailable, match="not open"):
        await fetchval("SELECT 1")
    await close_database()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody@/none?host=/nowhere",
        "postgresql://webref@nowhere.invalid/x",
    ],
)
async def test_an_unreachable_database_is_told_in_words(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="WEBREF_DATABASE_URL"):
        await open_database(url)


@pytest.mark.parametrize("kind", db._LOST)
async def test_whatever_a_lost_connection_raises_is_said_in_the_same_words(kind: type[Exception]) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not answer"), db.translated():
        raise kind("the connection is lost")


@pytest.mark.usefixtures("database")
async def test_arrays_within_a_record_are_read_by_a_new_connection() -> None:
    found = await fetchval("SELECT ROW(ARRAY[1, 2], ARRAY[[3::bigint]], ARRAY['a'], ARRAY[]::integer[])")
    assert tuple(found) == ([1, 2], [[3]], ["a"], [])


async def test_a_table_that_is_widened_under_a_prepared_statement_is_told_as_passing(database: str) -> None:
    """A later release migrates while this one serves; outside of a transaction nobody notices."""
    await execute("CREATE TABLE widened (id integer)")
    try:
        for number, fails in enumerate((False, True, False)):
            try:
                async with transaction() as connection:
                    await connection.execute("INSERT INTO widened VALUES ($1)", number)
                    await fetch("SELECT * FROM widened")
                assert not fails
            except DatabaseUnavailable:
                assert fails
            if number == 0:
                other = await connect()
                await other.execute("ALTER TABLE widened ADD COLUMN later integer")
                await other.close()
        assert await fetchval("SELECT array_agg(id ORDER BY id) FROM widened") == [0, 2]
    finally:
        await execute("DROP TABLE widened")
