"""Scalars: what goes out comes back the same, and what is none is refused in words."""

from datetime import UTC, datetime

import pytest

from schema import scalars


def test_a_moment_is_written_in_utc_with_milliseconds() -> None:
    assert scalars.moment_text(datetime(2026, 11, 20, 21, 0, 0, 123999, UTC)) == "2026-11-20T21:00:00.123Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T21:00:00Z", datetime(2026, 11, 20, 21, tzinfo=UTC)),
        ("2026-11-20t21:00:00.5z", datetime(2026, 11, 20, 21, 0, 0, 500000, UTC)),
        ("2026-11-20T23:00:00.123456789+02:00", datetime(2026, 11, 20, 21, 0, 0, 123456, UTC)),
    ],
)
def test_a_moment_is_read_with_any_offset(text: str, expected: datetime) -> None:
    assert scalars.moment(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2026-11-20", "2026-11-20T21:00:00", "2026-13-40T21:00:00Z", "0001-01-01T00:00:00+14:00", 5]
)
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="DateTime"):
        scalars.moment(text)


def test_colours_are_lower_case() -> None:
    assert scalars.colour("#A0B1C2") == "#a0b1c2"


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", None, 1])
def test_what_is_no_colour_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        scalars.colour(text)


@pytest.mark.parametrize("value", [0, -1, 2**53 - 1, -(2**53) + 1, 5.0])
def test_longs_are_whole_and_exact(value: float) -> None:
    assert scalars.long(value) == value


@pytest.mark.parametrize("value", [2**53, -(2**53), 1.5, True, "1", None, float("inf"), float("nan"), 1e300])
def test_what_is_no_long_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Long"):
        scalars.long(value)


def test_placeholders_travel_in_base64() -> None:
    assert scalars.thumbhash(scalars.thumbhash_text(bytes(range(25)))) == bytes(range(25))


def test_paths_start_with_a_slash() -> None:
    with pytest.raises(ValueError, match="slash"):
        scalars.path("https://elsewhere.example")
