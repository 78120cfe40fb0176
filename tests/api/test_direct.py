"""Direct uploads: parts go straight to a real bucket, and only what is whole and a picture becomes one."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from domain import direct_uploads, originals, storage
from domain.database import execute, fetchval
from domain.sessions import viewer_of
from domain.settings import Settings
from tests.api.serving import Served, serving
from tests.factories import a_board
from tests.laws import require_laws
from tests.s3 import S3Server

PART = 5 << 20


def large_picture() -> bytes:
    """Noise, which no PNG makes smaller."""
    file = io.BytesIO()
    Image.frombytes("RGB", (1500, 1300), os.urandom(1500 * 1300 * 3)).save(file, "PNG", compress_level=0)
    return file.getvalue()


@pytest.fixture
async def kept(
    server_settings: Settings, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Served]:
    monkeypatch.setattr(direct_uploads, "PART_BYTES", PART)
    settings = replace(server_settings, max_file_bytes=20_000_000)
    async with serving(s3_server.settings(settings, await s3_server.make_bucket())) as running:
        yield running


async def keys() -> list[str]:
    rooms = ("incoming/", "originals/", "renditions/")
    return sorted([each.key for room in rooms async for each in storage.listed(room)])


async def begin(client: httpx.AsyncClient, size_bytes: int, **more: str) -> dict[str, Any]:
    answer = await client.post("/uploads/direct", json={"name": "noise.png", "sizeBytes": size_bytes, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def put(url: str, content: bytes) -> int:
    async with httpx.AsyncClient(timeout=30) as outside:
        return (await outside.put(url, content=content)).status_code


async def test_parts_become_a_picture_once_and_lie_on_their_board(kept: Served) -> None:
    ana = await kept.join("ana")
    board_id = (await a_board(await viewer_of(ana.access_token))).id
    content = large_picture()
    digest = hashlib.sha256(content).hexdigest()
    async with kept.client(ana.access_token) as client:
        begun = await begin(client, len(content), board=str(board_id))
        assert (begun["upload"]["parts"], len(begun["urls"])) == (2, 2)
        asked = {"id": begun["upload"]["id"]}
        assert await put(begun["urls"][1], content[PART:]) == 200
        early = await client.post("/uploads/direct/complete", params=asked)
        assert (early.status_code, early.json()["error"]["code"]) == (409, "UPLOAD_INCOMPLETE")
        assert early.json()["error"]["details"]["missing"] == [1]
        assert await fetchval("SELECT count(*) FROM image") == 0
        seen = await client.get("/uploads/direct", params=asked)
        assert seen.json()["received"] == [{"part": 2, "sizeBytes": len(content) - PART}]
        again = await client.post("/uploads/direct/parts", params={**asked, "first": "1", "count": "1"})
        (url,) = again.json()["urls"]
        assert await put(url, content[:PART]) == 200
        made = await client.post("/uploads/direct/complete", params=asked)
        assert made.status_code == 201
        image = made.json()["image"]
        assert (image["width"], image["sizeBytes"], image["name"]) == (1500, len(content), "noise.png")
        assert (await client.post("/uploads/direct/complete", params=asked)).json() == made.json()
        lies = await fetchval("SELECT array_agg(id::text) FROM item WHERE image_id = $1", UUID(image["id"]))
        assert made.json()["placed"] == {"board": str(board_id), "items": lies}
        assert len(await require_laws(board_id)) == 2
        got = await client.get(f"/files/{image['id']}/original")
        assert hashlib.sha256(got.content).hexdigest() == digest
    assert await fetchval("SELECT array_agg(digest) FROM image") == [digest]
    assert [key for key in await keys() if not key.startswith("renditions/")] == [originals.key(digest)]
    assert list((kept.settings.blobs / "incoming").iterdir()) == []
    assert await put(begun["urls"][0], b"x" * PART) == 404, "the addresses end with the upload"


async def test_what_is_no_picture_leaves_nothing(kept: Served) -> None:
    ana = await kept.join("ana")
    async with kept.client(ana.access_token) as client:
        begun = await begin(client, 1000)
        assert await put(begun["urls"][0], b"x" * 1000) == 200
        asked = {"id": begun["upload"]["id"]}
        refused = await client.post("/uploads/direct/complete", params=asked)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "IMAGE_REFUSED")
        assert (await client.get("/uploads/direct", params=asked)).status_code == 404
    assert await keys() == []
    assert await fetchval("SELECT count(*) FROM image") == 0


async def test_other_sizes_than_announced_and_other_people_are_refused(kept: Served) -> None:
    ana, eve = await kept.join("ana"), await kept.join("eve")
    async with kept.client(ana.access_token) as client, kept.client(eve.access_token) as hers:
        begun = await begin(client, 1000)
        asked = {"id": begun["upload"]["id"]}
        for other in (b"x" * 999, b"x" * 1001):
            assert await put(begun["urls"][0], other) == 403, "the size is in the signature"
        refused = await client.post("/uploads/direct/complete", params=asked)
        assert refused.json()["error"]["details"]["missing"] == [1]
        for answer in (
            await hers.get("/uploads/direct", params=asked),
            await hers.post("/uploads/direct/parts", params=asked),
            await hers.post("/uploads/direct/complete", params=asked),
            await hers.delete("/uploads/direct", params=asked),
        ):
            assert answer.status_code == 404
        for wish, code in (
            ({"sizeBytes": 0}, 422),
            ({"sizeBytes": 20_000_001}, 413),
            ({"sizeBytes": 10, "board": str(uuid4())}, 404),
            ({"sizeBytes": "x"}, 400),
            ({"name": "x"}, 400),
        ):
            assert (await client.post("/uploads/direct", json=wish)).status_code == code
        assert await fetchval("SELECT count(*) FROM direct_upload") == 1
        assert (await client.delete("/uploads/direct", params=asked)).status_code == 204
        assert (await client.get("/uploads/direct", params=asked)).status_code == 404
    async with kept.client() as nobody:
        assert (await nobody.post("/uploads/direct", json={"sizeBytes": 1})).status_code == 401
    assert await keys() == []


async def test_a_person_has_so_many_unfinished_also_when_they_begin_at_once(
    kept: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_uploads, "MOST_OPEN", 2)
    ana, ben = await kept.join("ana"), await kept.join("ben")
    wish = {"name": "noise.png", "sizeBytes": 1000}
    async with kept.client(ana.access_token) as client, kept.client(ben.access_token) as other:
        answers = await asyncio.gather(*(client.post("/uploads/direct", json=wish) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 201, 413, 413]
        codes = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 413}
        assert codes == {"LIMIT_EXCEEDED"}
        assert (await other.post("/uploads/direct", json=wish)).status_code == 201
    assert await fetchval("SELECT count(*) FROM direct_upload") == 3
    store = storage.direct_store()
    assert store is not None
    assert await store.abort_old(-60) == 3, "the bucket keeps no place for who was refused"


async def test_what_is_not_finished_in_its_time_goes(kept: Served) -> None:
    ana = await kept.join("ana")
    async with kept.client(ana.access_token) as client:
        begun = await begin(client, 1000)
    assert await direct_uploads.sweep() == 0
    await execute("UPDATE direct_upload SET expires_at = now()")
    assert await direct_uploads.sweep() == 1
    assert await put(begun["urls"][0], b"x" * 1000) == 404
    assert await fetchval("SELECT count(*) FROM direct_upload") == 0


async def test_parts_that_nobody_completes_are_swept(kept: Served) -> None:
    store = storage.direct_store()
    assert store is not None
    upload_id = await store.begin("originals/ab/cd/abcd")
    assert await store.abort_old(86_400) == 0
    assert await store.parts("originals/ab/cd/abcd", upload_id) == []
    assert await store.abort_old(-60) == 1
    assert await store.parts("originals/ab/cd/abcd", upload_id) is None


async def test_where_files_are_in_a_folder_there_is_another_way(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        answer = await client.post("/uploads/direct", json={"sizeBytes": 10})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "NOT_IN_BUCKET")
    assert "/uploads/tus" in answer.json()["error"]["message"]
