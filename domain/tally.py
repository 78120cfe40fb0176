"""Tallies: what a change did in numbers, so that a board's activity is told without its operations."""

from collections import Counter

from domain.operations import AddItems, Operation, subjects_of

ADDED = "add_items:"
"""Items that were added are counted by their kind: `add_items:IMAGE`; all else by the operation's name."""


def tally_of(operation: Operation) -> dict[str, int]:
    """How many items each part of the operation touched; 1 for what it did to the board itself."""
    if isinstance(operation, AddItems):
        return dict(Counter(f"{ADDED}{item.kind.value}" for item in operation.items))
    return {str(operation.__struct_config__.tag): len(subjects_of(operation)) or 1}
