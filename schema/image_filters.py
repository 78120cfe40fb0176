"""What pictures are asked for, as an input: the same words as `domain/findings.py` has."""

from datetime import datetime
from enum import Enum
from typing import TypeVar

import strawberry
from msgspec import structs
from strawberry import UNSET, enum_value, field

from domain import findings
from domain.findings import Period, Span
from schema.arguments import uuids_of
from schema.scalars import Colour, Long

Value = TypeVar("Value")


@strawberry.enum(description="Whose pictures are looked through.")
class ImageWhose(Enum):
    MINE = enum_value("MINE", description="The viewer's own library.")
    SHARED = enum_value("SHARED", description="Other people's, seen on boards that the viewer may read.")
    ALL = enum_value("ALL", description="Both.")


@strawberry.enum(description="The shape of a picture.")
class ImageShape(Enum):
    LANDSCAPE = enum_value("LANDSCAPE", description="Wider than high, and no square.")
    PORTRAIT = enum_value("PORTRAIT", description="Higher than wide, and no square.")
    SQUARE = enum_value("SQUARE", description="Sides that differ by at most a twentieth.")


@strawberry.enum(description="The order of pictures that were found.")
class ImageSort(Enum):
    NEWEST = enum_value("NEWEST", description="Uploaded last comes first.")
    OLDEST = enum_value("OLDEST", description="Uploaded first comes first.")
    TAKEN = enum_value("TAKEN", description="Taken last comes first; where that is unknown, uploaded.")
    NAME = enum_value("NAME", description="By file name, upper and lower case alike.")
    LARGEST = enum_value("LARGEST", description="The most bytes first.")
    SMALLEST = enum_value("SMALLEST", description="The fewest bytes first.")
    MOST_PIXELS = enum_value("MOST_PIXELS", description="The most pixels first.")
    COLOUR = enum_value(
        "COLOUR",
        description="The nearest to `filter.colours` first: how near the colour is, and how much of it.",
    )
    RELEVANCE = enum_value(
        "RELEVANCE", description="What fits `filter.text` best first: titles and tags before names."
    )


@strawberry.input(description="Whole numbers between two bounds, both included.")
class LongSpanInput:
    least: Long | None = field(default=UNSET, description="The least; null: no bound.")
    most: Long | None = field(default=UNSET, description="The most; null: no bound.")


@strawberry.input(description="Numbers between two bounds, both included.")
class FloatSpanInput:
    least: float | None = field(default=UNSET, description="The least; null: no bound.")
    most: float | None = field(default=UNSET, description="The most; null: no bound.")


@strawberry.input(description="A stretch of time.")
class PeriodInput:
    since: datetime | None = field(default=UNSET, description="From this moment on; null: no bound.")
    until: datetime | None = field(default=UNSET, description="Before this moment; null: no bound.")


@strawberry.input(
    description="What pictures are asked for. Every part narrows what the others find; one that is left out, "
    "null or an empty list narrows nothing."
)
class ImageFilter:
    text: str | None = field(
        default=UNSET,
        description="Up to 20 words: each begins a word of name, title or tags, or (from three letters on) "
        "is a part of name or title.",
    )
    tags: list[str] | None = field(default=UNSET, description="Tags that it has, all of them.")
    any_tags: list[str] | None = field(default=UNSET, description="Tags of which it has one or more.")
    is_tagged: bool | None = field(default=UNSET, description="Whether it has any tag at all.")
    colours: list[Colour] | None = field(
        default=UNSET, description="Colours, 1 to 4, all of which are among its chief ones."
    )
    colour_reach: float | None = field(
        default=UNSET,
        description="How far from a colour still counts as it: a distance in OKLab, where black is 1 from "
        "white; at most 0.3. null: 0.1.",
    )
    formats: list[str] | None = field(
        default=UNSET, description="Formats of the original such as JPEG, one of them."
    )
    width: LongSpanInput | None = field(default=UNSET, description="Its width in pixels.")
    height: LongSpanInput | None = field(default=UNSET, description="Its height in pixels.")
    pixels: LongSpanInput | None = field(default=UNSET, description="Its pixels in all, width times height.")
    size_bytes: LongSpanInput | None = field(default=UNSET, description="Size of the original in bytes.")
    shapes: list[ImageShape] | None = field(default=UNSET, description="Shapes, one of which it has.")
    aspect: FloatSpanInput | None = field(
        default=UNSET, description="Its width divided by its height: 1.78 is 16:9."
    )
    has_alpha: bool | None = field(default=UNSET, description="Whether it has transparency.")
    is_animated: bool | None = field(default=UNSET, description="Whether it has more than one frame.")
    added: PeriodInput | None = field(default=UNSET, description="When it was uploaded.")
    taken: PeriodInput | None = field(
        default=UNSET, description="When it was taken; pictures without that are then not found."
    )
    boards: list[strawberry.ID] | None = field(
        default=UNSET, description="Boards in use that the viewer may read; it lies on one of them."
    )
    placed: bool | None = field(
        default=UNSET, description="Whether it lies on any board in use that the viewer may read."
    )
    owners: list[strawberry.ID] | None = field(
        default=UNSET, description="Accounts, one of which uploaded it."
    )
    whose: ImageWhose | None = field(
        default=UNSET, description="null: MINE, or ALL where `boards` or `owners` are named."
    )


def filter_of(
    given: ImageFilter | None, search: str | None = None, tags: list[str] | None = None
) -> findings.ImageFilter:
    """search, tags: the arguments from before there was a filter, which narrow it too."""
    found = findings.EVERYTHING if given is None else _filter_of(given)
    text = " ".join(part for part in (found.text, search) if part)
    return structs.replace(found, text=text or None, tags=[*(found.tags or ()), *(tags or ())] or None)


def _filter_of(given: ImageFilter) -> findings.ImageFilter:
    return findings.ImageFilter(
        text=_set(given.text),
        tags=_set(given.tags),
        any_tags=_set(given.any_tags),
        is_tagged=_set(given.is_tagged),
        colours=list(given.colours) if given.colours else None,
        colour_reach=_set(given.colour_reach),
        formats=_set(given.formats),
        width=_span(given.width),
        height=_span(given.height),
        pixels=_span(given.pixels),
        size_bytes=_span(given.size_bytes),
        shapes=[findings.ImageShape[each.name] for each in given.shapes] if given.shapes else None,
        aspect=_span(given.aspect),
        has_alpha=_set(given.has_alpha),
        is_animated=_set(given.is_animated),
        added=_period(given.added),
        taken=_period(given.taken),
        boards=uuids_of(given.boards, "boards") if given.boards else None,
        placed=_set(given.placed),
        owners=uuids_of(given.owners, "owners") if given.owners else None,
        whose=findings.Whose[given.whose.name] if given.whose else None,
    )


def _set(value: Value | None) -> Value | None:
    return None if value is UNSET else value


def _span(given: LongSpanInput | FloatSpanInput | None) -> Span | None:
    return Span(_set(given.least), _set(given.most)) if given else None


def _period(given: PeriodInput | None) -> Period | None:
    return Period(_set(given.since), _set(given.until)) if given else None
