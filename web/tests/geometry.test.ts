import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blended, centredOn, fitting, panned, toBoard, toScreen, zoomedAt } from "$lib/geometry/camera";
import { GAP, packed } from "$lib/geometry/packing";
import {
  IDENTITY,
  boundsOf,
  contains,
  corners,
  cropped,
  mirrored,
  normalDegrees,
  overlap,
  rotatedAbout,
  scaledAbout,
  touches,
  type Bounds,
  type Crop,
  type Placed,
  type Point,
  type Transform,
} from "$lib/geometry/shapes";

/** The same file that the server is checked by. */
const VECTORS = join(import.meta.dirname, "../../tests/vectors/geometry.json");
const placed = (changes: Partial<Transform>, width = 100, height = 50) => ({
  width,
  height,
  transform: { ...IDENTITY, ...changes },
});

describe("shapes", () => {
  test("a quarter turn exchanges the sides of the box", () => {
    const box = boundsOf(placed({ x: 10, y: 20, rotation: 90 }));
    expect(box).toEqual({
      left: expect.closeTo(-15),
      right: expect.closeTo(35),
      top: expect.closeTo(-30),
      bottom: expect.closeTo(70),
    });
  });

  test("corners go clockwise and turn clockwise", () => {
    const [nw, ne] = corners(placed({ rotation: 90 }));
    expect(nw).toEqual({ x: expect.closeTo(25), y: expect.closeTo(-50) });
    expect(ne).toEqual({ x: expect.closeTo(25), y: expect.closeTo(50) });
  });

  test("a point is inside the turned box, not only inside its bounds", () => {
    const diamond = placed({ rotation: 45 }, 100, 100);
    expect(contains(diamond, { x: 0, y: 65 })).toBe(true);
    expect(contains(diamond, { x: 55, y: 55 })).toBe(false);
  });

  test("a rubber band at the corner of the bounds misses a diamond", () => {
    const diamond = placed({ rotation: 45 }, 100, 100);
    expect(touches(diamond, { left: 55, top: 55, right: 80, bottom: 80 })).toBe(false);
    expect(touches(diamond, { left: 30, top: 30, right: 80, bottom: 80 })).toBe(true);
    expect(touches(diamond, { left: -500, top: -500, right: 500, bottom: 500 })).toBe(true);
  });

  test("degrees stay in [0, 360)", () => {
    expect([normalDegrees(-90), normalDegrees(720), normalDegrees(-0), normalDegrees(-1e-15)]).toEqual([
      270, 0, 0, 0,
    ]);
  });

  test("scaling, turning and mirroring undo themselves", () => {
    const start: Transform = { x: 3, y: 4, scale: 2, rotation: 30, flipX: true, flipY: false };
    const pivot = { x: -7, y: 11 };
    const back = rotatedAbout(rotatedAbout(start, pivot, 77), pivot, -77);
    expect(back).toMatchObject({ x: expect.closeTo(3), y: expect.closeTo(4), rotation: expect.closeTo(30) });
    const sized = scaledAbout(scaledAbout(start, pivot, 4), pivot, 0.25);
    expect(sized).toMatchObject({ x: expect.closeTo(3), y: expect.closeTo(4), scale: expect.closeTo(2) });
    expect(mirrored(mirrored(start, pivot, "y"), pivot, "y")).toEqual(start);
  });

  test("agree with the server's vectors", () => {
    const vectors = JSON.parse(readFileSync(VECTORS, "utf8")) as { items: ItemVector[] };
    expect(vectors.items.length).toBeGreaterThan(0);
    for (const vector of vectors.items) {
      const near = (shape: object) =>
        Object.fromEntries(
          Object.entries(shape).map(([name, value]) => [name, expect.closeTo(value as number, 6)]),
        );
      expect(corners(vector), vector.name).toEqual(vector.corners.map(near));
      expect(boundsOf(vector), vector.name).toEqual(near(vector.bounds));
    }
  });

  test("cropping agrees with the server's vectors", () => {
    const vectors = JSON.parse(readFileSync(VECTORS, "utf8")) as { crops: CropVector[] };
    expect(vectors.crops.length).toBeGreaterThan(11);
    for (const { name, before, after, keep, expected, ...placed } of vectors.crops) {
      const { transform } = expected;
      expect(cropped(placed, before, after, keep), name).toEqual({
        width: expect.closeTo(expected.width, 6),
        height: expect.closeTo(expected.height, 6),
        transform: { ...transform, x: expect.closeTo(transform.x, 6), y: expect.closeTo(transform.y, 6) },
      });
    }
  });
});

