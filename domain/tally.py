"""Tallies: what a change did in numbers, so that a board's activity is told without its operations."""

from collections import Counter

from domain.operations import AddItems, Operation, parts_of, subjects_of

ADDED = "add_items:"
"""Items that were added are counted by their kind: `add_items:IMAGE`; all else by the operation's name."""


def tally_of(operation: Operation) -> dict[str, int]:
    """How many items or comments each part touched; 1 for what it did to the board itself."""
    tally: Counter[str] = Counter()
    for part in parts_of(operation):
        if isinstance(part, AddItems):
            tally.update(f"{ADDED}{item.kind.value}" for item in part.items)
        else:
            tally[str(part.__struct_config__.tag)] += len(subjects_of(part)) or 1
    return dict(tally)
