"""graphql-transport-ws, our own: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.

Owning it keeps bounds on everything a client can hold open, ends a socket within two seconds of its
session, and lets bytes that were encoded once go to many.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing, suppress
from enum import IntEnum
from typing import Any

import orjson
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketException

from api.errors import BadRequest, as_domain_error
from api.graphql import parse_request
from api.identity import (
    carries_cookies,
    client_address,
    user_agent,
    viewer_of_cookie,
)
from api.security import origin_allowed
from api.services import Services, services_of
from domain import credentials
from domain.access import Viewer
from domain.errors import DatabaseUnavailable, DomainError
from schema import execution
from schema.context import Context
from schema.execution import Stage

log = logging.getLogger("webref.socket")

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
MOST_MESSAGE_BYTES = 64 * 1024
MOST_OPERATIONS = 20
LONGEST_ID = 128
# A client that takes nothing for so long is cut; until then so many messages wait for it.
SEND_SECONDS = 8.0
MOST_WAITING = 64
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
        await client.run()
    finally:
        services.sockets.discard(client)


class Socket:
    """What one client has open. viewer: set by connection_init, checked again every second by the sweep."""

    def __init__(self, connection: WebSocket[Any, Any, Any], services: Services) -> None:
        self.viewer: Viewer | None = None
        self._connection = connection
        self._services = services
        self._initialising = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._requests: dict[str, execution.Request] = {}
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    def end(self, code: Close, reason: str) -> None:
        """Closes the socket at once: nothing that still waits is sent."""
        if not self._end.done():
            self._end.set_result(Ended(code, reason))

    async def drain(self) -> None:
        """Before a shutdown: what was asked is answered; subscriptions are resumed elsewhere."""
        short = [
            task
            for key, task in list(self._operations.items())
            if not execution.is_subscription(self._requests[key])
        ]
        if short:
            await asyncio.wait(short, timeout=LAST_WORDS_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._outgoing.join()
        self.end(Close.GOING_AWAY, "The server is stopping: connect again in a moment.")

    async def run(self) -> None:
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        deadline = asyncio.get_running_loop().call_later(INIT_SECONDS, self._init_overdue)
        try:
            waited: set[asyncio.Future[Any]] = {reader, writer, self._end}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            deadline.cancel()
            tasks = [reader, writer, *self._operations.values()]
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, WebSocketException):
                    log.error("a socket failed", exc_info=result)
                    self.end(Close.SERVER_FAILED, "The server failed; its log says why.")
            if self._end.done():
                await self._say_goodbye(self._end.result())

    def _init_overdue(self) -> None:
        if self.viewer is None:
            self.end(Close.INIT_TIMEOUT, "Connection initialisation timeout")

    async def _say_goodbye(self, ended: Ended) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._connection.close(code=ended.code, reason=_short(ended.reason))
        except TimeoutError:
            # It reads nothing, not even the goodbye: let go of the connection and of what waits in it.
            abort = self._connection.scope.get("webref.abort")
            if callable(abort):
                abort()
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
        self.viewer = viewer
        await self._send('{"type":"connection_ack"}')

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
        if len(self._operations) >= MOST_OPERATIONS:
            words = f"At most {MOST_OPERATIONS} operations run on one socket: complete one first."
            await self._send_errors(key, execution.refusal("LIMIT_EXCEEDED", words).errors)
            return
        self._requests[key] = request
        self._operations[key] = asyncio.create_task(self._operate(key, request, self.viewer))

    def _stop(self, key: str) -> None:
        task = self._operations.pop(key, None)
        self._requests.pop(key, None)
        if task is not None:
            task.cancel()

    async def _operate(self, key: str, request: execution.Request, viewer: Viewer) -> None:
        try:
            await self._deliver(key, request, viewer)
        except Exception as error:
            known = as_domain_error(error)
            await self._send_errors(key, execution.refusal(known.code, known.message).errors)
        finally:
            # An id that was completed and used again belongs to another task by now.
            if self._operations.get(key) is asyncio.current_task():
                self._operations.pop(key, None)
                self._requests.pop(key, None)

    async def _deliver(self, key: str, request: execution.Request, viewer: Viewer) -> None:
        context = Context(
            viewer=viewer,
            settings=self._services.settings,
            hub=self._services.require_hub(),
            user_agent=user_agent(self._connection),
            address=client_address(self._connection),
            takes_cookies=False,
        )
        head = b'{"id":' + orjson.dumps(key) + b',"type":"next","payload":'
        async with aclosing(execution.stream(request, context)) as answers:
            async for answer in answers:
                if answer.stage is not Stage.EXECUTED:
                    await self._send_errors(key, answer.errors)
                    return
                await self._send((head + answer.payload + b"}").decode())
        if self._services.draining and execution.is_subscription(request):
            return  # not over, only interrupted: a client resumes it on its next connection
        self._operations.pop(key, None)
        self._requests.pop(key, None)
        await self._send(orjson.dumps({"id": key, "type": "complete"}).decode())

    async def _send_errors(self, key: str, errors: bytes) -> None:
        head = b'{"id":' + orjson.dumps(key) + b',"type":"error","payload":'
        await self._send((head + errors + b"}").decode())

    async def _send(self, text: str) -> None:
        """Waits while the client is slow, so that a stream is held back where it is made."""
        await self._outgoing.put(text)

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._connection.send_data(text, mode="text")
            except TimeoutError:
                self.end(Close.UNAVAILABLE, "The client does not read what it is sent.")
                return
            finally:
                self._outgoing.task_done()


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


def _pong(payload: object) -> str:
    if payload is not None and not isinstance(payload, Mapping):
        raise Ended(Close.MALFORMED, "The payload of a ping must be an object.")
    return orjson.dumps(
        {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
    ).decode()
