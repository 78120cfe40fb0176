"""The bounds of an item's values: everything a client sends passes here before it becomes an operation."""

import math
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import UNSET

from domain.entries import good_colour, good_tags, good_text, require_distinct, require_few
from domain.errors import BadInput, LimitExceeded
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    NoteContent,
    Placement,
    Rank,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from domain.ordering import LONGEST_RANK, is_rank

FARTHEST = 1e9
SMALLEST_SCALE, LARGEST_SCALE = 1e-4, 1e4
LONGEST_TEXT = 20_000
LONGEST_NAME = 200
LARGEST_FONT = 10_000.0
LARGEST_FACTOR = 4.0
LONGEST_LINK = 2_000
LINKS = ("http", "https", "mailto")
MOST_POINTS = 5_000
SMALLEST_CROP = 1e-4
MOST_IDS = 5_000


def number(value: float, field: str, least: float, most: float) -> float:
    """A finite number within bounds, as a float, with no negative zero."""
    if not math.isfinite(value) or not least <= value <= most:
        raise BadInput(f"{field} must be a number from {least:g} to {most:g}.", field=field)
    return float(value) + 0.0


def degrees(value: float, field: str) -> float:
    """An angle turned into [0, 360)."""
    turned = number(value, field, -FARTHEST, FARTHEST) % 360.0
    return 0.0 if turned == 360.0 else turned


def rank(value: str, field: str) -> str:
    if len(value) > LONGEST_RANK or not is_rank(value):
        raise BadInput(f"{field} is no fractional index (such as a0 or a0V).", field=field)
    return value


def side(value: float, field: str) -> float:
    """A width or height in board units."""
    return number(value, field, 1e-3, FARTHEST)


def transform(value: Transform, field: str = "transform") -> Transform:
    x, y, scale, rotation = value.x, value.y, value.scale, value.rotation
    if (  # the usual, looked at once: five hundred places are written in one move
        -FARTHEST <= x <= FARTHEST
        and -FARTHEST <= y <= FARTHEST
        and SMALLEST_SCALE <= scale <= LARGEST_SCALE
        and 0.0 <= rotation < 360.0
    ):
        return Transform(x + 0.0, y + 0.0, scale + 0.0, rotation + 0.0, value.flip_x, value.flip_y)
    return Transform(
        x=number(value.x, f"{field}.x", -FARTHEST, FARTHEST),
        y=number(value.y, f"{field}.y", -FARTHEST, FARTHEST),
        scale=number(value.scale, f"{field}.scale", SMALLEST_SCALE, LARGEST_SCALE),
        rotation=degrees(value.rotation, f"{field}.rotation"),
        flip_x=value.flip_x,
        flip_y=value.flip_y,
    )


def style(value: Style, field: str = "style") -> Style:
    return Style(
        opacity=number(value.opacity, f"{field}.opacity", 0.0, 1.0),
        grayscale=value.grayscale,
        brightness=factor(value.brightness, f"{field}.brightness"),
        contrast=factor(value.contrast, f"{field}.contrast"),
        saturation=factor(value.saturation, f"{field}.saturation"),
        sampling=value.sampling,
        locked=value.locked,
        hidden=value.hidden,
        name=good_text(value.name, f"{field}.name", LONGEST_NAME),
        tags=good_tags(value.tags, f"{field}.tags"),
        link=link(value.link, f"{field}.link"),
    )


def factor(value: float, field: str) -> float:
    return number(value, field, 0.0, LARGEST_FACTOR)


def link(value: str, field: str) -> str:
    """An address that a browser may open, trimmed; empty: none."""
    address = good_text(value.strip(), field, LONGEST_LINK)
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in LINKS or not (parts.netloc or parts.path) or not address.isprintable():
        raise BadInput(
            f"{field} must be an address that begins with https://, http:// or mailto:.", field=field
        )
    return address


def note(value: NoteContent, field: str = "note") -> NoteContent:
    return NoteContent(
        text=good_text(value.text, f"{field}.text", LONGEST_TEXT),
        font_size=number(value.font_size, f"{field}.fontSize", 1.0, LARGEST_FONT),
        colour=good_colour(value.colour, f"{field}.colour"),
        background=None if value.background is None else good_colour(value.background, f"{field}.background"),
    )


