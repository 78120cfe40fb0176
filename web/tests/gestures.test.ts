/** The law of every gesture: nothing is said before the hand lifts, then one thing; given up, all is as it was. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "$lib/board/operations";
import { Tools, type Pointer, type ToolName } from "$lib/canvas/tools";
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
let refused: string[];

beforeEach(() => {
  desk = aDesk([
    anItem("a", { at: { x: 200, y: 200 } }),
    anItem("b", { at: { x: 430, y: 330 }, z: "a1" }),
    anItem("frame", {
      kind: "FRAME",
      frame: { background: null },
      at: { x: 700, y: 600 },
      width: 200,
      z: "a2",
    }),
    anItem("locked", { at: { x: 600, y: 100 }, z: "a3", locked: true }),
  ]);
  refused = [];
  tools = new Tools(desk.editor, {
    openMenu: () => undefined,
    activate: () => undefined,
    refused: (item) => refused.push(item.id),
  });
});

interface Gesture {
  readonly name: string;
  readonly tool?: ToolName;
  readonly select?: readonly string[];
  readonly from: Pointer;
  readonly to: Pointer;
}

const GESTURES: readonly Gesture[] = [
  { name: "moving", from: at(200, 200), to: at(251, 263) },
  { name: "turning with Ctrl", from: at(230, 200, { control: true }), to: at(210, 290, { control: true }) },
  {
    name: "scaling with Ctrl and Alt",
    from: at(200, 200, { control: true, alt: true }),
    to: at(290, 200, { control: true, alt: true }),
  },
  { name: "scaling by a corner", select: ["a"], from: at(250, 250), to: at(305, 321) },
  { name: "turning by the handle", select: ["a"], from: at(200, 120), to: at(280, 170) },
  { name: "stretching by a side", select: ["frame"], from: at(800, 600), to: at(870, 612) },
  { name: "stretching by a corner", select: ["frame"], from: at(800, 650), to: at(860, 720) },
  { name: "the pen", tool: "PEN", from: at(50, 500), to: at(300, 560) },
  { name: "a line", tool: "LINE", from: at(50, 500), to: at(300, 560) },
  { name: "an arrow", tool: "ARROW", from: at(50, 500), to: at(300, 560) },
  { name: "a rectangle", tool: "RECTANGLE", from: at(50, 500), to: at(300, 560) },
  { name: "an ellipse", tool: "ELLIPSE", from: at(50, 500), to: at(300, 560) },
];

function hold({ tool, select, from, to }: Gesture): void {
  if (select) desk.editor.select(select);
  if (tool) tools.take(tool);
  tools.down(from);
  tools.move({ ...to, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  tools.move(to);
}

/** All that is seen of the board. */
function seen(): unknown {
  const { editor, store } = desk;
  return {
    camera: editor.camera,
    items: store.inOrder.map((item) => [editor.dressed(item), editor.placed(item).transform]),
    drafts: editor.drafts,
    guides: editor.guides,
    lifted: [...editor.lifted],
    marquee: editor.marquee,
  };
}

describe.each(GESTURES)("$name", (gesture) => {
  test("is one change, when the hand lifts", () => {
    hold(gesture);
    expect(desk.sent).toHaveLength(0);
    tools.up(gesture.to);
    expect(desk.sent).toHaveLength(1);
    expect(tools.isIdle).toBe(true);
    expect(desk.editor.guides).toEqual([]);
    expect(desk.editor.drafts).toEqual([]);
  });

  test("given up, leaves everything as it was and says nothing", () => {
    if (gesture.select) desk.editor.select(gesture.select);
    const before = seen();
    hold(gesture);
    expect(seen()).not.toEqual(before);
    expect(tools.cancel()).toBe(true);
    expect(seen()).toEqual(before);
    tools.up(gesture.to);
    expect(desk.sent).toHaveLength(0);
  });

  test("a second finger gives it up", () => {
    const before = seen();
    const finger = { touch: true };
    hold({ ...gesture, from: { ...gesture.from, ...finger }, to: { ...gesture.to, ...finger } });
    tools.down(at(10, 10, { ...finger, id: 2 }));
    expect(tools.state.name).toBe("Pinching");
    expect({ ...(seen() as object), camera: null }).toEqual({ ...(before as object), camera: null });
    expect(desk.sent).toHaveLength(0);
  });

  test("who may only look changes nothing with it", () => {
    desk.editor.canEdit = false;
    hold(gesture);
    tools.up(gesture.to);
    expect(desk.sent).toHaveLength(0);
  });
});

