"""Resumable uploads through cuts, lies and full disks: what is acknowledged is on disk, and nothing else."""

import asyncio
import hashlib
import io
import os
import random
import socket

import pytest
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from domain import originals
from domain.database import fetchval
from domain.errors import StorageUnavailable
from tests.api.serving import Served
from tests.api.tus_words import VERSION, begin, checksum, go_on, offset_of, parts, tuspy
from tests.cutting import CuttingDoor
from tests.pictures import photo
from tests.thoroughness import NIGHTLY


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
