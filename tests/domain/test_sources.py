"""Sources: right pixels out of drawings, documents, raw files and videos, or a clear word why not."""

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from domain import darkroom, formats
from domain.darkroom import develop, inspect
from domain.decoding import Inspection, fitted
from domain.errors import ImageRefused
from domain.formats import FORMATS, Kind
from domain.sources.svg import FONT_FOLDERS, further_font_folders
from tests import pictures, sources

FILMED = pytest.mark.skipif(
    not sources.has_ffmpeg() and not os.environ.get("CI"), reason="no ffmpeg here: videos are not tested"
)


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


def shown(inspection: Inspection) -> Image.Image:
    return Image.open(io.BytesIO(inspection.first.content))


async def refusal(path: Path) -> ImageRefused:
    with pytest.raises(ImageRefused) as refused:
        await inspect(path)
    assert refused.value.message[0].isupper()
    assert refused.value.message.endswith(".")
    return refused.value


def test_the_web_app_offers_every_format() -> None:
    offered = (Path(__file__).parents[2] / "web/src/lib/upload/formats.ts").read_text()
    missing = {
        extension
        for one in FORMATS.values()
        for extension in one.extensions
        if f'"{extension.removeprefix(".")}"' not in offered
    }
    assert not missing


# SVG


@pytest.mark.parametrize(
    "content",
    [
        sources.svg(),
        sources.svgz(),
        sources.svg(head='<?xml version="1.0" encoding="UTF-8"?>\n<!-- words -->\n'),
        sources.svg(head="\ufeff"),
        sources.svg(size="", root=""),
        sources.svg(size='width="2.5in"'),
        sources.svg(size='width="100%" height="100%"'),
        sources.svg('<style>@import url(http://127.0.0.1:9/x.css);</style><script>alert(1)</script>'),
        sources.svg('<image href="http://127.0.0.1:9/x.png" width="240" height="160"/>'),
        sources.svg('<foreignObject width="240" height="160"><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'),
    ],
)  # fmt: skip
async def test_a_drawing_is_drawn_large_and_upright(content: bytes, stored: Stored) -> None:
    path = stored(content)
    inspection = await inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == ("SVG", 2048, 1365)
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


async def test_a_drawing_has_the_renditions_of_a_large_picture(stored: Stored) -> None:
    renditions = [rendition async for rendition in develop(stored(sources.svg()))]
    assert [(each.width, each.height) for each in renditions] == [
        fitted(2048, 1365, size) for size in (320, 800, 1600)
    ]


async def test_what_a_drawing_leaves_open_is_transparent(stored: Stored) -> None:
    path = stored(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="2"/></svg>'
    )
    assert (await inspect(path)).has_alpha


@pytest.mark.skipif(not any(map(os.path.isdir, FONT_FOLDERS[:2])), reason="no fonts here")
async def test_words_in_a_drawing_are_drawn(stored: Stored) -> None:
    words = '<text x="10" y="120" font-family="Nobody Has This" font-size="90" fill="white">Words</text>'
    plain, written = [shown(await inspect(stored(sources.svg(each)))) for each in ("", words)]
    assert plain.convert("RGB").tobytes() != written.convert("RGB").tobytes()


@pytest.mark.parametrize("name", ["secret.png", "passwd"])
async def test_a_drawing_reads_no_other_file(name: str, stored: Stored) -> None:
    """Not by an address, not by an entity; the file is there and could be read by this user."""
    secret = stored.folder / name
    secret.write_bytes(pictures.flat_png(64, 64, pixel=b"\x00\x00\x00"))
    links = "".join(
        f'<image {attribute}="{place}" width="240" height="160"/>'
        for attribute in ("href", "xlink:href")
        for place in (secret, secret.as_uri())
    )
    head = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    root = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    inspection = await inspect(stored(sources.svg(f"<text>&x;</text>{links}", head=head, root=root)))
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


