"""Recipes: other sizes and another quality on an installation that has pictures already."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from domain import full_sizes, jobs, recipes, renditions, storage
from domain.database import execute, fetch, fetchval
from domain.errors import BadInput, NotFound
from domain.recipes import VERSION, Recipe
from domain.settings import BadSetting, Settings
from tests import pictures
from tests.factories import a_viewer
from tests.laws import require_gathered
from tests.library import add
from tests.working import work

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    yield configured
    recipes.follow(Settings())


def files(settings: Settings) -> set[str]:
    folder = settings.blobs / "renditions"
    return {"/".join(path.parts[-2:]) for path in folder.rglob("*") if path.is_file()}


async def test_other_settings_make_everything_again_when_it_is_looked_at(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.photo(2000, 1500), settings)).image.id
    await work()
    await full_sizes.file(ana, image_id)
    assert files(settings) == {
        f"{VERSION}/320.webp",
        f"{VERSION}/800.webp",
        f"{VERSION}/1600.webp",
        f"{VERSION}/full",
    }

    recipes.follow(Settings(renditions=(200, 640), webp_quality=40))
    assert (await renditions.file(ana, image_id, 1600)).key.endswith(f"/{VERSION}/1600.webp")
    assert await fetchval("SELECT priority FROM job WHERE state = 'QUEUED'") == jobs.LOOKED_AT
    with pytest.raises(NotFound, match="still being made"):
        await renditions.file(ana, image_id, 200)
    await work()

    name = f"{VERSION}-200-640-q40"
    assert files(settings) == {f"{name}/200.webp", f"{name}/640.webp"}
    assert [made[0] for made in await fetchval("SELECT made FROM image")] == [200, 640]
    assert await fetchval("SELECT state FROM image") == "READY"
    await require_gathered()
    small = Image.open(io.BytesIO(await storage.content((await renditions.file(ana, image_id, 640)).key)))
    assert small.size == (640, 480)
    with pytest.raises(BadInput, match="200, 640"):
        await renditions.file(ana, image_id, 1000)
    assert (await full_sizes.file(ana, image_id)).key.endswith(f"/{name}/full")
    assert await fetchval("SELECT count(*) FROM job WHERE state = 'QUEUED'") == 0


async def test_what_another_picture_of_the_same_bytes_shows_is_left_to_it(settings: Settings) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    content = pictures.photo(900, 600)
    first, second = [(await add(each, content, settings)).image.id for each in (ana, ben)]
    await work()
    recipes.follow(Settings(renditions=(320, 640)))
    await renditions.file(ana, first, 320)
    await work()
    assert f"{VERSION}/320.webp" in files(settings)
    assert (await renditions.file(ben, second, 800)).size_bytes > 0
    await work()
    assert files(settings) == {f"{VERSION}-320-640-q85/{size}.webp" for size in (320, 640)}


async def test_a_picture_that_failed_is_not_tried_at_every_look(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.photo(900, 600), settings)).image.id
    await work()
    await execute("UPDATE image SET state = 'FAILED', failure = 'CORRUPT'")
    recipes.follow(Settings(renditions=(320, 640)))
    await renditions.file(ana, image_id, 320)
    assert await fetchval("SELECT count(*) FROM job WHERE state = 'QUEUED'") == 0


async def test_the_first_rendition_is_the_smallest_of_the_settings(settings: Settings) -> None:
    recipes.follow(Settings(renditions=(256, 512), webp_quality=10))
    ana = await a_viewer()
    await add(ana, pictures.photo(900, 600), settings)
    rows = await fetch("SELECT size, width, recipe, size_bytes FROM rendition")
    assert [tuple(row)[:3] for row in rows] == [(256, 256, f"{VERSION}-256-512-q10")]
    assert files(settings) == {f"{VERSION}-256-512-q10/256.webp"}


def test_only_other_settings_have_another_name() -> None:
    assert Recipe().name == recipes.VERSION
    names = {Recipe(sizes, quality).name for sizes in ((320,), (320, 800)) for quality in (80, 85)}
    assert len(names) == 4


@pytest.mark.parametrize(
    "text", ["", "800,320", "320,320", "50", "320,9000", "320;800", "a", "1,2,3,4,5,6,7,8,9"]
)
def test_sizes_that_make_no_sense_are_refused_in_words(text: str) -> None:
    if not text:
        assert Settings.from_environment(environ={"WEBREF_RENDITIONS": text}).renditions == (320, 800, 1600)
        return
    with pytest.raises(BadSetting, match=r"WEBREF_RENDITIONS.*320,800,1600"):
        Settings.from_environment(environ={"WEBREF_RENDITIONS": text})


def test_sizes_and_quality_are_settings() -> None:
    environ = {"WEBREF_RENDITIONS": "256, 1024,2048", "WEBREF_WEBP_QUALITY": "70"}
    settings = Settings.from_environment(environ=environ)
    assert (settings.renditions, settings.webp_quality) == ((256, 1024, 2048), 70)
