"""The decoder: right pixels out of every good picture, and nothing but words out of a hostile one."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from PIL import Image

from domain import crispness, darkroom, pixels
from domain.darkroom import develop, inspect
from domain.decoding import Developed, fitted, rungs
from domain.errors import ImageRefused
from tests import pictures


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
def stored(tmp_path: Path) -> "Stored":
    return Stored(tmp_path)


class Stored:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, content: bytes) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}"
        path.write_bytes(content)
        return path


async def developed(path: Path) -> list[Developed]:
    return [rendition async for rendition in develop(path)]


async def refusal(path: Path) -> ImageRefused | None:
    try:
        await inspect(path)
        await developed(path)
    except ImageRefused as refused:
        return refused
    return None


def opened(rendition: Developed) -> Image.Image:
    return Image.open(io.BytesIO(rendition.content))


@pytest.mark.parametrize("name", pictures.GOOD)
async def test_a_good_picture_is_understood_and_developed(name: str, stored: Stored) -> None:
    expected = pictures.GOOD[name]
    path = stored(expected.make())

    inspection = await inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == (expected.format, *expected.size)
    assert inspection.frames == expected.frames
    assert inspection.has_alpha is expected.has_alpha
    assert 5 <= len(inspection.placeholder) <= 32
    assert inspection.swatches
    assert all(len(swatch.colour) == 7 for swatch in inspection.swatches)

    renditions = await developed(path)
    assert tuple(r.size for r in renditions) == rungs(*expected.size)
    for rendition in renditions:
        picture = opened(rendition)
        assert picture.format == "WEBP"
        assert picture.size == (rendition.width, rendition.height) == fitted(*expected.size, rendition.size)
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
        assert (picture.mode == "RGBA") is expected.has_alpha
        if expected.upright:
            assert pictures.corners(picture) == pictures.UPRIGHT


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_comes_out_upright(orientation: int, format_: str, stored: Stored) -> None:
    path = stored(pictures.oriented(orientation, format_))
    inspection = await inspect(path)
    assert (inspection.width, inspection.height) == (pictures.WIDTH, pictures.HEIGHT)
    for rendition in await developed(path):
        assert (rendition.width, rendition.height) == (pictures.WIDTH, pictures.HEIGHT)
        assert pictures.corners(opened(rendition)) == pictures.UPRIGHT
        assert not {"exif", "xmp"} & opened(rendition).info.keys()


async def test_what_the_camera_says_is_kept(stored: Stored) -> None:
    path = stored(
        pictures.oriented(
            6, taken="2024:05:06 07:08:09", offset="+02:00", make="Acme", model="Acme\0 One\n<script>"
        )
    )
    inspection = await inspect(path)
    assert inspection.taken_at == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert inspection.camera.startswith("Acme")
    assert inspection.camera.isprintable()


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "2024:13:40 99:99:99", ""])
async def test_a_nonsense_date_is_no_date(taken: str, stored: Stored) -> None:
    assert (await inspect(stored(pictures.oriented(1, taken=taken)))).taken_at is None


async def test_colours_are_converted_to_srgb(stored: Stored) -> None:
    swapped = pictures.profile((pictures.SRGB_XYZ[1], pictures.SRGB_XYZ[0], pictures.SRGB_XYZ[2]))
    picture = Image.new("RGB", (64, 64), (0, 255, 0))
    (rendition,) = await developed(stored(pictures.saved(picture, "PNG", icc_profile=swapped)))
    red, green, blue = opened(rendition).convert("RGB").getpixel((32, 32))  # type: ignore[misc]
    assert red > 230
    assert max(green, blue) < 40


async def test_a_colour_outside_srgb_is_clipped_not_left(stored: Stored) -> None:
    picture = Image.new("RGB", (64, 64), (200, 60, 60))
    wide = pictures.saved(picture, "PNG", icc_profile=pictures.profile(pictures.P3_XYZ))
    (rendition,) = await developed(stored(wide))
    red, green, _ = opened(rendition).convert("RGB").getpixel((32, 32))  # type: ignore[misc]
    assert red > 205
    assert green < 58


@pytest.mark.parametrize("broken", [b"nonsense", pictures.profile(pictures.P3_XYZ)[:150], b"\0" * 400])
async def test_a_broken_profile_is_ignored(broken: bytes, stored: Stored) -> None:
    path = stored(pictures.saved(pictures.quadrants(), "PNG", icc_profile=broken))
    assert pictures.corners(opened((await developed(path))[0])) == pictures.UPRIGHT


async def test_sixteen_bits_are_scaled_not_clipped(stored: Stored) -> None:
    (rendition,) = await developed(stored(pictures.ramp16()))
    picture = opened(rendition).convert("L")
    levels = [picture.getpixel((x, 32)) for x in (2, 64, 128, 192, 253)]
    for level, wanted in zip(levels, (2, 64, 128, 192, 253), strict=True):
        assert abs(level - wanted) <= 6  # type: ignore[operator]


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
async def test_transparent_pixels_leave_no_halo(format_: str, stored: Stored) -> None:
    smallest, *_ = await developed(stored(pictures.disc_with_alpha(format_)))
    picture = opened(smallest).convert("RGBA")
    for _, (red, green, _blue, alpha) in picture.getcolors(1 << 20) or []:  # type: ignore[misc]
        if alpha > 24:
            assert green < red * 0.35 + 40


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (700, 500)])
async def test_pixel_art_keeps_every_pixel(size: tuple[int, int], stored: Stored) -> None:
    """One-pixel stripes of colours that lossy compression would mix."""
    picture = Image.new("RGB", size)
    for x in range(size[0]):
        picture.paste([(255, 0, 0), (0, 0, 255), (0, 255, 0)][x % 3], (x, 0, x + 1, size[1]))
    for format_ in ("PNG", "GIF", "BMP"):
        renditions = await developed(stored(pictures.saved(picture, format_)))
        assert opened(renditions[-1]).convert("RGB").tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "LAB", "I", "F", "I;16", "I;16B"]
)
def test_whether_it_is_drawn_can_be_asked_of_every_picture(mode: str) -> None:
    assert crispness.is_drawn(Image.new(mode, (300, 300))) is (mode not in ("I", "F", "I;16", "I;16B"))


def test_no_edge_is_kept_at_any_price() -> None:
    soft, hard = (Image.effect_noise((500, 500), strength).convert("RGB") for strength in (4, 90))
    assert crispness.webp(soft, 1, drawn=True) == pixels.webp(soft, 1)
    assert crispness.webp(hard, 100, drawn=True) != pixels.webp(hard, 100)


async def test_a_large_transparent_picture_fits_in_the_memory_of_a_child(stored: Stored) -> None:
    path = stored(pictures.flat_png(11_900, 10_000, kind=6, pixel=b"\x20\x60\xc0\x80"))
    assert (await inspect(path)).has_alpha
    smallest, *rest = await developed(path)
    assert (smallest.width, smallest.height, len(rest)) == (320, 269, 2)
    red, green, blue, alpha = opened(smallest).convert("RGBA").getpixel((9, 9))  # type: ignore[misc]
    assert abs(red - 0x20) + abs(green - 0x60) + abs(blue - 0xC0) + abs(alpha - 0x80) < 12


@pytest.mark.parametrize("name", pictures.hostile())
async def test_a_hostile_file_is_refused_in_words(name: str, stored: Stored) -> None:
    content, reasons = pictures.hostile()[name]
    path, begun = stored(content), time.monotonic()
    refused = await refusal(path)
    assert refused is not None or not reasons, f"{name} was taken"
    if refused is not None:
        assert not reasons or refused.details["reason"] in reasons
        assert refused.message[0].isupper()
        assert refused.message.endswith(".")
        assert str(path) not in refused.message
    assert time.monotonic() - begun < 20
    assert (await inspect(stored(pictures.saved(pictures.quadrants(), "PNG")))).width == pictures.WIDTH


async def test_the_pixel_limit_is_a_setting(stored: Stored) -> None:
    with pytest.raises(ImageRefused) as refused:
        await inspect(stored(pictures.flat_png(1_100, 1_000)), max_pixels=1_000_000)
    assert refused.value.details["reason"] == "TOO_MANY_PIXELS"


async def test_it_works_where_a_sandbox_lets_nobody_change_their_priority(
    stored: Stored, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("forbidding")
    (folder / "sitecustomize.py").write_text(
        "import os\ndef nice(by):\n    raise PermissionError(1, 'Operation not permitted')\nos.nice = nice\n"
    )
    path = stored(pictures.photo())
    darkroom.close()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    try:
        assert (await inspect(path)).width == 1200
        assert psutil.Process(darkroom.decoder_id()).nice() == psutil.Process().nice()
    finally:
        darkroom.close()


async def test_a_killed_decoder_is_started_again(stored: Stored) -> None:
    path = stored(pictures.photo())
    await inspect(path)
    first = darkroom.decoder_id()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert (await inspect(path)).width == 1200
    assert darkroom.decoder_id() != first


async def _child(*, gone: bool = False) -> psutil.Process | None:
    """Of the decoder, once there is one with its limits; gone: once there is none."""
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0.005)
            decoder = darkroom.decoder_id()
            children = psutil.Process(decoder).children() if decoder else []
            if gone and not children:
                return None
            if not gone and children and _is_limited(children[0]):
                return children[0]


def _is_limited(child: psutil.Process) -> bool:
    """Elsewhere than on Linux nobody is told another's limits."""
    return sys.platform != "linux" or child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)


