"""Pictures as pixels: opening what may be opened, upright sRGB, small sizes. Runs in the decoder only."""

import io
import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageCms, ImageFile, UnidentifiedImageError
from pillow_jxl import JpegXLImagePlugin

from domain import exif, stripping, vips
from domain.decoding import LADDER, MAX_FRAMES, MAX_SIDE_PX, Refusal, fitted, rungs
from domain.formats import PILLOW
from domain.recipes import STANDARD

Picture = Image.Image
NEAREST = Image.Resampling.NEAREST

LENIENT = ("JPEG", "PNG")
"""Formats shown as far as they go when their end is missing, as browsers do."""

MAX_SCANS = 200
"""Scans of a progressive JPEG; real ones have about ten, a thousand cost minutes."""

STRIP_PIXELS = 4_000_000
LARGE_PIXELS = 12_000_000
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION = 0x0112
KNOWN = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("WebP", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("AVIF or HEIC", re.compile(rb".{4}ftyp(avi[fs]|hei[cfmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL)),
    ("JPEG XL", re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL ")),
    ("JPEG 2000", re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51")),
)
FOREIGN = (
    ("PostScript", re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")),
    ("ZIP", re.compile(rb"PK\x03\x04")),
    ("Photoshop", re.compile(rb"8BPS")),
    ("Icon", re.compile(rb"\x00\x00[\x01\x02]\x00")),
    ("PPM", re.compile(rb"P[1-7]\s")),
    ("FITS", re.compile(rb"SIMPLE  =")),
)


class Refused(Exception):
    """This picture cannot be used; `refusal` says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(reason, message)


def prepare() -> None:
    """Loads every plugin and table once, before the first fork."""
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    pillow_heif.options.DECODE_THREADS = 1
    JpegXLImagePlugin.DECODE_THREADS = 0
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    vips.prepare()
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.init()
    srgb()
    sample = Image.new("RGBA", (8, 8), (200, 100, 50, 128))
    for _ in renditions(sample, 1, (8, 8), LADDER):
        pass


def knows(head: bytes) -> bool:
    """Whether a file that begins so is a picture of a kind that is opened here."""
    return any(pattern.match(head) for _, pattern in KNOWN)


def opened(file: BinaryIO, max_pixels: int) -> Picture:
    """The header, checked; nothing is decoded yet (except JPEG XL, whose plugin knows no header).

    Raises Refused.
    """
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    if not head:
        raise Refused("EMPTY", "The file is empty.")
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        picture = Image.open(file, formats=PILLOW)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("TOO_MANY_PIXELS", _too_many(max_pixels)) from None
    except UnidentifiedImageError:
        raise _unidentified(head) from None
    _require_size(picture, max_pixels)
    if format_of(picture) == "JPEG" and picture.info.get("progressive"):
        _require_few_scans(file)
    exif.look_ahead(picture)
    return picture


def turn_to(picture: Picture, page: int, max_pixels: int) -> None:
    """Another sheet of a TIFF, from 0. Raises Refused."""
    try:
        picture.seek(page)
    except EOFError:
        raise Refused("NO_SUCH_PAGE", f"There is no page {page + 1}.") from None
    _require_size(picture, max_pixels)


def _require_size(picture: Picture, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels or max(width, height) > MAX_SIDE_PX:
        raise Refused("TOO_MANY_PIXELS", f"{_too_many(max_pixels)} This one is {width} × {height}.")
    if width < 1 or height < 1:
        raise Refused("CORRUPT", "The picture has no size.")


def _too_many(max_pixels: int) -> str:
    return (
        f"The picture is too large: at most {max_pixels // 1_000_000} megapixels "
        f"and {MAX_SIDE_PX} pixels a side can be shown."
    )


def _unidentified(head: bytes) -> Refused:
    for name, pattern in KNOWN:
        if pattern.match(head):
            return Refused("CORRUPT", f"The file starts like {name} but is damaged.")
    for name, pattern in FOREIGN:
        if pattern.match(head):
            return Refused("UNSUPPORTED_FORMAT", f"{name} files cannot be shown here.")
    return Refused("NOT_AN_IMAGE", "The file is no picture of a kind known here.")


def _require_few_scans(file: BinaryIO) -> None:
    """In entropy-coded data FF is always followed by 00 or a restart marker, so FF DA is a scan."""
    position, scans, last = file.tell(), 0, b""
    file.seek(0)
    while block := file.read(1 << 20):
        scans += (last + block).count(b"\xff\xda")
        last = block[-1:]
    file.seek(position)
    if scans > MAX_SCANS:
        raise Refused(
            "TOO_EXPENSIVE", f"The picture is stored in {scans} passes; that takes too long to decode."
        )


def format_of(picture: Picture) -> str:
    """MPO is a JPEG with a second one behind it."""
    return "JPEG" if picture.format == "MPO" else str(picture.format)


def frames_of(picture: Picture) -> int:
    """Raises Refused where there are too many."""
    if picture.format == "MPO":
        return 1
    frames = int(getattr(picture, "n_frames", 1))
    if frames > MAX_FRAMES:
        raise Refused("TOO_MANY_FRAMES", f"It has {frames} frames; at most {MAX_FRAMES} are taken.")
    return frames


def orientation_of(picture: Picture) -> int:
    """1…8 as in EXIF, of the pixels as they will be after load()."""
    if picture.format in ("TIFF", "HEIF") or (
        picture.format == "JXL" and not getattr(picture, "jpeg", False)
    ):
        return 1  # these decoders turn the picture themselves
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def load(picture: Picture, file: BinaryIO, size: int) -> Picture:
    """Decodes; where it is quick only as finely as a longest side of `size` pixels needs.

    A cut-off file of a lenient format is opened anew and decoded as far as it goes. Raises Refused.
    """
    if max(picture.size) > size and vips.suits(picture):
        if not vips.may_be_drawn(picture, file):
            shrunk = vips.shrunk(picture, file, fitted(*picture.size, size))
            if shrunk is not None:
                return shrunk
        picture = opened(file, picture.width * picture.height)
    aim = size * 3 // 2
    try:
        try:
            return _loaded(picture, aim)
        except (OSError, SyntaxError, ValueError):
            if format_of(picture) not in LENIENT:
                raise
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            file.seek(0)
            return _loaded(Image.open(file, formats=PILLOW), aim)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("CORRUPT", f"The picture is damaged: {_plain(error)}.") from error


def _loaded(picture: Picture, aim: int) -> Picture:
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, fitted(*picture.size, aim))
    picture.load()
    return picture


def _plain(error: Exception) -> str:
    words = str(error).splitlines()
    return (words[0] if words else "it cannot be read")[:160].rstrip(". ")


def reduced(picture: Picture, size: int) -> Picture:
    """A copy at most about twice `size` (if there was more), in a mode fit for Lanczos.

    Works in strips, so that a large picture with alpha is never copied whole.
    """
    width, height = picture.size
    factor = max(width, height) // (size * 2)
    span = _span(picture)
    if factor < 2 or width * height < LARGE_PIXELS:
        return _workable(picture, span)
    rows = max(1, STRIP_PIXELS // width // factor) * factor
    result: Picture | None = None
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(height, top + rows)))
        strip.info = picture.info
        piece = _workable(strip, span).reduce(factor)
        if result is None:
            result = Image.new(piece.mode, (piece.width, -(-height // factor)))
        result.paste(piece, (0, top // factor))
    assert result is not None
    return result


Span = tuple[float, float]


def _span(picture: Picture) -> Span | None:
    """What is black and what is white in a picture of more than 8 bits a channel."""
    if picture.mode.startswith("I;16"):
        return 0.0, 65535.0
    if picture.mode not in ("I", "F"):
        return None
    low, high = (float(value) for value in picture.getextrema() if isinstance(value, int | float))
    if picture.mode == "F" and low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0 and high <= 65535:
        return 0.0, 65535.0 if high > 255 else 255.0
    return (low, high) if high > low else (low, low + 1)


def _workable(picture: Picture, span: Span | None) -> Picture:
    """L, RGB, RGBA, CMYK or LAB with 8 bits a channel."""
    if span is not None:
        low, high = span
        wide = picture if picture.mode in ("I", "F") else picture.convert("I")
        scale = 255 / (high - low)
        return wide.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    match picture.mode:
        case "L" | "RGB" if "transparency" in picture.info:
            return picture.convert("RGBA")
        case "L" | "RGB" | "RGBA" | "CMYK" | "LAB":
            return picture
        case "P" | "PA":
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        case "LA" | "La" | "RGBa":
            return picture.convert("RGBA")
        case "1":
            return picture.convert("L")
    return picture.convert("RGB")


@cache
def srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def managed(picture: Picture, profile: bytes | None) -> Picture:
    """RGB or RGBA in sRGB. A profile that is broken or of another colour space is ignored."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    converted: Picture | None = None
    try:
        source = None
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        elif colours.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        spaces = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
        if source is not None and source.profile.xcolor_space.strip() == spaces[colours.mode]:
            converted = ImageCms.profileToProfile(
                colours,
                source,
                srgb(),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    result = converted or colours.convert("RGB")
    if alpha:
        result.putalpha(alpha)
    result.info = {}
    return result


def renditions(
    picture: Picture, orientation: int, original: tuple[int, int], sizes: tuple[int, ...]
) -> Iterator[tuple[int, Picture]]:
    """Upright sRGB pictures with their rung, the smallest first.

    original: the size before any draft decoding, not yet turned. The largest is made from the pixels,
    each smaller one from the one before.
    """
    steps = rungs(*original, sizes)
    current = reduced(picture, steps[-1])
    made: list[tuple[int, Picture]] = []
    for size in reversed(steps):
        box = fitted(*original, size)
        if current.size != box:
            current = vips.resized(current, box) or current.resize(
                box, Image.Resampling.LANCZOS, reducing_gap=2.0
            )
        if not made:
            current = managed(current, picture.info.get("icc_profile"))
        made.append((size, current))
    for size, rendition in reversed(made):
        turn = TURNS.get(orientation)
        yield size, rendition if turn is None else rendition.transpose(turn)


def webp(picture: Picture, quality: int = STANDARD.quality) -> bytes:
    """No metadata: Pillow writes only what is passed, and nothing is."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def upright(picture: Picture, orientation: int) -> Picture:
    """All of its pixels, in RGB or RGBA, sRGB, turned."""
    turn = TURNS.get(orientation)
    seen = managed(_workable(picture, _span(picture)), picture.info.get("icc_profile"))
    return seen if turn is None else seen.transpose(turn)


def stripped(picture: Picture, file: BinaryIO, orientation: int) -> bytes | None:
    """The file without its metadata, where every browser shows it upright and in its colours; else None."""
    kind = format_of(picture)
    is_plain = picture.mode in ("L", "RGB", "RGBA", "P", "LA", "1", "I;16")
    if kind not in ("JPEG", "PNG", "WEBP") or not is_plain or (orientation != 1 and kind != "JPEG"):
        return None
    file.seek(0)
    try:
        match kind:
            case "JPEG":
                return stripping.jpeg(file.read(), orientation)
            case "PNG":
                return stripping.png(file.read())
        return stripping.webp(file.read())
    except ValueError:
        return None


def png(picture: Picture) -> bytes:
    """Every pixel as it is; no metadata."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