USE_BOMB = '<g id="a0"><rect width="1" height="1"/></g>' + "".join(
    f'<g id="a{n}">{f"<use href={chr(34)}#a{n - 1}{chr(34)}/>" * 10}</g>' for n in range(1, 12)
)
LAUGHS = "<!DOCTYPE svg [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (sources.svg(USE_BOMB), "TOO_EXPENSIVE"),
        (sources.svg("<text>&a11;</text>", head=LAUGHS), "CORRUPT"),
        (sources.svg("<g>" * 5_000 + "</g>" * 5_000), "TOO_EXPENSIVE"),
        (sources.svgz(b"<svg>" + b" " * 60_000_000), "TOO_EXPENSIVE"),
        (sources.svgz()[:100], "CORRUPT"),
        (sources.svg()[:-40], "CORRUPT"),
        (b"<?xml version='1.0'?><html/>", "NOT_AN_IMAGE"),
        (b"\x1f\x8b\x08\x00" + b"\0" * 40, "CORRUPT"),
    ],
    ids=["uses", "entities", "depth", "packed", "packed-cut", "cut", "other-xml", "packed-noise"],
)
async def test_a_hostile_drawing_is_refused_in_words(content: bytes, reason: str, stored: Stored) -> None:
    assert (await refusal(stored(content))).details["reason"] == reason


@pytest.mark.parametrize(
    "size", ['width="1e9" height="1e9"', 'width="1" height="1e12"', 'width="nan" height="-1"']
)
async def test_a_drawing_of_any_size_stays_within_limits(size: str, stored: Stored) -> None:
    inspection = await inspect(stored(sources.svg(size=size)))
    assert max(inspection.width, inspection.height) <= 4096


# PDF


async def test_the_first_page_of_a_document_is_shown(stored: Stored) -> None:
    path = stored(sources.pdf(pages=3))
    inspection = await inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == ("PDF", 1600, 1067)
    assert (inspection.pages, inspection.frames) == (3, 1)
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (sources.pdf(more=sources.PROTECTED), "PROTECTED"),
        (b"%PDF-1.7\n1 0 obj<<>>endobj\n", "CORRUPT"),
        (sources.pdf(pages=0), "CORRUPT"),
        (sources.pdf()[:300], "CORRUPT"),
    ],
)
async def test_a_document_that_cannot_be_read_is_refused_in_words(
    content: bytes, reason: str, stored: Stored
) -> None:
    assert (await refusal(stored(content))).details["reason"] == reason


@pytest.mark.parametrize(("width", "height"), [(10_000_000, 10), (1, 1), (20_000, 20_000)])
async def test_a_page_of_any_size_stays_within_limits(width: int, height: int, stored: Stored) -> None:
    inspection = await inspect(stored(sources.pdf(1, width=width, height=height)))
    assert max(inspection.width, inspection.height) <= 4096


# Camera raw


@pytest.mark.parametrize("orientation", [1, 6, 8])
@pytest.mark.parametrize("name", sources.RAWS)
async def test_the_preview_of_a_raw_file_is_shown_upright(
    name: str, orientation: int, stored: Stored
) -> None:
    path = stored(sources.raw(name, orientation=orientation))
    inspection = await inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == (name, 240, 160)
    assert inspection.camera
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


async def test_a_raw_file_of_the_other_byte_order_is_read(stored: Stored) -> None:
    path = stored(sources.raw("NEF", orientation=6, order=">"))
    inspection = await inspect(path)
    assert inspection.format == "NEF"
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


async def test_the_largest_preview_is_taken(stored: Stored) -> None:
    small, large = sources.jpeg(), sources.jpeg(1, 1200, 800)
    path = stored(sources.raw("ARW", preview=small) + large)
    assert (await inspect(path)).width == 1200


@pytest.mark.parametrize("name", sources.RAWS)
async def test_a_raw_file_without_a_preview_says_so(name: str, stored: Stored) -> None:
    refused = await refusal(stored(sources.raw(name, preview=b"")))
    assert refused.details["reason"] == "NO_PREVIEW"
    assert "JPEG" in refused.message


async def test_a_plain_tiff_is_no_raw_file(stored: Stored) -> None:
    assert (await inspect(stored(pictures.saved(pictures.quadrants(), "TIFF")))).format == "TIFF"


# Video


@FILMED
@pytest.mark.parametrize("name", sources.VIDEOS)
async def test_a_still_of_a_video_is_shown(name: str, stored: Stored) -> None:
    path = stored(sources.video(name))
    inspection = await inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == (name, 240, 160)
    assert inspection.frames == 1
    assert 1_600 <= (inspection.duration_ms or 0) <= 2_200
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