/** Only what the last gesture added. */
function added(): Item {
  const { operation } = desk.sent.at(-1)!;
  if (operation.kind !== "add") throw new Error(operation.kind);
  return operation.items[0]!;
}

function draw(tool: ToolName, from: Pointer, to: Pointer): void {
  hold({ name: "", tool, from, to });
  tools.up(to);
}

describe("drawing", () => {
  test("a line goes from where the hand was to where it is, as thick as chosen, at any zoom", () => {
    desk.editor.look({ x: 1000, y: -500, zoom: 0.25 });
    tools.ink = { stroke: "#123456", width: 6, fill: "#ffffff" };
    draw("LINE", at(40, 100, { control: true }), at(140, 60, { control: true }));
    const { transform, drawing } = added();
    expect(transform).toMatchObject({ x: 1000 + 90 / 0.25, y: -500 + 80 / 0.25, scale: 4 });
    expect(drawing).toMatchObject({ shape: "LINE", stroke: "#123456", strokeWidth: 6, fill: null });
    expect(drawing!.points).toEqual([
      { x: -50, y: 20 },
      { x: 50, y: -20 },
    ]);
  });

  test("Shift keeps a line to steps of 45 degrees and a box square, Alt its middle where the hand began", () => {
    draw("LINE", at(50, 500), at(150, 510, { shift: true }));
    const [from, to] = added().drawing!.points;
    expect(to!.y).toBeCloseTo(from!.y);
    draw("RECTANGLE", at(50, 500, { control: true }), at(90, 530, { shift: true }));
    expect(added()).toMatchObject({ width: 40, height: 40, transform: { x: 70, y: 520 } });
    draw("ELLIPSE", at(300, 500, { control: true }), at(340, 530, { alt: true, control: true }));
    expect(added()).toMatchObject({ width: 80, height: 60, transform: { x: 300, y: 500 } });
  });

  test("a shape is selected and the hand free again; the pen goes on writing", () => {
    draw("RECTANGLE", at(50, 500), at(90, 530));
    expect([...desk.editor.selection]).toEqual([added().id]);
    expect(tools.tool).toBe("SELECT");
    draw("PEN", at(50, 500), at(90, 530));
    expect(tools.tool).toBe("PEN");
    expect(tools.backOut()).toBe(true);
    expect(tools.tool).toBe("SELECT");
    expect(tools.backOut()).toBe(false);
  });

  test("a click with a shape leaves nothing, a tap of the pen a dot", () => {
    for (const tool of ["LINE", "RECTANGLE"] as const) {
      tools.take(tool);
      tools.down(at(50, 500));
      tools.up(at(50, 500));
    }
    expect(desk.sent).toHaveLength(0);
    tools.take("PEN");
    tools.down(at(50, 500));
    tools.up(at(50, 500));
    expect(added().drawing!.points).toEqual([{ x: 0, y: 0 }]);
  });

  test("a mouse draws a line of one width, a pen as it was pressed, every place between two events included", () => {
    draw("PEN", at(50, 500), at(250, 520));
    expect(added().drawing!.pressures).toEqual([]);
    tools.down(at(50, 600, { pressure: 0.1 }));
    const trail = Array.from({ length: 9 }, (_, i) => ({
      x: 60 + 20 * i,
      y: 600 + 30 * Math.sin(i),
      pressure: 0.1 + i / 10,
    }));
    tools.move(at(220, 600, { pressure: 0.9, trail }));
    tools.up(at(220, 600, { pressure: 0 }));
    const { points, pressures } = added().drawing!;
    expect(pressures).toHaveLength(points.length);
    expect(points.length).toBeGreaterThan(5);
    expect(Math.min(...pressures)).toBeLessThan(0.2);
    expect(Math.max(...pressures)).toBeGreaterThan(0.8);
  });

  test("beside a pen a finger moves the view", () => {
    tools.take("PEN");
    tools.down(at(50, 500, { pressure: 0.5 }));
    tools.up(at(50, 500, { pressure: 0.5 }));
    const { x } = desk.editor.camera;
    tools.down(at(50, 500, { touch: true }));
    tools.move(at(90, 500, { touch: true }));
    tools.up(at(90, 500, { touch: true }));
    expect(desk.editor.camera.x).toBe(x - 40);
    expect(desk.sent).toHaveLength(1);
  });

  test("a straight stroke needs two points, however many it was told", () => {
    tools.take("PEN");
    tools.down(at(50, 500));
    for (let x = 51; x <= 450; x++) tools.move(at(x, 500));
    tools.up(at(450, 500));
    expect(added().drawing!.points).toHaveLength(2);
  });
});