async def test_a_killed_child_is_a_refusal(tmp_path: Path) -> None:
    with pictures.endless(tmp_path / "endless") as path:
        asked = asyncio.create_task(inspect(path))
        child, decoder = await _child(), darkroom.decoder_id()
        assert child is not None
        child.send_signal(signal.SIGXCPU)
        with pytest.raises(ImageRefused) as refused:
            await asked
    assert refused.value.details["reason"] == "TOO_EXPENSIVE"
    assert darkroom.decoder_id() == decoder


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is told another's limits")
async def test_the_child_has_no_memory_and_files_to_spare_and_ends_with_who_asked(tmp_path: Path) -> None:
    with pictures.endless(tmp_path / "endless") as path:
        asked = asyncio.create_task(inspect(path))
        child, decoder = await _child(), darkroom.decoder_id()
        assert child is not None
        assert child.rlimit(psutil.RLIMIT_AS) == (1 << 30, 1 << 30)
        assert child.rlimit(psutil.RLIMIT_CPU) == (20, 20)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (16, 16)
        assert child.num_fds() <= 3
        asked.cancel()
        begun = time.monotonic()
        await _child(gone=True)
        assert time.monotonic() - begun < 10, "it did not read on until its time was over"
    assert darkroom.decoder_id() == decoder


