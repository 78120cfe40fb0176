"""Streaming: an event of a subscription is executed once and encoded once, however many asked the same.

The same: document, operation and variables but `after` and `clientId`. Such an event is first executed for
nobody: a resolver that asks for the viewer makes the answer personal, and then it is executed for each one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Protocol, TypeAlias, cast
from weakref import WeakValueDictionary

import orjson
from graphql import DocumentNode, ExecutionResult, FieldNode, VariableNode, Visitor, visit
from graphql.execution import create_source_event_stream, execute_subscription_event

from domain.access import Viewer
from domain.errors import DatabaseUnavailable, DomainError, StorageUnavailable, TooBusy
from domain.streams import Follower, Waiting
from schema import errors
from schema.context import Context, Impersonal
from schema.execution import Answer, Prepared, Request, Stage, encoded, executor_of, without_data
from schema.fields import Events
from schema.loaders import Loaders
from schema.writers import writer_of

MOST_KEPT = 64
KEPT_BYTES = 1_000_000
KEPT_SECONDS = 1.0
OWN_ARGUMENTS = ("after", "clientId")
PASSING = {kind.code for kind in (DatabaseUnavailable, StorageUnavailable, TooBusy)}
"""An event that could not be said whole for one of these ends its streams: going on says it."""


class Outlet(Protocol):
    """Where the answers of one subscription go. clear: more may be sent; else `go_on` is called later."""

    @property
    def clear(self) -> bool: ...

    def send(self, payload: bytes) -> None:
        """One answer: the JSON of a GraphQL response."""

    def end(self, answer: Answer | None) -> None:
        """The last call: the errors that ended it; None: it is over."""

    async def room(self) -> None:
        """Returns when it is clear."""


class Subscription:
    """One client's subscription: a sink of the hub in front, an outlet behind, and what waits in between."""

    def __init__(self, prepared: Prepared, request: Request, context: Context, outlet: Outlet) -> None:
        self._prepared = prepared
        self._request = request
        self._context = context
        self._outlet = outlet
        self._events: Events[Any, Any] | None = None
        self._shared: Edition | None = None
        self._own: Edition | None = None
        self._waiting: Waiting[Any] | None = None
        self._follower: Follower[Any] | None = None
        self._went = asyncio.Event()
        self._ending = False
        self.ended = False

    @property
    def owes(self) -> bool:
        """Whether something waits for the outlet."""
        return bool(self._waiting)

    async def begin(self) -> None:
        """Returns once all that had happened is told; from then on it happens by calls."""
        self._context.loaders = Loaders(self._context)
        found = create_source_event_stream(executor_of(self._prepared, self._context))
        events = found if isinstance(found, ExecutionResult | Events) else await cast(Awaitable[Any], found)
        if isinstance(events, ExecutionResult):
            self._fail([errors.field_error(error) for error in events.errors or ()])
            return
        self._waiting = Waiting(events.following.kind)
        self._events = events
        self._shared = self._edition(None)
        try:
            self._follower = await events.following.begin(self)
        except Exception as error:
            self._fail([errors.any_failure(error)])

    def close(self) -> None:
        """Nothing more is sent, not even an end."""
        self.ended = True
        self._went.set()
        if self._follower is not None:
            self._follower.leave()

    def take(self, event: Any) -> None:
        if self.ended:
            return
        assert self._waiting is not None
        if not self._waiting and self._outlet.clear:
            payload = self._payload(event)
            if payload is not None:
                self._tell(payload)
                return
        self._went.clear()
        self._waiting.put(event)

    def end(self, error: DomainError | None) -> None:
        if error is not None:
            self._fail([errors.from_domain(error)])
        else:
            self._ending = True
            self.go_on()

    async def room(self) -> None:
        while self.owes and not self.ended:
            await self._went.wait()
        await self._outlet.room()

    def go_on(self) -> None:
        """Sends what waits: the outlet is clear again, or an answer was made."""
        while not self.ended and self._waiting and self._outlet.clear:
            payload = self._payload(self._waiting.first())
            if payload is None:
                return
            self._waiting.take()
            self._tell(payload)
        if not self._waiting:
            self._went.set()
            if self._ending and not self.ended:
                self.ended = True
                self._outlet.end(None)

    def _tell(self, payload: "Payload") -> None:
        if isinstance(payload, bytes):
            self._outlet.send(payload)
        elif not self.ended:
            self.close()
            self._outlet.end(payload)

    def _payload(self, event: Any) -> "Payload | None":
        """None: it is being made, and `go_on` is called when it is there."""
        assert self._shared is not None
        found = self._shared.payload(event, self.go_on)
        if found != PERSONAL:
            return found
        if self._own is None:
            self._own = self._edition(self._context.viewer)
        return self._own.payload(event, self.go_on)

    def _edition(self, viewer: Viewer | None) -> "Edition":
        assert self._events is not None
        return _edition(self._prepared, self._request, self._context, self._events, viewer)

    def _fail(self, found: list[Any]) -> None:
        if not self.ended:
            self.close()
            self._outlet.end(without_data(found, Stage.ENDED))


# What an edition for nobody in particular says of an event that each viewer must be told for themselves.
PERSONAL = b""

Payload: TypeAlias = bytes | Answer
"""What is told of an event; an answer ends the stream."""


