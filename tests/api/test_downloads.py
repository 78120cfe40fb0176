"""Many pictures as one zip: every byte right, no name twice or leading elsewhere, for who may see them."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from domain import bundles, originals, storage
from domain.bundles import Bundle, Entry
from domain.database import fetchval
from tests.api.serving import Served
from tests.pictures import flat_png, photo

PICTURES = {"Café 猫.jpg": photo(40, 30, seed=1), "cat.jpg": photo(40, 30, seed=2)}

PNG = flat_png(20, 10)


async def uploaded(client: httpx.AsyncClient, name: str, content: bytes) -> str:
    answer = await client.post("/uploads", params={"name": name, "id": str(uuid4())}, content=content)
    found: str = answer.json()["image"]["id"]
    return found


def contents(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-length"] == str(len(answer.content))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        assert zipped.testzip() is None
        return {entry.filename: zipped.read(entry) for entry in zipped.infolist()}


async def test_pictures_come_as_they_were_sent_in_one_zip(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        ids = [await uploaded(client, name, content) for name, content in PICTURES.items()]
        answer = await client.get("/files/zip", params={"images": ",".join(ids)})
        assert contents(answer) == PICTURES
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"].startswith('attachment; filename="pictures.zip"')
        form = await client.post("/files/zip", data={"images": ",".join(ids)})
        assert contents(form) == PICTURES
        head = await client.head("/files/zip", params={"images": ids[0]})
        assert (head.status_code, head.content) == (200, b"")


async def test_a_board_gives_what_lies_on_it_to_who_may_read_it(served: Served) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        image_id = await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        made = await client.post(
            "/graphql",
            json={"query": 'mutation { createBoard(input: {title: "Cats/../x"}) { board { id } } }'},
        )
        board_id = made.json()["data"]["createBoard"]["board"]["id"]
        content = {"boardId": board_id, "items": [{"content": {"imageId": image_id}}] * 2}
        await client.post(
            "/graphql",
            json={
                "query": "mutation ($i: AddItemsInput!) { addItems(input: $i) { board { id } } }",
                "variables": {"i": content},
            },
        )
        answer = await client.get("/files/zip", params={"board": board_id})
        assert contents(answer) == {"cat.jpg": PICTURES["cat.jpg"]}
        assert "/" not in answer.headers["content-disposition"]
        for address in (f"?board={board_id}", f"?images={image_id}", f"?images={image_id},{uuid4()}"):
            assert (await other.get(f"/files/zip{address}")).status_code == 404
    async with served.client() as nobody:
        assert (await nobody.get(f"/files/zip?board={board_id}")).status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("board=x", 422),
        ("images=1,2", 422),
        ("board=6f0d6f8e-5a5a-4c39-8d5d-1c2f1d0d7a11&images=6f0d6f8e-5a5a-4c39-8d5d-1c2f1d0d7a11", 400),
        ("images=" + ",".join(["6f0d6f8e-5a5a-4c39-8d5d-1c2f1d0d7a11"] * 2), 422),
        ("images=" + ",".join(str(uuid4()) for _ in range(501)), 413),
    ],
)
async def test_what_cannot_be_meant_is_refused(query: str, status: int, served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        answer = await client.get(f"/files/zip?{query}")
        assert answer.status_code == status, answer.text


async def test_a_lost_original_is_named_and_the_others_come(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        ids = [await uploaded(client, name, content) for name, content in PICTURES.items()]
        await storage.remove(originals.key(await fetchval("SELECT digest FROM image WHERE id = $1", ids[0])))
        found = contents(await client.get("/files/zip", params={"images": ",".join(ids)}))
        assert set(found) == {"cat.jpg", "MISSING.txt"}
        assert "Café 猫.jpg" in found["MISSING.txt"].decode()
        assert ids[0] in found["MISSING.txt"].decode()


async def test_an_original_that_goes_on_the_way_is_no_whole_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        image_id = await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        bundle = bundles.bundle_of_images

        async def lost_right_after(*asked: object) -> Bundle:
            found = await bundle(*asked)  # type: ignore[arg-type]
            await storage.remove(found.entries[0].key)
            return found

        monkeypatch.setattr(bundles, "bundle_of_images", lost_right_after)
        with pytest.raises(httpx.HTTPError):
            await client.get("/files/zip", params={"images": image_id})


async def test_one_person_does_not_take_every_place(served: Served) -> None:
    ana = await served.join("ana")
    services = served.services
    async with served.client(ana.access_token) as client:
        image_id = await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        account_id = await fetchval("SELECT owner FROM image")
        places = services.own_download_places(account_id)
        async with places, places:
            refused = await client.get("/files/zip", params={"images": image_id})
            assert refused.status_code == 429
        assert (await client.get("/files/zip", params={"images": image_id})).status_code == 200


async def test_who_leaves_in_the_middle_frees_the_place_and_nothing_more_is_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ended = await served.join("ana"), asyncio.Event()

    async def endless(_: Bundle) -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(65_536)
                await asyncio.sleep(0)
        finally:
            ended.set()

    async with served.client(ana.access_token) as client:
        image_id = await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        monkeypatch.setattr(Bundle, "pieces", endless)
        monkeypatch.setattr(Bundle, "size_bytes", 1 << 40)
        async with client.stream("GET", "/files/zip", params={"images": image_id}) as answer:
            await anext(answer.aiter_raw())
        async with asyncio.timeout(10):
            await ended.wait()


def test_names_are_safe_and_none_comes_twice() -> None:
    wanted = [
        "a.jpg",
        "A.JPG",
        "a.jpg",
        "../../etc/passwd",
        "c:\\x\\con.png",
        "CON",
        "MISSING.txt",
        "…",
        ".",
        "x" * 300,
    ]
    names = bundles.distinct_names(wanted)
    assert names[:3] == ["a.jpg", "A (2).JPG", "a (3).jpg"]
    assert len({name.casefold() for name in names}) == len(wanted)
    assert not any(set(name) & set('/\\:*?"<>|') or name.startswith(".") or len(name) > 150 for name in names)
    assert names[5] == "_CON"
    assert names[6] == "MISSING (2).txt"


async def test_more_than_four_gigabytes_and_65535_files_are_zip64() -> None:
    many = Bundle("x", [Entry(f"{n}.jpg", "originals/none", 70_000) for n in range(70_000)], {})
    assert many.size_bytes > 4_900_000_000


ZIP = "query ($f: ImageFilter) { imagesZip(filter: $f, sort: NAME) { url count sizeBytes } }"
SAVE = (
    "mutation ($i: SaveSearchInput!) { saveSearch(input: $i) { savedSearch { id name zip { url count } } } }"
)


async def test_what_a_filter_finds_comes_in_its_order_at_the_address_that_the_schema_says(
    served: Served,
) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        for name, content in PICTURES.items():
            await uploaded(client, name, content)
        await uploaded(client, "dog.png", PNG)
        await uploaded(other, "his.jpg", photo(40, 30, seed=7))

        async def asked(who: httpx.AsyncClient, wanted: dict[str, object]) -> dict[str, object]:
            answer = await who.post("/graphql", json={"query": ZIP, "variables": {"f": wanted}})
            found: dict[str, object] = answer.json()["data"]["imagesZip"]
            return found

        jpegs: dict[str, object] = {
            "formats": ["JPEG"],
            "width": {"least": 1},
            "anyTags": [],
            "whose": "MINE",
        }
        said = await asked(client, jpegs)
        assert (said["count"], said["sizeBytes"]) == (2, sum(map(len, PICTURES.values())))
        answer = await client.get(str(said["url"]))
        assert contents(answer) == PICTURES
        with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
            assert zipped.namelist() == sorted(PICTURES, key=str.lower)
        assert (await asked(client, {"text": "dog"}))["count"] == 1
        assert list(contents(await other.get(str(said["url"])))) == ["his.jpg"], "it is the asker's library"
    async with served.client() as nobody:
        assert (await nobody.get(str(said["url"]))).status_code == 401


async def test_a_saved_search_is_downloaded_by_whose_it_is(served: Served) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        await uploaded(client, "dog.png", PNG)
        saved = {"name": "Cats: all", "filter": {"text": "cat"}}
        answer = await client.post("/graphql", json={"query": SAVE, "variables": {"i": saved}})
        found = answer.json()["data"]["saveSearch"]["savedSearch"]
        assert found["zip"]["count"] == 1
        zipped = await client.get(found["zip"]["url"])
        assert contents(zipped) == {"cat.jpg": PICTURES["cat.jpg"]}
        assert "Cats" in zipped.headers["content-disposition"]
        assert (await other.get(found["zip"]["url"])).status_code == 404


@pytest.mark.parametrize(
    "words", ["", "x", "[]", '{"nothing":1}', '{"width":5}', '{"any_tags":["a"]}', '{"text":"a"}&sort=ID']
)
async def test_a_filter_that_is_none_finds_nothing_instead_of_everything(words: str, served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        await uploaded(client, "cat.jpg", PICTURES["cat.jpg"])
        answer = await client.get(f"/files/zip?filter={words}")
        assert answer.status_code in (400, 422), answer.text


async def test_more_than_go_into_one_zip_are_refused_before_it_begins(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    monkeypatch.setattr(bundles, "MOST_PICTURES", 1)
    async with served.client(ana.access_token) as client:
        for name, content in PICTURES.items():
            await uploaded(client, name, content)
        assert (await client.get("/files/zip?filter={}")).status_code == 413
        assert (await client.get('/files/zip?filter={"text":"cat"}')).status_code == 200
