"""S3: what a picture, an item and a change take for good, and the CPU that making a picture costs."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from tests.benchmarks.rows import Measure
from tests.pictures import photo
from tests.running import RunningServer, Script, running_server

Made = TypeVar("Made")

PICTURES = 8
TWELVE_MEGAPIXELS = (4000, 3000)
ITEMS = 5_000
AT_ONCE = 500
MOVES = 1_000
PATIENCE_SECONDS = 300


def what_is_kept(folder: Path) -> list[Measure]:
    with running_server(folder) as server:
        owner = Script(server, timeout_seconds=120).register()
        board = owner.create_board()
        contents = [photo(*TWELVE_MEGAPIXELS, seed=seed, quality=90) for seed in range(PICTURES)]
        sent = sum(map(len, contents))
        before, spent = _bytes_in(server.data), server.cpu_seconds()
        images = [owner.upload(content, f"{n}.jpg")["id"] for n, content in enumerate(contents)]
        _until(lambda: _is_quiet(owner))
        spent = (server.cpu_seconds() - spent) / PICTURES
        kept = _bytes_in(server.data) - before
        items, of_items = _grown(server, lambda: list(_placed(owner, board, images)))
        _, of_moves = _grown(server, lambda: _moved(owner, board, items))
    shape = f"{PICTURES} JPEGs of 12 MP, {sent / PICTURES / 1e6:.1f} MB each"
    return [
        Measure(
            "S3",
            "files kept of a picture, against its original",
            kept / sent,
            "×",
            1.6,
            f"{shape}: originals, renditions, tiles and the database's rows, in bytes on the disk",
        ),
        Measure(
            "S3",
            "CPU of a picture, upload to all that is made of it",
            spent,
            "s",
            1.5,
            f"{shape}: server, worker and decoder, without PostgreSQL",
        ),
        Measure(
            "S3",
            "database for an item",
            of_items / ITEMS / 1000,
            "KB",
            2,
            f"{ITEMS} pictures placed, {AT_ONCE} at once: rows, indexes and log",
        ),
        Measure(
            "S3",
            "database for a change",
            of_moves / MOVES / 1000,
            "KB",
            2,
            f"{MOVES} moves of one item, each a change of its own: rows, indexes, receipts",
        ),
    ]


def _placed(owner: Script, board: str, images: list[str]) -> Iterator[str]:
    for _ in range(ITEMS // AT_ONCE):
        yield from owner.add_images(board, [images[n % len(images)] for n in range(AT_ONCE)])


def _moved(owner: Script, board: str, items: list[str]) -> None:
    for number in range(MOVES):
        owner.ask(
            "mutation ($input: MoveItemsInput!) { moveItems(input: $input) { board { seq } } }",
            input={
                "boardId": board,
                "ids": [items[number % len(items)]],
                "dx": 1,
                "dy": number,
                "clientMutationId": str(uuid4()),
            },
        )


def _grown(server: RunningServer, act: Callable[[], Made]) -> tuple[Made, int]:
    """What the act made, and by how many bytes the tables and indexes are larger after it."""
    tables = server.data / "postgres" / "cluster" / "base"
    before = _bytes_in(tables)
    made = act()
    return made, _bytes_in(tables) - before


def _bytes_in(folder: Path) -> int:
    """Without the log of the database, whose size has its own bounds."""
    files = (path for path in folder.rglob("*") if "pg_wal" not in path.parts and path.is_file())
    return sum(path.stat().st_blocks * 512 for path in files)


def _is_quiet(owner: Script) -> bool:
    queues = owner.ask("{ jobReport { queues { waiting running } } }")["jobReport"]["queues"]
    return not any(queue["waiting"] + queue["running"] for queue in queues)


def _until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise TimeoutError("the pictures were not made in time")
        time.sleep(0.2)
