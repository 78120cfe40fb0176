/** What a gesture may catch on: whatever else is in view, each whole with its upright box. */
import type { Editor } from "../../board/editor";
import { seen } from "../../geometry/camera";
import { crossingNear } from "../../geometry/grid";
import { centre, distance, overlap, type Bounds, type Point } from "../../geometry/shapes";
import { snappedPoint, type Guide } from "../../geometry/snapping";
import type { Pointer } from "./state";

export const SNAP_PX = 6;
/** More than these are no help to line up with, and cost. */
const MOST = 250;

/** The boxes of what is in view and does not move, the nearest first where there are many. */
export function fieldFor(
  editor: Editor,
  moving: ReadonlySet<string> = new Set(editor.lifted.keys()),
): Bounds[] {
  const { tree } = editor;
  const area = seen(editor.camera, editor.viewport);
  const boxes = new Map<string, Bounds>();
  for (const item of editor.store.inOrder) {
    if (item.kind === "GROUP" || moving.has(item.id) || tree.isHidden(item)) continue;
    const whole = tree.wholeOf(item, editor.entered);
    if (boxes.has(whole.id)) continue;
    const box = editor.extentOf(whole);
    if (box && overlap(box, area)) boxes.set(whole.id, box);
  }
  const all = [...boxes.values()];
  if (all.length <= MOST) return all;
  const middle = centre(editor.boundsOfAll(moving) ?? area);
  return all.sort((a, b) => distance(centre(a), middle) - distance(centre(b), middle)).slice(0, MOST);
}

/** How near is near enough, in board units; 0 where nothing is to be caught: switched off, or Ctrl is held. */
export function snapsFor(editor: Editor, pointer: Pointer): number {
  return editor.snaps && !pointer.control ? SNAP_PX / editor.camera.zoom : 0;
}

/** Between which lines things lie, where they are to; Ctrl sets them free as it does from all that catches. */
export function gridFor(editor: Editor, pointer: Pointer): number | null {
  return pointer.control ? null : editor.gridStep;
}

/** Where a corner that is in hand comes to lie: on the grid, or else in line with what is near. */
export function caughtPoint(
  editor: Editor,
  field: readonly Bounds[],
  pointer: Pointer,
  point: Point,
): { readonly point: Point; readonly guides: readonly Guide[] } {
  const step = gridFor(editor, pointer);
  if (step) return { point: crossingNear(point, step), guides: [] };
  const reach = snapsFor(editor, pointer);
  return reach ? snappedPoint(field, point, reach) : { point, guides: [] };
}
