"""Moves: whoever writes, reads or dies in their course, every file is where the row says, with its bytes."""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain import collecting, moving, originals, renditions, storage, whereabouts
from domain.access import Viewer
from domain.database import execute, fetchval
from domain.errors import StorageUnavailable
from domain.folders import FolderStore
from domain.moving import CannotMove
from domain.recipes import VERSION
from domain.settings import BadSetting, Settings
from domain.whereabouts import Whereabouts
from tests import pictures
from tests.factories import a_viewer
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(moving, "HEARD_SECONDS", 0)
    configured = Settings(data=tmp_path / "data")
    await storage.start_storage(configured)
    return configured


@pytest.fixture
def target(tmp_path: Path) -> str:
    return f"file://{tmp_path}/target"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "target"


async def a_picture(viewer: Viewer, settings: Settings, seed: int = 0) -> str:
    """Its digest."""
    return (await add(viewer, pictures.photo(40, 30, seed=seed), settings)).image.digest


def other_process(settings: Settings) -> "storage._Opened":
    """One that knows what this one knew when it began."""
    made = storage._Opened(settings, storage._here().at)
    made.make()
    return made


@contextlib.contextmanager
def as_process(process: "storage._Opened") -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(storage, "_opened", process)
        yield


async def test_all_files_move_and_the_row_says_so(settings: Settings, target: str, folder: Path) -> None:
    ana = await a_viewer()
    digests = [await a_picture(ana, settings, seed) for seed in range(3)]
    told: list[int] = []
    progress = await moving.move(target, lambda so_far: told.append(so_far.copied))
    assert (progress.copied, progress.lost, progress.damaged) == (6, [], [])
    assert told == sorted(told)
    assert await whereabouts.whereabouts() == Whereabouts(target, None, "file:")
    for digest in digests:
        assert hashlib.sha256((folder / originals.key(digest)).read_bytes()).hexdigest() == digest
        assert (settings.blobs / originals.key(digest)).is_file()
        assert await storage.find(renditions.key(digest, 320, VERSION))
    fresh = await a_picture(ana, settings, 9)
    assert (folder / originals.key(fresh)).is_file()
    assert not (settings.blobs / originals.key(fresh)).exists()
    with pytest.raises(CannotMove, match="already"):
        await moving.move(target)


async def test_what_is_removed_from_the_old_place_is_whole_in_the_new_one(
    settings: Settings, target: str, folder: Path
) -> None:
    ana = await a_viewer()
    good, damaged = await a_picture(ana, settings, 1), await a_picture(ana, settings, 2)
    place = settings.blobs / originals.key(damaged)
    place.write_bytes(b"X" * place.stat().st_size)
    progress = await moving.move(target, removes=True)
    assert progress.damaged == [originals.key(damaged)]
    assert not (settings.blobs / originals.key(good)).exists()
    assert place.is_file(), "what is damaged is not thrown away"
    assert not (folder / originals.key(damaged)).exists()
    assert (folder / originals.key(good)).is_file()


async def test_what_is_lost_is_named_and_hinders_nothing(settings: Settings, target: str) -> None:
    ana = await a_viewer()
    lost = await a_picture(ana, settings, 1)
    (settings.blobs / originals.key(lost)).unlink()
    progress = await moving.move(target)
    assert progress.lost == [originals.key(lost)]
    assert (await whereabouts.whereabouts()) == Whereabouts(target, None, "file:")


async def test_a_move_that_was_stopped_goes_on(
    settings: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    for seed in range(4):
        await a_picture(ana, settings, seed)
    put_file, puts, three_are_there = FolderStore.put_file, 0, asyncio.Barrier(4)

    async def dies(self: FolderStore, *arguments: object, **options: object) -> None:
        nonlocal puts
        puts += 1
        fits = puts <= 3
        if fits:
            await put_file(self, *arguments, **options)  # type: ignore[arg-type]
        await three_are_there.wait()
        if not fits:
            raise StorageUnavailable("The disk for pictures is full.")

    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "put_file", dies)
        with pytest.raises(StorageUnavailable, match="full"):
            await moving.move(target)
    assert await whereabouts.whereabouts() == Whereabouts("file:", target)
    with pytest.raises(BadSetting, match="under way"):
        await moving.move(f"{target}/elsewhere")
    progress = await moving.move(target)
    assert (progress.copied, progress.present) == (5, 3)
    assert await whereabouts.whereabouts() == Whereabouts(target, None, "file:")


