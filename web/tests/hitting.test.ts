/** What a point touches, and what a click makes of it: items, groups as wholes, members of an entered group. */
import { beforeEach, describe, expect, test } from "vitest";
import * as commands from "$lib/board/commands";
import * as grouping from "$lib/board/grouping";
import { partsOf, type Drawing, type Item } from "$lib/board/operations";
import { isHit, titleBox } from "$lib/canvas/hitting";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { IDENTITY } from "$lib/geometry/shapes";
import { aDesk, anItem, type Desk } from "./board";

const LINE: Drawing = {
  shape: "LINE",
  points: [
    { x: -50, y: 0 },
    { x: 50, y: 0 },
  ],
  pressures: [],
  stroke: "#ffffff",
  strokeWidth: 4,
  fill: null,
};

function aDrawing(changes: Partial<Drawing>, at = {}): Item {
  return anItem("d", { kind: "DRAWING", drawing: { ...LINE, ...changes }, at });
}

const hits = (item: Item, x: number, y: number, reach = 1) => isHit(item, item, { x, y }, reach, 1);

describe("drawings", () => {
  test("a line is hit along it, as wide as it is and a little more", () => {
    const line = aDrawing({});
    expect(hits(line, 10, 0)).toBe(true);
    expect(hits(line, 10, 2.9)).toBe(true);
    expect(hits(line, 10, 3.1)).toBe(false);
    expect(hits(line, 54, 0)).toBe(false);
  });

  test("the box of a drawing is no part of it", () => {
    expect(hits(aDrawing({}), 10, 30)).toBe(false);
    expect(hits(aDrawing({ shape: "RECTANGLE", points: [] }), 0, 0)).toBe(false);
    expect(hits(aDrawing({ shape: "ELLIPSE", points: [] }), 0, 0)).toBe(false);
  });

  test("edges of a rectangle and an ellipse, and what is filled", () => {
    const box = { shape: "RECTANGLE", points: [] } as const;
    const round = { shape: "ELLIPSE", points: [] } as const;
    expect(hits(aDrawing(box), 50, 20)).toBe(true);
    expect(hits(aDrawing({ ...box, fill: "#000000" }), 0, 0)).toBe(true);
    expect(hits(aDrawing(round), 50, 0)).toBe(true);
    expect(hits(aDrawing(round), 48, 48)).toBe(false);
    expect(hits(aDrawing({ ...round, fill: "#000000" }), 48, 48)).toBe(false);
    expect(hits(aDrawing({ ...round, fill: "#000000" }), 10, 10)).toBe(true);
  });

  test("they are hit where they are painted: turned, scaled and flipped", () => {
    const corner = { points: [...LINE.points, { x: 50, y: 50 }] };
    expect(hits(aDrawing(corner, { rotation: 90, scale: 2 }), 0, 100)).toBe(true);
    expect(hits(aDrawing(corner, { rotation: 90, scale: 2 }), -100, 100)).toBe(true);
    expect(hits(aDrawing(corner), 50, 40)).toBe(true);
    expect(hits(aDrawing(corner, { flipX: true }), -50, 40)).toBe(true);
    expect(hits(aDrawing(corner, { flipX: true }), 50, 40)).toBe(false);
  });

  test("a filled stroke is hit inside, a dot at its place", () => {
    const area = [...LINE.points, { x: 0, y: 50 }];
    expect(hits(aDrawing({ shape: "PEN", points: area, fill: "#112233" }), 0, 20)).toBe(true);
    expect(hits(aDrawing({ shape: "PEN", points: area }), 0, 20)).toBe(false);
    expect(hits(aDrawing({ shape: "PEN", points: [{ x: 5, y: 5 }] }), 6, 6)).toBe(true);
  });
});

describe("frames", () => {
  const frame = anItem("f", { kind: "FRAME", frame: { background: "#000000" }, name: "Hands", width: 400 });

  test("edge and title, not what lies in it", () => {
    expect(hits(frame, 200, 10)).toBe(true);
    expect(hits(frame, 0, 0)).toBe(false);
    expect(hits(frame, -180, -60)).toBe(true);
    expect(hits(frame, 180, -60)).toBe(false);
  });

  test("the title is as large on the screen at any zoom, and never wider than the frame", () => {
    const near = titleBox("Hands", { ...frame, transform: { ...IDENTITY, scale: 2 } }, 0.25);
    const far = titleBox("Hands", frame, 10);
    expect((near.bottom - near.top) * 2 * 4).toBeCloseTo(22);
    expect((far.bottom - far.top) / 10).toBeCloseTo(22);
    expect(far.right - far.left).toBe(400);
  });
});

