/** The board follows the hand. */
import type { Editor } from "../../board/editor";
import { panned } from "../../geometry/camera";
import type { Point } from "../../geometry/shapes";
import type { Pointer, State } from "./state";

export class Panning implements State {
  readonly name = "Panning";
  readonly cursor = "grabbing";
  private readonly camera;

  constructor(
    private readonly editor: Editor,
    private readonly start: Point,
  ) {
    this.camera = editor.camera;
  }

  move(pointer: Pointer): void {
    this.editor.look(panned(this.camera, pointer.x - this.start.x, pointer.y - this.start.y));
  }

  up(): void {}

  cancel(): void {
    this.editor.look(this.camera);
  }
}
