"""Pages: long lists in pieces, by cursors that stay true while the list changes."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.errors import BadInput

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some nodes in order, each with its cursor. total: counts the whole list, only when called."""

    nodes: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    total: Callable[[], Awaitable[int]]

    def mapped(self, shape: Callable[[T], U]) -> "Page[U]":
        return Page([shape(node) for node in self.nodes], self.cursors, self.has_next, self.total)


def require_first(first: int, most: int) -> int:
    """The size of a page: 1 to `most`. Raises BadInput."""
    if not 1 <= first <= most:
        raise BadInput(f"first must be from 1 to {most}.", field="first", limit=most)
    return first


def page_of(
    rows: Sequence[T], first: int, cursor_of: Callable[[T], str], total: Callable[[], Awaitable[int]]
) -> Page[T]:
    """From rows that were read with LIMIT first + 1: the one too many says that there are more."""
    nodes = rows[:first]
    return Page(nodes, [cursor_of(node) for node in nodes], len(rows) > first, total)


class HasId(Protocol):
    @property
    def id(self) -> UUID: ...


Member = TypeVar("Member", bound=HasId)


def page_within(members: Sequence[Member], first: int, after: str | None, most: int = 100) -> Page[Member]:
    """Of a whole that is at hand. Raises BadInput."""
    require_first(first, most)
    last = keys_of(after, "members", UUID)
    places = {member.id: place for place, member in enumerate(members)}
    start = 0 if last is None else next((places[key] + 1 for key in places if key == last[0]), len(members))

    async def total() -> int:
        return len(members)

    def cursor_of(member: Member) -> str:
        return cursor_to("members", member.id)

    return page_of(members[start : start + first + 1], first, cursor_of, total)


def cursor_to(order: str, *keys: object) -> str:
    """The place of a row: its sort keys, the last of them unique. order: which list this belongs to."""
    text = msgspec.json.encode([order, *keys])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def keys_of(cursor: str | None, order: str, *kinds: type) -> tuple[object, ...] | None:
    """The keys that `cursor_to` was given, None for None. Raises BadInput on any other text."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list)
        if len(values) != len(kinds) + 1 or values[0] != order:
            raise ValueError("a cursor of another list")
        keys: tuple[object, ...] = tuple(
            msgspec.convert(value, type=kind, strict=True)
            for value, kind in zip(values[1:], kinds, strict=True)
        )
        if any(isinstance(key, str) and "\x00" in key for key in keys):
            raise ValueError("no text")
        if any(isinstance(key, int) and not -(2**63) <= key < 2**63 for key in keys):
            raise ValueError("no number of the database")
        return tuple(_in_utc(key) for key in keys)
    except (ValueError, OverflowError, binascii.Error, msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(
            "The cursor belongs to no entry of this list: use one that the list gave, or none.", field="after"
        ) from error


def _in_utc(key: object) -> object:
    """Raises OverflowError for a moment that UTC's calendar does not have."""
    if not isinstance(key, datetime):
        return key
    return key.replace(tzinfo=UTC) if key.tzinfo is None else key.astimezone(UTC)
