"""Durability: bytes are synced before they have a name, folders after it, all before a row speaks of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain import jobs, originals, storage
from domain.database import fetchval
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add


class Steps:
    """What was done to files so far, in order: ("sync", path) and ("name", path), where it went."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Path]] = []
        self.drafts: dict[Path, Path] = {}

    def require_durable(self, place: Path, root: Path) -> None:
        """The bytes were synced before they got their name, and after it every folder down from `root`."""
        named = self.done.index(("name", place))
        assert ("sync", self.drafts[place]) in self.done[:named]
        assert ("sync", place.parent) in self.done[named:]
        for folder in place.parent.parents:
            if folder == root.parent:
                break
            assert ("sync", folder) in self.done, folder


@contextmanager
def watched() -> Iterator[Steps]:
    steps, sync, rename = Steps(), os.fsync, Path.rename

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        steps.done.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}"))))

    def named(draft: Path, place: Path) -> Path:
        steps.drafts[place] = draft
        moved = rename(draft, place)
        steps.done.append(("name", place))
        return moved

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        patched.setattr(Path, "rename", named)
        yield steps


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


def kept(settings: Settings) -> Path:
    """The one original there is."""
    (place,) = (path for path in (settings.blobs / "originals").rglob("*") if path.is_file())
    return place


async def keep(settings: Settings) -> None:
    async with originals.receive(settings) as intake:
        await intake.write(b"the bytes of a picture")
        await originals.keep(intake)


async def test_what_is_kept_survives_a_power_cut(settings: Settings) -> None:
    with watched() as steps:
        await keep(settings)
    steps.require_durable(kept(settings), settings.blobs / "originals")


async def test_bytes_whose_first_keeper_died_are_durable_for_the_second(settings: Settings) -> None:
    await keep(settings)
    with watched() as steps:
        await keep(settings)
    assert ("sync", kept(settings).parent) in steps.done


async def test_a_rendition_survives_a_power_cut(settings: Settings) -> None:
    with watched() as steps:
        await storage.put("renditions/ab/1/320.webp", b"the bytes of a rendition")
    steps.require_durable(settings.blobs / "renditions/ab/1/320.webp", settings.blobs / "renditions")


async def test_an_original_is_durable_before_its_row_is(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = jobs.enqueue

    async def enqueue_when_durable(*arguments: Any, **options: Any) -> UUID:
        steps.require_durable(kept(settings), settings.blobs / "originals")
        return await enqueue(*arguments, **options)

    monkeypatch.setattr(jobs, "enqueue", enqueue_when_durable)
    with watched() as steps:
        await add(await a_viewer(), pictures.photo(40, 30), settings)
    assert await fetchval("SELECT count(*) FROM image") == 1
