"""Metadata: what a PNG says before or behind its pixels is found, and for that nothing is decoded."""

import io
import struct
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageFile, PngImagePlugin

from domain import exif, pixels
from tests import pictures
from tests.pictures import chunk, png_header

DATA = pictures.flat_png(8, 6)[len(png_header(8, 6)) : -12]
END = chunk(b"IEND", b"")
XMP = b'<x:xmpmeta tiff:Orientation="6"/>'
MAX_PIXELS = 1_000_000


def said(orientation: int = 6) -> bytes:
    written = Image.Exif()
    written[pixels.ORIENTATION] = orientation
    written[exif.MODEL] = "Acme 1"
    written[exif.CHANGED] = "2024:05:06 07:08:09"
    return written.tobytes()[6:]


def profile() -> bytes:
    digits = (b"Exif\0\0" + said()).hex()
    return b"\nexif\n" + b"%8d\n" % (len(digits) // 2) + digits.encode() + b"\n"


CHUNKS = {
    "eXIf": chunk(b"eXIf", said()),
    "raw profile": chunk(b"tEXt", b"Raw profile type exif\0" + profile()),
    "XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
}


@pytest.fixture(autouse=True)
def _limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's is one for the whole process, and opening sets it."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every picture of which the pixels were asked for."""
    seen: list[object] = []
    load = ImageFile.ImageFile.load

    def counted(picture: ImageFile.ImageFile) -> object:
        seen.append(picture)
        return load(picture)

    monkeypatch.setattr(ImageFile.ImageFile, "load", counted)
    return seen


def opened(content: bytes) -> Image.Image:
    return pixels.opened(io.BytesIO(content), MAX_PIXELS)


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize("behind", [False, True])
def test_which_way_is_up_is_known_without_decoding(name: str, behind: bool, decoded: list[object]) -> None:
    parts = [DATA, CHUNKS[name]] if behind else [CHUNKS[name], DATA]
    picture = opened(png_header(8, 6) + b"".join(parts) + END)
    assert pixels.orientation_of(picture) == 6
    if name != "XMP":
        assert exif.camera(picture) == "Acme 1"
        assert exif.taken_at(picture) == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert decoded == []
    picture.load()
    assert decoded == [picture]
    assert picture.getpixel((7, 5)) == (0x20, 0x60, 0xC0)
    assert pixels.orientation_of(picture) == 6


def test_a_png_that_says_nothing_is_not_decoded_for_it(decoded: list[object]) -> None:
    picture = opened(png_header(8, 6) + DATA + chunk(b"tEXt", b"Author\0somebody") + END)
    assert (pixels.orientation_of(picture), exif.camera(picture), exif.taken_at(picture)) == (1, "", None)
    assert decoded == []
    assert "Author" not in picture.info


@pytest.mark.parametrize(
    "behind",
    [
        struct.pack(">I", 0xFFFFFFFF) + b"eXIf" + said(),
        struct.pack(">I", 0xFFFFFFFF) + b"npTh" + CHUNKS["eXIf"],
        struct.pack(">I", len(said()) + 1000) + b"eXIf" + said(),
        b"\0\0\0",
        b"\0\0\0\0\0\0\0\0" + CHUNKS["eXIf"],
        END + CHUNKS["eXIf"],
        chunk(b"eXIf", b""),
        chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"),
        chunk(b"eXIf", said() + bytes(exif.LARGEST_TELLING)),
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 2\nno digits"),
        chunk(b"zTXt", b"Raw profile type exif\0\0no stream"),
    ],
)
def test_hostile_chunks_say_nothing(behind: bytes, decoded: list[object]) -> None:
    picture = opened(png_header(8, 6) + DATA + behind)
    assert (pixels.orientation_of(picture), exif.camera(picture), exif.taken_at(picture)) == (1, "", None)
    assert decoded == []


def test_what_comes_before_the_damage_counts(decoded: list[object]) -> None:
    for start in (len(DATA) // 2, len(DATA)):
        content = png_header(8, 6) + CHUNKS["eXIf"] + DATA[:start]
        assert pixels.orientation_of(opened(content)) == 6
    cut_later = png_header(8, 6) + DATA + CHUNKS["eXIf"] + CHUNKS["XMP"][:-9]
    assert pixels.orientation_of(opened(cut_later)) == 6
    assert decoded == []


def test_the_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chunks there are, and however many of them tell something."""
    monkeypatch.setattr(exif, "MOST_CHUNKS", 100)
    for count, found in ((97, 6), (98, 1), (5_000, 1)):
        content = png_header(8, 6) + DATA + chunk(b"npTh", b"") * count + CHUNKS["eXIf"] + END
        assert pixels.orientation_of(opened(content)) == found

    asked: list[bytes] = []
    call = PngImagePlugin.PngStream.call

    def counted(stream: PngImagePlugin.PngStream, kind: bytes, start: int, length: int) -> bytes:
        if kind == b"eXIf":
            asked.append(kind)
        return call(stream, kind, start, length)

    monkeypatch.setattr(PngImagePlugin.PngStream, "call", counted)
    opened(png_header(8, 6) + DATA + CHUNKS["eXIf"] * 90 + END)
    assert len(asked) == exif.MOST_TELLING
