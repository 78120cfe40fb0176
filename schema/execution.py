"""How a document is run: one request in, encoded answers out, nothing of GraphQL's machinery leaks upwards.

A request error (the document does not parse, fit the schema or its limits, its variables do not
fit, no such operation) means that nothing ran: stage REFUSED, no `data` entry, HTTP 400. A field
error means that the operation ran: stage EXECUTED, HTTP 200, `data` with null where it failed.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from inspect import isawaitable
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLFormattedError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
)
from graphql.error import GraphQLSyntaxError
from graphql.execution import (
    Executor,
    default_field_resolver,
    default_type_resolver,
    get_variable_values,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from graphql.validation import (
    OverlappingFieldsCanBeMergedRule,
    recommended_rules,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from domain import metrics, quotas, traces
from domain.access import Viewer
from domain.errors import DomainError
from domain.live import Hub
from schema import errors, limits, reads
from schema.context import Context
from schema.gestures import Gesture, gesture_of
from schema.loaders import Loaders
from schema.root import GRAPH

# Comparing fields with the same name is quadratic: only documents that are otherwise valid come to it.
FIRST_RULES = (
    *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
    *recommended_rules,
    OneOfInputValidationRule,
)
LAST_RULES = (OverlappingFieldsCanBeMergedRule,)
MOST_ERRORS = 10
SLOW_SECONDS = 1.0
MOST_CACHED = 500
LONGEST_CACHED_CHARACTERS = 20_000

log = logging.getLogger("webref.graphql")


class Stage(StrEnum):
    """How far a request came.

    EXECUTED: it ran. REFUSED: it never ran, so there is no data entry. WRONG_METHOD, NEEDS_SOCKET:
    refused because of how it came. ENDED: a subscription that ran is over, with these errors.
    """

    EXECUTED = "EXECUTED"
    REFUSED = "REFUSED"
    WRONG_METHOD = "WRONG_METHOD"
    NEEDS_SOCKET = "NEEDS_SOCKET"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Request:
    """A GraphQL request as the transport read it: the types are already checked."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True)
class Answer:
    """payload: the JSON of a GraphQL response. codes: those of its errors. has_data: data is not null.

    errors: the JSON list of them when the operation did not run or has ended (a websocket's `error`).
    tag: no other bytes than this payload have it; None: it is not worth keeping.
    """

    payload: bytes
    stage: Stage
    codes: tuple[str, ...] = ()
    has_data: bool = False
    errors: bytes = b"[]"
    tag: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Prepared:
    """A document within its limits and valid, and the operation to run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: VariableValues
    plans: reads.Plans
    cost: int

    @cached_property
    def field(self) -> str:
        """The first that it asks for, of the schema: what it is counted under."""
        waiting = list(self.operation.selection_set.selections)
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, FieldNode):
                return node.name.value
            if isinstance(node, InlineFragmentNode):
                waiting[:0] = node.selection_set.selections
        return "fragment"

    def span(self) -> traces.Around:
        """What is done for it is a part of this, where traces are told."""
        return traces.span(f"{self.operation.operation.value} {self.field}", webref__cost=self.cost)

    def observe(self, began: float, codes: Sequence[str]) -> None:
        """began: by `perf_counter`. Tells the log of what took long, but never what it was given."""
        took_seconds = time.perf_counter() - began
        metrics.OPERATIONS.labels(self.field, "failed" if codes else "ok").observe(took_seconds)
        metrics.COSTS.observe(self.cost)
        if took_seconds > SLOW_SECONDS:
            log.warning(
                "slow operation field=%s ms=%d cost=%d codes=%s",
                *(self.field, round(took_seconds * 1000), self.cost, ",".join(codes) or "-"),
            )

    @property
    def is_subscription(self) -> bool:
        return self.operation.operation is OperationType.SUBSCRIPTION

    @cached_property
    def compiled(self) -> reads.Compiled | None:
        return reads.compiled(self.plans, self.document, self.operation, self.variables)


class Refused(Exception):
    """A request error, as its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.codes)
        self.answer = answer


async def answer(request: Request, context: Context, *, queries_only: bool = False) -> Answer:
    """Runs a query or mutation. Never raises for what is wrong with the request itself."""
    try:
        with _refusals_counted():
            found = _affordable(request, context)
            _require_method(found, queries_only)
    except Refused as refused:
        return refused.answer
    return await executed(found, context)


async def quick_answer(request: Request, recognised: Viewer) -> Answer | None:
    """What `answer` would give, by statements that ask whether the viewer still stands; None: ask `answer`.

    recognised: see domain/credentials.py. Only what was asked before is answered, and only without a failure.
    """
    key = _key(request, known=True)
    prepared = None if key is None else _requests.get(key)
    if prepared is None or prepared.compiled is None:
        return None
    began = time.perf_counter()
    try:
        with prepared.span():
            async with asyncio.timeout(limits.DEADLINE_SECONDS):
                told = await reads.answer(prepared.compiled, recognised)
    except TimeoutError:
        return None
    if told is None or not told.is_whole:
        return None
    prepared.observe(began, ())
    return _told(told)


