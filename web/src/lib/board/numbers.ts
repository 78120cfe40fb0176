/** Places and sizes as numbers: those of all that is selected, and what becomes of it when one is written. */
import { boundsOf, corners, normalDegrees, rotatedAbout, scaledAbout, translated } from "../geometry/shapes";
import { LEAST_SCALE, LEAST_SIDE, MOST_SCALE } from "../geometry/limits";
import { isStretchy } from "../canvas/handles";
import { counted, looksIn, restyle, type Telling } from "./commands";
import { MOST_PER_MUTATION, type Deed } from "./deeds";
import type { Editor } from "./editor";
import { editOf, together, type Item, type Placement, type Simple } from "./operations";

export type Measured = "x" | "y" | "width" | "height" | "scale" | "rotation" | "opacity";

/** What all of them have; "mixed" where they differ, null where none has any. */
export type Shared = number | "mixed" | null;

const SAME = 1e-6;

export function sharedOf(editor: Editor, what: Measured): Shared {
  const values =
    what === "opacity"
      ? looksIn(editor).map((item) => item.opacity * 100)
      : editor.movable.map((item) => valueIn(editor, item, what)).filter((value) => value !== null);
  const [first] = values;
  if (first === undefined) return null;
  return values.every((value) => Math.abs(value - first) <= SAME * Math.max(1, Math.abs(first)))
    ? first
    : "mixed";
}

/** Gives all of the selected this value, each by itself, as one change. */
export function setShared(editor: Editor, what: Measured, value: number): void {
  if (what === "opacity") {
    restyle(
      editor,
      looksIn(editor),
      { opacity: Math.min(1, Math.max(0, value / 100)) },
      (what) => `Change the opacity of ${what}`,
    );
    return;
  }
  const wholes = editor.movable.filter((item) => valueIn(editor, item, what) !== null);
  const places: Placement[] = [];
  const edits: Item[] = [];
  for (const item of wholes) {
    const stretched = stretchedTo(item, what, value);
    if (stretched) {
      edits.push(stretched);
      if (stretched.transform !== item.transform) places.push(stretched);
    } else places.push(...placedTo(editor, item, what, value));
  }
  const parts: Simple[] = [];
  if (edits.length) parts.push({ kind: "edit", items: edits.map(editOf) });
  const moved = places.map(({ id, transform }) => ({ id, transform }));
  if (moved.length) parts.push({ kind: "transform", items: moved });
  if (!parts.length) return;
  const label = TELLING[what](counted(wholes));
  const deed =
    parts.length === 1 && moved.length > MOST_PER_MUTATION ? deedFor(editor, wholes, what, value) : null;
  editor.perform(together(parts), label, deed ?? undefined);
}

const moving: Telling = (what) => `Move ${what}`;
const resizing: Telling = (what) => `Resize ${what}`;
const rotating: Telling = (what) => `Rotate ${what}`;
const TELLING: Record<Exclude<Measured, "opacity">, Telling> = {
  x: moving,
  y: moving,
  width: resizing,
  height: resizing,
  scale: resizing,
  rotation: rotating,
};

/** x, y: the upper left of its upright bounds; width, height: of its own box as large as it is shown. */
function valueIn(editor: Editor, item: Item, what: Exclude<Measured, "opacity">): number | null {
  if (what === "x" || what === "y" || item.kind === "GROUP") {
    const box = editor.extentOf(item);
    if (!box) return null;
    switch (what) {
      case "x":
        return box.left;
      case "y":
        return box.top;
      case "width":
        return box.right - box.left;
      case "height":
        return box.bottom - box.top;
      default:
        return null;
    }
  }
  const { scale, rotation } = item.transform;
  switch (what) {
    case "width":
      return item.width * scale;
    case "height":
      return item.height * scale;
    case "scale":
      return scale * 100;
    case "rotation":
      return rotation;
  }
}

/** Notes, frames and drawn boxes take any shape: the other side, and the upper left corner, stay. */
function stretchedTo(item: Item, what: Measured, value: number): Item | null {
  if (!isStretchy(item) || (what !== "width" && what !== "height")) return null;
  const side = Math.max(LEAST_SIDE, value / item.transform.scale);
  const wide = { ...item, [what]: side };
  const [before] = corners(item);
  const [after] = corners(wide);
  return { ...wide, transform: translated(item.transform, before.x - after.x, before.y - after.y) };
}

/** Where all that goes with it lies then. */
function placedTo(
  editor: Editor,
  item: Item,
  what: Exclude<Measured, "opacity">,
  value: number,
): Placement[] {
  const now = valueIn(editor, item, what);
  if (now === null) return [];
  const parts = editor.tree.placedIn([item]);
  const all = (how: (transform: Item["transform"]) => Item["transform"]): Placement[] =>
    parts.map(({ id, transform }) => ({ id, transform: how(transform) }));
  switch (what) {
    case "x":
      return all((transform) => translated(transform, value - now, 0));
    case "y":
      return all((transform) => translated(transform, 0, value - now));
    case "rotation":
      return all((transform) => rotatedAbout(transform, item.transform, normalDegrees(value - now)));
    default: {
      const box = editor.extentOf(item)!;
      const [corner] = item.kind === "GROUP" ? [{ x: box.left, y: box.top }] : corners(item);
      const anchor = what === "scale" ? item.transform : corner;
      const factor = boundedFor(parts, now > 0 ? value / now : 1);
      return all((transform) => scaledAbout(transform, anchor, factor));
    }
  }
}

function boundedFor(items: readonly Item[], factor: number): number {
  const scales = items.map((item) => item.transform.scale);
  const least = Math.max(...scales.map((scale) => LEAST_SCALE / scale));
  const most = Math.min(...scales.map((scale) => MOST_SCALE / scale));
  return Math.min(most, Math.max(least, factor));
}

/** Of a single whole with too much in it to name: what the server is asked for instead. */
function deedFor(
  editor: Editor,
  [only, ...more]: readonly Item[],
  what: Measured,
  value: number,
): Deed | null {
  if (!only || more.length || (what !== "x" && what !== "y")) return null;
  const box = editor.extentOf(only) ?? boundsOf(only);
  const by = value - (what === "x" ? box.left : box.top);
  return { kind: "move", ids: [only.id], dx: what === "x" ? by : 0, dy: what === "y" ? by : 0 };
}
