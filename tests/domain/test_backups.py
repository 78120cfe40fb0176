"""Backups: what was acknowledged before comes back, whatever happened meanwhile or to the backup's place."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec import structs

from domain import backups, collecting, darkroom, originals, restoring, storage, trash
from domain.access import Viewer
from domain.backups import CannotBackUp, Manifest
from domain.database import alone, close_database, execute, fetch, fetchval, open_database
from domain.errors import DatabaseUnavailable
from domain.migrate import RESTORING, migrate
from domain.places import Store
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add, place
from tests.s3 import S3Server

pytestmark = pytest.mark.usefixtures("database")

everywhere = pytest.mark.parametrize("settings", ["folder", "bucket"], indirect=True)
SECRET = "of a webref that is backed up, and long enough"


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
async def settings(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> AsyncIterator[Settings]:
    made = Settings(data=tmp_path / "data", database_url=database_url, secret=SECRET)
    if getattr(request, "param", "folder") == "bucket":
        s3_server: S3Server = request.getfixturevalue("s3_server")
        made = s3_server.settings(made, await s3_server.make_bucket())
    await storage.start_storage(made)
    yield made
    await storage.close_storage()


@pytest.fixture
def target(settings: Settings, tmp_path: Path) -> str:
    """Where the backups go."""
    if storage.is_bucket(settings.storage):
        return settings.storage.rpartition("/")[0] + "/backups-of-it"
    return f"file://{tmp_path}/backups"


@pytest.fixture
async def store(target: str, settings: Settings) -> Store:
    return await backups.open_place(target)


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[str]:
    """The address of a database that holds nothing."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    url = database_url.replace(f"/{name}?", f"/{name}_restored?")
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name}_restored WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}_restored")
    yield url
    await connection.execute(f"DROP DATABASE {name}_restored WITH (FORCE)")
    await connection.close()


async def a_picture(viewer: Viewer, settings: Settings, seed: int = 0) -> str:
    """Its digest."""
    return (await add(viewer, pictures.photo(40, 30, seed=seed), settings)).image.digest


async def latest(store: Store, settings: Settings) -> Manifest:
    return await backups.manifest_of(store, (await backups.names(store))[-1], settings)


async def restored_into(
    settings: Settings, url: str, store: Store, folder: Path, manifest: Manifest
) -> tuple[restoring.Restored, Settings]:
    """In another folder, as on another machine; the database of the test is open again afterwards."""
    elsewhere = Settings(data=folder, database_url=url, secret=SECRET)
    await close_database()
    await storage.close_storage()
    storage.open_storage(elsewhere)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(restoring, "open_database", partial(open_database, durable=False))
        try:
            return await restoring.restore(elsewhere, url, store, manifest), elsewhere
        finally:
            assert settings.database_url is not None
            await open_database(settings.database_url, durable=False)
            storage.open_storage(settings)


async def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@everywhere
async def test_a_backup_comes_back_with_every_row_and_every_byte(
    settings: Settings, target: str, store: Store, empty: str, tmp_path: Path
) -> None:
    ana = await a_viewer()
    digests = {await a_picture(ana, settings, seed) for seed in range(3)}
    for image in await fetch("SELECT id FROM image"):
        await place(ana, image["id"])
    told: list[int] = []
    made = await backups.back_up(settings, target, lambda so_far: told.append(so_far.copied))
    assert (made.progress.copied, made.progress.present, made.manifest.absent) == (3, 0, [])
    assert told == sorted(told)
    before = {table: await rows(str(settings.database_url), query) for table, query in WHOLE.items()}
    await a_picture(ana, settings, 9)  # what comes later is not in it
    restored, elsewhere = await restored_into(
        settings, empty, store, tmp_path / "new", await latest(store, settings)
    )
    assert (restored.originals, restored.missing, restored.damaged) == (3, [], [])
    assert {table: await rows(empty, query) for table, query in WHOLE.items()} == before
    assert {path.name for path in (elsewhere.blobs / "originals").rglob("*") if path.is_file()} == digests
    assert await rows(empty, "SELECT place, target FROM whereabouts") == [("file:", None)]
    assert await rows(empty, "SELECT count(*) FROM session WHERE revoked_at IS NULL") == [(0,)]
    waiting = await rows(empty, "SELECT count(DISTINCT subject) FROM job WHERE state = 'QUEUED'")
    assert waiting[0][0] >= 3, "smaller sizes are to be made again"


