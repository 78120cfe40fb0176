"""Renditions: recorded as they are made, readable by those who may, made again when lost."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from domain import blobs, darkroom, images, jobs, originals, renditions, storage
from domain.access import Viewer
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.decoding import Developed
from domain.errors import BadInput, ImageRefused, NotFound, StorageUnavailable
from domain.recipes import VERSION
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.laws import require_gathered
from tests.library import add, place

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


async def work() -> None:
    """What a worker does, until nothing is due."""
    while due := await jobs.due(10):
        for job in due:
            await jobs.run(job.id, renditions.make_renditions)


async def ready(settings: Settings, content: bytes | None = None) -> tuple[Viewer, UUID]:
    ana = await a_viewer()
    added = await add(ana, content or pictures.photo(2000, 1500), settings, name="Some photo.jpg")
    await work()
    return ana, added.image.id


async def test_a_ready_picture_has_every_rung_as_the_rows_say(settings: Settings) -> None:
    _, image_id = await ready(settings)
    rows = await fetch("SELECT * FROM rendition WHERE image = $1 ORDER BY size", image_id)
    digest = await fetchval("SELECT digest FROM image WHERE state = 'READY'")
    assert [(row["size"], row["width"], row["height"]) for row in rows] == [
        (320, 320, 240),
        (800, 800, 600),
        (1600, 1600, 1200),
    ]
    for row in rows:
        path = settings.blobs / renditions.key(digest, row["size"], VERSION)
        content = path.read_bytes()
        assert (row["size_bytes"], row["mime"]) == (len(content), "image/webp")
        assert row["digest"] == hashlib.sha256(content).hexdigest()
        assert Image.open(path).size == (row["width"], row["height"])
    made = [[row[name] for name in ("size", "width", "height", "size_bytes")] for row in rows]
    assert await fetchval("SELECT made FROM image") == made
    assert path == settings.blobs / "renditions" / digest[:2] / digest[2:4] / digest / VERSION / "1600.webp"


async def test_at_the_picture_stands_what_its_rows_say_after_every_step(settings: Settings) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    content = pictures.photo(2000, 1500)
    first, second = [(await add(each, content, settings)).image.id for each in (ana, ben)]
    await require_gathered()
    assert await fetchval("SELECT cardinality(made) FROM image WHERE id = $1", first) == 4
    (due,) = [job for job in await jobs.due(10) if job.subject == second]
    await jobs.run(due.id, renditions.make_renditions)
    await require_gathered()
    assert await fetchval("SELECT array_length(made, 1) FROM image WHERE id = $1", second) == 3
    assert await fetchval("SELECT array_length(made, 1) FROM image WHERE id = $1", first) == 1


async def test_of_two_that_record_at_a_time_none_is_forgotten(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.photo(2000, 1500), settings)).image.id

    async def another(size: int) -> None:
        async with transaction() as connection:
            await renditions.record(connection, image_id, Developed(size, size, size, bytes(size)))
            await asyncio.sleep(0.05)  # so that both are under way

    await asyncio.gather(another(1600), another(800), another(320))
    made = await fetchval("SELECT made FROM image")
    assert made == [[size] * 4 for size in (320, 800, 1600)]
    await require_gathered()


async def test_another_run_mends_what_stands_at_the_picture(settings: Settings) -> None:
    ana, image_id = await ready(settings)
    await execute("UPDATE image SET made = '{}'")
    await images.retry_images(ana, [image_id])
    await work()
    await require_gathered()


async def test_running_twice_equals_running_once(settings: Settings) -> None:
    await ready(settings)
    before = [dict(row) for row in await fetch("SELECT image, size, digest FROM rendition ORDER BY size")]
    await execute("UPDATE job SET state = 'QUEUED', due_at = now()")
    await work()
    assert [
        dict(row) for row in await fetch("SELECT image, size, digest FROM rendition ORDER BY size")
    ] == before


async def test_a_rendition_is_served_to_those_who_may_see_it(settings: Settings) -> None:
    ana, image_id = await ready(settings)
    ben, eve = await a_viewer("ben"), await a_viewer("eve")
    await place(ana, image_id, ben)
    for viewer in (ana, ben):
        stored = await renditions.file(viewer, image_id, 320)
        content = await storage.content(stored.key)
        assert stored.size_bytes == len(content)
        assert stored.etag == f'"{hashlib.sha256(content).hexdigest()}"'
        assert (stored.mime, stored.filename) == ("image/webp", "Some photo-320.webp")
        original = await originals.file(viewer, image_id)
        assert (original.filename, original.mime) == ("Some photo.jpg", "image/jpeg")
    with pytest.raises(NotFound):
        await renditions.file(eve, image_id, 320)
    with pytest.raises(NotFound):
        await originals.file(eve, image_id)


async def test_a_small_picture_answers_with_the_largest_it_has(settings: Settings) -> None:
    ana, image_id = await ready(settings, pictures.photo(500, 400))
    sizes = [(await renditions.file(ana, image_id, size)).key[-8:].lstrip("/") for size in (320, 800, 1600)]
    assert sizes == ["320.webp", "800.webp", "800.webp"]
    with pytest.raises(BadInput):
        await renditions.file(ana, image_id, 640)


async def test_what_is_not_made_yet_is_not_found_in_words(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(2000, 1500), settings)
    with pytest.raises(NotFound, match="still being made"):
        await renditions.file(ana, added.image.id, 800)


async def test_a_lost_file_is_made_again_first_and_who_asks_waits_for_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, image_id = await ready(settings)
    digest = await fetchval("SELECT digest FROM image")
    lost = settings.blobs / renditions.key(digest, 800, VERSION)
    lost.unlink()
    monkeypatch.setattr(renditions, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(StorageUnavailable, match="again"):
        await renditions.file(ana, image_id, 800)
    assert await fetchval("SELECT priority FROM job WHERE state = 'QUEUED'") == jobs.LOOKED_AT
    monkeypatch.setattr(renditions, "PATIENCE_SECONDS", 30.0)
    monkeypatch.setattr(renditions, "LOOK_SECONDS", 0.02)
    asking = asyncio.create_task(renditions.file(ana, image_id, 800))
    await asyncio.sleep(0.1)
    assert not asking.done()
    await work()
    assert settings.blobs / (await asking).key == lost
    assert lost.is_file()
    assert await fetchval("SELECT count(*) FROM job") == 2, "asked for twice, made once"


async def test_what_took_too_long_is_tried_again_among_what_may_take_long(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(*_: object, **__: object) -> AsyncIterator[None]:
        for refused in (ImageRefused("It takes too long.", reason="TOO_EXPENSIVE"),):
            raise refused
        yield

    ana = await a_viewer()
    await add(ana, pictures.photo(2000, 1500), settings)
    monkeypatch.setattr(darkroom, "develop", endless)
    (job,) = await jobs.due(10)
    assert job.queue == jobs.PICTURES
    await jobs.run(job.id, renditions.make_renditions)
    row = await fetchrow("SELECT queue, state, attempts, error FROM job")
    assert row is not None
    assert (row["queue"], row["state"], row["attempts"]) == (jobs.LARGE, "QUEUED", 1)
    assert row["error"].startswith("TOO_EXPENSIVE")
    assert await jobs.due(10, without_queues=[jobs.LARGE]) == []


async def test_a_lost_original_is_said_at_the_picture(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)
    (settings.blobs / originals.key(added.image.digest)).unlink()
    await work()
    row = await fetch("SELECT state, failure FROM image")
    assert tuple(row[0]) == ("FAILED", "ORIGINAL_MISSING")
    with pytest.raises(StorageUnavailable, match="missing"):
        await originals.file(ana, added.image.id)
    assert (await renditions.file(ana, added.image.id, 320)).size_bytes > 0
    with pytest.raises(NotFound, match="cannot be shown"):
        await renditions.file(ana, added.image.id, 800)


async def test_a_picture_that_can_not_be_decoded_fails_at_once_with_its_reason(settings: Settings) -> None:
    ana = await a_viewer()
    await add(ana, pictures.photo(), settings)
    cut = pictures.hostile()["cut.webp"][0]
    digest = hashlib.sha256(cut).hexdigest()
    await execute("UPDATE image SET digest = $1", digest)
    kept = settings.blobs / originals.key(digest)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(cut)
    await work()
    job = (await fetch("SELECT state, attempts, error FROM job"))[0]
    assert (job["state"], job["attempts"]) == ("DEAD", 1)
    assert job["error"].startswith("CORRUPT")
    assert await fetchval("SELECT failure FROM image") == "CORRUPT"


async def test_a_disk_that_fails_makes_no_damaged_picture(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one that comes, nor of one that was acknowledged; and what it gave back wrong is said so."""

    async def unread(*_: object, **__: object) -> Any:
        for refused in (ImageRefused("The picture is damaged.", reason="CORRUPT"),):
            raise refused
        yield

    def failing(_: Path) -> tuple[str, int]:
        raise OSError(5, "Input/output error")

    ana = await a_viewer()
    added = await add(ana, pictures.photo(1200, 900), settings)
    job_id = await fetchval("SELECT id FROM job")
    with monkeypatch.context() as broken:
        broken.setattr(darkroom, "develop", unread)
        broken.setattr(blobs, "digest_of", failing)
        await jobs.run(job_id, renditions.make_renditions)
        assert await fetchval("SELECT state FROM image WHERE id = $1", added.image.id) != "FAILED"
        assert await fetchval("SELECT attempts FROM job") == 0
        broken.setattr(darkroom, "inspect", lambda *_, **__: anext(unread()))
        with pytest.raises(StorageUnavailable):
            await add(ana, pictures.photo(300, 200), settings)
        await execute("UPDATE job SET due_at = now()")
        broken.setattr(blobs, "digest_of", lambda _: ("0" * 64, 1))
        await jobs.run(job_id, renditions.make_renditions)
    assert await fetchval("SELECT failure FROM image WHERE id = $1", added.image.id) == originals.DAMAGED
    assert await fetchval("SELECT count(*) FROM image") == 1


