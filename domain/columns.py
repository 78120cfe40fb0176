"""Columns: how one fact of all the items of a page travels from PostgreSQL: as one value, not as a thousand.

An array has each of its values sent and read by itself. Numbers that are sent as bytes one behind the
other, and words in one text, cost PostgreSQL less and are read at less than half; where all are alike, as
most of what an item has by default, at nearly nothing.
"""

import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_ABSENT = b"\xff\xff\xff\xff"  # -1
_FLAGS = (False, True)


@dataclass(frozen=True)
class Form:
    """gather: the aggregate of a fact's SQL that sends the column. read: its values, one for each row."""

    gather: str
    read: Callable[[Any], Sequence[Any]]


def _numbers(code: str, size: int, sent: bytes) -> list[Any]:
    """code: of the module array, whose numbers have so many bytes; PostgreSQL sends the highest first."""
    count = len(sent) // size
    are_alike = sent == sent[:size] * count
    values = array(code, sent[:size] if are_alike else sent)
    if sys.byteorder == "little":
        values.byteswap()
    return values.tolist() * count if are_alike else values.tolist()


def _doubles(sent: bytes) -> Sequence[float]:
    return _numbers("d", 8, sent)


def _naturals(sent: bytes) -> Sequence[int | None]:
    values = _numbers("i", 4, sent)
    return [None if each < 0 else each for each in values] if _ABSENT in sent else values


def _flags(sent: bytes) -> Sequence[bool]:
    count = sent.count(1)
    if count in (0, len(sent)):
        return [count > 0] * len(sent)
    return [_FLAGS[each] for each in sent]


def _words(sent: str) -> list[Any]:
    count = sent.count(",") + 1
    first = sent.partition(",")[0]
    if len(sent) == count * (len(first) + 1) - 1 and sent == ",".join([first] * count):
        return [first] * count
    return sent.split(",")


def _maybe_words(sent: str) -> Sequence[str | None]:
    words = _words(sent)
    return [word or None for word in words] if "" in words else words


PLAIN = Form("array_agg({})", lambda column: column)
"""Of any type, with nulls."""
LISTED = Form("json_agg({})", orjson.loads)
"""Each value is an array itself."""
DOUBLES = Form("string_agg(float8send({}), '')", _doubles)
"""None is null."""
NATURALS = Form("string_agg(int4send(coalesce({}, -1)), '')", _naturals)
"""Integers from 0 on, and nulls."""
FLAGS = Form("string_agg(boolsend({}), '')", _flags)
"""Booleans; none is null."""
WORDS = Form("string_agg({}, ',')", _words)
"""Texts without a comma, such as ids and the names of kinds; none is empty or null."""
MAYBE_WORDS = Form("string_agg(coalesce({}, ''), ',')", _maybe_words)
"""Texts without a comma, and nulls; none is empty."""
