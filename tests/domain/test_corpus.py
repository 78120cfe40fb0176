"""Every file of the picture corpus, where there is one: the good are shown, the hostile survived."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from domain import darkroom
from domain.decoding import fitted, rungs
from domain.errors import ImageRefused
from domain.formats import FORMATS

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("WEBREF_CORPUS") or ROOT.parent / "shared" / "corpus")
GOOD = sorted((CORPUS / "good").iterdir()) if (CORPUS / "good").is_dir() else []
HOSTILE = sorted((CORPUS / "hostile").iterdir()) if (CORPUS / "hostile").is_dir() else []
MISSING = pytest.mark.skipif(
    not GOOD, reason=f"no picture corpus in {CORPUS}; WEBREF_CORPUS names another folder"
)
TAKEN_HOSTILE = {
    "anim-bomb.webp",
    "bitflips.avif",
    "bitflips.heic",
    "bitflips.jpg",
    "bitflips.png",
    "exif-garbage.jpg",
    "exif-gps-zero-denominator.jpg",
    "exif-ifd-loop.jpg",
    "exif-orientation-99.jpg",
    "exif-orientation-string.jpg",
    "exif-xss.jpg",
    "header-9000.jpg",
    "icc-garbage.jpg",
    "icc-gray-on-rgb.jpg",
    "icc-named-on-rgb.jpg",
    "ifd-loop.tif",
    "polyglot-html.jpg",
    "polyglot-zip.jpg",
    "svg-as.png",
    "svg-foreign.svg",
    "svg-huge.svg",
    "svg-script.svg",
    "svg-ssrf.svg",
    "svg-xxe.svg",
    "text-many.png",
    "truncated-half.gif",
    "truncated-half.jpg",
    "truncated-half.png",
    "truncated-half.progressive.jpg",
    "truncated-tail.jpg",
}
"""Hostile or damaged, but with a picture in them that can be shown safely."""

REASONS = (
    "EMPTY",
    "NOT_AN_IMAGE",
    "UNSUPPORTED_FORMAT",
    "TOO_MANY_PIXELS",
    "TOO_MANY_FRAMES",
    "CORRUPT",
    "TOO_EXPENSIVE",
)
FRAMES = {"anim.avif": 4, "anim.gif": 12, "anim.png": 5, "anim.webp": 12}
PAGES = {"multipage.tif": 3}
SIZES = {
    "flat-108mp.jpg": (12000, 9000),
    "flat-48mp.jpg": (8000, 6000),
    "photo-12mp.jpg": (4272, 2848),
    "photo-portrait.jpg": (1198, 1800),
    "rotated.heic": (600, 400),
    "tall-strip.png": (12, 9000),
    "wide-1px.png": (20000, 1),
}
CORNERS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@MISSING
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
async def test_a_good_file_is_shown(path: Path) -> None:
    inspection = await darkroom.inspect(path)
    width, height = inspection.width, inspection.height
    assert inspection.format in FORMATS
    assert inspection.frames == FRAMES.get(path.name, 1)
    assert inspection.pages == PAGES.get(path.name, 1)
    assert (width, height) == SIZES.get(path.name, (width, height))
    if path.name.startswith("orient-") and path.suffix != ".png":
        assert (width, height) == (600, 400)
    renditions = [rendition async for rendition in darkroom.develop(path)]
    assert tuple(rendition.size for rendition in renditions) == rungs(width, height)
    for rendition in renditions:
        picture = Image.open(io.BytesIO(rendition.content))
        assert picture.size == fitted(width, height, rendition.size)
        assert not picture.getexif()
        assert not {"exif", "xmp"} & picture.info.keys()
        if path.name.startswith(("orient-", "rotated")):
            assert _nearest(picture) == [0, 1, 2, 3]


def _nearest(picture: Image.Image) -> list[int]:
    """Which of red, green, blue and yellow each corner is."""
    seen, near = picture.convert("RGB"), 4
    places = [
        (near, near),
        (seen.width - near, near),
        (near, seen.height - near),
        (seen.width - near, seen.height - near),
    ]
    found = []
    for place in places:
        pixel = seen.getpixel(place)
        assert isinstance(pixel, tuple)
        far = [sum(abs(a - b) for a, b in zip(pixel, corner, strict=True)) for corner in CORNERS]
        found.append(far.index(min(far)))
    return found


@MISSING
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("icc-display-p3.jpg", "photo-12mp.jpg"),
        ("photo.heic", "photo-12mp.jpg"),
        ("rgb-16bit.png", "photo-12mp.jpg"),
        ("rgb-16bit.tif", "photo-12mp.jpg"),
        ("icc-swapped-rg.jpg", "photo-444.jpg"),
        ("icc-adobergb.png", "photo-444.jpg"),
        ("interlaced.png", "photo-444.jpg"),
        ("mpo-stereo.jpg", "photo-444.jpg"),
        ("icc-prophoto-16bit.png", "photo-portrait.jpg"),
        ("photo.jxl", "photo-portrait.jpg"),
    ],
)
async def test_colours_agree_with_the_same_photo(name: str, reference: str) -> None:
    """Mean difference of the 320-px renditions, in levels of 255."""
    first, second = [await _smallest(CORPUS / "good" / each) for each in (name, reference)]
    box = (min(first.width, second.width), min(first.height, second.height))
    pairs = zip(_levels(first, box), _levels(second, box), strict=True)
    differences = [abs(a - b) for a, b in pairs]
    assert sum(differences) / len(differences) < 6


async def _smallest(path: Path) -> Image.Image:
    async for rendition in darkroom.develop(path):
        return Image.open(io.BytesIO(rendition.content)).convert("RGB")
    raise AssertionError("no rendition")


def _levels(picture: Image.Image, box: tuple[int, int]) -> bytes:
    return picture.resize(box).reduce(4).tobytes()


@MISSING
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
async def test_a_hostile_file_is_refused_or_survived(path: Path) -> None:
    begun, refused = time.monotonic(), None
    await darkroom.inspect(GOOD[0])
    before = darkroom.decoder_id()
    try:
        await darkroom.inspect(path)
        assert [rendition async for rendition in darkroom.develop(path)]
    except ImageRefused as error:
        refused = error
    assert (refused is None) is (path.name in TAKEN_HOSTILE)
    if refused is not None:
        assert refused.details["reason"] in REASONS
        assert str(path.parent) not in refused.message
    assert time.monotonic() - begun < 25
    assert darkroom.decoder_id() == before, "the decoder itself survived"
