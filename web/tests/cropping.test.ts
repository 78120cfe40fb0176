/** Cropping by hand: what is tried on is only shown, what is kept is one change, and what is seen stays where it is. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "$lib/board/operations";
import { Tools, type Pointer } from "$lib/canvas/tools";
import { cropped, type Crop } from "$lib/geometry/shapes";
import { valueOf, written } from "$lib/ui/arithmetic";
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
let underWay: boolean[];

/** A picture of 400 × 200 around 500, 400. */
beforeEach(() => begin());

function begin(changes: Partial<Item> & { at?: Partial<Item["transform"]> } = {}): void {
  const place = { x: 500, y: 400, ...changes.at };
  desk = aDesk([anItem("a", { width: 400, height: 200, ...changes, at: place })]);
  underWay = [];
  tools = new Tools(desk.editor, {
    openMenu: () => undefined,
    activate: () => undefined,
    cropping: (isUnderWay) => underWay.push(isUnderWay),
  });
}

function drag(from: Pointer, to: Pointer): void {
  tools.down(from);
  tools.move({ ...to, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  tools.move(to);
  tools.up(to);
}

const stored = () => desk.store.get("a")!;
const begins = () => tools.crop(stored());

test("edges go with the hand, the picture stays, and Enter keeps it as one change", () => {
  begins();
  drag(at(300, 400), at(400, 400));
  drag(at(700, 500), at(600, 450));
  expect(desk.sent).toHaveLength(0);
  expect(tools.keepCrop()).toBe(true);
  expect(desk.sent).toHaveLength(1);
  expect(stored()).toMatchObject({
    crop: { left: 0.25, top: 0, right: 0.75, bottom: 0.75 },
    width: 200,
    height: 150,
    transform: { x: 500, y: 375 },
  });
  expect(desk.sent[0]!.deed).toEqual({
    kind: "recrop",
    id: "a",
    crop: stored().crop,
    transform: stored().transform,
  });
  expect(underWay).toEqual([true, false]);
});

test("the picture is pushed behind its crop, which stays where it is, as far as it fills it", () => {
  begin({ crop: { left: 0.25, top: 0.25, right: 0.75, bottom: 0.75 }, width: 200, height: 100 });
  begins();
  drag(at(500, 400), at(460, 410));
  tools.keepCrop();
  expect(stored().transform).toMatchObject({ x: expect.closeTo(500), y: expect.closeTo(400) });
  const { left, top, right, bottom } = stored().crop!;
  expect([left, top, right, bottom].map((one) => one.toFixed(3))).toEqual([
    "0.350",
    "0.200",
    "0.850",
    "0.700",
  ]);
  begins();
  drag(at(500, 400), at(-900, 400));
  tools.keepCrop();
  expect(stored().crop!.right).toBeCloseTo(1);
});

describe.each([
  {},
  { flipX: true },
  { flipY: true, rotation: 30 },
  { flipX: true, rotation: 200, scale: 1.5 },
])("a picture that lies as %o", (how) => {
  test("what is seen of it does not move when its edges do", () => {
    begin({ at: how });
    const before = stored();
    begins();
    // The corner that is lower right to the eye before the picture was turned.
    const { camera } = desk.editor;
    const handle = desk.editor.cropping!.handles[4]!;
    const from = at((handle.x - camera.x) * camera.zoom, (handle.y - camera.y) * camera.zoom);
    drag(from, at(from.x + (500 - from.x) / 3, from.y + (400 - from.y) / 3));
    tools.keepCrop();
    const { crop, width, height, transform } = stored();
    expect(crop).not.toBeNull();
    const expected = cropped(before, null, crop, "PICTURE");
    expect([width, height, transform.x, transform.y]).toEqual(
      [expected.width, expected.height, expected.transform.x, expected.transform.y].map((one) =>
        expect.closeTo(one),
      ),
    );
  });
});

test("Esc gives up a drag, then all of it: everything is as it was, and nothing was said", () => {
  const before = stored();
  begins();
  drag(at(300, 400), at(400, 400));
  tools.down(at(700, 400));
  tools.move(at(600, 400));
  expect(tools.backOut()).toBe(true);
  expect(desk.editor.placed(before).width).toBe(300);
  expect(tools.backOut()).toBe(true);
  expect(desk.editor.placed(before)).toEqual(before);
  expect(desk.editor).toMatchObject({ drafts: [], cropping: null });
  expect(tools.isCropping).toBe(false);
  expect(desk.sent).toHaveLength(0);
});

test("with Shift a corner keeps the shape", () => {
  begins();
  drag(at(700, 500), at(500, 490, { shift: true }));
  tools.keepCrop();
  expect(stored().width / stored().height).toBeCloseTo(2);
});

test("a click beside it keeps the crop; nothing changed is no change", () => {
  begins();
  tools.down(at(50, 50));
  tools.up(at(50, 50));
  expect(tools.isCropping).toBe(false);
  expect(desk.sent).toHaveLength(0);
  begins();
  drag(at(300, 400), at(400, 400));
  tools.down(at(50, 50));
  tools.up(at(50, 50));
  expect(desk.sent).toHaveLength(1);
});

test("what somebody else removes meanwhile is not cropped", () => {
  begins();
  drag(at(300, 400), at(400, 400));
  desk.store.receive({
    seq: desk.store.seq + 1,
    mutationId: null,
    operation: { kind: "remove", ids: ["a"] },
  });
  expect(tools.isCropping).toBe(false);
  expect(desk.editor).toMatchObject({ drafts: [], cropping: null });
  expect(desk.sent).toHaveLength(0);
});

test("nothing is cropped away altogether", () => {
  begins();
  drag(at(300, 400), at(2000, 400));
  tools.keepCrop();
  expect(stored().width).toBeCloseTo(8);
});

test("with C held the part to keep is drawn, in one change; given up, nothing", () => {
  tools.cropHeld = true;
  tools.down(at(400, 350));
  tools.move(at(500, 400));
  tools.cancel();
  expect(desk.editor.placed(stored())).toBe(stored());
  drag(at(400, 350), at(600, 450));
  expect(desk.sent).toHaveLength(1);
  expect(stored().crop).toEqual({ left: 0.25, top: 0.25, right: 0.75, bottom: 0.75 } satisfies Crop);
  expect(tools.isCropping).toBe(false);
});

test("shapes by name, and the whole again", () => {
  begins();
  tools.cropTo(1);
  tools.keepCrop();
  expect(stored().crop).toEqual({ left: 0.25, top: 0, right: 0.75, bottom: 1 });
  begins();
  tools.cropTo(null);
  tools.keepCrop();
  expect(stored()).toMatchObject({ crop: null, width: 400, transform: { x: 500, y: 400 } });
});

test("what is written in a field of numbers is counted", () => {
  expect(["120/2", "3*(40+2)", "-1,5", " 7 - 2 - 1 ", "2+3*4", ".5"].map(valueOf)).toEqual([
    60, 126, -1.5, 4, 14, 0.5,
  ]);
  expect(["", "abc", "1/0", "2(3", "(2", "2)", "1..2"].map(valueOf)).toEqual(Array(7).fill(null));
  expect([1.005, 1 / 3, 20].map(written)).toEqual(["1", "0.33", "20"]);
});
