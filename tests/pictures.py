"""Pictures that the tests make themselves: every format, every turn, and what attackers send."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pillow_heif
import pillow_jxl  # noqa: F401 - registers its format
from PIL import Image, ImageDraw, ImageFilter

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 40), (30, 40, 220), (230, 220, 40)
WIDTH, HEIGHT = 240, 160
T = Image.Transpose
STORED_FOR = {
    1: None,
    2: T.FLIP_LEFT_RIGHT,
    3: T.ROTATE_180,
    4: T.FLIP_TOP_BOTTOM,
    5: T.TRANSPOSE,
    6: T.ROTATE_90,
    7: T.TRANSVERSE,
    8: T.ROTATE_270,
}
"""How an upright picture is stored so that its EXIF orientation turns it back."""

SRGB_XYZ = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3_XYZ = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))


def quadrants(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Red and green above, blue and yellow below."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    picture.paste(YELLOW, (width // 2, height // 2, width, height))
    return picture


def corners(picture: Image.Image) -> tuple[str, str, str, str]:
    """The colours' names at the middles of the four quadrants, above before below."""
    colours = {"red": RED, "green": GREEN, "blue": BLUE, "yellow": YELLOW}
    seen = picture.convert("RGB")

    def name(x: float, y: float) -> str:
        pixel = seen.getpixel((int(seen.width * x), int(seen.height * y)))
        assert isinstance(pixel, tuple)
        return min(colours, key=lambda key: sum(abs(a - b) for a, b in zip(pixel, colours[key], strict=True)))

    return name(0.25, 0.25), name(0.75, 0.25), name(0.25, 0.75), name(0.75, 0.75)


UPRIGHT = ("red", "green", "blue", "yellow")


def saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def oriented(orientation: int, format_: str = "JPEG", **details: str) -> bytes:
    """Upright once its orientation is applied. details: taken (EXIF date), offset, make, model."""
    turn = STORED_FOR[orientation]
    stored = quadrants() if turn is None else quadrants().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if "make" in details:
        exif[0x010F] = details["make"]
    if "model" in details:
        exif[0x0110] = details["model"]
    if "taken" in details:
        part = exif.get_ifd(0x8769)
        part[0x9003] = details["taken"]
        if "offset" in details:
            part[0x9011] = details["offset"]
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    return saved(stored, format_, exif=exif.tobytes(), quality=92)


