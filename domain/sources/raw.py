"""Camera raw: never developed here; the JPEG preview that every camera puts inside is found and shown.

Most raw files are TIFF with tags of their own, so the previews are where the directories say. Makers that
keep them in private notes (and CR3, which is no TIFF) are read by looking for JPEG itself.
"""

import io
import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from domain import exif, pixels
from domain.sources.opened import Opened

MAGIC = (
    ("RAF", re.compile(rb"FUJIFILMCCD-RAW ")),
    ("CR3", re.compile(rb".{4}ftypcrx ", re.DOTALL)),
    ("CR2", re.compile(rb"(II\*\0|MM\0\*).{4}CR\x02", re.DOTALL)),
    ("ORF", re.compile(rb"IIR[OS]|MMO[RS]")),
    ("RW2", re.compile(rb"IIU\0")),
)
TIFF = re.compile(rb"II\*\0|MM\0\*")
MAKERS = {"NIKON": "NEF", "SONY": "ARW", "PENTAX": "PEF", "RICOH": "PEF", "SAMSUNG": "SRW"}

MAKE, ORIENTATION, COMPRESSION, PHOTOMETRIC = 0x010F, 0x0112, 0x0103, 0x0106
STRIPS, STRIP_LENGTHS, TILES = 0x0111, 0x0117, 0x0144
CHILDREN, JPEG_START, JPEG_LENGTH, PANASONIC_JPEG, DNG_VERSION = 0x014A, 0x0201, 0x0202, 0x002E, 0xC612
SENSOR = (32803, 34892)
"""Photometric: colour filter array, linear raw."""

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4}
FORMS = {1: "B", 3: "H", 4: "I", 6: "b", 13: "I"}
MOST_DIRECTORIES, MOST_ENTRIES, MOST_VALUES = 64, 512, 4_096
MOST_FINDS = 5_000
ENOUGH_PX = 1_000
"""A preview with a side this long is taken without looking for a larger one elsewhere."""

Tags = dict[int, tuple[int, ...]]


@dataclass
class Contents:
    """previews: where JPEGs may lie (start, length or 0: unknown); sensor: where the raw pixels lie."""

    directories: list[Tags] = field(default_factory=list)
    previews: list[tuple[int, int]] = field(default_factory=list)
    sensor: set[int] = field(default_factory=set)
    maker: str = ""


def named(head: bytes) -> str | None:
    """The format of a file that says at its beginning that it is raw."""
    return next((name for name, pattern in MAGIC if pattern.match(head)), None)


def format_of(file: io.BufferedReader, head: bytes) -> str | None:
    """Which raw format it is, if any: a TIFF is one when it says DNG or holds a sensor's pixels."""
    if (name := named(head)) is not None:
        return name
    if not TIFF.match(head):
        return None
    with _mapped(file) as content:
        found = _contents(content)
    if any(DNG_VERSION in tags for tags in found.directories):
        return "DNG"
    if not found.sensor:
        return None
    return next((name for maker, name in MAKERS.items() if found.maker.startswith(maker)), None)


def opened(file: io.BufferedReader, format_: str, max_pixels: int) -> Opened:
    """Raises Refused, also where there is no preview."""
    with _mapped(file) as content:
        found = _contents(content, _tiff_start(content, format_))
        preview = _preview(content, found, format_)
        if preview is None:
            raise pixels.Refused(
                "NO_PREVIEW",
                f"This {format_} file holds no preview to show: develop it, or export it as JPEG or TIFF.",
            )
        start, length = preview
        whole = io.BytesIO(content[start : start + length] if length else content[start:])
        said = _exif(content, format_)
    picture = pixels.opened(whole, max_pixels)
    own = pixels.orientation_of(picture)
    turned = next((tags[ORIENTATION][0] for tags in found.directories[:1] if tags.get(ORIENTATION)), 1)
    return Opened(
        picture,
        whole,
        format_,
        orientation=own if own != 1 or ORIENTATION in picture.getexif() else min(8, max(1, turned)),
        taken_at=exif.taken_at(said) or exif.taken_at(picture),
        camera=exif.camera(said) or exif.camera(picture),
    )


def _mapped(file: io.BufferedReader) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _tiff_start(content: mmap.mmap, format_: str) -> int:
    """CR3 keeps a TIFF header in a box; the others begin with it."""
    if format_ != "CR3":
        return 0
    return max(0, content.find(b"CMT1", 0, 1 << 16)) + 4


def _contents(content: mmap.mmap, base: int = 0) -> Contents:
    """Walks the directories as far as they make sense; a broken one ends the walk there."""
    found = Contents()
    order = {b"II": "<", b"MM": ">"}.get(content[base : base + 2])
    if order is None:
        return found
    seen: set[int] = set()
    try:
        waiting = [*struct.unpack_from(f"{order}I", content, base + 4)]
        while waiting and len(seen) < MOST_DIRECTORIES:
            place = waiting.pop(0)
            if place in seen or place < 8:
                continue
            seen.add(place)
            tags, following = _directory(content, base, base + place, order)
            found.directories.append(tags)
            _sort_out(tags, found)
            waiting += [*tags.get(CHILDREN, ()), following]
    except (struct.error, IndexError, ValueError):
        pass
    return found


