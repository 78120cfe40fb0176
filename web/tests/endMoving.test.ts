/** Lines and arrows by their ends; the grid under hands that draw and scale; what is set back. */
import { beforeEach, describe, expect, test } from "vitest";
import * as commands from "$lib/board/commands";
import { fitIntoFrame } from "$lib/board/framing";
import type { Drawing, Item } from "$lib/board/operations";
import { crossingNear, shareOntoGrid } from "$lib/geometry/grid";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { endsIn } from "$lib/canvas/states/endMoving";
import { toScreen } from "$lib/geometry/camera";
import { boundsOf, type Point } from "$lib/geometry/shapes";
import { aDesk, anItem, type Desk } from "./board";

const LINE: Drawing = {
  shape: "ARROW",
  points: [
    { x: -50, y: -20 },
    { x: 50, y: 20 },
  ],
  pressures: [],
  stroke: "#ffffff",
  strokeWidth: 4,
  fill: null,
};
const TURNED = { x: 300, y: 300, scale: 2, rotation: 37, flipX: true };

let desk: Desk;
let tools: Tools;

beforeEach(() => {
  desk = aDesk([
    anItem("line", { kind: "DRAWING", drawing: LINE, width: 104, height: 44, at: TURNED }),
    anItem("a", { at: { x: 700, y: 600 }, z: "a1" }),
    anItem("note", { kind: "NOTE", at: { x: 150, y: 650 }, z: "a2" }),
  ]);
  tools = new Tools(desk.editor, { openMenu() {}, activate() {} });
  desk.editor.snaps = false;
});

const pointer = ({ x, y }: Point, more: Partial<Pointer> = {}): Pointer => ({
  x,
  y,
  id: 1,
  button: 0,
  shift: false,
  control: false,
  alt: false,
  touch: false,
  ...more,
});

function drag(from: Point, to: Point, more: Partial<Pointer> = {}): void {
  tools.down(pointer(from, more));
  tools.move(pointer({ x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }, more));
  tools.move(pointer(to, more));
}

const line = (): Item => desk.store.get("line")!;
const ends = () => endsIn(line(), line().transform)!;

function near(a: Point, b: Point): void {
  expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeLessThan(0.01);
}

describe("the ends of a line", () => {
  test.each(["start", "end"] as const)(
    "the %s goes with the hand, the other stays, it is as thick",
    (which) => {
      const other = which === "start" ? "end" : "start";
      const before = ends();
      desk.editor.select(["line"]);
      drag(toScreen(desk.editor.camera, before[which]), { x: 520, y: 140 });
      expect(tools.state.name).toBe("EndMoving");
      expect(desk.sent).toEqual([]);
      tools.up(pointer({ x: 520, y: 140 }));
      near(ends()[which], { x: 520, y: 140 });
      near(ends()[other], before[other]);
      expect(desk.sent.map(({ label }) => label)).toEqual(["Reshape 1 item"]);
      const { drawing, transform, width, height } = line();
      expect(drawing).toMatchObject({ shape: "ARROW", strokeWidth: 4, stroke: "#ffffff" });
      expect(transform.scale).toBeCloseTo(2, 9);
      // Its box holds it.
      const box = boundsOf({ width, height, transform });
      for (const { x, y } of Object.values(ends())) {
        expect(x).toBeGreaterThanOrEqual(box.left);
        expect(x).toBeLessThanOrEqual(box.right);
        expect(y).toBeGreaterThanOrEqual(box.top);
        expect(y).toBeLessThanOrEqual(box.bottom);
      }
    },
  );

  test("Shift keeps it to steps of 45 degrees, the grid to its crossings, Ctrl to neither", () => {
    const { start, end } = ends();
    desk.editor.select(["line"]);
    drag(end, { x: start.x + 200, y: start.y + 9 }, { shift: true });
    tools.up(pointer({ x: start.x + 200, y: start.y + 9 }, { shift: true }));
    expect(ends().end.y).toBeCloseTo(start.y, 2);
    desk.editor.gridStep = 50;
    drag(ends().end, { x: 413, y: 488 });
    tools.up(pointer({ x: 413, y: 488 }));
    near(ends().end, { x: 400, y: 500 });
    drag(ends().end, { x: 413, y: 488 }, { control: true });
    tools.up(pointer({ x: 413, y: 488 }, { control: true }));
    near(ends().end, { x: 413, y: 488 });
  });

  test("given up it is as it was, and nothing is said", () => {
    const before = line();
    desk.editor.select(["line"]);
    drag(ends().end, { x: 520, y: 140 });
    tools.cancel();
    expect(line()).toBe(before);
    expect(desk.editor.dressed(before)).toBe(before);
    expect(desk.sent).toEqual([]);
  });

  test("what is locked, or selected with others, is not taken by its ends", () => {
    desk.editor.select(["line", "a"]);
    expect(tools.handles()!.start).toBeUndefined();
    commands.toggleLocked(desk.editor);
    desk.editor.select(["line"]);
    drag(ends().end, { x: 520, y: 140 });
    expect(tools.state.name).not.toBe("EndMoving");
  });
});