@FILMED
async def test_a_video_filmed_on_the_side_is_shown_upright(stored: Stored) -> None:
    path = stored(sources.video("MP4", turned=True))
    inspection = await inspect(path)
    assert (inspection.width, inspection.height) == (240, 160)
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


@FILMED
async def test_the_still_is_not_the_black_before_the_beginning(stored: Stored) -> None:
    inspection = await inspect(stored(sources.video("MP4", black_seconds=0.3)))
    assert pictures.corners(shown(inspection)) == pictures.UPRIGHT


@FILMED
@pytest.mark.parametrize("name", ["MP4", "WEBM", "AVI", "OGV"])
async def test_a_cut_video_is_shown_or_refused(name: str, stored: Stored) -> None:
    whole = sources.video(name)
    for share in (0.02, 0.5, 0.9):
        seen: object
        try:
            seen = (await inspect(stored(whole[: int(len(whole) * share)]))).width
        except ImageRefused as refused:
            seen = refused.details["reason"]
        assert seen in (240, "CORRUPT")


async def test_without_ffmpeg_a_video_is_refused_with_what_is_missing(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    darkroom.close()
    monkeypatch.setenv("PATH", str(stored.folder))
    try:
        refused = await refusal(stored(b"\0\0\0\x18ftypmp42" + b"\0" * 600))
        assert refused.details["reason"] == "UNSUPPORTED_FORMAT"
        assert "ffmpeg" in refused.message
        lacking = {name for name, one in FORMATS.items() if formats.missing(one)}
        assert lacking == {name for name, one in FORMATS.items() if one.kind is Kind.VIDEO}
    finally:
        darkroom.close()


@FILMED
async def test_what_a_video_starts_ends_with_it(stored: Stored) -> None:
    path = stored(sources.video("MP4", seconds=20.0))
    await inspect(path)
    decoder = psutil.Process(darkroom.decoder_id() or 0)
    asked = asyncio.create_task(inspect(path))
    for _ in range(800):
        await asyncio.sleep(0.002)
        if started := [one for one in decoder.children(recursive=True) if one.ppid() != decoder.pid]:
            psutil.Process(started[0].ppid()).kill()
            break
    with pytest.raises(ImageRefused):
        await asked
    for _ in range(100):
        await asyncio.sleep(0.02)
        if not decoder.children(recursive=True):
            break
    assert not decoder.children(recursive=True)


def test_fonts_of_a_system_without_the_usual_folders_are_found() -> None:
    assert further_font_folders("") == []
    assert further_font_folders("/usr/local/share:/usr/share/") == []  # the usual ones
    store = "/nix/store/abc-dejavu-fonts/share"
    assert further_font_folders(f"{store}:relative:/usr/share:{store}") == [f"{store}/fonts"]


def test_words_are_drawn_with_fonts_that_lie_elsewhere(tmp_path: Path) -> None:
    """resvg is told of them, and the confined child may read them."""
    found = next((path for folder in FONT_FOLDERS for path in Path(folder).rglob("DejaVuSerif.ttf")), None)
    if found is None:
        pytest.skip("there is no DejaVu Serif here")
    (tmp_path / "fonts").mkdir()
    font = (tmp_path / "fonts" / "Renamed.ttf").resolve()
    font.write_bytes(
        found.read_bytes().replace("DejaVu Serif".encode("utf-16-be"), "Webref Serif".encode("utf-16-be"))
    )
    words = '<text x="10" y="80" font-size="60" font-family="Webref Serif">mm</text>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">{words}</svg>'
    (tmp_path / "words.svg").write_text(drawing)
    program = (
        "import sys, hashlib; from domain.opening import opened\n"
        "found = opened(open(sys.argv[1], 'rb'), 10**7)\n"
        "print(hashlib.sha256(found.picture.tobytes()).hexdigest())"
    )

    def drawn(data_folders: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "words.svg")],
            env={**os.environ, "XDG_DATA_DIRS": data_folders},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert drawn(str(tmp_path)) != drawn("")
