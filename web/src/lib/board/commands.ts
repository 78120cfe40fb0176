/** Every change a person can ask for in one step: each builds one operation from the selection. */
import { centre, boundsOf, mirrored, rotatedAbout, translated, union, type Point } from "../geometry/shapes";
import { newId } from "../uuid";
import type { Editor } from "./editor";
import type { Item, Note, StylePatch } from "./operations";
import { compareRanks, ranksBetween } from "./ordering";

export const NEW_NOTE: Note = { text: "", fontSize: 24, colour: "#e8e8ea", background: "#2a2b30" };
export const NOTE_SIZE = { width: 280, height: 180 };
const DUPLICATE_OFFSET = 24;

export function counted(items: readonly unknown[], one = "item", many = "items"): string {
  return items.length === 1 ? `1 ${one}` : `${items.length} ${many}`;
}

export function remove(editor: Editor): void {
  const items = editor.movable;
  if (!items.length) return;
  editor.perform({ kind: "remove", ids: items.map((item) => item.id) }, `Delete ${counted(items)}`);
}

export function duplicate(editor: Editor): void {
  const items = inOrder(editor.selected);
  if (!items.length) return;
  const ranks = ranksBetween(editor.store.topRank, null, items.length);
  const copies = items.map((item, i) => ({
    ...item,
    id: newId(),
    z: ranks[i]!,
    locked: false,
    transform: translated(item.transform, DUPLICATE_OFFSET, DUPLICATE_OFFSET),
  }));
  editor.perform({ kind: "add", items: copies }, `Duplicate ${counted(items)}`);
  editor.select(copies.map((item) => item.id));
}

export function nudge(editor: Editor, dx: number, dy: number): void {
  const items = editor.movable;
  if (!items.length) return;
  editor.perform(
    {
      kind: "transform",
      items: items.map(({ id, transform }) => ({ id, transform: translated(transform, dx, dy) })),
    },
    `Nudge ${counted(items)}`,
  );
}

export function flip(editor: Editor, axis: "x" | "y"): void {
  const items = editor.movable;
  const box = union(items.map(boundsOf));
  if (!box) return;
  const about = items.length === 1 ? items[0]!.transform : centre(box);
  editor.perform(
    {
      kind: "transform",
      items: items.map(({ id, transform }) => ({ id, transform: mirrored(transform, about, axis) })),
    },
    `Flip ${counted(items)}`,
  );
}

export function turn(editor: Editor, degrees: number): void {
  const items = editor.movable;
  const box = union(items.map(boundsOf));
  if (!box) return;
  const about = items.length === 1 ? items[0]!.transform : centre(box);
  editor.perform(
    {
      kind: "transform",
      items: items.map(({ id, transform }) => ({ id, transform: rotatedAbout(transform, about, degrees) })),
    },
    `Rotate ${counted(items)}`,
  );
}

/** Upright, unmirrored, at the size in which it came. */
export function resetTransform(editor: Editor): void {
  const items = editor.movable;
  if (!items.length) return;
  editor.perform(
    {
      kind: "transform",
      items: items.map(({ id, transform }) => ({
        id,
        transform: { ...transform, scale: 1, rotation: 0, flipX: false, flipY: false },
      })),
    },
    `Reset ${counted(items)}`,
  );
}

export function restyle(
  editor: Editor,
  items: readonly Item[],
  patch: Omit<StylePatch, "id">,
  label: string,
): void {
  if (!items.length) return;
  editor.perform(
    { kind: "restyle", items: items.map(({ id }) => ({ id, ...patch })) },
    `${label} ${counted(items)}`,
  );
}

export function toggleGrayscale(editor: Editor): void {
  const items = editor.selected;
  const grayscale = !items.every((item) => item.grayscale);
  restyle(editor, items, { grayscale }, grayscale ? "Gray" : "Colour");
}

export function toggleLocked(editor: Editor): void {
  const items = editor.selected;
  const locked = !items.every((item) => item.locked);
  restyle(editor, items, { locked }, locked ? "Lock" : "Unlock");
}

export function hide(editor: Editor): void {
  restyle(editor, editor.movable, { hidden: true }, "Hide");
  editor.select([]);
}

export function showHidden(editor: Editor): void {
  const items = editor.store.inOrder.filter((item) => item.hidden);
  restyle(editor, items, { hidden: false }, "Show");
  editor.select(items.map((item) => item.id));
}

/** To the very front or back, keeping the order among the selected. */
export function toEnd(editor: Editor, end: "front" | "back"): void {
  const items = inOrder(editor.movable);
  const others = editor.store.inOrder.filter((item) => !items.includes(item));
  if (!items.length || !others.length) return;
  const ranks =
    end === "front"
      ? ranksBetween(others.at(-1)!.z, null, items.length)
      : ranksBetween(null, others[0]!.z, items.length);
  reorder(editor, items, ranks);
}

/** One step past the nearest item in front (or behind) that is not selected. */
export function step(editor: Editor, direction: "forward" | "backward"): void {
  const items = inOrder(editor.movable);
  const all = editor.store.inOrder;
  if (!items.length) return;
  const chosen = new Set(items.map((item) => item.id));
  const others = all.filter((item) => !chosen.has(item.id));
  if (direction === "forward") {
    const next = others.find((item) => isBehind(items.at(-1)!, item));
    if (!next) return;
    const after = others.find((item) => compareRanks(item.z, next.z) > 0);
    reorder(editor, items, ranksBetween(next.z, after?.z ?? null, items.length));
  } else {
    const next = others.findLast((item) => isBehind(item, items[0]!));
    if (!next) return;
    const before = others.findLast((item) => compareRanks(item.z, next.z) < 0);
    reorder(editor, items, ranksBetween(before?.z ?? null, next.z, items.length));
  }
}

export function addNote(editor: Editor, at: Point, text = ""): string {
  const id = newId();
  const [z] = ranksBetween(editor.store.topRank, null, 1);
  // A note is readable at the zoom at which it is made.
  const scale = 1 / editor.camera.zoom;
  const item: Item = {
    id,
    kind: "NOTE",
    transform: { x: at.x, y: at.y, scale, rotation: 0, flipX: false, flipY: false },
    ...NOTE_SIZE,
    z: z!,
    opacity: 1,
    grayscale: false,
    locked: false,
    hidden: false,
    name: "",
    imageId: null,
    note: { ...NEW_NOTE, text },
  };
  editor.perform({ kind: "add", items: [item] }, "Add a note");
  editor.select([id]);
  return id;
}

export function editNote(editor: Editor, id: string, note: Note, height: number): void {
  const item = editor.store.get(id);
  if (!item?.note) return;
  editor.perform({ kind: "note", items: [{ id, note, width: item.width, height }] }, "Edit a note");
}

function reorder(editor: Editor, items: readonly Item[], ranks: readonly string[]): void {
  editor.perform(
    { kind: "reorder", items: items.map(({ id }, i) => ({ id, z: ranks[i]! })) },
    `Reorder ${counted(items)}`,
  );
}

function inOrder(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => compareRanks(a.z, b.z) || compareRanks(a.id, b.id));
}

function isBehind(a: Item, b: Item): boolean {
  return (compareRanks(a.z, b.z) || compareRanks(a.id, b.id)) < 0;
}