class _Copy:
    """The answer to one event. payload: None while it is being made; then all of `told` are called."""

    def __init__(self, event: object) -> None:
        self.event = event
        self.made_at = 0.0
        self.payload: Payload | None = None
        self.told: list[Callable[[], None]] = []


class Edition:
    """One execution and one encoding of each event for all who ask the same; they are kept a moment."""

    def __init__(self, prepared: Prepared, context: Context, events: "Events[Any, Any]") -> None:
        context.loaders = Loaders(context)
        self._context = context
        self._executor = executor_of(prepared, context)
        self._written = writer_of(prepared.document, prepared.operation, prepared.variables)
        self._shape = events.shape
        self._key: Callable[[Any], Hashable] = events.following.kind.key
        self._copies: OrderedDict[Hashable, _Copy] = OrderedDict()
        self._kept_bytes = 0
        self._latest: _Copy | None = None
        self._making: set[asyncio.Task[None]] = set()

    def payload(self, event: Any, told: Callable[[], None]) -> Payload | None:
        """None: it is being made; `told` is called when it is there."""
        copy = self._latest
        if copy is None or copy.event is not event:
            copy = self._latest = self._copy(event)
        if copy.payload is None:
            copy.told.append(told)
        return copy.payload

    def _copy(self, event: Any) -> _Copy:
        key = self._key(event)
        copy = self._copies.get(key)
        if (
            copy is not None
            and (copy.event is event or copy.event == event)
            and (copy.payload is None or _now() - copy.made_at < KEPT_SECONDS)
        ):
            return copy
        self._drop(key)
        copy = self._copies[key] = _Copy(event)
        self._make(copy)
        return copy

    def _make(self, copy: _Copy) -> None:
        if isinstance(self._context, Impersonal):
            self._context.board_id = getattr(copy.event, "board_id", None)
        try:
            value = self._shape(copy.event)
            data = None if self._written is None else self._written(value, self._context)
            if data is not None:
                self._made(copy, encoded(data, []).payload)
                return
            asked = self._asked
            result = execute_subscription_event(self._executor.build_per_event_executor(value))
            if isinstance(result, ExecutionResult):
                self._made(copy, self._encoded(result, asked))
                return
        except Exception as error:
            self._made(copy, _failed(error))
            return
        task = asyncio.create_task(self._finish(copy, result, asked))
        self._making.add(task)
        task.add_done_callback(self._making.discard)

    async def _finish(self, copy: _Copy, result: Awaitable[ExecutionResult], asked: int) -> None:
        try:
            payload = self._encoded(await result, asked)
        except Exception as error:
            payload = _failed(error)
        self._made(copy, payload)

    def _made(self, copy: _Copy, payload: Payload) -> None:
        copy.payload = payload
        copy.made_at = _now() if isinstance(payload, bytes) else -KEPT_SECONDS  # tried anew next time
        self._kept_bytes += _size_of(payload)
        while self._kept_bytes > KEPT_BYTES or len(self._copies) > MOST_KEPT:
            if not self._copies:
                break
            self._drop(next(iter(self._copies)))
        told, copy.told = copy.told, []
        for call in told:
            call()

    def _drop(self, key: Hashable) -> None:
        copy = self._copies.pop(key, None)
        if copy is not None and copy.payload is not None:
            self._kept_bytes -= _size_of(copy.payload)

    @property
    def _asked(self) -> int:
        return self._context.asked if isinstance(self._context, Impersonal) else 0

    def _encoded(self, result: ExecutionResult, asked: int) -> Payload:
        if self._asked != asked:
            return PERSONAL
        return _said(result.data, [errors.field_error(error) for error in result.errors or ()])


def _failed(error: Exception) -> Payload:
    return _said(None, [errors.any_failure(error)])


def _said(data: dict[str, Any] | None, found: list[Any]) -> Payload:
    answer = encoded(data, found)
    return without_data(found, Stage.ENDED) if PASSING & set(answer.codes) else answer.payload


def _size_of(payload: Payload) -> int:
    return len(payload if isinstance(payload, bytes) else payload.payload)


def _now() -> float:
    return asyncio.get_running_loop().time()


_editions: WeakValueDictionary[Hashable, Edition] = WeakValueDictionary()


def _edition(
    prepared: Prepared, request: Request, context: Context, events: "Events[Any, Any]", viewer: Viewer | None
) -> Edition:
    """The one that all share who ask the same; viewer: and are this viewer."""
    key = id(context.hub), viewer, request.query, request.operation_name, _variables(prepared, request)
    found = _editions.get(key)
    if found is None:
        own = Impersonal(context) if viewer is None else context
        found = _editions[key] = Edition(prepared, own, events)
    return found


def _variables(prepared: Prepared, request: Request) -> bytes:
    """Those that tell one edition from another: who reads and where they go on changes no event."""
    values = dict(request.variables or {})
    root = prepared.operation.selection_set.selections[0]
    for argument in root.arguments or () if isinstance(root, FieldNode) else ():
        if argument.name.value in OWN_ARGUMENTS and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            if _mentions(prepared.document, name) == 2:  # where it is declared, and here
                values.pop(name, None)
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


class _Mentions(Visitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.count = 0

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.count += node.name.value == self.name


def _mentions(document: DocumentNode, name: str) -> int:
    visitor = _Mentions(name)
    visit(document, visitor)
    return visitor.count
