"""Tessellating: the pictures of a mosaic laid side by side. Runs in the decoder only."""

import io
from collections.abc import Iterable

from PIL import Image

from domain.mosaic import Mosaic

Picture = Image.Image

EDGE_PX = 1
"""Its own outermost pixels are laid around each: what mixes neighbours mixes in nothing strange."""


def tessellated(mosaic: Mosaic, pictures: Iterable[io.BytesIO]) -> Picture:
    """RGBA where any of them is see-through."""
    canvas = Image.new("RGBA", (mosaic.width, mosaic.height), (0, 0, 0, 0))
    is_solid = True
    for (x, y, width, height), content in zip(mosaic.places, pictures, strict=True):
        with Image.open(content, formats=("WEBP",)) as picture:
            small = _small(picture, (width, height))
        is_solid = is_solid and small.mode == "RGB"
        canvas.paste(_edged(small), (x - EDGE_PX, y - EDGE_PX))
    return canvas.convert("RGB") if is_solid else canvas


def _small(picture: Picture, size: tuple[int, int]) -> Picture:
    """By colours weighed with their alpha: what is see-through has no colour to mix in."""
    if size == picture.size:
        return picture.convert(picture.mode)
    if picture.mode != "RGBA":
        return picture.convert("RGB").resize(size, Image.Resampling.BOX)
    return picture.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")


def _edged(small: Picture) -> Picture:
    width, height = small.size
    edged = Image.new(small.mode, (width + 2 * EDGE_PX, height + 2 * EDGE_PX))
    # Shifted to each side, then in its place: what shows at the edges is its outermost row or column.
    for x, y in ((0, 0), (2, 0), (0, 2), (2, 2), (0, 1), (2, 1), (1, 0), (1, 2), (1, 1)):
        edged.paste(small, (x, y))
    return edged
