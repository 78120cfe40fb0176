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


def is_drawn(picture: pixels.Picture) -> bool:
    """Whether it, decoded, has few colours or is small. A JPEG is never: it is spoilt already."""
    if picture.format in ("JPEG", "MPO"):
        return False
    if max(picture.size) <= SMALL_PX:
        return True
    sample = picture
    if max(picture.size) > SAMPLED_PX:
        sample = picture.resize(fitted(*picture.size, SAMPLED_PX), pixels.NEAREST)
    deep = picture.mode in ("F", "I") or picture.mode.startswith("I;16")
    return not deep and sample.getcolors(MOST_COLOURS) is not None


def webp(picture: pixels.Picture, quality: int, *, drawn: bool) -> bytes:
    """drawn: lossless, unless that is far larger."""
    lossy = pixels.webp(picture, quality)
    if not drawn:
        return lossy
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    lossless = buffer.getvalue()
    return lossless if len(lossless) <= max(CHEAP_BYTES, MOST_TIMES * len(lossy)) else lossy
