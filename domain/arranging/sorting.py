"""The orders in which units are laid out: by name, size, date, colour, at random, or as they lie."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from msgspec import Struct

from domain.arranging.units import Unit, extent, on_grid
from domain.geometry import Bounds, centre

LEAST_CHROMA = 32
_WORD = 0xFFFFFFFF


class Order(StrEnum):
    """Names count their digits; largest first; oldest first; greys, then hues; by seed; as one reads."""

    NAME = "NAME"
    SIZE = "SIZE"
    DATE = "DATE"
    COLOUR = "COLOUR"
    RANDOM = "RANDOM"
    PLACE = "PLACE"


class SortKey(Struct, frozen=True):
    """What a unit is sorted by. size: any measure; date: seconds; colour: #rrggbb, None comes last."""

    name: str = ""
    size: float = 0.0
    date: float = 0.0
    colour: str | None = None


def ordered(units: Sequence[Unit], order: Order, keys: Mapping[UUID, SortKey], seed: int) -> list[Unit]:
    """Equals are ordered by name, equal names as they came."""
    if order is Order.RANDOM:
        return shuffled(units, seed)
    if order is Order.PLACE:
        return _as_read(units)
    none = SortKey()
    by_name = sorted(units, key=lambda unit: natural(keys.get(unit.key, none).name))
    if order is Order.SIZE:
        by_name.sort(key=lambda unit: -keys.get(unit.key, none).size)
    elif order is Order.DATE:
        by_name.sort(key=lambda unit: keys.get(unit.key, none).date)
    elif order is Order.COLOUR:
        by_name.sort(key=lambda unit: _hue(keys.get(unit.key, none).colour))
    return by_name


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which img2 comes before IMG10: without case, runs of ASCII digits as numbers.

    Letters compare by the code points of their upper, then lower case, taken one by one (which both languages
    do alike); a number stands where the digit 0 would. Names that are equal so compare as they are.
    """
    folded = "".join(letter.upper().lower() for letter in name)
    tokens: list[tuple[int, int, str]] = []
    for digits, run in groupby(folded, key=lambda letter: "0" <= letter <= "9"):
        if digits:
            number = "".join(run).lstrip("0")
            tokens.append((48, len(number), number))
        else:
            tokens.extend((ord(letter), 0, "") for letter in run)
    return tokens, name


def shuffled(units: Sequence[Unit], seed: int) -> list[Unit]:
    """Fisher and Yates, from the last place down."""
    result = list(units)
    numbers = random_numbers(seed)
    for last in range(len(result) - 1, 0, -1):
        other = int(next(numbers) * (last + 1))
        result[last], result[other] = result[other], result[last]
    return result


def random_numbers(seed: int) -> Iterator[float]:
    """mulberry32: numbers in [0, 1), the same in both languages."""
    state = seed & _WORD
    while True:
        state = (state + 0x6D2B79F5) & _WORD
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _WORD
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & _WORD)) & _WORD
        yield (mixed ^ (mixed >> 14)) / 4294967296.0


def _hue(colour: str | None) -> tuple[int, float, int]:
    """Greys from dark to light, then hues from red to magenta (HSV), equal hues from dark to light."""
    if colour is None:
        return 2, 0.0, 0
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    light = 299 * red + 587 * green + 114 * blue
    most = max(red, green, blue)
    chroma = most - min(red, green, blue)
    if chroma < LEAST_CHROMA:
        return 0, 0.0, light
    if most == red:
        sixth = (green - blue) / chroma + (0 if green >= blue else 6)
    elif most == green:
        sixth = (blue - red) / chroma + 2
    else:
        sixth = (red - green) / chroma + 4
    return 1, sixth, light


def _as_read(units: Sequence[Unit]) -> list[Unit]:
    """Rows from above, each from the left: a row is what has its centre above the bottom of its first."""
    spots = [(unit, extent(unit)) for unit in units]
    spots.sort(key=lambda spot: (on_grid(centre(spot[1]).y), on_grid(spot[1].left)))
    rows: list[list[tuple[Unit, Bounds]]] = []
    for unit, box in spots:
        if not rows or on_grid(centre(box).y) >= on_grid(rows[-1][0][1].bottom):
            rows.append([])
        rows[-1].append((unit, box))
    for row in rows:
        row.sort(key=lambda spot: (on_grid(spot[1].left), on_grid(spot[1].top)))
    return [unit for row in rows for unit, _ in row]
