"""Laws of the WAL archive: what PostgreSQL was told is kept is kept, and nothing that is needed goes."""

import asyncio
import gzip
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from domain import blobs, darkroom, doctor, storage, wal_archive, wal_orders, wal_restore, wal_segment
from domain.backups import CannotBackUp
from domain.database import execute
from domain.errors import DatabaseUnavailable
from domain.migrate import known_migrations
from domain.postgres import Cluster, find_binaries, running
from domain.settings import Settings
from domain.wal_orders import Base
from tests import pictures
from tests.factories import a_viewer
from tests.library import add

NOW = datetime.now(UTC)
SEGMENT = os.urandom(300_000) + bytes(16_000_000)


def a_base(
    archive: Path,
    name: str,
    ended_at: datetime,
    wal: str,
    *originals: str,
    system: int = 7,
    migration: str = max(known_migrations()),
) -> None:
    base = Base(ended_at, wal, system, migration, dict.fromkeys(originals, 1))
    (archive / "bases" / name).mkdir(parents=True)
    (archive / "bases" / name / "base.json").write_bytes(msgspec.json.encode(base))


def a_file(path: Path, hours_ago: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, ((NOW - timedelta(hours=hours_ago)).timestamp(),) * 2)
    return path


def test_a_segment_is_kept_packed_and_comes_back_as_it_was(tmp_path: Path) -> None:
    source, place, back = tmp_path / "source", tmp_path / "0001", tmp_path / "back"
    source.write_bytes(SEGMENT)
    for _ in range(2):  # PostgreSQL asks again when it did not hear the answer
        wal_segment.keep(source, place)
    assert (tmp_path / "0001.gz").stat().st_size < 400_000
    wal_segment.fetch(place, back)
    assert back.read_bytes() == SEGMENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.gz", "back", "source"]


def test_what_is_acknowledged_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def sync(descriptor: int) -> None:
        done.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")

    def rename(path: Path, name: Path) -> None:
        done.append(f"rename {path.name}")
        os.rename(path, name)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    (tmp_path / "source").write_bytes(b"bytes")
    draft = f"0001.{os.getpid()}.part"
    wal_segment.keep(tmp_path / "source", tmp_path / "0001")
    assert done == [f"sync {draft}", f"rename {draft}", f"sync {tmp_path.name}"]
    wal_segment.keep(tmp_path / "source", tmp_path / "0001")
    assert done[3:] == [f"sync {tmp_path.name}"], "whoever asks again may not have seen it synced"


def test_a_quiet_minute_is_some_kilobytes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(2_000) + bytes((1 << 24) - 2_000))
    wal_segment.keep(source, tmp_path / "0001")
    assert (tmp_path / "0001.gz").stat().st_size < 20_000


def test_other_bytes_of_the_same_name_are_refused_and_nothing_is_written_over(tmp_path: Path) -> None:
    source, place = tmp_path / "source", tmp_path / "0001"
    source.write_bytes(b"one")
    wal_segment.keep(source, place)
    source.write_bytes(b"other")
    with pytest.raises(FileExistsError, match="another webref"):
        wal_segment.keep(source, place)
    wal_segment.fetch(place, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"one"


def test_postgresql_is_told_of_failures_by_the_exit_code(tmp_path: Path) -> None:
    """The commands as a shell runs them, with a folder of an awkward name."""
    folder = tmp_path / "it's 100 %p full"
    (folder / "wal").mkdir(parents=True)
    (tmp_path / "seg").write_bytes(b"bytes")

    def run(order: str) -> int:
        command = order.replace("%p", "seg").replace("%f", "0001").replace("%%", "%")
        return subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=False).returncode

    keep = wal_orders.command("keep", "%p", folder.with_name("plain") / "wal" / "%f")
    assert run(keep) == 1, "its folder is not there"
    (tmp_path / "plain" / "wal").mkdir(parents=True)
    assert run(keep) == 0
    fetch = wal_orders.command("fetch", tmp_path / "plain" / "wal" / "%f", "%p")
    assert run(fetch) == 0
    assert run(fetch.replace("%f", "0002")) == 1
    odd = wal_orders.command("keep", "%p", folder / "wal" / "%f")
    assert "100 %%p full" in odd
    assert wal_orders.quoted("it's") == "'it''s'"


