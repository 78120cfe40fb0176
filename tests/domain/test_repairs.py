"""Laws of repairs: what can be put right is, once; nothing that is live goes; the rest stays said."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import adding, darkroom, doctor, originals, renditions, repairs, storage
from domain.access import Viewer
from domain.adding import NewItem
from domain.database import DB, execute, fetch, fetchval
from domain.doctor import Verdict
from domain.operations import NoteContent
from domain.recipes import followed
from domain.settings import Settings
from tests import pictures
from tests.factories import a_board, a_viewer
from tests.laws import require_laws
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Settings]:
    made = Settings(data=tmp_path / "data", database_url=str(DB.config["dsn"]), secret="s" * 40)
    await storage.start_storage(made)
    yield made
    darkroom.close()
    await storage.close_storage()


@pytest.fixture
async def ana() -> Viewer:
    return await a_viewer()


async def repaired(settings: Settings, *, deep: bool = False) -> dict[str, int]:
    return {done.subject: done.count async for done in repairs.repair(settings, deep=deep)}


async def a_picture(viewer: Viewer, settings: Settings) -> tuple[UUID, str]:
    image = (await add(viewer, pictures.photo(400, 300), settings)).image
    return image.id, image.digest


async def test_what_is_well_is_left_alone(place: Settings, ana: Viewer) -> None:
    board = await a_board(ana)
    await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    await a_picture(ana, place)
    before = [await fetchval(f"SELECT string_agg(t::text, '|') FROM {name} t") for name in ("board", "image")]
    assert await repaired(place, deep=True) == {}
    assert before == [
        await fetchval(f"SELECT string_agg(t::text, '|') FROM {name} t") for name in ("board", "image")
    ]


@pytest.mark.parametrize("deep", [False, True])
async def test_a_lost_rendition_is_made_again_and_a_damaged_one_where_bytes_are_read(
    place: Settings, ana: Viewer, deep: bool
) -> None:
    image, digest = await a_picture(ana, place)
    await execute("DELETE FROM job")
    path = place.blobs / renditions.key(digest, 320, followed().name)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert (await repaired(place, deep=deep)).get("renditions", 0) == int(deep)
    path.unlink(missing_ok=True)
    assert (await repaired(place))["renditions"] == 1
    assert [row["subject"] for row in await fetch("SELECT subject FROM job")] == [image]


async def test_a_lost_original_is_said_at_its_picture_and_its_renditions_stay(
    place: Settings, ana: Viewer
) -> None:
    image, digest = await a_picture(ana, place)
    (place.blobs / originals.key(digest)).unlink()
    assert (await repaired(place))["originals"] == 1
    assert await fetchval("SELECT failure FROM image WHERE id = $1", image) == originals.MISSING
    assert (place.blobs / renditions.key(digest, 320, followed().name)).exists()


async def test_an_original_that_was_withdrawn_and_is_needed_is_back(place: Settings, ana: Viewer) -> None:
    _, digest = await a_picture(ana, place)
    withdrawn = place.blobs / originals.withdrawn_key(digest)
    withdrawn.parent.mkdir(parents=True)
    (place.blobs / originals.key(digest)).rename(withdrawn)
    await execute("INSERT INTO leftover (digest, withdrawn_at) VALUES ($1, now())", digest)
    assert (await repaired(place))["originals"] == 1
    assert (place.blobs / originals.key(digest)).exists()


async def test_a_file_without_a_picture_is_put_aside_and_not_removed(place: Settings, ana: Viewer) -> None:
    image, digest = await a_picture(ana, place)
    await execute("DELETE FROM rendition")
    await execute("DELETE FROM image WHERE id = $1", image)
    path = place.blobs / originals.key(digest)
    assert await repaired(place) == {}, "it may be of an upload that is still to be acknowledged"
    os.utime(path, (time.time() - 7_200,) * 2)
    content = path.read_bytes()
    for expected in (1, 0):
        assert (await repaired(place)).get("files without rows", 0) == expected
        assert (place.blobs / originals.withdrawn_key(digest)).read_bytes() == content
    assert not path.exists()


async def test_counts_and_places_are_as_the_items_are(place: Settings, ana: Viewer) -> None:
    board = await a_board(ana)
    await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    await execute("UPDATE board SET item_count = 7")
    await execute("UPDATE item SET indexed = true")
    assert await repaired(place) == {"item counts": 1, "places of items": 1}
    await require_laws(board.id)


async def test_a_picture_that_nobody_works_on_has_a_job_again(place: Settings, ana: Viewer) -> None:
    image, _ = await a_picture(ana, place)
    await execute("DELETE FROM job")
    await execute("UPDATE image SET state = 'WORKING', created_at = now() - interval '1 hour'")
    found = {finding.subject: finding async for finding in doctor.examine(place)}
    assert found["unfinished pictures"].verdict is Verdict.ILL
    assert (await repaired(place))["unfinished pictures"] == 1
    assert await fetchval("SELECT subject FROM job WHERE state = 'QUEUED'") == image
    assert await repaired(place) == {}


async def test_jobs_of_lost_workers_are_free_and_what_was_made_is_gathered(
    place: Settings, ana: Viewer
) -> None:
    await a_picture(ana, place)
    await execute("UPDATE job SET state = 'RUNNING', attempts = 1, lease = $1, lease_until = now()", uuid4())
    await execute("UPDATE image SET made = '{}'")
    assert await repaired(place) == {"jobs": 1, "renditions at pictures": 1}
    assert await fetchval("SELECT state FROM job") == "QUEUED"


async def test_a_gap_in_a_log_stays_said(place: Settings, ana: Viewer) -> None:
    board = await a_board(ana)
    await execute("UPDATE board SET seq = seq + 1")
    assert await repaired(place) == {}
    found = {finding.subject: finding async for finding in doctor.examine(place)}
    assert found["change logs"].verdict is Verdict.ILL
    assert str(board.id) in found["change logs"].words


async def test_a_secret_that_others_can_read_is_closed(place: Settings) -> None:
    secret = place.data / "secret"
    secret.write_text("s" * 40)
    secret.chmod(0o644)
    settings = Settings(data=place.data, database_url=place.database_url)
    assert await repaired(settings) == {"secret": 1}
    assert secret.stat().st_mode & 0o777 == 0o600
