"""Writes tests/vectors/arranging.json: cases by hand and by seed, and what the server makes of them.

The browser's geometry must come to the same, which its own tests say. After a change that is meant:
`python -m tests.arranging_vectors`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from domain import arranging
from domain.arranging import Box, Layer, Places, SortKey, Unit
from domain.geometry import Bounds, Point
from domain.operations import Transform

FILE = Path(__file__).parent / "vectors" / "arranging.json"
RANDOM_CASES = 220

Value = Any
Case = dict[str, Value]

EDGES = ("LEFT", "CENTRE", "RIGHT", "TOP", "MIDDLE", "BOTTOM")
AXES = ("HORIZONTAL", "VERTICAL")
MEASURES = ("WIDTH", "HEIGHT", "AREA", "SCALE")
LAYOUTS = ("ROW", "COLUMN", "GRID")
ORDERS = ("NAME", "SIZE", "DATE", "COLOUR", "RANDOM", "PLACE")
RESETS = ("SCALE", "ROTATION", "FLIP", "ALL")
NAMES = (
    "img2",
    "IMG10",
    "img1",
    "Straße 3",
    "STRASSE 21",
    "ΟΔΟΣ",
    "οδος",
    "",
    "img02",
    "a-1",
    "a1",
    "💡",
    "\ufb01x",
)
COLOURS = (
    None,
    "#000000",
    "#ffffff",
    "#808080",
    "#ff0000",
    "#00ff00",
    "#0000ff",
    "#ff8000",
    "#8b1a4f",
    "#101820",
)


def main() -> None:
    lines = ",\n".join(json.dumps(case | {"result": answer(case)}, ensure_ascii=False) for case in cases())
    FILE.write_text(f'{{"cases": [\n{lines}\n]}}\n')


def answer(case: Case) -> Value:
    """What the server's geometry says: changed places as [id, x, y, scale, rotation, flipX, flipY]."""
    units = [unit_of(unit) for unit in case["units"]]
    boxes = [box for unit in units for box in unit.boxes]
    options = case["options"]
    match case["call"]:
        case "align":
            return written(arranging.align(units, arranging.Edge(options["edge"])))
        case "stack":
            return written(arranging.stack(units))
        case "distribute":
            return written(arranging.distribute(units, arranging.Axis(options["axis"])))
        case "normalize":
            return written(arranging.normalize(units, arranging.Measure(options["by"])))
        case "compareOverlay":
            return written(arranging.compare_overlay(units, arranging.Measure(options["by"])))
        case "fitToFrame":
            fit = arranging.Fit(options["mode"])
            return written(arranging.fit_to_frame(units, Bounds(*options["frame"]), options["margin"], fit))
        case "arrange":
            layout, order = arranging.Layout(options["layout"]), arranging.Order(options["order"])
            keys = {UUID(int=key): SortKey(*values) for key, *values in options["keys"]}
            return written(arranging.arrange(units, layout, order, keys, options["margin"], options["seed"]))
        case "pack":
            obstacles = [Bounds(*sides) for sides in options["obstacles"]]
            return written(arranging.pack(units, options["margin"], obstacles, options["shape"]))
        case "moved":
            return written(arranging.moved(boxes, options["dx"], options["dy"]))
        case "scaled":
            return written(arranging.scaled(boxes, options["factor"], Point(*options["about"])))
        case "rotated":
            return written(arranging.rotated(boxes, options["degrees"], Point(*options["about"])))
        case "flipped":
            axis = arranging.Axis(options["axis"])
            return written(arranging.flipped(boxes, axis, Point(*options["about"])))
        case "reset":
            return written(arranging.reset(boxes, arranging.Reset(options["what"])))
        case "steps":
            by_id = {box.id: box for box in boxes}
            layers = [Layer(UUID(int=at), z, by_id.get(UUID(int=at))) for at, z in options["order"]]
            ids = [UUID(int=at) for at in options["ids"]]
            found = arranging.steps(layers, ids, arranging.Step(options["direction"]))
            return [
                [[one.int for one in insertion.ids], insertion.low, insertion.high] for insertion in found
            ]
        case other:
            raise AssertionError(other)


def unit_of(value: list[Value]) -> Unit:
    key, boxes = value
    return Unit(
        UUID(int=key),
        tuple(Box(UUID(int=box[0]), Transform(*box[1:7]), box[7], box[8], box[9]) for box in boxes),
    )


