"""Fields: how a described resolver is written so that its types are still checked."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from typing import Any, Generic, TypeVar, cast

import strawberry

from domain.streams import Following

Resolver = TypeVar("Resolver", bound=Callable[..., Any])
Event = TypeVar("Event")
Shape = TypeVar("Shape")


def resolved(*, description: str) -> Callable[[Resolver], Resolver]:
    """A field whose value the decorated method gives. (Strawberry's own decorator is untyped.)"""
    return cast(Callable[[Resolver], Resolver], strawberry.field(description=description))


def streamed(*, description: str) -> Callable[[Resolver], Resolver]:
    """The same for a subscription."""
    return cast(Callable[[Resolver], Resolver], strawberry.subscription(description=description))


class Events(AsyncIterable[Shape], Generic[Event, Shape]):
    """What the resolver of a subscription gives: a stream of the domain, and how the schema says an event."""

    def __init__(self, following: Following[Event], shape: Callable[[Event], Shape]) -> None:
        self.following = following
        self.shape = shape

    async def __aiter__(self) -> AsyncGenerator[Shape, None]:
        async for event in self.following:
            yield self.shape(event)
