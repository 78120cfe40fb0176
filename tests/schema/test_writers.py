"""Writers: whatever is asked of an event, a writer says what the ordinary execution says, or nothing."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution import execute_subscription_event
from hypothesis import given, reject
from hypothesis import strategies as st
from msgspec import UNSET

from domain.access import Viewer
from domain.changes import Change, ChangeKind
from domain.drags import Drag, Phase
from domain.errors import NotFound
from domain.operations import (
    AddItems,
    Compound,
    EditBoard,
    ItemKind,
    ItemState,
    NoteContent,
    Operation,
    Placement,
    Rank,
    RemoveItems,
    ReorderItems,
    RestyleItems,
    StylePatch,
    Transform,
    TransformItems,
    TrashBoard,
)
from schema.accounts import Account
from schema.changes import change_of
from schema.context import Context
from schema.execution import Prepared, Refused, Request, encoded, executor_of, prepare
from schema.root import GRAPH
from schema.scalars import Colour
from schema.subscriptions import transform_event_of
from schema.writers import writer_of
from tests.schema.asking import Asking

A, B, C = (UUID(int=number) for number in range(1, 4))
ANA = Account(id=strawberry.ID(str(C)), name="Ana “é”", colour=Colour("#0090ff"))
NOTE = ItemState(A, ItemKind.NOTE, 2.0, 1.0, "a0", note=NoteContent("two\nlines"), parent_id=B)
numbers = st.floats(-1e9, 1e9) | st.integers(-5, 5).map(float)
places = st.builds(Transform, numbers, numbers, st.floats(0.1, 10), st.floats(0, 359), st.booleans())
placements = st.builds(Placement, st.sampled_from((A, B)), places)
moves = st.builds(TransformItems, st.lists(placements, min_size=1, max_size=3))
simple: st.SearchStrategy[Any] = moves | st.sampled_from(
    [
        AddItems([NOTE]),
        RemoveItems([A, B]),
        ReorderItems([Rank(A, "a0V")]),
        RestyleItems([StylePatch(A, opacity=0.5, name="", tags=["a"]), StylePatch(B, hidden=True)]),
        EditBoard(title="Fox", cover_id=None),
        EditBoard(description="", title=UNSET),
        TrashBoard(),
    ]
)
operations: st.SearchStrategy[Operation] = simple | st.lists(simple, min_size=2, max_size=3).map(Compound)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
lines = st.builds(
    lambda seq, at, operation, kind, reverts, mutation: Change(
        A, seq, C, at, operation, operation, kind, reverts, mutation
    ),
    st.integers(1, 2**53 - 1),
    moments,
    operations,
    st.sampled_from(ChangeKind),
    st.none() | st.integers(1, 9),
    st.none() | st.just(B),
)
drags = st.builds(
    lambda phase, placed: Drag(A, C, B, phase, placed),
    st.sampled_from(Phase),
    st.lists(placements, min_size=1, max_size=3),
)


def prepared(document: str, variables: dict[str, Any] | None = None) -> Prepared:
    context = Asking().context(Viewer(C, "Ana"))
    try:
        return prepare(Request(document, variables), context)
    except Refused as refused:
        if refused.answer.codes != ("LIMIT_EXCEEDED",):
            raise
        reject()


def a_context(person: Any = lambda account_id: ANA) -> Context:
    context = Asking().context(None)
    context.loaders = cast(Any, SimpleNamespace(person=person))
    return context


def ordinary(found: Prepared, value: Any) -> bytes:
    executor = executor_of(found, a_context()).build_per_event_executor(value)
    result = execute_subscription_event(executor)
    assert isinstance(result, ExecutionResult)
    assert not result.errors
    return encoded(result.data, []).payload


def written(found: Prepared, value: Any, context: Context | None = None) -> bytes | None:
    write = writer_of(found.document, found.operation, found.variables)
    data = None if write is None else write(value, context or a_context())
    return None if data is None else encoded(data, []).payload


@st.composite
def selections(draw: st.DrawFn, kind: GraphQLOutputType, depth: int = 4) -> str:
    """Of what needs no waiting and takes no arguments."""
    parts = ["__typename"] if draw(st.booleans()) else []
    if is_abstract_type(kind):
        for each in draw(st.lists(st.sampled_from(GRAPH.get_possible_types(kind)), max_size=3, unique=True)):
            parts.append(f"... on {each.name} {draw(selections(each, depth))}")
        return "{ __typename " + " ".join(parts) + " }"
    assert is_object_type(kind)
    plain = _plain(kind)
    names = draw(st.lists(st.sampled_from(plain), max_size=4)) if plain else []
    for number, name in enumerate(names):
        below = cast(GraphQLOutputType, get_named_type(kind.fields[name].type))
        alias = f"{kind.name}{number}: "  # types of one union may not differ under one name
        steer = draw(
            st.sampled_from(("", "", "", " @skip(if: $no)", " @include(if: $no)", " @skip(if: true)"))
        )
        if is_leaf_type(below):
            part = f"{alias}{name}{steer}"
        elif depth:
            part = f"{alias}{name}{steer} {draw(selections(below, depth - 1))}"
        else:
            continue
        wrapped = draw(st.sampled_from((False, False, True)))
        parts.append(f"... on {kind.name} {{ {part} }}" if wrapped else part)
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def _plain(kind: GraphQLObjectType) -> list[str]:
    found = []
    for name, each in kind.fields.items():
        resolver = each.extensions["strawberry-definition"].base_resolver
        if not each.args and (resolver is None or not resolver.is_async):
            found.append(name)
    return found


def document_of(name: str, selection: str) -> str:
    inside = "{ o: __typename @skip(if: $no) " + selection[1:]
    return f"subscription($b: ID!, $no: Boolean! = false) {{ e: {name}(boardId: $b) {inside} }}"


def _kind(name: str) -> GraphQLOutputType:
    return cast(GraphQLOutputType, GRAPH.get_type(name))


@given(selections(_kind("Change")), lines, st.booleans())
def test_a_change_is_written_as_it_is_executed(selection: str, line: Change, no: bool) -> None:
    found = prepared(document_of("boardChanges", selection), {"b": str(A), "no": no})
    assert written(found, change_of(line)) == ordinary(found, change_of(line))


@given(selections(_kind("TransformEvent")), drags | lines, st.booleans())
def test_a_movement_is_written_as_it_is_executed(selection: str, move: Drag | Change, no: bool) -> None:
    found = prepared(document_of("transforms", selection), {"b": str(A), "no": no})
    assert written(found, transform_event_of(move)) == ordinary(found, transform_event_of(move))


LINE = Change(A, 7, C, datetime(2026, 1, 1, tzinfo=UTC), AddItems([NOTE]), RemoveItems([A]))


def test_what_must_be_waited_for_is_for_the_ordinary_execution_one_type_at_a_time() -> None:
    pictures = "{ seq operation { ... on AddItems { items { image { name } } } ... on RemoveItems { ids } } }"
    found = prepared(document_of("boardChanges", pictures), {"b": str(A)})
    removed = Change(A, 8, C, LINE.at, RemoveItems([A]), AddItems([NOTE]))
    assert written(found, change_of(LINE)) is None
    assert written(found, change_of(removed)) == ordinary(found, change_of(removed))


@pytest.mark.parametrize("selection", ["{ board { viewerRole } }", "{ seq board { id } }"])
def test_what_depends_on_the_viewer_has_no_writer(selection: str) -> None:
    found = prepared(document_of("boardChanges", selection), {"b": str(A)})
    assert writer_of(found.document, found.operation, found.variables) is None


def test_a_person_who_must_be_read_first_is_for_the_ordinary_execution() -> None:
    """And nothing that was begun is left to wait for ever."""
    found = prepared(document_of("boardChanges", "{ actor { name } }"), {"b": str(A)})

    async def later() -> Account:
        return ANA

    assert written(found, change_of(LINE), a_context(lambda account_id: later())) is None
    assert written(found, change_of(LINE)) == ordinary(found, change_of(LINE))


def test_what_fails_or_may_not_be_null_is_for_the_ordinary_execution_to_say() -> None:
    found = prepared(document_of("boardChanges", "{ actor { name } }"), {"b": str(A)})

    def nobody(account_id: UUID) -> Account:
        raise NotFound("There is no such account.", kind="account")

    assert written(found, change_of(LINE), a_context(nobody)) is None
    assert written(found, change_of(LINE), a_context(lambda account_id: None)) is None
