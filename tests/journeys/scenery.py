"""Landscapes that the tests paint themselves, so that a board in a screenshot looks like one."""

import colorsys
import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

SHAPES = ((900, 600), (600, 900), (960, 540), (700, 700), (1000, 420))
RIDGES = 5


def landscape(seed: int) -> bytes:
    """A JPEG of hills under a sky, in one of five shapes: the same seed, the same picture."""
    chance = random.Random(seed)
    width, height = SHAPES[seed % len(SHAPES)]
    hue, glow = chance.random(), chance.random()
    picture = Image.new("RGB", (width, height))
    paint = ImageDraw.Draw(picture)
    for y in range(height):
        depth = y / height
        paint.line(
            (0, y, width, y), fill=_colour(hue + 0.12 * depth * glow, 0.55 - 0.35 * depth, 0.5 + 0.45 * depth)
        )
    _sun(picture, chance, hue)
    paint = ImageDraw.Draw(picture)
    for ridge in range(RIDGES):
        nearness = (ridge + 1) / RIDGES
        colour = _colour(hue + 0.5 + 0.08 * nearness, 0.2 + 0.35 * nearness, 0.62 - 0.5 * nearness)
        paint.polygon(_ridge(chance, width, height, nearness), fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _sun(picture: Image.Image, chance: random.Random, hue: float) -> None:
    width, height = picture.size
    x, y, radius = (
        chance.uniform(0.2, 0.8) * width,
        chance.uniform(0.2, 0.45) * height,
        0.07 * min(width, height),
    )
    light = Image.new("L", picture.size)
    ImageDraw.Draw(light).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    halo = light.filter(ImageFilter.GaussianBlur(radius))
    picture.paste(Image.new("RGB", picture.size, _colour(hue + 0.1, 0.15, 1.0)), mask=halo)
    picture.paste(Image.new("RGB", picture.size, _colour(hue + 0.1, 0.06, 1.0)), mask=light)


def _ridge(chance: random.Random, width: int, height: int, nearness: float) -> list[tuple[float, float]]:
    """The outline of one range of hills: a few waves, each half as high and twice as frequent."""
    base = height * (0.45 + 0.45 * nearness)
    waves = [(chance.uniform(0.6, 1.4) * 2**n, chance.uniform(0, math.tau), 0.5**n) for n in range(5)]
    outline: list[tuple[float, float]] = [(0, height)]
    for x in range(0, width + 4, 4):
        swell = sum(math.sin(x / width * math.tau * often + start) * high for often, start, high in waves)
        outline.append((x, base - swell * height * 0.09))
    return [*outline, (width, height)]


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
