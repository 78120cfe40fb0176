"""The painter: draws miniatures of boards. Runs in the decoder only."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageEnhance

from domain.miniature import UNKNOWN, Miniature, Piece, Shape

Picture = Image.Image

CLEAR = (0, 0, 0, 0)
FINER = 4
"""Shapes are drawn so much larger and then reduced, which gives them smooth edges."""


def painted(miniature: Miniature, pictures: Sequence[bytes]) -> Picture:
    """RGBA, see-through where nothing lies."""
    canvas = Image.new("RGBA", (miniature.width, miniature.height), CLEAR)
    for piece in miniature.pieces:
        layer = _layer(piece, pictures)
        if piece.flip_x:
            layer = layer.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if piece.flip_y:
            layer = layer.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        if piece.rotation:
            layer = layer.rotate(-piece.rotation, Image.Resampling.BICUBIC, expand=True)
        if piece.opacity < 1:
            layer.putalpha(layer.getchannel("A").point(lambda value, by=piece.opacity: round(value * by)))
        _put(canvas, layer, piece.x, piece.y)
    return canvas


def _put(canvas: Picture, layer: Picture, x: float, y: float) -> None:
    """Around this centre; what lies beyond the edge is cut off."""
    left, top = round(x - layer.width / 2), round(y - layer.height / 2)
    box = (
        max(0, -left),
        max(0, -top),
        min(layer.width, canvas.width - left),
        min(layer.height, canvas.height - top),
    )
    if box[0] < box[2] and box[1] < box[3]:
        canvas.alpha_composite(layer.crop(box), (left + box[0], top + box[1]))


def _layer(piece: Piece, pictures: Sequence[bytes]) -> Picture:
    size = max(1, round(piece.width)), max(1, round(piece.height))
    if piece.shape is Shape.PICTURE:
        if piece.picture is None:
            return Image.new("RGBA", size, UNKNOWN)
        return _picture(piece, pictures[piece.picture], size)
    return _shape(piece, size)


def _picture(piece: Piece, content: bytes, size: tuple[int, int]) -> Picture:
    picture: Picture = Image.open(io.BytesIO(content), formats=("WEBP",)).convert("RGBA")
    if piece.crop is not None:
        left, top, right, bottom = piece.crop
        box = (left * picture.width, top * picture.height, right * picture.width, bottom * picture.height)
    else:
        box = (0.0, 0.0, float(picture.width), float(picture.height))
    if picture.width > size[0] * 4 and picture.height > size[1] * 4:
        picture = picture.resize(size, Image.Resampling.BOX, box=box, reducing_gap=1.0)
    else:
        picture = picture.resize(size, Image.Resampling.BILINEAR, box=box)
    return _toned(piece, picture)


def _toned(piece: Piece, picture: Picture) -> Picture:
    """In the order of the canvas: gray, brightness, contrast, saturation."""
    factors = (
        (ImageEnhance.Color, 0.0 if piece.grayscale else 1.0),
        (ImageEnhance.Brightness, piece.brightness),
        (ImageEnhance.Contrast, piece.contrast),
        (ImageEnhance.Color, piece.saturation),
    )
    if all(factor == 1 for _, factor in factors):
        return picture
    alpha = picture.getchannel("A")
    colours = picture.convert("RGB")
    for enhance, factor in factors:
        if factor != 1:
            colours = enhance(colours).enhance(factor)
    colours.putalpha(alpha)
    return colours


def _shape(piece: Piece, size: tuple[int, int]) -> Picture:
    """With room around it for half of its stroke."""
    room = round(piece.stroke_px / 2) + 1 if piece.stroke else 0
    width, height = size[0] + 2 * room, size[1] + 2 * room
    large = Image.new("RGBA", (width * FINER, height * FINER), CLEAR)
    draw = ImageDraw.Draw(large)
    stroke = max(FINER // 2, round(piece.stroke_px * FINER)) if piece.stroke else 0
    edge = room * FINER
    box = (edge, edge, edge + size[0] * FINER - 1, edge + size[1] * FINER - 1)
    if piece.shape is Shape.LINE:
        middle = large.width / 2, large.height / 2
        points = [(middle[0] + x * FINER, middle[1] + y * FINER) for x, y in piece.points]
        if piece.fill and len(points) > 2:
            draw.polygon(points, fill=piece.fill)
        if piece.stroke and len(points) > 1:
            draw.line(points, fill=piece.stroke, width=stroke, joint="curve")
    elif piece.shape is Shape.ELLIPSE:
        draw.ellipse(box, fill=piece.fill, outline=piece.stroke, width=stroke)
    else:
        draw.rectangle(box, fill=piece.fill, outline=piece.stroke, width=stroke)
    return _reduced(large)


def _reduced(large: Picture) -> Picture:
    """By colours weighed with their alpha: what is see-through has no colour to mix in."""
    reduced = large.convert("RGBa").reduce(FINER)
    return reduced.convert("RGBA")
