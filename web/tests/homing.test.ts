/** Frames take what is let go in them, and lose what is taken out of them, in the one change that moves it. */
import { beforeEach, expect, test } from "vitest";
import { partsOf, type Item } from "$lib/board/operations";
import { isTogether } from "$lib/board/sendingTogether";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { aDesk, anItem, type Desk } from "./board";

const at = (x: number, y: number): Pointer => ({
  x,
  y,
  id: 1,
  button: 0,
  shift: false,
  control: false,
  alt: false,
  touch: false,
});

let desk: Desk;
let tools: Tools;
let framed: string[];

const aFrame = (id: string, changes: Parameters<typeof anItem>[1]): Item =>
  anItem(id, { kind: "FRAME", frame: { background: null }, width: 300, height: 300, ...changes });

beforeEach(() => {
  desk = aDesk([
    anItem("a", { at: { x: 100, y: 100 } }),
    aFrame("frame", { at: { x: 500, y: 300 }, z: "a1" }),
    anItem("in", { at: { x: 450, y: 250 }, z: "a2", parentId: "frame" }),
    anItem("b", { at: { x: 800, y: 650 }, z: "a3" }),
  ]);
  desk.editor.snaps = false;
  framed = [];
  tools = new Tools(desk.editor, {
    openMenu: () => undefined,
    activate: () => undefined,
    framed: (id) => framed.push(id),
  });
});

function drag(from: Pointer, to: Pointer): void {
  tools.down(from);
  tools.move({ ...to, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  tools.move(to);
  tools.up(to);
}

const homeOf = (id: string) => desk.store.get(id)!.parentId;
const kinds = () => partsOf(desk.sent.at(-1)!.operation).map((part) => part.kind);

test("let go wholly inside, it is in the frame and in front of it, in one change", () => {
  tools.down(at(100, 100));
  tools.move(at(300, 200));
  tools.move(at(580, 340));
  expect(desk.editor.target).toBe("frame");
  tools.up(at(580, 340));
  expect(desk.editor.target).toBeNull();
  expect(desk.sent).toHaveLength(1);
  expect(kinds()).toEqual(["transform", "reorder", "regroup"]);
  expect(isTogether(desk.sent[0]!.operation)).toBe(true);
  expect(homeOf("a")).toBe("frame");
  expect(desk.store.get("a")!.z > desk.store.get("frame")!.z).toBe(true);
});

test("let go across its edge, it stays outside", () => {
  drag(at(100, 100), at(640, 300));
  expect(kinds()).toEqual(["transform"]);
  expect(homeOf("a")).toBeNull();
});

test("what hangs over the edge stays in until its middle is outside", () => {
  drag(at(450, 250), at(380, 250));
  expect(homeOf("in")).toBe("frame");
  drag(at(380, 250), at(200, 250));
  expect(homeOf("in")).toBeNull();
  expect(kinds()).toEqual(["transform", "regroup"]);
});

test("a frame that moves takes along what is in it, and nobody changes place", () => {
  // The upper edge of the frame.
  drag(at(600, 150), at(620, 180));
  expect(kinds()).toEqual(["transform"]);
  expect(homeOf("in")).toBe("frame");
  expect(desk.store.get("in")!.transform).toMatchObject({ x: 470, y: 280 });
});

test("a locked frame takes nothing", () => {
  desk.store.receive({
    seq: desk.store.seq + 1,
    mutationId: null,
    operation: { kind: "restyle", items: [{ id: "frame", locked: true }] },
  });
  drag(at(100, 100), at(560, 340));
  expect(homeOf("a")).toBeNull();
});

test("a frame is drawn behind what lies wholly inside, which is in it then", () => {
  tools.take("FRAME");
  drag(at(20, 20), at(220, 180));
  expect(desk.sent).toHaveLength(1);
  expect(kinds()).toEqual(["add", "regroup"]);
  const frame = desk.store.get(framed[0]!)!;
  expect(frame).toMatchObject({ width: 200, height: 160, transform: { x: 120, y: 100 } });
  expect(homeOf("a")).toBe(frame.id);
  expect(frame.z < desk.store.get("a")!.z).toBe(true);
  expect([...desk.editor.selection]).toEqual([frame.id]);
  expect(tools.tool).toBe("SELECT");
});

test("a frame given up leaves nothing; one too small is none", () => {
  tools.take("FRAME");
  tools.down(at(20, 20));
  tools.move(at(220, 180));
  expect(desk.editor.drafts).toHaveLength(1);
  tools.cancel();
  expect(desk.editor.drafts).toEqual([]);
  drag(at(20, 20), at(24, 24));
  expect(desk.sent).toHaveLength(0);
});