def written(places: Places) -> list[list[Value]]:
    return [
        [key.int, at.x, at.y, at.scale, at.rotation, at.flip_x, at.flip_y]
        for key, at in sorted(places.items())
    ]


def cases() -> Iterator[Case]:
    yield from _cases_by_hand()
    numbers = Random(20)
    for n in range(RANDOM_CASES):
        call = CALLS[n % len(CALLS)]
        units = _random_units(numbers)
        yield {"name": f"random {n}", "call": call, "units": units, "options": _options(call, units, numbers)}


def box(
    key: int,
    x: float,
    y: float,
    width: float,
    height: float,
    scale: float = 1,
    rotation: float = 0,
    flips: tuple[bool, bool] = (False, False),
    locked: bool = False,
) -> list[Value]:
    return [key, x, y, scale, rotation, *flips, width, height, locked]


def alone(*boxes: list[Value]) -> list[Value]:
    return [[one[0], [one]] for one in boxes]


UPRIGHT = alone(
    box(1, 0, 0, 100, 60), box(2, 250, 40, 80, 80), box(3, 120, 300, 40, 200), box(4, 500, 90, 10, 10)
)
TURNED = alone(
    box(1, 0, 0, 100, 60, rotation=30),
    box(2, 250, 40, 80, 80, 1.5, 45, (True, False)),
    box(3, 120, 300, 40, 200, 0.5, 90, (False, True)),
    box(4, -90, 210, 64, 48, 2, 213.7, (True, True)),
)
GROUPED = [
    [10, [box(1, 0, 0, 100, 60), box(2, 130, 20, 40, 40, 2, 15)]],
    *alone(box(3, 400, 200, 120, 90)),
    [11, [box(4, 90, 400, 30, 30), box(5, 90, 460, 30, 30), box(6, 150, 430, 50, 20, 1, 300)]],
    [12, []],
]
LOCKED = alone(
    box(1, 0, 0, 100, 60),
    box(2, 250, 40, 80, 80, locked=True),
    box(3, 120, 300, 40, 200),
    box(4, 60, 90, 90, 90),
    box(5, 700, -50, 30, 30),
)
HALF_LOCKED = [
    [10, [box(1, 0, 0, 100, 60), box(2, 130, 20, 40, 40, locked=True)]],
    *alone(box(3, 300, 90, 50, 50)),
]
SAME = alone(*(box(n, 10, 20, 100, 80) for n in range(1, 7)))
EXTREME = alone(
    box(1, 1e9, -1e9, 4000, 3000, 1e4, 10),
    box(2, -1e9, 1e9, 4000, 3000, 1e-4, 200),
    box(3, 0, 0, 1e-3, 1e-3, 1e-4),
    box(4, 12.345678, -9.87654321, 1, 1, 1),
)
SCENES: dict[str, list[Value]] = {
    "upright": UPRIGHT,
    "turned": TURNED,
    "groups": GROUPED,
    "one locked": LOCKED,
    "a group half locked": HALF_LOCKED,
    "all the same": SAME,
    "extreme": EXTREME,
    "one": UPRIGHT[:1],
    "none": [],
}


def _cases_by_hand() -> Iterator[Case]:
    for scene, units in SCENES.items():
        for call, options in _plain_calls():
            words = " ".join(str(value) for value in options.values() if isinstance(value, str))
            yield {"name": f"{call} {words}: {scene}", "call": call, "units": units, "options": options}
    for order in ORDERS:
        keys = [
            [n + 1, name, n * 7 % 4, n * 5 % 3, COLOURS[n % len(COLOURS)]] for n, name in enumerate(NAMES)
        ]
        units = alone(
            *(box(n, n * 37 % 11 * 50, n * 53 % 7 * 70, 20 + n, 30) for n in range(1, len(NAMES) + 1))
        )
        yield _arranging(f"in order: {order}", units, "ROW", order, keys)
    yield _arranging("no keys known", UPRIGHT, "GRID", "NAME", [])
    yield from _packing_cases()
    yield from _stepping_cases()


