"""SVG: written anew with only what draws, its size decided here, rasterised by resvg. Never shown as SVG.

The file is read once by expat, which expands no foreign entity and stops at the famous bombs. What comes out
has no document type, script, foreign markup or address outside of itself, and is drawn in a child that could
neither read nor reach any.
"""

import io
import math
import os
import re
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import resvg_py
from PIL import Image

from domain import pixels
from domain.sources.opened import Opened

MAGIC = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<(\w+:)?svg[\s>])", re.IGNORECASE)
ROOT = re.compile(rb"<(\w+:)?svg[\s>]", re.IGNORECASE)
GZIP = b"\x1f\x8b"

MOST_BYTES = 10_000_000
MOST_DRAWN = 200_000
"""Elements, each as often as it is used."""

MOST_DEPTH = 200
LONGEST_PX = 2_048
"""How large it is drawn at least, on its longest side: an icon is to be looked at from near, too."""

LARGEST_PX = 4_096
FORBIDDEN = frozenset({"script", "foreignobject", "iframe", "object", "embed", "audio", "video", "canvas"})
UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
}
LENGTH = re.compile(r"\s*([+]?\d*\.?\d+(?:[eE][+-]?\d+)?)\s*(px|pt|pc|mm|cm|in|em|)\s*$")
USUAL_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    os.path.expanduser("~/.fonts"),
    os.path.expanduser("~/.local/share/fonts"),
)


def further_font_folders(data_folders: str) -> list[str]:
    """Where fonts are on a system without the usual folders, by its XDG_DATA_DIRS: resvg has to be told."""
    named = [f"{folder.rstrip('/')}/fonts" for folder in data_folders.split(":") if os.path.isabs(folder)]
    return [folder for folder in dict.fromkeys(named) if folder not in USUAL_FONT_FOLDERS]


FURTHER_FONT_FOLDERS = further_font_folders(os.environ.get("XDG_DATA_DIRS", ""))
FONT_FOLDERS = (*USUAL_FONT_FOLDERS, *FURTHER_FONT_FOLDERS)
FAMILIES = (
    ("DejaVuSans.ttf", "DejaVu Sans"),
    ("LiberationSans-Regular.ttf", "Liberation Sans"),
    ("NotoSans-Regular.ttf", "Noto Sans"),
    ("Arial.ttf", "Arial"),
)


def matches(head: bytes) -> bool:
    head = head.removeprefix(b"\xef\xbb\xbf")
    return head.startswith(GZIP) or MAGIC.match(head) is not None


def opened(content: bytes, max_pixels: int) -> Opened:
    """Raises Refused."""
    plain = _unpacked(content)
    if not ROOT.search(plain[:65_536]):
        raise pixels.Refused("NOT_AN_IMAGE", "The file is no picture of a kind known here.")
    drawing = Drawing()
    try:
        drawing.read(plain)
    except expat.ExpatError as error:
        raise pixels.Refused(
            "CORRUPT", f"The SVG is not well-formed: {expat.errors.messages[error.code]}."
        ) from None
    if drawing.drawn() > MOST_DRAWN:
        raise pixels.Refused(
            "TOO_EXPENSIVE", f"The SVG draws more than {MOST_DRAWN:,} shapes; that takes too long."
        )
    width, height = drawing.size or (LONGEST_PX, LONGEST_PX)
    box = _box(width, height, max_pixels)
    try:
        font = _family()
        drawn = resvg_py.svg_to_bytes(
            drawing.text(box),
            languages=["en"],
            font_family=font,
            serif_family=font,
            sans_serif_family=font,
            font_dirs=[folder for folder in FURTHER_FONT_FOLDERS if os.path.isdir(folder)],
        )
    except ValueError as error:
        raise pixels.Refused(
            "CORRUPT", f"The SVG cannot be drawn: {str(error)[:160].rstrip('. ')}."
        ) from None
    file = io.BytesIO(drawn)
    picture = Image.open(file, formats=("PNG",))
    picture.load()
    return Opened(picture, file, "SVG")


