"""libvips, the quick engine: it reads a picture row by row and makes it small on the way.

So a picture of a hundred megapixels is never whole in memory. It is only asked for plain JPEG and PNG files
whose header Pillow has read, and gives up on the smallest fault: Pillow then judges the file and shows
what can be shown of it. Runs in the decoder only; its threads begin in the child, after the fork.
"""

import importlib
import io
import os
from typing import Any, BinaryIO

from PIL import Image

from domain.pyramid import DEEP_PIXELS

LOADERS = {"JPEG": "Jpeg", "PNG": "Png"}
MODES = {3: "RGB", 4: "RGBA"}
BANDS = {"L": (1, "b-w"), "RGB": (3, "srgb")}
"""What is handed over decoded, and how libvips calls its colours. Where something shines through, it rounds
down each time, which darkens step by step."""

LOOKED_AT_PX = 64
MOST_COLOURS = 256

Picture = Image.Image


def prepare() -> None:
    """Before the first fork. Whatever else libvips can read stays shut."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    pyvips = _library()
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name in LOADERS.values():
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)
    pyvips.cache_set_max(0)


def _library() -> Any:
    """Loaded when the decoder is made ready: the setting above must come before it."""
    return importlib.import_module("pyvips")


def suits(picture: Picture) -> bool:
    """Whether a picture, of which the header is read, is of the plain kind."""
    return (
        picture.format in LOADERS
        and picture.mode in ("RGB", "RGBA")
        and "transparency" not in picture.info
        and getattr(picture, "n_frames", 1) == 1
    )


def may_be_drawn(picture: Picture, file: BinaryIO) -> bool:
    """Whether its first rows have so few colours that it may be a drawing, of which every pixel counts.

    A very large one is made so much smaller that none does.
    """
    if picture.format == "JPEG" or picture.width * picture.height > DEEP_PIXELS:
        return False
    try:
        beginning = Rows(picture, file, at_random=False)(
            (0, 0, picture.width, min(LOOKED_AT_PX, picture.height))
        )
    except Unsuited:
        return True
    return beginning.getcolors(MOST_COLOURS) is not None


def shrunk(picture: Picture, file: BinaryIO, box: tuple[int, int]) -> Picture | None:
    """A smaller one of that size, not turned, its colours as they were; None: ask Pillow."""
    pyvips = _library()
    try:
        options = {"shrink": _shrink(picture.size, box)} if picture.format == "JPEG" else {}
        image = pyvips.Image.new_from_source(
            _source(file), "", access="sequential", fail_on="error", **options
        )
        small = image.thumbnail_image(box[0], height=box[1], size="force", no_rotate=True)
        return _pillow(small, small.write_to_memory(), picture) if _is_plain(small, picture) else None
    except pyvips.Error:
        return None


def resized(picture: Picture, box: tuple[int, int]) -> Picture | None:
    """A smaller one of what is decoded already; its pixels are copied on the way. None: ask Pillow."""
    if picture.mode not in BANDS or picture.width * picture.height > DEEP_PIXELS:
        return None
    if box[0] > picture.width or box[1] > picture.height:
        return None
    bands, colours = BANDS[picture.mode]
    pyvips = _library()
    try:
        image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar")
        small = image.copy(interpretation=colours).thumbnail_image(box[0], height=box[1], size="force")
        if (small.bands, small.format) != (bands, "uchar"):
            return None
        made = Image.frombuffer(picture.mode, box, small.write_to_memory(), "raw", picture.mode, 0, 1)
    except pyvips.Error:
        return None
    made.info = picture.info
    return made


def _shrink(size: tuple[int, int], box: tuple[int, int]) -> int:
    """How far a JPEG is made small while it is decoded: not below one and a half times what is wanted."""
    factor = min(whole / part for whole, part in zip(size, box, strict=True))
    return next(step for step in (8, 4, 2, 1) if step == 1 or factor >= step * 1.5)


class Rows:
    """All pixels of a picture, from above to below, one stretch after another."""

    def __init__(self, picture: Picture, file: BinaryIO, *, at_random: bool) -> None:
        """at_random: stretches may be asked for in any order, which takes memory for all of them.

        Raises Unsuited.
        """
        pyvips = _library()
        access = "random" if at_random else "sequential"
        self.picture = picture
        try:
            self.image = pyvips.Image.new_from_source(_source(file), "", access=access, fail_on="error")
            if not _is_plain(self.image, picture):
                raise Unsuited
            if at_random:
                self.image = self.image.copy_memory()
            self.region = pyvips.Region.new(self.image)
        except pyvips.Error as error:
            raise Unsuited from error

    def __call__(self, box: tuple[int, int, int, int]) -> Picture:
        """box: left, top, right, bottom. Raises Unsuited."""
        left, top, right, bottom = box
        try:
            pixels = self.region.fetch(left, top, right - left, bottom - top)
        except _library().Error as error:
            raise Unsuited from error
        return _pillow_of((right - left, bottom - top), self.image.bands, pixels, self.picture)


class Unsuited(Exception):
    """Pillow must see to this file."""


def _source(file: BinaryIO) -> Any:
    file.seek(0)
    try:
        return _library().Source.new_from_descriptor(file.fileno())
    except io.UnsupportedOperation:  # it lies in another file, such as the preview in a raw one
        return _library().Source.new_from_memory(file.read())


def _is_plain(image: Any, picture: Picture) -> bool:
    return image.format == "uchar" and MODES.get(image.bands) == picture.mode


def _pillow(image: Any, pixels: Any, picture: Picture) -> Picture:
    return _pillow_of((image.width, image.height), image.bands, pixels, picture)


def _pillow_of(size: tuple[int, int], bands: int, pixels: Any, picture: Picture) -> Picture:
    mode = MODES[bands]
    made = Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)
    made.info = picture.info
    made.format = picture.format
    return made
