"""What PostgreSQL is told of its WAL archive, and what lies in one (see domain/wal_archive.py)."""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from domain import wal_segment
from domain.errors import DatabaseUnavailable

ROOMS = ("bases", "incoming", "originals", "wal")


class Base(Struct, frozen=True):
    """ended_at: from when on its log leads somewhere; wal: the first file of it; system: PostgreSQL's own
    number of this database. originals: SHA-256 and bytes of those that rows spoke of.
    """

    ended_at: datetime
    wal: str
    system: int
    migration: str
    originals: dict[str, int]


def keeping(archive: Path | None) -> Mapping[str, str]:
    """What the embedded PostgreSQL is started with, so that it keeps its log there."""
    if archive is None:
        return {}
    return {
        "wal_level": "'replica'",
        "max_wal_senders": "2",
        "archive_mode": "on",
        "archive_timeout": "'60s'",
        "archive_command": quoted(command("keep", "%p", archive / "wal" / "%f")),
    }


def playing(archive: Path, until: datetime | None) -> Mapping[str, str]:
    """What it is started with to play the log of an archive; None: all of it."""
    target = {} if until is None else {"recovery_target_time": quoted(until.isoformat())}
    return {
        "wal_level": "'replica'",
        "max_wal_senders": "2",
        "archive_mode": "off",
        "hot_standby": "on",
        "restore_command": quoted(command("fetch", archive / "wal" / "%f", "%p")),
        "recovery_target_action": "'promote'",
        "recovery_target_timeline": "'latest'",
        **target,
    }


def command(order: str, first: str | Path, second: str | Path) -> str:
    """For PostgreSQL's shell, which puts in names for %p and %f; any other % is doubled."""
    script = Path(wal_segment.__file__)
    parts = [sys.executable, "-I", "-S", str(script), order, str(first), str(second)]
    return " ".join(shlex.quote(re.sub(r"%(?![pf]$)", "%%", part)) for part in parts)


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def prepare(archive: Path | None, cluster: Path) -> None:
    """Before PostgreSQL starts: the folder is there, and holds nothing of another database. Blocks.

    Raises DatabaseUnavailable.
    """
    if archive is None:
        marked(cluster).unlink(missing_ok=True)  # the log has a hole from here on: a new base is needed
        return
    try:
        for room in ROOMS:
            (archive / room).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DatabaseUnavailable(
            f"The folder {archive} (WEBREF_WAL_ARCHIVE) cannot be written: {error.strerror}. "
            "Mount its disk, or leave the setting out."
        ) from error
    own = system_of(cluster)
    if own is not None and any(base.system != own for base in bases(archive).values()):
        raise DatabaseUnavailable(
            f"The archive in {archive} (WEBREF_WAL_ARCHIVE) is of another webref. Name an empty folder."
        )


def marked(cluster: Path) -> Path:
    """A file that is there for as long as the log has been archived without a hole."""
    return cluster.with_name("archived")


def system_of(cluster: Path) -> int | None:
    """The number that PostgreSQL gave this database when it was made; None: it is not made yet."""
    try:
        with (cluster / "global" / "pg_control").open("rb") as control:
            return int.from_bytes(control.read(8), sys.byteorder)
    except FileNotFoundError:
        return None


def bases(folder: Path) -> dict[str, Base]:
    """By name, the oldest first. Blocks."""
    found = {}
    for path in sorted((folder / "bases").glob("*/base.json")):
        try:
            found[path.parent.name] = msgspec.json.decode(path.read_bytes(), type=Base)
        except msgspec.MsgspecError as error:
            raise DatabaseUnavailable(f"{path} cannot be read: {error}.") from error
    return found


def is_archive(folder: Path) -> bool:
    return (folder / "wal").is_dir() and (folder / "bases").is_dir()


def covered_until(folder: Path) -> datetime | None:
    """Until when the archive holds what happened: the last file of the log came then. Blocks."""
    last = max((path.stat().st_mtime for path in segments(folder)), default=None)
    return None if last is None else datetime.fromtimestamp(last, UTC)


def segments(folder: Path) -> Iterator[Path]:
    return (folder / "wal").glob("*.gz")
