"""Laws of migrations: run once whoever starts, all or nothing, and the tables are what the code says."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import asyncpg
import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager

from domain import accounts, adding, boards, contents, history, items, nearness, sessions
from domain import migrate as migrations
from domain.adding import NewItem
from domain.contents import NoteEdit
from domain.database import execute, fetch, fetchval, transaction
from domain.errors import DatabaseUnavailable
from domain.migrate import migrate, pending_migrations
from domain.operations import NoteContent, Placement, Transform
from domain.piccolo_app import APP_CONFIG
from domain.postgres import Cluster
from domain.tables import TABLES
from tests.factories import a_board, a_rendition, a_viewer, an_image
from tests.laws import require_gathered


@pytest.fixture
async def empty_url(cluster: Cluster) -> AsyncIterator[str]:
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(cluster.url("postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {record["tablename"] for record in found}
    finally:
        await connection.close()


async def test_of_many_that_start_at_once_one_migrates(empty_url: str) -> None:
    wanted = await pending_migrations(empty_url)
    assert len(wanted) >= 2
    ran = await asyncio.gather(*(migrate(empty_url) for _ in range(5)))
    assert sorted(ran, key=len) == [[], [], [], [], wanted]
    assert await pending_migrations(empty_url) == []
    assert await tables(empty_url) == {table._meta.tablename for table in TABLES} | {"migration"}


async def test_a_migration_cut_short_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Awaitable[None]] = migrations._run
    runs = []

    async def fails_at_the_second(connection: object, name: str) -> None:
        runs.append(name)
        await real(connection, name)
        if len(runs) == 2:
            raise ZeroDivisionError

    monkeypatch.setattr(migrations, "_run", fails_at_the_second)
    with pytest.raises(ZeroDivisionError):
        await migrate(empty_url)
    assert await tables(empty_url) == {"migration"}
    monkeypatch.undo()
    assert await migrate(empty_url)
    assert await pending_migrations(empty_url) == []


async def test_who_works_meanwhile_ends_what_was_begun_and_the_migration_steps_back(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holding one table and wanting another, in the order that would be a deadlock."""
    every = migrations.known_migrations()
    last = max(every)
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "known_migrations", lambda: {k: v for k, v in every.items() if k != last})
        await migrate(empty_url)
    worker = await asyncpg.connect(empty_url)
    try:
        work = worker.transaction()
        await work.start()
        await worker.execute("UPDATE item SET name = name")
        migrating = asyncio.create_task(migrate(empty_url))
        await asyncio.sleep(1.2)
        await worker.execute("UPDATE board SET seq = seq")
        await worker.execute("UPDATE account SET name = name")
        assert not migrating.done()
        await work.commit()
        async with asyncio.timeout(20):
            assert await migrating == [last]
        monkeypatch.setattr(migrations, "PATIENCE_SECONDS", 0.0)
        await worker.execute("DELETE FROM migration WHERE name = $1", last)
        monkeypatch.setattr(migrations, "_run", lambda *_: asyncio.sleep(0))
        blocking = worker.transaction()
        await blocking.start()
        await worker.execute("LOCK TABLE item IN ACCESS SHARE MODE")
        with pytest.raises(DatabaseUnavailable, match="nothing was changed"):
            await migrate(empty_url)
        await blocking.rollback()
    finally:
        await worker.close()
    assert await pending_migrations(empty_url) == [last]


async def test_a_database_of_a_newer_release_is_refused(empty_url: str) -> None:
    await migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    await connection.execute(
        "INSERT INTO migration (name, app_name) VALUES ('2999-01-01T00:00:00', 'webref')"
    )
    await connection.close()
    with pytest.raises(DatabaseUnavailable, match="newer webref"):
        await migrate(empty_url)


async def test_the_migrations_give_the_tables_of_the_code() -> None:
    statements = await AutoMigrationManager(auto_input="n").get_alter_statements(APP_CONFIG)
    assert [line for statement in statements for line in statement.statements] == []


@pytest.mark.parametrize(
    ("table", "assignment"),
    [
        ("account", "email = 'Ana@example.org'"),
        ("account", "colour = 'red'"),
        ("instance", "id = 2"),
        ("instance", "registration = 'MAYBE'"),
        ("image", "state = 'LOST'"),
        ("image", "digest = 'abc'"),
        ("image", "width = 0"),
        ("board", "item_count = -1"),
        ("board_grant", "role = 'KING'"),
        ("change", "kind = 'UNDO'"),
        ("change", "about = 'smell'"),
        ("item", "scale = 0"),
        ("item", "scale = 'NaN'"),
        ("item", "x = 'Infinity'"),
        ("item", "y = 'NaN'"),
        ("item", "rotation = 360"),
        ("item", "opacity = 1.01"),
        ("item", "image_id = NULL"),
        ("item", "note = '{}'"),
        ("item", "kind = 'CIRCLE'"),
    ],
)
@pytest.mark.usefixtures("database")
async def test_the_tables_refuse_what_can_not_be(table: str, assignment: str) -> None:
    ana = await a_viewer()
    board, image = await a_board(ana), await an_image(ana)
    await execute(
        "INSERT INTO item (id, board, kind, image_id, width, height, z, added_by) "
        "VALUES (gen_random_uuid(), $1, 'IMAGE', $2, 4, 3, 'a', $3)",
        board.id,
        image,
        ana.account_id,
    )
    before = await fetch(f"SELECT * FROM {table}")
    assert len(before) == 1
    with pytest.raises(asyncpg.CheckViolationError):
        await execute(f"UPDATE {table} SET {assignment}")
    assert await fetch(f"SELECT * FROM {table}") == before


