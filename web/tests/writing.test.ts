/** Notes as commands write them: nothing that is said in one is cut off, and nothing is lost with one. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addNote, editNote, NEW_NOTE, NOTE_SIZE, placeAgain, rewrite } from "$lib/board/commands";
import { beginNote, endNote } from "$lib/board/drafts";
import { Stretching } from "$lib/canvas/states/stretching";
import type { Pointer } from "$lib/canvas/states/state";
import { aDesk, anItem } from "./board";

beforeEach(() => {
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext() {
        return { font: "", measureText: (text: string) => ({ width: text.length * 50 }) };
      }
    },
  );
});

afterEach(() => vi.unstubAllGlobals());

const PAGE = Array.from({ length: 30 }, (_, line) => `line ${line}`).join("\n");

test("words that are pasted make a note as high as they need, few words one as it is made empty", () => {
  const { editor, store } = aDesk([]);
  const long = store.get(addNote(editor, { x: 0, y: 0 }, PAGE))!;
  expect(long.height).toBeGreaterThan(30 * NEW_NOTE.fontSize);
  expect(store.get(addNote(editor, { x: 0, y: 0 }, "few"))!.height).toBe(NOTE_SIZE.height);
});

test("larger letters make a note higher, smaller ones leave it", () => {
  const note = { ...NEW_NOTE, text: PAGE };
  const at = { x: 500, y: 100, scale: 2, rotation: 90 };
  const { editor, store, sent } = aDesk([anItem("a", { kind: "NOTE", width: 280, height: 1100, note, at })]);
  editor.select(["a"]);
  rewrite(editor, { fontSize: 48 });
  const { height, transform } = store.get("a")!;
  expect(height).toBeGreaterThan(30 * 48);
  // Turned by a quarter, its first line is at the right: that stays where it is.
  expect(transform.x + height).toBeCloseTo(500 + 1100);
  expect(transform.y).toBeCloseTo(100);
  rewrite(editor, { fontSize: 16 });
  expect(store.get("a")).toMatchObject({ height, transform });
  expect(sent.map(({ operation }) => operation.kind)).toEqual(["compound", "edit"]);
});

test("a note that is written longer goes on downwards, one that is not stays where it is", () => {
  const { editor, store } = aDesk([anItem("a", { kind: "NOTE", height: 180, note: NEW_NOTE })]);
  editNote(editor, "a", { ...NEW_NOTE, text: "a" }, 180);
  expect(store.get("a")!.transform).toMatchObject({ x: 0, y: 0 });
  editNote(editor, "a", { ...NEW_NOTE, text: PAGE }, 400);
  expect(store.get("a")).toMatchObject({ height: 400, transform: { x: 0, y: 110 } });
});

test("what was deleted under one's hands is put back as it was written: in front, in no group, in hand", () => {
  const { editor, store, sent } = aDesk([anItem("a", { z: "a5" })]);
  const note = { ...NEW_NOTE, text: "kept" };
  placeAgain(editor, anItem("gone", { kind: "NOTE", note, parentId: "gone-too", at: { x: 40, y: 2 } }));
  expect(sent).toHaveLength(1);
  const [first, put] = store.inOrder;
  expect(first!.id).toBe("a");
  expect(put).toMatchObject({ kind: "NOTE", note, parentId: null, transform: { x: 40, y: 2 } });
  expect(put!.id).not.toBe("gone");
  expect([...editor.selection]).toEqual([put!.id]);
});

test("a note that is written for the first time is one deed, done when it is written", () => {
  const { editor, store, sent } = aDesk([]);
  const id = beginNote(editor, { x: 5, y: 7 });
  expect(store.get(id)).toMatchObject({ kind: "NOTE", note: NEW_NOTE });
  expect([...editor.selection]).toEqual([id]);
  expect(sent).toEqual([]);
  expect(endNote(editor, id, { ...NEW_NOTE, text: PAGE }, 400)).toBe(true);
  expect(sent.map(({ operation }) => operation.kind)).toEqual(["add"]);
  expect(store.get(id)).toMatchObject({ note: { text: PAGE }, height: 400, transform: { x: 5, y: 117 } });
  expect(store.isConfirmed(id)).toBe(true);
  expect([...editor.selection]).toEqual([id]);
  expect(endNote(editor, id, NEW_NOTE, 400)).toBe(false);
});

test("a note in which nothing was written, or by who may not write any more, was never there", () => {
  const { editor, store, sent } = aDesk([anItem("a")]);
  const empty = beginNote(editor, { x: 0, y: 0 });
  expect(endNote(editor, empty, { ...NEW_NOTE, text: " \n" }, 180)).toBe(true);
  const barred = beginNote(editor, { x: 0, y: 0 });
  editor.canEdit = false;
  expect(endNote(editor, barred, { ...NEW_NOTE, text: "late" }, 180)).toBe(true);
  expect(store.inOrder.map((item) => item.id)).toEqual(["a"]);
  expect(sent).toEqual([]);
});

test("a note that is made narrower goes on downwards, as high as its words need; made wider it stays as high", () => {
  const note = { ...NEW_NOTE, text: "many words of a note ".repeat(9) };
  const { editor, store, sent } = aDesk([anItem("a", { kind: "NOTE", width: 400, height: 200, note })]);
  const stretch = (to: number) => {
    const item = store.get("a")!;
    const side = { x: item.transform.x + item.width / 2, y: item.transform.y };
    const at = (x: number) => ({ x, y: side.y, shift: false, alt: false, control: true }) as Pointer;
    const gesture = new Stretching(editor, item, [1, 0], at(side.x), "");
    gesture.move(at(side.x + to));
    gesture.up();
    return store.get("a")!;
  };
  const narrow = stretch(-250);
  expect(narrow.width).toBe(150);
  expect(narrow.height).toBeGreaterThan(400);
  expect(narrow.transform.x).toBe(-125);
  expect(narrow.transform.y - narrow.height / 2).toBeCloseTo(-100);
  const wide = stretch(100);
  expect(wide).toMatchObject({ width: 250, height: narrow.height, transform: { y: narrow.transform.y } });
  expect(sent).toHaveLength(2);
});
