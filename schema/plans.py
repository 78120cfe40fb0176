"""Compiled reads: a board asked for by one document is one statement, and its rows become the answer.

The ordinary resolvers are the reference: whatever they would answer, this answers too, byte for byte, or
it answers nothing and they do. `plan_of` compiles an operation once; what goes beyond a board, its page
of items and what hangs on them is Outside, and so are values that would be refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationType,
    VariableDefinitionNode,
    get_named_type,
    type_from_ast,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import DocumentNode, OperationDefinitionNode

from domain import board_reads
from domain.board_reads import Found, Reading, Start
from domain.errors import DomainError
from domain.pagination import cursor_to
from domain.windows import Kind, require_known
from schema.arguments import uuid_of
from schema.facts import BOARD, IMAGE, ITEM, NOTE, PEOPLE, RENDITION, TRANSFORM, Piece, Shape, renditions
from schema.places import RectInput, window_of
from schema.root import GRAPH

Page = Callable[["PageRows"], Any]
_NAME: Final = "__typename"


class Outside(Exception):
    """The operation goes beyond what is compiled."""


@dataclass(frozen=True)
class PageRows:
    """A page as the writers need it. cursor: of a row."""

    rows: Sequence[Sequence[Any]]
    cursor: Callable[[Sequence[Any]], str]
    has_next: bool
    has_previous: bool
    total: int | None


@dataclass(frozen=True)
class _Items:
    """The page of a board: its arguments, and where in a row its cursor's keys are."""

    key: str
    details: FieldDetails
    write: Page
    z: int
    item_id: int


@dataclass(frozen=True)
class Asked:
    """What a root field asks for: resolved arguments, the cache's key together with the plan."""

    board_id: UUID
    start: Start | None
    has_previous: bool = False


@dataclass(frozen=True, eq=False)
class BoardPlan:
    """One root field. readings: by the kind of window that its page is of."""

    key: str
    details: FieldDetailsList
    readings: Mapping[Kind, Reading]
    write: Shape
    items: _Items | None

    def asked(self, values: VariableValues) -> Asked:
        """Raises Outside for the past, and for arguments that the ordinary resolvers would refuse."""
        try:
            board = _arguments("Query", "board", self.details[0], values)
            if board["at"] is not None:
                raise Outside
            board_id = uuid_of(board["id"])
            if self.items is None:
                return Asked(board_id, None)
            page = _arguments("Board", "items", self.items.details, values)
            within = page["within"]
            window = window_of(None if within is None else RectInput(**within), page["changedSince"])
            start = board_reads.start_of(page["first"], page["after"], window)
            return Asked(board_id, start, page["after"] is not None)
        except (DomainError, GraphQLError) as error:
            raise Outside from error

    def reading(self, asked: Asked) -> Reading:
        return self.readings["all" if asked.start is None else asked.start.window.kind]

    def require_known(self, asked: Asked, head: Sequence[Any]) -> None:
        """Raises Outside where the ordinary resolvers would say that too little is known of the past."""
        if asked.start is not None:
            try:
                require_known(asked.start.window, *self.reading(asked).kept(head))
            except DomainError as error:
                raise Outside from error

    def page(self, asked: Asked, found: Found) -> Any:
        """The page of items, where there is one: the same for whoever may read the board."""
        if self.items is None or asked.start is None:
            return None
        return self.items.write(self._page(self.items, asked, asked.start, found))

    def written(self, head: Sequence[Any], page: Any) -> dict[str, Any]:
        answer = self.write(head)
        if self.items is not None:
            answer[self.items.key] = page
        return answer

    def _page(self, items: _Items, asked: Asked, start: Start, found: Found) -> PageRows:
        rows = found.rows[: start.first]
        return PageRows(
            rows,
            lambda row: cursor_to("items", row[items.z], row[items.item_id]),
            len(found.rows) > start.first,
            asked.has_previous,
            found.total,
        )


@dataclass(frozen=True)
class Plan:
    """A compiled operation: its root fields in the order of the answer. None: `__typename`."""

    roots: tuple[tuple[str, BoardPlan | None], ...]


class _Names:
    """Facts that are needed, each with its place in a row."""

    def __init__(self, first: Sequence[str] = ()) -> None:
        self.places = {name: place for place, name in enumerate(first)}

    def __call__(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))


def plan_of(document: DocumentNode, operation: OperationDefinitionNode, values: VariableValues) -> Plan:
    """Raises Outside."""
    if operation.operation is not OperationType.QUERY:
        raise Outside
    try:
        return _Compiler(document, operation, values).plan()
    except GraphQLError as error:  # a directive's argument that has no value
        raise Outside from error


