"""Files that hold a picture, drawn, embedded or filmed: what the tests make themselves of each kind."""

import gzip
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests import pictures

QUADRANTS = ((0, 0, pictures.RED), (1, 0, pictures.GREEN), (0, 1, pictures.BLUE), (1, 1, pictures.YELLOW))
"""Column, row and colour of each quarter, from above left."""


def svg(inside: str = "", *, head: str = "", size: str = 'width="240" height="160"', root: str = "") -> bytes:
    """The four quadrants, and what is put over them."""
    shapes = "".join(
        f'<rect x="{x * 120}" y="{y * 80}" width="120" height="80" fill="rgb{colour}"/>'
        for x, y, colour in QUADRANTS
    )
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 240 160" {root}>'
    return f"{head}{opened}{shapes}{inside}</svg>".encode()


PAINTED = """
<defs>
 <linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>
 <radialGradient id="r" href="#g"/>
 <pattern id="p" width="9" height="9" patternUnits="userSpaceOnUse">
  <path d="M0 0L9 9" stroke="#0a0"/></pattern>
 <clipPath id="c"><circle cx="60" cy="60" r="40"/></clipPath>
 <mask id="m"><rect width="99" height="99" fill="url(#g)"/></mask>
 <filter id="f"><feGaussianBlur stdDeviation="3"/><feOffset dx="4"/>
  <feTurbulence baseFrequency=".05"/></filter>
</defs>
<g transform="rotate(7) scale(.9)" clip-path="url(#c)"><use href="#a" x="9"/>
 <path id="a" fill="url(#p)" d="M10 80C40 10 65 10 95 80S150 150 180 80A30 50 0 0 1 162 162Z"/></g>
<ellipse cx="99" cy="50" rx="40" ry="20" fill="url(#r)" mask="url(#m)" stroke="#000" stroke-dasharray="5 2"/>
<text x="9" y="99" filter="url(#f)"><tspan dy="9">words</tspan></text>
<image width="9" height="9" href="data:image/gif;base64,R0lGODdhAQABAIAAAP///////ywAAAAAAQABAAACAkQBADs="/>
"""
"""Of nearly everything that a drawing can hold something."""


def svgz(content: bytes | None = None) -> bytes:
    return gzip.compress(content or svg(), mtime=0)  # the same every time: tests are named by their bytes


