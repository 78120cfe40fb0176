"""Resumable uploads: what the tus protocol promises, to its own words and to a real client."""

import asyncio
import hashlib
import io
import os
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from domain import uploads
from domain.database import execute, fetchval
from tests.api.serving import Served
from tests.api.tus_words import BODY, VERSION, begin, go_on, metadata, offset_of, parts, tuspy
from tests.pictures import packed, photo


async def test_what_the_server_can_do_is_said_to_anybody(served: Served) -> None:
    async with served.client() as client:
        answer = await client.options("/uploads/tus")
    assert answer.status_code == 204
    assert (answer.headers["tus-version"], answer.headers["tus-max-size"]) == ("1.0.0", "2000000")
    assert {"creation", "expiration", "termination", "checksum"} <= set(
        answer.headers["tus-extension"].split(",")
    )
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


async def test_a_picture_that_comes_in_pieces_is_the_same_as_one_that_comes_whole(served: Served) -> None:
    ana, content, image_id = await served.join("ana"), photo(640, 400), str(uuid4())
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content), filename="träum/ébène.jpg", id=image_id)
        for start in range(0, len(content), 7_000):
            answer = await go_on(client, address, start, content[start : start + 7_000])
            assert answer.status_code == 204, answer.text
            assert "upload-expires" in answer.headers
        assert answer.headers["upload-offset"] == str(len(content))
        said = (await client.get(address)).json()
        assert said["image"]["id"] == image_id
        assert (said["image"]["name"], said["image"]["width"]) == ("ébène.jpg", 640)
        again = await client.post("/uploads", params={"name": "again.jpg"}, content=content)
        assert again.json()["image"]["id"] == image_id
        head = await client.head(address, headers=VERSION)
        assert head.headers["upload-length"] == head.headers["upload-offset"] == str(len(content))
        assert head.headers["upload-metadata"] == metadata(filename="träum/ébène.jpg", id=image_id)
        original = await client.get(f"/files/{image_id}/original")
    assert original.content == content
    assert parts(served) == []
    assert await fetchval("select count(*) from image") == 1


async def test_who_asks_for_it_gets_the_picture_in_the_last_answer(served: Served) -> None:
    ana, content = await served.join("ana"), photo(320, 200)
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        last = await go_on(client, address, 0, content, Prefer="return=representation")
        assert (last.status_code, last.headers["preference-applied"]) == (200, "return=representation")
        assert last.json()["image"]["width"] == 320
        other = photo(321, 200)
        headers = {**BODY, "Upload-Length": str(len(other)), "Upload-Metadata": metadata(name="b.jpg")}
        whole = await client.post("/uploads/tus", headers=headers, content=other)
        assert whole.status_code == 201
        assert whole.headers["upload-offset"] == str(len(other))
        assert whole.json()["image"]["name"] == "b.jpg"
    assert await fetchval("select count(*) from image") == 2


async def test_tuspy_uploads_and_goes_on_where_another_stopped(served: Served) -> None:
    ana, content = await served.join("ana"), photo(640, 400)
    client = tuspy(served.url, ana.access_token)

    def send() -> tuple[str, Any]:
        first = client.uploader(
            file_stream=io.BytesIO(content), chunk_size=10_000, metadata={"filename": "a.jpg"}
        )
        first.upload(stop_at=20_000)
        second = client.uploader(
            file_stream=io.BytesIO(content),
            url=first.url,
            chunk_size=9_000,
            upload_checksum=True,
        )
        assert second.offset == 20_000
        second.upload()
        return str(first.url), second.offset

    address, sent = await asyncio.to_thread(send)
    assert sent == len(content)
    async with served.client(ana.access_token) as asking:
        assert (await asking.get(address)).json()["image"]["name"] == "a.jpg"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2", "Upload-Length": "5"}, 412),
        ({"Tus-Resumable": "", "Upload-Length": "5"}, 412),
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Length": "5", "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Defer-Length": "2"}, 400),
        ({"Upload-Length": "2000001"}, 413),
        ({"Upload-Length": "5", "Upload-Metadata": "name !"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "name YQ==,name YQ=="}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": metadata(id="seven")}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": metadata(batch="x")}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": metadata(name="n" * 5_000)}, 422),
    ],
)
async def test_what_is_no_upload_is_refused_in_words(
    served: Served, headers: Mapping[str, str], status: int
) -> None:
    ana = await served.join("ana")
    sent = {**VERSION, **headers}
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    async with served.client(ana.access_token) as client:
        answer = await client.post("/uploads/tus", headers=raw)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert await fetchval("select count(*) from upload") == 0


