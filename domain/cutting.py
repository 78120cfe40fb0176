"""Cutting: a large picture into the tiles of its pyramid, in one pass over its rows. In the decoder only.

Of every level only one row of tiles is in memory: when it is full it is cut, and made half as large it is
half a row of the next coarser level.
"""

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import BinaryIO

from PIL import Image

from domain import crispness, pixels, pyramid, vips
from domain.pyramid import TILE_PX, Level, Place

Picture = Image.Image
Emit = Callable[[Place, bytes], None]
Box = tuple[int, int, int, int]

STRETCH_PX = 64
"""Rows that are read at a time."""


def cut(picture: Picture, file: BinaryIO, orientation: int, quality: int, emit: Emit) -> None:
    """Calls emit with each tile, levels mixed; with some of them again where a file turns out to be damaged.

    picture: its header is read, nothing more. Raises Refused.
    """
    is_spoilt = crispness.is_spoilt(picture)
    if vips.suits(picture):
        try:
            rows = vips.Rows(picture, file, at_random=orientation != 1)
            _cut(rows, picture, orientation, _Pen(quality, is_spoilt), emit)
            return
        except vips.Unsuited:
            picture = pixels.opened(file, picture.width * picture.height)
    picture = pixels.load(picture, file, max(picture.size))
    pen = _Pen(quality, is_spoilt, is_drawn=not is_spoilt and crispness.is_drawn(picture))

    def crop(box: Box) -> Picture:
        piece = picture.crop(box)
        piece.info = picture.info
        return piece

    _cut(crop, picture, orientation, pen, emit)


def _cut(read: Callable[[Box], Picture], picture: Picture, orientation: int, pen: "_Pen", emit: Emit) -> None:
    """read: a part of the picture as it is stored."""
    width, height = picture.size
    if orientation >= 5:
        width, height = height, width
    floors = [_Floor(number, level) for number, level in enumerate(pyramid.levels(width, height))]
    tower = _Tower(floors, pen, emit)
    for top, bottom in pairwise([*range(0, height, STRETCH_PX), height]):
        piece = read(_stored(picture.size, orientation, top, bottom))
        tower.add(pixels.upright(piece, orientation))


def _stored(size: tuple[int, int], orientation: int, top: int, bottom: int) -> Box:
    """Where the upright rows from top to bottom lie in a picture of that size as it is stored."""
    width, height = size
    match orientation:
        case 3 | 4:
            return 0, height - bottom, width, height - top
        case 5 | 6:
            return top, 0, bottom, height
        case 7 | 8:
            return width - bottom, 0, width - top, height
    return 0, top, width, bottom


class _Floor:
    """The row of tiles of one level that is being filled."""

    def __init__(self, number: int, level: Level) -> None:
        self.number = number
        self.level = level
        self.rows: Picture | None = None
        self.filled = 0
        self.row = 0

    def add(self, piece: Picture) -> bool:
        """Whether it is full with that."""
        left = self.level.height - self.row * TILE_PX
        if self.rows is None:
            self.rows = Image.new(piece.mode, (self.level.width, min(TILE_PX, left)))
        self.rows.paste(piece, (0, self.filled))
        self.filled += piece.height
        return self.filled == min(TILE_PX, left)


class _Tower:
    def __init__(self, floors: Sequence[_Floor], pen: "_Pen", emit: Emit) -> None:
        """floors: the coarsest first."""
        self.floors = floors
        self.pen = pen
        self.emit = emit

    def add(self, piece: Picture) -> None:
        for floor in reversed(self.floors):
            if not floor.add(piece):
                return
            assert floor.rows is not None
            full, floor.rows = floor.rows, None
            for column in range(floor.level.columns):
                left = column * TILE_PX
                tile = full.crop((left, 0, min(left + TILE_PX, full.width), full.height))
                self.emit((floor.number, column, floor.row), self.pen.encoded(tile))
            floor.row += 1
            floor.filled = 0
            if floor.number:
                piece = full.reduce(2)


class _Pen:
    """How tiles are written: JPEG, which is several times quicker to make than WebP; WebP where something
    shines through, and lossless WebP of what is drawn: all of the picture, or this tile of it.
    """

    def __init__(self, quality: int, is_spoilt: bool, is_drawn: bool = False) -> None:
        self.quality = quality
        self.is_spoilt = is_spoilt
        self.is_drawn = is_drawn

    def encoded(self, tile: Picture) -> bytes:
        lossy = self._lossy(tile)
        if self.is_drawn or (not self.is_spoilt and crispness.has_few_colours(tile)):
            return crispness.lossless_tile(tile, len(lossy)) or lossy
        return lossy

    def _lossy(self, tile: Picture) -> bytes:
        buffer = io.BytesIO()
        if tile.mode == "RGBA" and tile.getchannel("A").getextrema() != (255, 255):
            tile.save(buffer, "WEBP", quality=self.quality, method=0)
        else:
            tile.convert("RGB").save(buffer, "JPEG", quality=self.quality)
        return buffer.getvalue()
