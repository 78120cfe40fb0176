"""Crispness: pixel art, icons, diagrams and line drawings keep every edge and colour. In the decoder only.

Lossy WebP halves the resolution of colour, which nobody sees in a photo and everybody in one-pixel lines.
"""

import io

from domain import pixels
from domain.decoding import fitted

MOST_COLOURS = 256
SMALL_PX = 256
"""So small a picture is looked at from near."""

SAMPLED_PX = 1_600
CHEAP_BYTES = 65_536
MOST_TIMES = 5
"""A lossless file may be so much larger than a lossy one: a dithered photo is larger still."""

CHEAP_TILE_BYTES, MOST_TILE_TIMES = 16_384, 2
"""The same of a tile, of which a picture has hundreds."""


def is_drawn(picture: pixels.Picture) -> bool:
    """Whether it, decoded, has few colours or is small. A JPEG is never: it is spoilt already."""
    if is_spoilt(picture):
        return False
    if max(picture.size) <= SMALL_PX:
        return True
    sample = picture
    if max(picture.size) > SAMPLED_PX:
        sample = picture.resize(fitted(*picture.size, SAMPLED_PX), pixels.NEAREST)
    deep = picture.mode in ("F", "I") or picture.mode.startswith("I;16")
    return not deep and has_few_colours(sample)


def is_spoilt(picture: pixels.Picture) -> bool:
    """Whether its edges went already when it was saved: there is none to keep."""
    return picture.format in ("JPEG", "MPO")


def has_few_colours(piece: pixels.Picture) -> bool:
    return piece.getcolors(MOST_COLOURS) is not None


def lossless_tile(tile: pixels.Picture, lossy_bytes: int) -> bytes | None:
    """None where that is larger: a photo in shades of grey has few colours, too. Made in a hurry."""
    buffer = io.BytesIO()
    tile.save(buffer, "WEBP", lossless=True, quality=20, method=0)
    content = buffer.getvalue()
    return content if len(content) <= max(CHEAP_TILE_BYTES, MOST_TILE_TIMES * lossy_bytes) else None


def webp(picture: pixels.Picture, quality: int, *, drawn: bool) -> bytes:
    """drawn: lossless, unless that is far larger."""
    lossy = pixels.webp(picture, quality)
    if not drawn:
        return lossy
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    lossless = buffer.getvalue()
    return lossless if len(lossless) <= max(CHEAP_BYTES, MOST_TIMES * len(lossy)) else lossy
