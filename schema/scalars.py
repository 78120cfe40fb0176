"""Scalars: how moments, colours, big numbers, paths and placeholders are written in JSON."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

LARGEST_LONG = 2**53 - 1
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

Colour = NewType("Colour", str)
Thumbhash = NewType("Thumbhash", bytes)
Path = NewType("Path", str)
Long = NewType("Long", int)


def moment_text(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(value: object) -> datetime:
    if not isinstance(value, str) or MOMENT.fullmatch(value) is None:
        raise ValueError("A DateTime is written as RFC 3339 with an offset, e.g. 2026-11-20T21:00:00.000Z.")
    # Python keeps microseconds: finer digits are cut, as the column would.
    text = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("This DateTime does not exist in the calendar.") from error


def colour(value: object) -> str:
    if not isinstance(value, str) or COLOUR.fullmatch(value) is None:
        raise ValueError("A Colour is written #rrggbb, e.g. #0090ff.")
    return value.lower()


def thumbhash_text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def thumbhash(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("A Thumbhash is written in base64.") from error


def path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError("A Path starts with a slash.")
    return value


def long(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("A Long is a whole number.")
    if not abs(value) <= LARGEST_LONG:
        raise ValueError(f"A Long lies between -{LARGEST_LONG} and {LARGEST_LONG}.")
    if value != int(value):
        raise ValueError("A Long is a whole number.")
    return int(value)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC: RFC 3339 with milliseconds, e.g. `2026-11-20T21:00:00.000Z`. "
        "Any offset is understood on the way in.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=moment_text,
        parse_value=moment,
    ),
    Colour: strawberry.scalar(
        name="Colour",
        description="An opaque sRGB colour as `#rrggbb`, in lower case on the way out.",
        specified_by_url="https://www.w3.org/TR/css-color-4/#hex-notation",
        serialize=str,
        parse_value=colour,
    ),
    Thumbhash: strawberry.scalar(
        name="Thumbhash",
        description="A blurred miniature in about 25 bytes, base64: draw it until a rendition has loaded.",
        specified_by_url="https://evanw.github.io/thumbhash/",
        serialize=thumbhash_text,
        parse_value=thumbhash,
    ),
    Path: strawberry.scalar(
        name="Path",
        description="A path on this server, starting with a slash: append it to the server's origin. "
        "Reading it needs the same session or token as the query.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986#section-4.2",
        serialize=str,
        parse_value=path,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number up to 2^53-1 (sequence numbers, bytes): exact in JSON and JavaScript.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=long,
    ),
}
