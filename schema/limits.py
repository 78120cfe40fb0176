"""Limits: what a document may ask for, told before any of it runs, in time that does not grow with malice.

The order matters: each check bounds what the next one has to look at. Length and tokens before
parsing, shape before validation (whose comparison of fields is quadratic), cost once the variables
are known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
)
from graphql.error import GraphQLSyntaxError

from domain.changes import MOST_NAMED
from domain.errors import LimitExceeded

MOST_CHARACTERS = 100_000
MOST_TOKENS = 2_000
MOST_DEPTH = 10
MOST_INTROSPECTION_DEPTH = 20
MOST_INTROSPECTIONS = 3
MOST_NESTING = 60  # levels of braces, fragments followed: bounds our own recursion
MOST_ALIASES = 15
MOST_REPEATS = 10
MOST_DIRECTIVES = 5
MOST_FRAGMENTS = 50
MOST_OPERATIONS = 20
MOST_FIELDS = 3_000
MOST_NODES = 10_000
MOST_LISTS = 250
NAMED_BY_A_CHANGE = 400
"""What the operation of a change is taken to name. A single one may name more: that much was written then."""
DEADLINE_SECONDS = 5.0

INTROSPECTION = frozenset({"__schema", "__type"})
Composite = GraphQLObjectType | GraphQLInterfaceType


def _exceeded(measure: str, most: int, advice: str) -> LimitExceeded:
    return LimitExceeded(
        f"The document is over the limit of {most} {measure}: {advice}", limit=most, measure=measure
    )


def parse_within(text: str) -> DocumentNode:
    """Raises LimitExceeded, or GraphQLSyntaxError for what is no GraphQL."""
    if len(text) > MOST_CHARACTERS:
        raise _exceeded("characters", MOST_CHARACTERS, "send values as variables.")
    too_many = "Document contains more than"
    try:
        return parse(text, max_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        if too_many in error.message:
            raise _exceeded(
                "tokens", MOST_TOKENS, "send several smaller ones, and values as variables."
            ) from None
        if "nested too deeply" in error.message:
            raise _exceeded("levels", MOST_DEPTH, "ask for less at once.") from None
        raise


@dataclass(frozen=True)
class _Shape:
    """What one selection set amounts to with its fragments: levels of fields, and fields in all."""

    depth: int
    fields: int


class _Measure:
    """Walks every selection set of a document once, however often fragments repeat it."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.aliases = 0
        self.repeats = 0
        self._known: dict[int, _Shape] = {}  # by identity: the document outlives this walk
        self._open: set[str] = set()

    def shape(self, selection_set: SelectionSetNode | None, nesting: int = 0) -> _Shape:
        if selection_set is None:
            return _Shape(0, 0)
        if id(selection_set) in self._known:
            return self._known[id(selection_set)]
        if nesting > MOST_NESTING:
            raise _exceeded("levels", MOST_DEPTH, "ask for less at once.")
        self._count_keys(selection_set)
        depth = fields = 0
        for node in selection_set.selections:
            _require_few_directives(node)
            if isinstance(node, FragmentSpreadNode):
                below = self._fragment(node.name.value, nesting + 1)
                depth, fields = max(depth, below.depth), fields + below.fields
                continue
            below = self.shape(getattr(node, "selection_set", None), nesting + 1)
            level = int(isinstance(node, FieldNode))
            if isinstance(node, FieldNode):
                self.count_alias(node)
            depth, fields = max(depth, below.depth + level), fields + below.fields + level
        self._known[id(selection_set)] = found = _Shape(depth, fields)
        return found

    def _fragment(self, name: str, nesting: int) -> _Shape:
        """A circle counts as nothing here: validation refuses it in its own words."""
        node = self.fragments.get(name)
        if node is None or name in self._open:
            return _Shape(0, 0)
        self._open.add(name)
        found = self.shape(node.selection_set, nesting)
        self._open.discard(name)
        return found

    def _count_keys(self, selection_set: SelectionSetNode) -> None:
        """Names asked for again on the same type: comparing them is what costs validation its time."""
        seen: set[tuple[str, str]] = set()
        for condition, node in _fields(selection_set):
            key = (condition, node.alias.value if node.alias else node.name.value)
            self.repeats += key in seen
            seen.add(key)
            if self.repeats > MOST_REPEATS:
                raise _exceeded("repeated fields", MOST_REPEATS, "name each field once.")

    def count_alias(self, node: FieldNode) -> None:
        self.aliases += node.alias is not None
        if self.aliases > MOST_ALIASES:
            raise _exceeded("aliases", MOST_ALIASES, "use a list argument such as nodes(ids:).")