async def test_what_is_no_picture_is_refused_at_its_end_and_forgotten(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        address = await begin(client, 12)
        last = await go_on(client, address, 0, b"no picture !")
        assert (last.status_code, last.json()["error"]["code"]) == (422, "IMAGE_REFUSED")
        assert (await client.head(address, headers=VERSION)).status_code == 404
        empty = await client.post("/uploads/tus", headers={**VERSION, "Upload-Length": "0"})
        assert (empty.status_code, empty.json()["error"]["code"]) == (422, "IMAGE_REFUSED")
        taken = str((await client.post("/uploads", content=photo(64, 64))).json()["image"]["id"])
        other = photo(65, 64)
        address = await begin(client, len(other), id=taken)
        last = await go_on(client, address, 0, other)
        assert (last.status_code, last.json()["error"]["code"]) == (422, "ALREADY_EXISTS")
    assert await fetchval("select count(*) from upload") == 0
    assert await fetchval("select count(*) from image") == 1
    assert parts(served) == []


async def test_a_length_may_be_said_later_but_only_once(served: Served) -> None:
    ana, content = await served.join("ana"), photo(300, 200)
    async with served.client(ana.access_token) as client:
        begun = await client.post("/uploads/tus", headers={**VERSION, "Upload-Defer-Length": "1"})
        address = begun.headers["location"]
        assert (await go_on(client, address, 0, content[:1000])).status_code == 204
        head = await client.head(address, headers=VERSION)
        assert (head.headers["upload-defer-length"], "upload-length" in head.headers) == ("1", False)
        less = await go_on(client, address, 1000, b"", Upload_Length="999")
        assert less.status_code == 422
        told = await go_on(client, address, 1000, content[1000:2000], Upload_Length=str(len(content)))
        assert told.status_code == 204
        other = await go_on(client, address, 2000, b"", Upload_Length=str(len(content) + 1))
        assert other.status_code == 422
        assert (await go_on(client, address, 2000, content[2000:])).status_code == 204
    assert await fetchval("select count(*) from image") == 1


async def test_parts_that_came_side_by_side_are_joined(served: Served) -> None:
    ana, ben, content = await served.join("ana"), await served.join("ben"), photo(640, 400)
    third = len(content) // 3
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:

        async def part(start: int, stop: int) -> str:
            headers = {**VERSION, "Upload-Length": str(stop - start), "Upload-Concat": "partial"}
            address = str((await client.post("/uploads/tus", headers=headers)).headers["location"])
            assert (await go_on(client, address, 0, content[start:stop])).status_code == 204
            assert (await client.head(address, headers=VERSION)).headers["upload-concat"] == "partial"
            return address

        addresses = await asyncio.gather(
            part(0, third), part(third, 2 * third), part(2 * third, len(content))
        )
        unfinished = await begin(client, 10)
        for joined in ("final;", f"final;{unfinished}", f"final;{addresses[0]} {uuid4()}", "neither"):
            answer = await client.post("/uploads/tus", headers={**VERSION, "Upload-Concat": joined})
            assert answer.status_code in (400, 404, 422), answer.text
        final = {
            **VERSION,
            "Upload-Concat": f"final;{addresses[0]} {served.url}{addresses[1]} {addresses[2]}",
            "Upload-Metadata": metadata(filename="joined.jpg"),
        }
        assert (await other.post("/uploads/tus", headers=final)).status_code == 404
        assert await fetchval("select count(*) from image") == 0
        for deduplicated in (False, True):  # a lost answer may be asked for again
            answer = await client.post("/uploads/tus", headers=final)
            assert answer.status_code == 201, answer.text
            assert answer.json()["image"]["deduplicated"] is deduplicated
        for address in addresses:
            assert (await client.delete(address, headers=VERSION)).status_code == 204
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]
    assert parts(served) == []


async def test_nobody_else_sees_goes_on_with_or_ends_an_upload(served: Served) -> None:
    ana, ben, content = await served.join("ana"), await served.join("ben"), photo(300, 200)
    async with (
        served.client(ana.access_token) as client,
        served.client(ben.access_token) as other,
        served.client() as nobody,
        served.browser(ana) as page,
    ):
        address = await begin(client, len(content))
        assert (await go_on(client, address, 0, content[:500])).status_code == 204
        for asking, status in ((other, 404), (nobody, 401)):
            assert (await go_on(asking, address, 500, content[500:])).status_code == status
            assert (await asking.head(address, headers=VERSION)).status_code == status
            assert (await asking.get(address)).status_code == status
            assert (await asking.delete(address, headers=VERSION)).status_code == status
        stolen = await page.patch(
            address, headers={**BODY, "Upload-Offset": "500", "Origin": "https://evil.example"}, content=b"x"
        )
        assert stolen.status_code == 403
        assert await offset_of(client, address) == 500
        assert await offset_of(page, address) == 500


