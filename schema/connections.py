"""Connections: long lists in pages, as the Relay specification has them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry
from strawberry import argument, field

from domain.pagination import Page
from domain.past import Then
from schema.fields import resolved

Node_ = TypeVar("Node_")
Row = TypeVar("Row")

After = Annotated[
    str | None,
    argument(description="Cursor of the last entry already read; the page starts right after it."),
]


@strawberry.interface(description="Something with an identity: `node(id:)` finds it again.")
class Node:
    id: strawberry.ID = field(description="A UUID, unique across all types; it never changes.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = field(description="Whether more entries follow: ask again with `after: endCursor`.")
    has_previous_page: bool = field(
        description="Whether entries come before this page (lists are read forwards)."
    )
    start_cursor: str | None = field(description="Cursor of the first entry; null on an empty page.")
    end_cursor: str | None = field(description="Cursor of the last entry; null on an empty page.")


@strawberry.type(description="One entry of a list and its place in it.")
class Edge(Generic[Node_]):
    node: Node_ = field(description="The entry.")
    cursor: str = field(description="Its place: opaque, stable while the list changes; pass it as `after`.")


@strawberry.type(description="One page of a list in a stable order.")
class Connection(Generic[Node_]):
    nodes: list[Node_] = field(description="The entries of this page.")
    page_info: PageInfo = field(description="Where this page lies in the list.")
    cursors: strawberry.Private[list[str]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @resolved(description="The entries of this page with their cursors.")
    def edges(self) -> list[Edge[Node_]]:
        return [Edge(node=node, cursor=cursor) for node, cursor in zip(self.nodes, self.cursors, strict=True)]

    @resolved(description="How many entries the whole list has, whatever the page; counted when asked for.")
    async def total_count(self) -> int:
        return await self.count()


def shaped_at(shape: Callable[[Row, Then | None], Node_], then: Then | None) -> Callable[[Row], Node_]:
    """Gives what is shaped the moment it is of."""
    return lambda row: shape(row, then)


def connection_of(
    page: Page[Row], shape: Callable[[Row], Node_], after: str | None = None
) -> Connection[Node_]:
    """A domain page in the words of the schema."""
    cursors = list(page.cursors)
    return Connection(
        nodes=[shape(row) for row in page.nodes],
        cursors=cursors,
        count=page.total,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
    )
