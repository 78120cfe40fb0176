"""Traces of a real webref, as a collector receives them: what is told, what caused what, what never is."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from domain import traces
from domain.settings import Settings
from tests.pictures import photo
from tests.running import PASSWORD, REPOSITORY, Script, running_server

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Collector:
    """What came by OTLP over HTTP. spans: each with what tells of its process."""

    port: int = 0
    spans: list[Any] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)
    raw: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        self.raw.append(body)
        for resource in request.resource_spans:
            self.processes |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]

    def above(self, span: Any) -> list[str]:
        """The names of what it is a part of, the nearest first."""
        by_id = {each.span_id: each for each in self.spans}
        names = []
        while (span := by_id.get(span.parent_span_id)) is not None:
            names.append(span.name)
        return names


def said(span: Any) -> dict[str, Any]:
    return {
        one.key: one.value.string_value or one.value.int_value or one.value.bool_value
        for one in span.attributes
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            made.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Of a life of a webref: somebody comes, makes a board, sends a picture, asks in vain."""
    with collecting() as collector:
        folder = tmp_path_factory.mktemp("traces")
        with running_server(
            folder, WEBREF_OTEL_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="200"
        ) as server:
            ana = Script(server).register("Canary Ana", "canary@example.org")
            ana.http.headers["traceparent"] = PARENT
            ana.create_board("canary title")
            ana.http.headers.pop("traceparent")
            ana.upload(photo(1200, 900), "canary name.jpg")
            ana.http.get("/files/canary-path?canary=query")
            wait_for_jobs(ana)
        yield collector


def wait_for_jobs(ana: Script) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        states = ana.ask("{ images(first: 1) { nodes { state } } }")["images"]["nodes"]
        if states and states[0]["state"] == "READY":
            return
        time.sleep(0.2)
    raise AssertionError("the picture was not made in time")


def test_requests_operations_and_statements_are_parts_of_each_other(collected: Collector) -> None:
    assert collected.processes == {"webref"}
    (made,) = collected.named("mutation createBoard")
    assert collected.above(made) == ["POST /graphql"]
    parts = [span for span in collected.spans if span.parent_span_id == made.span_id]
    inserts = [span for span in parts if span.name == "INSERT"]
    assert inserts
    assert all("$1" in said(span)["db.query.text"] for span in inserts)
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in collected.spans)
    (answered,) = [span for span in collected.spans if span.span_id == made.parent_span_id]
    assert said(answered)["http.response.status_code"] == 200


def test_a_request_goes_on_the_trace_that_its_caller_names(collected: Collector) -> None:
    (made,) = collected.named("mutation createBoard")
    assert made.trace_id.hex() == PARENT.split("-")[1]
    others = [span for span in collected.named("POST /graphql") if span.trace_id != made.trace_id]
    assert others


def test_a_job_names_what_caused_it(collected: Collector) -> None:
    (sent,) = collected.named("POST /uploads")
    jobs = [span for span in collected.spans if span.name.startswith("job ")]
    linked = [span for span in jobs if any(link.trace_id == sent.trace_id for link in span.links)]
    assert linked, [span.name for span in jobs]
    assert all(span.trace_id != sent.trace_id for span in linked), "it is no part of what is over"
    assert any(collected.above(span)[:1] == [linked[0].name] for span in collected.named("UPDATE"))


def test_nothing_that_somebody_sent_is_told(collected: Collector) -> None:
    told = b"".join(collected.raw)
    assert len(collected.spans) > 50
    for secret in ("canary", "Canary", PASSWORD, "argon2", "eyJ", "Bearer"):
        assert secret.encode() not in told, secret


def test_a_collector_that_is_away_costs_seconds_at_the_end_and_nothing_before() -> None:
    began = time.monotonic()
    with traces.told(Settings(traces="http://127.0.0.1:9"), "server"):
        for _ in range(5_000):  # more than are kept to be told
            with traces.span("query board", webref__cost=1):
                assert traces.here() is not None
        assert time.monotonic() - began < 10
    assert time.monotonic() - began < 20
    assert traces.here() is None
    with traces.span("query board") as nothing:
        assert nothing is None


def test_without_one_nothing_of_it_is_loaded() -> None:
    """Nor of the other things that only some servers need."""
    script = (
        "import sys, api.cli, api.server, workers.process, domain.directory, domain.oidc\n"
        "heavy = ('opentelemetry', 'google', 'ldap3', 'requests')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
