/** The selection grows and shrinks about a corner, or with Alt about its middle. */
import { counted } from "../../board/commands";
import { forMany, type Deed } from "../../board/deeds";
import type { Editor } from "../../board/editor";
import { toBoard } from "../../geometry/camera";
import { scaledAbout, type Point } from "../../geometry/shapes";
import { shareOntoGrid } from "../../geometry/grid";
import { LEAST_PX, MOST_SCALE, LEAST_SCALE } from "../../geometry/limits";
import { fieldFor, gridFor, snapsFor } from "./snaps";
import { snappedRay } from "../../geometry/snapping";
import type { Pointer, State } from "./state";

/** grip: what the hand holds; anchor: what stays; middle: what stays with Alt. */
export interface Hold {
  readonly grip: Point;
  readonly anchor: Point;
  readonly middle: Point;
}

export class Resizing implements State {
  readonly name = "Resizing";
  private factor = 1;
  private about: Point;
  private readonly field;

  constructor(
    private readonly editor: Editor,
    private readonly hold: Hold,
    readonly cursor: string,
  ) {
    this.about = hold.anchor;
    editor.begin();
    this.field = fieldFor(editor);
  }

  move(pointer: Pointer): void {
    const { editor, hold } = this;
    const anchor = pointer.alt ? hold.middle : hold.anchor;
    const point = toBoard(editor.camera, pointer);
    const gx = hold.grip.x - anchor.x;
    const gy = hold.grip.y - anchor.y;
    let share = ((point.x - anchor.x) * gx + (point.y - anchor.y) * gy) / Math.max(1e-9, gx * gx + gy * gy);
    const reach = snapsFor(editor, pointer);
    const step = gridFor(editor, pointer);
    const grip = { x: gx, y: gy };
    const caught = reach && !step ? snappedRay(this.field, anchor, grip, share, reach) : null;
    if (caught) share = caught.share;
    else if (step) share = shareOntoGrid(anchor, grip, share, step) ?? share;
    const factor = boundedFactor(editor, share);
    // What is out of bounds was not caught.
    editor.guides = caught && factor === share ? caught.guides : [];
    this.factor = factor;
    this.about = anchor;
    editor.move((start) => scaledAbout(start, anchor, factor));
  }

  up(): void {
    const { editor, factor, about } = this;
    const ids = editor.movable.map((item) => item.id);
    const deed: Deed = { kind: "scale", ids, factor, about };
    editor.guides = [];
    editor.commit(`Resize ${counted(ids)}`, forMany(editor.lifted.size, deed));
  }

  cancel(): void {
    this.editor.guides = [];
    this.editor.cancel();
  }
}

/** Nothing shrinks below 8 screen pixels or leaves the range that the server takes. */
export function boundedFactor(editor: Editor, share: number): number {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const id of editor.lifted.keys()) {
    const item = editor.store.get(id);
    if (!item) continue;
    const { scale } = item.transform;
    const long = Math.max(item.width, item.height) * scale;
    least = Math.max(least, LEAST_SCALE / scale, Math.min(1, LEAST_PX / (long * editor.camera.zoom)));
    most = Math.min(most, MOST_SCALE / scale);
  }
  return Math.min(most, Math.max(least, share));
}