def pdf(pages: int = 3, *, width: int = 240, height: int = 160, more: str = "") -> bytes:
    """Every page has the four quadrants, page n with n white bars in the middle. more: into the trailer."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    kids = []
    for page in range(pages):
        drawn = "".join(
            f"{r / 255:.4f} {g / 255:.4f} {b / 255:.4f} rg "
            f"{x * width / 2} {(1 - y) * height / 2} {width / 2} {height / 2} re f "
            for x, y, (r, g, b) in QUADRANTS
        )
        drawn += "1 1 1 rg " + "".join(
            f"{width / 2 - 20 + 8 * bar} {height / 2 - 10} 4 20 re f " for bar in range(page + 1)
        )
        kids.append(len(objects) + 1)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {len(objects) + 2} 0 R>>"
        )
        objects.append(f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]/Count {pages}>>"
    written, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(written)
    written += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R{more}>>\nstartxref\n{start}\n%%EOF\n"
    return written + trailer.encode()


PROTECTED = f"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{'41' * 32}>/U<{'42' * 32}>>>"


def jpeg(orientation: int = 1, width: int = 240, height: int = 160) -> bytes:
    """As a camera stores it that was held so: without EXIF, the raw file around it says how to turn it."""
    turn = pictures.STORED_FOR[orientation]
    picture = pictures.quadrants(width, height)
    return pictures.saved(picture if turn is None else picture.transpose(turn), "JPEG", quality=92)


Tags = dict[int, int | str | tuple[int, int]]
"""A number, words, or (place, length) of bytes elsewhere."""


class Tiff:
    """A TIFF written by hand: directories of tags, then what they point to."""

    def __init__(self, magic: bytes = b"II*\0", order: str = "<") -> None:
        self.order, self.written = order, bytearray(magic + b"\0\0\0\0")

    def put(self, content: bytes) -> int:
        self.written += b"\0" * (len(self.written) % 2)
        self.written += content
        return len(self.written) - len(content)

    def directory(self, tags: Tags, following: int = 0) -> int:
        entries = []
        for tag, value in sorted(tags.items()):
            match value:
                case int():
                    entry = struct.pack(f"{self.order}HHII", tag, 4, 1, value)
                case str():
                    words = value.encode() + b"\0"
                    entry = struct.pack(
                        f"{self.order}HHII", tag, 2, len(words), self.put(words.ljust(5, b"\0"))
                    )
                case (place, length):
                    entry = struct.pack(f"{self.order}HHII", tag, 7, length, place)
            entries.append(entry)
        content = struct.pack(f"{self.order}H", len(entries)) + b"".join(entries)
        return self.put(content + struct.pack(f"{self.order}I", following))

    def done(self, first: int) -> bytes:
        struct.pack_into(f"{self.order}I", self.written, 4, first)
        return bytes(self.written)


SENSOR: Tags = {0xFE: 0, 0x100: 4000, 0x101: 3000, 0x102: 14, 0x103: 7, 0x106: 32803}


def raw(
    format_: str, *, orientation: int = 1, preview: bytes | None = None, order: str = "<", camera: str = ""
) -> bytes:
    """A camera's file with a sensor's pixels (noise) and an embedded preview, where that maker keeps it."""
    shown = jpeg(orientation) if preview is None else preview
    noise = bytes((n * n * 31 + 7) % 251 for n in range(4_000))
    makers = {
        "NEF": "NIKON CORPORATION",
        "ARW": "SONY",
        "PEF": "PENTAX",
        "SRW": "SAMSUNG",
        "RW2": "Panasonic",
    }
    maker = camera or makers.get(format_, "Acme")
    if format_ == "RAF":
        head = b"FUJIFILMCCD-RAW 0201FF129502X-Test".ljust(84, b"\0")
        own = pictures.oriented(orientation, make="FUJIFILM", model="X-Test") if preview is None else shown
        return head + struct.pack(">II", 160, len(own)) + b"\0" * 68 + own + noise
    if format_ == "CR3":
        part = Tiff(order=order)
        cmt = part.done(part.directory({0x10F: "Canon", 0x110: "Canon EOS R", 0x112: orientation}))
        box = struct.pack(">I4s", len(cmt) + 8, b"CMT1") + cmt
        prvw = struct.pack(">I4s", len(shown) + 24, b"PRVW") + b"\0" * 16 + shown
        return struct.pack(">I4s4sI", 24, b"ftyp", b"crx ", 1) + b"crx isom" + box + prvw + noise
    magic = {"ORF": b"IIRO", "RW2": b"IIU\0"}.get(format_) or {"<": b"II*\0", ">": b"MM\0*"}[order]
    tiff = Tiff(magic, order)
    if format_ == "CR2":
        tiff.put(b"CR\x02\0" + b"\0" * 4)
    start = tiff.put(shown)
    pixels = tiff.put(noise)
    sensor: Tags = {**SENSOR, 0x111: pixels, 0x117: len(noise)}
    said: Tags = {0x10F: maker, 0x110: f"{maker} One", 0x112: orientation}
    where: Tags = {0x201: start, 0x202: len(shown)}
    match format_:
        case "DNG":
            embedded: Tags = {0xFE: 1, 0x103: 7, 0x106: 6, 0x111: start, 0x117: len(shown)}
            said |= {0xC612: 0x01040000, 0x14A: tiff.directory(embedded if shown else sensor)}
            return tiff.done(tiff.directory({**sensor, **said}))
        case "CR2":
            strip: Tags = {0x103: 6, 0x111: start, 0x117: len(shown)}
            return tiff.done(tiff.directory({**said, **strip}, tiff.directory(sensor)))
        case "NEF":
            return tiff.done(tiff.directory({**said, 0x14A: tiff.directory(where)}, tiff.directory(sensor)))
        case "RW2":
            return tiff.done(tiff.directory({**said, 0x2E: (start, len(shown))}, tiff.directory(sensor)))
        case "ORF":  # in the maker's private notes: found by looking for it
            return tiff.done(tiff.directory({**sensor, **said}))
    return tiff.done(tiff.directory({**said, **where}, tiff.directory(sensor)))


RAWS = ("DNG", "CR2", "CR3", "NEF", "ARW", "RAF", "ORF", "RW2", "PEF", "SRW")

VIDEOS: Mapping[str, tuple[str, ...]] = {
    "MP4": ("-c:v", "libx264", "-f", "mp4"),
    "MOV": ("-c:v", "mpeg4", "-f", "mov"),
    "WEBM": ("-c:v", "libvpx", "-b:v", "2M", "-f", "webm"),
    "MKV": ("-c:v", "mpeg4", "-f", "matroska"),
    "AVI": ("-c:v", "mpeg4", "-f", "avi"),
    "MPEG": ("-c:v", "mpeg1video", "-f", "mpeg"),
    "OGV": ("-c:v", "libtheora", "-b:v", "2M", "-f", "ogg"),
}


def has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


@cache
def video(format_: str, *, turned: bool = False, seconds: float = 2.0, black_seconds: float = 0.0) -> bytes:
    """The four quadrants as a film, after a while of black. turned: filmed on the side, marked so (MP4)."""
    picture = pictures.quadrants().transpose(pictures.T.ROTATE_90) if turned else pictures.quadrants()
    black = f"drawbox=c=black:t=fill:enable='lt(t,{black_seconds})'" if black_seconds else "null"
    with tempfile.TemporaryDirectory() as folder:
        still, film = Path(folder, "still.png"), Path(folder, "film")
        still.write_bytes(pictures.saved(picture, "PNG"))
        given = ("-loop", "1", "-t", str(seconds), "-r", "25", "-i", str(still))
        shown = ("-vf", f"{black},format=yuv420p", *VIDEOS[format_], str(film))
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *given, *shown], check=True)
        made = bytearray(film.read_bytes())
    if turned:  # the matrix of the track's header: a quarter to the right
        struct.pack_into(">6i", made, made.index(b"tkhd") + 44, 0, 0x10000, 0, -0x10000, 0, 0)
    return bytes(made)
