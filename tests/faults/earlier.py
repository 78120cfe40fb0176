"""The code of an earlier release, as the repository remembers it."""

import io
import subprocess
import tarfile
from pathlib import Path

from tests.faults.listed import CannotRun
from tests.running import REPOSITORY

EARLIER_MIGRATIONS = 6


def earlier_release(folder: Path) -> Path:
    """The code as it was before the last migrations."""
    ids = _git("log", "--format=%H", "--diff-filter=A", "--", "migrations/*_*.py").split()
    if len(ids) <= EARLIER_MIGRATIONS:
        raise CannotRun("the history of the repository is not here (a shallow clone?)")
    before = _git("rev-parse", f"{ids[EARLIER_MIGRATIONS - 1]}^").strip()
    place = folder / "earlier"
    packed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "archive", "--format=tar", before], capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(place, filter="data")
    return place


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CannotRun(f"git is not here: {error}") from error
    if done.returncode != 0:
        raise CannotRun(f"git {arguments[0]} fails: {done.stderr.strip()}")
    return done.stdout
