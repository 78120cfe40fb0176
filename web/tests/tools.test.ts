import { beforeEach, describe, expect, test } from "vitest";
import * as commands from "$lib/board/commands";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { aDesk, anItem, type Desk } from "./board";

const at = (x: number, y: number, more: Partial<Pointer> = {}): Pointer => ({
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

let desk: Desk;
let tools: Tools;
let menus: number;
let activated: (string | null)[];

beforeEach(() => {
  desk = aDesk([
    anItem("a", { at: { x: 200, y: 200 } }),
    anItem("b", { at: { x: 400, y: 200 }, z: "a1" }),
    anItem("locked", { at: { x: 600, y: 200 }, z: "a2", locked: true }),
  ]);
  menus = 0;
  activated = [];
  tools = new Tools(desk.editor, { openMenu: () => (menus += 1), activate: (id) => activated.push(id) });
});

function drag(from: Pointer, to: Pointer, end = true): void {
  tools.down(from);
  tools.move({ ...to, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  tools.move(to);
  if (end) tools.up(to);
}

const selected = () => [...desk.editor.selection].sort();

describe("selecting", () => {
  test("a click selects, Shift adds and takes away, the empty board clears", () => {
    tools.down(at(200, 200));
    tools.up(at(200, 200));
    expect(selected()).toEqual(["a"]);
    tools.down(at(400, 200, { shift: true }));
    tools.up(at(400, 200, { shift: true }));
    expect(selected()).toEqual(["a", "b"]);
    tools.down(at(200, 200, { shift: true }));
    tools.up(at(200, 200, { shift: true }));
    expect(selected()).toEqual(["b"]);
    tools.down(at(50, 600));
    tools.up(at(50, 600));
    expect(selected()).toEqual([]);
  });

  test("a rubber band takes what it touches, locked items stay out", () => {
    drag(at(100, 100), at(700, 300), false);
    expect(tools.state.name).toBe("MarqueeSelecting");
    expect(selected()).toEqual(["a", "b"]);
    tools.up(at(700, 300));
    expect(desk.editor.marquee).toBeNull();
    expect(tools.isIdle).toBe(true);
  });

  test("Esc during a rubber band gives the selection back", () => {
    desk.editor.select(["b"]);
    drag(at(100, 100, { shift: true }), at(300, 300, { shift: true }), false);
    expect(selected()).toEqual(["a", "b"]);
    tools.cancel();
    expect(selected()).toEqual(["b"]);
  });
});

describe("moving", () => {
  test("a drag is one operation at the end, and drags are told meanwhile", () => {
    drag(at(200, 200), at(260, 230), false);
    expect(tools.state.name).toBe("Translating");
    expect(desk.sent).toHaveLength(0);
    expect(desk.store.get("a")?.transform.x).toBe(200);
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(260);
    tools.up(at(260, 230));
    expect(desk.sent.map((one) => one.label)).toEqual(["Move 1 item"]);
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 260, y: 230 });
    expect(desk.drags.at(-1)).toBe("DROPPED");
  });

  test("Esc restores and sends nothing but the end of the drag", () => {
    drag(at(200, 200), at(300, 300), false);
    expect(tools.cancel()).toBe(true);
    expect(desk.sent).toHaveLength(0);
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(200);
    expect(desk.drags.at(-1)).toBe("CANCELLED");
    tools.up(at(300, 300));
    expect(desk.sent).toHaveLength(0);
  });

  test("Shift keeps to one axis", () => {
    drag(at(200, 200), at(260, 210, { shift: true }));
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 260, y: 200 });
  });

  test("a locked item pans instead of moving", () => {
    drag(at(600, 200), at(640, 220));
    expect(desk.sent).toHaveLength(0);
    expect(desk.editor.camera.x).toBe(-40);
  });

  test("who may only look pans", () => {
    desk.editor.canEdit = false;
    drag(at(200, 200), at(230, 200));
    expect(desk.sent).toHaveLength(0);
    expect(desk.editor.camera.x).toBe(-30);
  });

  test("a shaky click moves nothing", () => {
    drag(at(200, 200), at(202, 201));
    expect(desk.sent).toHaveLength(0);
  });
});

describe("scaling and rotating", () => {
  test("a corner scales about the opposite one", () => {
    desk.editor.select(["a"]);
    drag(at(250, 250), at(350, 350));
    expect(desk.sent[0]?.label).toBe("Resize 1 item");
    const { x, y, scale } = desk.store.get("a")!.transform;
    expect(scale).toBeCloseTo(2);
    expect([x, y]).toEqual([expect.closeTo(250), expect.closeTo(250)]);
  });

  test("nothing turns inside out or vanishes", () => {
    desk.editor.select(["a"]);
    drag(at(250, 250), at(-900, -900));
    expect(desk.store.get("a")!.transform.scale).toBeCloseTo(0.08);
  });

  test("the upper handle rotates, with Shift in steps of 45 degrees", () => {
    desk.editor.select(["a"]);
    drag(at(200, 120), at(290, 206, { shift: true }));
    expect(desk.store.get("a")!.transform.rotation).toBeCloseTo(90);
  });

  test("several items turn around their common middle", () => {
    desk.editor.select(["a", "b"]);
    drag(at(300, 120), at(380, 200, { shift: true }));
    expect(desk.store.get("a")!.transform).toMatchObject({
      x: expect.closeTo(300),
      y: expect.closeTo(100),
      rotation: expect.closeTo(90),
    });
  });
});

