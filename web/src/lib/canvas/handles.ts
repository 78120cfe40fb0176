/** The handles around what is selected: where they are on the screen, and what the hand takes hold of with them. */
import type { Editor } from "../board/editor";
import type { Item } from "../board/operations";
import { toScreen } from "../geometry/camera";
import { angle, distance, rotate, type Point } from "../geometry/shapes";
import { endsIn, type End } from "./states/endMoving";
import type { Hold } from "./states/resizing";

export type Corner = "nw" | "ne" | "se" | "sw";
export type Side = "n" | "e" | "s" | "w";
export type Handle = Corner | Side | End | "rotate";
export type Handles = Readonly<Partial<Record<Handle, Point>> & Record<Corner | "rotate", Point>>;

export const CORNERS: readonly Corner[] = ["nw", "ne", "se", "sw"];
export const ROTATE_OFFSET_PX = 30;
const HANDLE_PX = 11;
const TOUCH_HANDLE_PX = 24;
/** A side shorter than this has no room for a handle between those of its corners. */
const LEAST_SIDE_PX = 44;

/** Which ways a handle goes, across and down, in the box as it lies before it is turned. */
export const WAYS: Readonly<Record<Corner | Side, readonly [number, number]>> = {
  nw: [-1, -1],
  n: [0, -1],
  ne: [1, -1],
  e: [1, 0],
  se: [1, 1],
  s: [0, 1],
  sw: [-1, 1],
  w: [-1, 0],
};

/** Its box may have any shape: a note, a frame, a drawn box. A picture, stroke or line is never distorted. */
export function isStretchy(item: Item | undefined): item is Item {
  if (!item) return false;
  if (item.kind === "NOTE" || item.kind === "FRAME") return true;
  return item.drawing?.shape === "RECTANGLE" || item.drawing?.shape === "ELLIPSE";
}

/** The one selected thing whose box can be stretched. */
export function stretchable(editor: Editor): Item | null {
  const [only, ...more] = editor.movable;
  return editor.selection.size === 1 && !more.length && isStretchy(only) ? only : null;
}

/** The one selected line or arrow, and where its ends are. */
export function lineInHand(editor: Editor): { item: Item; ends: Record<End, Point> } | null {
  const [only, ...more] = editor.movable;
  if (!only || more.length || editor.selection.size !== 1) return null;
  const item = editor.dressed(only);
  const ends = endsIn(item, editor.transformOf(only));
  return ends && { item, ends };
}

/** Whether a handle stretches the box; else it scales what is in it. The corners of a note scale its letters. */
export function stretches(item: Item | null, handle: Handle): item is Item {
  if (!item || handle === "rotate" || handle === "start" || handle === "end") return false;
  return handle.length === 1 || item.kind !== "NOTE";
}

/** Screen positions of the handles around the selection. */
export function handlesOf(editor: Editor): Handles | null {
  const frame = editor.frame();
  if (!frame) return null;
  const [nw, ne, se, sw] = frame.corners.map((corner) => toScreen(editor.camera, corner)) as [
    Point,
    Point,
    Point,
    Point,
  ];
  const top = middle(nw, ne);
  const up = rotate({ x: 0, y: -ROTATE_OFFSET_PX }, frame.rotation);
  const places: Handles = { nw, ne, se, sw, rotate: { x: top.x + up.x, y: top.y + up.y } };
  const line = lineInHand(editor);
  if (line) {
    const { start, end } = line.ends;
    return { ...places, start: toScreen(editor.camera, start), end: toScreen(editor.camera, end) };
  }
  if (!stretchable(editor)) return places;
  return {
    ...places,
    ...(distance(nw, ne) >= LEAST_SIDE_PX ? { n: top, s: middle(sw, se) } : {}),
    ...(distance(nw, sw) >= LEAST_SIDE_PX ? { e: middle(ne, se), w: middle(nw, sw) } : {}),
  };
}

export function handleAt(editor: Editor, pointer: Point & { readonly touch: boolean }): Handle | null {
  if (!editor.canEdit || editor.movable.length === 0) return null;
  const reach = pointer.touch ? TOUCH_HANDLE_PX : HANDLE_PX;
  const places = handlesOf(editor);
  if (!places) return null;
  for (const handle of seenAmong(places)) {
    const place = places[handle];
    if (place && distance(place, pointer) <= reach) return handle;
  }
  return null;
}

/** Those that are shown: of a line its ends, which lie in the corners of its box, or near them. */
export function seenAmong(places: Handles): readonly Handle[] {
  return places.start ? ["start", "end", "rotate"] : ["rotate", ...CORNERS, "n", "e", "s", "w"];
}

export function holdOf(editor: Editor, corner: Corner): Hold | null {
  const frame = editor.frame();
  if (!frame) return null;
  const at = CORNERS.indexOf(corner);
  return { grip: frame.corners[at]!, anchor: frame.corners[(at + 2) % 4]!, middle: frame.pivot };
}

export function resizeCursor(editor: Editor, handle: Handle): string {
  if (handle === "start" || handle === "end") return "crosshair";
  const place = handlesOf(editor)?.[handle];
  const frame = editor.frame();
  if (!place || !frame) return "nwse-resize";
  // A side is pushed across itself, wherever its middle lies from the middle of the box.
  const ways = handle.length === 1 ? WAYS[handle as Side] : null;
  const degrees = ways
    ? angle({ x: 0, y: 0 }, rotate({ x: ways[0], y: ways[1] }, frame.rotation))
    : angle(toScreen(editor.camera, frame.pivot), place);
  const turn = (((degrees + 360) % 180) + 180) % 180;
  if (turn < 22.5 || turn >= 157.5) return "ew-resize";
  if (turn < 67.5) return "nwse-resize";
  return turn < 112.5 ? "ns-resize" : "nesw-resize";
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
