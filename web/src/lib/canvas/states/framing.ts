/** A frame is drawn from one corner to the other; what lies wholly inside is in it when the hand lifts. */
import type { Editor } from "../../board/editor";
import { addFrame } from "../../board/homing";
import { frameAround } from "../../board/making";
import { toBoard } from "../../geometry/camera";
import { LEAST_PX } from "../../geometry/limits";
import { between, type Bounds, type Point } from "../../geometry/shapes";
import { newId } from "../../uuid";
import { squared } from "./drawing";
import { caughtPoint, fieldFor } from "./snaps";
import type { Pointer, State } from "./state";

export class Framing implements State {
  readonly name = "Framing";
  readonly cursor = "crosshair";
  private readonly id = newId();
  private readonly field: Bounds[];
  private readonly from: Point;
  private box: Bounds | null = null;

  constructor(
    private readonly editor: Editor,
    start: Pointer,
    private readonly made: (id: string) => void,
  ) {
    this.field = fieldFor(editor);
    this.from = this.caught(start);
  }

  move(pointer: Pointer): void {
    const { editor, from } = this;
    let to = pointer.shift ? toBoard(editor.camera, pointer) : this.caught(pointer);
    if (pointer.shift) {
      editor.guides = [];
      to = squared(from, to);
    }
    const start = pointer.alt ? { x: 2 * from.x - to.x, y: 2 * from.y - to.y } : from;
    const box = between(start, to);
    const least = LEAST_PX / editor.camera.zoom;
    this.box = box.right - box.left >= least && box.bottom - box.top >= least ? box : null;
    editor.drafts = this.box ? [frameAround(this.box, { id: this.id, z: "a0" })] : [];
    editor.tell("overlay");
  }

  up(): void {
    const { editor, box, id } = this;
    this.cancel();
    if (!box) return;
    addFrame(editor, box, id);
    this.made(id);
  }

  cancel(): void {
    this.editor.drafts = [];
    this.editor.guides = [];
    this.editor.tell("overlay");
  }

  private caught(pointer: Pointer): Point {
    const { editor } = this;
    const point = toBoard(editor.camera, pointer);
    const caught = caughtPoint(editor, this.field, pointer, point);
    editor.guides = caught.guides;
    return caught.point;
  }
}
