"""Random boards whose items are found on the canvas by their colours, and where the server says they lie."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from domain.geometry import Bounds, Point, bounds, bounds_of_all, point_of
from domain.operations import Transform
from tests.pictures import BLUE, GREEN, HEIGHT, RED, WIDTH, YELLOW

NOTE, PAPER, INK = (224, 48, 224), (32, 192, 192), (255, 255, 255)
CELL = 240
COLUMNS, ROWS = 4, 3
LEAST_PX = 8
STROKE = 20
"""Of lines: browsers paint thin ones a tenth of a pixel thicker at one end."""

Colour = tuple[int, int, int]
QUARTERS = ((RED, 0.0, 0.0), (GREEN, 0.5, 0.0), (BLUE, 0.0, 0.5), (YELLOW, 0.5, 0.5))


@dataclass(frozen=True)
class Patch:
    """A parallelogram of one colour, or a line: where its middle is, and how large it is, in board units.

    ends: of a line; covered_px: how much of each edge lies under a line around it.
    """

    colour: Colour
    middle: Point
    area: float
    edge: float
    ends: tuple[Point, Point] | None = None
    covered_px: float = 0.0


@dataclass(frozen=True)
class Scattered:
    """new: as addItems takes it. box: what of the board nothing else is in; patches: to be found there."""

    new: dict[str, Any]
    transform: Transform
    width: float
    height: float
    box: Bounds
    patches: list[Patch]


def scattered(seed: int, image_id: str) -> list[Scattered]:
    """A dozen items of every kind, turned, scaled, flipped and cropped; each in a cell of its own."""
    chance = random.Random(seed)
    spread = chance.uniform(0.6, 3.0)
    kinds = ["IMAGE", "IMAGE", "IMAGE", "IMAGE", "NOTE", "DRAWING", "DRAWING", "FRAME"]
    found = []
    for number in range(COLUMNS * ROWS):
        row, column = divmod(number, COLUMNS)
        transform = Transform(
            x=(column * CELL + chance.uniform(-8, 8)) * spread,
            y=(row * CELL + chance.uniform(-8, 8)) * spread,
            scale=chance.uniform(0.4, 1.0) * spread,
            rotation=chance.choice((0.0, 90.0, 180.0, 270.0, chance.uniform(0, 360))),
            flip_x=chance.random() < 0.5,
            flip_y=chance.random() < 0.5,
        )
        middle = Point(column * CELL * spread, row * CELL * spread)
        half = CELL / 2 * spread
        box = Bounds(middle.x - half, middle.y - half, middle.x + half, middle.y + half)
        found.append(_made(chance, kinds[number % len(kinds)], image_id, transform, box))
    return found


def _made(chance: random.Random, kind: str, image_id: str, transform: Transform, box: Bounds) -> Scattered:
    placed = {"x": transform.x, "y": transform.y, "scale": transform.scale, "rotation": transform.rotation}
    where = {**placed, "flipX": transform.flip_x, "flipY": transform.flip_y}
    new: dict[str, Any] = {"id": str(uuid4()), "transform": where}
    width, height = chance.uniform(90, 150), chance.uniform(90, 150)
    match kind:
        case "IMAGE":
            crop = _crop(chance)
            left, top, right, bottom = crop
            height = width * (bottom - top) * HEIGHT / ((right - left) * WIDTH)
            if height > 150:
                width, height = width * 150 / height, 150.0
            named = dict(zip(("left", "top", "right", "bottom"), crop, strict=True))
            new |= {"content": {"imageId": image_id}, "width": width, "crop": named}
            patches = list(_quarters(transform, width, height, crop))
        case "NOTE":
            note = {"text": "", "background": _named(NOTE), "width": width, "height": height}
            new |= {"content": {"note": note}}
            # Its corners are round.
            area = width * height - (4 - math.pi) * min(10, width / 8, height / 8) ** 2
            patches = [_whole(NOTE, transform, width, height, area)]
        case "FRAME":
            frame = {"background": _named(PAPER), "width": width, "height": height}
            new |= {"content": {"frame": frame}}
            patch = _whole(PAPER, transform, width, height, width * height)
            patches = [replace(patch, covered_px=0.5)]
        case _:
            width, height = chance.uniform(50, 110), chance.uniform(50, 110)
            length = math.hypot(width, height)
            drawing = {"shape": "LINE", "stroke": _named(INK), "strokeWidth": STROKE}
            points = [{"x": -width / 2, "y": -height / 2}, {"x": width / 2, "y": height / 2}]
            new |= {"content": {"drawing": {**drawing, "points": points}}}
            ends = (point_of(transform, width, height, 0, 0), point_of(transform, width, height, 1, 1))
            area = (length * STROKE + math.pi * (STROKE / 2) ** 2) * transform.scale**2
            edge = 2 * length * transform.scale
            patches = [Patch(INK, point_of(transform, width, height, 0.5, 0.5), area, edge, ends)]
            width, height = width + STROKE, height + STROKE
    return Scattered(new, transform, width, height, box, patches)


def _crop(chance: random.Random) -> tuple[float, float, float, float]:
    if chance.random() < 0.4:
        return 0.0, 0.0, 1.0, 1.0
    return chance.uniform(0, 0.4), chance.uniform(0, 0.4), chance.uniform(0.6, 1), chance.uniform(0.6, 1)


def _quarters(
    transform: Transform, width: float, height: float, crop: tuple[float, float, float, float]
) -> Iterator[Patch]:
    """What is seen of the four colours of `pictures.quadrants`."""
    left, top, right, bottom = crop
    for colour, x, y in QUARTERS:
        from_x, to_x = max(left, x), min(right, x + 0.5)
        from_y, to_y = max(top, y), min(bottom, y + 0.5)
        across = ((from_x - left) / (right - left), (to_x - left) / (right - left))
        down = ((from_y - top) / (bottom - top), (to_y - top) / (bottom - top))
        size = (across[1] - across[0]) * width, (down[1] - down[0]) * height
        if min(size) < LEAST_PX:
            continue
        middle = point_of(transform, width, height, sum(across) / 2, sum(down) / 2)
        edge = 2 * sum(size) * transform.scale
        yield Patch(colour, middle, size[0] * size[1] * transform.scale**2, edge)


def _whole(colour: Colour, transform: Transform, width: float, height: float, area: float) -> Patch:
    middle = point_of(transform, width, height, 0.5, 0.5)
    return Patch(colour, middle, area * transform.scale**2, 2 * (width + height) * transform.scale)


def _named(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@dataclass(frozen=True)
class Camera:
    """As web/src/lib/geometry/camera.ts has it: the board point at the screen's corner, and pixels a unit."""

    x: float
    y: float
    zoom: float

    def seen(self, point: Point) -> tuple[float, float]:
        return (point.x - self.x) * self.zoom, (point.y - self.y) * self.zoom


def camera_for(items: list[Scattered], width: int, height: int) -> Camera:
    """The first look at a board: all of it, never enlarged."""
    around = bounds_of_all([bounds(item.transform, item.width, item.height) for item in items])
    assert around is not None
    room = min(64, width / 12, height / 12) * 2
    zoom = min((width - room) / around.width, (height - room) / around.height, 1)
    middle = Point((around.left + around.right) / 2, (around.top + around.bottom) / 2)
    return Camera(middle.x - width / 2 / zoom, middle.y - height / 2 / zoom, zoom)