def _directory(content: mmap.mmap, base: int, place: int, order: str) -> tuple[Tags, int]:
    (count,) = struct.unpack_from(f"{order}H", content, place)
    tags: Tags = {}
    for number in range(min(count, MOST_ENTRIES)):
        at = place + 2 + 12 * number
        tag, kind, amount = struct.unpack_from(f"{order}HHI", content, at)
        length = SIZES.get(kind, 0) * amount
        if length > 4:
            at = base + struct.unpack_from(f"{order}I", content, at + 8)[0] - 8
        if tag == PANASONIC_JPEG:
            tags[tag] = (at + 8, amount)
        elif tag == MAKE:
            tags[tag] = tuple(content[at + 8 : at + 8 + min(length, 64)])
        elif kind in FORMS and amount <= MOST_VALUES:
            tags[tag] = struct.unpack_from(f"{order}{amount}{FORMS[kind]}", content, at + 8)
    (following,) = struct.unpack_from(f"{order}I", content, place + 2 + 12 * count)
    return tags, following


def _sort_out(tags: Tags, found: Contents) -> None:
    strips = tags.get(STRIPS, ())
    if MAKE in tags and not found.maker:
        found.maker = bytes(tags[MAKE]).decode("latin-1").strip("\0 ").upper()
    if tags.get(PHOTOMETRIC, (0,))[0] in SENSOR:
        found.sensor.update(strips or (0,), tags.get(TILES, ()))
        return
    if JPEG_START in tags and JPEG_LENGTH in tags:
        found.previews.append((tags[JPEG_START][0], tags[JPEG_LENGTH][0]))
    if PANASONIC_JPEG in tags:
        start, length = tags[PANASONIC_JPEG]
        found.previews.append((start, length))
    if len(strips) == 1 and tags.get(COMPRESSION, (1,))[0] in (6, 7):
        found.previews.append((strips[0], tags.get(STRIP_LENGTHS, (0,))[0]))


def _preview(content: mmap.mmap, found: Contents, format_: str) -> tuple[int, int] | None:
    """The largest JPEG that a picture decoder can read, first where it is said to be."""
    said = found.previews
    if format_ == "RAF":
        said = [struct.unpack_from(">II", content, 84)] if len(content) > 92 else []
    best = _largest(content, iter(said))
    if best is None or max(best[0]) < ENOUGH_PX:
        seen = ((place, 0) for place in _jpegs(content) if place not in found.sensor)
        other = _largest(content, seen)
        if other is not None and (best is None or other[0][0] * other[0][1] > best[0][0] * best[0][1]):
            best = other
    return None if best is None else best[1]


def _largest(
    content: mmap.mmap, places: Iterator[tuple[int, int]]
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Its size in pixels, and where it is."""
    best: tuple[tuple[int, int], tuple[int, int]] | None = None
    for start, length in places:
        size = _jpeg_size(content, start)
        if size is not None and (best is None or size[0] * size[1] > best[0][0] * best[0][1]):
            best = size, (start, length)
    return best


def _jpegs(content: mmap.mmap) -> Iterator[int]:
    place = -1
    for _ in range(MOST_FINDS):
        place = content.find(b"\xff\xd8\xff", place + 1)
        if place < 0:
            return
        yield place


def _jpeg_size(content: mmap.mmap, start: int) -> tuple[int, int] | None:
    """Width and height of the JPEG here; None for what is none, or a lossless one (a sensor's pixels)."""
    if content[start : start + 2] != b"\xff\xd8":
        return None
    place = start + 2
    for _ in range(100):
        if place + 9 > len(content) or content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker in (0xC0, 0xC1, 0xC2):
            precision, height, width, components = struct.unpack_from(">BHHB", content, place + 4)
            return (width, height) if precision == 8 and components in (1, 3) and width and height else None
        if marker in (0xC3, 0xD9, 0xDA) or (0xC5 <= marker <= 0xCF and marker not in (0xC8, 0xCC)):
            return None
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


def _exif(content: mmap.mmap, format_: str) -> Image.Exif:
    """What the raw file itself says of the camera and the time."""
    said = Image.Exif()
    start = _tiff_start(content, format_)
    if content[start : start + 2] in (b"II", b"MM"):
        try:
            # Its own magic numbers mean nothing to a reader of TIFF.
            magic = b"*\0" if content[start : start + 2] == b"II" else b"\0*"
            said.load(
                b"Exif\0\0" + content[start : start + 2] + magic + content[start + 4 : start + (1 << 20)]
            )
        except Exception:
            return Image.Exif()
    return said
