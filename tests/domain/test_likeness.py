"""Colours and likeness: what the eye takes for one is near, what it tells apart is far."""

import asyncio
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from domain import colours, darkroom, likeness, looks
from domain.colours import MOST_COLOURS, Swatch, chief_colours
from domain.decoding import Inspection
from tests.domain.test_corpus import CORPUS, MISSING


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


BYTES = st.integers(0, 255)
PLACES = st.tuples(BYTES, BYTES, BYTES).map(lambda rgb: colours.thousandths(colours.oklab(*rgb)))
BITS = st.integers(0, 2**64 - 1)


@given(BYTES, BYTES, BYTES)
def test_a_colour_comes_back_from_oklab(red: int, green: int, blue: int) -> None:
    assert colours.srgb(colours.oklab(red, green, blue)) == (red, green, blue)


def test_black_and_white_are_one_apart_and_grey_has_no_colour() -> None:
    assert colours.place_of("#000000") == (0, 0, 0)
    assert colours.place_of("#ffffff") == (1000, 0, 0)
    assert colours.place_of("#808080")[1:] == (0, 0)


@given(PLACES, PLACES, st.integers(1, 300))
def test_what_is_within_reach_lies_in_a_cell_that_is_looked_through(
    one: colours.Thousandths, other: colours.Thousandths, reach: int
) -> None:
    swatch = Swatch("#000000", other, 1000)
    if colours.far(colours.flat([swatch]), one, reach) is not None:
        assert set(colours.cells_of([swatch])) <= set(colours.cells_near(one, reach))


@given(st.lists(st.tuples(st.integers(1, 5_000), st.tuples(BYTES, BYTES, BYTES)), max_size=40))
def test_a_palette_is_small_the_most_frequent_first_and_always_the_same(
    counted: list[tuple[int, tuple[int, int, int]]],
) -> None:
    found = chief_colours(counted)
    assert found == chief_colours(counted)
    assert bool(found) is bool(counted)
    assert len(found) <= MOST_COLOURS
    weights = [swatch.weight for swatch in found]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1000 + len(weights)
    for swatch in found:  # what is written is what is compared, within what eight bits can say
        assert math.dist(swatch.at, colours.place_of(swatch.colour)) < 30


def test_a_palette_keeps_a_small_accent_and_joins_shades() -> None:
    shades = [(1_000, (40 + n, 42 + n, 48 + n)) for n in range(8)]
    found = chief_colours([*shades, (200, (230, 30, 30)), (8_000, (250, 250, 250))])
    assert [swatch.weight for swatch in found] == [494, 494, 12]
    assert found[2].colour == "#e61e1e"


def test_transparent_pixels_say_nothing_about_colour() -> None:
    picture = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
    assert looks.swatches(picture) == []
    ImageDraw.Draw(picture).rectangle((0, 0, 9, 9), fill=(255, 0, 0, 255))
    assert [(swatch.colour, swatch.weight) for swatch in looks.swatches(picture)] == [("#ff0000", 1000)]


@given(BITS, st.sets(st.integers(0, 63), max_size=likeness.NEAR))
def test_fingerprints_that_are_near_share_a_band(bits: int, flipped: set[int]) -> None:
    other = bits
    for bit in flipped:
        other ^= 1 << bit
    bands = {band << 16 | (other >> 16 * band & 65535) for band in range(4)}
    assert bands & set(likeness.bands_near(bits))
    assert bands & set(likeness.bands_near(likeness.signed(bits)))
    assert likeness.distance(likeness.signed(bits), likeness.signed(other)) == len(flipped)


def seen(picture: Image.Image) -> tuple[int, bytes, float]:
    return looks.fingerprint(picture), looks.sketched(picture), picture.width / picture.height


def are_found(one: tuple[int, bytes, float], other: tuple[int, bytes, float]) -> bool:
    near = likeness.distance(one[0], other[0]) <= likeness.NEAR
    return near and likeness.are_twins(one[1], other[1], one[2], other[2])


async def looked_at(name: str) -> Inspection:
    return await darkroom.inspect(CORPUS / "good" / name)


@MISSING
async def test_the_family_of_one_photo_is_found_and_nothing_else_is() -> None:
    family = ["copy.jpg", "comment.jpg", "requality.jpg", "resized.webp", "crop.jpg", "bright.jpg"]
    names = ["dup-a.jpg", *(f"dup-a-{name}" for name in family)]
    strange = ["dup-a-mirror.jpg", "other-1.jpg", "other-2.jpg"]
    found = dict(
        zip([*names, *strange], await asyncio.gather(*map(looked_at, [*names, *strange])), strict=True)
    )
    kept = {name: (each.fingerprint, each.sketch, each.width / each.height) for name, each in found.items()}
    first = kept["dup-a.jpg"]
    assert [name for name, other in kept.items() if are_found(first, other)] == names
    for name in ("dup-a-requality.jpg", "dup-a-resized.webp", "dup-a-comment.jpg"):
        assert likeness.distance(first[0], kept[name][0]) <= 4
    for name in ("other-1.jpg", "other-2.jpg"):
        assert likeness.distance(first[0], kept[name][0]) > 2 * likeness.NEAR


def test_what_only_looks_near_to_the_fingerprint_is_told_apart() -> None:
    ramp = Image.linear_gradient("L").rotate(37).resize((300, 200))
    coloured = ImageOps.colorize(ramp, (20, 30, 90), (250, 220, 160))
    grey = ImageOps.grayscale(coloured).convert("RGB")
    assert likeness.distance(seen(coloured)[0], seen(grey)[0]) <= 4
    assert not are_found(seen(coloured), seen(grey))
    assert are_found(seen(coloured), seen(ImageEnhance.Brightness(coloured).enhance(0.9)))
    assert not are_found(seen(coloured), seen(coloured.resize((300, 150))))
    red, blue = Image.new("RGB", (90, 60), (200, 0, 0)), Image.new("RGB", (90, 60), (0, 0, 200))
    assert likeness.distance(seen(red)[0], seen(blue)[0]) == 0
    assert not are_found(seen(red), seen(blue))
    assert are_found(seen(red), seen(red.resize((45, 30))))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_likeness_is_one_of_the_same_and_falls_from_there(mode: str) -> None:
    picture = Image.linear_gradient("L").resize((64, 48)).convert(mode)
    turned = ImageOps.flip(picture)
    one, other = seen(picture)[:2], seen(turned)[:2]
    assert likeness.likeness(one, one) == 1
    assert 0 <= likeness.likeness(one, other) == likeness.likeness(other, one) < 0.8
    assert len(one[1]) == likeness.SKETCH_BYTES
