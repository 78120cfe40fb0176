"""Mutations: spoilt files of every format, and a decoder that they may not harm.

`python -m tests.mutations --count 100000` says what became of them; tests/domain/test_mutations.py and
`make nightly` assert it.
"""

import argparse
import asyncio
import itertools
import os
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

from domain import darkroom
from domain.errors import ImageRefused
from tests import pictures, sources

LARGEST_SEED_BYTES = 300_000
VIDEO_SHARE = 40
"""One in so many: starting ffmpeg costs as much as a hundred pictures."""

DEVELOPED_SHARE = 8
PROBE_SHARE = 200
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
REASONS = frozenset(
    (
        *("EMPTY", "NOT_AN_IMAGE", "UNSUPPORTED_FORMAT", "TOO_MANY_PIXELS", "TOO_MANY_FRAMES", "CORRUPT"),
        *("TOO_EXPENSIVE", "NO_PREVIEW", "PROTECTED"),
    )
)
CRASHED = "stops its decoder"
"""What the refusal says when the child died of the file."""

KILLED = ("takes too long or too much to decode", "more memory than one may take")


@dataclass
class Report:
    """What became of the files. unexpected: what was neither taken nor refused as it should be."""

    files: int = 0
    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    crashed: list[tuple[str, int]] = field(default_factory=list)
    killed: list[tuple[str, int]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    seconds: float = 0.0
    descriptors: tuple[int, int] = (0, 0)
    memory_mb: tuple[int, int] = (0, 0)
    decoders: set[int | None] = field(default_factory=set)

    def words(self) -> str:
        refused = ", ".join(f"{reason} {count}" for reason, count in self.refused.most_common())
        probes = sorted(self.probes) or [0.0]
        return "\n".join(
            (
                f"{self.files} files in {self.seconds:.0f} s, {self.taken} of them taken",
                f"refused: {refused}",
                f"children that died of a file: {len(self.crashed)} {_places(self.crashed)}",
                f"children ended by their limits: {len(self.killed)} {_places(self.killed)}",
                f"good pictures meanwhile: {len(self.probes)}, p95 {probes[len(probes) * 95 // 100]:.2f} s, "
                f"longest {probes[-1]:.2f} s",
                f"decoder processes: {len(self.decoders)}, its descriptors {self.descriptors[0]} → "
                f"{self.descriptors[1]}, its memory {self.memory_mb[0]} → {self.memory_mb[1]} MB",
                f"unexpected: {len(self.unexpected)} {self.unexpected[:5]}",
            )
        )


def _places(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name}#{seed}" for name, seed in found[:12])


@cache
def seeds() -> tuple[tuple[tuple[str, bytes], ...], tuple[tuple[str, bytes], ...]]:
    """Good and hostile files by name: those that are quick to open, and the videos."""
    found: dict[str, bytes] = {f"good/{name}": good.make() for name, good in pictures.GOOD.items()}
    found |= {f"hostile/{name}": content for name, (content, _) in pictures.hostile().items()}
    found |= {f"{name}.raw": sources.raw(name) for name in sources.RAWS}
    found |= {
        "plain.svg": sources.svg("<text>a</text>"),
        "packed.svgz": sources.svgz(),
        "pages.pdf": sources.pdf(),
    }
    corpus = Path(os.environ.get("WEBREF_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
    found |= {
        f"corpus/{path.name}": path.read_bytes()
        for folder in ("good", "hostile")
        if (corpus / folder).is_dir()
        for path in sorted((corpus / folder).iterdir())
        if path.stat().st_size <= LARGEST_SEED_BYTES
    }
    small = tuple(
        (name, content) for name, content in found.items() if 0 < len(content) <= LARGEST_SEED_BYTES
    )
    films = (
        tuple((f"video.{name}", sources.video(name)) for name in sources.VIDEOS)
        if sources.has_ffmpeg()
        else ()
    )
    return small, films


def mutated(seed: int) -> tuple[str, bytes]:
    """The seed decides everything: which file, and how it is spoilt. Answers the file's name, too."""
    chance = random.Random(seed)
    small, films = seeds()
    among = films if films and seed % VIDEO_SHARE == 0 else small
    name, content = chance.choice(among)
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _spoil(spoilt, chance, among)
    return name, bytes(spoilt)


def _spoil(spoilt: bytearray, chance: random.Random, among: Sequence[tuple[str, bytes]]) -> None:
    if not spoilt:
        spoilt += chance.randbytes(chance.randrange(1, 200))
    size = len(spoilt)
    place = chance.randrange(size if chance.random() < 0.5 else min(size, 512))
    span = chance.choice((1, 2, 4, 16, 64, 512, 4096))
    match chance.randrange(8):
        case 0:  # flipped bits, few or many, anywhere
            for _ in range(chance.choice((1, 3, 10, 50))):
                spoilt[chance.randrange(size)] ^= 1 << chance.randrange(8)
        case 1:  # cut off
            del spoilt[place:]
        case 2:  # a number at its limits, where headers have theirs
            form = chance.choice(("<H", ">H", "<I", ">I"))
            number = chance.choice(EXTREMES) & ((1 << 8 * struct.calcsize(form)) - 1)
            spoilt[place : place + struct.calcsize(form)] = struct.pack(form, number)
        case 3:  # a piece of another file
            _, other = chance.choice(among)
            start = chance.randrange(len(other))
            spoilt[place : place + span] = other[start : start + chance.choice((16, 512, 8192))]
        case 4:  # left out
            del spoilt[place : place + span]
        case 5:  # twice, or many times
            spoilt[place:place] = spoilt[place : place + span] * chance.choice((1, 2, 100))
        case 6:  # noise
            spoilt[place : place + span] = chance.randbytes(span)
        case _:  # one byte everywhere
            spoilt[place : place + span] = bytes([chance.choice((0, 0xFF, 0x41))]) * span


async def drive(first: int, count: int, *, at_once: int = 3, says: bool = False) -> Report:
    """Gives so many spoilt files to the real decoder; a good one now and then must come out right."""
    report, numbers, begun = Report(), itertools.count(first), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        good = _written(Path(folder, "good"), pictures.GOOD["baseline.jpg"].make())
        await darkroom.inspect(good)
        decoder = psutil.Process(darkroom.decoder_id() or 0)
        before = decoder.num_fds(), decoder.memory_info().rss >> 20

        async def work(place: Path) -> None:
            while (seed := next(numbers)) < first + count:
                name, content = mutated(seed)
                await _try(report, name, seed, _written(place, content))
                report.decoders.add(darkroom.decoder_id())
                if seed % PROBE_SHARE == 0:
                    await _probe(report, good)
                if says and report.files % 2_000 == 0:
                    print(f"{report.files} …", file=sys.stderr, flush=True)

        await asyncio.gather(*(work(Path(folder, f"spoilt-{number}")) for number in range(at_once)))
        await _probe(report, good)
        if decoder.is_running():
            report.descriptors = before[0], decoder.num_fds()
            report.memory_mb = before[1], decoder.memory_info().rss >> 20
    report.seconds = time.monotonic() - begun
    return report


def _written(place: Path, content: bytes) -> Path:
    place.write_bytes(content)
    return place


async def _try(report: Report, name: str, seed: int, place: Path) -> None:
    report.files += 1
    try:
        await darkroom.inspect(place)
        if seed % DEVELOPED_SHARE == 0:
            async for _ in darkroom.develop(place):
                pass
        report.taken += 1
    except ImageRefused as refused:
        reason = str(refused.details["reason"])
        report.refused[reason] += 1
        if reason not in REASONS or str(place) in refused.message:
            report.unexpected.append(f"{name}#{seed}: {reason} {refused.message}")
        if CRASHED in refused.message:
            report.crashed.append((name, seed))
        if any(words in refused.message for words in KILLED):
            report.killed.append((name, seed))
    except Exception as error:
        report.unexpected.append(f"{name}#{seed}: {error!r}")


async def _probe(report: Report, good: Path) -> None:
    begun = time.monotonic()
    try:
        inspection = await darkroom.inspect(good)
        if (inspection.width, inspection.height) != (pictures.WIDTH, pictures.HEIGHT):
            report.unexpected.append("a good picture came out wrong")
    except Exception as error:
        report.unexpected.append(f"a good picture: {error!r}")
    report.probes.append(time.monotonic() - begun)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=1_000)
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--at-once", type=int, default=3)
    given = asked.parse_args()
    report = asyncio.run(drive(given.first, given.count, at_once=given.at_once, says=True))
    darkroom.close()
    print(report.words())


if __name__ == "__main__":
    main()
