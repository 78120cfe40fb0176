"""Traces: what took how long and because of what, told to a collector where the settings name one.

Where they name none nothing of OpenTelemetry is loaded, and a span is a look at one name. Told are doors,
fields of the schema, kinds of jobs and statements as they are written here, with `$1` for what was given:
no value, no name, no secret.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from domain.settings import Settings

if TYPE_CHECKING:
    from asyncpg.connection import LoggedQuery
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

LONGEST_STATEMENT = 2_000
TELL_SECONDS = 3.0

TRACER: "Tracer | None" = None
Around: TypeAlias = "contextlib.AbstractContextManager[Span | None]"
_NOTHING: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


@contextlib.contextmanager
def told(settings: Settings, kind: str) -> Iterator[None]:
    """While the block runs; what is untold at its end is told then. kind: of process: server or worker."""
    global TRACER
    if settings.traces is None:
        yield
        return
    provider = _provider(settings.traces, kind)
    TRACER = provider.get_tracer("webref", version("webref"))
    try:
        yield
    finally:
        TRACER = None
        provider.shutdown()


def _provider(address: str, kind: str) -> "TracerProvider":
    """Told by a thread, in batches: a collector that is away costs what it would have been told."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    name = {"service.name": "webref", "service.version": version("webref"), "webref.process": kind}
    provider = TracerProvider(resource=Resource.create(name))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces", timeout=TELL_SECONDS))
    )
    return provider


def span(name: str, *, cause: str | None = None, **attributes: str | int) -> "Around":
    """Around something that takes time; what happens in it is told as its parts.

    attributes: `__` stands for the dots in their names.
    cause: as `here` wrote it where this was asked for, maybe in another process.
    """
    if TRACER is None:
        return _NOTHING
    return _started(TRACER, name, cause, attributes)


@contextlib.contextmanager
def _started(
    tracer: "Tracer", name: str, cause: str | None, attributes: Mapping[str, str | int]
) -> Iterator["Span"]:
    from opentelemetry import propagate, trace  # noqa: PLC0415

    links = []
    if cause is not None:
        asked = trace.get_current_span(propagate.extract({"traceparent": cause})).get_span_context()
        links = [trace.Link(asked)] if asked.is_valid else []
    dotted = {key.replace("__", "."): value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        name, attributes=dotted, links=links, record_exception=False, set_status_on_exception=False
    ) as started:
        yield started


@contextlib.contextmanager
def request(method: str, door: str, headers: Mapping[str, str]) -> Iterator["Span | None"]:
    """Around a request, as a part of what the caller says that it belongs to (`traceparent`)."""
    if TRACER is None:
        yield None
        return
    from opentelemetry import propagate, trace  # noqa: PLC0415

    with TRACER.start_as_current_span(
        f"{method} /{door}",
        context=propagate.extract(headers),
        kind=trace.SpanKind.SERVER,
        attributes={"http.request.method": method, "http.route": f"/{door}"},
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        yield started


def here() -> str | None:
    """What is under way, so that what it causes later can name it."""
    if TRACER is None:
        return None
    from opentelemetry import propagate  # noqa: PLC0415

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


def watch(connection: Any) -> None:
    """Tells of every statement of this connection from now on."""
    if TRACER is not None:
        connection.add_query_logger(_statement)


def _statement(record: "LoggedQuery") -> None:
    """A part of what asked for it. Written after it is over, so that nothing waits for it."""
    if TRACER is None:
        return
    from opentelemetry import trace  # noqa: PLC0415

    ended = time.time_ns()
    words = " ".join(record.query.split())
    told_of = TRACER.start_span(
        words.partition(" ")[0].upper()[:20] or "STATEMENT",
        kind=trace.SpanKind.CLIENT,
        start_time=ended - round(record.elapsed * 1e9),
        attributes={"db.system.name": "postgresql", "db.query.text": words[:LONGEST_STATEMENT]},
    )
    if record.exception is not None:
        told_of.set_attribute("error.type", type(record.exception).__name__)
    told_of.end(ended)
