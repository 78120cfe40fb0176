"""`make bench`: runs the rows asked for, tells each as it is done, then all, and writes build/bench.json.

Ends with an error where a bar is missed.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.against import cold_rate
from tests.benchmarks.canvases import frame_times, main_thread, openings
from tests.benchmarks.costs import what_is_kept
from tests.benchmarks.fanout import everybody_hears, fan_out
from tests.benchmarks.finding import finding
from tests.benchmarks.ladder import against_sharp, child_memory
from tests.benchmarks.pictures import batch_memory, first_rendition_cpu, seen_by_another
from tests.benchmarks.presences import cursors
from tests.benchmarks.reads import compiled_cpu, growth, kept_rate
from tests.benchmarks.rows import Bench, Measure
from tests.benchmarks.serving import idle_memory, start_times
from tests.benchmarks.viewports import viewport
from tests.benchmarks.writes import many_at_once, one_move

ROWS: dict[str, Bench] = {
    "C1": frame_times,
    "C2": main_thread,
    "C3": openings,
    "S1": start_times,
    "S2": idle_memory,
    "S3": what_is_kept,
    "R1": cold_rate,
    "R2": compiled_cpu,
    "R3": kept_rate,
    "R4": growth,
    "R5": viewport,
    "L1": fan_out,
    "L2": everybody_hears,
    "P1": cursors,
    "W1": one_move,
    "W2": many_at_once,
    "F1": finding,
    "I1": against_sharp,
    "I2": child_memory,
    "I3": first_rendition_cpu,
    "U1": batch_memory,
    "U2": seen_by_another,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        print(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
        return 2
    measures: list[Measure] = []
    for name in names or ROWS:
        print(f"==> {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="webref-bench-") as folder:
            found = ROWS[name](Path(folder))
        for measure in found:
            print(f"    {told(measure)}\n      {measure.how}", flush=True)
        measures += found
    print()
    print(table(measures))
    target = Path("build/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        json.dumps([{**asdict(measure), "holds": measure.holds} for measure in measures], indent=2)
    )
    print(f"\nwritten to {target}")
    missed = [measure for measure in measures if not measure.holds]
    if not missed:
        print(f"all {len(measures)} hold")
        return 0
    print(f"{len(missed)} of {len(measures)} do not hold:")
    for measure in missed:
        print(f"    {told(measure)}")
    return 1


def told(measure: Measure) -> str:
    value, bar = figures(measure)
    return f"{measure.row} {measure.measure}: {value}, bar {bar}{'' if measure.holds else ', MISSED'}"


def figures(measure: Measure) -> tuple[str, str]:
    sign = "≤" if measure.at_most else "≥"
    return f"{measure.value:.3g} {measure.unit}", f"{sign} {measure.bar:g} {measure.unit}"


def table(measures: list[Measure]) -> str:
    lines = [("row", "measure", "value", "bar", "holds")]
    for measure in measures:
        lines.append((measure.row, measure.measure, *figures(measure), "yes" if measure.holds else "NO"))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
