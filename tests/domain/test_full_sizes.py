"""Full sizes: every pixel, as a browser shows it, made when somebody wants it and kept for the next."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from domain import full_sizes, originals, renditions, storage
from domain.database import fetch, fetchval
from domain.errors import ImageRefused, NotFound, StorageUnavailable
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.laws import require_gathered
from tests.library import add
from tests.working import work

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


def tall_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Acme"
    return pictures.saved(pictures.quadrants(2400, 900), "JPEG", exif=exif.tobytes())


async def test_a_jpeg_is_shown_as_it_is_without_what_it_says(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, tall_jpeg(), settings, name="Tall.JPG")
    stored = await full_sizes.file(ana, added.image.id)
    assert (stored.mime, stored.filename) == ("image/jpeg", "Tall.jpg")
    content = await storage.content(stored.key)
    picture, original = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(tall_jpeg()))
    assert picture.tobytes() == original.tobytes()
    assert dict(picture.getexif()) == {0x0112: 6}
    row = (await fetch("SELECT width, height FROM rendition WHERE size = 0"))[0]
    assert tuple(row) == (900, 2400)


@pytest.mark.parametrize(
    "content",
    [
        pictures.saved(pictures.quadrants(2000, 1500), "TIFF", compression="tiff_lzw"),
        pictures.saved(pictures.quadrants(2000, 1500).convert("CMYK"), "JPEG"),
    ],
    ids=["tiff", "cmyk"],
)
async def test_what_no_browser_shows_becomes_a_webp_of_its_size(content: bytes, settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, content, settings)
    stored = await full_sizes.file(ana, added.image.id)
    picture = Image.open(io.BytesIO(await storage.content(stored.key)))
    assert (stored.mime, picture.format, picture.size) == ("image/webp", "WEBP", (2000, 1500))
    assert pictures.corners(picture) == pictures.UPRIGHT


async def test_it_is_made_once_for_all_who_ask_and_again_when_lost(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(2000, 1500), settings)
    first, *others = await asyncio.gather(*(full_sizes.file(ana, added.image.id) for _ in range(5)))
    assert {other.etag for other in others} == {first.etag}
    place = settings.blobs / first.key
    made_at = place.stat().st_mtime_ns
    await full_sizes.file(ana, added.image.id)
    assert place.stat().st_mtime_ns == made_at
    place.unlink()
    assert (await full_sizes.file(ana, added.image.id)).etag == first.etag
    assert place.exists()


async def test_it_is_none_of_the_ladder(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(2000, 1500), settings)
    await full_sizes.file(ana, added.image.id)
    await work()
    assert [made[0] for made in await fetchval("SELECT made FROM image")] == [320, 800, 1600]
    (sizes,) = await renditions.renditions_by_images([added.image.id])
    assert [each.size for each in sizes] == [320, 800, 1600]
    await require_gathered()


async def test_of_a_small_picture_it_is_the_largest_of_the_ladder(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(700, 500), settings)
    await work()
    stored = await full_sizes.file(ana, added.image.id)
    assert stored.key.endswith("/800.webp")
    assert await fetchval("SELECT count(*) FROM rendition WHERE size = 0") == 0


async def test_who_may_not_see_it_and_what_is_too_large_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, eve = await a_viewer(), await a_viewer()
    added = await add(ana, pictures.saved(pictures.quadrants(2000, 1500), "BMP"), settings)
    with pytest.raises(NotFound):
        await full_sizes.file(eve, added.image.id)
    with monkeypatch.context() as patched:
        patched.setattr(full_sizes, "MOST_ENCODED_PIXELS", 1_000_000)
        with pytest.raises(NotFound, match="tiles"):
            await full_sizes.file(ana, added.image.id)
    (settings.blobs / originals.key(added.image.digest)).write_bytes(pictures.hostile()["cut.webp"][0])
    with pytest.raises(ImageRefused):
        await full_sizes.file(ana, added.image.id)
    (settings.blobs / originals.key(added.image.digest)).unlink()
    with pytest.raises(StorageUnavailable, match="missing"):
        await full_sizes.file(ana, added.image.id)
    assert await fetchval("SELECT count(*) FROM rendition WHERE size = 0") == 0
