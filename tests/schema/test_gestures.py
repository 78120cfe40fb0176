"""Gestures: a moment of a drag that is taken at once is taken and answered as by the ordinary execution."""

import asyncio
from typing import Any, cast
from uuid import uuid4

import msgspec
import orjson
import pytest
from graphql import GraphQLInputObjectType, Undefined, is_non_null_type
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from domain import checks
from domain.access import Viewer
from domain.errors import TooBusy
from domain.live import Hub
from schema import execution
from schema.context import Context
from schema.execution import Request, Stage
from schema.gestures import DragMoment, ItemMoment, PlaceMoment
from schema.root import GRAPH
from tests.schema.asking import Asking

DRAG = "mutation ($input: DragItemsInput!) { dragItems(input: $input) { accepted } }"
BOARD, GESTURE, ITEM = (str(uuid4()) for _ in range(3))
ANA = Viewer(uuid4(), "Ana")
PLACE = {"x": 1.5, "y": -2}
MOMENT = {"boardId": BOARD, "gestureId": GESTURE, "items": [{"id": ITEM, "transform": PLACE}]}


class Lanes:
    """A hub that keeps what it takes, after the checks of the real one. trusts: nobody need be asked."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.trusts = True
        self.is_busy = False

    async def drag(self, viewer: Viewer, *moment: Any) -> None:
        self._take(viewer, *moment)

    def drag_at_once(self, viewer: Viewer, *moment: Any) -> bool:
        if self.trusts:
            self._take(viewer, *moment)
        return self.trusts

    def _take(self, viewer: Viewer, board_id: Any, gesture_id: Any, placements: Any, phase: Any) -> None:
        good = checks.placements(placements)
        if self.is_busy:
            raise TooBusy("Too many drags at once.", retry_after_seconds=1)
        self.taken.append((viewer, board_id, gesture_id, good, phase))


def ordinary(document: str, variables: Any, lanes: Lanes) -> execution.Answer:
    context: Context = Asking(cast(Hub, lanes)).context(ANA)
    return asyncio.run(execution.answer(Request(document, variables), context))


def at_once(document: str, variables: Any, lanes: Lanes) -> execution.Answer | None:
    return execution.answer_at_once(Request(document, variables), ANA, cast(Hub, lanes))


numbers = st.floats() | st.integers(-(2**63), 2**63) | st.sampled_from((0, -0.0, 1e9, 1e10, None, True, "1"))
ids = st.sampled_from(
    (BOARD, GESTURE, ITEM, ITEM.upper(), ITEM.replace("-", ""), "{" + ITEM + "}", "", 7, None)
)
flags = st.booleans() | st.sampled_from((None, 1, "true"))
transforms = st.fixed_dictionaries(
    {"x": numbers, "y": numbers},
    optional={"scale": numbers, "rotation": numbers, "flipX": flags, "flipY": flags},
) | st.sampled_from((PLACE, {}, None, {**PLACE, "z": 1}))
placed = st.fixed_dictionaries({"id": ids, "transform": transforms}) | st.sampled_from(
    ({"id": ITEM, "transform": PLACE}, {"id": GESTURE, "transform": PLACE}, {}, None)
)
moments = st.fixed_dictionaries(
    {
        "boardId": ids | st.just(BOARD),
        "gestureId": st.just(GESTURE) | ids,
        "items": st.lists(placed) | placed,
    },
    optional={"phase": st.sampled_from(("MOVING", "DROPPED", "CANCELLED", "moving", 0, None)), "more": flags},
) | st.sampled_from((MOMENT, {**MOMENT, "phase": "DROPPED"}, None, [MOMENT]))


@given(moments, st.dictionaries(st.sampled_from(("other",)), flags))
def test_what_is_taken_at_once_is_what_would_be_taken(moment: Any, more: dict[str, Any]) -> None:
    variables = {"input": moment, **more}
    quick, slow = Lanes(), Lanes()
    said = ordinary(DRAG, variables, slow)
    found = at_once(DRAG, variables, quick)
    if found is None:
        assert quick.taken == []
    else:
        assert found == said
        assert repr(quick.taken) == repr(slow.taken)


@pytest.mark.parametrize("phase", ["MOVING", "DROPPED", "CANCELLED", None])
@pytest.mark.parametrize(
    "document",
    [
        DRAG,
        "mutation Drag($i: DragItemsInput!) { dragItems(input: $i) { accepted } }",
        "mutation ($i: DragItemsInput!) { d: dragItems(input: $i) { __typename a: accepted a: accepted } }",
    ],
)
def test_a_moment_that_is_well_is_taken_at_once(document: str, phase: str | None) -> None:
    moment = MOMENT if phase is None else {**MOMENT, "phase": phase}
    variables = {"input" if "$input" in document else "i": moment}
    quick, slow = Lanes(), Lanes()
    said = ordinary(document, variables, slow)
    assert at_once(document, variables, quick) == said
    assert said.stage is Stage.EXECUTED
    assert "errors" not in orjson.loads(said.payload)
    assert quick.taken == slow.taken != []


@pytest.mark.parametrize(
    "document",
    [
        "mutation ($input: DragItemsInput!) { dragItems(input: $input) { ...F } } "
        "fragment F on DragItemsPayload { accepted }",
        "mutation ($input: DragItemsInput!) { dragItems(input: $input) { ... { accepted } } }",
        "mutation ($input: DragItemsInput!) { dragItems(input: $input) { accepted @skip(if: true) } }",
        "mutation ($input: DragItemsInput!) { dragItems(input: $input) @skip(if: true) { accepted } }",
        "mutation ($input: DragItemsInput!) { a: dragItems(input: $input) { accepted } "
        "b: dragItems(input: $input) { accepted } }",
        "mutation ($input: DragItemsInput!) { __typename dragItems(input: $input) { accepted } }",
        "mutation ($input: DragItemsInput!, $no: Boolean = true) "
        "{ dragItems(input: $input) { accepted @skip(if: $no) } }",
        "mutation ($input: DragItemsInput! = {boardId: 1, gestureId: 1, items: []}) "
        "{ dragItems(input: $input) { accepted } }",
        "mutation ($b: ID!) { dragItems(input: {boardId: $b, gestureId: 1, items: []}) { accepted } }",
        "mutation A($input: DragItemsInput!) { dragItems(input: $input) { accepted } } query B { me { id } }",
        "query ($input: Boolean) { __typename @skip(if: $input) }",
    ],
)
def test_what_is_more_than_a_moment_is_for_the_ordinary_execution(document: str) -> None:
    lanes = Lanes()
    ordinary(document, {"input": MOMENT, "b": BOARD}, lanes)
    lanes.taken.clear()
    assert at_once(document, {"input": MOMENT, "b": BOARD}, lanes) is None
    assert lanes.taken == []


def test_a_document_that_was_never_found_valid_is_for_the_ordinary_execution() -> None:
    execution.forget_documents()
    assert at_once(DRAG, {"input": MOMENT}, Lanes()) is None


@pytest.mark.parametrize("state", [{"trusts": False}, {"is_busy": True}])
def test_who_must_be_asked_for_or_refused_is_for_the_ordinary_execution(state: dict[str, bool]) -> None:
    lanes = Lanes()
    ordinary(DRAG, {"input": MOMENT}, lanes)
    lanes.taken.clear()
    for name, value in state.items():
        setattr(lanes, name, value)
    assert at_once(DRAG, {"input": MOMENT}, lanes) is None
    assert lanes.taken == []


@pytest.mark.parametrize(
    ("moment", "name"),
    [(DragMoment, "DragItemsInput"), (ItemMoment, "ItemPlacementInput"), (PlaceMoment, "TransformInput")],
)
def test_moments_have_the_fields_and_defaults_of_the_inputs(moment: type[msgspec.Struct], name: str) -> None:
    kind = GRAPH.get_type(name)
    assert isinstance(kind, GraphQLInputObjectType)
    ours = {each.encode_name: None if each.required else each.default for each in structs.fields(moment)}
    theirs = {}
    for key, each in kind.fields.items():
        assert is_non_null_type(each.type)
        default = each.default_value
        theirs[key] = None if default is Undefined else getattr(default, "value", default)
    assert ours == theirs
