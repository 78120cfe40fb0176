/** Every change a person can ask for in one step: each builds one operation from the selection. */
import {
  flipped,
  moved,
  reset,
  rotated,
  steps,
  type Box,
  type Places,
  type Reset,
} from "../geometry/arranging";
import { centre, cropped, translated, type Point } from "../geometry/shapes";
import { newId } from "../uuid";
import { MOST_IDS, forMany, type Deed } from "./deeds";
import type { Editor } from "./editor";
import {
  BLANK,
  PLAIN,
  editOf,
  together,
  type Item,
  type Note,
  type Operation,
  type Placement,
  type Rank,
  type Simple,
  type StylePatch,
} from "./operations";
import { heightFor, heldAtTop } from "./noteHeight";
import { compareRanks, ranksBetween } from "./ordering";
import { counted as countedInWords } from "../ui/words";

export const NEW_NOTE: Note = { text: "", fontSize: 24, colour: "#e8e8ea", background: "#2a2b30" };
export const NOTE_SIZE = { width: 280, height: 180 };
const DUPLICATE_OFFSET = 24;

export function counted(items: readonly unknown[], one?: string | readonly string[], many?: string): string {
  return one === undefined ? countedInWords(items.length, "item") : countedInWords(items.length, one, many);
}

/** A deed as it is told: `what` are the counted items it is done to. */
export type Telling = (what: string) => string;

export function idsOf(items: readonly Item[]): string[] {
  return items.map((item) => item.id);
}

/** All that is seen and not locked: on the board, or in the group that was entered. */
export function selectAll(editor: Editor): void {
  const { tree, entered } = editor;
  const items = tree.membersOf(entered).filter((item) => !tree.isHidden(item) && !tree.isHeld(item));
  editor.select(idsOf(items));
}

/** With all that is in them; groups that this leaves empty go, too. */
export function remove(editor: Editor): void {
  const { movable } = editor;
  const label = `Delete ${counted(movable)}`;
  for (let at = 0; at < movable.length; at += MOST_IDS) {
    const some = movable.slice(at, at + MOST_IDS);
    const gone = editor.tree.withContents(some);
    const ids = idsOf([...gone, ...editor.tree.emptiedBy(gone)]);
    editor.perform({ kind: "remove", ids }, label, { kind: "remove", ids: idsOf(some) });
  }
}

/** With all that is in them, in the same order and hierarchy, in front of everything. */
export function duplicate(editor: Editor): void {
  const { tree } = editor;
  const wholes = tree.outermost(editor.selected);
  if (!wholes.length) return;
  const all = tree.withContents(wholes);
  const names = new Map(all.map((item) => [item.id, newId()]));
  const ranks = ranksBetween(editor.store.topRank, null, all.length);
  const rankOf = new Map(inOrder(all).map((item, i) => [item.id, ranks[i]!]));
  const copies = all.map((item): Item => {
    const parent = tree.parentOf(item);
    const home = parent && !tree.isLocked(parent) ? parent.id : null;
    const isWhole = !item.parentId || !names.has(item.parentId);
    return {
      ...item,
      id: names.get(item.id)!,
      z: rankOf.get(item.id)!,
      parentId: isWhole ? home : names.get(item.parentId!)!,
      locked: false,
      transform:
        item.kind === "GROUP"
          ? item.transform
          : translated(item.transform, DUPLICATE_OFFSET, DUPLICATE_OFFSET),
    };
  });
  editor.perform({ kind: "add", items: copies }, `Duplicate ${counted(wholes)}`);
  editor.select(wholes.map((item) => names.get(item.id)!));
}

export function nudge(editor: Editor, dx: number, dy: number): void {
  const deed: Deed = { kind: "move", ids: wholes(editor), dx, dy };
  relocate(
    editor,
    (what) => `Nudge ${what}`,
    (boxes) => moved(boxes, dx, dy),
    deed,
  );
}

