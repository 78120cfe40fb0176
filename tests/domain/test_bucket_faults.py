"""A bucket that fails: nothing is lost, nothing half there counts, and what is wrong is said (F19 to F21)."""

import contextlib
import hashlib
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain import bucket_client, buckets
from domain.buckets import BucketStore
from domain.errors import StorageUnavailable
from domain.places import Damaged
from domain.settings import Settings
from tests.s3 import Door, Fault, S3Server, a_door

KEY = "originals/ab/cd/abcd"
PART = 5 << 20
LARGE = PART + 100_000


@pytest.fixture
async def door(s3_server: S3Server) -> AsyncIterator[tuple[Door, S3Server]]:
    async with a_door(s3_server) as opened:
        yield opened


@pytest.fixture
async def store(
    door: tuple[Door, S3Server], s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BucketStore]:
    """Through the door, to a bucket of its own. It asks twice and no more, to be done sooner."""
    monkeypatch.setattr(bucket_client, "ATTEMPTS", 2)
    monkeypatch.setattr(buckets, "PART_BYTES", PART)
    settings = door[1].settings(Settings(data=tmp_path), await s3_server.make_bucket())
    made = buckets.store_at(settings.storage, settings, tmp_path)
    await made.prepare()
    yield made
    await made.close()


async def whole(store: BucketStore, start: int = 0, stop: int | None = None) -> bytes:
    async with contextlib.aclosing(store.read(KEY, start, stop)) as pieces:
        return b"".join([piece async for piece in pieces])


async def keep(store: BucketStore, content: bytes) -> None:
    draft = store.drafts / "draft"
    draft.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    await store.put_file(KEY, draft, digest=digest, size_bytes=len(content))


def puts(door: Door) -> int:
    return sum(seen.startswith("PUT") for seen in door.seen)


@pytest.mark.parametrize("kind", ["status 503 SlowDown", "cut", "lost", "etag"])
@pytest.mark.parametrize("size_bytes", [1000, LARGE], ids=["small", "in parts"])
async def test_a_put_that_fails_once_is_put_once(
    store: BucketStore, door: tuple[Door, S3Server], kind: str, size_bytes: int
) -> None:
    content = os.urandom(size_bytes)
    door[0].faults.append(Fault(kind))
    await keep(store, content)
    assert door[0].faults[0].times == 0
    assert await whole(store) == content
    assert len([each async for each in store.listed("")]) == 1


@pytest.mark.parametrize("kind", ["cut", "lost"])
async def test_parts_whose_joining_was_not_answered_are_joined_once(
    store: BucketStore, door: tuple[Door, S3Server], kind: str
) -> None:
    content = os.urandom(LARGE)
    door[0].faults.append(Fault(kind, "POST", path="uploadId="))
    await keep(store, content)
    assert await whole(store) == content


