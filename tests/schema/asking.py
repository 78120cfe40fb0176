"""How tests ask: a document in, the whole answer out, as somebody."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from domain.access import Viewer
from domain.live import Hub
from domain.settings import Settings
from schema import execution
from schema.context import Context
from schema.execution import Answer, Refused, Request, Stage
from schema.streaming import Subscription

SETTINGS = Settings(data=Path("/nonexistent"), secret="a secret of the tests, " * 3)


@dataclass(frozen=True)
class Told:
    """An answer, read. text: the JSON as it would be sent."""

    stage: Stage
    data: Any
    errors: list[dict[str, Any]]
    text: str
    context: Context

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def code(self) -> str | None:
        """Of the first error; None where all is well."""
        return self.codes[0] if self.errors else None


@dataclass
class Asking:
    """A door without HTTP. hub: only for subscriptions and drags."""

    hub: Hub = field(default_factory=Hub)
    settings: Settings = SETTINGS

    def context(self, viewer: Viewer | None, **facts: Any) -> Context:
        return Context(viewer=viewer, settings=self.settings, hub=self.hub, **facts)

    async def ask(
        self, viewer: Viewer | None, document: str, variables: dict[str, Any] | None = None, **facts: Any
    ) -> Told:
        context = self.context(viewer, **facts)
        answer = await execution.answer(Request(document, variables), context)
        return _read(answer.payload, answer.stage, context)

    async def first_event(
        self, viewer: Viewer | None, document: str, variables: dict[str, Any] | None = None
    ) -> Told:
        """What a subscription says first."""
        context = self.context(viewer)
        answers = answers_of(Request(document, variables), context)
        try:
            answer = await anext(answers)
            return _read(answer.payload, answer.stage, context)
        finally:
            await answers.aclose()


class Heard:
    """An outlet that keeps what it is given. clear: whether it takes more; `open` makes it so again."""

    def __init__(self) -> None:
        self.clear = True
        self._cleared = asyncio.Event()
        self.payloads: list[bytes] = []
        self.answers: asyncio.Queue[Answer | None] = asyncio.Queue()

    def send(self, payload: bytes) -> None:
        self.payloads.append(payload)
        self.answers.put_nowait(Answer(payload, Stage.EXECUTED))

    def end(self, answer: Answer | None) -> None:
        if answer is not None:
            self.answers.put_nowait(answer)
        self.answers.put_nowait(None)

    async def room(self) -> None:
        while not self.clear:
            self._cleared.clear()
            await self._cleared.wait()

    def open(self) -> None:
        self.clear = True
        self._cleared.set()


async def answers_of(request: Request, context: Context) -> AsyncGenerator[Answer, None]:
    """What a subscription says, one by one; the last may say why it ended."""
    heard = Heard()
    try:
        prepared = execution.prepare(request, context)
    except Refused as refused:
        yield refused.answer
        return
    subscription = Subscription(prepared, request, context, heard)
    begun = asyncio.create_task(subscription.begin())
    try:
        while (answer := await heard.answers.get()) is not None:
            yield answer
    finally:
        begun.cancel()
        subscription.close()


def _read(payload: bytes, stage: Stage, context: Context) -> Told:
    found = orjson.loads(payload)
    return Told(stage, found.get("data"), found.get("errors", []), payload.decode(), context)