def _fields(selection_set: SelectionSetNode) -> Iterator[tuple[str, FieldNode]]:
    """Fields with the type they are asked of ('' for the set's own), inline fragments opened."""
    waiting = [("", selection_set)]
    while waiting:
        condition, found = waiting.pop()
        for node in found.selections:
            if isinstance(node, FieldNode):
                yield condition, node
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else condition
                waiting.append((name, node.selection_set))


def _require_few_directives(node: Any) -> None:
    if len(node.directives or ()) > MOST_DIRECTIVES:
        raise _exceeded("directives at one place", MOST_DIRECTIVES, "leave some out.")


def require_shape(document: DocumentNode) -> None:
    """Depth, aliases, repetitions, directives, fragments. Raises LimitExceeded."""
    measure = _Measure(document)
    if len(measure.fragments) > MOST_FRAGMENTS:
        raise _exceeded("fragments", MOST_FRAGMENTS, "send several smaller documents.")
    for fragment in measure.fragments.values():
        _require_few_directives(fragment)
        measure.shape(fragment.selection_set)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > MOST_OPERATIONS:
        raise _exceeded("operations", MOST_OPERATIONS, "send several smaller documents.")
    for node in operations:
        _require_few_directives(node)
        for variable in node.variable_definitions or ():
            _require_few_directives(variable)
        _require_operation(measure, node)


def _require_operation(measure: _Measure, operation: OperationDefinitionNode) -> None:
    introspections = 0
    if measure.shape(operation.selection_set).fields > MOST_FIELDS:
        raise _exceeded("fields, fragments counted each time", MOST_FIELDS, "ask for less at once.")
    for node in root_fields(operation.selection_set, measure.fragments):
        asks_schema = node.name.value in INTROSPECTION
        introspections += asks_schema
        most = MOST_INTROSPECTION_DEPTH if asks_schema else MOST_DEPTH
        if measure.shape(node.selection_set).depth + 1 > most:
            raise _exceeded("levels", most, "ask for less at once.")
    if introspections > MOST_INTROSPECTIONS:
        raise _exceeded("questions about the schema", MOST_INTROSPECTIONS, "send several documents.")


