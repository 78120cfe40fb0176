"""graphql-transport-ws, our own: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.

Owning it keeps bounds on everything a client can hold open, ends a socket within two seconds of its
session, and lets bytes that were encoded once go to many: from the hub to the wire by calls alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

import orjson
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketException

from api.errors import BadRequest, as_domain_error
from api.graphql import parse_request
from api.identity import (
    carries_cookies,
    client_address,
    language_of,
    user_agent,
    viewer_of_cookie,
)
from api.security import origin_allowed
from api.services import Services, services_of
from api.wire import MOST_MESSAGE_BYTES, wire_of
from domain import credentials, metrics, quotas
from domain.access import Viewer
from domain.errors import DatabaseUnavailable, DomainError, QuotaExceeded
from schema import execution
from schema.context import Context
from schema.execution import Answer
from schema.streaming import Subscription

log = logging.getLogger("webref.socket")

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
MOST_OPERATIONS = 20
LONGEST_ID = 128
# A client that takes nothing for so long is cut.
SEND_SECONDS = 8.0
LAST_WORDS_SECONDS = 1.0


class Close(IntEnum):
    """The protocol's close codes, and the two of RFC 6455 that are used besides."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    SERVER_FAILED = 4500
    MALFORMED = 4400
    NOT_ACKNOWLEDGED = 4401
    FORBIDDEN = 4403
    WRONG_PROTOCOL = 4406
    INIT_TIMEOUT = 4408
    ID_IN_USE = 4409
    INIT_TWICE = 4429
    UNAVAILABLE = 1013


class Ended(Exception):
    """The socket must be closed now, for this reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@websocket("/graphql")
async def graphql_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """One socket, from the handshake to its end."""
    services = services_of(socket)
    cookies = carries_cookies(socket, services.settings)
    if cookies and not origin_allowed(socket, services.settings):
        # Closing before accepting is a 403: a page of another site learns nothing.
        await socket.close(code=Close.FORBIDDEN)
        return
    if services.draining:
        await socket.accept(subprotocols=PROTOCOL)
        await socket.close(code=Close.GOING_AWAY, reason="The server is stopping.")
        return
    offered = socket.scope.get("subprotocols") or []
    if PROTOCOL not in offered:
        await socket.accept()
        await socket.close(code=Close.WRONG_PROTOCOL, reason=f"Only {PROTOCOL} is spoken here.")
        return
    await socket.accept(subprotocols=PROTOCOL)
    client = Socket(socket, services)
    services.sockets.add(client)
    try:
        with metrics.SOCKETS.track_inprogress():
            await client.run()
    finally:
        services.sockets.discard(client)


class Outlet:
    """One subscription's way to the client: its answers go to the wire with its id around them."""

    def __init__(self, socket: "Socket", key: str) -> None:
        self._socket = socket
        self._wire = socket.wire
        self._key = key
        self._head = _next_head(key)

    @property
    def clear(self) -> bool:
        return self._wire.clear

    def send(self, payload: bytes) -> None:
        self._wire.send_text(self._head, payload, b"}")

    def end(self, answer: Answer | None) -> None:
        self._socket.over(self._key, answer)

    async def room(self) -> None:
        await self._wire.room()


@dataclass
class Operation:
    """What runs under one id: a stream, or a task that answers."""

    stream: Subscription | None = None
    task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if self.stream is not None:
            self.stream.close()
        if self.task is not None:
            self.task.cancel()


