"""Places on the plane, as they are shown and as clients send them."""

import strawberry
from strawberry import field

from domain import checks
from domain.errors import BadInput
from domain.geometry import Bounds
from domain.windows import Window


@strawberry.type(description="A place on a board, in board units; x grows to the right, y downwards.")
class BoardPoint:
    x: float = field(description="Horizontal place.")
    y: float = field(description="Vertical place.")


@strawberry.input(description="A place on a board.")
class BoardPointInput:
    x: float = field(description="Horizontal place, in board units, within ±1e9.")
    y: float = field(description="Vertical place, in board units, within ±1e9.")


@strawberry.input(description="An upright rectangle on the board, in board units; y grows downwards.")
class RectInput:
    left: float = field(description="Its left edge.")
    top: float = field(description="Its upper edge.")
    right: float = field(description="Its right edge, not less than `left`.")
    bottom: float = field(description="Its lower edge, not less than `top`.")


def bounds_of(rect: RectInput, argument_name: str = "within") -> Bounds:
    """Raises BadInput."""
    left, top, right, bottom = (
        checks.number(side, f"{argument_name}.{name}", -checks.FARTHEST, checks.FARTHEST)
        for name, side in (
            ("left", rect.left),
            ("top", rect.top),
            ("right", rect.right),
            ("bottom", rect.bottom),
        )
    )
    if right < left or bottom < top:
        raise BadInput(f"{argument_name} is upside down: left ≤ right and top ≤ bottom.", field=argument_name)
    return Bounds(left, top, right, bottom)


def window_of(within: RectInput | None, changed_since: int | None) -> Window:
    """Raises BadInput."""
    return Window(None if within is None else bounds_of(within), changed_since)