async def test_a_file_that_goes_while_it_is_copied_does_not_end_the_move(
    settings: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()
    gone, kept = await a_picture(ana, settings, 1), await a_picture(ana, settings, 2)
    put_file = FolderStore.put_file

    async def taken_away(self: FolderStore, key: str, *arguments: object, **options: object) -> None:
        if key == originals.key(gone):
            (settings.blobs / key).unlink()
            raise StorageUnavailable("The folder for pictures is gone.")
        await put_file(self, key, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FolderStore, "put_file", taken_away)
    progress = await moving.move(target)
    assert progress.lost == [originals.key(gone)], "a row names it still, so it is said"
    assert await storage.store_at(target).find(originals.key(kept))
    assert await whereabouts.whereabouts() == Whereabouts(target, None, "file:")


async def test_what_goes_while_it_is_copied_and_comes_again_in_that_instant_is_not_taken(
    settings: Settings, target: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last pass copies what a slow writer left behind, when only the new place is written any more."""
    content = pictures.photo(40, 30)
    digest = (await add(await a_viewer(), content, settings)).image.digest
    key = originals.key(digest)
    await storage.store_at(target).prepare()
    await whereabouts.begin(target)
    await whereabouts.switch(target)
    await storage.look()
    put_file = FolderStore.put_file

    async def gone_and_back(self: FolderStore, *arguments: object, **options: object) -> None:
        await put_file(self, *arguments, **options)  # type: ignore[arg-type]
        if self.folder == folder and arguments[0] == key:
            monkeypatch.undo()
            await storage.remove(key)
            await storage.put(key, content)

    monkeypatch.setattr(FolderStore, "put_file", gone_and_back)
    mover = moving._Mover("file:", target, lambda _: None, None)
    await mover.copy_what_rows_name()
    assert (folder / key).read_bytes() == content
    assert not (settings.blobs / key).exists()
    assert mover.progress.lost == []
    assert await fetchval("SELECT array_agg(digest) FROM leftover") == [digest], "the collector looks at it"
    await collecting.collect(settings)
    assert (folder / key).read_bytes() == content
    assert await fetchval("SELECT count(*) FROM leftover") == 0


async def test_a_move_can_be_called_off(settings: Settings, target: str) -> None:
    digest = await a_picture(await a_viewer(), settings)
    await whereabouts.begin(target)
    assert await whereabouts.call_off() == target
    assert await whereabouts.whereabouts() == Whereabouts("file:")
    with pytest.raises(BadSetting, match="called off"):
        await whereabouts.switch(target)
    assert await storage.find(originals.key(digest))


async def test_who_writes_while_a_move_begins_and_ends_writes_where_it_will_be_looked_for(
    settings: Settings, target: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has not heard of the move puts a file, and finds out before it says that it has."""
    other = other_process(settings)
    put = FolderStore.put

    async def slow(self: FolderStore, key: str, content: bytes) -> None:
        await put(self, key, content)
        if key == "originals/sl/ow/slow" and self.folder == settings.blobs:
            (settings.blobs / key).unlink()  # as if the copying had come by before it was there
            await moving.move(target)
            await put(self, key, content)

    with monkeypatch.context() as patched, as_process(other):
        patched.setattr(FolderStore, "put", slow)
        await storage.put("originals/sl/ow/slow", b"the bytes")
    assert (folder / "originals/sl/ow/slow").read_bytes() == b"the bytes"


async def test_a_draft_is_kept_in_both_places_while_a_move_is_under_way(
    settings: Settings, target: str, folder: Path
) -> None:
    ana = await a_viewer()
    await storage.store_at(target).prepare()
    other = other_process(settings)
    await whereabouts.begin(target)
    with as_process(other):
        for seed in (1, 2):  # the first finds out only after it has given its draft away
            digest = await a_picture(ana, settings, seed)
            for place in (settings.blobs, folder):
                kept = (place / originals.key(digest)).read_bytes()
                assert hashlib.sha256(kept).hexdigest() == digest
                assert (place / renditions.key(digest, 320, VERSION)).is_file()
        await storage.remove(originals.key(digest))
    assert not any((place / originals.key(digest)).exists() for place in (settings.blobs, folder))


async def test_who_has_not_heard_of_a_move_finds_everything(settings: Settings, target: str) -> None:
    other = other_process(settings)
    digest = await a_picture(await a_viewer(), settings)
    await moving.move(target, removes=True)
    key = originals.key(digest)
    for find in (storage.find, storage.content):
        process = storage._Opened(settings, other.at)
        with as_process(process):
            assert await find(key)
        assert process.at.place == target
    with as_process(storage._Opened(settings, other.at)):
        async with storage.as_file(key) as path:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    with as_process(storage._Opened(settings, other.at)):
        assert [each.key async for each in storage.listed("originals/")] == [key]


async def test_a_target_that_fails_hinders_nobody_until_it_is_the_place(
    settings: Settings, target: str, folder: Path
) -> None:
    ana = await a_viewer()
    await whereabouts.begin(target)  # nobody has made its folder
    digest = await a_picture(ana, settings)
    assert (settings.blobs / originals.key(digest)).is_file()
    assert [each async for each in storage.listed("thumbnails/")] == []
    progress = await moving.move(target)
    assert progress.copied == 2
    assert (folder / originals.key(digest)).is_file()


async def test_a_process_that_cannot_reach_the_target_holds_the_move(
    settings: Settings, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_picture(await a_viewer(), settings)
    monkeypatch.setattr(storage, "FOLLOW_SECONDS", 0.01)
    monkeypatch.setattr(moving, "HEARD_SECONDS", 0.5)

    async def unreachable(_: FolderStore) -> None:
        raise StorageUnavailable("There are no keys.")

    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "check", unreachable)
        following = asyncio.create_task(storage.follow_for_ever())
        with pytest.raises(CannotMove, match="There are no keys"):
            await moving.move(target)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert (await fetchval("SELECT place FROM whereabouts")) == "file:"
    await moving.move(target)
    assert (await fetchval("SELECT place FROM whereabouts")) == target


async def test_only_one_moves_at_a_time(settings: Settings, target: str) -> None:
    await a_picture(await a_viewer(), settings)
    both = await asyncio.gather(moving.move(target), moving.move(target), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["CannotMove", "Progress"]


async def test_a_move_keeps_to_its_bytes_a_second(settings: Settings, target: str) -> None:
    for number in range(4):
        await storage.put(f"thumbnails/{number}", b"x" * 10_000)
    began = asyncio.get_running_loop().time()
    await moving.move(target, bytes_per_second=50_000)
    assert asyncio.get_running_loop().time() - began > 0.55


async def test_settings_that_speak_of_somewhere_else_are_not_believed(
    settings: Settings, target: str
) -> None:
    digest = await a_picture(await a_viewer(), settings)
    elsewhere = replace(settings, storage=target)
    with pytest.raises(BadSetting, match="adopt"):
        await storage.start_storage(elsewhere)
    await moving.move(target)
    for understood in (settings, elsewhere):
        await storage.start_storage(understood)
        assert await storage.find(originals.key(digest))
    await whereabouts.adopt("file:")
    with pytest.raises(BadSetting):
        await storage.start_storage(elsewhere)
    await execute("UPDATE whereabouts SET target = 'file:///x'")
    with pytest.raises(BadSetting, match="under way"):
        await whereabouts.adopt("file:")


async def test_what_nobody_owns_moves_too(settings: Settings, target: str, folder: Path) -> None:
    await storage.put("thumbnails/ab/cd/x.webp", b"drawn")
    await storage.put("originals/ab/cd/" + hashlib.sha256(b"stray").hexdigest(), b"stray")
    assert (await moving.move(target)).copied == 2
    assert (folder / "thumbnails/ab/cd/x.webp").read_bytes() == b"drawn"
