"""Collecting: what nobody needs goes in the end; no row is ever without its original, whatever happens."""

import asyncio
import os
import random
from contextlib import suppress
from contextvars import Context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain import collecting, images, originals, storage, trash
from domain.access import Viewer
from domain.collecting import Collectable, Collected
from domain.database import execute, fetch, fetchval
from domain.errors import BadInput, NotFound, StorageUnavailable, TooBusy
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer, an_image
from tests.library import add, place

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


def later(hours: float = 25.0) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def files(settings: Settings, *rooms: str) -> set[str]:
    """Keys of all that is kept."""
    return {
        str(path.relative_to(settings.blobs))
        for room in rooms or ("originals", "renditions", "withdrawn")
        for path in (settings.blobs / room).rglob("*")
        if path.is_file()
    }


def made_older(settings: Settings) -> None:
    for key in files(settings):
        os.utime(settings.blobs / key, (1_700_000_000, 1_700_000_000))


async def require_whole() -> None:
    """Law 1: acknowledged is kept; a row has its original, whole."""
    for row in await fetch("SELECT digest, size_bytes FROM image"):
        found = await storage.find(originals.key(row["digest"]))
        assert found is not None
        assert found.size_bytes == row["size_bytes"]


async def thrown_away(viewer: Viewer, *image_ids: UUID) -> None:
    await trash.trash_images(viewer, image_ids)
    assert (await trash.delete_images(viewer, image_ids)).kept == []


async def test_files_of_a_deleted_picture_go_after_a_day_aside(settings: Settings) -> None:
    ana = await a_viewer()
    kept, gone = await add(ana, pictures.photo(), settings), await add(ana, pictures.photo(seed=2), settings)
    before = files(settings)
    await thrown_away(ana, gone.image.id)
    assert files(settings) == before
    assert await collecting.collect(settings) == Collected(withdrawn=1)
    aside = originals.withdrawn_key(gone.image.digest)
    assert files(settings) == before - {originals.key(gone.image.digest)} | {aside}
    assert await collecting.collect(settings, now=later(23)) == Collected()
    done = await collecting.collect(settings, now=later())
    assert (done.removed, done.size_bytes > gone.image.size_bytes) == (1, True)
    assert files(settings) == {key for key in before if kept.image.digest in key}
    assert await fetchval("SELECT count(*) FROM leftover") == 0
    assert await collecting.collect(settings, strays=True, now=later(50)) == Collected()
    await require_whole()


async def test_one_owners_bytes_stay_while_another_has_them(settings: Settings) -> None:
    ana, ben, content = await a_viewer(), await a_viewer("ben"), pictures.photo()
    hers, his = await add(ana, content, settings), await add(ben, content, settings)
    before = files(settings)
    await thrown_away(ana, hers.image.id)
    assert await collecting.collect(settings, now=later()) == Collected()
    assert files(settings) == before
    await thrown_away(ben, his.image.id)
    await collecting.collect(settings)
    await collecting.collect(settings, now=later())
    assert files(settings) == set()


async def test_what_comes_again_while_it_is_aside_is_all_there(settings: Settings) -> None:
    ana, content = await a_viewer(), pictures.photo()
    first = await add(ana, content, settings)
    await thrown_away(ana, first.image.id)
    await collecting.collect(settings)
    again = await add(ana, content, settings)
    assert again.image.id != first.image.id
    await require_whole()
    assert await collecting.collect(settings) == Collected()
    assert files(settings, "withdrawn") == set()
    assert await fetchval("SELECT count(*) FROM leftover") == 0


