"""Compiled reads: a board asked for by one document is one statement, and its rows become the answer.

The ordinary resolvers are the reference: whatever they would answer, this answers too, byte for byte, or
it answers nothing and they do. `plan_of` compiles an operation once; what goes beyond a board, its page
of items and what hangs on them is Outside, and so are values that would be refused.

To make it know more:

- a field that shows a column: the column in domain/board_reads.py, a line in schema/facts.py;
- a part of what a column holds whole (a note's text): the `Content` of its `ItemType` in schema/facts.py;
- a kind of items: an entry of `KINDS` in schema/facts.py;
- a field that is an object: a `shape` in the compiler below, as `transform` is one;
- an argument of `items`: in `Asked`, which is what pages are kept under, and in the statement;
- then tests/schema/documents.py, so that the property test compares it with the resolvers.

What may change without a change of the board must be `passing` in board_reads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
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
from domain.board_reads import Found, PageKind, Reading, Start
from domain.errors import DomainError
from domain.pagination import cursor_to
from domain.past import Then, require_all
from domain.windows import require_known
from schema.arguments import uuid_of
from schema.facts import (
    BOARD,
    CROP,
    IMAGE,
    KINDS,
    PEOPLE,
    RENDITION,
    TRANSFORM,
    Columns,
    ItemType,
    Piece,
    Writer,
    always,
    animation,
    divided,
    points,
    renditions,
    shape,
    shown,
    tiles,
    with_parts,
)
from schema.places import RectInput, window_of
from schema.root import GRAPH

Page = Callable[["PageRows"], Any]
_NAME: Final = "__typename"
MOST_AT_ONCE = 1_000  # a longer list is written in pieces, beside the loop
PIECE = 500
_json = msgspec.json.Encoder().encode


class Outside(Exception):
    """The operation goes beyond what is compiled."""


@dataclass(frozen=True)
class PageRows:
    """A page as the writers need it. columns: none where it has no rows. cursors: of the first and last."""

    columns: Columns
    cursors: Callable[[], tuple[str, str] | tuple[None, None]]
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
    then: Then | None = None


@dataclass(frozen=True, eq=False)
class BoardPlan:
    """One root field. readings: by the kind of window that its page is of. head: the facts of a head."""

    key: str
    details: FieldDetailsList
    readings: Mapping[PageKind, Reading]
    head: tuple[str, ...]
    write: Writer
    items: _Items | None

    def asked(self, values: VariableValues) -> Asked:
        """Raises Outside for arguments that the resolvers would refuse, and for a head of the past alone."""
        try:
            board = _arguments("Query", "board", self.details[0], values)
            board_id, at = uuid_of(board["id"]), board["at"]
            then = None if at is None else Then(board_id, at)
            if self.items is None:
                if then is not None:
                    raise Outside
                return Asked(board_id, None)
            page = _arguments("Board", "items", self.items.details, values)
            within = page["within"]
            window = window_of(None if within is None else RectInput(**within), page["changedSince"])
            start = board_reads.start_of(page["first"], page["after"], window)
            if then is not None:
                require_all(window)
            return Asked(board_id, start, page["after"] is not None, then)
        except (DomainError, GraphQLError) as error:
            raise Outside from error

    def reading(self, asked: Asked) -> Reading:
        if asked.then is not None:
            return self.readings["then"]
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

    def written(self, head: Sequence[Any], page: object) -> Any:
        """page: what stands for it in the answer, the last column of all."""
        [answer] = self.write([*((value,) for value in head), (page,)])
        return answer

    def _page(self, items: _Items, asked: Asked, start: Start, found: Found) -> PageRows:
        has_next = found.count > start.first
        columns = [column[: start.first] for column in found.columns] if has_next else found.columns

        def cursors() -> tuple[str, str] | tuple[None, None]:
            if not columns:
                return None, None
            first, last = (_cursor(columns[items.z][n], columns[items.item_id][n]) for n in (0, -1))
            return first, last

        return PageRows(columns, cursors, has_next, asked.has_previous, found.total)


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
                pieces.append(Piece(name, shown(-1)))
            elif field == "createdBy":
                pieces.append(Piece(name, self.person(each, head, "creator")))
            elif field == "cover":
                pieces.append(Piece(name, self.cover(each, head)))
            else:
                pieces.append(_piece(name, field, "Board", BOARD, "board", head))
        facts = board_reads.head_facts(tuple(head.places))
        wanted = None if items is None else tuple(row.places)
        kinds: tuple[PageKind, ...] = ("all",) if wanted is None else ("all", "within", "changed", "then")
        readings = {kind: board_reads.reading(facts, wanted, total=bool(total), kind=kind) for kind in kinds}
        return BoardPlan(key, details, readings, facts, shape(pieces), items)

    def person(self, details: FieldDetailsList, row: _Names, table: str) -> Writer:
        return shape(
            [
                _piece(key, field, "Account", PEOPLE, table, row)
                for key, field, _ in self.fields("Account", details)
            ]
        )

    def cover(self, details: FieldDetailsList, head: _Names) -> Writer:
        write = self.image(details, head, "cover", "cover_owner")
        there = shown(head("cover.id"), lambda image_id: image_id is not None)
        return divided(there, {True: write, False: always(None)})

    def image(self, details: FieldDetailsList, row: _Names, table: str, owner: str) -> Writer:
        pieces: list[Piece] = []
        for key, field, each in self.fields("Image", details):
            if field == "owner":
                pieces.append(Piece(key, self.person(each, row, owner)))
            elif field == "url":
                least = _arguments("Image", "url", each[0], self.values)["atLeast"]
                pieces.append(Piece(key, shown(row(board_reads.url_fact(table, least)))))
            elif field == "renditions":
                pieces.append(Piece(key, self.renditions(each, row, table)))
            elif field == "tiles":
                pieces.append(Piece(key, self.tiles(each, row, table)))
            elif field == "animation":
                below = [(name, shown_field) for name, shown_field, _ in self.fields("Animation", each)]
                pieces.append(Piece(key, animation(below, row(f"{table}.id"), row(f"{table}.animation"))))
            else:
                pieces.append(_piece(key, field, "Image", IMAGE, table, row))
        return shape(pieces)

    def renditions(self, details: FieldDetailsList, row: _Names, table: str) -> Writer:
        fields = [(key, field) for key, field, _ in self.fields("Rendition", details)]
        if not {field for _, field in fields} <= {_NAME, *RENDITION}:
            raise Outside
        sizes_alone = {field for _, field in fields} <= {_NAME, "size", "url"}
        entries = row(f"{table}.sizes" if sizes_alone else f"{table}.renditions")
        return renditions(fields, row(f"{table}.id"), entries)

    def tiles(self, details: FieldDetailsList, row: _Names, table: str) -> Writer:
        fields = self.fields("Tiles", details)
        levels = {
            key: [(below, name) for below, name, _ in self.fields("TileLevel", each)]
            for key, field, each in fields
            if field == "levels"
        }
        places = [row(f"{table}.{name}") for name in ("id", "width", "height", "tile_px")]
        return tiles([(key, field) for key, field, _ in fields], levels, places)

    def item(self, details: FieldDetailsList, row: _Names) -> Writer:
        """Every kind of items has its own shape."""
        writers = {value: self.item_of(kind, details, row) for value, kind in KINDS.items()}
        return divided(shown(row("item.kind")), writers)

    def item_of(self, kind: ItemType, details: FieldDetailsList, row: _Names) -> Writer:
        fields = self.fields(kind.name, details)
        content = kind.content
        parts = [] if content is None else [field for _, field, _ in fields if field in content.parts]
        pieces: list[Piece] = []
        for key, field, each in fields:
            if field == "transform":
                places = [
                    _piece(below, name, "Transform", TRANSFORM, "item", row)
                    for below, name, _ in self.fields("Transform", each)
                ]
                pieces.append(Piece(key, shape(places)))
            elif field == "addedBy":
                pieces.append(Piece(key, self.person(each, row, "adder")))
            elif field == "image":
                pieces.append(Piece(key, self.image(each, row, "image", "owner")))
            elif field == "isRemoved":
                pieces.append(Piece(key, shown(row("item.is_removed"))))
            elif field == "crop":
                pieces.append(Piece(key, self.crop(each, row)))
            elif field == "points":
                pieces.append(Piece(key, self.points(each, parts.index(field) - len(parts))))
            elif field in parts:
                pieces.append(Piece(key, shown(parts.index(field) - len(parts))))
            else:
                pieces.append(_piece(key, field, kind.name, kind.shows, "item", row))
        if content is None or not parts:
            return shape(pieces)
        names = [content.parts[field] for field in parts]
        return with_parts(shape(pieces), row(f"item.{content.column}"), content.decode, names)

    def crop(self, details: FieldDetailsList, row: _Names) -> Writer:
        fields = self.fields("Crop", details)
        place = row(f"item.{CROP.column}")
        names = [CROP.parts[field] for _, field, _ in fields if field != _NAME]
        pieces = [
            Piece(key, always("Crop") if field == _NAME else shown(names.index(field) - len(names)))
            for key, field, _ in fields
        ]
        write = with_parts(shape(pieces), place, CROP.decode, names)
        there = shown(place, lambda crop: crop is not None)
        return divided(there, {True: write, False: always(None)})

    def points(self, details: FieldDetailsList, place: int) -> Writer:
        return points([(key, field) for key, field, _ in self.fields("Point", details)], place)

    def connection(self, details: FieldDetailsList, row: _Names, total: list[bool]) -> Page:
        """total: gets an entry where somebody asks how many there are."""
        writers: list[tuple[str, Page]] = []
        for key, field, each in self.fields("ItemConnection", details):
            if field == "nodes":
                writers.append((key, _listed(self.item(each, row))))
            elif field == "edges":
                writers.append((key, self.edges(each, row)))
            elif field == "pageInfo":
                writers.append((key, self.page_info(each)))
            elif field == "totalCount":
                total.append(True)
                writers.append((key, lambda page: page.total))
            elif field == _NAME:
                writers.append((key, lambda page: "ItemConnection"))
            else:
                raise Outside
        return _written(writers)

    def edges(self, details: FieldDetailsList, row: _Names) -> Page:
        z, item_id = row("item.z"), row("item.id")
        pieces: list[Piece] = []
        for key, field, each in self.fields("ItemEdge", details):
            if field == "node":
                pieces.append(Piece(key, self.item(each, row)))
            elif field == "cursor":
                pieces.append(Piece(key, lambda columns: map(_cursor, columns[z], columns[item_id])))
            elif field == _NAME:
                pieces.append(Piece(key, always("ItemEdge")))
            else:
                raise Outside
        return _listed(shape(pieces))

    def page_info(self, details: FieldDetailsList) -> Page:
        known: Mapping[str, Page] = {
            "hasNextPage": lambda page: page.has_next,
            "hasPreviousPage": lambda page: page.has_previous,
            "startCursor": lambda page: page.cursors()[0],
            "endCursor": lambda page: page.cursors()[1],
            _NAME: lambda page: "PageInfo",
        }
        fields = self.fields("PageInfo", details)
        if not {field for _, field, _ in fields} <= set(known):
            raise Outside
        return _written([(key, known[field]) for key, field, _ in fields])


def _piece(key: str, field: str, kind: str, known: Mapping[str, Any], table: str, row: _Names) -> Piece:
    """A field whose value is a column, perhaps in another form."""
    if field == _NAME:
        return Piece(key, always(kind))
    if field not in known:
        raise Outside
    fact, form = known[field]
    return Piece(key, shown(row(f"{table}.{fact}"), form))


def _cursor(z: str, item_id: str) -> str:
    return cursor_to("items", z, item_id)


def _listed(write: Writer) -> Page:
    """Long lists are written piece by piece: between two of them other threads have their turn."""

    def written(page: PageRows) -> Any:
        if not page.columns:
            return []
        length = len(page.columns[0])
        if length <= MOST_AT_ONCE:
            return list(write(page.columns))
        pieces = (
            _json(list(write([column[start : start + PIECE] for column in page.columns])))[1:-1]
            for start in range(0, length, PIECE)
        )
        return msgspec.Raw(b"[%b]" % b",".join(pieces))

    return written


def _written(writers: Sequence[tuple[str, Page]]) -> Page:
    return lambda page: {key: write(page) for key, write in writers}
