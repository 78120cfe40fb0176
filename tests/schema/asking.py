"""How tests ask: a document in, the whole answer out, as somebody."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from domain.access import Viewer
from domain.live import Hub
from domain.settings import Settings
from schema import execution
from schema.context import Context
from schema.execution import Request, Stage

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
        answers = execution.stream(Request(document, variables), context)
        try:
            answer = await anext(answers)
            return _read(answer.payload, answer.stage, context)
        finally:
            await answers.aclose()


def _read(payload: bytes, stage: Stage, context: Context) -> Told:
    found = orjson.loads(payload)
    return Told(stage, found.get("data"), found.get("errors", []), payload.decode(), context)
