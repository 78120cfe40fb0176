"""Laws of the doctor: it sees each illness, names it, and changes nothing at all."""

import hashlib
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import accounts, adding, doctor, originals, recipes, renditions
from domain.adding import NewItem
from domain.database import DB, connect, execute, fetchval
from domain.doctor import Finding, Verdict
from domain.operations import NoteContent
from domain.settings import Settings
from tests import factories
from tests.factories import a_rendition, a_viewer
from tests.people import join

pytestmark = pytest.mark.usefixtures("database", "signing")

BYTES = b"the bytes of a picture"
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """A data folder as a server leaves it, beside the database of the test."""
    settings = Settings(data=tmp_path / "data", database_url=str(DB.config["dsn"]))
    for name in ("originals", "renditions", "incoming"):
        (settings.blobs / name).mkdir(parents=True)
    secret = settings.data / "secret"
    secret.write_text("s" * 40)
    secret.chmod(0o600)
    return settings


async def findings(settings: Settings, *, deep: bool = False) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in doctor.examine(settings, deep=deep)}


async def an_image(account: accounts.Account, size_bytes: int = len(BYTES), digest: str = DIGEST) -> UUID:
    image_id: UUID = await fetchval(
        "insert into image (id, owner, digest, name, title, tags, size_bytes, format, mime, width, height,"
        "   camera, placeholder, palette, state)"
        " values ($1, $2, $3, 'a.png', '', '{}', $4, 'PNG', 'image/png', 9, 9, '', '', '{}', 'READY')"
        " returning id",
        uuid4(),
        account.id,
        digest,
        size_bytes,
    )
    return image_id


async def a_board(account: accounts.Account, seqs: list[int], seq: int) -> UUID:
    board_id = uuid4()
    await execute(
        "insert into board (id, title, description, seq, created_by) values ($1, 'Mood', '', $2, $3)",
        board_id,
        seq,
        account.id,
    )
    for number in seqs:
        await execute(
            "insert into change (board, seq, actor, operation, inverse)"
            " values ($1, $2, $3, '{}'::jsonb, '{}'::jsonb)",
            board_id,
            number,
            account.id,
        )
    return board_id


def store(settings: Settings, content: bytes = BYTES, digest: str = DIGEST) -> Path:
    path = settings.blobs / originals.key(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def test_a_healthy_webref_is_well(place: Settings) -> None:
    ana = await join("ana")
    await an_image(ana)
    store(place)
    await a_board(ana, [1, 2, 3], 3)
    await a_board(ana, [], 0)
    seen = await findings(place, deep=True)
    seen.pop("database")  # the tests' own server is not durable
    assert [finding for finding in seen.values() if finding.verdict is not Verdict.WELL] == []
    assert {"data folder", "secret", "picture decoder", "migrations", "change logs", "originals"} <= set(seen)


async def test_a_server_that_may_lose_what_it_acknowledged_is_ill(place: Settings) -> None:
    fsync = await fetchval("select current_setting('fsync')")
    found = (await findings(place))["database"]
    assert found.verdict is (Verdict.WELL if fsync == "on" else Verdict.ILL)
    assert fsync == "on" or "fsync" in found.words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "has no file"),
        (BYTES[:-1], f"has {len(BYTES) - 1} bytes instead of {len(BYTES)}"),
        (b"X" + BYTES[1:], "other content"),
    ],
    ids=["missing", "truncated", "one bit wrong"],
)
async def test_a_picture_without_its_bytes_is_found(
    place: Settings, content: bytes | None, words: str
) -> None:
    image_id = await an_image(await join("ana"))
    if content is not None:
        store(place, content)
    found = (await findings(place, deep=True))["originals"]
    assert found.verdict is Verdict.ILL
    assert str(image_id) in found.words
    assert words in found.words


async def test_only_a_deep_look_reads_the_bytes(place: Settings) -> None:
    await an_image(await join("ana"))
    store(place, b"X" + BYTES[1:])
    assert (await findings(place))["originals"].verdict is Verdict.WELL


async def test_more_pictures_than_one_page_are_all_looked_at(
    place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "ROWS_AT_ONCE", 2)
    ana = await join("ana")
    for number in range(5):
        content = bytes([number])
        digest = hashlib.sha256(content).hexdigest()
        await an_image(ana, 1, digest)
        store(place, content, digest)
    await an_image(ana)
    found = (await findings(place))["originals"]
    assert found.words.startswith("1 of 6 pictures")


async def test_a_lost_rendition_is_only_noted(place: Settings) -> None:
    image_id = await an_image(await join("ana"))
    store(place)
    await a_rendition(image_id, size_bytes=len(BYTES), digest=DIGEST)
    assert (await findings(place))["renditions"].verdict is Verdict.NOTE
    path = place.blobs / renditions.key(DIGEST, 320, recipes.followed().name)
    path.parent.mkdir(parents=True)
    path.write_bytes(BYTES)
    assert (await findings(place, deep=True))["renditions"].verdict is Verdict.WELL


async def test_renditions_at_a_picture_that_its_rows_do_not_have_are_found(place: Settings) -> None:
    image_id = await an_image(await join("ana"))
    await a_rendition(image_id)
    assert (await findings(place))["renditions at pictures"].verdict is Verdict.WELL
    await execute("update image set made = '{{800, 800, 600, 10}}'")
    found = (await findings(place))["renditions at pictures"]
    assert (found.verdict, str(image_id) in found.words) == (Verdict.ILL, True)


