"""Collecting where it is hardest: in a bucket, while files move, killed in any moment of its work."""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain import collecting, darkroom, moving, originals, storage, trash
from domain.access import Viewer
from domain.bucket_client import BucketClient
from domain.collecting import Collected
from domain.database import fetch, fetchval
from domain.errors import BadInput, NotFound, StorageUnavailable, TooBusy
from domain.settings import Settings
from tests import pictures, thoroughness
from tests.factories import a_viewer
from tests.library import add
from tests.running import REPOSITORY
from tests.s3 import S3Server

pytestmark = pytest.mark.usefixtures("database")

ROOMS = ("originals/", "renditions/", "withdrawn/")
MOST_MOMENTS = 40


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture(params=["folder", "bucket"])
async def settings(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> AsyncIterator[Settings]:
    made = Settings(data=tmp_path / "data", database_url=database_url)
    if request.param == "bucket":
        s3_server: S3Server = request.getfixturevalue("s3_server")
        made = s3_server.settings(made, await s3_server.make_bucket())
    await storage.start_storage(made)
    yield made
    await storage.close_storage()


def later(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


async def files() -> set[str]:
    return {file.key for room in ROOMS async for file in storage.listed(room)}


async def require_whole() -> None:
    """Law 1: acknowledged is kept; a row has its original, with every byte."""
    for row in await fetch("SELECT DISTINCT digest, size_bytes FROM image"):
        async with storage.as_file(originals.key(row["digest"]), digest=row["digest"]) as path:
            assert path.stat().st_size == row["size_bytes"]


async def require_nothing_left(settings: Settings) -> None:
    """After enough rounds: files of pictures that there are, and no others; nothing waits."""
    for hours in (3, 30, 60):
        await collecting.collect(settings, strays=True, now=later(hours))
    await require_whole()
    digests = {row["digest"] for row in await fetch("SELECT DISTINCT digest FROM image")}
    assert {key.split("/")[3] for key in await files()} == digests
    assert not [key for key in await files() if key.startswith("withdrawn/")]
    assert await fetchval("SELECT count(*) FROM leftover") == 0


async def thrown_away(viewer: Viewer, content: bytes, settings: Settings) -> None:
    image = (await add(viewer, content, settings)).image
    await trash.trash_images(viewer, [image.id])
    await trash.delete_images(viewer, [image.id])


async def test_what_goes_is_aside_for_a_day_wherever_it_is_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    ask = BucketClient.ask

    async def noted(self: BucketClient, operation: str, **arguments: object) -> object:
        asked.add(operation)
        return await ask(self, operation, **arguments)

    ana = await a_viewer()
    kept = (await add(ana, pictures.photo(80, 60), settings)).image
    await thrown_away(ana, pictures.photo(80, 60, seed=2), settings)
    before = await files()
    monkeypatch.setattr(BucketClient, "ask", noted)
    assert await collecting.collect(settings) == Collected(withdrawn=1)
    assert not asked & {"get_object", "put_object", "upload_part"}, "its bytes stay where they are"
    assert ("copy_object" in asked) == storage.is_bucket(settings.storage)
    assert await collecting.collect(settings, now=later(23)) == Collected()
    assert len(await files()) == len(before), "it is aside"
    assert (await collecting.collect(settings, now=later(25))).removed == 1
    assert {key.split("/")[3] for key in await files()} == {kept.digest}
    await require_nothing_left(settings)


class Collector:
    """Another process that is killed while it collects (tests/domain/collector.py)."""

    def __init__(self, settings: Settings) -> None:
        said = {
            "data": str(settings.data),
            "database_url": settings.database_url,
            "storage": settings.storage,
            "s3_endpoint": settings.s3_endpoint,
            "s3_access_key": settings.s3_access_key,
            "s3_secret_key": settings.s3_secret_key,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.domain.collector", json.dumps(said)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def killed_in(self, moment: int) -> bool:
        """False: it came to its end before there was such a moment."""
        said = await asyncio.to_thread(self._ask, moment)
        assert said in ("killed", "done")
        return said == "killed"

    def _ask(self, moment: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{moment}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=20)


async def test_kill_9_in_any_moment_loses_nothing_and_leaves_nothing_for_ever(settings: Settings) -> None:
    """Every second time the same bytes come again right after, from somebody else."""
    moments = range(1, MOST_MOMENTS)
    if storage.is_bucket(settings.storage) and not thoroughness.NIGHTLY:
        moments = range(2, MOST_MOMENTS, 5)  # the same moments, where each takes longer
    ana, ben = await a_viewer(), await a_viewer("ben")
    await add(ana, pictures.photo(64, 48, seed=99), settings)
    killed = 0
    with contextlib.closing(Collector(settings)) as collector:
        for moment in moments:
            content = pictures.photo(64, 48, seed=moment)
            await thrown_away(ana, content, settings)
            if not await collector.killed_in(moment):
                break
            killed += 1
            if killed % 2:
                await add(ben, content, settings)
            await require_whole()
    assert 15 // moments.step <= killed < len(moments), "all moments, and then none any more"
    await require_whole()
    assert await fetchval("SELECT count(*) FROM image WHERE owner = $1", ben.account_id) == -(-killed // 2)
    await require_nothing_left(settings)


class Busy:
    """People who bring and delete the same few pictures, and collectors that never wait, until it is over."""

    def __init__(self, settings: Settings, people: list[Viewer], seed: int) -> None:
        self.settings = settings
        self.people = people
        self.chance = random.Random(seed)
        self.contents = [pictures.photo(48, 36, seed=number) for number in range(3)]
        self.acknowledged = 0
        self.ends = asyncio.Event()

    async def bring_and_take(self, viewer: Viewer) -> None:
        while not self.ends.is_set():
            await asyncio.sleep(self.chance.random() * 0.02)
            try:
                added = await add(viewer, self.chance.choice(self.contents), self.settings)
            except (TooBusy, StorageUnavailable):
                continue  # said, and nothing was acknowledged
            self.acknowledged += 1
            if self.chance.random() < 0.8:
                with suppress(NotFound, BadInput):  # brought again, or deleted, by another task
                    await trash.trash_images(viewer, [added.image.id])
                    await trash.delete_images(viewer, [added.image.id])

    async def has_acknowledged(self, count: int) -> None:
        while self.acknowledged < count:  # noqa: ASYNC110 (several tasks count)
            await asyncio.sleep(0.05)

    async def collect(self, hours: float) -> None:
        while not self.ends.is_set():
            await collecting.collect(self.settings, strays=True, now=later(hours), withdrawn_hours=0)
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for viewer in self.people:
                group.create_task(self.bring_and_take(viewer))
            for hours in (0, 2):
                group.create_task(self.collect(hours))
            try:
                yield
            finally:
                self.ends.set()


@pytest.mark.parametrize("settings", ["bucket"], indirect=True)
async def test_uploads_deletions_and_collections_of_the_same_pictures_in_a_bucket(settings: Settings) -> None:
    busy = Busy(settings, [await a_viewer() for _ in range(3)], seed=1)
    async with busy.going_on():
        await busy.has_acknowledged(25)
    await require_whole()
    await require_nothing_left(settings)


@pytest.mark.parametrize("settings", ["folder"], indirect=True)
async def test_they_go_on_while_files_move_to_a_bucket_and_back(
    settings: Settings, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "HEARD_SECONDS", 0.2)
    away = s3_server.settings(settings, await s3_server.make_bucket())
    reaching = replace(away, storage=settings.storage)
    storage.open_storage(reaching)
    people = [await a_viewer() for _ in range(3)]
    for number in range(10, 16):
        await add(people[0], pictures.photo(48, 36, seed=number), reaching)
    busy = Busy(reaching, people, seed=2)
    async with busy.going_on():
        for target in (away.storage, settings.storage, away.storage):
            before = busy.acknowledged
            await moving.move(target)
            await busy.has_acknowledged(before + 5)
    assert storage.place() == away.storage
    await require_nothing_left(reaching)
    assert await fetchval("SELECT count(DISTINCT digest) FROM image") >= 6
