"""Storage: one behaviour, whatever lies behind it; every rule holds for a folder and for a bucket."""

import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain import bucket_parts, buckets, storage
from domain.errors import StorageUnavailable
from domain.folders import FolderStore
from domain.places import Store
from domain.settings import Settings
from tests.s3 import S3Server

KEY = "originals/ab/cd/abcd"


async def _folder(tmp_path: Path) -> Store:
    return FolderStore(tmp_path / "blobs")


async def _bucket(tmp_path: Path, server: S3Server) -> Store:
    place = server.settings(Settings(data=tmp_path), await server.make_bucket())
    drafts = tmp_path / "blobs" / "incoming"
    drafts.mkdir(parents=True)
    return buckets.store_at(place.storage, place, drafts)


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "folder":
        made = await _folder(tmp_path)
    else:
        made = await _bucket(tmp_path, request.getfixturevalue("s3_server"))
    await made.prepare()
    yield made
    await made.close()


async def whole(store: Store, key: str = KEY, start: int = 0, stop: int | None = None) -> bytes:
    async with contextlib.aclosing(store.read(key, start, stop)) as pieces:
        return b"".join([piece async for piece in pieces])


def a_draft(tmp_path: Path, content: bytes) -> Path:
    draft = tmp_path / "blobs" / "incoming" / "draft"
    draft.write_bytes(content)
    return draft


async def keep(store: Store, tmp_path: Path, content: bytes, *, keeps_draft: bool = False) -> Path:
    draft = a_draft(tmp_path, content)
    digest = hashlib.sha256(content).hexdigest()
    await store.put_file(KEY, draft, digest=digest, size_bytes=len(content), keeps_draft=keeps_draft)
    return draft


async def test_what_is_put_is_found_and_read(store: Store) -> None:
    assert await store.find(KEY) is None
    content = os.urandom(700_000)
    before = time.time() - 5
    await store.put(KEY, content)
    found = await store.find(KEY)
    assert found is not None
    assert (found.key, found.size_bytes) == (KEY, len(content))
    assert before < found.modified_at < time.time() + 5
    assert await whole(store) == content
    await store.put(KEY, b"other bytes")
    assert await whole(store) == b"other bytes"


@pytest.mark.parametrize("size_bytes", [0, 1, 300_000, 20_000_000])
async def test_a_draft_is_kept_whole(store: Store, tmp_path: Path, size_bytes: int) -> None:
    content = os.urandom(size_bytes)
    await keep(store, tmp_path, content)
    found = await store.find(KEY)
    assert found is not None
    assert found.size_bytes == size_bytes
    assert await whole(store) == content


async def test_a_draft_that_is_wanted_again_stays(store: Store, tmp_path: Path) -> None:
    draft = await keep(store, tmp_path, b"the bytes", keeps_draft=True)
    assert draft.read_bytes() == b"the bytes"
    assert await whole(store) == b"the bytes"
    assert list(draft.parent.iterdir()) == [draft]


async def test_the_right_bytes_stay_and_wrong_ones_are_replaced(store: Store, tmp_path: Path) -> None:
    await keep(store, tmp_path, b"the right bytes")
    await keep(store, tmp_path, b"the right bytes")
    assert await whole(store) == b"the right bytes"
    for wrong in (b"cut", b"the wrong bytes"):
        await store.put(KEY, wrong)
        await keep(store, tmp_path, b"the right bytes")
        assert await whole(store) == b"the right bytes"


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (0, 600_000), (299_999, 300_001), (599_999, 600_000), (10, 10), (10, None)]
)
async def test_a_range_is_read(store: Store, start: int, stop: int | None) -> None:
    content = os.urandom(600_000)
    await store.put(KEY, content)
    assert await whole(store, KEY, start, stop) == content[start:stop]


async def test_a_copy_has_the_bytes_and_what_it_is_of_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "MOST_COPIED_BYTES", 6 << 20)
    monkeypatch.setattr(bucket_parts, "COPIED_PART_BYTES", 5 << 20)
    for content in (b"the bytes", os.urandom(11 << 20)):
        digest = hashlib.sha256(content).hexdigest()
        await keep(store, tmp_path, content)
        for _ in ("new", "there already"):
            assert await store.copy(KEY, "withdrawn/ab", digest=digest, size_bytes=len(content))
            assert await whole(store, "withdrawn/ab") == await whole(store) == content
        await store.remove(KEY)
        assert await whole(store, "withdrawn/ab") == content
        assert not await store.copy(KEY, "withdrawn/other", digest=digest, size_bytes=len(content))
        assert [file.key async for file in store.listed("withdrawn/")] == ["withdrawn/ab"]
        await store.remove("withdrawn/ab")
    if isinstance(store, buckets.BucketStore):
        assert await store.abort_old(-60) == 0, "no copy in parts is left open"


