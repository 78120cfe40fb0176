"""The README's script does what the README says, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

from tests.pictures import photo
from tests.running import REPOSITORY, RunningServer, Script


def test_the_script_in_the_readme_lays_a_folder_out_on_a_new_board(
    server: RunningServer, tmp_path: Path
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert len(code.splitlines()) < 20
    script = tmp_path / "script.py"
    script.write_text(code.replace("http://127.0.0.1:8484", server.url))
    folder = tmp_path / "Shot 010"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(photo(320, 200, seed=number))
    owner = Script(server).register()

    printed = subprocess.run(
        [sys.executable, script, owner.create_token(), folder], capture_output=True, text=True, check=True
    ).stdout

    board_id = printed.strip().rsplit("/", 1)[1]
    items = owner.items_on(board_id)
    assert [item["image"]["name"] for item in items] == ["0.jpg", "1.jpg", "2.jpg"]
    assert len({(item["x"], item["y"]) for item in items}) == 3