def _unpacked(content: bytes) -> bytes:
    if content.startswith(GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content = unpacker.decompress(content, MOST_BYTES + 1)
        except zlib.error:
            raise pixels.Refused("CORRUPT", "The file is packed with gzip and damaged.") from None
        if not unpacker.eof and len(content) <= MOST_BYTES:
            raise pixels.Refused("CORRUPT", "The file is packed with gzip and cut off.")
    if len(content) > MOST_BYTES:
        raise pixels.Refused("TOO_EXPENSIVE", f"An SVG may have {MOST_BYTES // 1_000_000} MB, unpacked.")
    return content


def _box(width: float, height: float, max_pixels: int) -> tuple[int, int]:
    longest = max(width, height)
    scale = min(max(longest, LONGEST_PX), LARGEST_PX) / longest
    scale = min(scale, math.sqrt(max_pixels / max(1.0, width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


@cache
def _family() -> str | None:
    """A font that is here, for those that are not, so that no word is left out."""
    present = {path.name for folder in FONT_FOLDERS if os.path.isdir(folder) for path in _fonts(folder)}
    return next((family for name, family in FAMILIES if name in present), None)


def _fonts(folder: str) -> Iterator[Path]:
    return Path(folder).rglob("*.[to]t[fc]")


class Drawing:
    """What of an SVG draws. size: as it asks to be shown, in px; None: it does not say."""

    def __init__(self) -> None:
        self.size: tuple[float, float] | None = None
        self._root: tuple[str, dict[str, str]] | None = None
        self._written: list[str] = []
        self._skipping = 0
        self._open: list[str] = []
        self._counts: dict[str, int] = {}
        self._uses: dict[str, list[str]] = {}
        self._within: list[str] = [""]

    def read(self, content: bytes) -> None:
        """Raises ExpatError, Refused."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(content, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        if self._skipping or local in FORBIDDEN:
            self._skipping += 1
            return
        if len(self._open) >= MOST_DEPTH:
            raise pixels.Refused("TOO_EXPENSIVE", f"The SVG is nested more than {MOST_DEPTH} levels deep.")
        kept = {key: value for key, value in attributes.items() if _is_harmless(key, value, local)}
        if self._root is None:
            if local != "svg":
                raise pixels.Refused("NOT_AN_IMAGE", "The file is XML, but no SVG.")
            self._root = name, kept
            self.size = _size(kept)
        else:
            written = "".join(f" {key}={quoteattr(value)}" for key, value in kept.items())
            self._written.append(f"<{name}{written}>")
        self._count(local, kept)
        self._open.append(name)

    def _count(self, local: str, attributes: dict[str, str]) -> None:
        """Every identified element has what it draws itself, and what it uses."""
        owner = attributes.get("id") or self._within[-1]
        if owner != self._within[-1]:
            self._uses.setdefault(self._within[-1], []).append(owner)
        self._within.append(owner)
        self._counts[owner] = self._counts.get(owner, 0) + 1
        for key, value in attributes.items():
            if key in ("href", "xlink:href") and value.startswith("#") and local != "a":
                self._uses.setdefault(owner, []).append(value[1:])
            elif "url(" in value:
                self._uses.setdefault(owner, []).extend(re.findall(r"url\(\s*['\"]?#([^'\")]+)", value))

    def _end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        self._open.pop()
        self._within.pop()
        self._written.append(f"</{name}>")

    def _characters(self, text: str) -> None:
        if self._skipping or self._root is None:
            return
        style = self._open[-1].rpartition(":")[2].lower() == "style"
        self._written.append(escape(_without_addresses(text) if style else text))

    def drawn(self) -> int:
        """How many elements are drawn in the end, up to a little more than the most; loops count once."""
        totals: dict[str, int] = {}

        def total(owner: str, above: tuple[str, ...]) -> int:
            if owner in totals:
                return totals[owner]
            if owner in above or len(above) > MOST_DEPTH:
                return 0
            found = self._counts.get(owner, 0)
            for used in self._uses.get(owner, ()):
                found = min(MOST_DRAWN + 1, found + total(used, (*above, owner)))
            totals[owner] = found
            return found

        return total("", ())

    def text(self, box: tuple[int, int]) -> str:
        """The document, to be drawn exactly so large."""
        assert self._root is not None
        name, attributes = self._root
        prefix = name.rpartition(":")[0]
        if "viewBox" not in attributes and self.size is not None:
            attributes["viewBox"] = f"0 0 {self.size[0]:g} {self.size[1]:g}"
        attributes["width"], attributes["height"] = map(str, box)
        attributes.setdefault(f"xmlns:{prefix}" if prefix else "xmlns", "http://www.w3.org/2000/svg")
        written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
        return f"<{name}{written}>{''.join(self._written)}"


def _is_harmless(key: str, value: str, local: str) -> bool:
    name = key.rpartition(":")[2].lower()
    if name.startswith("on") or name == "base":
        return False
    if name in ("href", "src"):
        return value.startswith("#") or (value.startswith("data:image/") and local in ("image", "feimage"))
    return True


def _without_addresses(style: str) -> str:
    """CSS without what it would fetch; places in the document itself stay."""
    style = re.sub(r"@import[^;]*;?", "", style)
    return re.sub(r"url\(\s*['\"]?(?!#)[^)]*\)", "none", style)


def _size(attributes: dict[str, str]) -> tuple[float, float] | None:
    """What width and height say; the view box where they say nothing, or only a share of the page."""
    view = _view(attributes.get("viewBox", ""))
    width, height = _length(attributes.get("width")), _length(attributes.get("height"))
    if width and height:
        return width, height
    if view is None:
        return None
    if width:
        return width, width * view[1] / view[0]
    if height:
        return height * view[0] / view[1], height
    return view


def _view(text: str) -> tuple[float, float] | None:
    try:
        _, _, width, height = (float(number) for number in text.replace(",", " ").split())
    except ValueError:
        return None
    usable = 0 < width < math.inf and 0 < height < math.inf
    return (width, height) if usable else None


def _length(text: str | None) -> float | None:
    found = LENGTH.match(text or "")
    if found is None:
        return None
    length = float(found[1]) * UNITS[found[2]]
    return length if 0 < length < math.inf else None