async def test_a_full_disk_waits_and_heals(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)

    async def full(*_: object) -> None:
        raise StorageUnavailable("The disk for pictures is full.")

    with monkeypatch.context() as patched:
        patched.setattr(storage, "put", full)
        await work()
    assert tuple((await fetch("SELECT state, attempts FROM job"))[0]) == ("QUEUED", 0)
    await execute("UPDATE job SET due_at = now()")
    await work()
    assert await fetchval("SELECT state FROM image WHERE id = $1", added.image.id) == "READY"


async def test_renditions_are_loaded_in_the_order_asked(settings: Settings) -> None:
    ana, large = await ready(settings)
    small = (await add(ana, pictures.photo(300, 200, seed=5), settings)).image.id
    await execute("DELETE FROM rendition WHERE image = $1", small)
    none, two = await renditions.renditions_by_images([small, large])
    assert (none, [each.size for each in two]) == ([], [320, 800, 1600])


async def test_a_lost_store_waits_and_heals(settings: Settings) -> None:
    """A disk that is not mounted is no reason to give a picture up."""
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)
    away = settings.blobs.with_name("away")
    settings.blobs.rename(away)
    await work()
    job = (await fetch("SELECT state, attempts, error FROM job"))[0]
    assert (job["state"], job["attempts"]) == ("QUEUED", 0)
    assert job["error"].startswith("STORAGE_UNAVAILABLE")
    with pytest.raises(StorageUnavailable, match="folder"):
        await originals.file(ana, added.image.id)
    away.rename(settings.blobs)
    await execute("UPDATE job SET due_at = now()")
    await work()
    assert await fetchval("SELECT state FROM image") == "READY"


async def test_a_picture_that_was_taken_in_is_developed_whatever_the_limit_is_by_now(tmp_path: Path) -> None:
    wide = Settings(data=tmp_path, max_megapixels=150)
    storage.open_storage(wide)
    ana = await a_viewer()
    added = await add(ana, pictures.flat_png(12_100, 10_000), wide)
    await work()
    assert await fetchval("SELECT failure FROM image") is None
    assert await storage.content((await renditions.file(ana, added.image.id, 320)).key)
