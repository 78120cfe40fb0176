"""Laws of a server under a service manager: it serves on sockets it is handed, and says when it is ready."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.listening import CannotServe, handed_sockets, listening_sockets
from api.manager import READY, STOPPING, tell_manager

REPOSITORY = Path(__file__).resolve().parent.parent.parent

HANDS_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="webref")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""What a service manager does: the socket becomes descriptor 3 of the process that the variable names."""


@contextmanager
def manager(folder: Path) -> Iterator[socket.socket]:
    """The datagram socket at which a service manager listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "notify"))
        ear.settimeout(60)
        yield ear


@contextmanager
def serving_on(
    listener: socket.socket, folder: Path, ear: socket.socket
) -> Iterator[subprocess.Popen[bytes]]:
    """`webref serve` with this socket in its hands, from its READY on."""
    command = ["-m", "api.cli", "serve", "--data", str(folder / "data"), "--port", "1"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", HANDS_OVER, str(listener.fileno()), *command],
            cwd=REPOSITORY,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
    try:
        assert ear.recv(100).decode() == READY, (folder / "log").read_text()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def test_who_comes_while_the_server_restarts_is_answered_by_the_next_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, manager(tmp_path) as ear:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/health/ready"
        with serving_on(listener, tmp_path, ear) as first:
            assert httpx.get(url).status_code == 200
            first.send_signal(signal.SIGTERM)
            assert ear.recv(100).decode() == STOPPING
            assert first.wait(20) == 0
        answers: list[int] = []
        waiting = threading.Thread(target=lambda: answers.append(httpx.get(url, timeout=60).status_code))
        waiting.start()  # nobody serves now, and nobody is refused
        with serving_on(listener, tmp_path, ear) as second:
            waiting.join(20)
            assert answers == [200]
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 0


def test_what_is_meant_for_another_process_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    assert handed_sockets() == []
    assert "LISTEN_FDS" not in os.environ
    (bound,) = listening_sockets("127.0.0.1", 0)
    with bound:
        assert bound.getsockname()[1] > 0


@pytest.mark.parametrize("wrong", ["unix", "not listening"])
def test_a_socket_that_cannot_be_served_on_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str
) -> None:
    family = socket.AF_UNIX if wrong == "unix" else socket.AF_INET
    with socket.socket(family) as handed:
        if wrong == "unix":
            handed.bind(str(tmp_path / "socket"))
            handed.listen()
        descriptor = os.dup(handed.fileno())
        monkeypatch.setattr("api.listening.FIRST_HANDED", descriptor)
        monkeypatch.setenv("LISTEN_FDS", "1")
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        with pytest.raises(CannotServe, match="ListenStream=127"):
            handed_sockets()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)  # not kept open


def test_a_manager_is_told_by_a_name_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has sockets without a file")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        name = f"webref-test-{os.getpid()}"
        ear.bind("\0" + name)
        ear.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        tell_manager(READY)
        assert ear.recv(100).decode() == READY
    tell_manager(READY)  # nobody listens any more: nothing happens
    monkeypatch.delenv("NOTIFY_SOCKET")
    tell_manager(READY)