interface ItemVector {
  name: string;
  transform: Transform;
  width: number;
  height: number;
  corners: Point[];
  bounds: Bounds;
}

interface CropVector extends Placed {
  name: string;
  before: Crop | null;
  after: Crop | null;
  keep: "PICTURE" | "BOX";
  expected: Placed;
}

describe("the camera", () => {
  const view = { width: 1000, height: 600 };

  test("screen and board are inverse", () => {
    const camera = { x: -20, y: 35, zoom: 1.7 };
    const there = toScreen(camera, toBoard(camera, { x: 123, y: 456 }));
    expect(there).toEqual({ x: expect.closeTo(123), y: expect.closeTo(456) });
  });

  test("the point under the pointer stays while zooming", () => {
    const camera = { x: -20, y: 35, zoom: 1.7 };
    const pointer = { x: 300, y: 200 };
    const before = toBoard(camera, pointer);
    const after = toBoard(zoomedAt(camera, pointer, 3.3), pointer);
    expect(after).toEqual({ x: expect.closeTo(before.x), y: expect.closeTo(before.y) });
  });

  test("panning follows the hand", () => {
    expect(panned({ x: 0, y: 0, zoom: 2 }, 10, -6)).toEqual({ x: -5, y: 3, zoom: 2 });
  });

  test("fitting shows everything, centred", () => {
    const camera = fitting({ left: 0, top: 0, right: 4000, bottom: 1000 }, view);
    const a = toScreen(camera, { x: 0, y: 0 });
    const b = toScreen(camera, { x: 4000, y: 1000 });
    expect(a.x).toBeGreaterThan(0);
    expect(b.x).toBeLessThan(1000);
    expect((a.y + b.y) / 2).toBeCloseTo(300);
  });

  test("a flight begins and ends where it should", () => {
    const from = centredOn({ x: 0, y: 0 }, 1, view);
    const to = centredOn({ x: 500, y: 90 }, 4, view);
    expect(blended(from, to, 0, view)).toEqual({
      x: expect.closeTo(from.x),
      y: expect.closeTo(from.y),
      zoom: 1,
    });
    expect(blended(from, to, 1, view)).toEqual({
      x: expect.closeTo(to.x),
      y: expect.closeTo(to.y),
      zoom: expect.closeTo(4),
    });
  });
});

describe("packing", () => {
  const sizes = Array.from({ length: 37 }, (_, i) => ({
    width: 200 + ((i * 97) % 900),
    height: 300 + ((i * 53) % 500),
  }));

  test("pictures keep apart, around the point", () => {
    const spots = packed(sizes, { x: 1000, y: -400 });
    const boxes = spots.map(({ x, y, scale }, i) =>
      boundsOf({ ...sizes[i]!, transform: { ...IDENTITY, x, y, scale } }),
    );
    for (let i = 0; i < boxes.length; i++) {
      for (let j = 0; j < i; j++) expect(overlap(boxes[i]!, boxes[j]!)).toBe(false);
    }
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    expect((left + right) / 2).toBeCloseTo(1000);
  });

  test("a row shares its height, and one picture is simply there", () => {
    const [a, b] = packed([sizes[0]!, sizes[1]!], { x: 0, y: 0 });
    expect(a!.scale * sizes[0]!.height).toBeCloseTo(b!.scale * sizes[1]!.height);
    expect(packed([{ width: 10, height: 10 }], { x: 5, y: 6 })).toEqual([{ x: 5, y: 6, scale: 32 }]);
    expect(GAP).toBeGreaterThan(0);
  });

  test("nothing to pack is nothing", () => {
    expect(packed([], { x: 0, y: 0 })).toEqual([]);
  });
});
