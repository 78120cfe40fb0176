"""Files move to a bucket and back while people upload and look: nothing is lost, and all bytes are right."""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from domain import buckets
from domain.settings import Settings
from tests.pictures import photo
from tests.running import REPOSITORY, RunningServer, Script, running_server
from tests.s3 import S3Server

pytestmark = pytest.mark.journey

FIRST, AT_LEAST, AT_MOST = 4, 2, 6


class Using:
    """People who upload and look at what they uploaded, until told to stop. wrong: what should not be."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sent: dict[str, bytes] = {}
        self.wrong: list[str] = []
        self._done = threading.Event()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        self._done.clear()
        with ThreadPoolExecutor(2) as pool:
            working = [pool.submit(self._upload), pool.submit(self._look)]
            try:
                yield
            finally:
                self._done.set()
            for each in working:
                each.result()

    def upload_one(self) -> None:
        with self._lock:
            number = len(self.sent)
        content = photo(300, 200, seed=number)
        image = self.script.upload(content, f"{number}.jpg")
        with self._lock:
            self.sent[image["id"]] = content

    def _upload(self) -> None:
        for _ in range(AT_MOST):
            self.upload_one()
            if self._done.wait(0.2):
                return

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.look_at_all(the_last=3)

    def look_at_all(self, *, the_last: int = 1000) -> None:
        with self._lock:
            sent = list(self.sent.items())[-the_last:]
        for image_id, content in sent:
            for variant in ("original", "320"):
                with httpx.Client(base_url=self.script.server.url, headers=self.script.http.headers) as http:
                    answer = http.get(f"/files/{image_id}/{variant}", timeout=30)
                if answer.status_code != 200 or (variant == "original" and answer.content != content):
                    self.wrong.append(f"{variant}: {answer.status_code} {answer.text[:200]}")


def webref(server: RunningServer, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", *words, "--data", str(server.data)],
        cwd=REPOSITORY,
        env={**os.environ, **server.environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def originals_in(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of each."""
    files = [path for path in (folder / "originals").rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


async def originals_in_bucket(settings: Settings, folder: Path) -> dict[str, str]:
    store = buckets.store_at(settings.storage, settings, folder)
    found = {}
    async for each in store.listed("originals/"):
        async with store.as_file(each.key) as path:
            found[each.key.rpartition("/")[2]] = hashlib.sha256(path.read_bytes()).hexdigest()
    await store.close()
    return found


def test_to_a_bucket_and_back(tmp_path: Path, s3_server: S3Server) -> None:
    bucket = s3_server.settings(Settings(data=tmp_path), asyncio.run(s3_server.make_bucket()))
    assert bucket.s3_endpoint is not None
    assert bucket.s3_secret_key is not None
    environment = {
        "WEBREF_S3_ENDPOINT": bucket.s3_endpoint,
        "WEBREF_S3_ACCESS_KEY": s3_server.access_key,
        "WEBREF_S3_SECRET_KEY": bucket.s3_secret_key,
    }
    with running_server(tmp_path, **environment) as server:
        people = Using(Script(server).register())
        for _ in range(FIRST):
            people.upload_one()
        with people.going_on():
            said = webref(server, "storage", "move", bucket.storage, "--remove-old")
        assert bucket.storage in said
        assert len(people.sent) >= FIRST + AT_LEAST
        digests = {hashlib.sha256(content).hexdigest() for content in people.sent.values()}
        people.upload_one()  # with what the server knew before
        people.look_at_all()
        assert people.wrong == []
        kept = asyncio.run(originals_in_bucket(bucket, tmp_path))
        assert digests <= kept.keys()
        assert all(name == digest for name, digest in kept.items())

        server.kill()
        server.start()  # still configured for the folder: it follows the move
        people.look_at_all()
        with people.going_on():
            webref(server, "storage", "move", "file:")
        people.look_at_all()
        assert people.wrong == []
        digests = {hashlib.sha256(content).hexdigest() for content in people.sent.values()}
        assert originals_in(server.data / "blobs") == {digest: digest for digest in digests}
        assert "All is well" in webref(server, "doctor", "--deep")
        assert bucket.s3_secret_key not in server.log.read_text()
