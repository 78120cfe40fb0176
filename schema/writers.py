"""Writers: what an event says is read off its values by calls that were chosen once for a document.

The ordinary execution is the reference: a writer calls the same resolvers on the same values and says the
same, or it says nothing. Who has to wait, asks for the viewer, takes arguments or fails is for the ordinary
execution, for this one event or, where that is known beforehand, for all of one type.
"""

import math
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from operator import attrgetter
from typing import Any, NamedTuple, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode, OperationDefinitionNode
from strawberry.types.field import StrawberryField

from schema.context import Context
from schema.root import GRAPH

_DEFINITION = "strawberry-definition"
_AS_THEY_ARE = {"Boolean": bool, "ID": str, "String": str}


class Outside(Exception):
    """This is for the ordinary execution."""


class Asking(NamedTuple):
    """As much of a resolver's `info` as a writer has."""

    context: Context


Write = Callable[[Any, Asking], Any]
Event = Callable[[Any, Context], dict[str, Any] | None]


def writer_of(
    document: DocumentNode, operation: OperationDefinitionNode, values: VariableValues
) -> Event | None:
    """From what the resolver of a subscription gives for an event to the data of its answer.

    None, here and there: the ordinary execution is to answer.
    """
    try:
        key, write = _Compiler(document, operation, values).root()
    except (Outside, GraphQLError):  # a directive's argument that has no value
        return None

    def data(value: Any, context: Context) -> dict[str, Any] | None:
        try:
            return {key: write(value, Asking(context))}
        except Exception:
            return None

    return data


class _Compiler:
    def __init__(
        self, document: DocumentNode, operation: OperationDefinitionNode, values: VariableValues
    ) -> None:
        self.operation = operation
        self.values = values
        self.fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def root(self) -> tuple[str, Write]:
        kind = GRAPH.subscription_type
        assert kind is not None
        found = collect_fields(GRAPH, self.fragments, self.values, kind, self.operation)
        [(key, details)] = found.grouped_field_set.items()
        return key, self.value(kind.fields[details[0].node.name.value].type, details)

    def value(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Write:
        if is_non_null_type(kind):
            return _required(self.present(kind.of_type, details))
        return _optional(self.present(kind, details))

    def present(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Write:
        """Of a value that is not null."""
        if is_list_type(kind):
            entry = self.value(kind.of_type, details)
            return lambda values, asking: [entry(value, asking) for value in _list(values)]
        if is_object_type(kind):
            return self.object(kind, details)
        if is_abstract_type(kind):
            return self.divided([*GRAPH.get_possible_types(kind)], details)
        assert is_leaf_type(kind)
        return _leaf(kind)

    def divided(self, kinds: list[GraphQLObjectType], details: FieldDetailsList) -> Write:
        """Every type has its own writer, but those that are beyond one."""
        writers: dict[type, Write] = {}
        for kind in kinds:
            try:
                writers[_definition(kind).origin] = self.object(kind, details)
            except Outside:
                continue

        def write(value: Any, asking: Asking) -> Any:
            return writers[type(value)](value, asking)

        return write

    def object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Write:
        found = collect_subfields(GRAPH, self.fragments, self.values, self.operation, kind, details)
        pieces = [(key, self.field(kind, each)) for key, each in found.grouped_field_set.items()]
        return lambda value, asking: {key: write(value, asking) for key, write in pieces}

    def field(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Write:
        name = details[0].node.name.value
        if name == "__typename":
            return lambda value, asking: kind.name
        get = _getter(kind.fields[name].extensions[_DEFINITION])
        write = self.value(kind.fields[name].type, details)
        return lambda value, asking: write(get(value, asking), asking)


def _definition(kind: GraphQLObjectType) -> Any:
    return (kind.extensions or {})[_DEFINITION]


def _getter(field: StrawberryField) -> Write:
    """Calls the resolver as the ordinary execution does."""
    resolver = field.base_resolver
    if resolver is None:
        attribute = attrgetter(field.python_name)
        return lambda value, asking: attribute(value)
    if resolver.is_async or field.arguments or field.extensions:
        raise Outside
    call = cast(Callable[..., Any], resolver.wrapped_func)
    if resolver.info_parameter is None:
        return lambda value, asking: call(value)
    name = resolver.info_parameter.name
    return lambda value, asking: _there(call(value, **{name: asking}))


def _there(value: Any) -> Any:
    """What a resolver gives that need not be waited for. Raises Outside."""
    if isawaitable(value):
        _let_go(value)
        raise Outside
    return value


def _let_go(value: Awaitable[Any]) -> None:
    close = getattr(value, "close", None)
    if close is not None:
        close()


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise Outside
    return values


def _required(write: Write) -> Write:
    def required(value: Any, asking: Asking) -> Any:
        if value is None:
            raise Outside
        return write(value, asking)

    return required


def _optional(write: Write) -> Write:
    return lambda value, asking: None if value is None else write(value, asking)


def _leaf(kind: GraphQLLeafType) -> Write:
    """In the form that its type gives it; most values have it already."""
    as_it_is = _AS_THEY_ARE.get(kind.name)

    def write(value: Any, asking: Asking) -> Any:
        if type(value) is as_it_is:
            return value
        form = kind.coerce_output_value(value)
        if form is None:
            raise Outside
        return form

    def number(value: Any, asking: Asking) -> Any:
        return value if type(value) is float and math.isfinite(value) else write(value, asking)

    return number if kind.name == "Float" else write
