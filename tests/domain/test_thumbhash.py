"""The thumbhash: agrees with the published algorithm's own decoder."""

import math

import pytest
from PIL import Image

from domain import thumbhash
from tests import pictures


def average(digest: bytes) -> tuple[float, float, float, float]:
    """`thumbHashToAverageRGBA` of the specification."""
    header = int.from_bytes(digest[:3], "little")
    light, yellow, warm = (header & 63) / 63, (header >> 6 & 63) / 31.5 - 1, (header >> 12 & 63) / 31.5 - 1
    alpha = (digest[5] & 15) / 15 if header >> 23 else 1.0
    blue = light - 2 / 3 * yellow
    red = (3 * light - blue + warm) / 2
    return red, red - warm, blue, alpha


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 0), (255, 255, 255), (40, 120, 200)])
def test_the_mean_colour_survives(colour: tuple[int, int, int]) -> None:
    picture = Image.new("RGBA", (32, 20), (*colour, 255))
    *seen, alpha = average(thumbhash.encode(32, 20, picture.tobytes()))
    assert alpha == 1
    for level, wanted in zip(seen, colour, strict=True):
        assert abs(max(0.0, min(1.0, level)) - wanted / 255) < 0.07


def test_transparency_is_said() -> None:
    digest = thumbhash.encode(20, 20, Image.new("RGBA", (20, 20), (255, 0, 0, 128)).tobytes())
    assert digest[2] >> 7
    assert abs(average(digest)[3] - 0.5) < 0.05


def test_shape_and_length() -> None:
    wide = thumbhash.encode(48, 24, pictures.quadrants(48, 24).convert("RGBA").tobytes())
    tall = thumbhash.encode(24, 48, pictures.quadrants(24, 48).convert("RGBA").tobytes())
    assert wide[4] >> 7 == 1
    assert tall[4] >> 7 == 0
    assert wide[3] & 7 == tall[3] & 7 == 4
    assert len(wide) == len(tall) < 30


def test_one_pixel_and_strips() -> None:
    for width, height in ((1, 1), (100, 1), (1, 100)):
        digest = thumbhash.encode(width, height, b"\x10\x20\x30\xff" * width * height)
        assert not math.isnan(average(digest)[0])


def test_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="100 by 100"):
        thumbhash.encode(101, 1, bytes(404))