def _plain_calls() -> Iterator[tuple[str, dict[str, Value]]]:
    yield "align", {"edge": "LEFT"}
    yield "align", {"edge": "MIDDLE"}
    yield "distribute", {"axis": "HORIZONTAL"}
    yield "normalize", {"by": "AREA"}
    yield "stack", {}
    yield "compareOverlay", {"by": "WIDTH"}
    yield "arrange", {"layout": "GRID", "order": "PLACE", "keys": [], "margin": 10, "seed": 0}
    yield "pack", {"margin": 10, "obstacles": [], "shape": None}
    yield "fitToFrame", {"frame": [-50, -20, 750, 580], "margin": 20, "mode": "CONTAIN"}
    yield "fitToFrame", {"frame": [0, 0, 300, 900], "margin": 8, "mode": "ARRANGE"}
    yield "scaled", {"factor": 2.5, "about": [10, -20]}
    yield "rotated", {"degrees": 33, "about": [100, 50]}
    yield "flipped", {"axis": "HORIZONTAL", "about": [100, 50]}
    yield "reset", {"what": "ALL"}


def _arranging(name: str, units: list[Value], layout: str, order: str, keys: list[Value]) -> Case:
    options = {"layout": layout, "order": order, "keys": keys, "margin": 4, "seed": 42}
    return {"name": name, "call": "arrange", "units": units, "options": options}


def _packing_cases() -> Iterator[Case]:
    numbers = Random(3)
    many = alone(
        *(
            box(
                n,
                numbers.randint(0, 900),
                numbers.randint(0, 900),
                numbers.randint(20, 200),
                numbers.randint(20, 200),
            )
            for n in range(1, 61)
        )
    )
    within = [[200, 100, 420, 300], [500, 380, 520, 900], [-90, -90, 20, 20]]
    for name, options in {
        "many": {"margin": 6, "obstacles": [], "shape": None},
        "many around obstacles": {"margin": 6, "obstacles": within, "shape": None},
        "many, narrow": {"margin": 0, "obstacles": [], "shape": 0.4},
        "a wall across": {"margin": 2.3, "obstacles": [[-1e6, 150, 1e6, 160]], "shape": None},
        "under a blanket": {"margin": 2, "obstacles": [[-1e5, -1e5, 1e5, 1e5]], "shape": None},
    }.items():
        yield {"name": f"pack {name}", "call": "pack", "units": many, "options": options}


def _stepping_cases() -> Iterator[Case]:
    pile = alone(*(box(n, n * 30, n * 20, 100, 100, rotation=n * 17) for n in range(1, 9)))
    order = [[n, f"a{n}"] for n in range(1, 9)]
    for name, units, ranks, ids in (
        ("one of a pile", pile, order, [3]),
        ("several of a pile", pile, order, [2, 3, 6]),
        ("ends of a pile", pile, order, [1, 8]),
        ("all of a pile", pile, order, [1, 2, 3, 4, 5, 6, 7, 8]),
        ("unknown", pile, order, [99]),
        ("equal ranks", pile, [[n, f"a{n // 4}"] for n in range(1, 9)], [2, 6]),
        (
            "goes along",
            alone(box(1, 0, 0, 99, 99), box(2, -60, 0, 99, 99), box(3, 60, 0, 99, 99)),
            order[:3],
            [1, 2],
        ),
        ("past what has no box", pile[:1] + pile[2:], order, [1, 2, 3]),
        ("nothing overlaps", UPRIGHT, [[n, f"a{n}"] for n in range(1, 5)], [1, 4]),
        ("edges only touch", alone(box(1, 0, 0, 100, 100), box(2, 100, 0, 100, 100)), order[:2], [1, 2]),
        ("a locked one", LOCKED, [[n, f"a{n}"] for n in range(1, 6)], [1, 2, 4]),
        (
            "bounds overlap, boxes do not",
            alone(box(1, 0, 0, 200, 20, rotation=45), box(2, 60, -60, 60, 60), box(3, 0, 0, 20, 20)),
            order[:3],
            [1],
        ),
        (
            "not carried along",
            alone(box(1, 0, 0, 50, 50), box(2, 500, 0, 50, 50), box(3, 10, 0, 50, 50)),
            order[:3],
            [1, 2],
        ),
    ):
        for direction in ("FORWARD", "BACKWARD"):
            options = {"order": ranks, "ids": ids, "direction": direction}
            yield {"name": f"step {direction}: {name}", "call": "steps", "units": units, "options": options}


