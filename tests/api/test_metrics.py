"""Metrics: what happened is counted under names that stay; nothing a client made up is among them."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from domain import metrics
from domain.exposing import served
from domain.settings import BadSetting, Settings
from tests.pictures import photo
from tests.running import RunningServer, Script, free_port, running_server

DASHBOARD = Path(__file__).parent.parent.parent / "docs" / "grafana.json"
NAMED = re.compile(r"\b(webref_\w+|process_\w+)")


def told(port: int) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by name, each by the values of its labels."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("metrics"), WEBREF_METRICS=f"127.0.0.1:{port}") as made:
        yield made


def test_what_happens_is_counted(server: RunningServer, port: int) -> None:
    script = Script(server).register()
    board = script.create_board()
    before = told(port)
    images = [script.upload(photo(400, 300, seed=seed), f"{seed}.jpg")["id"] for seed in range(2)]
    script.add_images(board, images)
    script.items_on(board)
    script.http.post("/graphql", json={"query": "query Whatever_I_Like { nothing }"})
    script.http.post(
        "/graphql", json={"query": "mutation Mine { trashBoards(input: {ids: [1]}) { __typename } }"}
    )
    after = told(port)

    def grew(name: str, *labels: str) -> float:
        return after[name].get(labels, 0.0) - before.get(name, {}).get(labels, 0.0)

    assert grew("webref_request_seconds_count", "uploads", "2xx") == 2
    assert grew("webref_operation_seconds_count", "addItems", "ok") == 1
    assert grew("webref_operation_seconds_count", "board", "ok") == 1
    assert grew("webref_operation_seconds_count", "", "refused") >= 1
    assert grew("webref_operation_entries_count") >= 2
    assert grew("webref_storage_written_bytes_total") > 0
    assert after["webref_database_connections"]
    labels = {label for values in after.values() for each in values for label in each}
    assert not {label for label in labels if "Whatever" in label or "Mine" in label}


def test_the_dashboard_asks_for_what_there_is(server: RunningServer, port: int) -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in NAMED.findall(target["expr"])
    }
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    known = {
        name
        for family in families(text)
        for name in (family.name, *(f"{family.name}_{end}" for end in ("total", "bucket", "count", "sum")))
    }
    known |= {"webref_jobs", "webref_jobs_oldest_seconds"}  # there where there are jobs
    assert asked <= known
    shown = {name.removesuffix("_total").removesuffix("_bucket").removesuffix("_count") for name in asked}
    own = {each._name for each in vars(metrics).values() if hasattr(each, "_name")}
    assert own <= shown, "everything counted is to be seen"


def test_without_the_setting_nobody_is_told(tmp_path: Path) -> None:
    with running_server(tmp_path) as quiet:
        assert httpx.get(f"{quiet.url}/metrics").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("wrong", ["9464", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_said(wrong: str) -> None:
    with pytest.raises(BadSetting, match=r"127\.0\.0\.1:9464") as refused:
        Settings.from_environment(environ={"WEBREF_METRICS": wrong})
    assert refused.value.details["variable"] == "WEBREF_METRICS"


async def test_an_address_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = taken.getsockname()[:2]
        with pytest.raises(BadSetting, match="cannot be listened on"), served(Settings(metrics=where)):
            pass
