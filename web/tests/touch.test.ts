/** Fingers: one moves what it is on or else the board, two hold the selection or the board. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { toScreen } from "$lib/geometry/camera";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { aDesk, anItem, type Desk } from "./board";

const finger = (id: number, x: number, y: number): Pointer => ({
  x,
  y,
  id,
  button: 0,
  shift: false,
  control: false,
  alt: false,
  touch: true,
});

let desk: Desk;
let tools: Tools;
let menus: number;

beforeEach(() => {
  desk = aDesk([
    anItem("a", { at: { x: 300, y: 300 } }),
    anItem("b", { at: { x: 700, y: 300 }, z: "a1" }),
    anItem("locked", { at: { x: 700, y: 600 }, z: "a2", locked: true }),
  ]);
  menus = 0;
  tools = new Tools(desk.editor, { openMenu: () => (menus += 1), activate: () => {} });
});

function slide(id: number, from: [number, number], to: [number, number]): void {
  tools.down(finger(id, ...from));
  tools.move(finger(id, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2));
  tools.move(finger(id, ...to));
}

test("a finger takes along what it is on, selected before or not", () => {
  slide(1, [300, 300], [340, 350]);
  tools.up(finger(1, 340, 350));
  expect([...desk.editor.selection]).toEqual(["a"]);
  expect(desk.store.get("a")?.transform).toMatchObject({ x: 340, y: 350 });
  expect(desk.editor.camera).toEqual({ x: 0, y: 0, zoom: 1 });
});

test("a finger on what is locked, on empty, or of who may only look, moves the board", () => {
  slide(1, [700, 600], [740, 600]);
  tools.up(finger(1, 740, 600));
  slide(1, [50, 50], [90, 50]);
  tools.up(finger(1, 90, 50));
  desk.editor.canEdit = false;
  desk.editor.select([]);
  slide(1, [380, 300], [420, 300]);
  tools.up(finger(1, 420, 300));
  expect(desk.editor.camera.x).toBe(-120);
  expect([...desk.editor.selection]).toEqual([]);
  expect(desk.sent).toEqual([]);
});

test("two fingers on the selection move, scale and turn it at once, in one change; what is under them stays there", () => {
  desk.editor.select(["a"]);
  tools.down(finger(1, 270, 300));
  tools.down(finger(2, 330, 300));
  expect(tools.state.name).toBe("Twisting");
  tools.move(finger(2, 380, 460));
  tools.move(finger(1, 400, 340));
  tools.move(finger(2, 400, 460));
  expect(desk.sent).toEqual([]);
  tools.up(finger(2, 400, 460));
  tools.up(finger(1, 400, 340));
  expect(desk.sent.map(({ label, operation }) => [label, operation.kind])).toEqual([
    ["Move 1 item", "transform"],
  ]);
  const { transform } = desk.store.get("a")!;
  expect(transform).toMatchObject({ x: 400, y: 400 });
  expect(transform.scale).toBeCloseTo(2);
  expect(transform.rotation).toBeCloseTo(82); // a quarter turn, less what it takes to begin
  expect(desk.store.get("b")?.transform).toMatchObject({ x: 700, y: 300, scale: 1, rotation: 0 });
  expect(tools.isIdle).toBe(true);
});

test("unsteady fingers do not turn what they move", () => {
  desk.editor.select(["a"]);
  tools.down(finger(1, 260, 300));
  tools.down(finger(2, 340, 300));
  tools.move(finger(2, 340, 305));
  tools.up(finger(2, 340, 305));
  expect(desk.store.get("a")?.transform.rotation).toBe(0);
});

test("Esc, or a finger that is taken away, gives everything back", () => {
  desk.editor.select(["a"]);
  tools.down(finger(1, 270, 300));
  tools.down(finger(2, 330, 300));
  tools.move(finger(2, 400, 500));
  tools.lost(2);
  expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 300, y: 300, scale: 1 });
  expect(desk.sent).toEqual([]);
  expect(desk.drags.at(-1)).toBe("CANCELLED");
});

test("two fingers with one beside the selection, on something else, or without the right, hold the board", () => {
  const hold = (x: number) => {
    tools.down(finger(1, 300, 300));
    tools.down(finger(2, x, 300));
    const { name } = tools.state;
    tools.up(finger(1, 300, 300));
    tools.up(finger(2, x, 300));
    return name;
  };
  expect(hold(330)).toBe("Pinching");
  desk.editor.select(["a"]);
  expect(hold(330)).toBe("Twisting");
  expect(hold(600)).toBe("Pinching");
  tools.take("PEN");
  expect(hold(330)).toBe("Pinching");
  tools.take("SELECT");
  desk.editor.select(["a"]);
  desk.editor.canEdit = false;
  expect(hold(330)).toBe("Pinching");
});

test("the board under two fingers stays under them", () => {
  const place = { x: 500, y: 420 };
  tools.down(finger(1, 500, 420));
  tools.down(finger(2, 600, 420));
  tools.move(finger(1, 300, 200));
  tools.move(finger(2, 500, 200));
  const there = toScreen(desk.editor.camera, place);
  expect(there.x).toBeCloseTo(300);
  expect(there.y).toBeCloseTo(200);
  tools.up(finger(1, 300, 200));
  tools.up(finger(2, 500, 200));
});

test("a resting finger opens the menu of what is under it, and lifting does nothing more", () => {
  tools.down(finger(1, 300, 300));
  expect(tools.longPress()).toBe(true);
  tools.up(finger(1, 300, 300));
  expect([menus, ...desk.editor.selection]).toEqual([1, "a"]);
  tools.down(finger(1, 50, 50));
  tools.move(finger(1, 90, 50));
  expect(tools.longPress()).toBe(false);
});

const later = (ms: number) => vi.advanceTimersByTime(ms);

describe("a second finger", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("goes on with what the first is moving, from where it lies, as one change", () => {
    slide(1, [300, 300], [400, 300]);
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 400, y: 300 });
    tools.down(finger(2, 440, 300));
    expect(tools.state.name).toBe("Twisting");
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 400, y: 300 });
    tools.move(finger(2, 480, 300));
    // What is under the first stays there.
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 400, y: 300, scale: 2 });
    tools.up(finger(2, 480, 300));
    tools.up(finger(1, 400, 300));
    expect(desk.sent.map(({ operation }) => operation.kind)).toEqual(["transform"]);
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 400, y: 300, scale: 2 });
    expect(desk.drags).not.toContain("CANCELLED");
  });

  test("taken away with the first gives all of it back", () => {
    slide(1, [300, 300], [400, 300]);
    tools.down(finger(2, 440, 300));
    tools.move(finger(2, 480, 300));
    tools.lost(1);
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 300, y: 300, scale: 1 });
    expect(desk.sent).toEqual([]);
  });

  test("holds the board where the first has brought it", () => {
    slide(1, [50, 50], [90, 50]);
    const before = desk.editor.camera;
    tools.down(finger(2, 490, 50));
    expect([tools.state.name, desk.editor.camera]).toEqual(["Pinching", before]);
    tools.move(finger(2, 490, 51));
    expect(Math.abs(desk.editor.camera.x - before.x)).toBeLessThan(1);
  });

  test("beside what the first has moved for a while puts it down there", () => {
    slide(1, [300, 300], [400, 300]);
    later(400);
    tools.down(finger(2, 50, 700));
    expect(tools.state.name).toBe("Pinching");
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 400, y: 300 });
    expect(desk.sent).toHaveLength(1);
  });

  test("beside it right after the first came down with it: nothing was meant to be moved", () => {
    slide(1, [300, 300], [320, 300]);
    tools.down(finger(2, 50, 700));
    expect(tools.state.name).toBe("Pinching");
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 300, y: 300 });
    expect(desk.sent).toEqual([]);
  });
});
