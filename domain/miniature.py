"""A miniature: what is to be drawn of a board, as both sides of the darkroom write and read it.

It travels as one file: the length of its description, the description, and the pictures it names, end to
end.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import BinaryIO

import msgspec
from msgspec import Struct

WIDTH_PX, HEIGHT_PX = 320, 200
RECIPE = 1
"""Part of what a miniature is known by: raise it when the same description would be drawn otherwise."""

UNKNOWN = "#808080"
"""The colour of what has none."""

LENGTH_BYTES = 4


class Shape(StrEnum):
    """What a piece is drawn as."""

    PICTURE = "PICTURE"
    RECTANGLE = "RECTANGLE"
    ELLIPSE = "ELLIPSE"
    LINE = "LINE"


class Piece(Struct, frozen=True, omit_defaults=True):
    """x, y: its centre in pixels of the miniature; width, height: in pixels, before rotation.

    picture: number of its picture, None = it cannot be shown; crop: left, top, right, bottom as fractions
    of it. points: of a line, in pixels from the centre. fill, stroke: #rrggbb.
    """

    shape: Shape
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    rotation: float = 0.0
    flip_x: bool = False
    flip_y: bool = False
    opacity: float = 1.0
    grayscale: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    picture: int | None = None
    crop: tuple[float, float, float, float] | None = None
    fill: str | None = None
    stroke: str | None = None
    stroke_px: float = 1.0
    points: list[tuple[float, float]] = []


class Miniature(Struct, frozen=True):
    """pieces: from back to front; pictures: SHA-256 of those that they show."""

    pieces: list[Piece]
    pictures: list[str] = []
    width: int = WIDTH_PX
    height: int = HEIGHT_PX
    recipe: int = RECIPE


class _Described(Struct, frozen=True):
    miniature: Miniature
    lengths: list[int]


def key_of(miniature: Miniature) -> str:
    """Equal where the same is drawn: SHA-256, hex."""
    return hashlib.sha256(msgspec.json.encode(miniature)).hexdigest()


def write(file: BinaryIO, miniature: Miniature, pictures: Sequence[bytes]) -> None:
    body = msgspec.json.encode(_Described(miniature, [len(picture) for picture in pictures]))
    file.write(len(body).to_bytes(LENGTH_BYTES, "big") + body)
    for picture in pictures:
        file.write(picture)


def read(file: BinaryIO) -> tuple[Miniature, list[bytes]]:
    file.seek(0)
    length = int.from_bytes(file.read(LENGTH_BYTES), "big")
    described = msgspec.json.decode(file.read(length), type=_Described)
    return described.miniature, [file.read(each) for each in described.lengths]