describe("the grid", () => {
  test("what is drawn begins and ends on it, unless Ctrl is held", () => {
    desk.editor.gridStep = 50;
    tools.take("RECTANGLE");
    drag({ x: 512, y: 93 }, { x: 631, y: 212 });
    tools.up(pointer({ x: 631, y: 212 }));
    const drawn = desk.editor.selected[0]!;
    expect([drawn.transform.x, drawn.transform.y]).toEqual([575, 150]);
    expect([drawn.width, drawn.height].map((side) => Math.round(side * drawn.transform.scale))).toEqual([
      150, 100,
    ]);
    tools.take("FRAME");
    drag({ x: 512, y: 93 }, { x: 631, y: 212 }, { control: true });
    tools.up(pointer({ x: 631, y: 212 }, { control: true }));
    const frame = desk.store.inOrder.find(({ kind }) => kind === "FRAME")!;
    expect([frame.width, frame.height]).toEqual([119, 119]);
  });

  test("a scaled corner and a stretched side come to lie on it", () => {
    desk.editor.gridStep = 40;
    desk.editor.select(["a"]);
    drag({ x: 750, y: 650 }, { x: 793, y: 689 });
    tools.up(pointer({ x: 793, y: 689 }));
    const { right, bottom, left, top } = boundsOf(desk.store.get("a")!);
    expect([left, top].map(Math.round)).toEqual([650, 550]);
    expect(Math.min(right % 40, 40 - (right % 40), bottom % 40, 40 - (bottom % 40))).toBeLessThan(1e-6);
    desk.editor.select(["note"]);
    drag({ x: 200, y: 650 }, { x: 267, y: 650 });
    tools.up(pointer({ x: 267, y: 650 }));
    expect(boundsOf(desk.store.get("note")!)).toMatchObject({ left: 100, right: 280, top: 600, bottom: 700 });
  });

  test("a grip is never drawn through what stays", () => {
    expect(crossingNear({ x: 61, y: -12 }, 50)).toEqual({ x: 50, y: -0 });
    expect(shareOntoGrid({ x: 0, y: 0 }, { x: 10, y: 10 }, 0.1, 50)).toBeNull();
    expect(shareOntoGrid({ x: 0, y: 0 }, { x: 10, y: 0 }, 6, 50)).toBe(5);
  });
});

describe("set back", () => {
  test("turn, mirror and size each by themselves, and only where there is something to set back", () => {
    const { editor } = desk;
    editor.select(["line"]);
    const why = () => (["ROTATION", "FLIP", "SCALE"] as const).map((what) => commands.isReset(editor, what));
    expect(why()).toEqual([false, false, false]);
    commands.resetTransform(editor, "ROTATION");
    expect(line().transform).toMatchObject({ x: 300, y: 300, rotation: 0, scale: 2, flipX: true });
    commands.resetTransform(editor, "FLIP");
    expect(line().transform).toMatchObject({ rotation: 0, scale: 2, flipX: false });
    commands.resetTransform(editor, "SCALE");
    expect(line().transform).toMatchObject({ x: 300, y: 300, rotation: 0, scale: 1, flipX: false });
    expect(why()).toEqual([true, true, true]);
    expect(desk.sent).toHaveLength(3);
  });

  test("what is in a frame is fitted as it lies, or packed: the server is asked for either", () => {
    const inside = anItem("inside", { parentId: "frame", z: "a4" });
    const frame = anItem("frame", { kind: "FRAME", frame: { background: null }, z: "a3" });
    const other = aDesk([frame, inside]);
    other.editor.select(["frame"]);
    fitIntoFrame(other.editor, "ARRANGE");
    fitIntoFrame(other.editor, "CONTAIN");
    expect(other.sent.map(({ deed }) => deed)).toMatchObject([
      { kind: "fit", frameId: "frame", mode: "ARRANGE" },
      { kind: "fit", frameId: "frame", mode: "CONTAIN" },
    ]);
  });
});