WHOLE = {
    table: f"SELECT * FROM {table} ORDER BY 1, 2"
    for table in ("account", "board", "board_grant", "item", "change")
}
WHOLE["image"] = "SELECT id, owner, digest, name, width, height, created_at FROM image ORDER BY id"


@everywhere
async def test_the_next_backup_copies_what_is_new_and_the_oldest_go(
    settings: Settings, target: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    gone = await a_picture(ana, settings, 1)
    made = [await _at(monkeypatch, "2026-01-01T000000Z", settings, target)]
    await execute("DELETE FROM rendition")
    await execute("DELETE FROM image WHERE digest = $1", gone)
    stays = await a_picture(ana, settings, 2)
    made.append(await _at(monkeypatch, "2026-01-02T000000Z", settings, target))
    assert (made[1].progress.copied, made[1].progress.present) == (1, 0)
    assert await backups.names(store) == ["2026-01-01T000000Z", "2026-01-02T000000Z"]
    assert await store.find(originals.key(gone)) is not None
    made.append(await _at(monkeypatch, "2026-01-03T000000Z", settings, target, keep=2))
    assert (made[2].progress.copied, made[2].progress.present) == (0, 1)
    assert made[2].pruned == ["2026-01-01T000000Z"]
    assert await backups.names(store) == ["2026-01-02T000000Z", "2026-01-03T000000Z"]
    assert await store.find(originals.key(gone)) is None
    assert await store.find(originals.key(stays)) is not None
    kept = {file.key async for file in store.listed("backups/")}
    assert kept == {
        f"backups/2026-01-0{day}T000000Z/{name}" for day in (2, 3) for name in ("database.dump", "manifest")
    }


async def _at(
    patched: pytest.MonkeyPatch, name: str, settings: Settings, target: str, keep: int | None = None
) -> backups.Made:
    patched.setattr(backups, "_name", lambda: name)
    return await backups.back_up(settings, target, keep=keep)


@everywhere
async def test_a_picture_deleted_while_its_backup_is_made_is_in_it(
    settings: Settings, target: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    digest = await a_picture(ana, settings)
    dump = backups._dump

    async def dump_and_delete(*arguments: object) -> object:
        dumped = await dump(*arguments)  # type: ignore[arg-type]
        ids = [row["id"] for row in await fetch("SELECT id FROM image")]
        await trash.trash_images(ana, ids)
        await trash.delete_images(ana, ids)
        await collecting.collect(settings)
        assert await storage.find(originals.key(digest)) is None
        return dumped

    monkeypatch.setattr(backups, "_dump", dump_and_delete)
    made = await backups.back_up(settings, target)
    assert (made.progress.copied, made.manifest.absent) == (1, [])
    assert await store.find(originals.key(digest)) is not None


async def test_what_the_store_has_lost_is_said_and_does_not_hinder_the_rest(
    settings: Settings, target: str, store: Store
) -> None:
    ana = await a_viewer()
    lost, there = await a_picture(ana, settings, 1), await a_picture(ana, settings, 2)
    await storage.remove(originals.key(lost))
    made = await backups.back_up(settings, target)
    assert made.manifest.absent == [lost]
    assert await store.find(originals.key(there)) is not None
    tried = await restoring.try_out(settings, store, made.manifest)
    assert (tried.originals, tried.missing) == (1, []), "what was absent before is no fault of the backup"


async def test_a_backup_is_tried_out_and_says_what_is_wrong_with_it(
    settings: Settings, target: str, store: Store
) -> None:
    ana = await a_viewer()
    first, second, third = [await a_picture(ana, settings, seed) for seed in (1, 2, 3)]
    made = await backups.back_up(settings, target)
    tried = await restoring.try_out(settings, store, made.manifest)
    assert (tried.originals, tried.missing, tried.damaged) == (3, [], [])
    await store.remove(originals.key(first))
    await store.put(originals.key(second), b"x" * made.manifest.originals[second])
    tried = await restoring.try_out(settings, store, made.manifest)
    assert (tried.originals, tried.missing, tried.damaged) == (1, [first], [second])
    assert await store.find(originals.key(third)) is not None
    await store.put(made.manifest.dump.key, b"no dump")
    with pytest.raises(CannotBackUp, match="damaged"):
        await restoring.try_out(settings, store, made.manifest)
    again = (await backups.back_up(settings, target)).manifest
    wrong = structs.replace(again, tables=again.tables | {"account": 7})
    with pytest.raises(CannotBackUp, match=r"other rows.*account"):
        await restoring.try_out(settings, store, wrong)


async def test_only_who_knows_the_secret_can_have_written_a_manifest(
    settings: Settings, target: str, store: Store
) -> None:
    made = await backups.back_up(settings, target)
    key = f"backups/{made.name}/manifest"
    content = b"".join([piece async for piece in store.read(key)])
    assert await backups.manifest_of(store, made.name, settings) == made.manifest
    other = replace(settings, secret="another one, which is long enough as well")
    with pytest.raises(CannotBackUp, match="secret"):
        await backups.manifest_of(store, made.name, other)
    await store.put(key, content.replace(b'"account":0', b'"account":1'))
    with pytest.raises(CannotBackUp, match="changed afterwards"):
        await backups.manifest_of(store, made.name, settings)
    changed = await backups.manifest_of(store, made.name, settings, unsigned=True)
    assert changed.tables["account"] == 1
    await store.put(key, b"nonsense")
    with pytest.raises(CannotBackUp, match="cannot be read"):
        await backups.manifest_of(store, made.name, settings, unsigned=True)
    with pytest.raises(CannotBackUp, match="no backup"):
        await backups.manifest_of(store, "2000-01-01T000000Z", settings)


async def test_nothing_that_exists_is_written_over(
    settings: Settings, target: str, store: Store, tmp_path: Path
) -> None:
    ana = await a_viewer()
    await a_picture(ana, settings)
    made = await backups.back_up(settings, target)
    before = await fetchval("SELECT count(*) FROM account")
    assert settings.database_url is not None
    with pytest.raises(CannotBackUp, match="tables in this database"):
        await restored_into(settings, settings.database_url, store, tmp_path / "new", made.manifest)
    assert await fetchval("SELECT count(*) FROM account") == before
    assert await fetchval("SELECT to_regclass($1)", RESTORING) is None


class Stopped(Exception):
    """By a person, in the middle."""


async def test_a_restore_that_was_stopped_is_no_webref_and_begins_again(
    settings: Settings, target: str, store: Store, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    await a_picture(ana, settings)
    made = await backups.back_up(settings, target)

    async def die(settings: Settings) -> None:
        raise Stopped

    begin_anew = restoring.begin_anew
    monkeypatch.setattr(restoring, "begin_anew", die)
    with pytest.raises(Stopped):
        await restored_into(settings, empty, store, tmp_path / "new", made.manifest)
    assert await rows(empty, "SELECT count(*) FROM account") == [(1,)], (
        "it was stopped after the rows had come"
    )
    monkeypatch.setattr(restoring, "begin_anew", begin_anew)
    with pytest.raises(DatabaseUnavailable, match="put back"):
        await migrate(empty)
    restored, _ = await restored_into(settings, empty, store, tmp_path / "new", made.manifest)
    assert restored.originals == 1
    assert await migrate(empty) == []


async def test_a_backup_of_a_newer_webref_waits_for_it(
    settings: Settings, target: str, store: Store, empty: str, tmp_path: Path
) -> None:
    made = await backups.back_up(settings, target)
    newer = structs.replace(made.manifest, webref="9.0", migration="2099-01-01T00:00:00")
    with pytest.raises(CannotBackUp, match=r"webref 9\.0, which is newer"):
        await restored_into(settings, empty, store, tmp_path / "new", newer)
    assert await rows(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


@everywhere
async def test_no_backup_lies_where_the_files_are(settings: Settings, tmp_path: Path) -> None:
    inside = settings.storage if storage.is_bucket(settings.storage) else f"file://{settings.data}"
    for place_of_it in (inside, f"{inside}/deeper"):
        with pytest.raises(CannotBackUp, match="Name another place"):
            await backups.back_up(settings, place_of_it)


async def test_one_backup_at_a_time(settings: Settings, target: str) -> None:
    async with alone("webref backup", CannotBackUp("")):
        with pytest.raises(CannotBackUp, match="Another"):
            await backups.back_up(settings, target)
