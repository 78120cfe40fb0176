"""The bounds of an item's values: everything a client sends passes here before it becomes an operation."""

import math
from uuid import UUID

from msgspec import UNSET

from domain.entries import good_colour, good_text, require_distinct, require_few
from domain.errors import BadInput
from domain.operations import NoteContent, NoteEdit, Placement, Rank, Style, StylePatch, Transform
from domain.ordering import LONGEST_RANK, is_rank

FARTHEST = 1e9
SMALLEST_SCALE, LARGEST_SCALE = 1e-4, 1e4
LONGEST_TEXT = 20_000
LONGEST_NAME = 200
LARGEST_FONT = 10_000.0


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
        locked=value.locked,
        hidden=value.hidden,
        name=good_text(value.name, f"{field}.name", LONGEST_NAME),
    )


def note(value: NoteContent, field: str = "note") -> NoteContent:
    return NoteContent(
        text=good_text(value.text, f"{field}.text", LONGEST_TEXT),
        font_size=number(value.font_size, f"{field}.fontSize", 1.0, LARGEST_FONT),
        colour=good_colour(value.colour, f"{field}.colour"),
        background=None if value.background is None else good_colour(value.background, f"{field}.background"),
    )


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
    opacity = value.opacity
    name = value.name
    return StylePatch(
        id=value.id,
        opacity=opacity if opacity is UNSET else number(opacity, f"{field}.opacity", 0.0, 1.0),
        grayscale=value.grayscale,
        locked=value.locked,
        hidden=value.hidden,
        name=name if name is UNSET else good_text(name, f"{field}.name", LONGEST_NAME),
    )


def ranks(values: list[Rank], field: str = "items") -> list[Rank]:
    require_few(values, field)
    require_distinct((value.id for value in values), field)
    return [Rank(value.id, rank(value.z, f"{field}.{n}.z")) for n, value in enumerate(values)]


def note_edits(values: list[NoteEdit], field: str = "items") -> list[NoteEdit]:
    require_few(values, field)
    require_distinct((value.id for value in values), field)
    return [
        NoteEdit(
            value.id,
            note(value.note, f"{field}.{n}.note"),
            side(value.width, f"{field}.{n}.note.width"),
            side(value.height, f"{field}.{n}.note.height"),
        )
        for n, value in enumerate(values)
    ]


def item_ids(values: list[UUID], field: str = "ids") -> list[UUID]:
    require_few(values, field)
    require_distinct(values, field)
    return values
