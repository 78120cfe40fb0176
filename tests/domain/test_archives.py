"""ZIP archives: their pictures come, one by one; bombs, paths, locks and lies do not, and say why."""

import os
import random
import struct
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import archives
from domain.access import Scope, Viewer
from domain.archives import Entry, opened
from domain.database import fetch, fetchval
from domain.errors import ArchiveRefused, Forbidden
from domain.settings import Settings
from tests.factories import a_viewer
from tests.pictures import packed, photo

pytestmark = pytest.mark.usefixtures("database")


async def taken(
    settings: Settings,
    tmp_path: Path,
    content: bytes,
    *,
    viewer: Viewer | None = None,
    batch: UUID | None = None,
) -> list[Entry]:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    viewer = viewer or await a_viewer()
    batch = batch or uuid4()
    async with opened(path, settings) as archive:
        return [await archive.take(viewer, number, batch=batch) for number in range(len(archive.names))]


async def test_the_pictures_of_an_archive_come_and_the_rest_is_said(
    settings: Settings, tmp_path: Path
) -> None:
    batch, one = uuid4(), photo(300, 200, seed=1)
    content = packed(
        {
            "foxes/red/one.jpg": one,
            "foxes\\two.jpg": photo(300, 200, seed=2),
            "foxes/": b"",
            "__MACOSX/foxes/._one.jpg": b"x",
            ".DS_Store": b"x",
            "Thumbs.db": b"x",
            "same.jpg": one,
            "words.txt": b"no picture",
            "more.zip": packed({"deep.jpg": photo(64, 64)}),
            "../../../../etc/evil.jpg": photo(300, 200, seed=3),
            "/absolute.jpg": photo(300, 200, seed=4),
            "C:\\windows\\drive.jpg": photo(300, 200, seed=5),
        }
    )
    found = await taken(settings, tmp_path, content, batch=batch)
    told = {entry.name: entry.error.code if entry.error else "" for entry in found}
    assert told == {
        **dict.fromkeys(("one.jpg", "two.jpg", "same.jpg", "evil.jpg", "absolute.jpg", "drive.jpg"), ""),
        "words.txt": "IMAGE_REFUSED",
        "more.zip": "ARCHIVE_REFUSED",
    }
    same = next(entry for entry in found if entry.name == "same.jpg")
    assert same.added is not None
    assert same.added.deduplicated
    assert {row["batch"] for row in await fetch("SELECT batch FROM image")} == {batch}
    assert await fetchval("SELECT count(*) FROM image") == 5
    assert not list((settings.blobs / "incoming").iterdir())
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "data"]


async def test_an_entry_with_a_password_or_packed_otherwise_is_refused_by_itself(
    settings: Settings, tmp_path: Path
) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        (entry,) = await taken(settings, tmp_path, packed({"a.jpg": photo(64, 64)}, method))
        assert entry.error is not None
        assert entry.error.code == "ARCHIVE_REFUSED"
    content = bytearray(packed({"a.jpg": photo(64, 64), "b.jpg": photo(65, 64)}))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    locked, fine = await taken(settings, tmp_path, bytes(content))
    assert locked.error is not None
    assert "password" in locked.error.message
    assert fine.added is not None


async def test_bombs_are_bounded_by_what_they_say_and_by_what_comes(
    settings: Settings, tmp_path: Path
) -> None:
    small = replace(settings, max_file_bytes=1_000_000, max_batch_bytes=3_000_000)
    bomb = packed({"bomb.jpg": bytes(2_000_000), "fine.jpg": photo(64, 64)})
    refused, fine = await taken(small, tmp_path, bomb)
    assert refused.error is not None
    assert refused.error.code == "FILE_TOO_LARGE"
    assert fine.added is not None
    with pytest.raises(ArchiveRefused, match="Unpacked"):
        await taken(small, tmp_path, packed({f"{n}.jpg": bytes(900_000) for n in range(4)}))
    (ratio,) = await taken(
        replace(settings, max_file_bytes=50_000_000), tmp_path, packed({"a.jpg": bytes(20_000_000)})
    )
    assert ratio.error is not None
    assert "unpacks to so much" in ratio.error.message
    # One that says it is small: the directory lies about the size.
    lying = bytearray(packed({"lie.jpg": bytes(2_000_000)}))
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<L", 100)
    (lie,) = await taken(small, tmp_path, bytes(lying))
    assert lie.error is not None
    assert await fetchval("SELECT count(*) FROM image") == 1


async def test_too_many_entries_are_refused_before_they_are_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_PICTURES", 3)
    with pytest.raises(ArchiveRefused, match="3 pictures"):
        await taken(settings, tmp_path, packed({f"{n}.jpg": b"x" for n in range(4)}))
    monkeypatch.setattr(archives, "MOST_ENTRIES", 10)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    for count in (11, 0xFFFF):
        end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, 46 * count, 0, 0)
        with pytest.raises(ArchiveRefused, match="10 entries"):
            await taken(settings, tmp_path, end)
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 10**9, 10**9, 10**11, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, 46, 0, 0)
    with pytest.raises(ArchiveRefused, match="10 entries"):
        await taken(settings, tmp_path, record + locator + end)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06", b"no archive", b"PK\x05\x06" + bytes(18), bytes(100_000)]
)
async def test_what_is_no_archive_is_refused(settings: Settings, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArchiveRefused) as refused:
        await taken(settings, tmp_path, content)
    assert refused.value.message
    assert await fetchval("SELECT count(*) FROM image") == 0


async def test_spoilt_archives_break_nothing(settings: Settings, tmp_path: Path) -> None:
    """150 of them: each is refused in words, or gives what of it is whole."""
    ana = await a_viewer()
    whole = packed({"a.jpg": photo(64, 64), "b.jpg": photo(65, 64)}, zipfile.ZIP_STORED)
    chance = random.Random(3)
    for _ in range(150):
        spoilt = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            at = chance.choice([chance.randrange(len(spoilt)), len(spoilt) - chance.randint(1, 150)])
            spoilt[at] = chance.randrange(256)
        if chance.random() < 0.2:
            del spoilt[chance.randrange(len(spoilt)) :]
        with suppress(ArchiveRefused):
            for entry in await taken(settings, tmp_path, bytes(spoilt), viewer=ana):
                assert (entry.added is None) != (entry.error is None)
    assert not list((settings.blobs / "incoming").iterdir())


async def test_who_may_only_read_unpacks_nothing(settings: Settings, tmp_path: Path) -> None:
    ana = await a_viewer()
    with pytest.raises(Forbidden):
        await taken(
            settings,
            tmp_path,
            packed({"a.jpg": photo(64, 64)}),
            viewer=Viewer(ana.account_id, ana.name, scope=Scope.READ),
        )
    assert await fetchval("SELECT count(*) FROM image") == 0
