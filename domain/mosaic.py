"""A mosaic: many small pictures that are to be drawn as one, as both sides of the darkroom write and read it.

It travels as one file: the length of its description, the description, and the pictures, each after its
length, in the order of their places.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from msgspec import Struct

LENGTH_BYTES = 4


class Mosaic(Struct, frozen=True):
    """places: left, top, width and height of each picture. All in pixels.

    quality: of the WebP that it becomes, 1 to 100.
    """

    width: int
    height: int
    quality: int
    places: list[tuple[int, int, int, int]]


def begin(file: BinaryIO, mosaic: Mosaic) -> None:
    add(file, msgspec.json.encode(mosaic))


def add(file: BinaryIO, picture: bytes) -> None:
    """The next one."""
    file.write(len(picture).to_bytes(LENGTH_BYTES, "big") + picture)


def read(file: BinaryIO) -> tuple[Mosaic, Iterator[io.BytesIO]]:
    """The pictures come one by one, as they are needed."""
    file.seek(0)
    mosaic = msgspec.json.decode(_next(file), type=Mosaic)
    return mosaic, (io.BytesIO(_next(file)) for _ in mosaic.places)


def _next(file: BinaryIO) -> bytes:
    return file.read(int.from_bytes(file.read(LENGTH_BYTES), "big"))