export function flip(editor: Editor, axis: "x" | "y"): void {
  const about = middleOf(editor);
  if (!about) return;
  const along = axis === "x" ? "HORIZONTAL" : "VERTICAL";
  const deed: Deed = { kind: "flip", ids: wholes(editor), axis: along, about };
  relocate(
    editor,
    (what) => `Flip ${what}`,
    (boxes) => flipped(boxes, along, about),
    deed,
  );
}

export function turn(editor: Editor, degrees: number): void {
  const about = middleOf(editor);
  if (!about) return;
  const deed: Deed = { kind: "rotate", ids: wholes(editor), degrees, about };
  relocate(
    editor,
    (what) => `Rotate ${what}`,
    (boxes) => rotated(boxes, degrees, about),
    deed,
  );
}

/** Upright, unmirrored, at the size in which it came: one of these, or all. */
export function resetTransform(editor: Editor, what: Reset = "ALL"): void {
  const each = what === "ALL" ? (["SCALE", "ROTATION", "FLIP"] as const) : ([what] as const);
  const deed: Deed = { kind: "reset", ids: wholes(editor), what: each };
  relocate(
    editor,
    (counted) => `Reset ${counted}`,
    (boxes) => reset(boxes, what),
    deed,
  );
}

/** Whether there is anything of that to reset. */
export function isReset(editor: Editor, what: Exclude<Reset, "ALL">): boolean {
  return editor.moving.every(({ transform: { scale, rotation, flipX, flipY } }) =>
    what === "SCALE" ? scale === 1 : what === "ROTATION" ? rotation === 0 : !flipX && !flipY,
  );
}

/** What is seen of each picture stays where it is. */
export function uncrop(editor: Editor): void {
  const items = editor.moving.filter((item) => item.crop);
  if (!items.length) return;
  const whole = items.map((item) => ({ item, after: cropped(item, item.crop, null, "PICTURE") }));
  const edits = whole.map(({ item, after: { width, height } }) => ({
    ...editOf(item),
    width,
    height,
    crop: null,
  }));
  const places = whole.map(({ item: { id }, after: { transform } }) => ({ id, transform }));
  editor.perform(
    together([
      { kind: "edit", items: edits },
      { kind: "transform", items: places },
    ]),
    `Uncrop ${counted(items, "picture", "pictures")}`,
    { kind: "crop", items: items.map(({ id }) => ({ id, crop: null })) },
  );
}

export function restyle(
  editor: Editor,
  items: readonly Item[],
  patch: Omit<StylePatch, "id">,
  tell: Telling,
): void {
  if (!items.length) return;
  editor.perform({ kind: "restyle", items: items.map(({ id }) => ({ id, ...patch })) }, tell(counted(items)));
}

/** What has looks in the selection: a container's are those of what is in it. */
export function looksIn(editor: Editor): Item[] {
  return editor.tree.placedIn(editor.selected);
}

export function toggleGrayscale(editor: Editor): void {
  const items = looksIn(editor);
  const grayscale = !items.every((item) => item.grayscale);
  restyle(editor, items, { grayscale }, (what) =>
    grayscale ? `Show ${what} in gray` : `Show ${what} in colour`,
  );
}

export function toggleSampling(editor: Editor): void {
  const items = looksIn(editor).filter((item) => item.kind === "IMAGE");
  const isSharp = items.every((item) => item.sampling === "NEAREST");
  restyle(editor, items, { sampling: isSharp ? "SMOOTH" : "NEAREST" }, (what) =>
    isSharp ? `Smooth the pixels of ${what}` : `Sharpen the pixels of ${what}`,
  );
}

export function resetLooks(editor: Editor): void {
  const { opacity, grayscale, brightness, contrast, saturation, sampling } = PLAIN;
  const patch = { opacity, grayscale, brightness, contrast, saturation, sampling };
  restyle(editor, looksIn(editor), patch, (what) => `Reset the looks of ${what}`);
}

export function locking(locks: boolean): Telling {
  return (what) => (locks ? `Lock ${what}` : `Unlock ${what}`);
}

