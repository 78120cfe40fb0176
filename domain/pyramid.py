"""The pyramid of a picture too large to be shown whole: its levels, and where each tile lies in the file.

A pyramid is one file: the tiles of all levels, one after another in the order in which they were made. Where
each begins and ends is told by its `Spans`, which are kept beside the file.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from domain.decoding import WEBP_SIDE_PX

TILE_PX = 512
DEEP_PIXELS = 30_000_000
"""A picture of more than this is shown in tiles when somebody looks closely."""

COARSEST_PX = 1024
"""A level is made of a longer one only: what is coarser is shown by the renditions."""

_SPAN = struct.Struct(">QIB")
MIMES = ("image/jpeg", "image/webp")


class Level(Struct, frozen=True):
    """width, height: of the whole picture at this level, in pixels; columns, rows: of tiles."""

    width: int
    height: int
    columns: int
    rows: int


def is_deep(width: int, height: int) -> bool:
    return width * height > DEEP_PIXELS or max(width, height) > WEBP_SIDE_PX


@lru_cache(1_000)
def levels(width: int, height: int, tile_px: int = TILE_PX) -> tuple[Level, ...]:
    """Each twice as large as the one before; the last has all the pixels."""
    found = [_level(width, height, tile_px)]
    while max(width, height) > COARSEST_PX:
        width, height = -(-width // 2), -(-height // 2)
        found.append(_level(width, height, tile_px))
    return tuple(reversed(found))


def _level(width: int, height: int, tile_px: int) -> Level:
    return Level(width, height, -(-width // tile_px), -(-height // tile_px))


Place = tuple[int, int, int]
"""Level, column, row, from 0."""


def number_of(levels: Sequence[Level], place: Place) -> int | None:
    """The number of a tile: level by level, row by row; None: there is no such tile."""
    number, column, row = place
    if number >= len(levels) or column >= levels[number].columns or row >= levels[number].rows:
        return None
    before = sum(level.columns * level.rows for level in levels[:number])
    return before + row * levels[number].columns + column


class Span(NamedTuple):
    """Where a tile lies in the file of its pyramid; mime: its place in MIMES."""

    start: int
    length: int
    mime: int


def mime_of(content: bytes) -> int:
    return 1 if content.startswith(b"RIFF") else 0


def packed(levels: Sequence[Level], spans: Mapping[Place, Span]) -> bytes:
    """The spans of all tiles, by their numbers. Raises KeyError where one is missing."""
    return b"".join(_SPAN.pack(*spans[place]) for place in places(levels))


def places(levels: Sequence[Level]) -> Iterable[Place]:
    """In the order of their numbers."""
    for number, level in enumerate(levels):
        for row in range(level.rows):
            for column in range(level.columns):
                yield number, column, row


SPAN_BYTES = _SPAN.size


def span(packed_one: bytes) -> Span:
    """Of the `SPAN_BYTES` of one tile."""
    return Span(*_SPAN.unpack(packed_one))