class Socket:
    """What one client has open. viewer: set by connection_init, checked again every second by the sweep."""

    def __init__(self, connection: WebSocket[Any, Any, Any], services: Services) -> None:
        self.viewer: Viewer | None = None
        self.wire = wire_of(connection)
        self._connection = connection
        self._services = services
        self._initialising = False
        self._operations: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[Ended] = self._loop.create_future()
        self._patience: asyncio.TimerHandle | None = None
        self._place = ExitStack()

    def end(self, code: Close, reason: str) -> None:
        """Closes the socket at once: nothing that still waits is sent."""
        if not self._end.done():
            self._end.set_result(Ended(code, reason))
            self._stop_all()

    def over(self, key: str, answer: Answer | None) -> None:
        """A subscription has ended; without an error, while the server stops, it was only interrupted."""
        self._operations.pop(key, None)
        if answer is not None:
            self._send_errors(key, answer.errors)
        elif not self._services.draining:
            self._send_complete(key)

    async def drain(self) -> None:
        """Before a shutdown: what was asked is answered; subscriptions are resumed elsewhere."""
        running = list(self._operations.values())
        short = [each.task for each in running if each.stream is None and each.task is not None]
        if short:
            await asyncio.wait(short, timeout=LAST_WORDS_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                for stream in [each.stream for each in running if each.stream is not None]:
                    await stream.room()
        self.end(Close.GOING_AWAY, "The server is stopping: connect again in a moment.")

    async def run(self) -> None:
        reader = asyncio.create_task(self._read())
        deadline = self._loop.call_later(INIT_SECONDS, self._init_overdue)
        self.wire.on_slow, self.wire.on_clear = self._slow, self._clear
        try:
            waited: set[asyncio.Future[Any]] = {reader, self._end}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._place.close()
            deadline.cancel()
            self._clear_patience()
            reader.cancel()
            self._stop_all()
            results = await asyncio.gather(reader, *self._tasks, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, WebSocketException):
                    log.error("a socket failed", exc_info=result)
                    self.end(Close.SERVER_FAILED, "The server failed; its log says why.")
            if self._end.done():
                await self._say_goodbye(self._end.result())

    def _stop_all(self) -> None:
        for key in list(self._operations):
            self._stop(key)

    def _slow(self) -> None:
        """The client does not keep up: from now on it must take something now and then."""
        self._clear_patience()
        left = self.wire.waiting_bytes
        self._patience = self._loop.call_later(SEND_SECONDS, self._require_progress, left)

    def _require_progress(self, left: int) -> None:
        if self.wire.waiting_bytes >= left:
            self.end(Close.UNAVAILABLE, "The client does not read what it is sent.")
        else:
            self._slow()

    def _clear(self) -> None:
        self._clear_patience()
        for operation in list(self._operations.values()):
            if operation.stream is not None:
                operation.stream.go_on()

    def _clear_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _init_overdue(self) -> None:
        if self.viewer is None:
            self.end(Close.INIT_TIMEOUT, "Connection initialisation timeout")

    async def _say_goodbye(self, ended: Ended) -> None:
        self.wire.flush()
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._connection.close(code=ended.code, reason=_short(ended.reason))
        except TimeoutError:
            self.wire.abort()
        except (WebSocketException, OSError, RuntimeError):
            pass

    async def _read(self) -> None:
        try:
            while True:
                event = await self._connection.receive()
                if event["type"] == "websocket.disconnect":
                    return
                if event["type"] != "websocket.receive":
                    continue
                await self._take(_message(event.get("text")))
        except Ended as ended:
            self.end(ended.code, ended.reason)
            await asyncio.Event().wait()

    async def _take(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._initialise(message.get("payload"))
        elif kind == "ping":
            await self._send(_pong(message.get("payload")))
        elif kind == "pong":
            return
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            self._stop(_operation_id(message))
        else:
            raise Ended(Close.MALFORMED, "Unknown message type.")

    async def _initialise(self, payload: object) -> None:
        if self._initialising:
            raise Ended(Close.INIT_TWICE, "Too many initialisation requests")
        self._initialising = True
        if payload is not None and not isinstance(payload, Mapping):
            raise Ended(Close.MALFORMED, "The payload of connection_init must be an object.")
        credential = (payload or {}).get("token")
        if credential is not None and not isinstance(credential, str):
            raise Ended(Close.MALFORMED, "'token' in connection_init must be a string.")
        try:
            if credential is not None:
                viewer: Viewer | None = await credentials.viewer_of(
                    credential.removeprefix("Bearer ").strip()
                )
            else:
                viewer = await viewer_of_cookie(self._connection, self._services.settings)
        except DatabaseUnavailable as error:
            raise Ended(Close.UNAVAILABLE, error.message) from error
        except DomainError as error:
            raise Ended(Close.FORBIDDEN, error.message) from error
        if viewer is None:
            raise Ended(Close.FORBIDDEN, "Sign in first, or refresh the session, then connect again.")
        try:
            self._place.enter_context(quotas.socket_of(viewer.account_id))
        except QuotaExceeded as error:
            raise Ended(Close.UNAVAILABLE, error.message) from error
        self.viewer = viewer
        await self._send(b'{"type":"connection_ack"}')

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        if self.viewer is None:
            raise Ended(Close.NOT_ACKNOWLEDGED, "Unauthorized")
        key = _operation_id(message)
        if key in self._operations:
            raise Ended(Close.ID_IN_USE, f"Subscriber for {key} already exists")
        if not isinstance(message.get("payload"), Mapping):
            raise Ended(Close.MALFORMED, "A subscribe message needs a payload with a query.")
        try:
            request = parse_request(message["payload"])
        except BadRequest as error:
            raise Ended(Close.MALFORMED, error.message) from error
        await self.wire.room()
        if len(self._operations) >= MOST_OPERATIONS:
            words = f"At most {MOST_OPERATIONS} operations run on one socket: complete one first."
            self._send_errors(key, execution.refusal("LIMIT_EXCEEDED", words).errors)
            return
        await self._begin(key, request, self.viewer)

    async def _begin(self, key: str, request: execution.Request, viewer: Viewer) -> None:
        hub = self._services.require_hub()
        at_once = execution.answer_at_once(request, viewer, hub)
        if at_once is not None:
            self._send_answer(key, at_once)
            return
        context = Context(
            viewer=viewer,
            settings=self._services.settings,
            hub=hub,
            user_agent=user_agent(self._connection),
            address=client_address(self._connection),
            language=language_of(self._connection),
            takes_cookies=False,
        )
        try:
            prepared = execution.prepare(request, context)
        except execution.Refused as refused:
            self._send_errors(key, refused.answer.errors)
            return
        operation = self._operations[key] = Operation()
        if prepared.is_subscription:
            operation.stream = Subscription(prepared, request, context, Outlet(self, key))
            work: Callable[[], Awaitable[None]] = operation.stream.begin
        else:
            work = partial(self._answer, key, prepared, context)
        operation.task = asyncio.create_task(self._operate(key, operation, work))
        self._tasks.add(operation.task)
        operation.task.add_done_callback(self._tasks.discard)

    def _stop(self, key: str) -> None:
        operation = self._operations.pop(key, None)
        if operation is not None:
            operation.stop()

    async def _operate(self, key: str, operation: Operation, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            known = as_domain_error(error)
            operation.stop()
            self._operations.pop(key, None)
            self._send_errors(key, execution.refusal(known.code, known.message).errors)

    async def _answer(self, key: str, prepared: execution.Prepared, context: Context) -> None:
        answer = await execution.executed(prepared, context)
        await self.wire.room()
        self._operations.pop(key, None)
        self._send_answer(key, answer)

    def _send_answer(self, key: str, answer: Answer) -> None:
        self.wire.send_text(_next_head(key), answer.payload, b"}")
        self._send_complete(key)

    def _send_errors(self, key: str, errors: bytes) -> None:
        self.wire.send_text(b'{"id":', orjson.dumps(key), b',"type":"error","payload":', errors, b"}")

    def _send_complete(self, key: str) -> None:
        self.wire.send_text(orjson.dumps({"id": key, "type": "complete"}))

    async def _send(self, message: bytes) -> None:
        """Waits while the client is slow: what it asks is not read as long as it takes no answers."""
        await self.wire.room()
        self.wire.send_text(message)


def _next_head(key: str) -> bytes:
    return b'{"id":' + orjson.dumps(key) + b',"type":"next","payload":'


def _message(text: str | None) -> Mapping[str, Any]:
    if text is None:
        raise Ended(Close.MALFORMED, "Messages are text.")
    if len(text) > MOST_MESSAGE_BYTES or len(text.encode()) > MOST_MESSAGE_BYTES:
        raise Ended(Close.TOO_BIG, f"A message may have {MOST_MESSAGE_BYTES} bytes.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Ended(Close.MALFORMED, "Messages are JSON.") from error
    if not isinstance(message, Mapping):
        raise Ended(Close.MALFORMED, "A message is a JSON object with a type.")
    return message


def _short(reason: str) -> str:
    """A close frame has room for 123 bytes of it."""
    return reason.encode()[:123].decode(errors="ignore")


def _operation_id(message: Mapping[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_ID:
        raise Ended(Close.MALFORMED, f"An id is a string of 1 to {LONGEST_ID} characters.")
    return key


def _pong(payload: object) -> bytes:
    if payload is not None and not isinstance(payload, Mapping):
        raise Ended(Close.MALFORMED, "The payload of a ping must be an object.")
    return orjson.dumps({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
