"""Checksums: what is missing or has other bytes is found and named, and what can be mended is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from domain import animations, atlases, checksums, images, jobs, originals, renditions, storage, tiles
from domain.access import Viewer
from domain.checksums import Fault
from domain.database import fetch, fetchval
from domain.recipes import VERSION
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


HANDLERS = {
    jobs.RENDITIONS: renditions.make_renditions,
    jobs.TILES: tiles.make_tiles,
    jobs.ANIMATION: animations.make_animation,
    jobs.ATLAS: atlases.make_atlas,
}


async def work() -> None:
    while due := await jobs.due(10):
        for job in due:
            await jobs.run(job.id, HANDLERS[job.kind])


async def ready(viewer: Viewer, settings: Settings, seed: int = 0) -> str:
    """Its digest."""
    added = await add(viewer, pictures.photo(900, 600, seed=seed), settings)
    await work()
    return added.image.digest


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


HARMS = [(Path.unlink, Fault.MISSING), (cut, Fault.DAMAGED), (flip_a_bit, Fault.DAMAGED)]


async def state() -> list[tuple[object, ...]]:
    rows = await fetch("SELECT state, failure, digest FROM image ORDER BY created_at")
    return [(*tuple(row), await fetchval("SELECT count(*) FROM job WHERE state = 'QUEUED'")) for row in rows]


async def test_what_is_right_is_counted(settings: Settings) -> None:
    ana = await a_viewer()
    await ready(ana, settings, 1)
    await ready(ana, settings, 2)
    (settings.blobs / "originals/ab/cd").mkdir(parents=True)
    (settings.blobs / "originals/ab/cd" / ("ab" * 32)).write_bytes(b"stray")
    told: list[int] = []
    checked = await checksums.check(lambda so_far: told.append(so_far.originals), repairs=True)
    assert (checked.originals, checked.renditions, checked.faults, checked.unknown) == (2, 6, {}, 1)
    assert told
    assert checked.read_bytes == sum(
        path.stat().st_size for path in settings.blobs.rglob("*") if path.is_file() and path.name != "ab" * 32
    )


@pytest.mark.parametrize(("harm", "fault"), HARMS)
async def test_a_wrong_rendition_is_named_and_made_again(
    settings: Settings, harm: Callable[[Path], None], fault: Fault
) -> None:
    digest = await ready(await a_viewer(), settings)
    key = renditions.key(digest, 800, VERSION)
    harm(settings.blobs / key)
    before = await state()
    assert (await checksums.check()).faults == {key: fault}
    assert await state() == before, "who only looks changes nothing"
    checked = await checksums.check(repairs=True)
    assert (checked.faults, checked.mended, checked.told) == ({key: fault}, 1, 0)
    await work()
    assert (await checksums.check()).faults == {}
    assert (settings.blobs / key).is_file()


@pytest.mark.parametrize(("harm", "fault"), HARMS)
async def test_a_wrong_original_is_said_at_the_picture_until_it_is_right_again(
    settings: Settings, harm: Callable[[Path], None], fault: Fault
) -> None:
    ana = await a_viewer()
    digest, other = await ready(ana, settings, 1), await ready(ana, settings, 2)
    place = settings.blobs / originals.key(digest)
    right = place.read_bytes()
    harm(place)
    harm(settings.blobs / renditions.key(digest, 320, VERSION))
    wrong = place.read_bytes() if place.exists() else None
    checked = await checksums.check(repairs=True)
    assert checked.faults == {originals.key(digest): fault, renditions.key(digest, 320, VERSION): fault}
    assert (checked.told, checked.mended, checked.originals) == (1, 0, 1)
    assert (place.read_bytes() if place.exists() else None) == wrong, "it is left as it is"
    failure = {Fault.MISSING: "ORIGINAL_MISSING", Fault.DAMAGED: "ORIGINAL_DAMAGED"}[fault]
    assert [row[:3] for row in await state()] == [("FAILED", failure, digest), ("READY", None, other)]
    assert (await checksums.check(repairs=True)).told == 0
    again = await add(ana, right, settings)
    assert again.image.state is images.ImageState.WAITING
    await work()
    assert place.read_bytes() == right
    assert [row[:2] for row in await state()] == [("READY", None)] * 2
    await checksums.check(repairs=True)  # of a sound original a wrong rendition can be made again
    await work()
    assert (await checksums.check()).faults == {}


async def test_an_original_that_was_put_back_by_hand_is_noticed(settings: Settings) -> None:
    digest = await ready(await a_viewer(), settings)
    place = settings.blobs / originals.key(digest)
    right = place.read_bytes()
    place.unlink()
    await checksums.check(repairs=True)
    place.write_bytes(right)
    checked = await checksums.check(repairs=True)
    assert (checked.revived, checked.faults) == (1, {})
    await work()
    assert [row[:2] for row in await state()] == [("READY", None)]


@pytest.mark.parametrize(("harm", "fault"), HARMS)
async def test_wrong_animations_and_tiles_are_named_and_made_again(
    settings: Settings, harm: Callable[[Path], None], fault: Fault
) -> None:
    ana = await a_viewer()
    moving = (await add(ana, pictures.animated("GIF"), settings)).image.digest
    deep = (await add(ana, pictures.flat_png(20_000, 16), settings)).image.digest
    await work()
    keys = {animations.key(moving, VERSION), tiles.key(deep, VERSION)}
    for key in keys:
        harm(settings.blobs / key)
    found = await checksums.check()
    assert found.faults == dict.fromkeys(keys, fault)
    assert await jobs.due(10) == []
    assert (await checksums.check(repairs=True)).mended == 2
    await work()
    checked = await checksums.check()
    assert checked.faults == {}
    assert await fetchval("SELECT count(*) FROM image WHERE state = 'READY'") == 2
