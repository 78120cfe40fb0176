"""The drill: a backup made while people work, a machine that is lost, and webref again on another one."""

import asyncio
import shutil
import threading
import time
from pathlib import Path
from uuid import UUID

from domain.database import close_database, open_database
from domain.postgres import embedded_postgres
from domain.settings import Settings
from tests.api.test_cli import webref
from tests.laws import require_laws
from tests.pictures import photo
from tests.running import RunningServer, Script


def test_what_was_acknowledged_before_the_backup_is_there_after_the_machine_was_lost(tmp_path: Path) -> None:
    lost = RunningServer(tmp_path / "lost")
    lost.start()
    try:
        script = Script(lost).register()
        board = script.create_board()
        before = list(_items(script, board, range(5)))
        stop = threading.Event()
        working = threading.Thread(target=_work, args=(script, board, stop))
        working.start()
        try:
            backed_up = webref("backup", f"file://{tmp_path}/backups", data=tmp_path / "lost")
            assert backed_up.returncode == 0, backed_up.stderr
        finally:
            stop.set()
            working.join()
    finally:
        lost.kill()
        lost.stop()
    (tmp_path / "new").mkdir()
    shutil.copy(tmp_path / "lost" / "secret", tmp_path / "new" / "secret")
    shutil.rmtree(tmp_path / "lost")
    for options in (["--verify"], []):
        told = webref("restore", f"file://{tmp_path}/backups", *options, data=tmp_path / "new")
        assert told.returncode == 0, told.stderr
    _require_laws(tmp_path / "new", UUID(board))
    new = RunningServer(tmp_path / "new")
    new.start()
    try:
        again = Script(new).sign_in()
        assert set(before) <= {item["id"] for item in again.items_on(board)}
        ids = [item["image"]["id"] for item in again.items_on(board)]
        assert again.http.get(f"/files/{ids[0]}/original").status_code == 200
        deadline = time.monotonic() + 30
        while (answer := again.http.get(f"/files/{ids[0]}/320")).status_code != 200:
            assert "made again" in answer.text
            assert time.monotonic() < deadline
            time.sleep(0.1)
        examined = webref("doctor", "--deep", data=tmp_path / "new")
        assert examined.returncode == 0, examined.stdout
    finally:
        new.stop()


def _work(script: Script, board: str, stop: threading.Event) -> None:
    seed = 100
    while not stop.is_set():
        _items(script, board, range(seed, seed + 1))
        seed += 1


def _items(script: Script, board: str, seeds: range) -> list[str]:
    images = [script.upload(photo(60, 40, seed=seed), f"{seed}.jpg")["id"] for seed in seeds]
    return script.add_images(board, images)


def _require_laws(data: Path, board: UUID) -> None:
    async def look() -> None:
        async with embedded_postgres(Settings(data=data)) as url:
            await open_database(url)
            try:
                await require_laws(board)
            finally:
                await close_database()

    asyncio.run(look())
