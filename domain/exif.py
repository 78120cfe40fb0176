"""The few things worth keeping of a picture's metadata: when it was taken, and with what."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngStream

MAKE, MODEL, CHANGED = 0x010F, 0x0110, 0x0132
EXIF_PART = 0x8769
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011
CAMERA_LENGTH = 100

PNG_SIGNATURE_BYTES = 8
MOST_CHUNKS = 200_000
"""Of a PNG; a hundred megapixels in pieces of 8 kB, as libpng writes them, are at most half as many."""
MOST_TELLING, LARGEST_TELLING = 16, 4 << 20
PROFILE = "Raw profile type exif"
XMP = "XML:com.adobe.xmp"
KEYWORDS = tuple(f"{keyword}\0".encode() for keyword in (PROFILE, XMP, "exif"))
"""Of the texts that getexif() heeds."""

Source = Image.Image | Image.Exif


def _exif(source: Source) -> Image.Exif:
    return source if isinstance(source, Image.Exif) else source.getexif()


def look_ahead(picture: Image.Image) -> None:
    """Makes getexif() of a PNG answer from what its chunks say, before and behind the pixels.

    Pillow would decode the whole picture to get at the chunks behind them. Of a damaged file counts what
    comes before the damage.
    """
    if not isinstance(picture, PngImageFile) or picture.fp is None or "exif" in picture.info:
        return
    place = picture.fp.tell()
    stream = PngStream(picture.fp)
    with suppress(Exception):  # hostile metadata raises anything; a picture is not refused for it
        _walk(stream)
    picture.fp.seek(place)
    picture.info |= {key: stream.im_info[key] for key in (PROFILE, "xmp", XMP) if key in stream.im_info}
    picture.info["exif"] = stream.im_info.get("exif") or _profiled(picture.info.get(PROFILE))


def _walk(stream: PngStream) -> None:
    """Has the stream read the chunks that tell something, and steps over all others."""
    file = stream.fp
    assert file is not None
    file.seek(PNG_SIGNATURE_BYTES)
    left = MOST_TELLING
    for _ in range(MOST_CHUNKS):
        kind, start, length = stream.read()
        if kind == b"IEND":
            return
        if length <= LARGEST_TELLING and _tells(stream, kind):
            file.seek(start)
            stream.call(kind, start, length)
            left -= 1
            if not left:
                return
        file.seek(start + length + 4)  # a length beyond the end of the file leads to its end


def _tells(stream: PngStream, kind: bytes) -> bool:
    if kind == b"eXIf":
        return True
    if kind not in (b"tEXt", b"zTXt", b"iTXt"):
        return False
    assert stream.fp is not None
    return stream.fp.read(max(map(len, KEYWORDS))).startswith(KEYWORDS)


def _profiled(text: object) -> bytes:
    """EXIF as ImageMagick writes it into a text: three lines of heading, then hexadecimal digits."""
    try:
        return bytes.fromhex("".join(str(text or "").split("\n")[3:]))
    except ValueError:
        return b""


def taken_at(picture: Source) -> datetime | None:
    """When the shutter opened; UTC where the camera says no offset, None where it says nonsense."""
    try:
        exif = _exif(picture)
        details = exif.get_ifd(EXIF_PART)
        return _moment(details.get(TAKEN) or exif.get(CHANGED), details.get(TAKEN_OFFSET))
    except Exception:  # hostile metadata raises anything; a picture is not refused for it
        return None


def camera(picture: Source) -> str:
    """'Maker Model', without the maker where the model starts with it."""
    try:
        exif = _exif(picture)
        make, model = _words(exif.get(MAKE)), _words(exif.get(MODEL))
    except Exception:
        return ""
    if make and not model.lower().startswith(make.lower().split()[0]):
        return f"{make} {model}".strip()[:CAMERA_LENGTH]
    return model[:CAMERA_LENGTH]


def _words(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(printable.replace("\ufffd", "").split())


def _moment(text: object, offset: object) -> datetime | None:
    words = _words(text)
    try:
        moment = datetime.strptime(words[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    if not 1826 <= moment.year <= 9998:
        return None
    zone = UTC if not (sign := _words(offset)) else _zone(sign)
    return moment.replace(tzinfo=zone).astimezone(UTC)


def _zone(text: str) -> timezone:
    try:
        hours, minutes = int(text[1:3]), int(text[4:6])
    except ValueError:
        return UTC
    if text[0] not in "+-" or hours > 14 or minutes > 59:
        return UTC
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if text[0] == "-" else shift)
