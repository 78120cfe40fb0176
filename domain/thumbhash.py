"""Thumbhash: a blurred picture in about 25 bytes, shown while the real one is on its way.

After the public specification of Evan Wallace, https://evanw.github.io/thumbhash/.
"""

from collections.abc import Sequence
from math import cos, floor, pi

Channel = Sequence[float]
Encoded = tuple[float, list[float], float]

LARGEST_SIDE_PX = 100


def encode(width: int, height: int, rgba: bytes) -> bytes:
    """rgba: straight alpha, four bytes a pixel, at most 100 × 100 pixels."""
    if max(width, height) > LARGEST_SIDE_PX or len(rgba) != width * height * 4:
        raise ValueError("a thumbhash is made from at most 100 by 100 RGBA pixels")
    alpha = [value / 255 for value in rgba[3::4]]
    total = sum(alpha)
    bands = [rgba[band::4] for band in range(3)]
    means = [
        sum(a * value for a, value in zip(alpha, band, strict=True)) / 255 / total if total else 0.0
        for band in bands
    ]
    red, green, blue = (
        [mean * (1 - a) + a * value / 255 for a, value in zip(alpha, band, strict=True)]
        for mean, band in zip(means, bands, strict=True)
    )
    has_alpha = total < width * height - 1e-6
    most = 5 if has_alpha else 7
    longest = max(width, height)
    across = max(1, _round(most * width / longest))
    down = max(1, _round(most * height / longest))
    lightness = [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)]
    yellow = [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)]
    warmth = [r - g for r, g in zip(red, green, strict=True)]
    l_dc, l_ac, l_scale = _transform(lightness, width, height, max(3, across), max(3, down))
    p_dc, p_ac, p_scale = _transform(yellow, width, height, 3, 3)
    q_dc, q_ac, q_scale = _transform(warmth, width, height, 3, 3)
    landscape = width > height
    header = (
        _round(63 * l_dc)
        | _round(31.5 + 31.5 * p_dc) << 6
        | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
        | has_alpha << 23
    )
    shape = (
        (down if landscape else across)
        | _round(63 * p_scale) << 3
        | _round(63 * q_scale) << 9
        | landscape << 15
    )
    start = header.to_bytes(3, "little") + shape.to_bytes(2, "little")
    factors = l_ac + p_ac + q_ac
    if has_alpha:
        a_dc, a_ac, a_scale = _transform(alpha, width, height, 5, 5)
        start += bytes([_round(15 * a_dc) | _round(15 * a_scale) << 4])
        factors += a_ac
    nibbles = [_round(15 * factor) for factor in factors]
    nibbles += [0] * (len(nibbles) % 2)
    return start + bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def _transform(channel: Channel, width: int, height: int, nx: int, ny: int) -> Encoded:
    """The low frequencies of a cosine transform: the mean, the rest scaled to 0…1, and the scale."""
    waves_x = [[cos(pi / width * cx * (x + 0.5)) for x in range(width)] for cx in range(nx)]
    waves_y = [[cos(pi / height * cy * (y + 0.5)) for y in range(height)] for cy in range(ny)]
    rows = [channel[y * width : (y + 1) * width] for y in range(height)]
    across = [[sum(map(float.__mul__, row, wave)) for row in rows] for wave in waves_x]
    mean, factors = 0.0, []
    for cy in range(ny):
        for cx in range(nx):
            if cx * ny >= nx * (ny - cy):
                break
            factor = sum(map(float.__mul__, across[cx], waves_y[cy])) / (width * height)
            if cx or cy:
                factors.append(factor)
            else:
                mean = factor
    scale = max((abs(factor) for factor in factors), default=0.0)
    if scale:
        factors = [0.5 + 0.5 / scale * factor for factor in factors]
    return mean, factors, scale


def _round(value: float) -> int:
    return floor(value + 0.5)
