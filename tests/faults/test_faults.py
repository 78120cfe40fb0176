"""A sample of `make faults`, so that the harness itself stays whole: a round of two faults each."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import __main__ as faults
from tests.running import REPOSITORY


def test_every_fault_of_the_list_is_there() -> None:
    of_rabbitmq = {f"F{number}R" for number in range(11, 14)}
    assert set(faults.FAULTS) == {f"F{number}" for number in range(1, 32)} | of_rabbitmq


def told_of(name: str, folder: Path) -> str:
    """What one round of it says."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults", name, "--seeds", "1", "--folder", str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.mark.journey
@pytest.mark.timeout(240)
def test_what_was_acknowledged_outlives_a_kill_of_the_api(tmp_path: Path) -> None:
    assert "1 seeds, 0 violations" in told_of("F1", tmp_path)


@pytest.mark.journey
@pytest.mark.timeout(240)
def test_a_killed_migration_leaves_nothing_and_two_releases_serve_one_database(tmp_path: Path) -> None:
    told = told_of("F30", tmp_path)
    if "not run:" in told:
        pytest.skip(f"the earlier release cannot be had of this clone: {told}")
    assert "1 seeds, 0 violations" in told
