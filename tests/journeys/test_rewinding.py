"""The drill: a webref that keeps its log, a machine that is lost, and webref again as it was at a moment."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_cli import webref
from tests.pictures import photo
from tests.running import REPOSITORY, Refused, RunningServer, Script


def _state(script: Script, board: str) -> list[dict[str, Any]]:
    """But for the smaller sizes of pictures, which are made again."""
    items = sorted(script.items_on(board), key=lambda item: str(item["id"]))
    for item in items:
        del item["image"]["state"]
    return items


def _fill(script: Script, board: str, seed: int) -> list[str]:
    images = [script.upload(photo(60, 40, seed=seed + n), f"{seed + n}.jpg")["id"] for n in range(3)]
    return script.add_images(board, images)


def _is_ready(script: Script, image: str) -> bool:
    return script.http.get(f"/files/{image}/320").status_code == 200


def _asks_who_they_are(server: RunningServer, bearer: str) -> str:
    script = Script(server)
    script.http.headers["Authorization"] = bearer
    return str(script.ask("{ viewer { email } }")["viewer"]["email"])


def _until(is_so: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _killed_midway(data: Path, *words: str) -> None:
    """While its PostgreSQL plays the log, which outlives it; of a database nothing is there then."""
    restoring = subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words],
        env={**os.environ, "WEBREF_DATA": str(data)},
        cwd=REPOSITORY,
    )
    _until((data / "postgres" / "restoring" / "cluster" / "postmaster.pid").exists)
    restoring.kill()
    assert restoring.wait(10) == -signal.SIGKILL
    assert not (data / "postgres" / "cluster").exists()


@pytest.mark.journey
def test_any_moment_since_the_base_comes_back_after_the_machine_was_lost(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    environment = {"WEBREF_WAL_ARCHIVE": str(archive)}
    lost = RunningServer(tmp_path / "lost", environment=environment)
    lost.start()
    script = Script(lost).register()
    session, token = script.http.headers["Authorization"], script.create_token()
    board = script.create_board()
    _fill(script, board, 0)
    _until(lambda: list(archive.glob("bases/*/base.json")))
    _fill(script, board, 10)
    wanted = _state(script, board)
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    script.ask(
        "mutation ($i: RemoveItemsInput!) { removeItems(input: $i) { __typename } }",
        i={"boardId": board, "ids": [item["id"] for item in wanted]},
    )
    later = _state(script, board)
    assert later == []
    assert lost.stop() == 0  # what was written last is handed in
    assert not list(archive.glob("wal/*.part"))
    secret = (tmp_path / "lost" / "secret").read_text()
    shutil.rmtree(tmp_path / "lost")

    listed = webref("restore", f"file://{archive}", "--list", data=tmp_path / "new")
    assert re.search(r"^from \S+Z\nuntil \S+Z$", listed.stdout, re.MULTILINE), listed.stdout + listed.stderr
    early = webref("restore", f"file://{archive}", "--to-time", "2020-01-01T00:00:00Z", data=tmp_path / "new")
    assert (early.returncode, "no earlier moment" in early.stderr) == (1, True)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "secret").write_text(secret)
    (tmp_path / "new" / "secret").chmod(0o600)
    _killed_midway(tmp_path / "new", "restore", f"file://{archive}", "--to-time", moment.isoformat())
    told = webref(
        "restore",
        f"file://{archive}",
        "--to-time",
        f"{moment:%Y-%m-%d %H:%M:%S.%f}",
        data=tmp_path / "new",
        settings={"TZ": "Asia/Tokyo"},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    again = webref("restore", f"file://{archive}", data=tmp_path / "new")
    assert (again.returncode, "nothing is written over" in again.stderr) == (1, True)

    new = RunningServer(tmp_path / "new", environment=environment)
    new.start()
    try:
        assert _asks_who_they_are(new, f"Bearer {token}") == "ana@example.org"
        with pytest.raises(Refused) as refused:  # the session ended, although the same secret signed it
            _asks_who_they_are(new, session)
        assert refused.value.codes == ["SESSION_REVOKED"]
        script = Script(new).sign_in()
        assert _state(script, board) == wanted
        for item in wanted:
            assert script.http.get(f"/files/{item['image']['id']}/original").status_code == 200
        for item in wanted:
            _until(partial(_is_ready, script, item["image"]["id"]))
        lost_file = next(path for path in (tmp_path / "new/blobs/renditions").rglob("*") if path.is_file())
        lost_file.unlink()
        examined = webref("doctor", "--deep", "--repair", "--json", data=tmp_path / "new")
        assert examined.returncode == 0, examined.stdout + examined.stderr
        told = json.loads(examined.stdout)
        assert told["well"] is True
        assert [(each["subject"], each["count"]) for each in told["repairs"]] == [("renditions", 1)]
        _until(lost_file.exists)
        _until(lambda: len(list(archive.glob("bases/*/base.json"))) == 2)
        last = datetime.now(UTC)
        script.create_board()
    finally:
        new.stop()
    control = tmp_path / "new" / "postgres" / "cluster" / "global" / "pg_control"
    was = control.read_bytes()
    whole = webref("restore", f"file://{archive}", "--verify", data=tmp_path / "new")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "can be restored" in whole.stdout
    reached = re.search(r"done last is of (\S+Z)\.", whole.stdout)
    assert reached is not None
    assert datetime.fromisoformat(reached[1]) >= last, "without a moment it is all that there was"
    assert control.read_bytes() == was, "what is here was left alone"