async def test_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        await whole(store)
    with pytest.raises(FileNotFoundError):
        async with store.as_file(KEY):
            pass
    await store.remove(KEY)
    await store.touch(KEY)
    assert await store.find(KEY) is None
    assert [each async for each in store.listed("originals/")] == []


async def test_a_reader_may_leave_early(store: Store) -> None:
    await store.put(KEY, os.urandom(3_000_000))
    for _ in range(15):
        async with contextlib.aclosing(store.read(KEY)) as pieces:
            assert await anext(pieces)
    assert await store.find(KEY)


async def test_it_is_lent_as_a_file(store: Store, tmp_path: Path) -> None:
    content = os.urandom(400_000)
    await store.put(KEY, content)
    async with store.as_file(KEY, digest=hashlib.sha256(content).hexdigest()) as path:
        assert path.read_bytes() == content
    assert await whole(store) == content
    await store.close()  # what is nearby of a bucket goes with its store
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


async def test_what_is_removed_is_gone_and_comes_back(store: Store) -> None:
    for _ in range(3):
        await store.put(KEY, b"content")
        await store.put("originals/ab/cd/other", b"content")
        await store.remove(KEY)
        assert await store.find(KEY) is None
        assert await whole(store, "originals/ab/cd/other") == b"content"
        await store.remove("originals/ab/cd/other")
    assert [each async for each in store.listed("originals/")] == []


async def test_all_under_a_prefix_are_listed(store: Store) -> None:
    keys = {f"renditions/ab/cd/abcd/1/{size}.webp": size for size in (320, 800, 1600)}
    for key, size in {**keys, "renditions/ab/ce/x": 1, "thumbnails/ab/cd/x.webp": 1}.items():
        await store.put(key, b"x" * size)
    listed = [each async for each in store.listed("renditions/ab/cd/abcd/")]
    assert {each.key: each.size_bytes for each in listed} == keys
    assert len([each async for each in store.listed("renditions/")]) == 4
    assert all(abs(each.modified_at - time.time()) < 60 for each in listed)


async def test_what_is_touched_is_new_and_the_same(store: Store) -> None:
    await store.put(KEY, b"content")
    before = await store.find(KEY)
    await asyncio.sleep(1.1)
    await store.touch(KEY)
    after = await store.find(KEY)
    assert before is not None
    assert after is not None
    assert after.modified_at > before.modified_at
    assert await whole(store) == b"content"


async def test_many_at_a_time_do_not_mix(store: Store) -> None:
    contents = {f"renditions/{n:02}/x": os.urandom(20_000 + n) for n in range(12)}
    await asyncio.gather(*(store.put(key, content) for key, content in contents.items()))
    read = await asyncio.gather(*(whole(store, key) for key in contents))
    assert dict(zip(contents, read, strict=True)) == contents


async def test_a_draft_that_is_gone_is_no_file(store: Store, tmp_path: Path) -> None:
    draft = a_draft(tmp_path, b"x")
    draft.unlink()
    with pytest.raises(StorageUnavailable):
        await store.put_file(KEY, draft, digest="0" * 64, size_bytes=1)
    assert await store.find(KEY) is None


def test_whoever_keeps_files_on_a_disk_pays_nothing_for_buckets(tmp_path: Path) -> None:
    words = (
        "import sys, pathlib, api.app, workers.process; from domain import storage, settings; "
        "storage.open_storage(settings.Settings(data=pathlib.Path(sys.argv[1]))); "
        "print({'aioboto3', 'botocore', 'aiohttp'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", words, tmp_path], check=True, capture_output=True, text=True)
    assert said.stdout == "set()\n"


@pytest.mark.parametrize("kind", ["data folder", "folder", "bucket"])
async def test_the_settings_say_where(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = Settings(data=tmp_path / "data")
    if kind == "folder":
        settings = Settings(data=tmp_path / "data", storage=f"file://{tmp_path}/else where")
    if kind == "bucket":
        server: S3Server = request.getfixturevalue("s3_server")
        settings = server.settings(settings, await server.make_bucket(), "some/where")
    storage.open_storage(settings)
    try:
        await storage.check()
        await storage.put(KEY, b"content")
        assert await storage.content(KEY) == b"content"
        draft = storage.new_draft()
        draft.write_bytes(b"draft")
        digest = hashlib.sha256(b"draft").hexdigest()
        await storage.put_file("originals/dr/af/draft", draft, digest=digest, size_bytes=5)
        assert {each.key async for each in storage.listed("originals/")} == {KEY, "originals/dr/af/draft"}
    finally:
        await storage.close_storage()
    folders = {"data folder": settings.blobs, "folder": tmp_path / "else where"}
    if kind in folders:
        assert (folders[kind] / KEY).read_bytes() == b"content"
    else:
        assert {path.name for path in settings.blobs.iterdir()} == {"incoming", "parts"}
        store = buckets.store_at(settings.storage, settings, tmp_path)
        assert store.named(KEY)["Key"] == f"some/where/{KEY}"
        assert await whole(store) == b"content"
        await store.close()
