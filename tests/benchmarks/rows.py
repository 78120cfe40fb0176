"""The rows of the bench: what one is, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measure:
    """One line of the table. `bar` is the most (or least) that holds; `how` says how it was measured."""

    row: str
    measure: str
    value: float
    unit: str
    bar: float
    how: str
    at_most: bool = True

    @property
    def holds(self) -> bool:
        return self.value <= self.bar if self.at_most else self.value >= self.bar


Bench = Callable[[Path], list[Measure]]
"""Takes an empty folder and gives its measures."""
