"""The few things worth keeping of a picture's metadata: when it was taken, and with what."""

from datetime import UTC, datetime, timedelta, timezone

from PIL import Image

MAKE, MODEL, CHANGED = 0x010F, 0x0110, 0x0132
EXIF_PART = 0x8769
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011
CAMERA_LENGTH = 100


Source = Image.Image | Image.Exif


def _exif(source: Source) -> Image.Exif:
    return source if isinstance(source, Image.Exif) else source.getexif()


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
