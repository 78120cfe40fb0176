/** What is copied comes back whole: every register, what is in what, and what lies in front of what. */
import { expect, test } from "vitest";
import { htmlOf, parcelIn, parcelOf, paste, textOf } from "$lib/board/copying";
import { sharedOf, setShared } from "$lib/board/numbers";
import { replaced } from "$lib/board/replacing";
import { aGroup, partsOf, type Item } from "$lib/board/operations";
import type { Picture } from "$lib/canvas/pictures";
import { aDesk, anItem } from "./board";

const HERE = "https://webref.example";

const drawing = {
  shape: "PEN" as const,
  points: [{ x: -5, y: 0 }],
  pressures: [0.5],
  stroke: "#112233",
  strokeWidth: 3,
  fill: null,
};
const note = { text: "Ä <b>note</b> 🎨", fontSize: 24, colour: "#ffffff", background: null };

function aBoard() {
  return aDesk([
    anItem("frame", {
      kind: "FRAME",
      frame: { background: "#000000" },
      width: 900,
      height: 900,
      name: "Plan",
    }),
    { ...aGroup("group", "a1", "frame"), name: "Pair" },
    anItem("a", {
      at: { x: 100, y: 100, rotation: 30, flipX: true },
      z: "a2",
      parentId: "group",
      crop: { left: 0.1, top: 0, right: 0.5, bottom: 1 },
      opacity: 0.5,
      tags: ["sky"],
      link: "https://example.org/",
    }),
    anItem("b", { kind: "NOTE", note, at: { x: 200, y: 100 }, z: "a3", parentId: "group", locked: true }),
    anItem("c", { kind: "DRAWING", drawing, at: { x: 5000, y: 100 }, z: "a4" }),
  ]);
}

const picture = {
  id: "image-a",
  name: "a.png",
  title: "",
  originalUrl: "/files/a",
  fullUrl: null,
} as Picture;
const pictures = new Map([[picture.id, picture]]);

test("through the HTML of the clipboard and back, then onto another board", () => {
  const from = aBoard();
  from.editor.select(["frame", "a", "c"]);
  const parcel = parcelIn(`<meta charset="utf-8">${htmlOf(parcelOf(from.editor, pictures, HERE)!)}`, HERE)!;
  expect(parcel.items.map((item) => item.id)).toEqual(["frame", "group", "a", "b", "c"]);
  expect(parcel.items[2]).toEqual(from.store.get("a"));

  const to = aDesk([anItem("there", { z: "a9" })]);
  paste(to.editor, parcel, { x: 0, y: 0 });
  expect(to.sent).toHaveLength(1);
  const copies = to.store.inOrder.filter((item) => item.id !== "there");
  const [frame, group, a, b, c] = copies as [Item, Item, Item, Item, Item];
  expect(copies.map((item) => item.kind)).toEqual(["FRAME", "GROUP", "IMAGE", "NOTE", "DRAWING"]);
  expect([frame, group, a, b, c].map((item) => item.parentId)).toEqual([
    null,
    frame.id,
    group.id,
    group.id,
    null,
  ]);
  expect(copies.every((item) => item.z > "a9")).toBe(true);
  const { id: _id, z: _z, parentId: _parent, transform, ...rest } = from.store.get("a")!;
  expect(a).toMatchObject(rest);
  expect(a.transform).toMatchObject({ rotation: 30, flipX: true });
  expect(c.transform.x - a.transform.x).toBeCloseTo(5000 - transform.x);
  expect(b).toMatchObject({ note, locked: false });
  expect([...to.editor.selection].sort()).toEqual([frame.id, c.id].sort());
  // Their middle is where the hand was.
  expect((frame.transform.x - 450 + c.transform.x + 50) / 2).toBeCloseTo(0);
  // What is added into something comes after it.
  const [added] = partsOf(to.sent[0]!.operation);
  const order = added?.kind === "add" ? added.items.map((item) => item.id) : [];
  expect(order.indexOf(frame.id)).toBeLessThan(order.indexOf(group.id));
  expect(order.indexOf(group.id)).toBeLessThan(order.indexOf(a.id));
});

test("other programs see pictures and words; what is from elsewhere is not taken for items", () => {
  const { editor } = aBoard();
  editor.select(["a", "b"]);
  const parcel = parcelOf(editor, pictures, HERE)!;
  expect(textOf(parcel)).toBe(`${HERE}/files/a\n${note.text}`);
  expect(htmlOf(parcel)).toContain(`<img src="${HERE}/files/a"`);
  expect(parcelIn(htmlOf(parcel), "https://other.example")).toBeNull();
  expect(parcelIn("<p>data-webref</p>", HERE)).toBeNull();
  expect(parcelIn('<div data-webref="bm9uc2Vuc2U="></div>', HERE)).toBeNull();
});

test("a picture in the place of another fits into its box", () => {
  const item = anItem("a", { width: 400, height: 200, crop: { left: 0, top: 0, right: 0.5, bottom: 1 } });
  expect(replaced(item, "new", { width: 100, height: 200 })).toMatchObject({
    imageId: "new",
    crop: null,
    width: 100,
    height: 200,
  });
});

test("numbers: what differs is mixed, what is written holds for all, each by itself, as one change", () => {
  const { editor, sent, store } = aDesk([
    anItem("a", { at: { x: 100, y: 100 } }),
    anItem("b", { at: { x: 300, y: 100, scale: 2 }, z: "a1" }),
    anItem("n", { kind: "NOTE", note, at: { x: 600, y: 100, rotation: 90 }, z: "a2", width: 200 }),
  ]);
  editor.select(["a", "b"]);
  expect(sharedOf(editor, "x")).toBe("mixed");
  expect(sharedOf(editor, "rotation")).toBe(0);
  expect(sharedOf(editor, "opacity")).toBe(100);
  setShared(editor, "x", 10);
  expect(sharedOf(editor, "x")).toBe(10);
  setShared(editor, "width", 50);
  expect(["width", "height"].map((what) => sharedOf(editor, what as "width"))).toEqual([50, 50]);
  expect(sharedOf(editor, "x")).toBe(10);
  setShared(editor, "rotation", 45);
  setShared(editor, "opacity", 30);
  expect(store.get("b")!.opacity).toBeCloseTo(0.3);
  expect(sent).toHaveLength(4);
  // A note takes any shape: its letters stay as they are, and its upper left corner where it is.
  editor.select(["n"]);
  setShared(editor, "width", 300);
  expect(store.get("n")).toMatchObject({ width: 300, height: 100, transform: { scale: 1 } });
  expect(store.get("n")!.transform.y).toBeCloseTo(150);
  expect(sent).toHaveLength(5);
  editor.select([]);
  expect(sharedOf(editor, "x")).toBeNull();
});