def steering(operation: OperationDefinitionNode, values: VariableValues) -> tuple[str, ...]:
    """Values of the variables that a plan is compiled for: all but texts, which only name rows."""
    return tuple(
        repr(values.coerced.get(definition.variable.name.value, Outside))
        for definition in operation.variable_definitions or ()
        if _steers(definition)
    )


def _steers(definition: VariableDefinitionNode) -> bool:
    kind = type_from_ast(GRAPH, definition.type)
    return kind is not None and get_named_type(kind).name in ("Boolean", "Int")


def _object(name: str) -> GraphQLObjectType:
    kind = GRAPH.get_type(name)
    assert isinstance(kind, GraphQLObjectType)
    return kind


def _arguments(kind: str, field: str, details: FieldDetails, values: VariableValues) -> dict[str, Any]:
    return get_argument_values(_object(kind).fields[field], details.node, values)


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

    def plan(self) -> Plan:
        found = collect_fields(GRAPH, self.fragments, self.values, _object("Query"), self.operation)
        roots: list[tuple[str, BoardPlan | None]] = []
        for key, details in found.grouped_field_set.items():
            name = details[0].node.name.value
            if name not in ("board", _NAME):
                raise Outside
            roots.append((key, self.board(key, details) if name == "board" else None))
        if all(root is None for _, root in roots):
            raise Outside
        return Plan(tuple(roots))

    def fields(self, kind: str, details: FieldDetailsList) -> list[tuple[str, str, FieldDetailsList]]:
        """Response key, field and where it stands, merged and in the order of the answer."""
        found = collect_subfields(GRAPH, self.fragments, self.values, self.operation, _object(kind), details)
        return [(key, each[0].node.name.value, each) for key, each in found.grouped_field_set.items()]

    def board(self, key: str, details: FieldDetailsList) -> BoardPlan:
        head, row = _Names(), _Names()
        pieces: list[Piece] = []
        items: _Items | None = None
        total: list[bool] = []
        for name, field, each in self.fields("Board", details):
            if field == "items":
                if items is not None:
                    raise Outside
                write = self.connection(each, row, total)
                items = _Items(name, each[0], write, row("item.z"), row("item.id"))
                pieces.append(Piece(name, constant=None))
            elif field == "createdBy":
                pieces.append(Piece(name, later=self.person(each, head, "creator")))
            elif field == "cover":
                pieces.append(Piece(name, later=self.cover(each, head)))
            else:
                pieces.append(_piece(name, field, "Board", BOARD, "board", head))
        facts = board_reads.head_facts(tuple(head.places))
        wanted = None if items is None else tuple(row.places)
        kinds: tuple[Kind, ...] = ("all",) if wanted is None else ("all", "within", "changed")
        readings = {kind: board_reads.reading(facts, wanted, total=bool(total), kind=kind) for kind in kinds}
        return BoardPlan(key, details, readings, Shape(pieces), items)

    def person(self, details: FieldDetailsList, row: _Names, table: str) -> Shape:
        return Shape(
            [
                _piece(key, field, "Account", PEOPLE, table, row)
                for key, field, _ in self.fields("Account", details)
            ]
        )

    def cover(self, details: FieldDetailsList, head: _Names) -> Callable[[Sequence[Any]], Any]:
        write = self.image(details, head, "cover", "cover_owner")
        place = head("cover.id")
        return lambda row: None if row[place] is None else write(row)

    def image(self, details: FieldDetailsList, row: _Names, table: str, owner: str) -> Shape:
        pieces: list[Piece] = []
        for key, field, each in self.fields("Image", details):
            if field == "owner":
                pieces.append(Piece(key, later=self.person(each, row, owner)))
            elif field == "url":
                least = _arguments("Image", "url", each[0], self.values)["atLeast"]
                pieces.append(Piece(key, later=_url(least, row(f"{table}.id"), row(f"{table}.sizes"))))
            elif field == "renditions":
                pieces.append(Piece(key, later=self.renditions(each, row, table)))
            else:
                pieces.append(_piece(key, field, "Image", IMAGE, table, row))
        return Shape(pieces)

    def renditions(
        self, details: FieldDetailsList, row: _Names, table: str
    ) -> Callable[[Sequence[Any]], Any]:
        fields = [(key, field) for key, field, _ in self.fields("Rendition", details)]
        if not {field for _, field in fields} <= {_NAME, *RENDITION}:
            raise Outside
        sizes_alone = {field for _, field in fields} <= {_NAME, "size", "url"}
        place = row(f"{table}.sizes" if sizes_alone else f"{table}.renditions")
        return renditions(fields, row(f"{table}.id"), place, sizes_alone=sizes_alone)

    def item(self, details: FieldDetailsList, row: _Names) -> Callable[[Sequence[Any]], Any]:
        """Either kind of item has its own shape."""
        image, note = (self.item_of(kind, details, row) for kind in ("ImageItem", "NoteItem"))
        place = row("item.kind")
        return lambda found: image(found) if found[place] == "IMAGE" else note(found)

    def item_of(self, kind: str, details: FieldDetailsList, row: _Names) -> Shape:
        pieces: list[Piece] = []
        for key, field, each in self.fields(kind, details):
            if field == "transform":
                places = [
                    _piece(below, name, "Transform", TRANSFORM, "item", row)
                    for below, name, _ in self.fields("Transform", each)
                ]
                pieces.append(Piece(key, later=Shape(places)))
            elif field == "addedBy":
                pieces.append(Piece(key, later=self.person(each, row, "adder")))
            elif field == "image":
                pieces.append(Piece(key, later=self.image(each, row, "image", "owner")))
            elif field == "isRemoved":
                pieces.append(Piece(key, place=row("item.is_removed")))
            elif kind == "NoteItem" and field in NOTE:
                pieces.append(Piece(key, part=NOTE[field]))
            else:
                pieces.append(_piece(key, field, kind, ITEM, "item", row))
        return Shape(pieces, whole=row("item.note") if any(piece.part for piece in pieces) else None)

    def connection(self, details: FieldDetailsList, row: _Names, total: list[bool]) -> Page:
        """total: gets an entry where somebody asks how many there are."""
        writers: list[tuple[str, Page]] = []
        for key, field, each in self.fields("ItemConnection", details):
            if field == "nodes":
                writers.append((key, _nodes(self.item(each, row))))
            elif field == "edges":
                writers.append((key, self.edges(each, row)))
            elif field == "pageInfo":
                writers.append((key, self.page_info(each)))
            elif field == "totalCount":
                total.append(True)
                writers.append((key, lambda page: page.total))
            elif field == _NAME:
                writers.append((key, _always("ItemConnection")))
            else:
                raise Outside
        return _written(writers)

    def edges(self, details: FieldDetailsList, row: _Names) -> Page:
        fields = self.fields("ItemEdge", details)
        writers: list[tuple[str, Page]] = []
        for key, field, each in fields:
            if field == "node":
                writers.append((key, _nodes(self.item(each, row))))
            elif field == "cursor":
                writers.append((key, lambda page: [page.cursor(row) for row in page.rows]))
            elif field == _NAME:
                writers.append((key, lambda page: ["ItemEdge"] * len(page.rows)))
            else:
                raise Outside
        keys = [key for key, _ in writers]

        def edges(page: PageRows) -> list[dict[str, Any]]:
            columns = [write(page) for _, write in writers]
            return [dict(zip(keys, edge, strict=True)) for edge in zip(*columns, strict=True)]

        return edges

    def page_info(self, details: FieldDetailsList) -> Page:
        known: Mapping[str, Page] = {
            "hasNextPage": lambda page: page.has_next,
            "hasPreviousPage": lambda page: page.has_previous,
            "startCursor": lambda page: page.cursor(page.rows[0]) if page.rows else None,
            "endCursor": lambda page: page.cursor(page.rows[-1]) if page.rows else None,
            _NAME: _always("PageInfo"),
        }
        fields = self.fields("PageInfo", details)
        if not {field for _, field, _ in fields} <= set(known):
            raise Outside
        return _written([(key, known[field]) for key, field, _ in fields])


def _piece(key: str, field: str, kind: str, known: Mapping[str, Any], table: str, row: _Names) -> Piece:
    """A field whose value is a column, perhaps in another form."""
    if field == _NAME:
        return Piece(key, constant=kind)
    if field not in known:
        raise Outside
    fact, form = known[field]
    place = row(f"{table}.{fact}")
    if form is None:
        return Piece(key, place=place)
    return Piece(key, later=lambda found: form(found[place]))


def _url(least: int, image_id: int, sizes: int) -> Callable[[Sequence[Any]], str | None]:
    """See `Image.url`: the smallest that is large enough, else the largest."""

    def url(row: Sequence[Any]) -> str | None:
        made = row[sizes]
        if not made:
            return None
        size = min((size for size in made if size >= least), default=None) or max(made)
        return f"/files/{row[image_id]}/{size}"

    return url


def _nodes(write: Callable[[Sequence[Any]], Any]) -> Page:
    return lambda page: [write(row) for row in page.rows]


def _always(value: str) -> Page:
    return lambda page: value


def _written(writers: Sequence[tuple[str, Page]]) -> Page:
    return lambda page: {key: write(page) for key, write in writers}
