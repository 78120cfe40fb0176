"""Pictures coming in: streamed, bounded, refused one by one, and nothing left behind."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest

from api.services import UPLOADS_OF_ONE_PERSON
from domain import tokens
from domain.access import Scope
from domain.database import fetchval
from domain.sessions import viewer_of
from tests.api.serving import Served
from tests.pictures import photo


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not become so within 5 s")


def left_behind(served: Served) -> list[Path]:
    return list((served.settings.blobs / "incoming").iterdir())


async def test_a_raw_body_becomes_a_picture_with_its_placeholder_at_once(served: Served) -> None:
    ana = await served.join("ana")
    image_id, picture = uuid4(), photo(640, 400)
    async with served.client(ana.access_token) as client:
        answer = await client.post(
            "/uploads", params={"name": "träum/ébène.jpg", "id": str(image_id)}, content=picture
        )
        assert answer.status_code == 201, answer.text
        image = answer.json()["image"]
        assert (UUID(image["id"]), image["name"]) == (image_id, "ébène.jpg")
        assert (image["width"], image["height"], image["format"]) == (640, 400, "JPEG")
        assert image["placeholder"]
        assert image["palette"][0].startswith("#")
        assert (image["state"], image["deduplicated"]) == ("WAITING", False)
        again = await client.post(
            "/uploads", params={"name": "again.jpg", "id": str(image_id)}, content=picture
        )
        assert again.status_code == 201, again.text
        assert again.json()["image"]["id"] == str(image_id)
    assert left_behind(served) == []
    assert await fetchval("select count(*) from image") == 1


async def test_of_several_files_each_has_its_own_answer(served: Served) -> None:
    ana = await served.join("ana")
    files = [
        ("file", ("one.jpg", photo(300, 200, seed=1), "image/jpeg")),
        ("file", ("text.png", b"this is no picture", "image/png")),
        ("file", ("large.jpg", b"x" * 2_000_001, "image/jpeg")),
        ("other", ("ignored.bin", b"x" * 100, "application/octet-stream")),
        ("file", ("two.jpg", photo(300, 200, seed=2), "image/jpeg")),
        ("file", ("empty.jpg", b"", "image/jpeg")),
    ]
    async with served.client(ana.access_token) as client:
        answer = await client.post("/uploads", files=files, data={"batch": str(uuid4())})
    assert answer.status_code == 201, answer.text
    images = answer.json()["images"]
    assert [entry["name"] for entry in images] == ["one.jpg", "text.png", "large.jpg", "two.jpg", "empty.jpg"]
    codes = [entry["error"]["code"] if "error" in entry else None for entry in images]
    assert codes == [None, "IMAGE_REFUSED", "FILE_TOO_LARGE", None, "IMAGE_REFUSED"]
    assert all(entry["error"]["message"] for entry in images if "error" in entry)
    assert await fetchval("select count(*) from image") == 2
    assert left_behind(served) == []


async def test_too_large_is_said_before_a_byte_is_read_and_while_it_arrives(served: Served) -> None:
    ana = await served.join("ana")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    async with served.client(ana.access_token) as client:
        for content in (b"x" * 2_000_001, pieces()):
            answer = await client.post("/uploads", params={"name": "a.jpg"}, content=content)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "FILE_TOO_LARGE"
            assert answer.json()["error"]["details"]["limit_bytes"] == 2_000_000
        whole = await client.post("/uploads", files=[("file", ("a.jpg", b"x" * 8_000_000, "image/jpeg"))])
        assert whole.status_code == 413
    assert left_behind(served) == []
    assert await fetchval("select count(*) from image") == 0


async def test_only_the_signed_in_who_may_write_upload(served: Served) -> None:
    ana = await served.join("ana")
    created = await tokens.create_token(
        await viewer_of(ana.access_token), name="reader", scope=Scope.READ, expires_at=None
    )
    secret = created[1] if isinstance(created, tuple) else created.secret
    async with served.client() as client:
        nobody = await client.post("/uploads", content=photo(64, 64))
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
        wrong = await client.post("/uploads", content=b"x", headers={"Authorization": "Basic YTpi"})
        assert wrong.status_code == 401
    async with served.client(secret) as client:
        reader = await client.post("/uploads", content=photo(64, 64))
        assert (reader.status_code, reader.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert await fetchval("select count(*) from image") == 0


async def test_cookies_alone_do_not_upload(served: Served) -> None:
    ana = await served.join("ana")
    async with served.browser(ana) as browser:
        assert (await browser.post("/uploads", content=photo(64, 64))).status_code == 201
        for headers in ({"X-Webref": ""}, {"Origin": "https://evil.example"}):
            answer = await browser.post("/uploads", content=photo(65, 64), headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "CROSS_SITE_REQUEST")
    assert await fetchval("select count(*) from image") == 1


@pytest.mark.parametrize(
    ("content_type", "content", "status", "code"),
    [
        ("application/x-www-form-urlencoded", b"a=b", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data", b"x", 400, "BROKEN_FORM"),
        ("multipart/form-data; boundary=b", b"not a form", 400, "BROKEN_FORM"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400, None),
        ("image/png", b"", 422, "IMAGE_REFUSED"),
        ("image/svg+xml", b"no picture, whatever it says of itself", 422, "IMAGE_REFUSED"),
    ],
)
async def test_what_is_no_upload_is_said_with_a_code(
    served: Served, content_type: str, content: bytes, status: int, code: str | None
) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        answer = await client.post("/uploads", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status, answer.text
    assert code in (None, answer.json()["error"]["code"])
    assert left_behind(served) == []


async def test_identifiers_that_are_none_are_refused(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        for params in ({"id": "7"}, {"batch": "x" * 200}):
            answer = await client.post("/uploads", params=params, content=photo(64, 64))
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "BAD_INPUT")


async def test_a_client_that_hangs_up_leaves_nothing(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    ana = await served.join("ana")
    port = int(served.url.rpartition(":")[2])
    head = (
        f"POST /uploads?name=a.jpg HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {ana.access_token}\r\nContent-Length: 1500000\r\n"
    )
    form = "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    for start in (f"{head}\r\n", f"{head}{form}{part}"):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(start.encode() + os.urandom(700_000))
            await until(lambda: bool(left_behind(served)))
        await until(lambda: not left_behind(served))
    assert await fetchval("select count(*) from image") == 0
    assert served.services.upload_places._value == 16
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_memory_stays_flat_while_much_arrives(server_settings: object, served: Served) -> None:
    ana = await served.join("ana")
    process = psutil.Process()

    async def pieces() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\n'
        for _ in range(60):
            yield bytes(100_000)
        yield b"\r\n--b--\r\n"

    async with served.client(ana.access_token) as client:
        await client.post("/uploads", content=photo(64, 64))
        before = process.memory_info().rss
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answers = await asyncio.gather(
            *(client.post("/uploads", content=pieces(), headers=kind) for _ in range(8))
        )
    assert {answer.status_code for answer in answers} == {400}
    assert process.memory_info().rss - before < 30_000_000


async def test_one_person_who_sends_slowly_leaves_room_for_others(served: Served) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    port = int(served.url.rpartition(":")[2])
    head = (
        f"POST /uploads?name=a.jpg HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {ana.access_token}\r\nContent-Length: 1500000\r\n\r\n"
    )
    with ExitStack() as silent:
        for _ in range(20):
            connection = silent.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(head.encode())
        await until(lambda: len(left_behind(served)) == UPLOADS_OF_ONE_PERSON)
        async with asyncio.timeout(5), served.client(ben.access_token) as client:
            answer = await client.post("/uploads", content=photo(64, 64))
        assert answer.status_code == 201
    await until(lambda: not left_behind(served))
    assert served.services.upload_places._value == 16
