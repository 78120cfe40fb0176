"""Looks: what a rendition shows at a glance, as numbers to find it by. Only the decoder imports this."""

from typing import cast

from PIL import Image

from domain import colours
from domain.colours import Swatch
from domain.pixels import Picture

PALETTE_PX = 100
VISIBLE = 16
"""Alpha from which on a pixel says something about colour."""

_FEWER = [(value >> 3) * 255 // 31 for value in range(256)]


def swatches(picture: Picture) -> list[Swatch]:
    """The chief colours of what can be seen of it; none of a picture that is wholly transparent."""
    small = picture.copy()
    small.thumbnail((PALETTE_PX, PALETTE_PX))
    small = small.convert("RGBA").point(_FEWER * 3 + list(range(256)))
    counted = cast(list[tuple[int, tuple[int, int, int, int]]], small.getcolors(PALETTE_PX * PALETTE_PX))
    visible: dict[tuple[int, int, int], int] = {}
    for count, (red, green, blue, alpha) in counted:
        if alpha > VISIBLE:
            visible[red, green, blue] = visible.get((red, green, blue), 0) + count
    return colours.chief_colours((count, colour) for colour, count in visible.items())


def fingerprint(picture: Picture) -> int:
    """64 bits (see domain/likeness.py), the top left place as the highest."""
    light = _seen(picture).convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(0, 72, 9):
        for at in range(row, row + 8):
            bits = bits << 1 | (light[at] < light[at + 1])
    return bits


def sketched(picture: Picture) -> bytes:
    """8 × 8 points of OKLab, three bytes each: 255 times lightness, a and b, the latter two around 128."""
    points = _seen(picture).resize((8, 8), Image.Resampling.BOX).tobytes()
    found = bytearray()
    for at in range(0, len(points), 3):
        lightness, a, b = colours.oklab(*points[at : at + 3])
        found += bytes((_byte(255 * lightness), _byte(128 + 255 * a), _byte(128 + 255 * b)))
    return bytes(found)


def _byte(value: float) -> int:
    return min(255, max(0, round(value)))


def _seen(picture: Picture) -> Picture:
    """On middle grey where it is transparent."""
    if picture.mode in ("RGB", "L"):
        return picture.convert("RGB")
    full = picture.convert("RGBA")
    ground = Image.new("RGBA", full.size, (128, 128, 128, 255))
    ground.alpha_composite(full)
    return ground.convert("RGB")
