/** A stroke, line, arrow, box or ellipse comes into being under the hand. */
import type { Editor } from "../../board/editor";
import type { Ink } from "../../board/ink";
import { shapeBetween, strokeThrough, type Slot } from "../../board/making";
import { nameOf } from "../../board/names";
import type { DrawingShape, Item } from "../../board/operations";
import { ranksBetween } from "../../board/ordering";
import { toBoard } from "../../geometry/camera";
import { distance, type Bounds, type Point } from "../../geometry/shapes";
import { simplified, steadied, straightened, type Ink as Sample } from "../../geometry/strokes";
import { newId } from "../../uuid";
import { caughtPoint, fieldFor } from "./snaps";
import { STEP_DEGREES, type Pointer, type State } from "./state";

/** Shorter than this in screen pixels, a line or box was not meant. */
const LEAST_DRAG_PX = 3;
/** Points that lie within this of a screen pixel of the line without them are left out. */
const TOLERANCE_PX = 0.35;
/** How strong a mouse presses. */
const EVEN = 0.5;

export class Drawing implements State {
  readonly name = "Drawing";
  readonly cursor = "crosshair";
  private readonly slot: Slot;
  private readonly samples: Sample[] = [];
  private readonly from: Point;
  private readonly field: Bounds[];
  private item: Item | null = null;

  /** made: told of the new item, once it is on the board. */
  constructor(
    private readonly editor: Editor,
    private readonly shape: DrawingShape,
    private readonly ink: Ink,
    start: Pointer,
    private readonly made: (id: string) => void,
  ) {
    const [z] = ranksBetween(editor.store.topRank, null, 1);
    this.slot = { id: newId(), z: z! };
    this.field = shape === "PEN" ? [] : fieldFor(editor);
    this.from = this.caught(start);
    if (shape === "PEN") this.write(start);
  }

  move(pointer: Pointer): void {
    if (this.shape === "PEN") this.write(pointer);
    else this.span(pointer);
  }

  up(): void {
    const { editor, shape, ink } = this;
    const zoom = editor.camera.zoom;
    const item =
      shape === "PEN"
        ? strokeThrough(
            simplified(steadied(this.samples), TOLERANCE_PX / zoom, ink.width / zoom),
            ink,
            zoom,
            this.slot,
          )
        : this.item;
    this.clear();
    if (!item) return;
    editor.perform({ kind: "add", items: [item] }, `Draw: ${nameOf(item, undefined)}`);
    this.made(item.id);
  }

  cancel(): void {
    this.clear();
  }

  private write(pointer: Pointer): void {
    const { editor, ink } = this;
    const trail = pointer.trail ?? [{ x: pointer.x, y: pointer.y, pressure: pointer.pressure ?? EVEN }];
    for (const { x, y, pressure } of trail)
      this.samples.push({
        ...toBoard(editor.camera, { x, y }),
        pressure: pointer.pressure == null ? EVEN : pressure,
      });
    editor.drafts = [strokeThrough(steadied(this.samples), ink, editor.camera.zoom, this.slot)];
    editor.tell("overlay");
  }

  private span(pointer: Pointer): void {
    const { editor, shape, ink, from } = this;
    if (shape === "PEN") return;
    let to = pointer.shift ? toBoard(editor.camera, pointer) : this.caught(pointer);
    let start = from;
    if (pointer.shift) {
      editor.guides = [];
      to = shape === "LINE" || shape === "ARROW" ? straightened(from, to, STEP_DEGREES) : squared(from, to);
    }
    if (pointer.alt) start = { x: 2 * from.x - to.x, y: 2 * from.y - to.y };
    const { zoom } = editor.camera;
    const isMeant = distance(start, to) * zoom >= LEAST_DRAG_PX;
    this.item = isMeant ? shapeBetween(shape, start, to, ink, zoom, this.slot) : null;
    editor.drafts = this.item ? [this.item] : [];
    editor.tell("overlay");
  }

  private caught(pointer: Pointer): Point {
    const { editor } = this;
    const point = toBoard(editor.camera, pointer);
    if (this.shape === "PEN") return point;
    const caught = caughtPoint(editor, this.field, pointer, point);
    editor.guides = caught.guides;
    return caught.point;
  }

  private clear(): void {
    this.editor.drafts = [];
    this.editor.guides = [];
    this.editor.tell("overlay");
  }
}

/** As far across as down: the longer of both. */
export function squared(from: Point, to: Point): Point {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return {
    x: from.x + (to.x < from.x ? -side : side),
    y: from.y + (to.y < from.y ? -side : side),
  };
}
