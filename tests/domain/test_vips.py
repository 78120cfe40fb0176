"""Two engines, one picture: what libvips makes small looks as what Pillow makes small, or is left to it."""

import io
from collections.abc import Iterator

import pytest
import pyvips
from PIL import Image, ImageChops, ImageStat

from domain import vips
from domain.decoding import fitted
from tests import pictures


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> Iterator[None]:
    """Shuts what the decoder shuts; tests that read references by libvips in this process find it open."""
    vips.prepare()
    yield
    pyvips.block_untrusted_set(False)
    pyvips.operation_block_set("VipsForeignLoad", False)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def difference(a: Image.Image, b: Image.Image) -> float:
    seen = [each.convert("RGBa") for each in (a, b)]
    return max(ImageStat.Stat(ImageChops.difference(*(each.convert("RGBA") for each in seen))).mean)


PLAIN = {
    "photo.jpg": pictures.photo(1700, 1100),
    "progressive.jpg": pictures.saved(opened(pictures.photo(1700, 1100)), "JPEG", progressive=True),
    "photo.png": pictures.saved(opened(pictures.photo(1700, 1100)), "PNG"),
    "alpha.png": pictures.disc_with_alpha(),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_picture_is_made_small_alike(name: str) -> None:
    header = opened(PLAIN[name])
    assert vips.suits(header)
    box = fitted(*header.size, 320)
    small = vips.shrunk(header, io.BytesIO(PLAIN[name]), box)
    assert small is not None
    expected = opened(PLAIN[name]).resize(box, Image.Resampling.LANCZOS)
    assert (small.mode, small.size) == (expected.mode, expected.size)
    assert difference(small, expected) < 2


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [1600, 320, 1])
def test_what_is_decoded_already_is_made_small_alike(mode: str, size: int) -> None:
    picture = opened(PLAIN["photo.png"]).convert(mode)
    picture.info = {"icc_profile": b"kept"}
    box = fitted(*picture.size, size)
    small = vips.resized(picture, box)
    assert small is not None
    assert (small.mode, small.size, small.info) == (mode, box, picture.info)
    if size > 1:
        expected = picture.resize(box, Image.Resampling.LANCZOS)
        assert difference(small.convert("RGBA"), expected.convert("RGBA")) < 3


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LAB", "I;16", "F", "LA", "RGBA"])
def test_other_pixels_and_enlarging_are_left_to_pillow(mode: str) -> None:
    assert vips.resized(Image.new(mode, (64, 48)), (32, 24)) is None
    assert vips.resized(Image.new("RGB", (64, 48)), (65, 48)) is None


@pytest.mark.parametrize(
    "name", ["gray.jpg", "cmyk.jpg", "palette.png", "palette-trns.png", "bilevel.png", "la.png"]
)
def test_what_is_not_plain_is_left_to_pillow(name: str) -> None:
    assert not vips.suits(opened(pictures.GOOD[name].make()))


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_what_moves_is_left_to_pillow(format_: str) -> None:
    assert not vips.suits(opened(pictures.animated(format_)))


def test_the_smallest_fault_is_left_to_pillow() -> None:
    content = PLAIN["photo.jpg"]
    for length in (len(content) // 2, 700, 0):
        assert vips.shrunk(opened(content), io.BytesIO(content[:length]), (320, 207)) is None


def test_only_these_loaders_are_open() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    for content in (svg, pictures.animated("GIF"), pictures.saved(pictures.quadrants(), "TIFF")):
        assert vips.shrunk(opened(PLAIN["photo.jpg"]), io.BytesIO(content), (5, 5)) is None