async def test_a_file_without_a_row_is_counted_and_kept(place: Settings) -> None:
    path = store(place)
    found = (await findings(place))["files without rows"]
    assert (found.verdict, found.words.startswith("1 file")) == (Verdict.NOTE, True)
    assert path.read_bytes() == BYTES


@pytest.mark.parametrize(
    ("seqs", "seq"), [([1, 3], 3), ([2, 3], 3), ([1, 2], 3), ([1, 2, 3], 2), ([], 1)], ids=str
)
async def test_a_gap_in_a_change_log_is_found(place: Settings, seqs: list[int], seq: int) -> None:
    ana = await join("ana")
    await a_board(ana, [1], 1)
    torn = await a_board(ana, seqs, seq)
    found = (await findings(place))["change logs"]
    assert found.verdict is Verdict.ILL
    assert found.words.startswith("1 board with gaps")
    assert str(torn) in found.words


async def test_a_compacted_log_is_well_as_long_as_its_snapshot_is_there(place: Settings) -> None:
    board_id = await a_board(await join("ana"), [3, 4], 4)
    await execute("update board set log_start = 2")
    found = (await findings(place))["change logs"]
    assert (found.verdict, str(board_id) in found.words) == (Verdict.ILL, True)
    await execute("insert into snapshot (board, seq, state) values ($1, 2, '')", board_id)
    assert (await findings(place))["change logs"].verdict is Verdict.WELL


async def test_a_wrong_item_count_is_found(place: Settings) -> None:
    board_id = await a_board(await join("ana"), [], 0)
    await execute("update board set item_count = 1")
    found = (await findings(place))["item counts"]
    assert found.verdict is Verdict.ILL
    assert str(board_id) in found.words


@pytest.mark.parametrize(
    "damage",
    [
        "update item set indexed = true",
        "update board set indexed = true",
        "update board set item_count = 2001",
    ],
)
async def test_items_that_a_look_at_a_place_would_miss_are_found(place: Settings, damage: str) -> None:
    ana = await a_viewer()
    board = await factories.a_board(ana)
    await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    assert (await findings(place))["places of items"].verdict is Verdict.WELL
    await execute(damage)
    found = (await findings(place))["places of items"]
    assert found.verdict is Verdict.ILL
    assert str(board.id) in found.words


@pytest.mark.parametrize("ring", [True, False])
async def test_items_in_a_ring_or_in_nothing_are_found(place: Settings, ring: bool) -> None:
    ana = await a_viewer()
    board = await factories.a_board(ana)
    inner, outer = uuid4(), uuid4()
    new = [NewItem(id=outer, is_group=True), NewItem(id=inner, is_group=True, parent_id=outer)]
    await adding.add_items(ana, board.id, new)
    assert (await findings(place))["groups and frames"].verdict is Verdict.WELL
    await execute("update item set parent_id = $2 where id = $1", outer, inner if ring else uuid4())
    found = (await findings(place))["groups and frames"]
    assert found.verdict is Verdict.ILL
    assert str(outer) in found.words


async def test_work_given_up_is_noted(place: Settings) -> None:
    await execute(
        "insert into job (id, kind, subject, priority, state, attempts, progress)"
        " values ($1, 'renditions', $1, 0, 'DEAD', 3, 0)",
        uuid4(),
    )
    found = (await findings(place))["jobs"]
    assert found.verdict is Verdict.NOTE
    assert "1 given up" in found.words


async def test_a_secret_that_others_can_read_is_ill(place: Settings) -> None:
    (place.data / "secret").chmod(0o644)
    assert (await findings(place))["secret"].verdict is Verdict.ILL


async def test_a_database_that_does_not_answer_is_told_in_words(place: Settings) -> None:
    lost = Settings(data=place.data, database_url="postgresql://nobody@127.0.0.1:1/none")
    seen = await findings(lost)
    assert seen["database"].verdict is Verdict.ILL
    assert "migrations" not in seen


async def test_where_nothing_was_ever_made_nothing_is_made(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    seen = await findings(settings)
    assert seen["data folder"].verdict is Verdict.ILL
    assert seen["database"].verdict is Verdict.ILL
    assert os.listdir(tmp_path) == []


async def test_missing_and_unknown_migrations_are_named(place: Settings) -> None:
    connection = await connect()
    try:
        transaction = connection.transaction()
        await transaction.start()
        first = await connection.fetchval(
            "delete from migration where id = (select min(id) from migration) returning name"
        )
        missing = await doctor.applied_migrations(connection)
        await connection.execute(
            "insert into migration (name, app_name) values ($1, 'webref'), ('later', 'webref')", first
        )
        later = await doctor.applied_migrations(connection)
        await transaction.rollback()
    finally:
        await connection.close()
    assert (missing.verdict, first in missing.words) == (Verdict.ILL, True)
    assert (later.verdict, "later" in later.words) == (Verdict.ILL, True)


async def test_the_doctor_changes_nothing(place: Settings) -> None:
    ana = await join("ana")
    await an_image(ana)
    await a_board(ana, [1, 3], 3)
    store(place, b"wrong")

    async def everything() -> object:
        files = {
            str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for folder, _, names in os.walk(place.data)
            for path in [Path(folder), *(Path(folder, name) for name in names)]
        }
        rows = [
            await fetchval(f"select coalesce(string_agg(t::text, '|' order by t::text), '') from {table} t")
            for table in ("account", "board", "change", "image", "job", "migration", "session")
        ]
        return files, rows

    before = await everything()
    await findings(place, deep=True)
    assert await everything() == before
