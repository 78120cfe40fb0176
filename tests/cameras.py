"""Raw files as their makers lay them out: thumbnails, previews, the sensor's pixels, each in its directory.

After TIFF 6.0, TIFF/EP and the DNG specification, and what is published of CR2, NEF and ARW. The pixels of
the sensor hold what looks like the beginning of a JPEG, and the largest preview is the only right one.
"""

import struct

from PIL import Image

from tests import pictures, sources

Value = int | str | bytes | list[int]
BYTES, ASCII, SHORT, LONG = 1, 2, 3, 4
SHORTS = frozenset((0x100, 0x101, 0x102, 0x103, 0x106, 0x112, 0x115, 0x11C))
"""Tags that are written in two bytes, which lie on the left of the four that there are."""

LOSSY, JPEG, NONE, NIKON, SONY = 6, 7, 1, 34713, 32767
CFA, YCBCR, RGB = 32803, 6, 2
PREVIEW, THUMBNAIL = (1_620, 1_080), (160, 120)


class Raw:
    """order: "<" or ">"."""

    def __init__(self, order: str, magic: bytes = b"") -> None:
        self.order = order
        self.written = bytearray((b"II*\0" if order == "<" else b"MM\0*") + b"\0\0\0\0" + magic)

    def put(self, content: bytes) -> int:
        self.written += b"\0" * (len(self.written) % 2) + content
        return len(self.written) - len(content)

    def directory(self, tags: dict[int, Value], following: int = 0) -> int:
        entries = b"".join(self._entry(tag, value) for tag, value in sorted(tags.items()))
        count = struct.pack(f"{self.order}H", len(tags))
        return self.put(count + entries + struct.pack(f"{self.order}I", following))

    def _entry(self, tag: int, value: Value) -> bytes:
        match value:
            case int() if tag in SHORTS:
                kind, amount, content = SHORT, 1, struct.pack(f"{self.order}H", value)
            case int():
                kind, amount, content = LONG, 1, struct.pack(f"{self.order}I", value)
            case list():
                kind, amount = LONG, len(value)
                content = struct.pack(f"{self.order}{amount}I", *value)
            case str():
                content = value.encode() + b"\0"
                kind, amount = ASCII, len(content)
            case _:
                kind, amount, content = BYTES, len(value), value
        if len(content) > 4:
            content = struct.pack(f"{self.order}I", self.put(content))
        return struct.pack(f"{self.order}HHI", tag, kind, amount) + content.ljust(4, b"\0")

    def done(self, first: int) -> bytes:
        struct.pack_into(f"{self.order}I", self.written, 4, first)
        return bytes(self.written)

    def jpeg(self, content: bytes) -> dict[int, Value]:
        """As one strip."""
        return {0x111: self.put(content), 0x117: len(content), 0x116: 9_999}

    def interchange(self, content: bytes) -> dict[int, Value]:
        """As a JPEG of its own, the older way."""
        return {0x201: self.put(content), 0x202: len(content)}

    def sensor(self, compression: int) -> dict[int, Value]:
        width, height = 6_000, 4_000
        content = lossless() if compression in (LOSSY, JPEG) else noise()
        size: dict[int, Value] = {0x100: width, 0x101: height, 0x102: 14, 0x103: compression, 0x106: CFA}
        return {0xFE: 0, **size, 0x111: self.put(content), 0x117: len(content), 0x116: height, 0x115: 1}


def noise() -> bytes:
    """Pixels of a sensor, among them what every JPEG begins with."""
    wild = bytes((n * n * 31 + 7) % 251 for n in range(6_000))
    return wild[:500] + b"\xff\xd8\xff\xe0\0\x10JFIF\0" + wild[500:]


def lossless() -> bytes:
    """The same, packed as lossless JPEG: larger than any preview, and no picture that anybody shows."""
    frame = struct.pack(">BHHB", 14, 4_000, 6_000, 2) + bytes((0, 0x11, 0, 1, 0x11, 0))
    return b"\xff\xd8\xff\xc3" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xda\0\x08" + noise()


def thumbnail() -> bytes:
    return pictures.saved(Image.new("RGB", THUMBNAIL, (90, 90, 90)), "JPEG")


def plain_thumbnail(raw: Raw) -> dict[int, Value]:
    """Uncompressed, as cameras that write one for TIFF readers do."""
    width, height = THUMBNAIL
    content = bytes((90, 90, 90)) * (width * height)
    size: dict[int, Value] = {0x100: width, 0x101: height, 0x103: NONE, 0x106: RGB, 0x115: 3, 0x116: height}
    return {0xFE: 1, **size, 0x111: raw.put(content), 0x117: len(content)}


def preview(orientation: int) -> bytes:
    return sources.jpeg(orientation, *PREVIEW)


def said(maker: str, model: str, orientation: int) -> dict[int, Value]:
    return {0x10F: maker, 0x110: model, 0x112: orientation, 0x132: "2026:11:28 12:00:00"}


def cr2(orientation: int, order: str) -> bytes:
    """Preview, thumbnail, a small plain picture, the sensor: four directories in a row."""
    raw = Raw(order, b"CR\x02\0\0\0\0\0")
    sensor = raw.directory(raw.sensor(LOSSY))
    small = raw.directory(plain_thumbnail(raw), sensor)
    tiny = raw.directory(raw.interchange(thumbnail()), small)
    first = {**said("Canon", "Canon EOS 5D", orientation), **raw.jpeg(preview(orientation)), 0x103: LOSSY}
    return raw.done(raw.directory(first, tiny))


def nef(orientation: int, order: str) -> bytes:
    """A plain thumbnail; below it a preview and the sensor."""
    raw = Raw(order)
    children = [
        raw.directory({0xFE: 1, 0x103: LOSSY, **raw.interchange(preview(orientation))}),
        raw.directory(raw.sensor(NIKON)),
    ]
    first = {**plain_thumbnail(raw), **said("NIKON CORPORATION", "NIKON D850", orientation), 0x14A: children}
    return raw.done(raw.directory(first))


def arw(orientation: int, order: str) -> bytes:
    """The preview first, the sensor below it, the thumbnail after it."""
    raw = Raw(order)
    tiny = raw.directory({0x103: LOSSY, **raw.interchange(thumbnail()), 0x112: orientation})
    first = {**said("SONY", "ILCE-7M4", orientation), 0xFE: 1, 0x103: LOSSY}
    first |= {**raw.interchange(preview(orientation)), 0x14A: [raw.directory(raw.sensor(SONY))]}
    return raw.done(raw.directory(first, tiny))


def dng(orientation: int, order: str) -> bytes:
    """A plain thumbnail; below it the sensor as lossless JPEG, a preview, and a smaller one."""
    raw = Raw(order)
    shown: dict[int, Value] = {0xFE: 1, 0x103: JPEG, 0x106: YCBCR}
    children = [
        raw.directory(raw.sensor(JPEG)),
        raw.directory({**shown, 0x100: 256, 0x101: 171, **raw.jpeg(thumbnail())}),
        raw.directory({**shown, 0x100: PREVIEW[0], 0x101: PREVIEW[1], **raw.jpeg(preview(orientation))}),
    ]
    first = {**plain_thumbnail(raw), **said("Google", "Pixel 9", orientation), 0x14A: children}
    return raw.done(raw.directory({**first, 0xC612: b"\x01\x06\0\0", 0xC613: b"\x01\x01\0\0"}))


CAMERAS = {"CR2": cr2, "NEF": nef, "ARW": arw, "DNG": dng}
