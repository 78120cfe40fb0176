"""Pictures going out: to those who may see them, whole or in part, cached by nobody else."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest

from domain import storage
from domain.database import execute
from domain.places import Stored
from tests.api.serving import Served
from tests.pictures import animated, oriented, photo
from tests.working import work

PICTURE = photo(320, 200, seed=7)


async def upload(served: Served, token: str, name: str = "cat.jpg") -> str:
    async with served.client(token) as client:
        answer = await client.post("/uploads", params={"name": name}, content=PICTURE)
    found: str = answer.json()["image"]["id"]
    return found


async def test_an_original_is_given_as_it_came_and_kept_for_ever(served: Served) -> None:
    ana = await served.join("ana")
    image_id = await upload(served, ana.access_token)
    async with served.client(ana.access_token) as client:
        answer = await client.get(f"/files/{image_id}/original")
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-disposition"].startswith('inline; filename="cat.jpg"')
        etag = answer.headers["etag"]
        assert etag.startswith('"')

        same = await client.get(f"/files/{image_id}/original", headers={"If-None-Match": etag})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        head = await client.head(f"/files/{image_id}/original")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(PICTURE))
        saved = await client.get(f"/files/{image_id}/original", params={"download": "1"})
        assert saved.headers["content-disposition"].startswith("attachment; ")


async def test_every_pixel_is_given_without_what_the_file_says(served: Served) -> None:
    ana, eve = await served.join("ana"), await served.join("eve")
    content = oriented(6, make="Acme")
    async with served.client(ana.access_token) as client:
        sent = await client.post("/uploads", params={"name": "tall.tiff"}, content=photo(1700, 1000))
        address = f"/files/{sent.json()['image']['id']}/full"
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        part = await client.get(address, headers={"Range": "bytes=5-9"})
        assert part.content == answer.content[5:10]
        small = await client.post("/uploads", params={"name": "small.jpg"}, content=content)
        assert b"Acme" in content
        small_full = await client.get(f"/files/{small.json()['image']['id']}/full")
        assert small_full.headers["content-type"] == "image/webp"
    async with served.client(eve.access_token) as client:
        assert (await client.get(address)).status_code == 404


async def test_what_moves_is_given_as_an_animation_to_who_may_see_it(served: Served) -> None:
    ana, eve = await served.join("ana"), await served.join("eve")
    async with served.client(ana.access_token) as client:
        sent = await client.post("/uploads", params={"name": "cat.gif"}, content=animated("GIF"))
        image_id = sent.json()["image"]["id"]
        address = f"/files/{image_id}/animation"
        early = await client.get(address)
        assert (early.status_code, "still being made" in early.text) == (404, True)
        await work()
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        query = f'{{ image(id: "{image_id}") {{ animation {{ url frames durationMs sizeBytes }} }} }}'
        asked = await client.post("/graphql", json={"query": query})
        told = asked.json()["data"]["image"]["animation"]
        size_bytes = len(answer.content)
        assert told == {"url": address, "frames": 5, "durationMs": 400, "sizeBytes": size_bytes}
    async with served.client(eve.access_token) as client:
        assert (await client.get(address)).status_code == 404


async def test_a_part_is_given_and_what_lies_outside_is_refused(served: Served) -> None:
    ana = await served.join("ana")
    address = f"/files/{await upload(served, ana.access_token)}/original"
    async with served.client(ana.access_token) as client:
        part = await client.get(address, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, PICTURE[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(PICTURE)}"
        tail = await client.get(address, headers={"Range": "bytes=-7"})
        assert tail.content == PICTURE[-7:]
        outside = await client.get(address, headers={"Range": f"bytes={len(PICTURE)}-"})
        assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(PICTURE)}")
        stale = await client.get(address, headers={"Range": "bytes=0-1", "If-Range": '"old"'})
        assert (stale.status_code, stale.content) == (200, PICTURE)


async def test_who_may_not_see_a_picture_is_told_that_there_is_none(served: Served) -> None:
    ana, eve = await served.join("ana"), await served.join("eve")
    image_id = await upload(served, ana.access_token)
    for variant in ("original", "320", "800", "1600"):
        async with served.client(eve.access_token) as client:
            answer = await client.get(f"/files/{image_id}/{variant}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
            assert answer.headers["cache-control"] == "no-store"
            etag = f'"{image_id}"'
            assert (
                await client.get(f"/files/{image_id}/{variant}", headers={"If-None-Match": etag})
            ).status_code == 404
        async with served.client() as client:
            answer = await client.get(f"/files/{image_id}/{variant}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


async def test_cookies_are_enough_for_an_image_on_a_page(served: Served) -> None:
    ana = await served.join("ana")
    image_id = await upload(served, ana.access_token)
    async with served.client(Cookie=f"webref_access={ana.access_token}") as client:
        assert (await client.get(f"/files/{image_id}/original")).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/files",
        "/files/",
        "/files/x/original",
        "/files/{id}",
        "/files/{id}/",
        "/files/{id}/original/more",
        "/files/{id}/4096",
        "/files/{id}/-320",
        "/files/{id}/٣٢٠",
        "/files/{id}/..%2f..%2fsecret",
    ],
)
async def test_odd_addresses_are_not_found(served: Served, address: str) -> None:
    ana = await served.join("ana")
    image_id = await upload(served, ana.access_token)
    async with served.client(ana.access_token) as client:
        answer = await client.get(address.replace("{id}", image_id))
    assert answer.status_code in (404, 422)
    assert "Traceback" not in answer.text


async def test_an_unknown_picture_and_a_wrong_method(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        assert (await client.get(f"/files/{uuid4()}/original")).status_code == 404
        answer = await client.delete(f"/files/{uuid4()}/original")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_name_in_any_script_is_saved_as_it_is(served: Served) -> None:
    ana = await served.join("ana")
    image_id = await upload(served, ana.access_token, name='кот "tom".jpg')
    async with served.client(ana.access_token) as client:
        disposition = (await client.get(f"/files/{image_id}/original")).headers["content-disposition"]
    assert "filename*=UTF-8''%D0%BA%D0%BE%D1%82%20%22tom%22.jpg" in disposition


async def ask(served: Served, token: str, document: str, variables: dict[str, object]) -> dict[str, Any]:
    async with served.client(token) as client:
        answer = await client.post("/graphql", json={"query": document, "variables": variables})
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_a_board_of_then_is_given_as_a_small_picture(served: Served) -> None:
    ana, eve = await served.join("ana"), await served.join("eve")
    image_id = await upload(served, ana.access_token)
    made = await ask(
        served, ana.access_token, 'mutation { createBoard(input: { title: "B" }) { board { id } } }', {}
    )
    board_id = made["createBoard"]["board"]["id"]
    add = "mutation($v: AddItemsInput!) { addItems(input: $v) { change { seq } } }"
    place = {"boardId": board_id, "items": [{"content": {"imageId": image_id}}]}
    await ask(served, ana.access_token, add, {"v": place})
    async with served.client(ana.access_token) as client:
        answer = await client.get(f"/files/boards/{board_id}/2")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        etag = answer.headers["etag"]
        same = await client.get(f"/files/boards/{board_id}/2", headers={"If-None-Match": etag})
        assert (same.status_code, same.content) == (304, b"")
        empty = await client.get(f"/files/boards/{board_id}/1")
        assert (empty.status_code, empty.headers["etag"] == etag) == (200, False)
        told = {}
        for wrong in ("3", "original", "-1", "1.5", "٣", "9" * 16, "", f"2/{board_id}"):
            answer = await client.get(f"/files/boards/{board_id}/{wrong}")
            told[wrong] = answer.status_code
        assert told.pop("3") == 422
        assert set(told.values()) == {404}
        assert (await client.get(f"/files/boards/{uuid4()}/1")).status_code == 404
        assert (await client.post(f"/files/boards/{board_id}/1")).status_code == 405
    async with served.client(eve.access_token) as client:
        refused = await client.get(f"/files/boards/{board_id}/2")
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "NOT_FOUND")
    async with served.client() as client:
        assert (await client.get(f"/files/boards/{board_id}/2")).status_code == 401


@pytest.mark.parametrize("variant", ["original", "original?download=1"])
async def test_who_leaves_in_the_middle_of_a_large_file_is_read_for_no_longer(
    variant: str, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ended, sent = await served.join("ana"), asyncio.Event(), 0

    async def endless(*_: object) -> AsyncGenerator[bytes, None]:
        nonlocal sent
        try:
            while True:
                yield bytes(65_536)
                sent += 65_536
                await asyncio.sleep(0)
        finally:
            ended.set()

    image_id = await upload(served, ana.access_token)
    async with served.client(ana.access_token) as client:
        await execute("UPDATE image SET size_bytes = $1", 1 << 40)
        monkeypatch.setattr(storage, "read", endless)
        monkeypatch.setattr(storage, "find", _found_so_large)
        async with client.stream("GET", f"/files/{image_id}/{variant}") as answer:
            await anext(answer.aiter_raw())
        async with asyncio.timeout(10):
            await ended.wait()
    assert sent < 1 << 30


async def _found_so_large(key: str) -> Stored:
    return Stored(key, 1 << 40, 0.0)
