"""I3, U1, U2: what a picture costs on its way from the upload to everyone's screen."""

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from tests.benchmarks.rows import Measure
from tests.pictures import GOOD, photo
from tests.running import RunningServer, Script, running_server

RUNS = 7
MEGABYTE = 1_000_000
TWELVE_MEGAPIXELS = (4000, 3000)


def first_rendition_cpu(folder: Path) -> list[Measure]:
    """Server CPU from the upload until the first rendition is announced, against making that rendition.

    The rendition is there with the upload's answer. No workers: the larger sizes are none of this.
    """
    contents = [photo(*TWELVE_MEGAPIXELS, seed=seed, quality=90) for seed in range(RUNS)]
    with running_server(folder, WEBREF_WORKERS="0") as server:
        owner = Script(server).register()
        owner.upload(photo(640, 480, seed=99), "warm.jpg")
        whole = [_cpu_of_upload(server, owner, content) for content in contents]
    alone = [_cpu_of_rendition(content) for content in contents]
    how = (
        "CPU of server and decoder until the answer that holds the 320 px rendition, median "
        f"of {RUNS} 12 MP JPEGs, against draft, resize and WebP encoding of the same rendition alone"
    )
    return [
        Measure("I3", "12 MP JPEG: upload to first rendition", median(whole) / median(alone), "×", 3, how)
    ]


def _cpu_of_upload(server: RunningServer, owner: Script, content: bytes) -> float:
    before = server.cpu_seconds()
    image_id = owner.upload(content, "photo.jpg")["id"]
    time.sleep(0.3)  # until the decoder has counted its child's time
    spent = server.cpu_seconds() - before
    made = owner.ask("query ($id: ID!) { image(id: $id) { renditions { size } } }", id=image_id)
    assert made["image"]["renditions"] == [{"size": 320}], "the answer came without its first rendition"
    return spent


def _cpu_of_rendition(content: bytes) -> float:
    from PIL import Image

    before = time.process_time()
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft(None, (480, 360))
        picture.load()
        small = picture.resize((320, 240), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.save(io.BytesIO(), "WEBP", quality=85, method=2)
    return time.process_time() - before


def mixed_pictures(count: int) -> Iterator[tuple[bytes, str]]:
    """Every format that is taken, in turn, with photos of two megapixels between; each picture once."""
    kinds = list(GOOD.items())
    for number in range(count):
        name, good = kinds[number // 2 % len(kinds)]
        if number % 2 or number >= 2 * len(kinds):
            yield photo(1600, 1200, seed=number), f"{number}-photo.jpg"
        else:
            yield good.make(), f"{number}-{name}"


def batch_memory(folder: Path) -> list[Measure]:
    """500 mixed pictures at once: all present; how far the API process grows above idle while they come."""
    with running_server(folder) as server:
        owner = Script(server).register()
        board_id = owner.create_board()
        [api, *_] = server.own_processes()
        idle = api.memory_info().rss
        peak = idle
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.05):
                peak = max(peak, api.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            images = list(pool.map(lambda picture: owner.upload(*picture)["id"], mixed_pictures(500)))
        for first in range(0, len(images), 100):
            owner.add_images(board_id, images[first : first + 100])
        states: list[str] = []
        while time.monotonic() - began < 600:
            states = [item["image"]["state"] for item in owner.items_on(board_id)]
            if all(state == "READY" for state in states):
                break
            time.sleep(0.5)
        seconds = time.monotonic() - began
        done.set()
        watcher.join()
    ready = sum(state == "READY" for state in states)
    how = (
        f"500 uploads, 8 at a time, then placed on one board; {seconds:.0f} s until all had their renditions"
    )
    return [
        Measure("U1", "500 pictures: ready on the board", ready, "", 500, how, at_most=False),
        Measure("U1", "500 pictures: API process above idle", (peak - idle) / MEGABYTE, "MB", 100, how),
    ]


def seen_by_another(folder: Path) -> list[Measure]:
    """Wall time from sending a 12 MP JPEG until a second browser has painted its first rendition."""
    from tests.benchmarks.second_browser import until_painted

    seconds = asyncio.run(asyncio.to_thread(until_painted, folder, photo(*TWELVE_MEGAPIXELS, seed=5)))
    how = "two Chromium profiles on one board; from the drop in one to a rendition on the other's canvas"
    return [Measure("U2", "12 MP JPEG: dropped to sharp elsewhere", seconds, "s", 5, how)]
