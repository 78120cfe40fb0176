"""Tiles: together they are the picture, at every level, whichever way it was stored, whoever decodes it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from domain import access, darkroom, jobs, originals, pyramid, recipes, storage, tiles
from domain.database import execute, fetch, fetchrow, fetchval
from domain.errors import ImageRefused, NotFound, StorageUnavailable
from domain.pyramid import TILE_PX, levels
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add
from tests.working import work

WIDE = (17_000, 40)
"""Deep because of its side, and quick to make."""


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    yield configured
    recipes.follow(Settings())


def scene(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Nowhere like anywhere else: a wrong place or turn of a tile shows."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (across, down, ImageChops.difference(across, down)))
    ImageDraw.Draw(picture).line((0, 0, width, height), fill=(255, 255, 255), width=9)
    if mode == "RGBA":
        picture.putalpha(down)
    return picture.convert(mode)


async def cut(path: Path) -> dict[tuple[int, int, int], bytes]:
    return {place: content async for place, content in darkroom.cut(path)}


def joined(found: dict[tuple[int, int, int], bytes], number: int, level: pyramid.Level) -> Image.Image:
    whole = Image.new("RGBA", (level.width, level.height))
    for row in range(level.rows):
        for column in range(level.columns):
            tile = Image.open(io.BytesIO(found[number, column, row]))
            assert tile.width == min(TILE_PX, level.width - column * TILE_PX)
            assert tile.height == min(TILE_PX, level.height - row * TILE_PX)
            assert not tile.getexif()
            assert "icc_profile" not in tile.info
            whole.paste(tile.convert("RGBA"), (column * TILE_PX, row * TILE_PX))
    return whole


def difference(a: Image.Image, b: Image.Image) -> float:
    """Of what one sees on white, in levels of 255."""
    seen = [
        Image.alpha_composite(Image.new("RGBA", each.size, "white"), each.convert("RGBA")) for each in (a, b)
    ]
    return max(ImageStat.Stat(ImageChops.difference(*seen).convert("RGB")).mean)


MAKERS: dict[str, Callable[[Image.Image], bytes]] = {
    "baseline.jpg": lambda picture: pictures.saved(picture, "JPEG", quality=95),
    "progressive.jpg": lambda picture: pictures.saved(picture, "JPEG", quality=95, progressive=True),
    "rgb.png": lambda picture: pictures.saved(picture, "PNG"),
    "alpha.png": lambda picture: pictures.saved(scene(*picture.size, "RGBA"), "PNG"),
    "grey.png": lambda picture: pictures.saved(picture.convert("L"), "PNG"),
    "palette.png": lambda picture: pictures.saved(picture.quantize(256), "PNG"),
    "lossy.webp": lambda picture: pictures.saved(picture, "WEBP", quality=95),
    "scan.tiff": lambda picture: pictures.saved(picture, "TIFF", compression="tiff_lzw"),
}


@pytest.mark.parametrize("name", MAKERS)
async def test_the_tiles_of_every_level_are_the_picture(name: str, tmp_path: Path) -> None:
    expected = scene(2101, 1303, "RGBA" if name == "alpha.png" else "RGB")
    if name == "grey.png":
        expected = expected.convert("L")
    path = tmp_path / name
    path.write_bytes(MAKERS[name](expected))
    found = await cut(path)
    steps = levels(2101, 1303)
    assert [(step.width, step.height) for step in steps] == [(526, 326), (1051, 652), (2101, 1303)]
    assert set(found) == set(pyramid.places(steps))
    for number, step in enumerate(steps):
        small = expected.convert("RGBA").resize((step.width, step.height), Image.Resampling.BOX)
        assert difference(joined(found, number, step), small) < 6
    kinds = {pyramid.MIMES[pyramid.mime_of(content)] for content in found.values()}
    if name == "alpha.png":
        assert kinds == {"image/webp"}
    elif name not in ("grey.png", "palette.png"):  # of few colours: either is right
        assert kinds == {"image/jpeg"}


def drawing(width: int, height: int, mode: str) -> Image.Image:
    """Lines of one pixel in loud colours, which lossy tiles would smear."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for number in range(0, width, 7):
        colour = ((255, 0, 0), (0, 0, 255), (0, 0, 0))[number % 3]
        draw.line((number, 0, width - number, height), fill=colour)
    if mode == "RGBA":
        picture.putalpha(Image.new("L", picture.size, 0))
        picture.paste((255, 0, 0, 255), (100, 100, width - 100, height - 100))
        ImageDraw.Draw(picture).line((0, 0, width, height), fill=(0, 0, 255, 255))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "1"])
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
async def test_a_drawing_keeps_every_pixel_in_its_tiles(mode: str, format_: str, tmp_path: Path) -> None:
    if format_ == "WEBP" and mode in ("P", "1"):
        mode = "RGB"
    stored = drawing(1500, 700, mode)
    path = tmp_path / "drawn"
    path.write_bytes(pictures.saved(stored, format_, **({"lossless": True} if format_ == "WEBP" else {})))
    found = await cut(path)
    steps = levels(1500, 700)
    finest = joined(found, len(steps) - 1, steps[-1])
    assert difference(finest, stored) == 0
    assert sum(map(len, found.values())) < 400_000


