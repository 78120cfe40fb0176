import { describe, expect, test } from "vitest";
import { snapped, snappedPoint, snappedRay } from "$lib/geometry/snapping";
import type { Bounds } from "$lib/geometry/shapes";

const box = (left: number, top: number, width = 100, height = 100): Bounds => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

describe("edges and middles", () => {
  test("the nearest line wins on each axis by itself", () => {
    const { dx, dy } = snapped([box(0, 0), box(300, 7)], box(204, 5), 6);
    expect([dx, dy]).toEqual([-4, 2]);
  });

  test("nothing near, nothing moves", () => {
    expect(snapped([box(0, 0)], box(250, 250), 6)).toEqual({ dx: 0, dy: 0, guides: [] });
  });

  test("a middle catches on a middle, not on an edge", () => {
    expect(snapped([box(0, 0, 300)], box(102, 400), 6).dx).toBe(-2);
    expect(snapped([box(0, 0, 300)], box(-48, 400), 6).dx).toBe(0);
  });

  test("the guide reaches from one thing to the other", () => {
    const { guides } = snapped([box(0, 0)], box(2, 400), 6);
    expect(guides).toContainEqual({ kind: "line", axis: "x", at: 0, from: 0, to: 500 });
    expect(guides).toHaveLength(3);
  });
});

describe("equal gaps", () => {
  test("between two others, in their middle", () => {
    const caught = snapped([box(0, 0), box(400, 30)], box(203, 15), 6);
    expect(caught.dx).toBe(-3);
    expect(caught.guides.filter(({ kind }) => kind === "gap")).toHaveLength(2);
  });

  test("beside two others, as far as they are apart", () => {
    expect(snapped([box(0, 0), box(130, 20)], box(263, 10), 4).dx).toBe(-3);
    expect(snapped([box(0, 0), box(130, 20)], box(-127, 10), 4).dx).toBe(-3);
    expect(snapped([box(0, 0), box(20, 130)], box(10, 262), 4).dy).toBe(-2);
  });

  test("what lies in another row does not count", () => {
    expect(snapped([box(0, 0), box(130, 900)], box(263, 450), 4).dx).toBe(0);
  });
});

test("a point catches on each axis by itself", () => {
  const { point, guides } = snappedPoint([box(0, 0), box(500, 500)], { x: 103, y: 498 }, 6);
  expect(point).toEqual({ x: 100, y: 500 });
  expect(guides.map(({ axis }) => axis)).toEqual(["x", "y"]);
});

test("a grip on a ray stops where it meets a line, and never behind the anchor", () => {
  const caught = snappedRay([box(200, 0)], { x: 0, y: 0 }, { x: 100, y: 50 }, 1.97, 6);
  expect(caught?.share).toBeCloseTo(2);
  expect(snappedRay([box(-3, 0)], { x: 0, y: 0 }, { x: 100, y: 50 }, 0.01, 6)?.share ?? 1).toBeGreaterThan(0);
});
