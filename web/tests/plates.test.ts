import { beforeEach, describe, expect, test } from "vitest";
import type { Camera, Viewport } from "$lib/geometry/camera";
import { MANY, Plates, REST_MS, type Painting } from "$lib/canvas/plates";
import type { Context, Counts } from "$lib/canvas/painter";

const SCREEN: Viewport = { width: 1000, height: 600 };
const STEPS = 5;
const COUNTS: Counts = { drawn: MANY + 1, coarse: 0, bare: 0, beyond: 0, unfinished: new Set() };

let now = 0;
let beyond = 0;
let painted: Camera[] = [];
let shown: number[][] = [];
let stepMs = 1;

function canvasOf(width: number, height: number): OffscreenCanvas {
  const context = { setTransform() {}, clearRect() {} };
  return { width, height, getContext: () => context } as unknown as OffscreenCanvas;
}

function* paint(_: Context, camera: Camera): Painting {
  painted.push(camera);
  for (let step = 0; step < STEPS; step++) {
    now += stepMs;
    yield;
  }
  return { ...COUNTS, beyond };
}

const screen = {
  setTransform() {},
  drawImage: (_: unknown, ...places: number[]) => shown.push(places),
} as unknown as Context;

function aPlate(): Plates {
  const plates = new Plates(paint, () => now, canvasOf);
  plates.count(MANY + 1);
  plates.show(screen, at(0), SCREEN, 1, false);
  now += REST_MS + 1;
  return plates;
}

const at = (x: number, zoom = 1): Camera => ({ x, y: 0, zoom });

beforeEach(() => {
  [now, beyond, stepMs] = [0, 0, 1];
  [painted, shown] = [[], []];
});

describe("while the view moves", () => {
  test("one painting is shown in every frame", () => {
    const plates = aPlate();
    for (let frame = 1; frame <= 100; frame++) {
      now += 16;
      plates.show(screen, at(frame * 30), SCREEN, 1, false);
    }
    expect(plates.counters).toMatchObject({ made: 1, blits: 101 });
    // A plate begins 150 pixels before the screen, which has moved on by 3,000.
    expect(shown.at(-1)).toEqual([-150 - 3000, -90, 1300, 780]);
  });

  test("what the plate lacks is painted in slices, and what there is is shown meanwhile", () => {
    beyond = 1;
    stepMs = 3;
    const plates = aPlate();
    const slices = plates.counters.slices;
    const before = painted.length;
    for (let frame = 1; plates.counters.made < 2 && frame < 50; frame++) {
      now += 16;
      plates.show(screen, at(160 + frame), SCREEN, 1, false);
    }
    expect(painted.length).toBe(before + 1);
    expect(plates.counters.slices - slices).toBeGreaterThan(1);
    expect(plates.counters.blits).toBe(1 + plates.counters.slices - slices);
  });

  test("it is stretched, and painted anew where that shows", () => {
    const plates = aPlate();
    plates.show(screen, at(0, 1.5), SCREEN, 1, false);
    expect(shown.at(-1)).toEqual([-225, -135, 1950, 1170]);
    expect(painted.length).toBe(1);
    now += 16;
    plates.show(screen, at(0, 1.7), SCREEN, 1, false);
    expect(painted.length).toBe(2);
  });

  test("what changed on the board is painted, once at a time", () => {
    stepMs = 3;
    const plates = aPlate();
    for (let frame = 0; frame < 4; frame++) {
      now += 16;
      plates.spoil();
      plates.show(screen, at(frame), SCREEN, 1, false);
    }
    expect(painted.length).toBe(3);
    expect(plates.counters.made).toBe(2);
  });
});

describe("when the view rests", () => {
  test("exactly what it sees is painted, and nothing after that", () => {
    const plates = aPlate();
    expect(plates.show(screen, at(33.3), SCREEN, 1, false)).toBe(REST_MS);
    now += REST_MS;
    while (plates.show(screen, at(33.3), SCREEN, 1, false) === 0) now += 16;
    expect(painted.at(-1)).toEqual({ x: 33.3 - 150, y: -90, zoom: 1 });
    expect(shown.at(-1)).toEqual([-150, -90, 1300, 780]);
    const { made, exact } = plates.counters;
    expect(exact).toBeGreaterThan(0);
    now += 1000;
    expect(plates.show(screen, at(33.3), SCREEN, 1, false)).toBeNull();
    expect(plates.counters.made).toBe(made);
  });

  test("what a hand takes or lets go is right at once", () => {
    stepMs = 100;
    const plates = aPlate();
    plates.spoil();
    expect(plates.show(screen, at(0), SCREEN, 1, true)).toBeNull();
    expect(plates.counters).toMatchObject({ made: 2, exact: 2 });
  });

  test("plates are let go where little is seen, and where the screen has another size", () => {
    const plates = aPlate();
    plates.show(screen, at(0), { width: 500, height: 300 }, 1, false);
    expect(shown.at(-1)!.slice(2)).toEqual([650, 390]);
    plates.count(MANY);
    expect(plates.areUsed).toBe(false);
    expect(plates.counts).toBeNull();
  });
});