@pytest.mark.parametrize(
    ("until", "name", "words"),
    [
        (None, "b", ""),
        (NOW - timedelta(hours=1), "b", ""),
        (NOW - timedelta(hours=30), "a", ""),
        (NOW - timedelta(hours=90), "", "no earlier moment"),
        (NOW + timedelta(hours=1), "", "what happened until"),
    ],
)
def test_the_latest_base_from_which_the_log_leads_there_is_chosen(
    tmp_path: Path, until: datetime | None, name: str, words: str
) -> None:
    a_base(tmp_path, "a", NOW - timedelta(hours=48), "0" * 24)
    a_base(tmp_path, "b", NOW - timedelta(hours=24), "0" * 24)
    a_file(tmp_path / "wal" / f"{'0' * 24}.gz")
    if words:
        with pytest.raises(CannotBackUp, match=words):
            wal_restore.choose(tmp_path, until)
    else:
        assert wal_restore.choose(tmp_path, until).name == name


def test_an_archive_without_a_base_says_so(tmp_path: Path) -> None:
    (tmp_path / "bases").mkdir()
    with pytest.raises(CannotBackUp, match="no base"):
        wal_restore.choose(tmp_path, None)


def test_an_archive_of_a_newer_webref_says_so(tmp_path: Path) -> None:
    a_base(tmp_path, "a", NOW - timedelta(hours=1), "0" * 24, migration="9999-later")
    a_file(tmp_path / "wal" / f"{'0' * 24}.gz")
    with pytest.raises(CannotBackUp, match="install that version"):
        wal_restore.choose(tmp_path, None)


def test_what_no_moment_needs_goes_and_nothing_else(tmp_path: Path) -> None:
    for number, hours in ((1, 72), (2, 48), (3, 24)):
        a_base(
            tmp_path, f"base{number}", NOW - timedelta(hours=hours), f"{number:024X}", f"{number}{'d' * 63}"
        )
    for number in (1, 2, 3):
        a_file(tmp_path / "wal" / f"{number:024X}.gz")
    a_file(tmp_path / "wal" / "00000002.history.gz")
    originals = {
        name: a_file(tmp_path / "originals" / "ab" / name, hours)
        for name, hours in (("1" + "d" * 63, 90), ("2" + "d" * 63, 90), ("3" + "d" * 63, 90), ("f" * 64, 30))
    }
    wal_archive.Keeper(Settings(wal_archive=tmp_path))._prune()
    assert sorted(wal_orders.bases(tmp_path)) == ["base2", "base3"]
    left = {path.name for path in wal_orders.segments(tmp_path)}
    assert left == {f"{2:024X}.gz", f"{3:024X}.gz", "00000002.history.gz"}
    assert {name for name, path in originals.items() if path.exists()} == set(originals) - {"1" + "d" * 63}
    assert [entry.name for entry in blobs.files_under(tmp_path / "originals")] != []


@pytest.mark.parametrize(
    ("days", "is_whole", "is_due"),
    [(None, True, True), (6.9, True, False), (7.1, True, True), (1, False, True)],
)
def test_a_base_is_made_at_once_every_week_and_when_the_log_has_a_hole(
    tmp_path: Path, days: float | None, is_whole: bool, is_due: bool
) -> None:
    keeper = wal_archive.Keeper(Settings(data=tmp_path / "data", wal_archive=tmp_path))
    if days is not None:
        a_base(tmp_path, "a", NOW - timedelta(days=30), "0" * 24)
        a_base(tmp_path, "b", NOW - timedelta(days=days), "0" * 24)
    if is_whole:
        wal_orders.marked(keeper.cluster).parent.mkdir(parents=True)
        wal_orders.marked(keeper.cluster).touch()
    assert keeper._is_due() == is_due