def answer_at_once(request: Request, viewer: Viewer, hub: Hub) -> Answer | None:
    """What `answer` would give, for a moment of a gesture that need not wait; None: ask `answer`."""
    known = _valid.get((request.query, True))
    gesture = None if known is None else known.gesture(request.operation_name)
    if gesture is None or not gesture.take(request.variables, viewer, hub):
        return None
    _valid.move_to_end((request.query, True))
    return encoded(gesture.data, [])


def refusal(code: str, message: str, stage: Stage = Stage.REFUSED, **details: object) -> Answer:
    """The answer to a request that cannot be executed."""
    return without_data([{"message": message, "extensions": {**details, "code": code}}], stage)


async def executed(prepared: Prepared, context: Context) -> Answer:
    """Runs a query or mutation that was prepared."""
    began = time.perf_counter()
    with prepared.span() as span:
        found = await _executed(prepared, context)
        if span is not None and found.codes:
            span.set_attribute("webref.codes", ",".join(found.codes))
    prepared.observe(began, found.codes)
    return found


async def _executed(prepared: Prepared, context: Context) -> Answer:
    deadline = asyncio.timeout(limits.DEADLINE_SECONDS)
    try:
        async with deadline:
            read = await _read(prepared, context)
            if read is not None:
                return read
            context.loaders = Loaders(context)
            context.deadline = deadline
            result = executor_of(prepared, context).execute_operation()
            found = await result if isawaitable(result) else result
    except TimeoutError:
        if not deadline.expired():
            raise
        words = "This took longer than it may and was stopped: ask for less at once."
        return encoded(None, [{"message": words, "extensions": {"code": errors.TIMEOUT}}])
    assert isinstance(found, ExecutionResult)
    return encoded(found.data, [errors.field_error(error) for error in found.errors or ()])


async def _read(prepared: Prepared, context: Context) -> Answer | None:
    """None: this operation is for the ordinary execution."""
    if context.viewer is None or prepared.compiled is None:
        return None
    told = await reads.answer(prepared.compiled, context.viewer)
    return None if told is None else _told(told)


def _told(told: reads.Told) -> Answer:
    return Answer(told.payload, Stage.EXECUTED, _codes(told.failures), has_data=True, tag=told.tag)


