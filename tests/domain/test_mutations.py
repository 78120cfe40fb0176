"""Spoilt files: whatever is in them costs their own child, and never the decoder or another picture."""

import asyncio
import random
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import darkroom
from domain.errors import ImageRefused
from tests import mutations, pictures, thoroughness

FIRST = random.Random().randrange(1 << 40) if thoroughness.NIGHTLY else 0
"""Every night others; a seed that is reported can be given to tests.mutations again."""


@pytest.mark.timeout(86_400 if thoroughness.NIGHTLY else 180)
async def test_spoilt_files_cost_only_their_child() -> None:
    report = await mutations.drive(FIRST, thoroughness.MUTATIONS)
    darkroom.close()
    print(report.words())
    assert not report.unexpected
    assert report.files == thoroughness.MUTATIONS
    assert report.taken
    assert report.refused["CORRUPT"]
    assert len(report.decoders) == 1, "the decoder itself survived"
    assert report.descriptors[1] <= report.descriptors[0] + 6, "nothing of any child is left open"
    assert report.memory_mb[1] <= report.memory_mb[0] + 30


async def test_files_that_take_for_ever_delay_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many send more endless files than are decoded at once; the pictures of others are quick."""
    monkeypatch.setattr(darkroom, "QUICK_SECONDS", 0.1)
    good, hostile = tmp_path / "good", [uuid4() for _ in range(4)]
    good.write_bytes(pictures.GOOD["baseline.jpg"].make())
    await darkroom.inspect(good)
    with pictures.endless(tmp_path / "endless") as endless:
        busy = [
            asyncio.create_task(_finished(endless, sender))
            for sender in hostile
            for _ in range(2 * darkroom.SLOTS)
        ]
        await asyncio.sleep(0.05)
        for _ in range(3):
            assert (await darkroom.inspect(good, sender=uuid4())).width == pictures.WIDTH
        assert not any(task.done() for task in busy)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
    darkroom.close()


async def _finished(path: Path, sender: UUID) -> None:
    try:
        await darkroom.inspect(path, sender=sender)
    except ImageRefused:
        return
