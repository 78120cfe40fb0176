"""Windows: which of a board's items are wanted, all, those near a place, in a container, or changed."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from domain.errors import BadInput, Resync
from domain.geometry import Bounds
from domain.nearness import near

Kind = Literal["all", "within", "changed", "inside"]


@dataclass(frozen=True)
class Window:
    """within: items whose bounds touch it; groups are left out, for they have none of their own.

    changed_since: what a change after this seq has touched, the removed too. Not both: BadInput.
    inside: what is in this group or frame, and in nothing else inside it.
    """

    within: Bounds | None = None
    changed_since: int | None = None
    inside: UUID | None = None

    def __post_init__(self) -> None:
        if self.within is not None and self.changed_since is not None:
            raise BadInput(
                "Give within or changedSince: what has left a place is not within it any more.",
                field="within",
            )

    @property
    def kind(self) -> Kind:
        if self.within is not None:
            return "within"
        if self.inside is not None:
            return "inside"
        return "all" if self.changed_since is None else "changed"

    @property
    def values(self) -> tuple[object, ...]:
        """For the placeholders of `windowed`."""
        if self.within is not None:
            return self.within.left, self.within.top, self.within.right, self.within.bottom
        if self.inside is not None:
            return (self.inside,)
        return () if self.changed_since is None else (self.changed_since,)


ALL = Window()

_BOX = "box(point({0}::float8, {1}::float8), point({2}::float8, {3}::float8))"

# The fences (OFFSET 0) keep the planner from walking all items in order for the sake of a LIMIT.
_CONDITIONS: dict[Kind, str] = {
    "all": "item.removed_at IS NULL",
    "inside": "item.removed_at IS NULL AND item.parent_id = {0}::uuid OFFSET 0",
    "changed": "item.id IN (SELECT unnest(line.subjects) FROM change AS line "
    "WHERE line.board = {board} AND line.seq > {0}::bigint) OFFSET 0",
}


def windowed(kind: Kind, board: str, first: int) -> str:
    """The rows of items in a window of this kind. board: SQL; first: number of its first placeholder."""
    given = [f"${first + n}" for n in range(4)]
    if kind == "within":
        return near(board, _BOX.format(*given))
    condition = _CONDITIONS[kind].format(*given, board=board)
    return f"SELECT item.* FROM item WHERE item.board = {board} AND {condition}"  # noqa: S608 (constants)


def require_known(window: Window, log_start: int, seq: int) -> None:
    """Raises Resync when the log does not tell any more what has changed, BadInput for what is to come."""
    since = window.changed_since
    if since is None:
        return
    if not 0 <= since <= seq:
        raise BadInput(f"changedSince is the seq of a change: the latest is {seq}.", field="changedSince")
    if since < log_start:
        raise Resync(f"What changed up to seq {log_start} is not kept any more: read the board again, whole.")
