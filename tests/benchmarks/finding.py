"""F1: what finding pictures costs in a library of 100,000, against reading a page of it.

Palettes are random, so that a quarter of the library shows any colour: more than libraries of people do.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

from domain import colours, twins
from domain.access import Viewer
from domain.colours import Swatch
from domain.database import close_database, connect, open_database
from domain.findings import ImageFilter, ImageSort, find_images
from domain.migrate import migrate
from domain.postgres import Cluster, find_binaries, running
from tests.benchmarks.rows import Measure
from tests.factories import a_viewer

RUNS = 9
PICTURES = 100_000
WORDS = ("oak", "sea", "stone", "portrait", "dusk", "harbour", "fern", "brick", "cloud", "street")
COLUMNS = (
    *("id", "owner", "digest", "name", "title", "tags", "size_bytes", "format", "mime", "width", "height"),
    *("frames", "has_alpha", "camera", "placeholder", "palette", "state", "created_at", "made", "colours"),
    *("cells", "fingerprint", "sketch"),
)

Ask = Callable[[], Awaitable[object]]


def a_row(pick: random.Random, owner: UUID, number: int) -> tuple[object, ...]:
    parts = [tuple(pick.randrange(256) for _ in range(3)) for _ in range(5)]
    swatches = [
        Swatch("#{:02x}{:02x}{:02x}".format(*rgb), colours.thousandths(colours.oklab(*rgb)), weight)
        for rgb, weight in zip(parts, (450, 250, 150, 100, 50), strict=True)
    ]
    fields: dict[str, object] = {
        "id": uuid4(),
        "owner": owner,
        "digest": f"{number:064x}",
        "name": f"IMG_{number:06}-{pick.choice(WORDS)}.jpg",
        "title": f"{pick.choice(WORDS)} and {pick.choice(WORDS)}",
        "tags": pick.sample(WORDS, 2),
        "size_bytes": pick.randrange(10_000, 20_000_000),
        "format": "JPEG",
        "mime": "image/jpeg",
        "width": pick.randrange(300, 6_000),
        "height": pick.randrange(300, 6_000),
        "frames": 1,
        "has_alpha": False,
        "camera": "",
        "placeholder": b"",
        "palette": [swatch.colour for swatch in swatches],
        "state": "READY",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        "made": [],
        "colours": colours.flat(swatches),
        "cells": colours.cells_of(swatches),
        "fingerprint": pick.getrandbits(64) - 2**63,
        "sketch": pick.randbytes(192),
    }
    return tuple(fields[column] for column in COLUMNS)


async def filled(url: str) -> tuple[Viewer, UUID]:
    """A library, and the id of one of its pictures."""
    viewer, pick = await a_viewer(), random.Random(1)
    rows = [a_row(pick, viewer.account_id, number) for number in range(PICTURES)]
    connection = await connect(url)
    await connection.copy_records_to_table("image", records=rows, columns=list(COLUMNS))
    await connection.execute("VACUUM ANALYZE image")
    await connection.close()
    return viewer, UUID(str(rows[PICTURES // 2][0]))


async def seconds_of(ask: Ask) -> float:
    """The median of several; what is read first is not counted."""
    await ask()
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - began)
    return median(taken)


def finding(folder: Path) -> list[Measure]:
    return asyncio.run(_finding(folder))


async def _finding(folder: Path) -> list[Measure]:
    async with running(Cluster(folder / "postgres", find_binaries())) as url:
        await migrate(url)
        await open_database(url)
        try:
            viewer, image_id = await filled(url)
            return await _measured(viewer, image_id)
        finally:
            await close_database()


async def _measured(viewer: Viewer, image_id: UUID) -> list[Measure]:
    def asking(wanted: ImageFilter, sort: ImageSort = ImageSort.NEWEST) -> Ask:
        return lambda: find_images(viewer, wanted, sort=sort, first=60)

    page = await seconds_of(asking(ImageFilter()))
    red = ["#d03020"]
    asked: dict[str, Ask] = {
        "colour and words": asking(ImageFilter(text="oak", colours=red), ImageSort.COLOUR),
        "colour": asking(ImageFilter(colours=red), ImageSort.COLOUR),
        "part of a name": asking(ImageFilter(text="04217")),
        "twins of a new picture": lambda: twins.find_twins(image_id),
        "similar pictures": lambda: twins.similar_images(viewer, image_id),
    }
    bars = {"part of a name": 5.0, "twins of a new picture": 50.0}
    found = {name: await seconds_of(ask) for name, ask in asked.items()}
    return [
        Measure(
            "F1",
            f"{name} in {PICTURES:,} pictures against a page",
            seconds / page,
            "×",
            bars.get(name, 500.0),
            f"{seconds * 1000:.1f} ms against {page * 1000:.1f} for the newest 60, medians of {RUNS}",
        )
        for name, seconds in found.items()
    ]
