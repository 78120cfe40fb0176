"""Forms as a stream: any cut of the bytes gives the same parts, and nothing is held whole."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BodyTooLarge
from api.multipart import BrokenForm, parts_of

FORM = (
    b'--line\r\nContent-Disposition: form-data; name="batch"\r\n\r\n0f0e\r\n'
    b'--line\r\nContent-Disposition: form-data; name="file"; filename="\xd0\xba%22.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
    b"\x89PNG\r\n--lin\r\n-\r\n"
    b"--line\r\nContent-Disposition: form-data; name=file; filename=two.png\r\n\r\n\r\n"
    b"--line--\r\n"
)
PARTS = [
    ("batch", None, b"0f0e"),
    ("file", 'к".png', b"\x89PNG\r\n--lin\r\n-"),
    ("file", "two.png", b""),
]


async def cut(form: bytes, at: list[int]) -> AsyncIterator[bytes]:
    edges = [0, *sorted(min(place, len(form)) for place in at), len(form)]
    for start, stop in pairwise(edges):
        if stop > start:
            yield form[start:stop]


async def read(form: bytes, at: list[int], boundary: str = "line") -> list[tuple[str, str | None, bytes]]:
    found = []
    async for part in parts_of(cut(form, at), boundary, most_bytes=10_000):
        found.append((part.name, part.filename, b"".join([piece async for piece in part.pieces()])))
    return found


@given(at=st.lists(st.integers(0, len(FORM)), max_size=12))
async def test_any_cut_gives_the_same_parts(at: list[int]) -> None:
    assert await read(FORM, at) == PARTS


async def test_a_part_that_is_not_read_is_skipped() -> None:
    names = [part.filename async for part in parts_of(cut(FORM, [40, 200]), "line", most_bytes=10_000)]
    assert names == [None, 'к".png', "two.png"]


@pytest.mark.parametrize("length", [0, 10, 60, 150, len(FORM) - 6])
async def test_a_form_that_ends_too_early_is_broken(length: int) -> None:
    with pytest.raises(BrokenForm):
        await read(FORM[:length], [])


@pytest.mark.parametrize(
    "form",
    [
        b"not a form at all",
        b"--line\r\n\r\nno headers\r\n--line--\r\n",
        b'--line\r\nContent-Disposition: form-data; filename="x"\r\n\r\nnameless\r\n--line--\r\n',
        b"--line\r\nX: " + b"y" * 20_000 + b"\r\n\r\n\r\n--line--\r\n",
        b"--line\r\n" + b"X: y\r\n" * 100 + b"\r\n\r\n--line--\r\n",
    ],
)
async def test_what_is_no_form_is_said_to_be_broken(form: bytes) -> None:
    with pytest.raises((BrokenForm, BodyTooLarge)):
        await read(form, [])


@pytest.mark.parametrize("boundary", ["", "é", "x" * 1000])
async def test_a_boundary_that_can_not_be_is_refused(boundary: str) -> None:
    with pytest.raises(BrokenForm):
        await read(FORM, [], boundary)


async def test_a_form_over_its_limit_is_refused_while_it_arrives() -> None:
    parts = parts_of(cut(FORM, [100]), "line", most_bytes=120)
    first = await anext(parts)
    assert first.name == "batch"
    with pytest.raises(BodyTooLarge):
        await anext(parts)