describe("groups", () => {
  let desk: Desk;
  let tools: Tools;
  const at = (x: number, y: number, more: Partial<Pointer> = {}): Pointer => ({
    ...{ x, y, id: 1, button: 0, shift: false, control: false, alt: false, touch: false },
    ...more,
  });
  const click = (x: number, y: number, more: Partial<Pointer> = {}) => {
    tools.down(at(x, y, more));
    tools.up(at(x, y, more));
  };
  const doubleClick = (x: number, y: number) => {
    click(x, y);
    click(x, y);
  };
  const selected = () => [...desk.editor.selection].sort();
  const held = (id: string, parentId: string | null, x: number, y: number, z: string) =>
    anItem(id, { parentId, at: { x, y }, z });

  beforeEach(() => {
    desk = aDesk([
      anItem("outer", { kind: "GROUP", width: 1, height: 1, z: "a0" }),
      anItem("inner", { kind: "GROUP", width: 1, height: 1, z: "a1", parentId: "outer" }),
      held("a", "inner", 100, 100, "a2"),
      held("b", "inner", 250, 100, "a3"),
      held("c", "outer", 400, 100, "a4"),
      held("free", null, 600, 100, "a5"),
      anItem("frame", {
        kind: "FRAME",
        frame: { background: null },
        width: 300,
        height: 300,
        z: "Zz",
        at: { x: 200, y: 500 },
      }),
      held("in frame", "frame", 150, 450, "a6"),
    ]);
    tools = new Tools(desk.editor, { openMenu: () => {}, activate: () => {} });
  });

  test("a click selects the outermost group, Ctrl the member itself", () => {
    click(100, 100);
    expect(selected()).toEqual(["outer"]);
    click(100, 100, { control: true });
    expect(selected()).toEqual(["a"]);
    expect(desk.editor.entered).toBe("inner");
  });

  test("a double click goes one group further in, Esc back out to it", () => {
    doubleClick(100, 100);
    expect(selected()).toEqual(["inner"]);
    doubleClick(100, 100);
    expect(selected()).toEqual(["a"]);
    click(250, 100);
    expect(selected()).toEqual(["b"]);
    expect(desk.editor.leave()).toBe(true);
    expect(selected()).toEqual(["inner"]);
    expect(desk.editor.leave()).toBe(true);
    expect(selected()).toEqual(["outer"]);
    expect(desk.editor.leave()).toBe(false);
  });

  test("a click outside leaves the group that was entered", () => {
    doubleClick(100, 100);
    click(600, 100);
    expect([desk.editor.entered, selected()]).toEqual([null, ["free"]]);
    click(100, 100);
    expect(selected()).toEqual(["outer"]);
  });

  test("its box is that of its members", () => {
    desk.editor.select(["outer"]);
    expect(desk.editor.frame()).toMatchObject({ pivot: { x: 250, y: 100 }, rotation: 0 });
  });

  test("a drag moves all that is in it, as one operation on what has a place", () => {
    tools.down(at(100, 100));
    tools.move(at(120, 110));
    tools.move(at(150, 130));
    tools.up(at(150, 130));
    expect(desk.sent).toHaveLength(1);
    expect(desk.sent[0]).toMatchObject({ label: "Move 1 item", deed: undefined });
    const { operation } = desk.sent[0]!;
    expect(operation.kind === "transform" && operation.items.map((item) => item.id)).toEqual(["c", "a", "b"]);
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 150, y: 130 });
    expect(desk.store.get("outer")?.transform).toEqual(IDENTITY);
  });

  test("a frame moves with what is in it, which is reached through it", () => {
    click(150, 450);
    expect(selected()).toEqual(["in frame"]);
    click(200, 620);
    expect(selected()).toEqual([]);
    click(50, 500);
    expect(selected()).toEqual(["frame"]);
    commands.nudge(desk.editor, 5, 0);
    expect(desk.store.get("in frame")?.transform.x).toBe(155);
    expect(desk.store.get("frame")?.transform.x).toBe(205);
  });

  test("with all selected, a hand on what is in a frame moves all; a click there selects just that", () => {
    commands.selectAll(desk.editor);
    expect(selected()).toEqual(["frame", "free", "outer"]);
    tools.down(at(150, 450));
    tools.move(at(160, 450));
    tools.move(at(170, 450));
    tools.up(at(170, 450));
    expect(desk.store.get("free")?.transform.x).toBe(620);
    expect(selected()).toEqual(["frame", "free", "outer"]);
    click(170, 450, { button: 2 });
    expect(selected()).toEqual(["frame", "free", "outer"]);
    click(170, 450);
    expect(selected()).toEqual(["in frame"]);
  });

  test("a rubber band takes groups as wholes, and frames only when they are inside it", () => {
    expect(desk.editor.within({ left: 380, top: 50, right: 700, bottom: 160 })).toEqual(["outer", "free"]);
    expect(desk.editor.within({ left: 60, top: 360, right: 160, bottom: 460 })).toEqual(["in frame"]);
    expect(desk.editor.within({ left: 0, top: 300, right: 400, bottom: 700 })).toEqual(["frame"]);
  });

  test("what is in a locked group stays, and so does a group with something locked in it", () => {
    desk.editor.select(["outer"]);
    commands.toggleLocked(desk.editor);
    desk.editor.reach(desk.store.get("a")!);
    expect(desk.editor.movable).toEqual([]);
    desk.editor.select(["outer"]);
    commands.toggleLocked(desk.editor);
    desk.editor.reach(desk.store.get("a")!);
    commands.toggleLocked(desk.editor);
    desk.editor.select(["outer"]);
    expect(desk.editor.movable).toEqual([]);
    expect(desk.editor.within({ left: 0, top: 0, right: 450, bottom: 200 })).toEqual([]);
  });

  test("what is in a hidden group is not there for the hand", () => {
    desk.editor.select(["outer"]);
    commands.toggleHidden(desk.editor);
    expect(desk.editor.pick({ x: 100, y: 100 })).toBeNull();
    expect(desk.editor.boundsOfAll()?.top).toBeGreaterThan(0);
    commands.showHidden(desk.editor);
    expect(desk.editor.pick({ x: 100, y: 100 })?.id).toBe("a");
  });

  test("removing takes what is in it, and groups that are left empty", () => {
    desk.editor.select(["outer"]);
    commands.remove(desk.editor);
    expect([...desk.store.inOrder].map((item) => item.id)).toEqual(["frame", "free", "in frame"]);
    expect(desk.sent.at(-1)?.deed).toEqual({ kind: "remove", ids: ["outer"] });
  });

  test("a group goes with its last members", () => {
    desk.editor.select(["a", "b"]);
    commands.remove(desk.editor);
    expect(desk.store.has("inner")).toBe(false);
    expect(desk.store.has("outer")).toBe(true);
  });

  test("a copy has the same hierarchy under other names", () => {
    desk.editor.select(["outer"]);
    commands.duplicate(desk.editor);
    const { operation } = desk.sent[0]!;
    const copies = operation.kind === "add" ? operation.items : [];
    expect(copies).toHaveLength(5);
    const [outer, , inner] = copies;
    expect(desk.editor.selection).toEqual(new Set([outer!.id]));
    const parents = copies.map((item) => copies.findIndex((one) => one.id === item.parentId));
    expect(parents).toEqual(copies.map((_, i) => parents[i]));
    expect(copies.filter((item) => item.kind === "GROUP")).toHaveLength(2);
    expect(copies.every((item) => item === outer || copies.some((one) => one.id === item.parentId))).toBe(
      true,
    );
    expect(inner).toBeDefined();
    expect(desk.store.size).toBe(13);
  });

  test("grouping goes into what all of them are in, ungrouping gives back what was", () => {
    const parents = () => desk.store.inOrder.map((item) => [item.id, item.parentId]);
    const before = parents();
    desk.editor.select(["a", "b"]);
    grouping.group(desk.editor);
    const [made] = desk.editor.selected;
    expect(made).toMatchObject({ kind: "GROUP", parentId: "inner" });
    expect(desk.store.get("a")?.parentId).toBe(made!.id);
    expect(desk.sent.at(-1)?.deed).toEqual({ kind: "group", ids: ["a", "b"], id: made!.id });
    grouping.ungroup(desk.editor);
    expect(parents()).toEqual(before);
    expect(selected()).toEqual(["a", "b"]);
  });

  test("things from different groups meet at the top of the board, and an emptied group goes", () => {
    desk.editor.select(["c", "free"]);
    grouping.group(desk.editor);
    expect(desk.editor.selected[0]?.parentId).toBeNull();
    desk.editor.select(["inner"]);
    grouping.takeOut(desk.editor);
    expect(desk.store.has("outer")).toBe(false);
    expect(partsOf(desk.sent.at(-1)!.operation).map((part) => part.kind)).toEqual(["regroup", "remove"]);
  });

  test("the outline lists what is in something right after it", () => {
    const rows = desk.store.tree.outline().map(({ item, depth }) => [item.id, depth]);
    expect(rows).toEqual([
      ["frame", 0],
      ["in frame", 1],
      ["outer", 0],
      ["inner", 1],
      ["a", 2],
      ["b", 2],
      ["c", 1],
      ["free", 0],
    ]);
  });

  test("a ring or a missing container does no harm", () => {
    desk.store.reset(
      [
        anItem("x", { kind: "GROUP", parentId: "y" }),
        anItem("y", { kind: "GROUP", parentId: "x" }),
        anItem("z", { parentId: "gone", z: "a9" }),
      ],
      1,
    );
    const { tree } = desk.store;
    expect(tree.isLocked(desk.store.get("x")!)).toBe(false);
    expect(tree.withContents([desk.store.get("x")!])).toHaveLength(2);
    expect(tree.membersOf(null).map((item) => item.id)).toEqual(["z"]);
  });
});