@pytest.mark.usefixtures("database")
async def test_every_original_that_came_is_copied_once_and_stays_when_it_is_deleted(
    settings: Settings, tmp_path: Path
) -> None:
    kept, ana = replace(settings, wal_archive=tmp_path / "archive"), await a_viewer()
    keeper = wal_archive.Keeper(kept)

    async def comes(seed: int) -> str:
        return (await add(ana, pictures.photo(40, 30, seed=seed), kept)).image.digest

    def copied() -> dict[str, int]:
        return {
            entry.name: entry.stat().st_mtime_ns
            for entry in blobs.files_under(tmp_path / "archive" / "originals")
        }

    await storage.start_storage(kept)
    try:
        first = {await comes(seed) for seed in range(3)}
        await keeper._originals()
        were = copied()
        assert set(were) == first
        await execute("TRUNCATE image CASCADE")
        later = await comes(3)
        await keeper._originals()
        assert set(copied()) == {*first, later}
        assert were.items() <= copied().items(), "none was copied again"
    finally:
        await storage.close_storage()
        await asyncio.to_thread(darkroom.close)


def test_postgresql_keeps_its_log_and_never_in_the_archive_of_another(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    cluster = Cluster(tmp_path / "postgres", find_binaries(), wal_archive=archive)

    async def start() -> None:
        async with running(cluster) as url:
            assert not wal_orders.marked(cluster.cluster).exists(), "a new base is to make it"
            wal_orders.marked(cluster.cluster).touch()
            connection = await asyncpg.connect(url)
            try:
                await hands_in_by_itself(connection)
            finally:
                await connection.close()

    async def hands_in_by_itself(connection: asyncpg.Connection) -> None:
        """Nobody does anything after what was committed; of the minute only a second is waited for."""
        assert await connection.fetchval("SHOW archive_timeout") == "1min"
        await connection.execute("CREATE TABLE kept (words text)")
        await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("ALTER SYSTEM SET archive_timeout = '1s'")
        await connection.execute("INSERT INTO kept VALUES ('said on a quiet server')")
        kept = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())")
        await connection.execute("SELECT pg_reload_conf()")
        await _until(connection, f"last_archived_wal >= '{kept}'")
        with gzip.open(archive / "wal" / f"{kept}.gz") as packed:
            assert b"said on a quiet server" in packed.read()

    asyncio.run(start())
    assert len(list(wal_orders.segments(archive))) >= 1, "stopped in order it handed in what there was"
    wal_orders.prepare(archive, cluster.cluster)
    assert wal_orders.marked(cluster.cluster).exists()
    wal_orders.prepare(None, cluster.cluster)
    assert not wal_orders.marked(cluster.cluster).exists(), "from here on there is a hole"
    system = wal_orders.system_of(cluster.cluster)
    assert system is not None
    a_base(archive, "a", NOW, "0" * 24, system=system + 1)
    with pytest.raises(DatabaseUnavailable, match="of another webref"):
        asyncio.run(start())


async def test_an_archive_that_takes_nothing_stops_nobody_and_doctor_says_so(tmp_path: Path) -> None:
    """What could not be handed in is handed in once it can be."""
    archive = tmp_path / "archive"
    settings = Settings(data=tmp_path, wal_archive=archive)
    cluster = Cluster(tmp_path / "postgres", find_binaries(), wal_archive=archive)
    async with running(cluster) as url:
        connection = await asyncpg.connect(url)
        try:
            (archive / "wal").rename(tmp_path / "aside")
            (archive / "wal").touch()
            await connection.execute("CREATE TABLE kept (id int)")
            kept = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
            await _until(connection, "failed_count > 0")
            await connection.execute("INSERT INTO kept VALUES (1)")
            found = await doctor.wal_archiving(connection, settings)
            assert (found.verdict, "takes nothing more" in found.words) == (doctor.Verdict.ILL, True)
            (archive / "wal").unlink()
            (tmp_path / "aside").rename(archive / "wal")
            await connection.execute("SELECT pg_switch_wal()")
            await _until(connection, f"last_archived_wal >= '{kept}'")
            assert kept in {path.name.removesuffix(".gz") for path in wal_orders.segments(archive)}
            found = await doctor.wal_archiving(connection, settings)
            assert "no base yet" in found.words
        finally:
            await connection.close()


async def _until(connection: asyncpg.Connection, condition: str) -> None:
    async with asyncio.timeout(60):
        while not await connection.fetchval(f"SELECT {condition} FROM pg_stat_archiver"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