export function hiding(hides: boolean): Telling {
  return (what) => (hides ? `Hide ${what}` : `Show ${what}`);
}

export function naming(what: string): string {
  return `Name ${what}`;
}

export function toggleLocked(editor: Editor): void {
  const items = editor.selected;
  const locked = !items.every((item) => item.locked);
  restyle(editor, items, { locked }, locking(locked));
}

/** Hides the selected; where all of them are hidden (the outline selects such), shows them again. */
export function toggleHidden(editor: Editor): void {
  const items = editor.movable;
  const hidden = !items.every((item) => item.hidden);
  restyle(editor, items, { hidden }, hiding(hidden));
  if (hidden) editor.select([]);
}

export function showHidden(editor: Editor): void {
  const items = editor.store.inOrder.filter((item) => item.hidden);
  restyle(editor, items, { hidden: false }, hiding(false));
  editor.select(idsOf(items));
}

/** To the very front or back, with all that is in them, keeping the order among the selected. */
export function toEnd(editor: Editor, end: "front" | "back"): void {
  const items = inOrder(editor.tree.withContents(editor.movable));
  const going = new Set(items);
  const others = editor.store.inOrder.filter((item) => !going.has(item));
  if (!items.length || !others.length) return;
  const ranks =
    end === "front"
      ? ranksBetween(others.at(-1)!.z, null, items.length)
      : ranksBetween(null, others[0]!.z, items.length);
  reorder(
    editor,
    items.map(({ id }, i) => ({ id, z: ranks[i]! })),
    { kind: "order", ids: wholes(editor), to: end === "front" ? "FRONT" : "BACK" },
  );
}

/** One step past the next overlapping item in front (or behind) that is not selected. */
export function step(editor: Editor, direction: "forward" | "backward"): void {
  const { tree } = editor;
  const ids = new Set(idsOf(editor.moving));
  const layers = editor.store.inOrder.map((item) => ({
    id: item.id,
    z: item.z,
    box: item.kind === "GROUP" || tree.isHidden(item) ? null : boxOf(editor, item),
  }));
  const to = direction === "forward" ? "FORWARD" : "BACKWARD";
  const ranks = steps(layers, ids, to).flatMap((gap) => {
    const between = ranksBetween(gap.low, gap.high, gap.ids.length);
    return gap.ids.map((id, i) => ({ id, z: between[i]! }));
  });
  reorder(editor, ranks, { kind: "order", ids: wholes(editor), to });
}

export function addNote(editor: Editor, at: Point, text = ""): string {
  const item = newNote(editor, at, text);
  editor.perform({ kind: "add", items: [item] }, "Add a note");
  editor.select([item.id]);
  return item.id;
}

export function newNote(editor: Editor, at: Point, text = ""): Item {
  const [z] = ranksBetween(editor.store.topRank, null, 1);
  // A note is readable at the zoom at which it is made.
  const scale = 1 / editor.camera.zoom;
  const note = { ...NEW_NOTE, text };
  return {
    ...PLAIN,
    ...BLANK,
    id: newId(),
    kind: "NOTE",
    transform: { x: at.x, y: at.y, scale, rotation: 0, flipX: false, flipY: false },
    ...NOTE_SIZE,
    height: Math.max(NOTE_SIZE.height, heightFor(note, NOTE_SIZE.width)),
    z: z!,
    parentId: null,
    note,
  };
}

export function editNote(editor: Editor, id: string, note: Note, height: number): void {
  const item = editor.store.get(id);
  if (!item?.note) return;
  editor.perform(rewritten([{ item, note, height }]), "Edit a note");
}

/** Notes that have grown go on downwards. */
function rewritten(notes: readonly { item: Item; note: Note; height: number }[]): Operation {
  const grown = notes.filter(({ item, height }) => height !== item.height);
  const placements = grown.map(({ item, height }) => ({ id: item.id, transform: heldAtTop(item, height) }));
  return together([
    { kind: "edit", items: notes.map(({ item, note, height }) => ({ ...editOf(item), note, height })) },
    ...(placements.length ? [{ kind: "transform", items: placements } as const] : []),
  ]);
}

