"""Spoilt files: whatever is in them costs their own child, and never the decoder or another picture."""

import asyncio
import random
from pathlib import Path

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


async def test_a_file_that_takes_for_ever_delays_nobody(tmp_path: Path) -> None:
    """As many endless files as are decoded at once, and one more; a good one among them comes first."""
    endless, good = tmp_path / "endless", tmp_path / "good"
    endless.write_bytes(pictures.flat_png(11_000, 10_900))
    good.write_bytes(pictures.GOOD["baseline.jpg"].make())
    await darkroom.inspect(good)
    busy = [asyncio.create_task(_finished(endless)) for _ in range(darkroom.SLOTS - 1)]
    await asyncio.sleep(0.05)
    assert (await darkroom.inspect(good)).width == pictures.WIDTH
    assert not any(task.done() for task in busy)
    await asyncio.gather(*busy)
    darkroom.close()


async def _finished(path: Path) -> None:
    try:
        await darkroom.inspect(path)
    except ImageRefused:
        return
