"""A sample of `make faults`, so that the harness itself stays whole: a round of two faults each."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import __main__ as faults
from tests.running import REPOSITORY


def test_every_fault_of_the_list_is_there() -> None:
    assert set(faults.FAULTS) == {f"F{number}" for number in range(1, 32)}


@pytest.mark.journey
@pytest.mark.timeout(240)
def test_what_was_acknowledged_outlives_a_kill_of_the_api_and_of_postgresql(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults", "F1", "F7", "--seeds", "1", "--folder", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("1 seeds, 0 violations") == 2, told.stdout