def profile(primaries: tuple[tuple[float, float, float], ...], gamma: float = 2.2) -> bytes:
    """A minimal ICC matrix profile; primaries: XYZ of red, green and blue under D50."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 79
    parts = {
        b"desc": text,
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": xyz(primaries[0]),
        b"gXYZ": xyz(primaries[1]),
        b"bXYZ": xyz(primaries[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = struct.pack(">I", len(parts)), b"", 128 + 4 + 12 * len(parts)
    for name, content in parts.items():
        padded = content + b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += padded
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28
    header += fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + table + body


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


PNG_START = b"\x89PNG\r\n\x1a\n"


def png_header(width: int, height: int, depth: int = 8, kind: int = 2) -> bytes:
    return PNG_START + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def flat_png(width: int, height: int, *, kind: int = 2, pixel: bytes = b"\x20\x60\xc0") -> bytes:
    """Written row by row, so that even a huge one costs the test nothing."""
    packer, data = zlib.compressobj(1), []
    row = b"\0" + pixel * width
    for _ in range(height):
        data.append(packer.compress(row))
    data.append(packer.flush())
    return png_header(width, height, kind=kind) + chunk(b"IDAT", b"".join(data)) + chunk(b"IEND", b"")


@contextmanager
def endless(path: Path) -> Iterator[Path]:
    """A file that whoever reads it waits for, on every machine, for as long as this lasts."""
    os.mkfifo(path)
    writes_nothing = os.open(path, os.O_RDWR)
    try:
        yield path
    finally:
        os.close(writes_nothing)


def ramp16() -> bytes:
    """A 16-bit grey PNG that goes from black to white."""
    rows = b"".join(b"\0" + struct.pack(">256H", *(x * 257 for x in range(256))) for _ in range(64))
    header = png_header(256, 64, depth=16, kind=0)
    return header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def animated(format_: str, frames: int = 5) -> bytes:
    pictures = []
    for number in range(frames):
        picture = quadrants()
        ImageDraw.Draw(picture).ellipse((number * 20, 60, number * 20 + 30, 90), fill=(255, 255, 255))
        pictures.append(picture)
    return saved(pictures[0], format_, save_all=True, append_images=pictures[1:], duration=80, loop=0)


def disc_with_alpha(format_: str = "PNG") -> bytes:
    """A red disc; what is fully transparent around it is pure green, which must never shine through."""
    picture = Image.new("RGBA", (400, 400), (0, 255, 0, 0))
    ImageDraw.Draw(picture).ellipse((50, 50, 350, 350), fill=(255, 0, 0, 255))
    return saved(picture, format_, **({"lossless": True, "exact": True} if format_ == "WEBP" else {}))


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def photo(width: int = 1200, height: int = 800, seed: int = 1, quality: int = 85) -> bytes:
    """A JPEG that compresses like a photo: soft shapes and noise."""
    noise = Image.effect_noise((width // 8, height // 8), 90 + seed % 50).resize((width, height))
    tint = Image.linear_gradient("L").resize((width, height)).rotate(seed * 37 % 360)
    picture = Image.merge("RGB", (noise, tint, noise.filter(ImageFilter.GaussianBlur(3))))
    ImageDraw.Draw(picture).text((10, 10), f"picture {seed}", fill=(255, 255, 255))
    return saved(picture, "JPEG", quality=quality)


@dataclass(frozen=True)
class Good:
    """What must come out. frames 0: not looked at."""

    make: Callable[[], bytes]
    format: str
    size: tuple[int, int] = (WIDTH, HEIGHT)
    frames: int = 1
    has_alpha: bool = False
    upright: bool = True


def _mode(mode: str, format_: str, **options: object) -> Callable[[], bytes]:
    return lambda: saved(quadrants().convert(mode), format_, **options)


GOOD: Mapping[str, Good] = {
    "baseline.jpg": Good(_mode("RGB", "JPEG", quality=90), "JPEG"),
    "progressive.jpg": Good(_mode("RGB", "JPEG", progressive=True), "JPEG"),
    "444.jpg": Good(_mode("RGB", "JPEG", subsampling=0), "JPEG"),
    "gray.jpg": Good(_mode("L", "JPEG"), "JPEG", upright=False),
    "cmyk.jpg": Good(_mode("CMYK", "JPEG"), "JPEG"),
    "rgb.png": Good(_mode("RGB", "PNG"), "PNG"),
    "palette.png": Good(_mode("P", "PNG"), "PNG"),
    "bilevel.png": Good(_mode("1", "PNG"), "PNG", upright=False),
    "palette-trns.png": Good(lambda: saved(quadrants().quantize(8), "PNG", transparency=0), "PNG",
                             has_alpha=True, upright=False),
    "la.png": Good(lambda: saved(Image.new("LA", (90, 60), (120, 100)), "PNG"), "PNG", (90, 60),
                   has_alpha=True, upright=False),
    "gray-16bit.png": Good(ramp16, "PNG", (256, 64), upright=False),
    "disc.png": Good(disc_with_alpha, "PNG", (400, 400), has_alpha=True, upright=False),
    "disc.webp": Good(lambda: disc_with_alpha("WEBP"), "WEBP", (400, 400), has_alpha=True, upright=False),
    "lossy.webp": Good(_mode("RGB", "WEBP", quality=90), "WEBP"),
    "lossless.webp": Good(_mode("RGB", "WEBP", lossless=True), "WEBP"),
    "still.gif": Good(_mode("P", "GIF"), "GIF"),
    "anim.gif": Good(lambda: animated("GIF"), "GIF", frames=5),
    "anim.webp": Good(lambda: animated("WEBP"), "WEBP", frames=5),
    "anim.png": Good(lambda: animated("PNG"), "PNG", frames=5),
    "anim.avif": Good(lambda: animated("AVIF"), "AVIF", frames=5),
    "still.avif": Good(_mode("RGB", "AVIF"), "AVIF"),
    "still.heic": Good(_mode("RGB", "HEIF", quality=90), "HEIF"),
    "still.jxl": Good(_mode("RGB", "JXL", quality=90), "JXL"),
    "plain.bmp": Good(_mode("RGB", "BMP"), "BMP"),
    "lzw.tif": Good(_mode("RGB", "TIFF", compression="tiff_lzw"), "TIFF"),
    "jpeg-in.tif": Good(_mode("RGB", "TIFF", compression="jpeg"), "TIFF"),
    "cmyk.tif": Good(_mode("CMYK", "TIFF"), "TIFF"),
    "lab.tif": Good(lambda: saved(Image.new("LAB", (60, 40), (128, 128, 128)), "TIFF"), "TIFF", (60, 40),
                    upright=False),
    "float.tif": Good(lambda: saved(Image.linear_gradient("L").convert("F"), "TIFF"), "TIFF",
                      (256, 256), upright=False),
    "pages.tif": Good(lambda: saved(quadrants(), "TIFF", save_all=True, append_images=[quadrants()] * 2),
                      "TIFF"),
    "really-a-jpeg.png": Good(_mode("RGB", "JPEG"), "JPEG"),
    "one-pixel.png": Good(lambda: flat_png(1, 1), "PNG", (1, 1), upright=False),
    "wide.png": Good(lambda: flat_png(20_000, 1), "PNG", (20_000, 1), upright=False),
    "tall.png": Good(lambda: flat_png(12, 9_000), "PNG", (12, 9_000), upright=False),
    "cut-tail.jpg": Good(lambda: saved(quadrants(), "JPEG", quality=95)[:-40], "JPEG"),
    "html-behind.jpg": Good(lambda: saved(quadrants(), "JPEG") + b"<script>alert(1)</script>", "JPEG"),
}  # fmt: skip


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last refinement is repeated: little to send, minutes to decode."""
    whole = saved(quadrants(), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * scans + whole[-2:]


def many_frames(frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    screen = struct.pack("<HHBBB", 2000, 2000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + frame * frames + b"\x3b"


def frame_outside() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame + b"\x3b"


def text_bomb() -> bytes:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 80_000_000, 9))
    return png_header(8, 8) + bomb + chunk(b"IDAT", zlib.compress(b"\0" * 8 * 25)) + chunk(b"IEND", b"")


@cache
def hostile() -> Mapping[str, tuple[bytes, frozenset[str]]]:
    """Name: the bytes, and the reasons for which they may be refused."""
    jpeg, png = saved(quadrants(), "JPEG", quality=95), saved(quadrants(), "PNG")
    huge_bmp = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    huge_bmp += struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    large_sof = jpeg.replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 65_500, 65_500), 1)
    empty = chunk(b"IDAT", zlib.compress(b"\0"))
    webp, avif, heic, jxl = (saved(quadrants(), kind) for kind in ("WEBP", "AVIF", "HEIF", "JXL"))
    files = {
        "empty.jpg": (b"", "EMPTY"),
        "one-byte.png": (b"\x89", "NOT_AN_IMAGE"),
        "text.jpg": (b"just words\n" * 40, "NOT_AN_IMAGE"),
        "html.jpg": (b"<html><script>alert(1)</script></html>", "NOT_AN_IMAGE"),
        "script.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', ""),
        "xxe.png": (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg/>',
                    ""),
        "script.eps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "UNSUPPORTED_FORMAT"),
        "page.pdf.jpg": (b"%PDF-1.7\n1 0 obj<<>>endobj\n", "CORRUPT"),
        "archive.png": (b"PK\x03\x04" + b"\0" * 200, "UNSUPPORTED_FORMAT"),
        "bomb.ppm": (b"P6 60000 60000 255\n" + b"\0" * 99, "UNSUPPORTED_FORMAT"),
        "bomb-header.png": (png_header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b"x"), "TOO_MANY_PIXELS"),
        "bomb-1bit.png": (png_header(40_000, 40_000, 1, 0) + empty, "TOO_MANY_PIXELS"),
        "bomb-warning.png": (png_header(13_000, 13_000) + empty, "TOO_MANY_PIXELS"),
        "bomb-side.png": (png_header(70_000, 1) + empty, "TOO_MANY_PIXELS"),
        "bomb.bmp": (huge_bmp, "TOO_MANY_PIXELS"),
        "bomb-sof.jpg": (large_sof, "TOO_MANY_PIXELS"),
        "bomb-frame.gif": (frame_outside(), "TOO_MANY_PIXELS"),
        "bomb-frames.gif": (many_frames(1_200), "TOO_MANY_FRAMES"),
        "bomb-scans.jpg": (many_scans(900), "TOO_EXPENSIVE"),
        "bomb-text.png": (text_bomb(), "CORRUPT TOO_EXPENSIVE"),
        "noise.jpg": (b"\xff\xd8\xff" + bytes(range(256)) * 12, "CORRUPT"),
        "header-only.jpg": (jpeg[:120], "CORRUPT"),
        "flipped.png": (png[:60] + b"\x5a\xa5\x5a" + png[63:], ""),
        "cut.webp": (webp[: len(webp) // 2], "CORRUPT"),
        "cut.avif": (avif[: len(avif) // 2], "CORRUPT"),
        "cut.heic": (heic[: len(heic) // 2], "CORRUPT"),
        "cut.jxl": (jxl[: len(jxl) // 2], "CORRUPT"),
        "cut.tif": (saved(quadrants(), "TIFF")[:2_000], "CORRUPT NOT_AN_IMAGE"),
    }  # fmt: skip
    return {name: (content, frozenset(reasons.split())) for name, (content, reasons) in files.items()}
