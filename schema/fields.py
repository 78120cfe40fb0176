"""Fields: how a described resolver is written so that its types are still checked."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def resolved(*, description: str) -> Callable[[Resolver], Resolver]:
    """A field whose value the decorated method gives. (Strawberry's own decorator is untyped.)"""
    return cast(Callable[[Resolver], Resolver], strawberry.field(description=description))


def streamed(*, description: str) -> Callable[[Resolver], Resolver]:
    """The same for a subscription."""
    return cast(Callable[[Resolver], Resolver], strawberry.subscription(description=description))
