"""The ordinary execution as the reference for compiled reads, and what of an answer has to be its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest

from domain.access import Viewer
from schema import execution
from schema.context import Context
from schema.execution import Answer, Prepared, Request
from tests.schema.asking import Asking

Path = tuple[str | int, ...]


@contextmanager
def ordinary() -> Iterator[None]:
    """Nothing is answered by plans meanwhile."""

    async def not_at_all(*_: object) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "_read", not_at_all)
        yield


@contextmanager
def counting() -> Iterator[list[bool]]:
    """Whether each operation was answered by a plan."""
    seen: list[bool] = []
    original = execution._read

    async def noted(prepared: Prepared, context: Context) -> Answer | None:
        found = await original(prepared, context)
        seen.append(found is not None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "_read", noted)
        yield seen


async def answered(asking: Asking, viewer: Viewer | None, request: Request) -> Answer:
    return await execution.answer(request, asking.context(viewer))


async def require_equal(asking: Asking, viewer: Viewer | None, request: Request) -> Answer:
    """Compiled, kept and ordinary; returns the answer."""
    first = await answered(asking, viewer, request)
    again = await answered(asking, viewer, request)
    with ordinary():
        reference = await answered(asking, viewer, request)
    require_alike(first, reference)
    require_alike(again, reference)
    assert "INTERNAL" not in first.codes
    return first


def require_alike(answer: Answer, reference: Answer) -> None:
    """The same bytes; of failures what GraphQL promises, which is neither their order nor all of them.

    Siblings run at once. Where one of them takes their parent with it, what the others would have said need
    not be told, so there it may be another's failure, as long as it takes the same parent.
    """
    if answer == reference:
        return
    bare, wanted_bare = (replace(each, payload=b"", codes=(), errors=b"") for each in (answer, reference))
    assert bare == wanted_bare
    told, wanted = orjson.loads(answer.payload), orjson.loads(reference.payload)
    assert orjson.dumps(told.get("data")) == orjson.dumps(wanted.get("data"))
    failures, expected = _failures(told), _failures(wanted)
    assert failures.keys() == expected.keys()
    for taken, by_path in failures.items():
        shared = by_path.keys() & expected[taken].keys()
        assert [by_path[path] for path in shared] == [expected[taken][path] for path in shared]
        others = by_path.keys() ^ expected[taken].keys()
        assert all(len(path) > len(taken) for path in others), "a failure that nobody else hides is told"


def _failures(told: dict[str, Any]) -> dict[Path, dict[Path, list[str]]]:
    """What each said, sorted, by where it failed; these by what is null for it."""
    found: dict[Path, dict[Path, list[str]]] = {}
    for error in told.get("errors", ()):
        path = tuple(error.get("path", ()))
        at_path = found.setdefault(_taken(told.get("data"), path), {}).setdefault(path, [])
        at_path.append(orjson.dumps(error).decode())
        at_path.sort()
    return found


def _taken(data: Any, path: Path) -> Path:
    for depth, step in enumerate(path):
        if data is None:
            return path[:depth]
        data = data[step]
    return path