/** A copy, in front, of what is not there any more; its group or frame may be gone too. */
export function placeAgain(editor: Editor, item: Item): void {
  const [z] = ranksBetween(editor.store.topRank, null, 1);
  const id = newId();
  editor.perform({ kind: "add", items: [{ ...item, id, z: z!, parentId: null }] }, "Put a note back");
  editor.select([id]);
}

/** Another paper or size of text for the selected notes. */
export function rewrite(editor: Editor, change: Partial<Note>): void {
  const notes = editor.movable.filter((item) => item.note);
  if (!notes.length) return;
  const changed = notes.map((item) => {
    const note = { ...item.note!, ...change };
    return { item, note, height: Math.max(item.height, heightFor(note, item.width)) };
  });
  editor.perform(rewritten(changed), `Change ${counted(notes, "note", "notes")}`);
}

/** Gives all of the selected what was added to their common tags, and takes from them what was taken away. */
export function retag(editor: Editor, before: readonly string[], after: readonly string[]): void {
  const added = after.filter((tag) => !before.includes(tag));
  const gone = before.filter((tag) => !after.includes(tag));
  const items = editor.selected.map(({ id, tags }) => ({
    id,
    tags: [...tags.filter((tag) => !gone.includes(tag) && !added.includes(tag)), ...added],
  }));
  if (items.length && (added.length || gone.length))
    editor.perform({ kind: "restyle", items }, `Tag ${counted(items)}`);
}

const LINK = /^(https?:\/\/|mailto:)\S+$/i;

/** What was written as an address that can be opened, empty for none; null: it is no address. */
export function addressOf(text: string): string | null {
  const words = text.trim();
  if (!words || LINK.test(words)) return words;
  const guess = `https://${words}`;
  return /^[^\s/:@]+\.[^\s/:@]{2,}(\/\S*)?$/.test(words) ? guess : null;
}

/** Another colour of a frame; null: see-through. */
export function paintFrames(editor: Editor, background: string | null): void {
  const frames = editor.movable.filter((item) => item.frame);
  if (!frames.length) return;
  const edits = frames.map((item) => ({ ...editOf(item), frame: { background } }));
  editor.perform({ kind: "edit", items: edits }, `Colour ${counted(frames, "frame", "frames")}`);
}

export function boxOf(editor: Editor, item: Item): Box {
  const { id, width, height, transform } = item;
  return { id, width, height, transform, locked: editor.tree.isLocked(item) };
}

/** Puts items in their new places: named one by one, or where they are too many, by asking for the deed. */
export function settle(editor: Editor, places: Places, label: string, deed: Deed): void {
  const items: Placement[] = [...places].map(([id, transform]) => ({ id, transform }));
  if (items.length) sendSome(editor, { kind: "transform", items }, label, deed);
}

export function inOrder(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => compareRanks(a.z, b.z) || compareRanks(a.id, b.id));
}

function relocate(editor: Editor, tell: Telling, how: (boxes: readonly Box[]) => Places, deed: Deed): void {
  const boxes = editor.moving.map((item) => boxOf(editor, item));
  settle(editor, how(boxes), tell(counted(editor.movable)), deed);
}

function reorder(editor: Editor, ranks: readonly Rank[], deed: Deed): void {
  if (!ranks.length) return;
  sendSome(editor, { kind: "reorder", items: ranks }, `Reorder ${counted(editor.movable)}`, deed);
}

function sendSome(editor: Editor, operation: Exclude<Simple, { kind: "remove" }>, label: string, deed: Deed) {
  editor.perform(operation, label, forMany(operation.items.length, deed));
}

function wholes(editor: Editor): string[] {
  return idsOf(editor.movable);
}

/** A single item turns about its own centre, everything else about the middle of its bounds. */
function middleOf(editor: Editor): Point | null {
  const frame = editor.boundsOfAll(new Set(wholes(editor)));
  return frame && centre(frame);
}
