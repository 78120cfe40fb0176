/** Arranging comes to what the server's does, case by case, and obeys laws of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as arranging from "$lib/geometry/arranging";
import type { Box, Insertion, Places, SortKey, Unit } from "$lib/geometry/arranging";
import type { Bounds, Point } from "$lib/geometry/shapes";

const VECTORS = join(import.meta.dirname, "../../tests/vectors/arranging.json");

type BoxRow = [number, number, number, number, number, boolean, boolean, number, number, boolean];
type PlaceRow = [number, number, number, number, number, boolean, boolean];
type StepRow = [number[], string | null, string | null];

interface Case {
  name: string;
  call: string;
  units: [number, BoxRow[]][];
  // As many shapes as there are calls; each is read below as what its call takes.
  options: any;
  result: PlaceRow[] | StepRow[];
}

const unitOf = ([key, boxes]: Case["units"][number]): Unit => ({
  key: String(key),
  boxes: boxes.map(([id, x, y, scale, rotation, flipX, flipY, width, height, locked]) => ({
    id: String(id),
    transform: { x, y, scale, rotation, flipX, flipY },
    width,
    height,
    locked,
  })),
});

const boundsOf = ([left, top, right, bottom]: number[]): Bounds => ({ left, top, right, bottom }) as Bounds;
const pointOf = ([x, y]: number[]): Point => ({ x, y }) as Point;

function answer({ call, units: rows, options }: Case): Places | Insertion[] {
  const units = rows.map(unitOf);
  const boxes = units.flatMap((unit) => unit.boxes);
  switch (call) {
    case "align":
      return arranging.align(units, options.edge);
    case "stack":
      return arranging.stack(units);
    case "distribute":
      return arranging.distribute(units, options.axis);
    case "normalize":
      return arranging.normalize(units, options.by);
    case "compareOverlay":
      return arranging.compareOverlay(units, options.by);
    case "fitToFrame":
      return arranging.fitToFrame(units, boundsOf(options.frame), options.margin, options.mode);
    case "arrange": {
      const keys = new Map<string, SortKey>(
        options.keys.map(
          ([key, name, size, date, colour]: [number, string, number, number, string | null]) => [
            String(key),
            { name, size, date, colour },
          ],
        ),
      );
      return arranging.arrange(units, options.layout, options.order, keys, options.margin, options.seed);
    }
    case "pack":
      return arranging.pack(units, options.margin, options.obstacles.map(boundsOf), options.shape);
    case "moved":
      return arranging.moved(boxes, options.dx, options.dy);
    case "scaled":
      return arranging.scaled(boxes, options.factor, pointOf(options.about));
    case "rotated":
      return arranging.rotated(boxes, options.degrees, pointOf(options.about));
    case "flipped":
      return arranging.flipped(boxes, options.axis, pointOf(options.about));
    case "reset":
      return arranging.reset(boxes, options.what);
    case "steps": {
      const byId = new Map(boxes.map((box) => [box.id, box]));
      const order = options.order.map(([id, z]: [number, string]) => ({
        id: String(id),
        z,
        box: byId.get(String(id)) ?? null,
      }));
      return arranging.steps(order, new Set(options.ids.map(String)), options.direction);
    }
    default:
      throw new Error(call);
  }
}

function near(expected: unknown): unknown {
  if (Array.isArray(expected)) return expected.map(near);
  if (typeof expected !== "number") return expected;
  return expect.toSatisfy(
    (value: number) => Math.abs(value - expected) <= 1e-6 + 1e-9 * Math.abs(expected),
    `near ${expected}`,
  );
}

function written(result: Places | Insertion[]): unknown[] {
  if (Array.isArray(result)) return result.map(({ ids, low, high }) => [ids.map(Number), low, high]);
  return [...result]
    .map(([id, { x, y, scale, rotation, flipX, flipY }]) => [Number(id), x, y, scale, rotation, flipX, flipY])
    .sort((a, b) => Number(a[0]) - Number(b[0]));
}

const { cases } = JSON.parse(readFileSync(VECTORS, "utf8")) as { cases: Case[] };

describe("arranging", () => {
  test.each(cases)("agrees with the server: $name", (one) => {
    expect(written(answer(one))).toEqual(near(one.result));
  });

  test("names count their digits and have no case", () => {
    const names = ["img10", "IMG2", "img1", "b", "A", "img02"];
    expect([...names].sort(arranging.compareNames)).toEqual(["A", "b", "img1", "IMG2", "img02", "img10"]);
  });

  test("boxes overlap by what they show, not by their bounds", () => {
    const at = (id: string, x: number, y: number, rotation: number): Box => ({
      id,
      transform: { x, y, scale: 1, rotation, flipX: false, flipY: false },
      width: 200,
      height: 20,
      locked: false,
    });
    expect(arranging.overlapping(at("a", 0, 0, 45), at("b", 60, -60, 45))).toBe(false);
    expect(arranging.overlapping(at("a", 0, 0, 45), at("b", 60, 60, 45))).toBe(true);
    expect(arranging.overlapping(at("a", 0, 0, 0), at("b", 200, 0, 0))).toBe(false);
    expect(arranging.overlapping(at("a", 0, 0, 0), at("b", 199.5, 0, 0))).toBe(true);
  });

  test("ten thousand are packed apart", () => {
    const side = (n: number): number => 50 + ((n * 7919) % 613);
    const units = Array.from({ length: 10_000 }, (_, n) =>
      arranging.alone({
        id: String(n),
        transform: { x: 0, y: 0, scale: 1, rotation: 0, flipX: false, flipY: false },
        width: side(n),
        height: side(n + 1),
        locked: false,
      }),
    );
    const places = arranging.pack(units, 10);
    const boxes = units
      .map(({ boxes: [box] }) => ({ ...(places.get(box!.id) ?? box!.transform), ...box! }))
      .sort((a, b) => a.x - a.width / 2 - (b.x - b.width / 2));
    let open: typeof boxes = [];
    for (const box of boxes) {
      open = open.filter((other) => other.x + other.width / 2 + 10 > box.x - box.width / 2 + 1e-3);
      const near = open.filter(
        (other) => Math.abs(other.y - box.y) < (other.height + box.height) / 2 + 10 - 1e-3,
      );
      expect(near).toEqual([]);
      open.push(box);
    }
  });
});
