"""Gestures: a moment of a drag, said over and over by one document, is taken without running it.

What the ordinary execution would take and answer at once is taken and answered so. All else (a value of
another form, a failure, leave that must be asked for) is for the ordinary execution, and nothing was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.language import OperationDefinitionNode
from msgspec import Struct

from domain.access import Viewer
from domain.errors import DomainError
from domain.live import Hub, Phase
from domain.operations import Placement, Transform
from schema.arguments import uuid_of

_PAYLOAD = {"accepted": True, "__typename": "DragItemsPayload"}


class PlaceMoment(Struct, rename="camel", forbid_unknown_fields=True):
    """A TransformInput."""

    x: float
    y: float
    scale: float = 1.0
    rotation: float = 0.0
    flip_x: bool = False
    flip_y: bool = False


class ItemMoment(Struct, forbid_unknown_fields=True):
    """An ItemPlacementInput."""

    id: str
    transform: PlaceMoment


class DragMoment(Struct, rename="camel", forbid_unknown_fields=True):
    """A DragItemsInput."""

    board_id: str
    gesture_id: str
    items: list[ItemMoment]
    phase: Phase = Phase.MOVING


@dataclass(frozen=True)
class Gesture:
    """A document that says moments of drags. variable: that of its input. data: of every answer."""

    variable: str
    data: dict[str, Any]

    def take(self, variables: Mapping[str, Any] | None, viewer: Viewer, hub: Hub) -> bool:
        """False: the ordinary execution is to take it."""
        try:
            moment = msgspec.convert((variables or {}).get(self.variable), DragMoment)
            return hub.drag_at_once(
                viewer,
                uuid_of(moment.board_id),
                uuid_of(moment.gesture_id),
                [_placement(item) for item in moment.items],
                moment.phase,
            )
        except (msgspec.ValidationError, DomainError):
            return False


def _placement(item: ItemMoment) -> Placement:
    at = item.transform
    return Placement(uuid_of(item.id), Transform(at.x, at.y, at.scale, at.rotation, at.flip_x, at.flip_y))


def gesture_of(operation: OperationDefinitionNode) -> Gesture | None:
    """None: the operation, of a valid document, does anything more than to say a moment of a drag."""
    if operation.operation is not OperationType.MUTATION or operation.directives:
        return None
    roots = _fields(operation.selection_set)
    if roots is None or len(roots) != 1 or roots[0].name.value != "dragItems":
        return None
    variable, below = _variable(roots[0], operation), _fields(roots[0].selection_set)
    if variable is None or below is None:
        return None
    payload = {_key(field): _PAYLOAD[field.name.value] for field in below}
    return Gesture(variable, {_key(roots[0]): payload})


def _fields(selections: SelectionSetNode | None) -> list[FieldNode] | None:
    """None: there is more than plain fields."""
    found = selections.selections if selections is not None else ()
    fields = [each for each in found if isinstance(each, FieldNode) and not each.directives]
    return fields if len(fields) == len(found) else None


def _variable(root: FieldNode, operation: OperationDefinitionNode) -> str | None:
    """The one variable that is the whole input; None: there is more to it."""
    [argument] = root.arguments or ()
    definitions = operation.variable_definitions or ()
    if not isinstance(argument.value, VariableNode) or len(definitions) != 1:
        return None
    return argument.value.name.value if _is_plain(definitions[0]) else None


def _is_plain(definition: VariableDefinitionNode) -> bool:
    kind = definition.type
    return (
        definition.default_value is None
        and not definition.directives
        and isinstance(kind, NonNullTypeNode)
        and isinstance(kind.type, NamedTypeNode)
    )


def _key(field: FieldNode) -> str:
    return (field.alias or field.name).value