async def test_pictures_are_decoded_beside_one_another(stored: Stored) -> None:
    path = stored(pictures.photo())
    inspections = await asyncio.gather(*(inspect(path) for _ in range(20)))
    assert {inspection.width for inspection in inspections} == {1200}


async def test_an_abandoned_picture_leaves_nothing_behind(stored: Stored) -> None:
    path = stored(pictures.photo())
    await inspect(path)
    descriptors = psutil.Process().num_fds()
    for _ in range(5):
        async for _rendition in develop(path):
            break
    for _ in range(100):
        await asyncio.sleep(0.02)
        if psutil.Process().num_fds() <= descriptors:
            break
    assert psutil.Process().num_fds() <= descriptors + 1


def test_the_ladder_never_enlarges() -> None:
    assert rungs(1, 1) == (320,)
    assert rungs(320, 200) == (320,)
    assert rungs(321, 200) == (320, 800)
    assert rungs(1600, 900) == (320, 800, 1600)
    assert rungs(9000, 12) == (320, 800, 1600)
    assert fitted(9000, 12, 1600) == (1600, 2)
    assert fitted(9000, 12, 320) == (320, 1)
    assert fitted(100, 80, 320) == (100, 80)


async def test_who_asked_a_killed_decoder_is_never_told_that_the_picture_is_bad(stored: Stored) -> None:
    """Several ask at once; whoever comes first has started another decoder when the others look."""
    paths = [stored(pictures.photo(1600, 1200, seed=seed)) for seed in range(6)]
    for _ in range(4):
        await inspect(paths[0])
        asked = [asyncio.create_task(inspect(path)) for path in paths]
        decoder = darkroom.decoder_id()
        assert decoder is not None
        for _ in range(400):
            await asyncio.sleep(0.001)
            if psutil.Process(decoder).children():
                break
        os.kill(decoder, signal.SIGKILL)
        assert [found.width for found in await asyncio.gather(*asked)] == [1600] * 6