describe("looking", () => {
  test("the middle button and Space pan", () => {
    drag(at(200, 200, { button: 1 }), at(250, 200, { button: 1 }));
    expect(desk.editor.camera.x).toBe(-50);
    tools.spaceHeld = true;
    drag(at(200, 200), at(150, 200));
    expect(desk.editor.camera.x).toBe(0);
    expect(desk.sent).toHaveLength(0);
  });

  test("the wheel zooms at the pointer", () => {
    tools.wheel({ x: 200, y: 200 }, 0, -Math.log(2), true);
    expect(desk.editor.camera).toEqual({ x: 100, y: 100, zoom: expect.closeTo(2) });
  });

  test("two fingers zoom and move together; one finger on empty pans", () => {
    const touch = { touch: true } as const;
    tools.down(at(400, 400, { ...touch, id: 1 }));
    tools.down(at(600, 400, { ...touch, id: 2 }));
    expect(tools.state.name).toBe("Pinching");
    tools.move(at(300, 400, { ...touch, id: 1 }));
    tools.move(at(700, 400, { ...touch, id: 2 }));
    expect(desk.editor.camera.zoom).toBeCloseTo(2);
    tools.up(at(300, 400, { ...touch, id: 1 }));
    tools.up(at(700, 400, { ...touch, id: 2 }));
    const before = desk.editor.camera.x;
    drag(at(20, 700, touch), at(60, 700, touch));
    expect(desk.editor.camera.x).toBeCloseTo(before - 20);
    expect(desk.sent).toHaveLength(0);
  });

  test("the right button opens the menu, unless it was dragged", () => {
    tools.down(at(200, 200, { button: 2 }));
    tools.up(at(200, 200, { button: 2 }));
    expect([menus, selected()]).toEqual([1, ["a"]]);
    drag(at(200, 600, { button: 2 }), at(260, 600, { button: 2 }));
    expect(menus).toBe(1);
  });

  test("a double click activates what is under it", () => {
    for (let i = 0; i < 2; i++) {
      tools.down(at(400, 200));
      tools.up(at(400, 200));
    }
    expect(activated).toEqual(["b"]);
  });
});

describe("commands", () => {
  test("delete leaves locked items", () => {
    desk.editor.select(["a", "locked"]);
    commands.remove(desk.editor);
    expect(desk.store.has("a")).toBe(false);
    expect(desk.store.has("locked")).toBe(true);
    expect(selected()).toEqual(["locked"]);
  });

  test("duplicates lie in front, apart, and are selected", () => {
    desk.editor.select(["a", "b"]);
    commands.duplicate(desk.editor);
    expect(desk.store.size).toBe(5);
    expect(desk.editor.selected.every((item) => item.z > "a2" && !["a", "b"].includes(item.id))).toBe(true);
  });

  test("a flip twice is no flip", () => {
    desk.store.receive({
      seq: desk.store.seq + 1,
      mutationId: null,
      operation: {
        kind: "transform",
        items: [{ id: "a", transform: { x: 1, y: 2, scale: 3, rotation: 30, flipX: false, flipY: false } }],
      },
    });
    const before = desk.store.get("a")!.transform;
    desk.editor.select(["a"]);
    commands.flip(desk.editor, "x");
    expect(desk.store.get("a")!.transform).toMatchObject({ flipX: true, rotation: 330 });
    commands.flip(desk.editor, "x");
    expect(desk.store.get("a")!.transform).toEqual(before);
  });

  test("order: to the ends and by steps", () => {
    const order = () => desk.store.inOrder.map((item) => item.id);
    desk = aDesk([
      anItem("a", { z: "a0" }),
      anItem("b", { at: { x: 50 }, z: "a1" }),
      anItem("c", { at: { x: 20 }, z: "a2" }),
    ]);
    desk.editor.select(["a"]);
    commands.step(desk.editor, "forward");
    expect(order()).toEqual(["b", "a", "c"]);
    commands.toEnd(desk.editor, "front");
    expect(order()).toEqual(["b", "c", "a"]);
    commands.step(desk.editor, "backward");
    expect(order()).toEqual(["b", "a", "c"]);
    commands.toEnd(desk.editor, "back");
    expect(order()).toEqual(["a", "b", "c"]);
  });
});