describe("snapping", () => {
  test("an edge that comes near another's lies on it, and shows why; Ctrl lets it lie where the hand is", () => {
    hold({ name: "", from: at(200, 200), to: at(428, 200) });
    // Its middle is 2 from the middle of b.
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(430);
    expect(
      desk.editor.guides.some(({ kind, axis, at }) => kind === "line" && axis === "x" && at === 430),
    ).toBe(true);
    tools.move(at(428, 200, { control: true }));
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(428);
    expect(desk.editor.guides).toEqual([]);
    tools.cancel();
  });

  test("switched off, nothing catches", () => {
    desk.editor.snaps = false;
    hold({ name: "", from: at(200, 200), to: at(428, 200) });
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(428);
    tools.cancel();
  });

  test("the reach is of the screen, not of the board", () => {
    desk.editor.look({ x: 0, y: 0, zoom: 4 });
    hold({ name: "", from: at(800, 800), to: at(800 + 4 * 228, 800) });
    expect(desk.editor.transformOf(desk.store.get("a")!).x).toBe(428);
    tools.cancel();
  });

  test("Shift keeps the way straight whatever is near it", () => {
    hold({ name: "", from: at(200, 200), to: at(429, 204, { shift: true }) });
    expect(desk.editor.transformOf(desk.store.get("a")!)).toMatchObject({ x: 430, y: 200 });
    tools.cancel();
  });

  test("a scaled corner stops in line with an edge", () => {
    desk.editor.select(["a"]);
    // The left edge of b is at 380.
    hold({ name: "", from: at(250, 250), to: at(377, 377) });
    const { transform, width } = {
      ...desk.store.get("a")!,
      transform: desk.editor.transformOf(desk.store.get("a")!),
    };
    expect(transform.x + (width * transform.scale) / 2).toBeCloseTo(380);
    tools.cancel();
  });
});

describe("stretching", () => {
  test("a side goes with the hand, what lies opposite stays; Alt moves both", () => {
    desk.editor.select(["frame"]);
    hold({ name: "", from: at(800, 600), to: at(850, 600, { control: true }) });
    tools.up(at(850, 600, { control: true }));
    expect(desk.store.get("frame")).toMatchObject({ width: 250, height: 100, transform: { x: 725, y: 600 } });
    hold({ name: "", from: at(850, 600), to: at(860, 600, { alt: true, control: true }) });
    tools.up(at(860, 600, { alt: true, control: true }));
    expect(desk.store.get("frame")).toMatchObject({ width: 270, transform: { x: 725, y: 600 } });
  });

  test("a turned box grows along its own sides", () => {
    desk.store.receive({
      seq: desk.store.seq + 1,
      mutationId: null,
      operation: {
        kind: "transform",
        items: [
          { id: "frame", transform: { ...desk.store.get("frame")!.transform, rotation: 90, scale: 2 } },
        ],
      },
    });
    desk.editor.select(["frame"]);
    // Its right side points down: the middle of it is 200 below.
    hold({ name: "", from: at(700, 800), to: at(700, 840, { control: true }) });
    tools.up(at(700, 840, { control: true }));
    const { width, transform } = desk.store.get("frame")!;
    expect(width).toBeCloseTo(220);
    expect([transform.x, transform.y]).toEqual([expect.closeTo(700), expect.closeTo(620)]);
  });

  test("nothing is stretched through itself", () => {
    desk.editor.select(["frame"]);
    hold({ name: "", from: at(800, 600), to: at(100, 600) });
    tools.up(at(100, 600));
    expect(desk.store.get("frame")!.width).toBe(8);
  });

  test("pictures are never distorted: they have no such handles", () => {
    desk.editor.select(["a"]);
    expect(Object.keys(tools.handles()!).sort()).toEqual(["ne", "nw", "rotate", "se", "sw"]);
    desk.editor.select(["frame"]);
    expect(Object.keys(tools.handles()!)).toHaveLength(9);
  });
});

test("what is locked says so, and the board moves instead", () => {
  tools.down(at(600, 100));
  tools.move(at(640, 100));
  tools.up(at(640, 100));
  expect(refused).toEqual(["locked"]);
  expect(desk.sent).toHaveLength(0);
});
