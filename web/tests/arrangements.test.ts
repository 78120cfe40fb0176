/** What is sent when a board is brought into order: places where they are few, a deed by ids where they are many. */
import { describe, expect, test } from "vitest";
import {
  alignTo,
  arrangeBy,
  canArrange,
  compare,
  packUp,
  type Desk as Arranger,
} from "$lib/board/arrangements";
import * as commands from "$lib/board/commands";
import { MOST_PER_MUTATION } from "$lib/board/deeds";
import { partsOf } from "$lib/board/operations";
import { boundsOf, overlap } from "$lib/geometry/shapes";
import { aDesk, anItem, type Desk } from "./board";

const arranger = (desk: Desk): Arranger => ({
  editor: desk.editor,
  pictures: new Map(),
  nameOf: (item) => item.name || item.id,
});

const many = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    anItem(`i${n}`, { at: { x: (n % 7) * 30, y: n * 3 }, z: `a${n.toString(36).padStart(4, "0")}V` }),
  );

describe("arranging", () => {
  test("a group is one: its members keep their places to each other", () => {
    const desk = aDesk([
      anItem("g", { kind: "GROUP", width: 1, height: 1 }),
      anItem("a", { parentId: "g", at: { x: 0, y: 0 }, z: "a1" }),
      anItem("b", { parentId: "g", at: { x: 300, y: 40 }, z: "a2" }),
      anItem("c", { at: { x: 900, y: 500 }, z: "a3" }),
    ]);
    desk.editor.select(["g", "c"]);
    alignTo(arranger(desk), "LEFT");
    expect(desk.store.get("c")?.transform.x).toBe(0);
    expect(desk.store.get("b")?.transform.x).toBe(300);
    expect(desk.sent[0]).toMatchObject({ label: "Align 2 items", deed: undefined });
  });

  test("packed items do not overlap, and it is one operation", () => {
    const desk = aDesk(many(20));
    commands.selectAll(desk.editor);
    packUp(arranger(desk));
    expect(desk.sent).toHaveLength(1);
    const boxes = desk.store.inOrder.map(boundsOf);
    boxes.forEach((box, i) => boxes.slice(i + 1).forEach((other) => expect(overlap(box, other)).toBe(false)));
  });

  test("more than a mutation may name is asked for by ids, a whole board by none", () => {
    const desk = aDesk(many(MOST_PER_MUTATION + 1));
    packUp(arranger(desk));
    expect(desk.sent.at(-1)?.deed).toMatchObject({ kind: "pack", ids: null });
    expect(partsOf(desk.sent.at(-1)!.operation)).toEqual([]);
    commands.selectAll(desk.editor);
    alignTo(arranger(desk), "TOP");
    const { deed } = desk.sent.at(-1)!;
    expect(deed?.kind === "align" && deed.ids?.length).toBe(MOST_PER_MUTATION + 1);
    commands.nudge(desk.editor, 3, 4);
    expect(desk.sent.at(-1)?.deed).toMatchObject({ kind: "move", dx: 3, dy: 4 });
  });

  test("of a lone group or frame, what is in it is arranged; of a lone picture, nothing", () => {
    const desk = aDesk([
      anItem("f", { kind: "FRAME", frame: { background: null } }),
      anItem("a", { parentId: "f", at: { x: 0, y: 0 }, z: "a1" }),
      anItem("b", { parentId: "f", at: { x: 500, y: 400 }, z: "a2" }),
    ]);
    desk.editor.select(["a"]);
    expect(canArrange(arranger(desk), true)).toBe(false);
    desk.editor.select(["f"]);
    arrangeBy(arranger(desk), "ROW", "NAME");
    expect(desk.store.get("b")?.transform.y).toBe(desk.store.get("a")?.transform.y);
    expect(desk.store.get("f")?.transform).toMatchObject({ x: 0, y: 0 });
  });

  test("only the server knows dates: it is asked, and nothing moves meanwhile", () => {
    const desk = aDesk(many(4));
    commands.selectAll(desk.editor);
    arrangeBy(arranger(desk), "GRID", "DATE");
    expect(desk.sent[0]?.deed).toMatchObject({ kind: "arrange", order: "DATE" });
    expect(partsOf(desk.sent[0]!.operation)).toEqual([]);
  });

  test("to compare, the others lie see-through over the first, in front of all else", () => {
    const desk = aDesk([
      anItem("a", { at: { x: 50, y: 50 }, z: "a0" }),
      anItem("b", { at: { x: 500, y: 400, scale: 3 }, z: "a1" }),
      anItem("c", { z: "a2" }),
    ]);
    desk.editor.select(["a", "b"]);
    compare(arranger(desk));
    expect(desk.store.get("b")).toMatchObject({ opacity: 0.5, transform: { x: 50, y: 50, scale: 1 } });
    expect(desk.store.inOrder.map((item) => item.id)).toEqual(["c", "a", "b"]);
    expect(desk.sent[0]?.deed).toMatchObject({ kind: "compare", ids: ["a", "b"] });
  });
});

describe("looks", () => {
  test("trying on shows, and changes nothing", () => {
    const desk = aDesk(many(2));
    const [first, second] = desk.store.inOrder;
    desk.editor.tryOn([first!], { brightness: 2 });
    expect(desk.editor.dressed(first!).brightness).toBe(2);
    expect(desk.editor.dressed(second!)).toBe(second);
    expect(desk.sent).toEqual([]);
    desk.editor.tryOn([], null);
    expect(desk.editor.dressed(first!)).toBe(first);
  });

  test("tags of several: what is added comes to all, what is taken goes from all, the rest stays", () => {
    const desk = aDesk([anItem("a", { tags: ["x", "own"] }), anItem("b", { tags: ["x"] })]);
    desk.editor.select(["a", "b"]);
    commands.retag(desk.editor, ["x"], ["new"]);
    expect(desk.store.get("a")?.tags).toEqual(["own", "new"]);
    expect(desk.store.get("b")?.tags).toEqual(["new"]);
  });

  test("uncropped, a picture shows all of itself where it is", () => {
    const crop = { left: 0.5, top: 0, right: 1, bottom: 0.5 };
    const desk = aDesk([anItem("a", { crop, width: 100, height: 50 })]);
    desk.editor.select(["a"]);
    commands.uncrop(desk.editor);
    expect(desk.store.get("a")).toMatchObject({
      crop: null,
      width: 200,
      height: 100,
      transform: { x: -50, y: 25 },
    });
    expect(desk.sent[0]?.deed).toEqual({ kind: "crop", items: [{ id: "a", crop: null }] });
  });
});
