/** Thousands in one hand, or selected: what is painted for them in a frame does not grow with their number. */
import { describe, expect, test } from "vitest";
import { sightBefore, type Sight } from "$lib/canvas/hold";
import { Outlines } from "$lib/canvas/outlines";
import type { Context } from "$lib/canvas/painter";
import { Tools } from "$lib/canvas/tools";
import { toScreen, type Camera } from "$lib/geometry/camera";
import { rotate, rotatedAbout, scaledAbout, translated, type Transform } from "$lib/geometry/shapes";
import { aDesk, anItem, type Desk } from "./board";

const MANY = 5_000;
const COLOURS = { selection: "#00f", handle: "#fff" };

/** A context that counts what is done with it. */
function counting(): { context: Context; strokes: () => number; corners: () => number } {
  const done = { stroke: 0, moveTo: 0 };
  const context = new Proxy({} as Record<string, unknown>, {
    get: (_, name) => () => {
      if (name === "stroke" || name === "moveTo") done[name] += 1;
    },
    set: () => true,
  }) as unknown as Context;
  return { context, strokes: () => done.stroke, corners: () => done.moveTo };
}

function aCrowd(): Desk {
  const items = Array.from({ length: MANY }, (_, n) =>
    anItem(`i${n}`, {
      z: `a${String(n).padStart(5, "0")}`,
      at: { x: (n % 70) * 120, y: Math.floor(n / 70) * 120, rotation: n % 7, scale: 1 + (n % 3) },
    }),
  );
  const desk = aDesk(items);
  desk.editor.look({ x: -100, y: -100, zoom: 0.1 });
  desk.editor.select(items.map(({ id }) => id));
  return desk;
}

const outlinesOf = ({ editor }: Desk) =>
  new Outlines(editor, new Tools(editor, { openMenu() {}, activate() {} }), () => COLOURS);

describe("all of 5,000 selected", () => {
  test("each is outlined once, on the plate, in few strokes", () => {
    const desk = aCrowd();
    const { context, strokes, corners } = counting();
    const painting = outlinesOf(desk).painting(
      context,
      { x: -1000, y: -1000, zoom: 0.1 },
      { width: 1300, height: 1300 },
      1,
    );
    let step = painting.next();
    let looks = 0;
    for (; !step.done; step = painting.next()) looks += 1;
    expect(step.value).toBe(0);
    expect(corners()).toBe(MANY);
    expect(strokes()).toBeLessThanOrEqual(MANY / 250 + 1);
    // Between them there is time to look at the clock.
    expect(looks).toBeGreaterThanOrEqual(MANY / 250 - 1);
  });

  test("what lies outside of what is seen is counted, and not painted", () => {
    const desk = aCrowd();
    const { context, corners } = counting();
    const painting = outlinesOf(desk).painting(
      context,
      { x: -1000, y: -1000, zoom: 1 },
      { width: 500, height: 500 },
      1,
    );
    let step = painting.next();
    while (!step.done) step = painting.next();
    expect([step.value, corners()]).toEqual([MANY, 0]);
  });

  test("in a frame there are only the box around all and its handles", () => {
    const desk = aCrowd();
    const { context, strokes } = counting();
    outlinesOf(desk).paintSelection(context, false);
    expect(strokes()).toBeLessThanOrEqual(12);
  });

  test("the box around all is found once while only the view moves, and again when something moves", () => {
    const { editor } = aCrowd();
    const frame = editor.frame();
    for (let n = 0; n < 10; n++) editor.look({ x: n, y: 0, zoom: 1 });
    expect(editor.frame()).toBe(frame);
    editor.begin();
    editor.move((start) => translated(start, 10, 0));
    expect(editor.frame()!.corners[0].x).toBeCloseTo(frame!.corners[0].x + 10, 9);
    editor.cancel();
    expect(editor.frame()).toEqual(frame);
    editor.select(["i0"]);
    expect(editor.frame()).not.toEqual(frame);
  });
});

describe("many in one hand", () => {
  const camera: Camera = { x: 30, y: -20, zoom: 0.4 };
  const screen = { width: 1200, height: 700 };
  const pivot = { x: 300, y: -40 };

  function held(how: (start: Transform) => Transform): { seen: Sight | null; desk: Desk } {
    const desk = aCrowd();
    desk.editor.begin();
    desk.editor.move(how);
    return { seen: sightBefore(camera, screen, desk.editor.lifted, (id) => desk.store.get(id)), desk };
  }

  test.each<[string, (start: Transform) => Transform, number]>([
    ["moved", (start) => translated(start, 123.4, -56.7), 0],
    ["made larger", (start) => scaledAbout(start, { x: 300, y: 40 }, 1.7), 0],
    ["made smaller", (start) => scaledAbout(start, { x: -300, y: 4000 }, 0.3), 0],
    ["left where they are", (start) => start, 0],
    ["turned", (start) => rotatedAbout(start, pivot, 10), 10],
    ["turned almost around", (start) => rotatedAbout(start, pivot, -3.5), 356.5],
    ["twisted", (start) => translated(scaledAbout(rotatedAbout(start, pivot, 200), pivot, 0.7), 8, 9), 200],
  ])("%s, they are seen as from another place", (_, how, degrees) => {
    const { seen, desk } = held(how);
    expect(seen!.degrees).toBeCloseTo(degrees, 9);
    for (const [id, now] of desk.editor.lifted) {
      const stored = desk.store.get(id)!.transform;
      const middle = { x: screen.width / 2, y: screen.height / 2 };
      const before = rotate(toScreen(seen!.camera, stored), seen!.degrees, middle);
      const after = toScreen(camera, now);
      expect(Math.hypot(before.x - after.x, before.y - after.y)).toBeLessThan(1e-6);
      expect(stored.scale * seen!.camera.zoom).toBeCloseTo(now.scale * camera.zoom, 9);
    }
  });

  test("only moved, they are seen from just the same place as while nothing was", () => {
    expect(held((start) => start).seen).toEqual({ camera, degrees: 0 });
  });

  test("moved apart, they are not", () => {
    const but = (number: number, how: (start: Transform) => Transform) => {
      let n = 0;
      return held((start) => (n++ === number ? how(start) : start)).seen;
    };
    expect(but(MANY - 1, (start) => translated(start, 1, 0))).toBeNull();
    expect(but(7, (start) => ({ ...start, flipX: true }))).toBeNull();
    expect(but(4_000, (start) => ({ ...start, rotation: start.rotation + 1 }))).toBeNull();
    expect(but(0, (start) => ({ ...start, rotation: start.rotation + 1 }))).toBeNull();
  });
});