CALLS = (
    *("align", "distribute", "normalize", "stack", "arrange", "pack", "fitToFrame", "compareOverlay"),
    *("moved", "scaled", "rotated", "flipped", "reset", "steps", "align", "distribute", "arrange", "pack"),
)


def _random_units(numbers: Random) -> list[Value]:
    units: list[Value] = []
    key = 0
    for _ in range(numbers.choice((2, 3, 5, 8, 12))):
        boxes = []
        for _ in range(numbers.choice((1, 1, 1, 2, 4))):
            key += 1
            boxes.append(_random_box(key, numbers))
        units.append([boxes[0][0] if len(boxes) == 1 else 100 + key, boxes])
    return units


def _random_box(key: int, numbers: Random) -> list[Value]:
    return box(
        key,
        round(numbers.uniform(-2000, 2000), 3),
        round(numbers.uniform(-2000, 2000), 3),
        numbers.choice((100, 640, round(numbers.uniform(1, 900), 2))),
        numbers.choice((100, 480, round(numbers.uniform(1, 900), 2))),
        numbers.choice(
            (1, 1, 0.5, round(numbers.uniform(0.05, 5), 3), round(10 ** numbers.uniform(-4, 4), 4))
        ),
        numbers.choice((0, 0, 0, 90, 180, 45, 30, round(numbers.uniform(0, 359), 3))),
        (numbers.random() < 0.2, numbers.random() < 0.2),
        numbers.random() < 0.08,
    )


def _options(call: str, units: list[Value], numbers: Random) -> dict[str, Value]:
    spot = [round(numbers.uniform(-500, 500), 2), round(numbers.uniform(-500, 500), 2)]
    margin = numbers.choice((0, 1, 16, 7.7))
    match call:
        case "align":
            return {"edge": numbers.choice(EDGES)}
        case "distribute":
            return {"axis": numbers.choice(AXES)}
        case "normalize" | "compareOverlay":
            return {"by": numbers.choice(MEASURES)}
        case "stack":
            return {}
        case "arrange":
            keys = [
                [
                    key,
                    numbers.choice(NAMES) + str(numbers.randint(0, 20)),
                    numbers.choice((1.5, 2, numbers.randint(0, 9))),
                    numbers.randint(0, 5),
                    numbers.choice((*COLOURS, f"#{numbers.randrange(1 << 24):06x}")),
                ]
                for key, _ in units
            ]
            layout, order = numbers.choice(LAYOUTS), numbers.choice(ORDERS)
            seed = numbers.randrange(1 << 32)
            return {"layout": layout, "order": order, "keys": keys, "margin": margin, "seed": seed}
        case "pack":
            obstacles = [
                [x, y, x + numbers.randint(1, 900), y + numbers.randint(1, 900)]
                for x, y in (
                    (numbers.randint(-3000, 3000), numbers.randint(-3000, 3000))
                    for _ in range(numbers.choice((0, 0, 3)))
                )
            ]
            return {"margin": margin, "obstacles": obstacles, "shape": numbers.choice((None, None, 1.0, 3.5))}
        case "fitToFrame":
            frame = [*spot, spot[0] + numbers.randint(10, 2000), spot[1] + numbers.randint(10, 2000)]
            return {"frame": frame, "margin": margin, "mode": numbers.choice(("CONTAIN", "ARRANGE"))}
        case "moved":
            return {"dx": spot[0], "dy": spot[1]}
        case "scaled":
            return {"factor": numbers.choice((0.5, 1, 3, 1e3)), "about": spot}
        case "rotated":
            return {"degrees": numbers.choice((-90, 15, 360, 123.4)), "about": spot}
        case "flipped":
            return {"axis": numbers.choice(AXES), "about": spot}
        case "reset":
            return {"what": numbers.choice(RESETS)}
        case _:
            boxes = [one[0] for _, many in units for one in many]
            numbers.shuffle(boxes)
            ranks = [[one, f"a{n:02}"] for n, one in enumerate(boxes)]
            ids = [one for one in boxes if numbers.random() < 0.4]
            return {"order": ranks, "ids": ids, "direction": numbers.choice(("FORWARD", "BACKWARD"))}


if __name__ == "__main__":
    main()
