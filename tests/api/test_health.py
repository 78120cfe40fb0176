"""Health: what is missing is named in words, and comes back by itself."""

import errno
from pathlib import Path

import pytest

from domain.database import close_database, open_database
from tests.api.serving import Served


async def test_a_whole_server_is_alive_started_and_ready(served: Served) -> None:
    async with served.client() as client:
        for address in ("/health/live", "/health/startup", "/health/ready"):
            answer = await client.get(address)
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
            assert answer.headers["cache-control"] == "no-store"


async def test_without_the_database_it_lives_but_is_not_ready(served: Served) -> None:
    async with served.client() as client:
        await close_database()
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert "database" in answer.json()["message"].lower()
        assert answer.json()["checks"]["storage"] == "ok"
        assert (await client.get("/health/live")).status_code == 200
        assert served.settings.database_url is not None
        await open_database(served.settings.database_url, durable=False)
        assert (await client.get("/health/ready")).status_code == 200


async def test_without_its_folder_for_pictures_it_is_not_ready(served: Served) -> None:
    async with served.client() as client:
        away = served.settings.blobs.with_name("away")
        served.settings.blobs.rename(away)
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert "folder" in answer.json()["checks"]["storage"]
        away.rename(served.settings.blobs)
        assert (await client.get("/health/ready")).status_code == 200
        assert list((served.settings.blobs / "incoming").iterdir()) == []


async def test_a_server_that_stops_says_so(served: Served) -> None:
    served.services.draining = True
    async with served.client() as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "stopping" in answer.json()["message"]


async def test_a_read_only_folder_for_pictures_is_said(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", read_only)
        patched.setattr(Path, "unlink", read_only)
        async with served.client() as client:
            answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "cannot be written" in answer.json()["checks"]["storage"]
