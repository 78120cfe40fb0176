"""A tus client against a server that is killed: what it was told is there, and it never starts over."""

import hashlib
import io
from collections.abc import Iterator

import httpx
import pytest
from tusclient.client import TusClient

from tests.pictures import photo
from tests.running import RunningServer, Script, running_server

CHUNK_BYTES = 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("tus")) as running:
        Script(running).register()
        yield running


def test_an_upload_survives_a_kill_of_the_server(server: RunningServer) -> None:
    content = photo(1600, 1200) + bytes(1_000_000)
    script = Script(server).sign_in()
    token = script.create_token()
    uploader = TusClient(f"{server.url}/uploads/tus", headers={"Authorization": f"Bearer {token}"}).uploader(
        file_stream=io.BytesIO(content), chunk_size=CHUNK_BYTES, metadata={"filename": "a.jpg"}
    )
    uploader.set_url(uploader.create_url())
    kills = 0
    while uploader.offset < len(content):
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
        acknowledged = uploader.offset
        if acknowledged > CHUNK_BYTES and not kills:
            server.kill()
            server.start()
            kills += 1
            uploader.offset = uploader.get_offset()
            assert uploader.offset == acknowledged, "what was acknowledged is there, and nothing else"
    assert kills == 1
    said = httpx.get(str(uploader.url), headers=dict(script.http.headers)).json()
    assert script.http.get(f"/files/{said['image']['id']}/original").content == content
    assert not list((server.data / "blobs" / "parts").iterdir())


def test_a_server_killed_in_the_middle_of_a_request_has_all_but_the_last_part(server: RunningServer) -> None:
    content = photo(1600, 1200, seed=2) + bytes(24_000_000)
    script = Script(server).sign_in()
    headers = {**script.http.headers, "Tus-Resumable": "1.0.0"}
    begun = script.http.post("/uploads/tus", headers={**headers, "Upload-Length": str(len(content))})
    address = begun.headers["location"]

    def pieces() -> Iterator[bytes]:
        for start in range(0, 23_000_000, 100_000):
            if start == 20_000_000:
                server.kill()
            yield content[start : start + 100_000]

    body = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    with pytest.raises(httpx.HTTPError):
        script.http.patch(address, headers=body, content=pieces())
    server.start()
    offset = int(script.http.head(address, headers=headers).headers["upload-offset"])
    assert 8_000_000 < offset <= 20_000_000
    rest = {**body, "Upload-Offset": str(offset), "Prefer": "return=representation"}
    image = script.http.patch(address, headers=rest, content=content[offset:]).json()["image"]
    kept = script.http.get(f"/files/{image['id']}/original").content
    assert hashlib.sha256(kept).digest() == hashlib.sha256(content).digest()


def test_two_servers_on_one_data_folder_take_turns_in_one_upload(server: RunningServer) -> None:
    """Each with its own memory: what they share is the table and the folder."""
    content = photo(1600, 1200, seed=3)
    script = Script(server).sign_in()
    token = script.create_token()
    second = RunningServer(server.data)
    second.start()
    try:
        offset, address = 0, ""
        for turn in range(6):
            asked = (server, second)[turn % 2]
            client = TusClient(f"{asked.url}/uploads/tus", headers={"Authorization": f"Bearer {token}"})
            uploader = client.uploader(
                file_stream=io.BytesIO(content),
                url=f"{asked.url}{address}" if address else None,
                chunk_size=len(content) // 6 + 1,
            )
            if not address:
                uploader.set_url(uploader.create_url())
                address = str(uploader.url).removeprefix(asked.url)
            assert uploader.offset == offset
            uploader.upload_chunk()  # type: ignore[no-untyped-call]
            offset = uploader.offset
        assert offset == len(content)
    finally:
        second.stop()
    said = script.http.get(address).json()
    assert script.http.get(f"/files/{said['image']['id']}/original").content == content
