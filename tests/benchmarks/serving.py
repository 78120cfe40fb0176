"""S1 and S2: how soon webref serves, and how little it needs when nothing happens."""

import time
from pathlib import Path
from statistics import median

from tests.benchmarks.rows import Measure
from tests.running import RunningServer

RUNS = 5
MEGABYTE = 1_000_000


def start_times(folder: Path) -> list[Measure]:
    cold, warm = [], []
    for run in range(RUNS):
        server = RunningServer(folder / f"data-{run}")
        cold.append(server.start())
        server.stop()
        warm.append(server.start())
        server.stop()
    how = f"`webref serve` from process start to the first 200 of /health/ready, median of {RUNS}"
    return [
        Measure("S1", "start, empty data folder", median(cold), "s", 5, how),
        Measure("S1", "start, warm data folder", median(warm), "s", 2, how),
    ]


def idle_memory(folder: Path) -> list[Measure]:
    server = RunningServer(folder / "data")
    server.start()
    try:
        time.sleep(5)
        own = server.memory_bytes(with_postgres=False) / MEGABYTE
        everything = server.memory_bytes(with_postgres=True) / MEGABYTE
    finally:
        server.stop()
    how = "sum of proportional set sizes of all its processes, 5 s after the start"
    return [
        Measure("S2", "idle: API, workers and decoder", own, "MB", 150, how),
        Measure("S2", "idle: the same with PostgreSQL", everything, "MB", 250, how),
    ]
