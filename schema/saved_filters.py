"""What a saved search looks for, read back: the words of the input `ImageFilter`, each of its own type."""

from datetime import datetime

import strawberry
from strawberry import field

from domain import findings
from domain.findings import Period, Span
from schema import image_filters
from schema.image_filters import ImageShape, ImageWhose
from schema.scalars import Colour, Long

_SAID = {
    each.python_name: each.description
    for each in image_filters.ImageFilter.__strawberry_definition__.fields  # type: ignore[attr-defined]
}


@strawberry.type(description="Whole numbers between two bounds, both included.")
class LongSpan:
    least: Long | None = field(description="The least; null: no bound.")
    most: Long | None = field(description="The most; null: no bound.")


@strawberry.type(description="Numbers between two bounds, both included.")
class FloatSpan:
    least: float | None = field(description="The least; null: no bound.")
    most: float | None = field(description="The most; null: no bound.")


@strawberry.type(description="A stretch of time.")
class TimeSpan:
    since: datetime | None = field(description="From this moment on; null: no bound.")
    until: datetime | None = field(description="Before this moment; null: no bound.")


@strawberry.type(
    description="What a saved search looks for. Every part narrows what the others find, null nothing."
)
class SavedFilter:
    text: str | None = field(description=_SAID["text"])
    tags: list[str] | None = field(description=_SAID["tags"])
    any_tags: list[str] | None = field(description=_SAID["any_tags"])
    is_tagged: bool | None = field(description=_SAID["is_tagged"])
    colours: list[Colour] | None = field(description=_SAID["colours"])
    colour_reach: float | None = field(description=_SAID["colour_reach"])
    formats: list[str] | None = field(description=_SAID["formats"])
    width: LongSpan | None = field(description=_SAID["width"])
    height: LongSpan | None = field(description=_SAID["height"])
    pixels: LongSpan | None = field(description=_SAID["pixels"])
    size_bytes: LongSpan | None = field(description=_SAID["size_bytes"])
    shapes: list[ImageShape] | None = field(description=_SAID["shapes"])
    aspect: FloatSpan | None = field(description=_SAID["aspect"])
    has_alpha: bool | None = field(description=_SAID["has_alpha"])
    is_animated: bool | None = field(description=_SAID["is_animated"])
    added: TimeSpan | None = field(description=_SAID["added"])
    taken: TimeSpan | None = field(description=_SAID["taken"])
    boards: list[strawberry.ID] | None = field(description=_SAID["boards"])
    placed: bool | None = field(description=_SAID["placed"])
    owners: list[strawberry.ID] | None = field(description=_SAID["owners"])
    whose: ImageWhose | None = field(description=_SAID["whose"])


def saved_filter_of(wanted: findings.ImageFilter) -> SavedFilter:
    return SavedFilter(
        text=wanted.text,
        tags=wanted.tags,
        any_tags=wanted.any_tags,
        is_tagged=wanted.is_tagged,
        colours=None if wanted.colours is None else [Colour(each) for each in wanted.colours],
        colour_reach=wanted.colour_reach,
        formats=wanted.formats,
        width=_longs(wanted.width),
        height=_longs(wanted.height),
        pixels=_longs(wanted.pixels),
        size_bytes=_longs(wanted.size_bytes),
        shapes=None if wanted.shapes is None else [ImageShape[each.name] for each in wanted.shapes],
        aspect=None
        if wanted.aspect is None
        else FloatSpan(least=wanted.aspect.least, most=wanted.aspect.most),
        has_alpha=wanted.has_alpha,
        is_animated=wanted.is_animated,
        added=_period(wanted.added),
        taken=_period(wanted.taken),
        boards=None if wanted.boards is None else [strawberry.ID(str(each)) for each in wanted.boards],
        placed=wanted.placed,
        owners=None if wanted.owners is None else [strawberry.ID(str(each)) for each in wanted.owners],
        whose=None if wanted.whose is None else ImageWhose[wanted.whose.name],
    )


def _longs(span: Span | None) -> LongSpan | None:
    return None if span is None else LongSpan(least=_long(span.least), most=_long(span.most))


def _long(bound: float | None) -> Long | None:
    return None if bound is None else Long(int(bound))


def _period(period: Period | None) -> TimeSpan | None:
    return None if period is None else TimeSpan(since=period.since, until=period.until)
