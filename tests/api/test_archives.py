"""ZIP archives at the doors: kept at once, unpacked by a job, told where any upload is asked for."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain import job_commands, jobs, unpacking, uploads
from domain.database import execute, fetch, fetchval
from domain.errors import DatabaseUnavailable
from domain.sessions import viewer_of
from tests.api.serving import Served
from tests.api.tus_words import VERSION, begin, go_on, offset_of, parts
from tests.factories import a_board, a_viewer
from tests.laws import require_laws
from tests.pictures import packed, photo


def kept(served: Served) -> list[Path]:
    return list((served.settings.blobs / "archives").iterdir())


async def work(served: Served) -> None:
    """As a worker does it, until no archive is due."""
    await execute("UPDATE job SET due_at = now() WHERE state = 'QUEUED'")
    while due := [job for job in await jobs.due(100) if job.kind == jobs.ARCHIVE]:
        for job in due:
            await jobs.run(job.id, unpacking.unpacker(served.settings))


async def sent(client: httpx.AsyncClient, content: bytes, **words: str) -> str:
    """The address of an archive that waits to be unpacked."""
    address = await begin(client, len(content), **{"filename": "a.zip", **words})
    assert (await go_on(client, address, 0, content)).status_code == 204
    return address


async def test_an_archive_is_unpacked_by_every_way_in(served: Served) -> None:
    ana = await served.join("ana")
    content = packed(
        {
            "foxes/one.jpg": photo(300, 200, seed=1),
            "words.txt": b"no picture",
            "padding.jpg": os.urandom(1_900_000),
            "more.jpg": os.urandom(900_000),
        }
    )
    assert len(content) > served.settings.max_file_bytes

    def told(said: dict[str, Any]) -> None:
        assert "unpacking" not in said
        names = [(entry["name"], entry.get("error", {}).get("code")) for entry in said["images"]]
        assert names == [
            ("one.jpg", None),
            *((name, "IMAGE_REFUSED") for name in ("words.txt", "padding.jpg", "more.jpg")),
        ]

    async with served.client(ana.access_token) as client:
        raw = await client.post("/uploads", params={"name": "a.zip"}, content=content)
        assert (raw.status_code, raw.headers["location"]) == (202, raw.json()["address"])
        several = await client.post(
            "/uploads", files=[("file", ("a.zip", content)), ("file", ("b.jpg", b"x"))]
        )
        waits, refused = several.json()["images"]
        assert (waits["name"], refused["error"]["code"]) == ("a.zip", "IMAGE_REFUSED")
        begun = await begin(client, len(content), filename="A.ZIP")
        last = await go_on(client, begun, 0, content, Prefer="return=representation")
        assert last.status_code == 200, last.text
        addresses = [raw.json()["address"], waits["upload"]["address"], begun]
        for address in addresses:
            said = (await client.get(address)).json()
            assert said["unpacking"] == {"state": "QUEUED", "progress": 0}
            assert await offset_of(client, address) == len(content)
        assert last.json() == said
        assert await fetchval("SELECT count(*) FROM image") == 0
        await work(served)
        for address in addresses:
            told((await client.get(address)).json())
            assert await offset_of(client, address) == len(content)
        await work(served)
        broken = await begin(client, 4, filename="a.zip")
        said = await go_on(client, broken, 0, b"PK\x05\x06")
        assert (said.status_code, said.json()["error"]["code"]) == (422, "ARCHIVE_REFUSED")
        raw = await client.post("/uploads", params={"name": "a.zip"}, content=b"no archive")
        assert (raw.status_code, raw.json()["error"]["code"]) == (422, "ARCHIVE_REFUSED")
    assert await fetchval("SELECT count(*) FROM image") == 1
    assert await fetchval("SELECT count(*) FROM upload") == 3
    assert await fetchval("SELECT count(*) FROM unpacked") == 0
    assert parts(served) == kept(served) == []


async def test_the_pictures_of_an_archive_lie_on_the_board_that_it_was_sent_for(served: Served) -> None:
    ana = await served.join("ana")
    board_id = (await a_board(await viewer_of(ana.access_token))).id
    one = photo(300, 200, seed=1)
    content = packed({"1.jpg": one, "2.jpg": photo(300, 200, seed=2), "1 again.jpg": one, "3.txt": b"x"})
    async with served.client(ana.access_token) as client:
        address = await sent(client, content, board=str(board_id))
        assert len(await require_laws(board_id)) == 1
        await work(served)
        said = (await client.get(address)).json()
    rows = await fetch("SELECT id, image_id FROM item WHERE board = $1 ORDER BY z", board_id)
    assert said["placed"] == {"board": str(board_id), "items": [str(row["id"]) for row in rows]}
    came = [entry["image"]["id"] for entry in said["images"] if "image" in entry]
    assert [str(row["image_id"]) for row in rows] == came[:2]
    assert came[2] == came[0]
    assert len(await require_laws(board_id)) == 2


async def test_a_long_archive_gives_others_their_turn_and_goes_on_behind_what_is_done(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    content = packed({f"{number}.jpg": photo(200, 150, seed=number) for number in range(3)})
    turns: list[tuple[int, float]] = []
    monkeypatch.setattr(unpacking, "SLICE_SECONDS", -1.0)
    note = unpacking._note

    async def noting(*noted: Any) -> None:
        await note(*noted)
        monkeypatch.setattr(unpacking, "SLICE_SECONDS", -1.0)

    monkeypatch.setattr(unpacking, "_note", noting)
    async with served.client(ana.access_token) as client:
        address = await sent(client, content)
        job_id = await fetchval("SELECT id FROM job WHERE kind = 'archive'")
        while await fetchval("SELECT state = 'QUEUED' FROM job WHERE id = $1", job_id):
            monkeypatch.setattr(unpacking, "SLICE_SECONDS", 60.0)
            await jobs.run(job_id, unpacking.unpacker(served.settings))
            said = (await client.get(address)).json()
            turns.append(
                (await fetchval("SELECT count(*) FROM unpacked"), said.get("unpacking", {}).get("progress"))
            )
    assert turns == [(1, 0.333), (2, 0.667), (0, None)]
    assert await fetchval("SELECT attempts FROM job WHERE id = $1", job_id) == 1
    assert [entry["image"]["deduplicated"] for entry in said["images"]] == [False] * 3


async def test_what_was_made_before_its_worker_died_is_made_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    content = packed({f"{number}.jpg": photo(200, 150, seed=number) for number in range(3)})
    real = unpacking._note

    async def dies(run: jobs.Run, upload_id: UUID, entry_id: UUID, number: int, entry: object) -> None:
        if number == 1:
            raise DatabaseUnavailable("It went between the picture and its note.")
        await real(run, upload_id, entry_id, number, entry)  # type: ignore[arg-type]

    async with served.client(ana.access_token) as client:
        address = await sent(client, content)
        monkeypatch.setattr(unpacking, "_note", dies)
        await jobs.run(
            await fetchval("SELECT id FROM job WHERE kind = 'archive'"), unpacking.unpacker(served.settings)
        )
        assert [await fetchval(f"SELECT count(*) FROM {table}") for table in ("unpacked", "image")] == [1, 2]
        before = await fetchval("SELECT array_agg(id ORDER BY created_at) FROM image")
        monkeypatch.setattr(unpacking, "_note", real)
        await work(served)
        said = (await client.get(address)).json()
    assert [entry["image"]["deduplicated"] for entry in said["images"]] == [False] * 3
    came = [UUID(entry["image"]["id"]) for entry in said["images"]]
    assert came == await fetchval("SELECT array_agg(id ORDER BY created_at) FROM image")
    assert came[:2] == before


async def test_what_was_given_up_says_why_and_goes_on_when_asked_again(served: Served) -> None:
    ana, owner = await served.join("ana"), await a_viewer(is_owner=True)
    content = packed({"1.jpg": photo(200, 150)})
    async with served.client(ana.access_token) as client:
        address = await sent(client, content)
        job_id = await fetchval("SELECT id FROM job WHERE kind = 'archive'")
        await job_commands.cancel_jobs(owner, [job_id])
        await work(served)
        said = (await client.get(address)).json()
        assert (said["unpacking"]["state"], said["error"]["code"]) == ("CANCELLED", "CANCELLED")
        await execute(
            "UPDATE job SET state = 'DEAD', error = 'WORKER_LOST: it stopped' WHERE id = $1", job_id
        )
        said = (await client.get(address)).json()
        assert said["error"] == {"code": "WORKER_LOST", "message": "it stopped"}
        assert await fetchval("SELECT count(*) FROM image") == 0
        assert len(kept(served)) == 1
        assert await offset_of(client, address) == len(content), "who asks for it has it tried again"
        assert (await client.get(address)).json()["unpacking"]["state"] == "QUEUED"
        await work(served)
        assert len((await client.get(address)).json()["images"]) == 1
    assert await fetchval("SELECT count(*) FROM job WHERE kind = 'archive' AND state = 'DONE'") == 1


async def test_an_ended_archive_stops_and_leaves_nothing_but_what_came(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await served.join("ana"), await served.join("ben")
    content = packed({f"{number}.jpg": photo(200, 150, seed=number) for number in range(3)})
    real = unpacking._note
    async with served.client(ana.access_token) as client, served.client(ben.access_token) as other:
        address = await sent(client, content)
        assert (await other.delete(address, headers=VERSION)).status_code == 404
        job_id = await fetchval("SELECT id FROM job WHERE kind = 'archive'")

        async def ended(*noted: Any) -> None:
            await real(*noted)
            assert (await client.delete(address, headers=VERSION)).status_code == 204

        monkeypatch.setattr(unpacking, "_note", ended)
        assert not await jobs.run(job_id, unpacking.unpacker(served.settings))
        assert (await client.get(address)).status_code == 404
        waiting = await sent(client, content)
        await execute("UPDATE upload SET expires_at = now() - interval '1 s'")
        assert await uploads.sweep() == 1
        assert (await client.get(waiting)).status_code == 404
    await work(served)
    assert await fetchval("SELECT array_agg(DISTINCT state) FROM job WHERE kind = 'archive'") == ["CANCELLED"]
    assert await fetchval("SELECT count(*) FROM image") == 1
    assert [await fetchval(f"SELECT count(*) FROM {table}") for table in ("upload", "unpacked")] == [0, 0]
    assert kept(served) == parts(served) == []


async def test_archives_that_no_upload_speaks_of_go_after_a_day(served: Served) -> None:
    ana = await served.join("ana")
    async with served.client(ana.access_token) as client:
        address = await sent(client, packed({"1.jpg": photo(200, 150)}))
    stray = served.settings.blobs / unpacking.key(UUID(int=7))
    stray.write_bytes(b"left by a server that was killed")
    assert await unpacking.sweep() == 0
    for path in kept(served):
        os.utime(path, (0, 0))
    assert await unpacking.sweep() == 1
    assert [path.name for path in kept(served)] == [UUID(address.rpartition("/")[2]).hex]


async def test_an_archive_of_somebody_who_was_disabled_is_not_unpacked(served: Served) -> None:
    await served.join("ana")
    ben = await served.join("ben")
    async with served.client(ben.access_token) as client:
        await sent(client, packed({"1.jpg": photo(200, 150)}))
    account_id = (await viewer_of(ben.access_token)).account_id
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", account_id)
    await work(served)
    assert await fetchval("SELECT error FROM job WHERE kind = 'archive' AND state = 'DEAD'")
    assert await fetchval("SELECT count(*) FROM image") == 0