def crop(value: Crop, field: str = "crop") -> Crop | None:
    """None for what shows the whole picture."""
    sides = [
        number(side, f"{field}.{name}", 0.0, 1.0)
        for name, side in (
            ("left", value.left),
            ("top", value.top),
            ("right", value.right),
            ("bottom", value.bottom),
        )
    ]
    left, top, right, bottom = sides
    if right - left < SMALLEST_CROP or bottom - top < SMALLEST_CROP:
        raise BadInput(
            f"{field} leaves nothing of the picture: left < right and top < bottom, each from 0 to 1.",
            field=field,
        )
    return None if sides == [0.0, 0.0, 1.0, 1.0] else Crop(left, top, right, bottom)


def drawing(value: DrawingContent, field: str = "drawing") -> DrawingContent:
    return DrawingContent(
        shape=value.shape,
        points=_points(value, field),
        pressures=_pressures(value, field),
        stroke=good_colour(value.stroke, f"{field}.stroke"),
        stroke_width=number(value.stroke_width, f"{field}.strokeWidth", 0.01, 10_000.0),
        fill=None if value.fill is None else good_colour(value.fill, f"{field}.fill"),
    )


def _points(value: DrawingContent, field: str) -> list[tuple[float, float]]:
    least = {Shape.PEN: 1, Shape.LINE: 2, Shape.ARROW: 2}.get(value.shape, 0)
    count = len(value.points)
    if count > MOST_POINTS:
        raise LimitExceeded(
            f"{field}.points has {count} points; at most {MOST_POINTS} are kept: simplify the stroke.",
            field=f"{field}.points",
            limit=MOST_POINTS,
        )
    if count < least:
        raise BadInput(f"{field}.points needs at least {least} for a {value.shape}.", field=f"{field}.points")
    if not least and count:
        raise BadInput(
            f"{field}.points must be empty: a {value.shape} fills its box.", field=f"{field}.points"
        )
    return [
        (
            number(x, f"{field}.points", -FARTHEST, FARTHEST),
            number(y, f"{field}.points", -FARTHEST, FARTHEST),
        )
        for x, y in value.points
    ]


def _pressures(value: DrawingContent, field: str) -> list[float]:
    if value.pressures and len(value.pressures) != len(value.points):
        raise BadInput(
            f"{field}.pressures needs one for each of the {len(value.points)} points, or none at all.",
            field=f"{field}.pressures",
        )
    return [number(pressure, f"{field}.pressures", 0.0, 1.0) for pressure in value.pressures]


def frame(value: FrameContent, field: str = "frame") -> FrameContent:
    background = value.background
    return FrameContent(None if background is None else good_colour(background, f"{field}.background"))


def placements(values: list[Placement], field: str = "items") -> list[Placement]:
    require_few(values, field)
    require_distinct((value.id for value in values), field)
    return [Placement(v.id, transform(v.transform, f"{field}.{n}.transform")) for n, v in enumerate(values)]


def patches(values: list[StylePatch], field: str = "items") -> list[StylePatch]:
    require_few(values, field)
    require_distinct((value.id for value in values), field)
    return [_patch(value, f"{field}.{n}") for n, value in enumerate(values)]


def _patch(value: StylePatch, field: str) -> StylePatch:
    if value == StylePatch(value.id):
        raise BadInput(f"{field} changes nothing: give at least one value.", field=field)
    opacity, name, tags, address = value.opacity, value.name, value.tags, value.link
    brightness, contrast, saturation = value.brightness, value.contrast, value.saturation
    return StylePatch(
        id=value.id,
        opacity=opacity if opacity is UNSET else number(opacity, f"{field}.opacity", 0.0, 1.0),
        grayscale=value.grayscale,
        brightness=brightness if brightness is UNSET else factor(brightness, f"{field}.brightness"),
        contrast=contrast if contrast is UNSET else factor(contrast, f"{field}.contrast"),
        saturation=saturation if saturation is UNSET else factor(saturation, f"{field}.saturation"),
        sampling=value.sampling,
        locked=value.locked,
        hidden=value.hidden,
        name=name if name is UNSET else good_text(name, f"{field}.name", LONGEST_NAME),
        tags=tags if tags is UNSET else good_tags(tags, f"{field}.tags"),
        link=address if address is UNSET else link(address, f"{field}.link"),
    )


def ranks(values: list[Rank], field: str = "items") -> list[Rank]:
    require_few(values, field)
    require_distinct((value.id for value in values), field)
    return [Rank(value.id, rank(value.z, f"{field}.{n}.z")) for n, value in enumerate(values)]


def item_ids(values: Sequence[UUID], field: str = "ids", most: int = MOST_IDS) -> list[UUID]:
    require_few(values, field, most)
    require_distinct(values, field)
    return list(values)