def root_fields(
    selection_set: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """The fields at the top of an operation, those in fragments too, each fragment once."""
    seen: set[str] = set()
    waiting = [selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                if node.name.value in fragments:
                    waiting.append(fragments[node.name.value].selection_set)


def asks_for_schema(document: DocumentNode) -> bool:
    """Whether any field of it asks about the schema itself (`__typename` does not)."""
    waiting: list[SelectionSetNode] = [
        node.selection_set
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode) and node.name.value in INTROSPECTION:
                return True
            if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                waiting.append(node.selection_set)
    return False


class _Scope(NamedTuple):
    """How often a selection is made at most.

    named: items and comments in the operations of all these. given: things that a mutation was given, each
    of which its payload tells.
    """

    times: int
    named: int
    given: int = 1


def _made(times: int) -> _Scope:
    return _Scope(times, times * NAMED_BY_A_CHANGE)


class _Cost:
    """Entries of lists that a valid operation may make the server read, and lists it opens.

    A page of changes names MOST_NAMED items in all, whatever its length; a payload holds as many things as
    its mutation was given.
    """

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        schema: GraphQLSchema,
        variables: Mapping[str, Any],
    ) -> None:
        self.fragments = fragments
        self.schema = schema
        self.variables = variables
        self.nodes = 0
        self.lists = 0

    def selections(self, selection_set: SelectionSetNode | None, parent: Composite, scope: _Scope) -> None:
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                self._field(node, parent, scope)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                within = self._within(fragment.type_condition.name.value, parent)
                self.selections(fragment.selection_set, within, scope)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else parent.name
                self.selections(node.selection_set, self._within(name, parent), scope)

    def _within(self, name: str, parent: Composite) -> Composite:
        found = self.schema.get_type(name)
        return found if isinstance(found, Composite) else parent

    def _field(self, node: FieldNode, parent: Composite, scope: _Scope) -> None:
        if node.selection_set is None or node.name.value.startswith("__"):
            return
        definition = parent.fields[node.name.value]
        kind = get_named_type(definition.type)
        below = self._below(node, parent, definition, scope)
        if isinstance(kind, Composite):
            self.selections(node.selection_set, kind, below)
        else:  # a union: its fields stand in fragments
            self.selections(node.selection_set, parent, below)

    def _below(self, node: FieldNode, parent: Composite, field: GraphQLField, scope: _Scope) -> _Scope:
        times = scope.times
        kind = get_named_type(field.type).name
        if kind.endswith("Connection"):
            default = field.args["first"].default_value if "first" in field.args else 1
            self._count(times, first := self._whole(node, "first", default))
            if kind == "ChangeConnection":
                return _Scope(times * first, times * min(first * NAMED_BY_A_CHANGE, MOST_NAMED))
            return _made(times * first)
        if "ids" in field.args:
            self._count(times, length := self._length(node))
            return _made(times * length)
        if "most" in field.args:
            return _made(times * self._whole(node, "most", field.args["most"].default_value))
        if kind == "Operation" and _names_things(node):
            self._count(1, scope.named)
            return _made(scope.named)
        if "input" in field.args:
            return scope._replace(given=self._given(node, field.args["input"]))
        if parent.name.endswith("Payload") and is_list_type(get_nullable_type(field.type)):
            return _made(times * scope.given)
        return scope

    def _count(self, times: int, entries: int) -> None:
        self.lists += times
        self.nodes += times * entries
        if self.nodes > MOST_NODES:
            raise _exceeded(
                "entries of lists", MOST_NODES, "ask for smaller pages (`first`), or fewer within another."
            )
        if self.lists > MOST_LISTS:
            raise _exceeded(
                "lists within lists", MOST_LISTS, "ask for smaller pages (`first`) of the outer one."
            )

    def _argument(self, node: FieldNode, name: str) -> Any:
        return next((entry.value for entry in node.arguments or () if entry.name.value == name), None)

    def _whole(self, node: FieldNode, name: str, default: Any) -> int:
        value = self._argument(node, name)
        found = default
        if isinstance(value, IntValueNode):
            found = int(value.value)
        elif isinstance(value, VariableNode):
            found = self.variables.get(value.name.value, default)
        return max(found, 0) if isinstance(found, int) else 1

    def _length(self, node: FieldNode) -> int:
        return max(self._longest(self._argument(node, "ids")), 1)

    def _given(self, node: FieldNode, argument: GraphQLArgument) -> int:
        """The longest list in the input of a mutation; where that may be left out and is, much is meant."""
        value = self._argument(node, "input")
        if isinstance(value, VariableNode):
            found = self.variables.get(value.name.value)
            given = found if isinstance(found, dict) else {}
            lengths = {name: len(each) for name, each in given.items() if isinstance(each, list)}
        else:
            fields = value.fields if isinstance(value, ObjectValueNode) else ()
            lengths = {field.name.value: self._longest(field.value) for field in fields}
        kind = get_named_type(argument.type)
        if isinstance(kind, GraphQLInputObjectType) and "ids" in kind.fields and not lengths.get("ids"):
            return NAMED_BY_A_CHANGE
        return max([1, *lengths.values()])

    def _longest(self, value: ValueNode | None) -> int:
        """Of a list, literal or variable; 0: it is none."""
        if isinstance(value, VariableNode):
            found = self.variables.get(value.name.value)
            return len(found) if isinstance(found, list) else 0
        return len(value.values) if isinstance(value, ListValueNode) else 0


def _names_things(operation: FieldNode) -> bool:
    """Whether more of it is wanted than its kind."""
    selections = operation.selection_set.selections if operation.selection_set else ()
    return any(not isinstance(node, FieldNode) for node in selections)


def require_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """Entries of lists at most, for a valid document and coerced variables. Raises LimitExceeded."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    cost = _Cost(fragments, schema, variables)
    if root is not None:
        cost.selections(operation.selection_set, root, _made(1))
    return cost.nodes
