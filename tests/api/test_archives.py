"""ZIP archives at the doors."""

import io
import os
import zipfile
from typing import Any

from domain.database import fetchval
from tests.api.serving import Served
from tests.api.tus_words import begin, go_on, parts
from tests.pictures import photo


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
