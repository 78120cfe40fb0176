"""I1, I2: what it costs to make renditions, against sharp, and how much memory a large picture takes."""

import asyncio
import io
import json
import math
import subprocess
import time
from pathlib import Path
from statistics import median

import psutil
from PIL import Image, ImageChops, ImageStat

from domain import darkroom
from tests.benchmarks.installing import installed
from tests.benchmarks.rows import Measure
from tests.pictures import flat_png, photo, saved

ROUNDS = 3
EFFORTS = {2: "the effort of webref, too", 4: "its default"}
"""Of sharp's WebP. Less effort makes files a few percent larger and takes half the time."""


def mixed_set(folder: Path) -> list[Path]:
    """Photos of 2 to 24 megapixels, with and without transparency, as they come from cameras and screens."""
    made = {
        "a-2.jpg": photo(1600, 1200, seed=1, quality=90),
        "b-12.jpg": photo(4000, 3000, seed=2, quality=90),
        "c-24.jpg": photo(6000, 4000, seed=3, quality=90),
        "d-12p.jpg": saved(_photo(4000, 3000, 4), "JPEG", quality=90, progressive=True),
        "e-6.png": saved(_photo(3000, 2000, 5), "PNG"),
        "f-6a.png": saved(_translucent(3000, 2000, 6), "PNG"),
        "g-12.webp": saved(_photo(4000, 3000, 7), "WEBP", quality=90, method=0),
        "h-8.tiff": saved(_photo(3200, 2400, 8), "TIFF"),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def _photo(width: int, height: int, seed: int) -> Image.Image:
    return Image.open(io.BytesIO(photo(width, height, seed=seed, quality=95)))


def _translucent(width: int, height: int, seed: int) -> Image.Image:
    picture = _photo(width, height, seed)
    picture.putalpha(Image.radial_gradient("L").resize((width, height)))
    return picture


def against_sharp(folder: Path) -> list[Measure]:
    """Pictures a CPU second, both two at a time; runs alternate, since a busy machine slows both."""
    peer = installed("I1", "sharp")
    if peer is None:
        return []
    source, ours = folder / "source", folder / "ours"
    theirs = {effort: folder / f"theirs-{effort}" for effort in EFFORTS}
    for each in (source, ours, *theirs.values()):
        each.mkdir()
    paths = mixed_set(source)
    spent: dict[int, list[float]] = {effort: [] for effort in (0, *EFFORTS)}
    for _ in range(ROUNDS):
        spent[0].append(asyncio.run(_developed(paths, ours)))
        for effort, target in theirs.items():
            said = subprocess.run(
                ["node", "renditions.mjs", str(source), str(target), str(effort)],
                cwd=peer,
                check=True,
                capture_output=True,
                timeout=600,
            )
            spent[effort].append(json.loads(said.stdout)["cpu"])
    quality = _psnr(paths, ours)
    measures = []
    for effort, words in EFFORTS.items():
        how = (
            f"{len(paths)} pictures of 2 to 24 MP (JPEG, progressive JPEG, PNG, PNG with alpha, WebP, TIFF) "
            f"to 320, 800 and 1600 px WebP q85, two at a time, median CPU of {ROUNDS} alternating runs; "
            f"sharp 0.35 at effort {effort}, {words}; "
            f"ours take {_bytes_in(ours) / _bytes_in(theirs[effort]):.2f} of its bytes; "
            f"PSNR of the largest against float Lanczos {quality:.1f} dB, "
            f"sharp {_psnr(paths, theirs[effort]):.1f}"
        )
        ratio = median(spent[effort]) / median(spent[0])
        measures.append(
            Measure(
                "I1",
                f"renditions a CPU second, sharp's at effort {effort} ÷ ours",
                ratio,
                "×",
                1.0,
                how,
                at_most=False,
            )
        )
    return measures


def _bytes_in(folder: Path) -> int:
    return sum(made.stat().st_size for made in folder.iterdir())


async def _developed(paths: list[Path], target: Path) -> float:
    """CPU seconds of the decoder and its children. With its forks and pipes; without its start."""
    await darkroom.inspect(paths[0])
    process = psutil.Process(darkroom.decoder_id())
    waiting, before, mine = list(paths), _cpu(process), time.process_time()

    async def worker() -> None:
        while waiting:
            path = waiting.pop(0)
            async for made in darkroom.develop(path):
                (target / f"{path.name}-{made.size}.webp").write_bytes(made.content)

    await asyncio.gather(worker(), worker())
    await asyncio.sleep(0.3)  # until the decoder has counted its children
    spent = _cpu(process) - before + time.process_time() - mine
    darkroom.close()
    return spent


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _psnr(paths: list[Path], folder: Path) -> float:
    """Mean over the opaque pictures; of the largest rendition."""
    found = []
    for path in paths:
        original = Image.open(path)
        if original.mode != "RGB":
            continue
        largest = max(folder.glob(f"{path.name}-*.webp"), key=lambda made: made.stat().st_size)
        made = Image.open(largest).convert("RGB")
        bands = [band.convert("F").resize(made.size, Image.Resampling.LANCZOS) for band in original.split()]
        rounded = [band.point(lambda value: value * 1 + 0.5).convert("L") for band in bands]
        expected = Image.merge("RGB", rounded)
        squares = ImageStat.Stat(ImageChops.difference(made, expected)).sum2
        error = sum(squares) / (3 * made.width * made.height)
        found.append(10 * math.log10(255**2 / max(error, 1e-9)))
    return sum(found) / len(found)


def child_memory(folder: Path) -> list[Measure]:
    """The most that a child has resident while it makes renditions, and while it cuts tiles, of 100 MP."""
    noisy = Image.effect_noise((2500, 2500), 60).convert("RGB").resize((10_000, 10_000))
    pictures = {
        "baseline.jpg": saved(noisy, "JPEG", quality=85),
        "progressive.jpg": saved(noisy, "JPEG", quality=85, progressive=True),
        "photo.png": saved(noisy, "PNG", compress_level=1),
        "flat.png": flat_png(10_000, 10_000),
    }
    measures = []
    for name, content in pictures.items():
        path = folder / name
        path.write_bytes(content)
        peak = asyncio.run(_peak(path))
        how = "resident memory of the decoder's child, looked at every 50 ms; renditions, then tiles"
        measures.append(Measure("I2", f"child's memory, 100 MP {name}", peak / 1e6, "MB", 512, how))
    return measures


async def _peak(path: Path) -> int:
    darkroom.warm_up()
    peak = 0

    async def watch() -> None:
        nonlocal peak
        decoder = psutil.Process(darkroom.decoder_id())
        while True:
            for child in decoder.children():
                try:
                    peak = max(peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    async for _ in darkroom.develop(path):
        pass
    async for _ in darkroom.cut(path):
        pass
    watching.cancel()
    darkroom.close()
    return peak
