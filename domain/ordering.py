"""Fractional indexes: a rank can always be found between two others, so reordering writes only what moves.

A rank is an integer and a fraction, both in base 62, compared bytewise. The integer's first letter tells its
sign and length (`a` + 1 digit, `b` + 2, …; `Z` + 1, `Y` + 2, … below zero), so that appending counts up:
a0, a1, … az, b00, … and 100,000 appended ranks stay at four letters. The fraction never ends in 0.
"""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST = "a0"
LONGEST_RANK = 500

_BASE = len(DIGITS)
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_LOWEST = "A" + "0" * 26
_HIGHEST = "z" * 27


def is_rank(text: str) -> bool:
    """Whether it is a rank in its one normal form (the lowest integer alone is none: nothing fits below)."""
    if not text or not text.isascii() or any(letter not in _VALUES for letter in text):
        return False
    size = _integer_size(text[0])
    return 0 < size <= len(text) and text != _LOWEST and not (len(text) > size and text[-1] == "0")


def rank_between(low: str | None, high: str | None) -> str:
    """A rank after `low` and before `high`; None is the open end. ValueError unless low < high."""
    _require_order(low, high)
    if low is None and high is None:
        return FIRST
    if low is None:
        assert high is not None
        whole, fraction = _parts(high)
        if whole == _LOWEST:
            return whole + _middle("", fraction)
        below = whole if fraction else _before(whole)
        return below if below != _LOWEST else below + _middle("", None)
    whole, fraction = _parts(low)
    if high is not None and _parts(high)[0] == whole:
        return whole + _middle(fraction, _parts(high)[1])
    if whole != _HIGHEST:
        following = _after(whole)
        if high is None or following < high:
            return following
    return whole + _middle(fraction, None)


def ranks_between(low: str | None, high: str | None, count: int) -> list[str]:
    """`count` ascending ranks between the two: counted up or down at an open end, halved between two."""
    _require_order(low, high)
    if count <= 0:
        return []
    if high is None:
        ranks: list[str] = []
        for _ in range(count):
            low = rank_between(low, None)
            ranks.append(low)
        return ranks
    if low is None:
        ranks = []
        for _ in range(count):
            high = rank_between(None, high)
            ranks.append(high)
        return ranks[::-1]
    half = count // 2
    middle = rank_between(low, high)
    return [*ranks_between(low, middle, half), middle, *ranks_between(middle, high, count - half - 1)]


def _require_order(low: str | None, high: str | None) -> None:
    for end in (low, high):
        if end is not None and not is_rank(end):
            raise ValueError(f"{end!r} is no rank")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"{low!r} does not come before {high!r}")


def _integer_size(head: str) -> int:
    """Letters in the integer part, its head included; 0 for a digit, which heads nothing."""
    if "a" <= head <= "z":
        return ord(head) - ord("a") + 2
    if "A" <= head <= "Z":
        return ord("Z") - ord(head) + 2
    return 0


def _parts(rank: str) -> tuple[str, str]:
    size = _integer_size(rank[0])
    return rank[:size], rank[size:]


def _after(whole: str) -> str:
    """The next integer."""
    head, digits = whole[0], whole[1:]
    kept = digits.rstrip(DIGITS[-1])
    if kept:
        return head + kept[:-1] + DIGITS[_VALUES[kept[-1]] + 1] + DIGITS[0] * (len(digits) - len(kept))
    if head == "Z":
        return FIRST
    following = chr(ord(head) + 1)
    return following + DIGITS[0] * (_integer_size(following) - 1)


def _before(whole: str) -> str:
    """The integer before."""
    head, digits = whole[0], whole[1:]
    kept = digits.rstrip(DIGITS[0])
    if kept:
        return head + kept[:-1] + DIGITS[_VALUES[kept[-1]] - 1] + DIGITS[-1] * (len(digits) - len(kept))
    if head == "a":
        return "Z" + DIGITS[-1]
    preceding = chr(ord(head) - 1)
    return preceding + DIGITS[-1] * (_integer_size(preceding) - 1)


def _middle(low: str, high: str | None) -> str:
    """A short fraction strictly between two (high None: one whole); neither ends in 0."""
    digits: list[str] = []
    for place in range(len(low) + len(high or "") + 1):
        floor = _VALUES[low[place]] if place < len(low) else 0
        ceiling = _BASE if high is None else _VALUES[high[place]] if place < len(high) else 0
        if ceiling - floor > 1:
            digits.append(DIGITS[(floor + ceiling) // 2])
            break
        digits.append(DIGITS[floor])
        if ceiling > floor:
            high = None
    return "".join(digits)