async def test_text_beside_a_photo_is_kept_where_it_is(tmp_path: Path) -> None:
    photo = Image.open(io.BytesIO(pictures.photo(512, 512, quality=95))).convert("RGB")
    picture = drawing(1024, 512, "RGB")
    picture.paste(photo, (512, 0))
    path = tmp_path / "both.png"
    path.write_bytes(pictures.saved(picture, "PNG"))
    found = await cut(path)
    kinds = [pyramid.MIMES[pyramid.mime_of(found[0, column, 0])] for column in (0, 1)]
    assert kinds == ["image/webp", "image/jpeg"]


async def test_a_drawing_that_was_a_jpeg_is_spoilt_already(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jpg"
    path.write_bytes(pictures.saved(drawing(900, 600, "RGB"), "JPEG", quality=95))
    found = await cut(path)
    assert {pyramid.MIMES[pyramid.mime_of(content)] for content in found.values()} == {"image/jpeg"}


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_is_cut_upright(orientation: int, format_: str, tmp_path: Path) -> None:
    upright = scene(1101, 603)
    turn = pictures.STORED_FOR[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    stored = upright if turn is None else upright.transpose(turn)
    path.write_bytes(pictures.saved(stored, format_, exif=exif.tobytes(), quality=95))
    found = await cut(path)
    steps = levels(1101, 603)
    assert set(found) == set(pyramid.places(steps))
    assert difference(joined(found, 1, steps[1]), upright) < 4


async def test_what_is_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    content = pictures.saved(scene(1600, 1200), "JPEG", quality=95)
    path = tmp_path / "cut.jpg"
    path.write_bytes(content[: len(content) // 2])
    found = await cut(path)
    assert set(found) == set(pyramid.places(levels(1600, 1200)))
    above = joined(found, 1, levels(1600, 1200)[1]).crop((0, 0, 1600, 300))
    assert difference(above, scene(1600, 1200).crop((0, 0, 1600, 300))) < 4


async def test_a_profile_is_converted_in_tiles_too(tmp_path: Path) -> None:
    swapped = pictures.profile((pictures.SRGB_XYZ[1], pictures.SRGB_XYZ[0], pictures.SRGB_XYZ[2]))
    path = tmp_path / "swapped.png"
    path.write_bytes(pictures.saved(Image.new("RGB", (600, 600), (0, 255, 0)), "PNG", icc_profile=swapped))
    tile = Image.open(io.BytesIO((await cut(path))[0, 0, 0]))
    red, green, blue = tile.getpixel((99, 99))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 40


async def test_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "no.jpg"
    path.write_bytes(pictures.hostile()["cut.webp"][0])
    with pytest.raises(ImageRefused):
        await cut(path)


def test_levels_end_where_renditions_begin() -> None:
    assert [step.width for step in levels(20_000, 20_000)] == [625, 1250, 2500, 5000, 10_000, 20_000]
    assert levels(1024, 3) == (pyramid.Level(1024, 3, 2, 1),)
    assert [pyramid.is_deep(*size) for size in ((6000, 5000), (6001, 5000), (16_383, 1), (16_384, 1))] == [
        False,
        True,
        False,
        True,
    ]


async def stored_tile(viewer: access.Viewer, image_id: UUID, place: tuple[int, int, int]) -> bytes:
    stored = await tiles.file(viewer, image_id, place)
    pieces = storage.read(stored.key, stored.start, stored.start + stored.size_bytes)
    return b"".join([piece async for piece in pieces])


@pytest.mark.usefixtures("database")
async def test_a_large_picture_is_cut_by_a_job_after_its_renditions(settings: Settings) -> None:
    ana, eve = await a_viewer(), await a_viewer()
    picture = scene(*WIDE)
    image_id = (await add(ana, pictures.saved(picture, "PNG"), settings)).image.id
    waiting = await fetch("SELECT kind, queue FROM job ORDER BY priority DESC")
    assert [tuple(row) for row in waiting] == [("renditions", "pictures"), ("tiles", "large")]
    with pytest.raises(NotFound, match="still being made"):
        await tiles.file(ana, image_id, (0, 0, 0))
    assert await fetchval("SELECT tile_px FROM image") is None
    await work()

    assert await fetchval("SELECT tile_px FROM image") == TILE_PX
    steps = levels(*WIDE)
    found = {place: await stored_tile(ana, image_id, place) for place in pyramid.places(steps)}
    assert difference(joined(found, len(steps) - 1, steps[-1]), picture) < 8
    for wrong in ((9, 0, 0), (0, 9, 0), (0, 0, 1), (len(steps) - 1, 34, 0)):
        with pytest.raises(NotFound, match="no such tile"):
            await tiles.file(ana, image_id, wrong)
    with pytest.raises(NotFound):
        await tiles.file(eve, image_id, (0, 0, 0))
    assert await fetchval("SELECT count(*) FROM job WHERE state <> 'DONE'") == 0


@pytest.mark.usefixtures("database")
async def test_a_small_picture_has_none(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.photo(2000, 1500), settings)).image.id
    await work()
    with pytest.raises(NotFound):
        await tiles.file(ana, image_id, (0, 0, 0))
    assert await tiles.enqueue_missing() == 0
    assert await fetchval("SELECT count(*) FROM pyramid") == 0


@pytest.mark.usefixtures("database")
async def test_the_same_bytes_are_cut_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    content = pictures.saved(scene(*WIDE), "PNG")
    await add(ana, content, settings)
    await work()
    monkeypatch.setattr(darkroom, "cut", None)
    his = (await add(ben, content, settings)).image.id
    await work()
    assert await stored_tile(ben, his, (0, 0, 0))
    assert len({row["digest"] for row in await fetch("SELECT digest FROM pyramid")}) == 1


@pytest.mark.usefixtures("database")
async def test_lost_tiles_are_made_again(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.saved(scene(*WIDE), "PNG"), settings)).image.id
    await work()
    before = await stored_tile(ana, image_id, (1, 0, 0))
    (settings.blobs / (await tiles.file(ana, image_id, (0, 0, 0))).key).unlink()
    tiles._seen.clear()
    with pytest.raises(StorageUnavailable, match="again"):
        await tiles.file(ana, image_id, (1, 0, 0))
    assert await fetchval("SELECT priority FROM job WHERE state = 'QUEUED'") == jobs.LOOKED_AT
    await work()
    assert await stored_tile(ana, image_id, (1, 0, 0)) == before


@pytest.mark.usefixtures("database")
async def test_earlier_pictures_and_other_settings_are_found(settings: Settings) -> None:
    ana = await a_viewer()
    image_id = (await add(ana, pictures.saved(scene(*WIDE), "PNG"), settings)).image.id
    await execute("DELETE FROM job")
    assert (await tiles.enqueue_missing(), await tiles.enqueue_missing()) == (1, 0)
    await work()
    former = settings.blobs / (await tiles.file(ana, image_id, (0, 0, 0))).key
    await execute("DELETE FROM job")
    recipes.follow(Settings(webp_quality=30))
    assert await tiles.enqueue_missing() == 1
    assert await stored_tile(ana, image_id, (0, 0, 0))
    await work()
    assert (await tiles.file(ana, image_id, (0, 0, 0))).key.split("/")[-2].endswith("-q30")
    assert not former.exists()


@pytest.mark.usefixtures("database")
async def test_what_cannot_be_cut_is_left_alone(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.saved(scene(*WIDE), "PNG"), settings)
    await work()
    await execute("DELETE FROM pyramid")
    await execute("UPDATE image SET tile_px = NULL")
    await execute("DELETE FROM job")
    (settings.blobs / originals.key(added.image.digest)).write_bytes(pictures.hostile()["cut.webp"][0])
    await tiles.enqueue_missing()
    await work()
    row = await fetchrow("SELECT state, attempts, error FROM job")
    assert row is not None
    assert (row["state"], row["attempts"]) == ("DEAD", 1)
    assert await fetchval("SELECT state FROM image") == "READY"
    with pytest.raises(NotFound):
        await tiles.file(ana, added.image.id, (0, 0, 0))
    assert await tiles.enqueue_missing() == 0
    assert await fetchval("SELECT count(*) FROM job") == 1
