"""A server whose files are in a bucket: pictures come in and go out as from a disk, and an outage is said."""

from collections.abc import AsyncIterator

import pytest

from domain import animations, bucket_client, jobs, originals, renditions, storage
from domain.database import fetchval
from domain.recipes import VERSION
from domain.settings import Settings
from tests.api.serving import Served, serving
from tests.pictures import animated, photo
from tests.s3 import Door, Fault, S3Server, a_door

PICTURE = photo(1000, 700, seed=7)
MOVING = animated("GIF")
HANDLERS = {jobs.RENDITIONS: renditions.make_renditions, jobs.ANIMATION: animations.make_animation}


@pytest.fixture
async def door(s3_server: S3Server) -> AsyncIterator[tuple[Door, S3Server]]:
    async with a_door(s3_server) as opened:
        yield opened


@pytest.fixture
async def kept(
    server_settings: Settings,
    s3_server: S3Server,
    door: tuple[Door, S3Server],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Served]:
    monkeypatch.setattr(bucket_client, "ATTEMPTS", 2)
    settings = door[1].settings(server_settings, await s3_server.make_bucket())
    async with serving(settings) as running:
        yield running


async def test_pictures_come_in_and_go_out(kept: Served) -> None:
    ana = await kept.join("ana")
    async with kept.client(ana.access_token) as client:
        sent = await client.post("/uploads", params={"name": "cat.jpg"}, content=PICTURE)
        address = f"/files/{sent.json()['image']['id']}"
        (due,) = await jobs.due(10)
        await jobs.run(due.id, renditions.make_renditions)
        for variant in ("original", "320", "800", "1600"):
            whole = await client.get(f"{address}/{variant}")
            etag = whole.headers["etag"]
            assert whole.status_code == 200
            assert int(whole.headers["content-length"]) == len(whole.content) > 0
            part = await client.get(f"{address}/{variant}", headers={"Range": "bytes=10-19"})
            assert (part.status_code, part.content) == (206, whole.content[10:20])
            assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
            head = await client.head(f"{address}/{variant}")
            assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)
            assert head.headers["content-length"] == whole.headers["content-length"]
            same = await client.get(f"{address}/{variant}", headers={"If-None-Match": etag})
            assert (same.status_code, same.content) == (304, b"")
        assert (await client.get(f"{address}/original")).content == PICTURE
    kept_keys = {each.key async for each in storage.listed("originals/")}
    assert len(kept_keys) == 1
    assert {path.name for path in kept.settings.blobs.iterdir()} == {"incoming", "parts"}
    nearby = [path.read_bytes() for path in (kept.settings.blobs / "incoming").iterdir()]
    assert nearby == [PICTURE], "one copy, for the jobs to come"


async def test_an_original_is_fetched_once_for_all_jobs_and_not_at_all_where_it_came_in(
    kept: Served, door: tuple[Door, S3Server]
) -> None:
    ana = await kept.join("ana")

    def fetched() -> int:
        return sum(line.startswith("GET") and "/originals/" in line for line in door[0].seen)

    async with kept.client(ana.access_token) as client:
        sent = await client.post("/uploads", params={"name": "cat.gif"}, content=MOVING)
        assert sent.status_code == 201
        digest = await fetchval("SELECT digest FROM image")
        due = await jobs.due(10)
        assert {job.kind for job in due} == {jobs.RENDITIONS, jobs.ANIMATION}
        await jobs.run(due[0].id, HANDLERS[due[0].kind])
        assert fetched() == 0
        await storage.close_storage()  # as a worker that has just been started
        async with storage.as_file(originals.key(digest), digest=digest) as path:
            assert path.read_bytes() == MOVING
        await jobs.run(due[1].id, HANDLERS[due[1].kind])
        assert fetched() == 1
        assert await fetchval("SELECT count(*) FROM job WHERE state = 'DONE'") == 2
        await storage.remove(originals.key(digest))
        with pytest.raises(FileNotFoundError):
            async with storage.as_file(originals.key(digest), digest=digest):
                pass


async def test_an_outage_is_said_and_nothing_is_half_there(kept: Served, door: tuple[Door, S3Server]) -> None:
    ana = await kept.join("ana")
    async with kept.client(ana.access_token) as client:
        sent = await client.post("/uploads", content=PICTURE)
        address = f"/files/{sent.json()['image']['id']}/original"
        assert (await client.get("/health/ready")).status_code == 200
        door[0].faults += [
            Fault("status 503 SlowDown", method, times=99) for method in ("PUT", "GET", "HEAD")
        ]
        for answer in (
            await client.post("/uploads", content=photo(64, 64, seed=9)),
            await client.get(address),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (507, "STORAGE_UNAVAILABLE")
            assert "try again" in answer.json()["error"]["message"]
        assert (await client.get("/health/ready")).status_code == 503
        door[0].faults.clear()
        assert await fetchval("SELECT count(*) FROM image") == 1
        assert (await client.get(address)).content == PICTURE
        assert (await client.post("/uploads", content=photo(64, 64, seed=9))).status_code == 201
        door[0].faults.append(Fault("short", "GET"))
        assert (await client.get(address)).content == PICTURE
    assert await fetchval("SELECT count(*) FROM image") == 2


async def test_a_lost_rendition_is_made_again_and_a_lost_original_said(
    kept: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renditions, "PATIENCE_SECONDS", 0.0)
    ana = await kept.join("ana")
    async with kept.client(ana.access_token) as client:
        sent = await client.post("/uploads", content=PICTURE)
        address = f"/files/{sent.json()['image']['id']}"
        (due,) = await jobs.due(10)
        await jobs.run(due.id, renditions.make_renditions)
        digest: str = await fetchval("SELECT digest FROM image")
        await storage.remove(renditions.key(digest, 800, VERSION))
        lost = await client.get(f"{address}/800")
        assert (lost.status_code, "being made again" in lost.json()["error"]["message"]) == (507, True)
        (due,) = await jobs.due(10)
        await jobs.run(due.id, renditions.make_renditions)
        again = await client.get(f"{address}/800")
        assert (again.status_code, again.headers["content-type"]) == (200, "image/webp")
