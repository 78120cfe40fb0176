"""Likeness: when two pictures are nearly one, told from a fingerprint first and a sketch second.

A fingerprint is 64 bits: whether each of 8 × 8 places is darker than the one to its right (dHash). Encoded
anew or resized it changes by up to 4 bits, cropped by a twentieth or brightened by up to 11; unrelated
pictures differ by 26 and more, mirrored ones by about 20. A sketch is the picture in 8 × 8 points of OKLab:
it tells a grey copy from a coloured one, and flat pictures, whose fingerprints are all the same.
"""

import math
from itertools import combinations

NEAR = 11
"""The most bits by which fingerprints of near-duplicates differ: what `bands_near` is sure to find."""

BITS = 64
SKETCH_BYTES = 192
_BAND_BITS = 16
_BAND_REACH = NEAR // (BITS // _BAND_BITS)
_FARTHEST = 0.35
_LEAST_CORRELATION = 0.9
_MOST_CHROMA = 0.03
_MOST_LIGHT = 0.2
_FLAT = 0.012
_MOST_ASPECT = 1.12


def distance(one: int, other: int) -> int:
    """Of two fingerprints: how many bits differ."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def signed(bits: int) -> int:
    """As PostgreSQL's bigint holds 64 bits."""
    return bits - (1 << BITS) if bits >> (BITS - 1) else bits


def bands_near(fingerprint: int) -> list[int]:
    """Keys of which any fingerprint within NEAR bits has one or more.

    Of four bands of 16 bits, one differs by at most a quarter of all: every value so near, with the band's
    number above it, as the function webref_bands of the database has them.
    """
    flips = [
        sum(1 << bit for bit in bits)
        for count in range(_BAND_REACH + 1)
        for bits in combinations(range(_BAND_BITS), count)
    ]
    mask = (1 << _BAND_BITS) - 1
    return [
        band << _BAND_BITS | (fingerprint >> band * _BAND_BITS & mask) ^ flip
        for band in range(BITS // _BAND_BITS)
        for flip in flips
    ]


def likeness(one: tuple[int, bytes], other: tuple[int, bytes]) -> float:
    """0 to 1, of fingerprints with sketches: half of what the bits say, half of how far the points are."""
    apart = math.sqrt(sum((a - b) ** 2 for a, b in zip(one[1], other[1], strict=True)) / 64) / 255
    return 1 - (distance(one[0], other[0]) / BITS + min(1.0, apart / _FARTHEST)) / 2


def are_twins(one: bytes, other: bytes, ratio: float, other_ratio: float) -> bool:
    """Whether pictures whose fingerprints are near are nearly one: shape, light and colour agree as well.

    ratio: width to height. Light may be brighter or flatter all over, colours may not change.
    """
    if max(ratio, other_ratio) > _MOST_ASPECT * min(ratio, other_ratio):
        return False
    tints = zip(one[1::3], one[2::3], other[1::3], other[2::3], strict=True)
    chroma = sum(math.hypot(a - other_a, b - other_b) for a, b, other_a, other_b in tints) / 64 / 255
    if chroma > _MOST_CHROMA:
        return False
    light, other_light = [value / 255 for value in one[::3]], [value / 255 for value in other[::3]]
    middle, other_middle = sum(light) / 64, sum(other_light) / 64
    spread = math.sqrt(sum((value - middle) ** 2 for value in light) / 64)
    other_spread = math.sqrt(sum((value - other_middle) ** 2 for value in other_light) / 64)
    if min(spread, other_spread) < _FLAT:
        return max(spread, other_spread) < _FLAT and abs(middle - other_middle) < 2 * _MOST_CHROMA
    together = sum((a - middle) * (b - other_middle) for a, b in zip(light, other_light, strict=True)) / 64
    return (
        abs(middle - other_middle) <= _MOST_LIGHT and together / (spread * other_spread) >= _LEAST_CORRELATION
    )
