"""What the darkroom and the decoder process say to one another."""

from datetime import datetime

import msgspec
from msgspec import Struct

from domain.colours import Swatch
from domain.recipes import STANDARD, Recipe

LADDER = STANDARD.sizes
"""The longest sides of the renditions, in pixels, unless the settings say otherwise."""

MAX_SIDE_PX = 65_500
MAX_PIXELS = 120_000_000
"""Unless the settings say otherwise."""

MAX_FRAMES = 1_000
WEBP = "image/webp"
WEBP_SIDE_PX = 16_383
WHOLE = 0
"""Stands for the picture's own size where a rendition's size is asked for."""

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
WALL_SECONDS = 25

LENGTH_BYTES = 4
"""Every message is its length (big-endian), its JSON, and then `payload_bytes` of picture, if any."""


def rungs(width: int, height: int, sizes: tuple[int, ...] = LADDER) -> tuple[int, ...]:
    """The renditions a picture of this size gets: every rung it is larger than, and one more.

    The one more holds it at its own size, so nothing is ever upscaled and even a single pixel has
    one rendition. 1200 × 800 → 320, 800, 1600 (the last 1200 px wide); 1 × 1 → 320 (1 px wide).
    """
    longest = max(width, height)
    smaller = tuple(size for size in sizes if size < longest)
    return sizes[: len(smaller) + 1]


def fitted(width: int, height: int, size: int) -> tuple[int, int]:
    """The box of `width` × `height` scaled into a square of `size`: computed from the original,
    so that cascaded resizes do not drift; never larger, never less than one pixel."""
    scale = min(1.0, size / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


class Order(Struct, frozen=True):
    """What to do with the picture whose open file travels beside this. sizes empty: inspect it.

    draws: the file is a miniature (domain/miniature.py) to be drawn; tessellates: it is a mosaic
    (domain/mosaic.py); whole: it is wanted at its own size;
    cuts: in tiles; animates: as a small animation. page: of a document, from 0; extracts: that page is
    wanted with all its pixels, as PNG.
    """

    sizes: tuple[int, ...] = ()
    max_pixels: int = MAX_PIXELS
    draws: bool = False
    whole: bool = False
    page: int = 0
    extracts: bool = False
    cuts: bool = False
    animates: bool = False
    tessellates: bool = False
    recipe: Recipe = STANDARD

    @property
    def patience(self) -> int:
        """How many times the seconds of CPU and clock it may take: these write every pixel anew, or read
        a thousand pictures."""
        return 4 if self.cuts or self.animates or self.tessellates else 1

    @property
    def kind(self) -> tuple[bool, ...]:
        """Orders of one kind wait for one another."""
        return (
            *(bool(self.sizes), self.draws, self.whole, self.extracts),
            *(self.cuts, self.animates, self.tessellates, self.page > 0),
        )


class Developed(Struct, frozen=True):
    """One rendition, without metadata: WebP, upright, sRGB; or, of size `WHOLE`, what a browser shows so."""

    size: int
    width: int
    height: int
    content: bytes
    mime: str = WEBP
    recipe: Recipe = STANDARD


class Inspection(Struct, frozen=True, tag="inspection"):
    """What a picture says about itself. width, height: upright; format by content, as in FORMATS.

    pages: of a document; duration_ms: of a video, None where it does not say.

    taken_at: EXIF, read as UTC where the camera names no offset; placeholder: a thumbhash; swatches: its
    chief colours, the most frequent first; fingerprint (signed), sketch: see domain/likeness.py;
    first: its smallest rendition.
    """

    format: str
    width: int
    height: int
    frames: int
    pages: int
    duration_ms: int | None
    has_alpha: bool
    taken_at: datetime | None
    camera: str
    placeholder: bytes
    swatches: list[Swatch]
    fingerprint: int
    sketch: bytes
    first: Developed


class Rendering(Struct, frozen=True, tag="rendering"):
    """Announces one rendition, whose bytes follow."""

    size: int
    width: int
    height: int
    payload_bytes: int
    mime: str = WEBP


class Tile(Struct, frozen=True, tag="tile"):
    """Announces one tile (domain/pyramid.py), whose bytes follow."""

    level: int
    column: int
    row: int
    payload_bytes: int


class Animation(Struct, frozen=True, tag="animation"):
    """Announces an animated WebP, whose bytes follow. duration_ms: of all its frames, once."""

    width: int
    height: int
    frames: int
    duration_ms: int
    payload_bytes: int


class Refusal(Struct, frozen=True, tag="refusal"):
    """The picture cannot be used; reason: a code of ImageRefused."""

    reason: str
    message: str


class Finished(Struct, frozen=True, tag="finished"):
    """Everything asked for was sent."""


class Died(Struct, frozen=True, tag="died"):
    """The child ended without a last word. signal: what ended it, 0 if it left by itself."""

    signal: int


Message = Inspection | Rendering | Tile | Animation | Refusal | Finished | Died

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Message)


def encoded(message: Message) -> bytes:
    body = _ENCODER.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def encoded_order(order: Order) -> bytes:
    body = _ENCODER.encode(order)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decoded_order(body: bytes) -> Order:
    return msgspec.json.decode(body, type=Order)


def decoded(body: bytes) -> Message:
    message: Message = _DECODER.decode(body)
    return message
