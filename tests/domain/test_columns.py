"""Columns of a page come back as they were sent, whatever form they travel in."""

from typing import Any
from uuid import UUID

import pytest

from domain import columns
from domain.columns import Form
from domain.database import fetchval

IDS = [str(UUID(int=number)) for number in (3, 1, 2)]


@pytest.mark.parametrize(
    ("form", "kind", "values"),
    [
        (columns.PLAIN, "text", ["a, b", None, ""]),
        (columns.LISTED, "json", ['["a","b"]', "[]", "null"]),
        (columns.DOUBLES, "float8", [0.1, -0.0, 1e300]),
        (columns.DOUBLES, "float8", [1.0, 1.0, 1.0]),
        (columns.DOUBLES, "float8", [2.5]),
        (columns.NATURALS, "int4", [0, 2**31 - 1, 7]),
        (columns.NATURALS, "int4", [5, None, 5]),
        (columns.NATURALS, "int4", [None, None]),
        (columns.NATURALS, "int4", [0x00FFFFFF, 0x7F000000 | 0xFF]),
        (columns.FLAGS, "boolean", [True, False, True]),
        (columns.FLAGS, "boolean", [False, False]),
        (columns.FLAGS, "boolean", [True]),
        (columns.WORDS, "text", IDS),
        (columns.WORDS, "text", ["IMAGE", "IMAGE", "IMAGE"]),
        (columns.WORDS, "text", ["a", "ab", "a"]),
        (columns.WORDS, "text", ["ab", "a"]),
        (columns.MAYBE_WORDS, "text", [IDS[0], None, IDS[1]]),
        (columns.MAYBE_WORDS, "text", [None, IDS[0]]),
        (columns.MAYBE_WORDS, "text", [None, None]),
        (columns.MAYBE_WORDS, "text", [None]),
    ],
)
async def test_comes_back(database: str, form: Form, kind: str, values: list[Any]) -> None:
    gathered = form.gather.format(f"value::{kind}")
    sent = await fetchval(
        f"SELECT {gathered} FROM unnest($1::text[]) WITH ORDINALITY AS each (value, n)",
        [
            None if value is None else str(value).lower() if kind == "boolean" else str(value)
            for value in values
        ],
    )
    read = form.read(sent)
    expected = [["a", "b"], [], None] if kind == "json" else values
    assert list(read) == expected
    assert [type(each) for each in read] == [type(each) for each in expected]


@pytest.mark.parametrize(
    "form", [columns.PLAIN, columns.LISTED, columns.DOUBLES, columns.NATURALS, columns.FLAGS, columns.WORDS]
)
async def test_nothing_is_null(database: str, form: Form) -> None:
    kind = {columns.DOUBLES: "float8", columns.NATURALS: "int4", columns.FLAGS: "boolean"}.get(form, "text")
    gathered = form.gather.format(f"value::{kind}")
    assert await fetchval(f"SELECT {gathered} FROM unnest('{{}}'::text[]) AS value") is None