async def test_a_lost_answer_is_recognised_without_sending_again(
    store: BucketStore, door: tuple[Door, S3Server]
) -> None:
    """However often: what lies there is what was sent."""
    door[0].faults.append(Fault("lost", times=9))
    await keep(store, b"the bytes")
    assert await whole(store) == b"the bytes"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("status 503 SlowDown", "cannot serve at the moment"),
        ("cut", "does not answer"),
        ("status 403 ExpiredToken", "have expired"),
        ("status 403 AccessDenied", "rights"),
        ("status 403 RequestTimeTooSkewed", "clock"),
        ("status 507 InsufficientStorage", "full"),
    ],
)
async def test_what_cannot_be_put_is_said_and_not_there(
    store: BucketStore, door: tuple[Door, S3Server], kind: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door[0].faults += [Fault(kind, method, times=99) for method in ("PUT", "POST")]
    for content in (b"the bytes", os.urandom(LARGE)):
        with pytest.raises(StorageUnavailable, match=words) as refused:
            await keep(store, content)
        assert store.access.secret_key is not None
        assert store.access.secret_key not in refused.value.message + caplog.text
    door[0].faults.clear()
    assert await store.find(KEY) is None
    await keep(store, b"the bytes")
    assert await whole(store) == b"the bytes"


async def test_what_the_server_changed_is_taken_away(
    store: BucketStore, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says it kept the bytes and kept others."""
    ask = BucketStore.ask

    async def other_bytes(self: BucketStore, operation: str, **arguments: object) -> object:
        if operation == "put_object":
            arguments["Body"] = b"X" * len(arguments["Body"])  # type: ignore[arg-type]
            del arguments["ContentMD5"]
        return await ask(self, operation, **arguments)

    with monkeypatch.context() as patched:
        patched.setattr(BucketStore, "ask", other_bytes)
        with pytest.raises(StorageUnavailable, match="other bytes"):
            await store.put(KEY, b"the bytes")
    assert await store.find(KEY) is None


@pytest.mark.parametrize("kind", ["short", "cut", "status 500 InternalError"])
async def test_reading_goes_on_where_it_was_cut(
    store: BucketStore, door: tuple[Door, S3Server], kind: str
) -> None:
    content = os.urandom(900_000)
    await store.put(KEY, content)
    door[0].faults.append(Fault(kind, "GET"))
    assert await whole(store) == content
    door[0].faults[0].times = 1
    assert await whole(store, 100_000, 800_000) == content[100_000:800_000]


async def test_reading_ends_when_nothing_comes_any_more(
    store: BucketStore, door: tuple[Door, S3Server]
) -> None:
    await store.put(KEY, os.urandom(900_000))
    door[0].faults.append(Fault("status 503 SlowDown", "GET", times=99))
    with pytest.raises(StorageUnavailable):
        await whole(store)


async def test_an_object_replaced_while_it_is_read_is_not_mixed(
    store: BucketStore, door: tuple[Door, S3Server]
) -> None:
    await store.put(KEY, b"a" * 900_000)
    door[0].faults.append(Fault("short", "GET"))
    reading = store.read(KEY)
    async with contextlib.aclosing(reading):
        assert set(await anext(reading)) == {ord("a")}
        await store.put(KEY, b"b" * 900_000)
        with pytest.raises(StorageUnavailable):
            assert [piece async for piece in reading if ord("b") in piece]


@pytest.mark.parametrize(
    "kind", ["status 403 ExpiredToken", "status 503 SlowDown", "cut", "status 403 Forbidden"]
)
async def test_an_outage_is_not_taken_for_a_file_that_is_lost(
    store: BucketStore, door: tuple[Door, S3Server], kind: str
) -> None:
    door[0].faults.append(Fault(kind, "HEAD", times=99))
    with pytest.raises(StorageUnavailable):
        await store.find(KEY)
    with pytest.raises(StorageUnavailable):
        await store.check()
    door[0].faults.clear()
    assert await store.find(KEY) is None


async def test_a_bucket_that_is_gone_is_not_an_empty_one(s3_server: S3Server, tmp_path: Path) -> None:
    settings = s3_server.settings(Settings(data=tmp_path), "there-is-none")
    store = buckets.store_at(settings.storage, settings, tmp_path)
    for asked in (store.find(KEY), store.check(), store.put(KEY, b"x"), store.remove(KEY)):
        with pytest.raises(StorageUnavailable, match="bucket"):
            await asked
    with pytest.raises(StorageUnavailable, match="bucket"):
        await whole(store)
    await store.close()


async def test_wrong_keys_are_told_in_words(s3_server: S3Server, tmp_path: Path) -> None:
    right = s3_server.settings(Settings(data=tmp_path), await s3_server.make_bucket())
    for wrong in (replace(right, s3_secret_key="hunter2"), replace(right, s3_access_key="test:nobody")):
        store = buckets.store_at(wrong.storage, wrong, tmp_path)
        with pytest.raises(StorageUnavailable, match="key") as refused:
            await store.put(KEY, b"x")
        assert "hunter2" not in refused.value.message
        await store.close()


async def test_what_was_fetched_is_compared_with_its_digest(store: BucketStore) -> None:
    await store.put(KEY, b"other bytes")
    with pytest.raises(Damaged):
        async with store.as_file(KEY, digest="0" * 64):
            pass
    assert [path.name for path in store.drafts.iterdir()] == []


async def test_an_unanswered_server_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_client, "ATTEMPTS", 2)
    settings = S3Server(9).settings(Settings(data=tmp_path), "webref")
    store = buckets.store_at(settings.storage, settings, tmp_path)
    with pytest.raises(StorageUnavailable, match="does not answer"):
        await store.find(KEY)
    await store.close()
