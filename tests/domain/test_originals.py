"""Originals: whole and durable under their content address, or not there at all."""

import errno
import hashlib
import os
from pathlib import Path

import psutil
import pytest

from domain import originals, storage
from domain.errors import FileTooLarge, StorageUnavailable
from domain.formats import FORMATS
from domain.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path, max_file_bytes=50_000_000)
    storage.open_storage(configured)
    return configured


def files(settings: Settings) -> list[Path]:
    return [path for path in settings.blobs.rglob("*") if path.is_file()]


async def keep(settings: Settings, *pieces: bytes) -> None:
    async with originals.receive(settings) as intake:
        for piece in pieces:
            await intake.write(piece)
        await originals.keep(intake)


async def break_off(settings: Settings) -> None:
    async with originals.receive(settings) as intake:
        await intake.write(b"x" * 2_000_000)
        raise ZeroDivisionError


async def test_a_file_is_kept_under_its_hash(settings: Settings) -> None:
    content = os.urandom(3_000_000)
    async with originals.receive(settings) as intake:
        for start in range(0, len(content), 65_536):
            await intake.write(content[start : start + 65_536])
        digest, size = await intake.finish()
        await originals.keep(intake)
    assert (digest, size) == (hashlib.sha256(content).hexdigest(), len(content))
    place = settings.blobs / originals.key(digest)
    assert place == settings.blobs / "originals" / digest[:2] / digest[2:4] / digest
    assert place.read_bytes() == content
    assert files(settings) == [place]


async def test_what_is_not_kept_leaves_nothing(settings: Settings) -> None:
    async with originals.receive(settings) as intake:
        await intake.write(b"x" * 2_000_000)
        await intake.finish()
    with pytest.raises(ZeroDivisionError):
        await break_off(settings)
    assert files(settings) == []


async def test_the_same_bytes_are_kept_once(settings: Settings) -> None:
    for _ in range(2):
        await keep(settings, b"the same")
    assert len(files(settings)) == 1


async def test_a_damaged_copy_is_replaced(settings: Settings) -> None:
    async with originals.receive(settings) as intake:
        await intake.write(b"the right bytes")
        digest, _ = await intake.finish()
        place = settings.blobs / originals.key(digest)
        place.parent.mkdir(parents=True)
        place.write_bytes(b"cut")
        await originals.keep(intake)
    assert place.read_bytes() == b"the right bytes"


async def test_a_file_over_the_limit_is_refused_while_it_comes(settings: Settings) -> None:
    with pytest.raises(FileTooLarge) as refused:
        await keep(settings, *[b"x" * 1_000_000] * 60)
    assert refused.value.details["limit_bytes"] == 50_000_000
    assert files(settings) == []


async def test_a_full_disk_is_said_in_words_and_nothing_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("domain.originals.os.write", full)
    with pytest.raises(StorageUnavailable, match="full"):
        await keep(settings, b"x" * 2_000_000)
    assert files(settings) == []


async def test_a_full_disk_while_keeping_stores_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("domain.originals.os.fsync", full)
    with pytest.raises(StorageUnavailable, match="full"):
        await keep(settings, b"abc")
    assert files(settings) == []


async def test_a_rendition_that_does_not_fit_is_not_half_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("domain.blobs.os.fsync", full)
    with pytest.raises(StorageUnavailable):
        await storage.put("renditions/a/1.webp", b"content")
    assert files(settings) == []


async def test_memory_stays_flat_while_a_large_file_comes(settings: Settings) -> None:
    chunk = os.urandom(65_536)
    process = psutil.Process()
    async with originals.receive(settings) as intake:
        for _ in range(40):
            await intake.write(chunk)
        before, most = process.memory_info().rss, 0
        for _ in range(600):
            await intake.write(chunk)
            most = max(most, process.memory_info().rss)
    assert most - before < 8_000_000


async def test_old_drafts_are_removed_and_young_ones_stay(settings: Settings) -> None:
    old, young = settings.blobs / "incoming" / "old", settings.blobs / "incoming" / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    assert await storage.remove_old_drafts(86_400) == 1
    assert (old.exists(), young.exists()) == (False, True)


async def test_a_lost_store_is_said_in_words(settings: Settings) -> None:
    (settings.blobs / "incoming").rmdir()
    with pytest.raises(StorageUnavailable, match="folder"):
        await keep(settings, b"x")


async def test_a_disk_that_keeps_a_draft_does_not_hide_what_went_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only disk refuses to remove even what is not there."""

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("domain.originals.os.write", read_only)
    monkeypatch.setattr(Path, "unlink", read_only)
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        await keep(settings, b"x")
    with pytest.raises(StorageUnavailable, match="full"):
        async with originals.receive(settings):
            raise StorageUnavailable("The disk is full.")


@pytest.mark.parametrize(
    ("name", "format_", "saved"),
    [
        ("cat.jpg", "JPEG", "cat.jpg"),
        ("Cat.JPEG", "JPEG", "Cat.JPEG"),
        ("cat", "PNG", "cat.png"),
        ("cat.v2", "PNG", "cat.v2.png"),
        ("cat.html", "JPEG", "cat.html.jpg"),
        ("cat.exe", "GIF", "cat.exe.gif"),
        ("cat.png", "WEBP", "cat.png.webp"),
        ("cat.tiff", "TIFF", "cat.tiff"),
    ],
)
def test_a_file_is_saved_with_an_extension_of_its_format(name: str, format_: str, saved: str) -> None:
    assert originals.saved_name(name, format_) == saved


def test_no_two_formats_share_an_extension() -> None:
    extensions = [extension for format_ in FORMATS.values() for extension in format_.extensions]
    assert len(extensions) == len(set(extensions))
    assert all(extension == extension.lower() and extension[0] == "." for extension in extensions)