async def test_an_ended_or_expired_upload_leaves_nothing_and_a_living_one_stays(served: Served) -> None:
    ana, content = await served.join("ana"), photo(300, 200)
    async with served.client(ana.access_token) as client:
        ended, expired, living = [await begin(client, len(content)) for _ in range(3)]
        for address in (ended, expired, living):
            assert (await go_on(client, address, 0, content[:500])).status_code == 204
        assert (await client.delete(ended, headers=VERSION)).status_code == 204
        assert (await client.head(ended, headers=VERSION)).status_code == 404
        await execute(
            "update upload set expires_at = now() - interval '1 s' where id = $1", expired.split("/")[-1]
        )
        assert (await go_on(client, expired, 500, content[500:])).status_code == 404
        stray = served.settings.blobs / "parts" / uuid4().hex
        stray.write_bytes(b"left by a server that was killed")
        assert await uploads.sweep() == 1
        assert len(parts(served)) == 2, "the living one's part, and a stray that may be young"
        for path in parts(served):
            os.utime(path, (0, 0))
        assert await uploads.sweep() == 0
        assert len(parts(served)) == 1
        assert (await go_on(client, living, 500, content[500:])).status_code == 204
    assert await fetchval("select count(*) from image") == 1
    assert parts(served) == []


async def test_a_batch_and_a_person_have_limits(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, ben, batch = await served.join("ana"), await served.join("ben"), str(uuid4())
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        for _ in range(2):
            await begin(client, 2_000_000, batch=batch)
        headers = {**VERSION, "Upload-Length": "1000001", "Upload-Metadata": metadata(batch=batch)}
        full = await client.post("/uploads/tus", headers=headers)
        assert (full.status_code, full.json()["error"]["code"]) == (413, "FILE_TOO_LARGE")
        monkeypatch.setattr(uploads, "MOST_OPEN", 3)
        await begin(client, 10)
        many = await client.post("/uploads/tus", headers={**VERSION, "Upload-Length": "10"})
        assert (many.status_code, many.json()["error"]["code"]) == (413, "LIMIT_EXCEEDED")
        await begin(other, 10)
    assert await fetchval("select count(*) from upload") == 4


async def test_what_a_person_has_under_way_is_bounded_in_bytes_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many bytes as the largest pictures have of which so many may be unfinished: here 3 × 2 MB."""
    monkeypatch.setattr(uploads, "MOST_OPEN", 3)
    ana, ben, content = await served.join("ana"), await served.join("ben"), packed({"1.jpg": photo(200, 150)})
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        waiting = await begin(client, len(content), filename="waits.zip")
        assert (await go_on(client, waiting, 0, content)).status_code == 204
        await begin(client, 5_000_000, filename="a.zip")
        for said in ({"Upload-Length": "1000001"}, {"Upload-Defer-Length": "1"}):
            refused = await client.post("/uploads/tus", headers={**VERSION, **said})
            assert (refused.status_code, refused.json()["error"]["code"]) == (413, "LIMIT_EXCEEDED")
            assert "wait" in refused.json()["error"]["message"]
        whole = await client.post(
            "/uploads", params={"name": "b.zip"}, content=packed({"1.jpg": os.urandom(1_200_000)})
        )
        assert (whole.status_code, whole.json()["error"]["code"]) == (413, "LIMIT_EXCEEDED")
        assert await fetchval("select count(*) from upload") == 2
        assert len(list((served.settings.blobs / "archives").iterdir())) == 1
        await begin(other, 5_000_000, filename="a.zip")
        assert (await client.delete(waiting, headers=VERSION)).status_code == 204
        await begin(client, 1_000_000)
    assert await fetchval("select count(*) from upload") == 3


async def test_methods_that_are_none(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        address = await begin(client, 10)
        assert (await client.put(address, headers=VERSION)).status_code == 405
        assert (await client.get("/uploads/tus")).status_code == 405
        assert (await client.head("/uploads/tus/seven", headers=VERSION)).status_code == 404
        assert (await client.head(f"{address}/x", headers=VERSION)).status_code == 404
        assert (await client.patch(address, headers=VERSION, content=b"x")).status_code == 400
        named = {**VERSION, "Upload-Offset": "0"}
        assert (await client.patch(address, headers=named, content=b"x")).status_code == 415
        instead = {**VERSION, "X-HTTP-Method-Override": "DELETE"}
        assert (await client.post(address, headers=instead)).status_code == 204
    assert await fetchval("select count(*) from upload") == 0
