/** A mirrored view and flipped items: what is clicked is what is seen there. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bindHands } from "$lib/canvas/hands";
import { Tools } from "$lib/canvas/tools";
import { toScreen } from "$lib/geometry/camera";
import { corners, type Point } from "$lib/geometry/shapes";
import { aDesk, anItem, type Desk } from "./board";

const WIDTH = 1000;
const LEFT = 40;

let desk: Desk;
let element: HTMLDivElement;
let isMirrored: boolean;
let stop: () => void;
let activated: (string | null)[];

const HOOK = {
  shape: "PEN" as const,
  points: [
    { x: -40, y: -40 },
    { x: -40, y: 40 },
    { x: 40, y: 40 },
  ],
  pressures: [],
  stroke: "#ffffff",
  strokeWidth: 4,
  fill: null,
};

beforeEach(() => {
  isMirrored = true;
  activated = [];
  desk = aDesk([
    anItem("left", { at: { x: 200, y: 200, rotation: 30, flipX: true } }),
    anItem("right", { at: { x: 700, y: 300, scale: 2 }, z: "a1" }),
    anItem("hook", { kind: "DRAWING", drawing: HOOK, at: { x: 450, y: 600, flipX: true }, z: "a2" }),
  ]);
  desk.editor.look({ x: 50, y: -20, zoom: 0.8 });
  element = document.createElement("div");
  element.setPointerCapture = vi.fn();
  vi.spyOn(element, "getBoundingClientRect").mockReturnValue({
    left: LEFT,
    top: 10,
    width: WIDTH,
    height: 800,
    right: LEFT + WIDTH,
    bottom: 810,
    x: LEFT,
    y: 10,
    toJSON: () => ({}),
  });
  document.body.append(element);
  const tools = new Tools(desk.editor, { openMenu() {}, activate: (id) => activated.push(id) });
  stop = bindHands(element, tools, {
    wheelHabit: () => "zoom",
    isMirrored: () => isMirrored,
    touched() {},
    moved() {},
  });
});

afterEach(() => {
  stop();
  element.remove();
});

/** Where on the screen a place of the board is seen. */
function seenAt(place: Point): Point {
  const { x, y } = toScreen(desk.editor.camera, place);
  return { x: LEFT + (isMirrored ? WIDTH - x : x), y: 10 + y };
}

function point(type: string, { x, y }: Point): void {
  const event = { bubbles: true, pointerId: 1, pointerType: "mouse", clientX: x, clientY: y, button: 0 };
  element.dispatchEvent(new PointerEvent(type, event));
}

function click(place: Point): string[] {
  desk.editor.select([]);
  point("pointerdown", seenAt(place));
  point("pointerup", seenAt(place));
  return [...desk.editor.selection];
}

test.each([true, false])("mirrored: %s, a click takes what is seen there", (mirrors) => {
  isMirrored = mirrors;
  for (const id of ["left", "right"]) {
    const item = desk.store.get(id)!;
    const { transform } = item;
    expect(click(transform), id).toEqual([id]);
    for (const corner of corners(item)) {
      const share = (by: number): Point => ({
        x: transform.x + (corner.x - transform.x) * by,
        y: transform.y + (corner.y - transform.y) * by,
      });
      expect(click(share(0.95)), id).toEqual([id]);
      expect(click(share(1.1)), id).toEqual([]);
    }
  }
});

test("a flipped drawing is hit where its line is seen, and not where it would be without", () => {
  const { x, y } = desk.store.get("hook")!.transform;
  expect(click({ x: x + 40, y })).toEqual(["hook"]);
  expect(click({ x: x - 40, y })).toEqual([]);
  expect(click({ x, y: y + 40 })).toEqual(["hook"]);
});

test("in a mirrored view the board goes with the hand, and the wheel zooms at what is under it", () => {
  const { transform } = desk.store.get("right")!;
  const from = seenAt(transform);
  point("pointerdown", from);
  point("pointermove", { x: from.x - 40, y: from.y + 16 });
  point("pointermove", { x: from.x - 80, y: from.y + 32 });
  point("pointerup", { x: from.x - 80, y: from.y + 32 });
  const there = desk.store.get("right")!.transform;
  expect([there.x, there.y]).toEqual([transform.x + 100, transform.y + 40]);
  const at = seenAt(there);
  const wheel = new WheelEvent("wheel", { bubbles: true, cancelable: true, deltaY: -100 });
  // The test's browser forgets where a wheel was turned.
  Object.defineProperties(wheel, { clientX: { value: at.x }, clientY: { value: at.y } });
  element.dispatchEvent(wheel);
  expect(desk.editor.camera.zoom).toBeGreaterThan(0.8);
  const after = seenAt(there);
  expect(after.x).toBeCloseTo(at.x, 6);
  expect(after.y).toBeCloseTo(at.y, 6);
});
