/** One end of a line or arrow goes with the hand; the other stays where it is. */
import { shapeBetween } from "../../board/making";
import type { Editor } from "../../board/editor";
import { editOf, together, type Item } from "../../board/operations";
import { toBoard } from "../../geometry/camera";
import { distance, rotate, type Bounds, type Point, type Transform } from "../../geometry/shapes";
import { straightened } from "../../geometry/strokes";
import { caughtPoint, fieldFor } from "./snaps";
import { STEP_DEGREES, type Pointer, type State } from "./state";

export type End = "start" | "end";

/** Shorter than this on the screen it would be no line any more. */
const LEAST_PX = 3;

/** Where the ends of a line or arrow lie on the board; null: it is none. */
export function endsIn(item: Item | undefined, transform: Transform): Record<End, Point> | null {
  const { drawing } = item ?? {};
  if (!drawing || (drawing.shape !== "LINE" && drawing.shape !== "ARROW")) return null;
  const [first, last, ...more] = drawing.points;
  if (!first || !last || more.length) return null;
  const { x, y, scale, rotation, flipX, flipY } = transform;
  const place = (point: Point): Point => {
    const turned = rotate(
      { x: point.x * scale * (flipX ? -1 : 1), y: point.y * scale * (flipY ? -1 : 1) },
      rotation,
    );
    return { x: x + turned.x, y: y + turned.y };
  };
  return { start: place(first), end: place(last) };
}

export class EndMoving implements State {
  readonly name = "EndMoving";
  readonly cursor = "crosshair";
  private shape: Item;
  private readonly field: Bounds[];

  constructor(
    private readonly editor: Editor,
    private readonly item: Item,
    private readonly ends: Record<End, Point>,
    private readonly which: End,
  ) {
    this.shape = item;
    this.field = fieldFor(editor, new Set([item.id]));
  }

  move(pointer: Pointer): void {
    const { editor, item, ends, which } = this;
    const stays = ends[which === "start" ? "end" : "start"];
    const point = toBoard(editor.camera, pointer);
    const caught = pointer.shift
      ? { point: straightened(stays, point, STEP_DEGREES), guides: [] }
      : caughtPoint(editor, this.field, pointer, point);
    editor.guides = caught.guides;
    if (distance(stays, caught.point) * editor.camera.zoom < LEAST_PX) return;
    this.shape = between(item, { ...ends, [which]: caught.point });
    editor.reshape([this.shape]);
  }

  up(): void {
    const { editor, item, shape } = this;
    this.cancel();
    if (shape === item) return;
    editor.perform(
      together([
        { kind: "edit", items: [editOf(shape)] },
        { kind: "transform", items: [{ id: shape.id, transform: shape.transform }] },
      ]),
      "Reshape 1 item",
    );
  }

  cancel(): void {
    this.editor.guides = [];
    this.editor.reshape([]);
  }
}

/** The same line, as thick as it was, from one place to another. */
function between(item: Item, { start, end }: Record<End, Point>): Item {
  const { shape, stroke, strokeWidth } = item.drawing!;
  const ink = { stroke, width: strokeWidth, fill: null };
  const kind = shape === "ARROW" ? "ARROW" : "LINE";
  const made = shapeBetween(kind, start, end, ink, 1 / item.transform.scale, item);
  const { width, height, transform, drawing } = made;
  return { ...item, width, height, transform, drawing };
}
