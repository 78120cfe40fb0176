"""Laws of what `webref restore` says of a WAL archive: which moment is meant, and what is none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api import cli_frame
from api.cli import main
from domain import wal_restore
from domain.settings import Settings
from domain.wal_restore import Chosen, Rewound
from tests.domain.test_wal_archive import a_base, a_file

NOON = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
ENDED = Rewound(reached=NOON - timedelta(minutes=1), originals=1)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    a_base(tmp_path / "archive", "a", NOON - timedelta(days=1), "0" * 24)
    a_file(tmp_path / "archive" / "wal" / f"{'0' * 24}.gz")
    return tmp_path / "archive"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Chosen]:
    """What was to be tried out, of which the log itself is not played."""
    seen = []

    async def try_out(settings: Settings, chosen: Chosen, tell: object) -> Rewound:
        seen.append(chosen)
        return ENDED

    monkeypatch.setattr(wal_restore, "try_out", try_out)
    monkeypatch.setattr(cli_frame, "set_up_logging", lambda *_: None)
    return seen


def restore(archive: Path, *words: str) -> Result:
    data = str(archive.with_name("data"))
    return CliRunner().invoke(main, ["restore", f"file://{archive}", *words, "--data", data])


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-28T12:00:00Z",
        "2026-11-28T13:00:00+01:00",
        "2026-11-28 04:30:00-07:30",
        "2026-11-28T12:00:00.000000+00:00",
        "2026-11-28T12:00:00",
        "2026-11-28 12:00:00",
        "2026-11-28T12:00",
    ],
)
def test_a_moment_is_utc_where_it_does_not_say(written: str, archive: Path, asked: list[Chosen]) -> None:
    """Wherever the machine is: the drill (tests/journeys/test_rewinding.py) is in Tokyo."""
    told = restore(archive, "--verify", "--to-time", written)
    assert (told.exit_code, [chosen.until for chosen in asked]) == (0, [NOON])
    assert "The webref of 2026-11-28 12:00:00 UTC can be restored" in told.output


@pytest.mark.parametrize("written", ["noon", "2026-11-28", "20261128", "12:00", "2026-11-31T12:00:00Z", ""])
def test_what_is_no_moment_is_said_with_how_one_is_written(
    written: str, archive: Path, asked: list[Chosen]
) -> None:
    told = restore(archive, "--verify", "--to-time", written)
    assert (told.exit_code, asked) == (2, [])
    assert "2026-11-28T14:03:00Z" in told.output


def test_the_moments_that_are_listed_can_be_given_as_they_stand(archive: Path, asked: list[Chosen]) -> None:
    """The base and the last of the log are of some part of a second."""
    a_base(archive, "b", NOON + timedelta(seconds=1.25), "0" * 24)
    listed = restore(archive, "--list").output.split()
    assert listed[:4] == ["from", "2026-11-27T12:00:00Z", "from", "2026-11-28T12:00:02Z"]
    for moment in listed[1::2]:
        assert restore(archive, "--verify", "--to-time", moment).exit_code == 0
    assert [chosen.name for chosen in asked] == ["a", "b", "b"]


def test_an_original_that_the_archive_lost_is_named_and_told_by_the_exit_code(
    archive: Path, asked: list[Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    for lost in (Rewound(missing=["f" * 64]), Rewound(damaged=["f" * 64])):
        monkeypatch.setattr("tests.api.test_rewinding.ENDED", lost)
        told = restore(archive, "--verify")
        assert (told.exit_code, "f" * 64 in told.output) == (1, True)
        assert "can be restored" not in told.output


def test_an_archive_without_a_base_and_a_name_of_a_backup_lead_nowhere(
    archive: Path, asked: list[Chosen]
) -> None:
    named = restore(archive, "--verify", "--backup", "2026-11-28T020000Z")
    assert (named.exit_code, "--to-time" in named.output) == (1, True)
    (archive / "bases" / "a" / "base.json").unlink()
    for words in (["--list"], ["--verify"], ["--verify", "--to-time", "2026-11-28T12:00:00Z"]):
        told = restore(archive, *words)
        assert (told.exit_code, "holds no base" in told.output) == (1, True)
    assert asked == []


def test_a_folder_of_backups_knows_no_moments(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    told = restore(tmp_path / "backups", "--to-time", "2026-11-28T12:00:00Z")
    assert (told.exit_code, "is no WAL archive" in told.output) == (1, True)
