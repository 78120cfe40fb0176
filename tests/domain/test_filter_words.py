"""Filters in words: what was written is what is read, by the names that the schema has."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from domain import filter_words
from domain.errors import BadInput
from domain.findings import EVERYTHING, ImageFilter, ImageShape, Period, Span, Whose
from schema import image_filters

FULL = ImageFilter(
    text="a b",
    tags=["x"],
    any_tags=["y"],
    is_tagged=True,
    colours=["#102030"],
    colour_reach=0.2,
    formats=["JPEG"],
    width=Span(1, 2),
    height=Span(least=3),
    pixels=Span(most=4),
    size_bytes=Span(5, 6),
    shapes=[ImageShape.SQUARE],
    aspect=Span(0.5, 1.5),
    has_alpha=False,
    is_animated=True,
    added=Period(since=datetime(2026, 1, 2, tzinfo=UTC)),
    taken=Period(until=datetime(2026, 1, 2, tzinfo=UTC)),
    boards=[uuid4()],
    placed=False,
    owners=[uuid4()],
    whose=Whose.ALL,
)


@pytest.mark.parametrize("wanted", [EVERYTHING, FULL, ImageFilter(size_bytes=Span(least=1.5))])
def test_what_was_written_is_read(wanted: ImageFilter) -> None:
    assert filter_words.filter_of(filter_words.words_of(wanted)) == wanted


def test_the_names_are_those_of_the_schema() -> None:
    names = {
        each.name or each.python_name
        for each in image_filters.ImageFilter.__strawberry_definition__.fields  # type: ignore[attr-defined]
    }
    camel = {filter_words._camel(name) for name in names}
    assert msgspec.json.decode(filter_words.words_of(FULL)).keys() == camel


@pytest.mark.parametrize(
    "words", ["", "null", "[1]", '{"anything": 1}', '{"width": {"least": "x"}}', '{"text']
)
def test_what_is_no_filter_is_refused(words: str) -> None:
    with pytest.raises(BadInput):
        filter_words.filter_of(words)
