"""Resumable uploads: real tus clients through cuts and lies; what is acknowledged is on disk."""

import asyncio
import base64
import hashlib
import io
import os
import random
import socket
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from domain import originals, uploads
from domain.database import execute, fetchval
from domain.errors import StorageUnavailable
from tests.api.serving import Served
from tests.cutting import CuttingDoor
from tests.pictures import photo
from tests.thoroughness import NIGHTLY

VERSION = {"Tus-Resumable": "1.0.0"}
BODY = {**VERSION, "Content-Type": "application/offset+octet-stream"}


def metadata(**words: str) -> str:
    return ",".join(f"{key} {base64.b64encode(word.encode()).decode()}" for key, word in words.items())


def checksum(algorithm: str, content: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


def parts(served: Served) -> list[Path]:
    return list((served.settings.blobs / "parts").iterdir())


async def begin(client: httpx.AsyncClient, length: int, **words: str) -> str:
    headers = {**VERSION, "Upload-Length": str(length)}
    if words:
        headers["Upload-Metadata"] = metadata(**words)
    answer = await client.post("/uploads/tus", headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def go_on(
    client: httpx.AsyncClient, address: str, offset: int, content: bytes, **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.patch(
        address, headers={**BODY, "Upload-Offset": str(offset), **named}, content=content
    )


async def offset_of(client: httpx.AsyncClient, address: str) -> int:
    answer = await client.head(address, headers=VERSION)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["upload-offset"])


def tuspy(url: str, token: str) -> TusClient:
    return TusClient(f"{url}/uploads/tus", headers={"Authorization": f"Bearer {token}"})


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


async def test_tuspy_gets_through_a_line_that_is_cut_again_and_again(served: Served) -> None:
    ana = await served.join("ana")
    content = photo(1600, 1200)
    port = int(served.url.rpartition(":")[2])
    async with CuttingDoor(port, random.Random(7), every_seconds=0.02) as door:
        client = tuspy(f"http://127.0.0.1:{door.port}", ana.access_token)

        def send() -> int:
            url, tries = None, 0
            while True:
                tries += 1
                assert tries < 3_000, "no progress"
                try:
                    uploader = client.uploader(
                        file_stream=io.BytesIO(content), url=url, chunk_size=20_000, retries=3, retry_delay=0
                    )
                    if url is None:
                        url = uploader.create_url()
                        uploader.set_url(url)
                    uploader.upload()
                    return tries
                except (TusCommunicationError, TusUploadFailed, OSError):
                    continue

        await asyncio.to_thread(send)
        assert door.cuts > 0
    digest = hashlib.sha256(content).hexdigest()
    assert await fetchval("select array_agg(digest) from image") == [digest]


async def test_what_came_before_a_cut_is_kept_and_what_follows_goes_on_there(served: Served) -> None:
    ana, content = await served.join("ana"), photo(1200, 900)
    port = int(served.url.rpartition(":")[2])
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        head = (
            f"PATCH {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {ana.access_token}\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + content[:50_000])
            await asyncio.sleep(0.3)
        for _ in range(300):
            if (offset := await offset_of(client, address)) > 0:
                break
            await asyncio.sleep(0.01)
        assert offset == 50_000
        last = await go_on(client, address, offset, content[offset:], Prefer="return=representation")
        assert last.json()["image"]["width"] == 1200
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]


async def test_who_went_on_later_is_not_disturbed_by_a_line_that_seemed_dead(served: Served) -> None:
    ana, content = await served.join("ana"), photo(1200, 900)
    port = int(served.url.rpartition(":")[2])
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        head = (
            f"PATCH {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {ana.access_token}\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(head.encode() + bytes(40_000))
            await asyncio.sleep(0.2)
            assert await offset_of(client, address) == 0
            half = await go_on(client, address, 0, content[:30_000])
            assert half.status_code == 204
            slow.sendall(bytes(len(content) - 40_000))
            answer = await asyncio.to_thread(slow.recv, 400)
            assert b"423" in answer.split(b"\r\n")[0]
        assert (await go_on(client, address, 30_000, content[30_000:])).status_code == 204
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]
    assert parts(served) == []


async def test_bytes_that_do_not_fit_their_checksum_are_not_kept(served: Served) -> None:
    ana, content = await served.join("ana"), photo(300, 200)
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        for algorithm in ("sha1", "sha256"):
            wrong = await go_on(client, address, 0, content, Upload_Checksum=checksum(algorithm, b"other"))
            assert (wrong.status_code, wrong.json()["error"]["code"]) == (460, "WRONG_CHECKSUM")
            assert await offset_of(client, address) == 0
            assert parts(served) == []
        for text in ("md5 AAAA", "sha256", "sha256 ***"):
            assert (await go_on(client, address, 0, content, Upload_Checksum=text)).status_code == 400
        half = await go_on(client, address, 0, content[:900], Upload_Checksum=checksum("sha1", content[:900]))
        assert half.status_code == 204
        rest = await go_on(
            client, address, 900, content[900:], Upload_Checksum=checksum("sha256", content[900:])
        )
        assert rest.status_code == 204
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]


async def test_repeated_reordered_and_lying_pieces_never_change_what_was_acknowledged(served: Served) -> None:
    ana, content, chance = await served.join("ana"), photo(200, 150, seed=3), random.Random(11)
    size = len(content)
    async with served.client(ana.access_token) as client:
        address, known = await begin(client, size), 0
        for _ in range(5_000 if NIGHTLY else 60):
            offset = chance.choice([known, known, 0, known + 1, max(0, known - 7), size, size + 5])
            piece = content[offset : offset + chance.randint(0, max(1, size // (1_000 if NIGHTLY else 20)))]
            lie = chance.random()
            if lie < 0.15:
                piece += bytes(size)
            answer = await go_on(
                client,
                address,
                offset,
                piece,
                **({"Upload_Checksum": checksum("sha256", b"?")} if 0.15 <= lie < 0.3 else {}),
            )
            fits = offset == known and offset + len(piece) <= size and not 0.15 <= lie < 0.3
            assert answer.status_code == (204 if fits else answer.status_code)
            if fits:
                known += len(piece)
                assert answer.headers["upload-offset"] == str(known)
            else:
                assert answer.status_code in (409, 413, 460), answer.text
            if chance.random() < 0.2:
                assert await offset_of(client, address) == known
            if known == size:
                break
        assert (await go_on(client, address, known, content[known:])).status_code == 204
        assert (await go_on(client, address, 0, content)).status_code == 409
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]


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


async def test_a_full_disk_keeps_what_was_acknowledged(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, content = await served.join("ana"), photo(600, 400)
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        write(descriptor, bytes(data[:10]))
        raise OSError(28, "No space left on device")

    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        assert (await go_on(client, address, 0, content[:500])).status_code == 204
        monkeypatch.setattr("domain.upload_writing.os.write", full)
        refused = await go_on(client, address, 500, content[500:])
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "STORAGE_UNAVAILABLE")
        monkeypatch.undo()
        assert await offset_of(client, address) == 500
        assert len(parts(served)) == 1
        assert (await go_on(client, address, 500, content[500:])).status_code == 204
    assert await fetchval("select array_agg(digest) from image") == [hashlib.sha256(content).hexdigest()]


async def test_a_whole_upload_whose_picture_could_not_be_kept_is_made_one_by_asking(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, content = await served.join("ana"), photo(300, 200)

    async def lost(*_: object) -> None:
        raise StorageUnavailable("The store is gone.")

    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content))
        monkeypatch.setattr(originals, "keep", lost)
        failed = await go_on(client, address, 0, content)
        assert failed.status_code == 507
        assert (await client.head(address, headers=VERSION)).status_code == 507
        monkeypatch.undo()
        assert "image" not in (await client.get(address)).json()
        assert await offset_of(client, address) == len(content)
        assert (await client.get(address)).json()["image"]["width"] == 300
    assert parts(served) == []


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


async def test_an_archive_is_unpacked_by_every_way_in(served: Served) -> None:
    ana = await served.join("ana")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("foxes/one.jpg", photo(300, 200, seed=1))
        archive.writestr("words.txt", b"no picture")
        archive.writestr("padding.jpg", os.urandom(1_900_000))
        archive.writestr("more.jpg", os.urandom(900_000))
    content = held.getvalue()
    assert len(content) > served.settings.max_file_bytes
    names = ["one.jpg", "words.txt", "padding.jpg", "more.jpg"]
    codes = [None, *["IMAGE_REFUSED"] * 3]

    def told(said: dict[str, Any]) -> None:
        assert [entry["name"] for entry in said["images"]] == names
        assert [entry.get("error", {}).get("code") for entry in said["images"]] == codes

    async with served.client(ana.access_token) as client:
        raw = await client.post("/uploads", params={"name": "a.zip"}, content=content)
        assert raw.status_code == 201
        told(raw.json())
        told((await client.post("/uploads", files=[("file", ("a.zip", content))])).json())
        address = await begin(client, len(content), filename="A.ZIP")
        last = await go_on(client, address, 0, content, Prefer="return=representation")
        assert last.status_code == 200, last.text
        told(last.json())
        told((await client.get(address)).json())
        broken = await begin(client, 4, filename="a.zip")
        refused = await go_on(client, broken, 0, b"PK\x05\x06")
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "ARCHIVE_REFUSED")
    assert await fetchval("select count(*) from image") == 1
    assert parts(served) == []