@pytest.mark.usefixtures("database")
async def test_earlier_changes_are_counted_as_later_ones_are() -> None:
    ana = await a_viewer()
    board, image = await a_board(ana), await an_image(ana)
    new = [NewItem(id=uuid4(), note=NoteContent()), NewItem(image_id=image), NewItem(image_id=image)]
    await adding.add_items(ana, board.id, new)
    note = new[0].id
    assert note is not None
    await items.transform_items(ana, board.id, [Placement(note, Transform(1))])
    await contents.edit_notes(ana, board.id, [NoteEdit(note, NoteContent("new"), 10, 10)])
    await items.remove_items(ana, board.id, [note])
    await history.undo(ana, board.id)
    await boards.trash_boards(ana, [board.id])
    counted = "SELECT seq, tally, item_count FROM change ORDER BY seq"
    written = await fetch(counted)
    assert [row["item_count"] for row in written] == [0, 3, 3, 3, 2, 3, 3]
    await execute("UPDATE change SET tally = '{}', item_count = 0")
    migration = importlib.import_module("migrations.webref_2026_11_21t00_55_06_000000")
    for statement in migration.STATEMENTS:
        if "UPDATE change" in statement:
            await execute(statement.replace("{{", "{").replace("}}", "}"))
    assert await fetch(counted) == written


@pytest.mark.usefixtures("database")
async def test_what_was_made_of_earlier_pictures_is_written_beside_them() -> None:
    ana = await a_viewer()
    image, _ = await an_image(ana), await an_image(ana)
    for size in (800, 320):
        await a_rendition(image, size)
    await execute("UPDATE image SET made = '{}'")
    for statement in importlib.import_module("migrations.webref_2026_11_21t02_07_54_000000").STATEMENTS:
        await execute(statement)
    await require_gathered()


@pytest.mark.usefixtures("database")
async def test_the_items_of_earlier_large_boards_and_no_others_are_in_the_spatial_index() -> None:
    ana = await a_viewer()
    small, large = await a_board(ana), await a_board(ana)
    ids = [uuid4(), uuid4()]
    for board in (small, large):
        new = [NewItem(id=item_id, note=NoteContent()) for item_id in ids] if board is large else []
        await adding.add_items(ana, board.id, [*new, NewItem(note=NoteContent())])
    await items.remove_items(ana, large.id, ids[:1])
    await execute("UPDATE board SET item_count = 2001 WHERE id = $1", large.id)
    await execute("ALTER TABLE item DROP COLUMN bounds, ADD COLUMN bounds box NOT NULL DEFAULT '(1,1),(0,0)'")
    await execute("DROP FUNCTION webref_bounds")
    for statement in importlib.import_module("migrations.webref_2026_11_28t16_37_43_000000").STATEMENTS:
        await execute(statement)
    assert await fetchval("SELECT array_agg(id) FROM board WHERE indexed") == [large.id]
    found = await fetch("SELECT id FROM item WHERE bounds IS NOT NULL AND board = $1", large.id)
    assert len(found) == 2
    assert ids[0] not in {record["id"] for record in found}
    async with transaction() as connection:
        assert await nearness.astray(connection) == []


@pytest.mark.usefixtures("database", "signing")
async def test_of_earlier_sessions_those_are_known_that_began_at_the_one_provider_of_their_person() -> None:
    issuers = {
        "provider": ["https://a"],
        "password": ["https://a"],
        "directory": ["ldap:dc=a"],
        "two": ["https://a", "https://b"],
        "none": [],
    }
    for name, known in issuers.items():
        account = await accounts.insert_account(
            name=name, email=f"{name}@example.org", password_hash="x" if name == "password" else ""
        )
        await sessions.open_session(account.id, user_agent=name)
        for issuer in known:
            await execute(
                "INSERT INTO identity (id, account, issuer, subject) VALUES (gen_random_uuid(), $1, $2, $3)",
                account.id,
                issuer,
                name,
            )
    found = "SELECT user_agent, issuer, subject FROM session WHERE issuer IS NOT NULL"
    assert await fetch(found) == []
    migration = importlib.import_module("migrations.webref_2026_11_29t10_54_14_000000")
    for statement in migration.STATEMENTS:
        if "UPDATE session" in statement:
            await execute(statement)
    assert [tuple(row) for row in await fetch(found)] == [("provider", "https://a", "provider")]


@pytest.mark.usefixtures("database")
async def test_depth_is_compared_bytewise() -> None:
    collation = await fetchval(
        "SELECT collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation "
        "WHERE a.attrelid = 'item'::regclass AND a.attname = 'z'"
    )
    assert collation == "C"


@pytest.mark.parametrize("word", ["dune", "dawn", "warm", "2031", "img", "summer"])
@pytest.mark.usefixtures("database")
async def test_a_picture_is_found_by_name_title_and_tags(word: str) -> None:
    image = await an_image(await a_viewer(), name="IMG_2031-dune.Summer.jpg")
    await execute("UPDATE image SET title = 'At dawn', tags = ARRAY['warm colours']")
    found = await fetchval("SELECT id FROM image WHERE search @@ websearch_to_tsquery('simple', $1)", word)
    assert found == image
