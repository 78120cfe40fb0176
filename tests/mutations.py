"""Mutations: spoilt files of every format, and a decoder that they may not harm.

`python -m tests.mutations --count 100000` says what became of them; tests/domain/test_mutations.py and
`make nightly` assert it.
"""

import argparse
import asyncio
import io
import itertools
import os
import random
import re
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil
from PIL import Image

from domain import darkroom
from domain.errors import ImageRefused
from tests import pictures, sources

LARGEST_SEED_BYTES = 1_000_000
VIDEO_SHARE = 40
"""One in so many: starting ffmpeg costs as much as a hundred pictures."""

LARGE_SHARE = 16
"""One in so many of a kind is chosen among its large files too: copying and opening them takes longer."""

GOOD_SHARE = 0.8
LARGE_BYTES = 250_000
SECOND_SHARE = 3
"""One in so many is also given to what comes after an inspection, whatever that said."""

PROBE_SHARE = 200
MOVING = ("GIF", "WEBP", "PNG", "AVIF")
PAGED = ("TIFF", "PDF")
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
REASONS = frozenset(
    (
        *("EMPTY", "NOT_AN_IMAGE", "UNSUPPORTED_FORMAT", "TOO_MANY_PIXELS", "TOO_MANY_FRAMES", "CORRUPT"),
        *("TOO_EXPENSIVE", "NO_PREVIEW", "PROTECTED", "NO_SUCH_PAGE"),
    )
)
FILMED = "film"
KINDS = tuple(
    (kind, re.compile(begins, re.DOTALL))
    for kind, begins in (
        ("JPEG", rb"\xff\xd8"),
        ("PNG", rb"\x89PNG"),
        ("GIF", rb"GIF8"),
        ("WEBP", rb"RIFF.{4}WEBP"),
        ("AVIF", rb".{4}ftypavi"),
        ("HEIF", rb".{4}ftyp(heic|heix|mif1|msf1)"),
        ("JXL", rb"\xff\x0a|.{4}JXL "),
        ("JPEG2000", rb".{4}jP  |\xff\x4f\xff\x51"),
        ("TIFF", rb"II\*\0|MM\0\*"),
        ("BMP", rb"BM"),
        ("PDF", rb"%PDF"),
        ("SVG", rb"\s*<|\xef\xbb\xbf<|\x1f\x8b"),
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
    kinds: Counter[str] = field(default_factory=Counter)
    kinds_taken: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    obeyed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    crashed: list[tuple[str, int]] = field(default_factory=list)
    killed: list[tuple[str, int]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    seconds: float = 0.0
    descriptors: tuple[int, int] = (0, 0)
    memory_mb: tuple[int, int] = (0, 0)
    decoders: set[int | None] = field(default_factory=set)
    left: int = 0
    """Children that outlived all orders."""

    def words(self) -> str:
        refused = ", ".join(f"{reason} {count}" for reason, count in self.refused.most_common())
        probes = sorted(self.probes) or [0.0]
        return "\n".join(
            (
                f"{self.files} files in {self.seconds:.0f} s, {self.taken} of them taken",
                "of a kind (taken): "
                + ", ".join(f"{kind} {n} ({self.kinds_taken[kind]})" for kind, n in self.kinds.most_common()),
                "orders (obeyed): "
                + ", ".join(f"{name} {n} ({self.obeyed[name]})" for name, n in self.orders.most_common()),
                f"refused: {refused}",
                f"children that died of a file: {len(self.crashed)} {_places(self.crashed)}",
                f"children ended by their limits: {len(self.killed)} {_places(self.killed)}",
                f"good pictures meanwhile: {len(self.probes)}, p95 {probes[len(probes) * 95 // 100]:.2f} s, "
                f"longest {probes[-1]:.2f} s",
                f"decoder processes: {len(self.decoders)}, children left: {self.left}, its descriptors "
                f"{self.descriptors[0]} → {self.descriptors[1]}, its memory "
                f"{self.memory_mb[0]} → {self.memory_mb[1]} MB",
                f"unexpected: {len(self.unexpected)} {self.unexpected[:5]}",
            )
        )


def _places(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name}#{seed}" for name, seed in found[:12])


@cache
def seeds() -> Mapping[str, Sequence[tuple[str, bytes]]]:
    """Good and hostile files by kind, each with its name, the small before the large."""
    found: dict[str, bytes] = {f"good/{name}": good.make() for name, good in pictures.GOOD.items()}
    found |= {f"hostile/{name}": content for name, (content, _) in pictures.hostile().items()}
    found |= {f"{name}.raw": sources.raw(name) for name in sources.RAWS}
    found |= {
        "plain.svg": sources.svg("<text>a</text>"),
        "painted.svg": sources.svg(sources.PAINTED),
        "packed.svgz": sources.svgz(),
        "pages.pdf": sources.pdf(),
        "photo.pdf": pictures.saved(pictures.quadrants(), "PDF"),
        "photo.jp2": pictures.saved(pictures.quadrants(), "JPEG2000"),
    }
    corpus = Path(os.environ.get("WEBREF_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
    found |= {
        f"corpus/{folder}/{path.name}": path.read_bytes()
        for folder in ("good", "hostile")
        if (corpus / folder).is_dir()
        for path in sorted((corpus / folder).iterdir())
        if path.stat().st_size <= LARGEST_SEED_BYTES
    }
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in sorted(found.items(), key=lambda one: len(one[1])):
        if 0 < len(content) <= LARGEST_SEED_BYTES:
            kind = "RAW" if name.endswith(".raw") else _kind(content)
            kinds.setdefault(kind, []).append((name, content))
    if sources.has_ffmpeg():
        kinds[FILMED] = [(f"video.{name}", sources.video(name)) for name in sources.VIDEOS]
    return kinds


def _kind(content: bytes) -> str:
    """By its first bytes, whatever its name says; "other" is what nobody takes."""
    return next((kind for kind, begins in KINDS if begins.match(content)), "other")


def mutated(seed: int) -> tuple[str, str, bytes]:
    """The seed decides everything: which file, and how it is spoilt. Answers its kind and name, too.

    Every kind comes as often as any other, but films.
    """
    chance = random.Random(seed)
    kinds = seeds()
    if FILMED in kinds and seed % VIDEO_SHARE == 0:
        kind = FILMED
    else:
        kind = chance.choice([each for each in kinds if each != FILMED])
    among = kinds[kind]
    if seed % LARGE_SHARE:
        among = [one for one in among if len(one[1]) <= LARGE_BYTES] or among
    if chance.random() < GOOD_SHARE:
        among = [one for one in among if "hostile" not in one[0]] or among
    name, content = chance.choice(among)
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        # A piece of another file is as often of the same kind as of any.
        others = among if chance.random() < 0.5 else kinds[chance.choice(list(kinds))]
        _spoil(spoilt, chance, others)
    if kind == "PNG" and chance.random() < 0.5:
        _sum_up(spoilt)
    return kind, name, bytes(spoilt)


def _sum_up(spoilt: bytearray) -> None:
    """Makes the checksums of a PNG's chunks right again: else its reader looks no further than there."""
    place = len(pictures.PNG_START)
    while place + 12 <= len(spoilt):
        end = place + 8 + int.from_bytes(spoilt[place : place + 4], "big")
        if end + 4 > len(spoilt):
            return
        spoilt[end : end + 4] = struct.pack(">I", zlib.crc32(spoilt[place + 4 : end]))
        place = end + 4


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
                kind, name, content = mutated(seed)
                report.kinds[kind] += 1
                await _try(report, kind, name, seed, _written(place, content))
                report.decoders.add(darkroom.decoder_id())
                if seed % PROBE_SHARE == 0:
                    await _probe(report, good)
                if says and report.files % 2_000 == 0:
                    report.seconds = time.monotonic() - begun
                    print(f"… up to #{seed}\n{report.words()}", file=sys.stderr, flush=True)

        await asyncio.gather(*(work(Path(folder, f"spoilt-{number}")) for number in range(at_once)))
        await _probe(report, good)
        if decoder.is_running():
            report.descriptors = before[0], decoder.num_fds()
            report.memory_mb = before[1], decoder.memory_info().rss >> 20
            for _ in range(100):  # the last may just be ending
                report.left = len(decoder.children(recursive=True))
                if not report.left:
                    break
                await asyncio.sleep(0.02)
    report.seconds = time.monotonic() - begun
    return report


def _written(place: Path, content: bytes) -> Path:
    place.write_bytes(content)
    return place


async def _try(report: Report, kind: str, name: str, seed: int, place: Path) -> None:
    """An inspection, as of every upload; of some also what a job or a person asks for later."""
    report.files += 1
    if await _asked(report, "inspect", name, seed, place):
        report.taken += 1
        report.kinds_taken[kind] += 1
    if seed % SECOND_SHARE == 0:
        among = ["develop", "whole", "cut"]
        among += ["animate"] * 2 * (kind in MOVING) + ["page"] * 2 * (kind in PAGED)
        await _asked(report, random.Random(f"order {seed}").choice(among), name, seed, place)


async def _asked(report: Report, order: str, name: str, seed: int, place: Path) -> bool:
    """Whether it was obeyed."""
    report.orders[order] += 1
    try:
        await _obeyed(order, place, seed)
    except ImageRefused as refused:
        reason = str(refused.details["reason"])
        report.refused[reason] += 1
        if reason not in REASONS or str(place) in refused.message:
            report.unexpected.append(f"{name}#{seed} {order}: {reason} {refused.message}")
        if CRASHED in refused.message:
            report.crashed.append((f"{name} {order}", seed))
        if any(words in refused.message for words in KILLED):
            report.killed.append((f"{name} {order}", seed))
        return False
    except Exception as error:
        report.unexpected.append(f"{name}#{seed} {order}: {error!r}")
        return False
    report.obeyed[order] += 1
    return True


async def _obeyed(order: str, place: Path, seed: int) -> None:
    """What comes out is a picture each time: whatever was sent must not have made a wrong one."""
    match order:
        case "inspect":
            _require_picture((await darkroom.inspect(place)).first.content)
        case "develop":
            async for developed in darkroom.develop(place):
                _require_picture(developed.content)
        case "whole":
            await darkroom.whole(place)  # a JPEG, PNG or WebP is shown as it came, as spoilt as it is
        case "cut":
            async for _, content in darkroom.cut(place):
                _require_picture(content)
        case "animate":
            _, content = await darkroom.animate(place)
            _require_picture(content)
        case _:
            _require_picture(await darkroom.page(place, 1 + seed % 4))


def _require_picture(content: bytes) -> None:
    with Image.open(io.BytesIO(content), formats=("WEBP", "JPEG", "PNG")) as picture:
        picture.load()


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
