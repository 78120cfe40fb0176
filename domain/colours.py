"""Colours as the eye compares them: OKLab, a picture's chief colours in it, and the cells they are found by.

OKLab is Björn Ottosson's: equal distances look equally large; black to white is 1. What is stored is whole
thousandths, so that PostgreSQL and Python agree to the last bit.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from msgspec import Struct

MOST_COLOURS = 6
REACH = 0.1
"""How far from the colour asked for a colour still counts as it, unless one says otherwise."""

FARTHEST_REACH = 0.3
WEIGHT_COUNTS = 5
"""How much a share of the picture counts against nearness: see `far_in_sql`."""

_GRAIN = 0.05
_MOST_GRAINS = 36
_ALIKE = 0.045
_LEAST_SHARE = 0.005
_CELL = 80
_CELLS = 32
_LINEAR = [
    value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in range(256)
]

Lab = tuple[float, float, float]
Thousandths = tuple[int, int, int]


class Swatch(Struct, frozen=True):
    """One of a picture's chief colours. at: its place in OKLab; weight: its share of what is visible."""

    colour: str
    at: Thousandths
    weight: int


def oklab(red: int, green: int, blue: int) -> Lab:
    """Of an sRGB colour of 0 to 255."""
    r, g, b = _LINEAR[red], _LINEAR[green], _LINEAR[blue]
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def srgb(lab: Lab) -> tuple[int, int, int]:
    """The nearest sRGB colour, each of its parts cut to what can be shown."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _shown(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _shown(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _shown(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _shown(linear: float) -> int:
    light = min(1.0, max(0.0, linear))
    return round(255 * (light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def thousandths(lab: Lab) -> Thousandths:
    return round(lab[0] * 1000), round(lab[1] * 1000), round(lab[2] * 1000)


def place_of(colour: str) -> Thousandths:
    """Of '#rrggbb'."""
    return thousandths(oklab(int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)))


def chief_colours(counted: Iterable[tuple[int, tuple[int, int, int]]]) -> list[Swatch]:
    """The colours that sum up so many pixels of each sRGB colour: at most six, the most frequent first.

    Pixels are gathered in small cubes of OKLab; then those two groups become one, again and again, whose
    union costs the least (Ward: a large group takes a near small one, an accent far from all others stays),
    until few are left and no two look alike.
    """
    groups = _grains(counted)
    total = sum(weight for weight, _ in groups)
    costs = {
        (one, other): _cost(groups[one], groups[other])
        for other in range(len(groups))
        for one in range(other)
    }
    present = dict(enumerate(groups))
    while costs:
        one, other = min(costs, key=lambda pair: (costs[pair], pair))
        if len(present) <= MOST_COLOURS and _distance(present[one][1], present[other][1]) > _ALIKE:
            near = _nearest(present)
            if near is None:
                break
            one, other = near
        joined = _joined(present.pop(one), present.pop(other))
        costs = {pair: cost for pair, cost in costs.items() if not {one, other} & set(pair)}
        name = max(one, other) + len(groups)
        costs |= {(each, name): _cost(group, joined) for each, group in present.items()}
        present[name] = joined
    found = [
        Swatch(
            "#{:02x}{:02x}{:02x}".format(*srgb(lab)), thousandths(lab), max(1, round(1000 * weight / total))
        )
        for weight, lab in present.values()
        if weight >= total * _LEAST_SHARE
    ]
    return sorted(found, key=lambda swatch: (-swatch.weight, swatch.colour))


_Group = tuple[float, Lab]


def _grains(counted: Iterable[tuple[int, tuple[int, int, int]]]) -> list[_Group]:
    """The heaviest cubes, each with the middle of what is in it."""
    cubes: dict[Thousandths, list[float]] = {}
    for count, (red, green, blue) in counted:
        lightness, a, b = oklab(red, green, blue)
        cube = (math.floor(lightness / _GRAIN), math.floor(a / _GRAIN), math.floor(b / _GRAIN))
        sums = cubes.setdefault(cube, [0.0, 0.0, 0.0, 0.0])
        for at, value in enumerate((1.0, lightness, a, b)):
            sums[at] += value * count
    heaviest = sorted(cubes.items(), key=lambda entry: (-entry[1][0], entry[0]))[:_MOST_GRAINS]
    return [(n, (lightness / n, a / n, b / n)) for _, (n, lightness, a, b) in heaviest]


def _distance(one: Lab, other: Lab) -> float:
    return math.dist(one, other)


def _cost(one: _Group, other: _Group) -> float:
    return one[0] * other[0] / (one[0] + other[0]) * math.dist(one[1], other[1]) ** 2


def _nearest(groups: dict[int, _Group]) -> tuple[int, int] | None:
    """Two that look alike; None: no two do."""
    pairs = [(a, b) for a in groups for b in groups if a < b]
    near = min(pairs, key=lambda pair: _distance(groups[pair[0]][1], groups[pair[1]][1]))
    return near if _distance(groups[near[0]][1], groups[near[1]][1]) <= _ALIKE else None


def _joined(one: _Group, other: _Group) -> _Group:
    weight = one[0] + other[0]
    middle = [(a * one[0] + b * other[0]) / weight for a, b in zip(one[1], other[1], strict=True)]
    return weight, (middle[0], middle[1], middle[2])


def flat(swatches: Sequence[Swatch]) -> list[int]:
    """As image.colours keeps them: lightness, a, b and weight of each, in thousandths."""
    return [value for swatch in swatches for value in (*swatch.at, swatch.weight)]


def cells_of(swatches: Sequence[Swatch]) -> list[int]:
    """As image.cells keeps them: the cubes of OKLab that the colours lie in."""
    return sorted({_cell(*(value // _CELL for value in swatch.at)) for swatch in swatches})


def cells_near(at: Thousandths, reach: int) -> list[int]:
    """Every cube that something within `reach` thousandths lies in."""
    spans = [range((value - reach) // _CELL, (value + reach) // _CELL + 1) for value in at]
    return sorted(_cell(*cube) for cube in product(*spans) if _touches(cube, at, reach))


def _cell(lightness: int, a: int, b: int) -> int:
    return ((lightness + _CELLS // 2) * _CELLS + a + _CELLS // 2) * _CELLS + b + _CELLS // 2


def _touches(cube: tuple[int, ...], at: Thousandths, reach: int) -> bool:
    """Whether the ball reaches into the cube at all."""
    away = (
        max(edge * _CELL - value, value - edge * _CELL - _CELL + 1, 0)
        for edge, value in zip(cube, at, strict=True)
    )
    return sum(distance * distance for distance in away) <= reach * reach


def far(colours: Sequence[int], at: Thousandths, reach: int) -> int | None:
    """How far a picture is from showing a colour: 0 is all of it. None: it does not show it.

    The square of the distance of the best of its colours within reach, and a little for each thousandth of
    the picture that this colour does not cover. colours: as `flat` has them.
    """
    found = [
        squared + WEIGHT_COUNTS * (1000 - weight)
        for lightness, a, b, weight in _fours(colours)
        if (squared := (lightness - at[0]) ** 2 + (a - at[1]) ** 2 + (b - at[2]) ** 2) <= reach * reach
    ]
    return min(found, default=None)


def _fours(values: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    for at in range(0, len(values), 4):
        yield values[at], values[at + 1], values[at + 2], values[at + 3]


def far_in_sql(column: str, at: Thousandths, reach: int) -> str:
    """`far` in SQL, of a column of type integer[]: NULL is None."""
    terms = []
    for first in range(1, 4 * MOST_COLOURS, 4):
        squared = " + ".join(
            f"({column}[{first + n}] - ({int(value)})) * ({column}[{first + n}] - ({int(value)}))"
            for n, value in enumerate(at)
        )
        share = f"{WEIGHT_COUNTS} * (1000 - {column}[{first + 3}])"
        terms.append(f"CASE WHEN {squared} <= {int(reach) ** 2} THEN {squared} + {share} END")
    return f"least({', '.join(terms)})"