async def test_an_upload_whose_original_was_withdrawn_on_the_way_puts_it_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between keeping the file and writing the row there is all the time in the world."""
    ana, content = await a_viewer(), pictures.photo()
    first = await add(ana, content, settings)
    await thrown_away(ana, first.image.id)
    keep = originals.keep

    async def kept_and_withdrawn(intake: originals.Intake) -> None:
        await keep(intake)
        assert (await collecting.collect(settings)).withdrawn == 1

    monkeypatch.setattr(originals, "keep", kept_and_withdrawn)
    await add(ana, content, settings)
    await require_whole()


async def test_an_upload_that_took_days_says_so_and_writes_no_row(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, content = await a_viewer(), pictures.photo()
    await thrown_away(ana, (await add(ana, content, settings)).image.id)
    keep = originals.keep

    async def kept_and_removed(intake: originals.Intake) -> None:
        await keep(intake)
        await collecting.collect(settings)
        await collecting.collect(settings, now=later())

    with monkeypatch.context() as patched:
        patched.setattr(originals, "keep", kept_and_removed)
        with pytest.raises(StorageUnavailable):
            await add(ana, content, settings)
    assert await fetchval("SELECT count(*) FROM image") == 0
    await add(ana, content, settings)
    await require_whole()


async def test_files_of_uploads_that_came_to_nothing_are_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    kept = await add(ana, pictures.photo(), settings)

    async def no_database(*_: object) -> None:
        raise TooBusy("The database took too long.")

    with monkeypatch.context() as patched:
        patched.setattr(originals, "hold", no_database)
        with pytest.raises(TooBusy):
            await add(ana, pictures.photo(seed=2), settings)
    assert len(files(settings, "originals")) == 2
    nothing = Collectable(images=0, strays=0, withdrawn=0)
    assert await collecting.collectable(settings) == nothing, "it may be of an upload that is under way"
    await collecting.collect(settings, strays=True)
    assert len(files(settings, "originals")) == 2
    made_older(settings)
    (settings.blobs / "originals" / "README").write_text("not webref's")
    assert (await collecting.collectable(settings)).strays == 1
    assert len(files(settings, "withdrawn")) == 0, "looking changes nothing"
    await collecting.collect(settings, strays=True)
    done = await collecting.collect(settings, now=later())
    assert done.removed == 1
    left = {key for key in files(settings) if kept.image.digest not in key}
    assert left == {"originals/README"}


async def test_a_row_that_lost_its_original_to_quarantine_gets_it_back(settings: Settings) -> None:
    """As a database has it that was restored from a backup of before the deletion."""
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    await thrown_away(ana, image.id)
    await collecting.collect(settings)
    again = await an_image(ana, digest=image.digest, state="FAILED")
    await execute("UPDATE image SET size_bytes = $1, failure = $2", image.size_bytes, originals.MISSING)
    stored = await originals.file(ana, again)
    assert stored.size_bytes == image.size_bytes, "who asks for it need not wait"
    await storage.remove(originals.key(image.digest))
    assert (await collecting.collect(settings)).returned == 1
    await require_whole()
    (found,) = await images.images_by_ids(ana, [again])
    assert found is not None
    assert found.state == "WAITING"
    assert files(settings, "withdrawn") == set()


class Crash(Exception):
    """The process is gone in this moment: nothing of it tidies up."""


@pytest.mark.parametrize("removes_first", [False, True])
@pytest.mark.parametrize("nth", range(4))
async def test_a_kill_at_any_removal_loses_nothing_and_the_next_round_goes_on(
    nth: int, removes_first: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """removes_first: dies with the file gone and the transaction not ended; a new picture may come then."""
    ana, content = await a_viewer(), pictures.photo()
    await thrown_away(ana, (await add(ana, content, settings)).image.id)
    remove, calls = storage.remove, 0

    async def die(key: str) -> None:
        nonlocal calls
        calls += 1
        if calls == nth + 1 and removes_first:
            await remove(key)
        if calls >= nth + 1:
            raise Crash
        await remove(key)

    async def nothing(*_: object) -> bool:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(storage, "remove", die)
        patched.setattr(originals, "put_back", nothing)
        for now in (later(0), later()):
            try:
                await collecting.collect(settings, now=now)
            except Crash:
                break
    await add(ana, content, settings)
    await require_whole()
    for hours in (0, 25, 50):
        await collecting.collect(settings, strays=True, now=later(hours))
    await require_whole()
    assert files(settings, "withdrawn") == set()


END_SESSION = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
)


async def test_a_collector_that_was_stopped_while_the_lock_ended_gives_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP between looking and removing: PostgreSQL ends its session, a picture comes, then it goes on."""
    ana, content = await a_viewer(), pictures.photo()
    await thrown_away(ana, (await add(ana, content, settings)).image.id)
    remove, stopped = storage.remove, list[str]()

    async def late(key: str) -> None:
        if not stopped:
            stopped.append(key)
            # In a context of their own they join no transaction, as other processes do not.
            for act in (execute(END_SESSION), add(ana, content, settings)):
                await asyncio.get_running_loop().create_task(act, context=Context())
        await remove(key)

    monkeypatch.setattr(storage, "remove", late)
    await collecting.collect(settings)
    assert stopped == [originals.key(await fetchval("SELECT digest FROM image"))]
    await require_whole()
    assert await collecting.collect(settings, now=later()) in (Collected(), Collected(returned=1))
    await require_whole()


@pytest.mark.parametrize("seed", range(2))
async def test_many_uploads_deletions_and_collections_at_once(seed: int, settings: Settings) -> None:
    people = [await a_viewer() for _ in range(3)]
    contents = [pictures.photo(seed=number, width=64, height=48) for number in range(3)]
    chance, ends = random.Random(seed), asyncio.Event()
    acknowledged = 0

    async def bring_and_take(viewer: Viewer) -> None:
        nonlocal acknowledged
        for _ in range(12):
            try:
                added = await add(viewer, chance.choice(contents), settings)
            except (TooBusy, StorageUnavailable):
                continue  # said, and nothing was acknowledged
            acknowledged += 1
            if chance.random() < 0.7:
                with suppress(NotFound, BadInput):  # brought again, or deleted, by another task
                    await trash.trash_images(viewer, [added.image.id])
                    await asyncio.sleep(chance.random() * 0.02)
                    await trash.delete_images(viewer, [added.image.id])

    async def collect_all_the_time(hours: float) -> None:
        while not ends.is_set():
            await collecting.collect(settings, strays=True, now=later(hours), withdrawn_hours=0)
            await asyncio.sleep(0)

    collectors = [asyncio.create_task(collect_all_the_time(hours)) for hours in (0, 0.5, 2)]
    await asyncio.gather(*(bring_and_take(viewer) for viewer in people * 2))
    ends.set()
    await asyncio.gather(*collectors)
    assert acknowledged > 40
    await require_whole()
    for hours in (3, 30, 60):
        await collecting.collect(settings, strays=True, now=later(hours))
    await require_whole()
    digests = {row["digest"] for row in await fetch("SELECT DISTINCT digest FROM image")}
    assert {key.split("/")[3] for key in files(settings)} == digests


async def test_what_a_board_shows_keeps_its_files(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    await place(ana, image.id)
    before = files(settings)
    await trash.trash_images(ana, [image.id])
    await collecting.collect(settings, now=later(24 * 40))
    await collecting.collect(settings, now=later(24 * 80))
    assert files(settings) == before
    assert any(key.startswith("renditions/") for key in before)
