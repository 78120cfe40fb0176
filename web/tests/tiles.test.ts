import { describe, expect, test } from "vitest";
import { cellsIn, common, drawPart, parentOf, partSeen, tileLevelFor, type Tiles } from "$lib/canvas/tiles";
import { levelsOf, type Picture } from "$lib/canvas/pictures";
import type { Context } from "$lib/canvas/painter";

const tiles: Tiles = {
  tileSize: 512,
  levels: [
    { width: 625, height: 313, columns: 2, rows: 1 },
    { width: 1250, height: 625, columns: 3, rows: 2 },
    { width: 2500, height: 1250, columns: 5, rows: 3 },
    { width: 5000, height: 2500, columns: 10, rows: 5 },
    { width: 10_000, height: 5000, columns: 20, rows: 10 },
    { width: 20_000, height: 10_000, columns: 40, rows: 20 },
  ],
  url: "/files/p/tiles",
};
const ALL = { left: 0, top: 0, right: 1, bottom: 1 };

function contextOf(matrix: Partial<Record<"a" | "b" | "c" | "d" | "e" | "f", number>>) {
  const drawn: number[][] = [];
  const { a = 1, b = 0, c = 0, d = 1, e = 0, f = 0 } = matrix;
  const determinant = a * d - b * c;
  const context = {
    canvas: { width: 1600, height: 900 },
    getTransform: () => ({
      ...{ a, b, c, d, e, f },
      invertSelf: () => ({
        transformPoint: ({ x, y }: { x: number; y: number }) => ({
          x: (d * (x - e) - c * (y - f)) / determinant,
          y: (a * (y - f) - b * (x - e)) / determinant,
        }),
      }),
    }),
    drawImage: (_: unknown, ...places: number[]) => drawn.push(places),
  };
  return { context: context as unknown as Context, drawn };
}

describe("what is fetched", () => {
  test("is the coarsest level that is sharp", () => {
    expect([100, 2500, 2900, 9000, 20_000, 90_000].map((pixels) => tileLevelFor(tiles, pixels))).toEqual([
      0, 2, 3, 4, 5, 5,
    ]);
  });

  test("is what covers the part that is seen, from its middle on", () => {
    const part = { left: 0.5, top: 0.5, right: 0.52, bottom: 0.52 };
    const cells = cellsIn(tiles, 5, part);
    expect(cells.map(({ column, row }) => [column, row])).toEqual([
      [19, 9],
      [19, 10],
      [20, 9],
      [20, 10],
    ]);
    for (const cell of cells) expect(common(cell.part, part)).not.toBeNull();
  });

  test("stays bounded and within the picture, whatever is seen", () => {
    expect(cellsIn(tiles, 5, ALL)).toHaveLength(400);
    expect(cellsIn(tiles, 0, ALL).map(({ part }) => part.right)).toEqual([512 / 625, 1]);
    for (const { column, row } of cellsIn(tiles, 2, ALL)) {
      expect(column).toBeLessThan(5);
      expect(row).toBeLessThan(3);
    }
  });

  test("until it is there, the coarser tile around it does", () => {
    const cell = cellsIn(tiles, 5, { left: 0.9, top: 0.9, right: 0.901, bottom: 0.901 })[0]!;
    const parent = parentOf(tiles, cell)!;
    expect([parent.level, parent.column, parent.row]).toEqual([4, cell.column >> 1, cell.row >> 1]);
    expect(parent.part.left).toBeLessThan(cell.part.left + 1e-9);
    expect(parent.part.right).toBeGreaterThan(cell.part.right - 1e-9);
    expect(parentOf(tiles, { ...cell, level: 0 })).toBeNull();
  });

  test("a picture with tiles is never fetched whole", () => {
    const picture: Picture = {
      ...{ id: "p", name: "", title: "", width: 20_000, height: 1000, placeholder: "", palette: [] },
      ...{ state: "READY", failure: null, pages: 1, mime: "image/jpeg", originalUrl: "/o", fullUrl: "/f" },
      ...{ frames: 1, hasAlpha: false, tiles, animation: null, renditions: [{ size: 1600, url: "/1600" }] },
    };
    expect(levelsOf(picture).at(-1)?.source).toBe("/1600");
    expect(levelsOf({ ...picture, tiles: null }).at(-1)?.source).toBe("/f");
  });
});

describe("what is seen of a picture", () => {
  const box = { width: 2000, height: 1000, crop: null };

  test("is all of it, or what the window shows", () => {
    expect(partSeen(contextOf({ a: 0.1, d: 0.1, e: 800, f: 450 }).context, box)).toEqual(ALL);
    const near = partSeen(contextOf({ a: 10, d: 10, e: 800, f: 450 }).context, box)!;
    expect(near.left).toBeCloseTo(0.46);
    expect(near.right).toBeCloseTo(0.54);
    expect(near.top).toBeCloseTo(0.455);
    expect(partSeen(contextOf({ e: 90_000 }).context, box)).toBeNull();
  });

  test("is mirrored and turned as the box is, and ends at its crop", () => {
    const mirrored = partSeen(contextOf({ a: -1, d: 1, e: 0, f: 450 }).context, box)!;
    expect([mirrored.left, mirrored.right]).toEqual([0, 0.5]);
    const turned = partSeen(contextOf({ a: 0, b: 1, c: -1, d: 0, e: 800, f: 0 }).context, box)!;
    expect([turned.left, turned.right]).toEqual([0.5, 0.95]);
    const crop = { left: 0.25, top: 0.25, right: 0.5, bottom: 0.5 };
    expect(partSeen(contextOf({ a: 0.1, d: 0.1, e: 800, f: 450 }).context, { ...box, crop })).toEqual(crop);
  });

  test("is drawn edge to edge, on whole pixels", () => {
    const { context, drawn } = contextOf({ a: 1.37, d: 1.37, e: 800.3, f: 450.7 });
    const bitmap = { width: 512, height: 512 } as ImageBitmap;
    const [left, right] = [
      { left: 0, top: 0, right: 0.25, bottom: 1 },
      { left: 0.25, top: 0, right: 0.5, bottom: 1 },
    ];
    drawPart(context, bitmap, left!, left!, box);
    drawPart(context, bitmap, right!, right!, box);
    const [first, second] = drawn as [number[], number[]];
    expect(first[4]! + first[6]!).toBeCloseTo(second[4]!);
    const edge = second[4]! * 1.37 + 800.3;
    expect(edge).toBeCloseTo(Math.round(edge));
  });
});
