/** Thousands in one hand, or selected: what is painted for them in a frame does not grow with their number. */
import { describe, expect, test } from "vitest";
import { cameraBefore } from "$lib/canvas/hold";
import { Outlines } from "$lib/canvas/outlines";
import type { Context } from "$lib/canvas/painter";
import { Tools } from "$lib/canvas/tools";
import { toScreen, type Camera } from "$lib/geometry/camera";
import { rotatedAbout, scaledAbout, translated, type Transform } from "$lib/geometry/shapes";
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

  function held(how: (start: Transform) => Transform): { seen: Camera | null; desk: Desk } {
    const desk = aCrowd();
    desk.editor.begin();
    desk.editor.move(how);
    return { seen: cameraBefore(camera, desk.editor.lifted, (id) => desk.store.get(id)), desk };
  }

  test.each([
    ["moved", (start: Transform) => translated(start, 123.4, -56.7)],
    ["made larger", (start: Transform) => scaledAbout(start, { x: 300, y: 40 }, 1.7)],
    ["made smaller", (start: Transform) => scaledAbout(start, { x: -300, y: 4000 }, 0.3)],
    ["left where they are", (start: Transform) => start],
  ])("%s, they are seen as from another place", (_, how) => {
    const { seen, desk } = held(how);
    for (const [id, now] of desk.editor.lifted) {
      const stored = desk.store.get(id)!.transform;
      const before = toScreen(seen!, stored);
      const after = toScreen(camera, now);
      expect(Math.hypot(before.x - after.x, before.y - after.y)).toBeLessThan(1e-6);
      expect(stored.scale * seen!.zoom).toBeCloseTo(now.scale * camera.zoom, 9);
    }
  });

  test("turned, or moved apart, they are not", () => {
    expect(held((start) => rotatedAbout(start, { x: 0, y: 0 }, 10)).seen).toBeNull();
    let n = 0;
    expect(held((start) => translated(start, n++ === MANY - 1 ? 1 : 0, 0)).seen).toBeNull();
    n = 0;
    expect(held((start) => (n++ === 7 ? { ...start, flipX: true } : start)).seen).toBeNull();
  });
});