def executor_of(prepared: Prepared, context: Context) -> "Executor[Any]":
    """As graphql-core builds it, but the values of the variables are there already."""
    definitions = {
        node.name.value: node
        for node in prepared.document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    return Executor(
        GRAPH,
        definitions,
        {name: FragmentDetails(node, None) for name, node in definitions.items()},
        None,
        context,
        prepared.operation,
        prepared.variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
    )


@dataclass(frozen=True)
class _Valid:
    """A valid document, and what is known of it."""

    document: DocumentNode
    plans: reads.Plans = field(default_factory=dict)
    gestures: dict[str | None, Gesture | None] = field(default_factory=dict)

    def gesture(self, operation_name: str | None) -> Gesture | None:
        if operation_name not in self.gestures:
            operation = get_operation_ast(self.document, operation_name)
            if operation is None:
                return None
            self.gestures[operation_name] = self._gesture(operation)
        return self.gestures[operation_name]

    def _gesture(self, operation: OperationDefinitionNode) -> Gesture | None:
        try:
            limits.require_cost(GRAPH, self.document, operation, {})
        except DomainError:
            return None
        return gesture_of(operation)


_valid: OrderedDict[tuple[str, bool], _Valid] = OrderedDict()


def forget_documents() -> None:
    """Empties the memory of documents and requests that were found valid, and of what was read by them."""
    _valid.clear()
    _requests.clear()
    reads.forget()


def _document(text: str, known: bool) -> _Valid:
    """Parsed, measured and valid; remembered, since programs send the same few documents.

    known: somebody is signed in; a stranger gets no hints about the schema.
    """
    key = (text, known)
    if key in _valid:
        _valid.move_to_end(key)
        return _valid[key]
    try:
        document = limits.parse_within(text)
        limits.require_shape(document)
    except GraphQLSyntaxError as error:
        raise Refused(_refused(errors.request_errors([error], errors.SYNTAX_ERROR))) from None
    except DomainError as error:
        raise Refused(_refused([errors.from_domain(error)])) from None
    if not known and limits.asks_for_schema(document):
        words = "Sign in to ask for the schema itself; it is also in the documentation."
        raise Refused(refusal(errors.INTROSPECTION_REFUSED, words))
    for rules in (FIRST_RULES, LAST_RULES):
        found = validate(GRAPH, document, rules, max_errors=MOST_ERRORS, hide_suggestions=not known)
        if found:
            raise Refused(_refused(errors.request_errors(found, errors.INVALID_DOCUMENT)))
    valid = _Valid(document)
    if len(text) <= LONGEST_CACHED_CHARACTERS:
        _valid[key] = valid
        if len(_valid) > MOST_CACHED:
            _valid.popitem(last=False)
    return valid


_Key = tuple[bool, str, str | None, bytes]
_requests: OrderedDict[_Key, Prepared] = OrderedDict()


def _key(request: Request, *, known: bool) -> _Key | None:
    """None: its variables are numbers that no JSON of ours holds."""
    try:
        return known, request.query, request.operation_name, orjson.dumps(request.variables)
    except TypeError:
        return None


def prepare(request: Request, context: Context) -> Prepared:
    """What is to be run, if the viewer may ask for so much now. Raises Refused."""
    with _refusals_counted():
        return _affordable(request, context)


@contextmanager
def _refusals_counted() -> Iterator[None]:
    """Around all that may refuse an operation, with the time it took to find that out."""
    began = time.perf_counter()
    try:
        yield
    except Refused:
        metrics.OPERATIONS.labels("", "refused").observe(time.perf_counter() - began)
        raise


def _affordable(request: Request, context: Context) -> Prepared:
    """Raises Refused."""
    prepared = _prepared(request, known=context.viewer is not None)
    try:
        quotas.spend(context.viewer, prepared.cost)
    except DomainError as error:
        raise Refused(_refused([errors.from_domain(error)])) from None
    return prepared


def _prepared(request: Request, *, known: bool) -> Prepared:
    """Remembered, since programs ask the same again and again. Raises Refused."""
    key = _key(request, known=known)
    if key is None:
        return _prepared_anew(request, known)
    found = _requests.get(key)
    if found is not None:
        _requests.move_to_end(key)
        return found
    prepared = _prepared_anew(request, known)
    if len(request.query) + len(key[-1]) <= LONGEST_CACHED_CHARACTERS:
        _requests[key] = prepared
        if len(_requests) > MOST_CACHED:
            _requests.popitem(last=False)
    return prepared


def _prepared_anew(request: Request, known: bool) -> Prepared:
    """Raises Refused."""
    if not request.query.strip():
        raise Refused(refusal(errors.BAD_REQUEST, "The request holds no query."))
    valid = _document(request.query, known)
    document = valid.document
    operation = get_operation_ast(document, request.operation_name)
    if operation is None:
        raise Refused(refusal(errors.OPERATION_NOT_FOUND, _which_operation(request.operation_name)))
    values = get_variable_values(
        GRAPH,
        operation.variable_definitions or (),
        dict(request.variables or {}),
        max_errors=MOST_ERRORS,
        hide_suggestions=not known,
    )
    if isinstance(values, list):
        raise Refused(_refused(errors.request_errors(values, errors.INVALID_VARIABLES)))
    try:
        cost = limits.require_cost(GRAPH, document, operation, values.coerced)
    except DomainError as error:
        raise Refused(_refused([errors.from_domain(error)])) from None
    return Prepared(document, operation, values, valid.plans, cost)


def _require_method(prepared: Prepared, queries_only: bool) -> None:
    kind = prepared.operation.operation
    if kind is OperationType.SUBSCRIPTION:
        words = "Subscriptions run over the websocket (graphql-transport-ws) at this same address."
        raise Refused(refusal(errors.SUBSCRIPTION_OVER_HTTP, words, Stage.NEEDS_SOCKET))
    if queries_only and kind is not OperationType.QUERY:
        words = "GET runs queries only: send it with POST."
        raise Refused(refusal(errors.METHOD_NOT_ALLOWED, words, Stage.WRONG_METHOD))


def _which_operation(name: str | None) -> str:
    if name is None:
        return "The document holds several operations or none: name the one to run (operationName)."
    return f"The document holds no operation named {name[:100]!r}."


def _refused(found: list[GraphQLFormattedError]) -> Answer:
    return without_data(found, Stage.REFUSED)


def without_data(found: list[GraphQLFormattedError], stage: Stage) -> Answer:
    return Answer(
        payload=orjson.dumps({"errors": found}),
        stage=stage,
        codes=_codes(found),
        errors=orjson.dumps(found),
    )


def encoded(data: dict[str, Any] | None, found: list[GraphQLFormattedError]) -> Answer:
    response: dict[str, Any] = {"errors": found} if found else {}
    response["data"] = data
    return Answer(
        payload=orjson.dumps(response),
        stage=Stage.EXECUTED,
        codes=_codes(found),
        has_data=data is not None,
    )


def _codes(found: list[GraphQLFormattedError]) -> tuple[str, ...]:
    return tuple(str(error.get("extensions", {}).get("code", "")) for error in found)
