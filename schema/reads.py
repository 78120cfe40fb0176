"""Reads: compiled operations are answered here, and pages of unchanged boards by bytes that were kept.

What is kept is a page of items alone, which is the same for whoever may read the board; all that depends
on the viewer is in the head, and the head is read for every answer, with the leave to read it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

import msgspec
import orjson
from graphql import GraphQLError, GraphQLFormattedError
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode, OperationDefinitionNode

from domain import board_reads
from domain.access import Viewer
from domain.board_reads import Found
from domain.errors import DomainError, NotFound
from schema import errors
from schema.plans import MOST_AT_ONCE, Asked, BoardPlan, Outside, Plan, plan_of, steering

MOST_PLANS = 20  # of one document
MOST_PAGES = 500
MOST_KEPT_BYTES = 32_000_000
LARGEST_KEPT_BYTES = MOST_KEPT_BYTES // 4

Plans = dict[tuple[str | None, tuple[str, ...]], Plan | None]
PageKey = tuple[BoardPlan, Asked]


@dataclass(frozen=True)
class _Page:
    """payload: the response to whoever asks for this board alone and has this head, around the page.

    stamp: of the board it was made of. moment: until then nothing else had changed it. tag: no other bytes
    have it.
    """

    payload: bytes
    before: int
    after: int
    head: Sequence[object]
    stamp: object
    moment: str
    tag: str = field(default_factory=lambda: token_hex(8))

    @property
    def content(self) -> memoryview:
        return memoryview(self.payload)[self.before : len(self.payload) - self.after]


class _Kept:
    """Pages, the latest used last; as many as the memory that is theirs holds."""

    def __init__(self) -> None:
        self.pages: OrderedDict[PageKey, _Page] = OrderedDict()
        self.size_bytes = 0

    def find(self, key: PageKey) -> _Page | None:
        page = self.pages.get(key)
        if page is not None:
            self.pages.move_to_end(key)
        return page

    def put(self, key: PageKey, page: _Page) -> None:
        self.drop(key)
        if len(page.payload) > LARGEST_KEPT_BYTES:
            return
        self.pages[key] = page
        self.size_bytes += len(page.payload)
        while self.size_bytes > MOST_KEPT_BYTES or len(self.pages) > MOST_PAGES:
            _, oldest = self.pages.popitem(last=False)
            self.size_bytes -= len(oldest.payload)

    def drop(self, key: PageKey) -> None:
        page = self.pages.pop(key, None)
        if page is not None:
            self.size_bytes -= len(page.payload)

    def confirm(self, key: PageKey, page: _Page, moment: str) -> None:
        """Unless another page has come meanwhile, this one is known to be true until then."""
        if self.pages.get(key) is page:
            self.pages[key] = replace(page, moment=moment)


_kept = _Kept()
_json = msgspec.json.Encoder().encode
_CLOSING = b"}}"
_HERE = b"\x00"  # stands nowhere in JSON, which writes it in another way


def forget() -> None:
    """Empties the memory of pages."""
    for key in list(_kept.pages):
        _kept.drop(key)


def plan_for(
    plans: Plans, document: DocumentNode, operation: OperationDefinitionNode, values: VariableValues
) -> Plan | None:
    """None: the operation goes beyond what is compiled. plans: what the document keeps of this."""
    key = (operation.name.value if operation.name else None, steering(operation, values))
    if key in plans:
        return plans[key]
    try:
        plan = plan_of(document, operation, values)
    except Outside:
        plan = None
    if len(plans) >= MOST_PLANS:
        plans.clear()
    plans[key] = plan
    return plan


@dataclass(frozen=True)
class Compiled:
    """A plan, and what each of its roots asks for (None: `__typename`)."""

    plan: Plan
    asked: tuple[Asked | None, ...]


def compiled(
    plans: Plans, document: DocumentNode, operation: OperationDefinitionNode, values: VariableValues
) -> Compiled | None:
    """None where the ordinary execution is to answer, or to refuse."""
    plan = plan_for(plans, document, operation, values)
    if plan is None:
        return None
    try:
        asked = tuple(None if board is None else board.asked(values) for _, board in plan.roots)
    except Outside:
        return None
    return Compiled(plan, asked)


@dataclass(frozen=True)
class Told:
    """payload: the response. is_whole: nothing failed, and every board was there for the viewer.

    tag: of these bytes, where they may be kept.
    """

    payload: bytes
    failures: list[GraphQLFormattedError]
    is_whole: bool
    tag: str | None = None


async def answer(wanted: Compiled, viewer: Viewer) -> Told | None:
    """None where it turns out that the ordinary execution is to answer."""
    data: dict[str, Any] = {}
    failures: list[GraphQLFormattedError] = []
    for (key, board), asked in zip(wanted.plan.roots, wanted.asked, strict=True):
        if board is None or asked is None:
            data[key] = "Query"
            continue
        try:
            page = await _board(board, asked, viewer)
        except Outside:
            return None
        except Exception as error:
            data[key] = None
            failures.append(_failure(board, error))
            continue
        if page is not None and len(wanted.plan.roots) == 1:
            return Told(page.payload, failures, is_whole=True, tag=page.tag)
        alone = slice(len(_opening(board)), -len(_CLOSING))
        data[key] = None if page is None else orjson.Fragment(page.payload[alone])
    return Told(_encoded(data, failures), failures, None not in data.values())


async def _past(plan: BoardPlan, asked: Asked, viewer: Viewer) -> _Page | None:
    """Nothing is kept of it but the fold. Raises Outside where the resolvers are to refuse."""
    assert asked.then is not None
    assert asked.start is not None
    reading = plan.reading(asked)
    try:
        found = await board_reads.read_then(reading, plan.head, viewer, asked.then, asked.start)
    except NotFound:
        return None
    except DomainError as error:
        raise Outside from error
    if found is None:
        return None
    content = await _content(plan, asked, found)
    return _page(plan, found.head, content, reading.stamp(found.head), found.moment)


async def _content(plan: BoardPlan, asked: Asked, found: Found) -> bytes:
    """Large pages are written beside the loop, so that others are answered meanwhile."""
    if asked.start is None:
        return b""
    if found.count <= MOST_AT_ONCE:
        return _json(plan.page(asked, found))
    return await asyncio.to_thread(lambda: _json(plan.page(asked, found)))


async def _board(plan: BoardPlan, asked: Asked, viewer: Viewer) -> _Page | None:
    if asked.then is not None:
        return await _past(plan, asked, viewer)
    key, reading = (plan, asked), plan.reading(asked)
    page = _kept.find(key)
    if page is not None:
        now = await board_reads.standing(reading, viewer, asked.board_id, page.moment)
        if now is None:
            return None
        if not now.touched and reading.stamp(now.head) == page.stamp:
            if now.head == page.head:
                _kept.confirm(key, page, now.moment)
                return page
            other = _page(plan, now.head, page.content, page.stamp, now.moment)
            _kept.put(key, other)
            return other
    found = await board_reads.read(reading, viewer, asked.board_id, asked.start)
    if found is None:
        return None
    plan.require_known(asked, found.head)
    content = await _content(plan, asked, found)
    page = _page(plan, found.head, content, reading.stamp(found.head), found.moment)
    # Removed items show pictures that nobody looks after.
    if asked.start is not None and asked.start.window.changed_since is None:
        _kept.put(key, page)
    return page


def _page(
    plan: BoardPlan, head: Sequence[Any], content: bytes | memoryview, stamp: object, moment: str
) -> _Page:
    """Put together with one copy of the content."""
    written = _json(plan.written(head, msgspec.Raw(_HERE)))
    before, _, after = written.partition(_HERE)
    before, after = _opening(plan) + before, after + _CLOSING
    return _Page(b"".join((before, content, after)), len(before), len(after), head, stamp, moment)


def _opening(plan: BoardPlan) -> bytes:
    return b'{"data":{%b:' % orjson.dumps(plan.key)


def _failure(plan: BoardPlan, error: Exception) -> GraphQLFormattedError:
    nodes = [details.node for details in plan.details]
    return errors.field_error(GraphQLError(str(error), nodes, path=[plan.key], original_error=error))


def _encoded(data: dict[str, Any], failures: Iterable[GraphQLFormattedError]) -> bytes:
    response: dict[str, Any] = {"errors": list(failures)} if failures else {}
    response["data"] = data
    return orjson.dumps(response)
