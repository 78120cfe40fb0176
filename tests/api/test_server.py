"""Laws of the server process: it says when it is ready, ends when told, and why when it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.cli_serve import address_of
from api.listening import CannotServe, bound_sockets
from domain.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@contextmanager
def serving(data: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`webref serve` on a free port, with the address it printed; killed if it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBREF_")}
    with (data.with_suffix(".log")).open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--data", str(data), *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if " ready at " in line:
                    yield process, line.split(" ready at ")[1].split()[0]
                    return
            pytest.fail(f"webref did not start: {data.with_suffix('.log').read_text()[-3000:]}")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(20)
            assert process.stdout is not None
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_is_ready_when_it_says_so_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "data") as (process, url):
        assert httpx.get(f"{url}/health/ready").status_code == 200
        with httpx.Client() as idle:
            idle.get(f"{url}/health/live")  # a connection that is kept open does not keep the server up
            began = time.perf_counter()
            process.send_signal(number)
            assert process.wait(20) == 0
        assert time.perf_counter() - began < 12
        assert process.stdout is not None
        assert "webref has stopped" in process.stdout.read()
    assert not (tmp_path / "data" / "postgres" / "cluster" / "postmaster.pid").exists()


def test_two_servers_share_one_data_folder_and_the_last_one_stops_its_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as (first, _), serving(data, "--workers", "0") as (second, url):
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == 0
        assert httpx.get(f"{url}/health/ready").status_code == 200
        second.send_signal(signal.SIGINT)
        assert second.wait(20) == 0
    assert not (data / "postgres" / "cluster" / "postmaster.pid").exists()


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--data", str(tmp_path / "data")],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert answer.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_host_that_is_not_ours_is_told_in_words() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(CannotServe, match="no address of this machine"):
            bound_sockets(host, 0)


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as (process, _):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, 130)


@pytest.mark.parametrize(
    ("host", "public_url", "address"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8484"),
        ("0.0.0.0", None, "http://127.0.0.1:8484"),
        ("::1", None, "http://[::1]:8484"),
        ("127.0.0.1", "https://boards.example.org", "https://boards.example.org"),
    ],
)
def test_the_address_is_one_that_a_browser_takes(host: str, public_url: str | None, address: str) -> None:
    assert address_of(Settings(host=host, public_url=public_url)) == address
