/** Two fingers hold the board: what is under them stays under them. */
import type { Editor } from "../../board/editor";
import { panned, zoomedAt } from "../../geometry/camera";
import { distance, type Point } from "../../geometry/shapes";
import type { State } from "./state";

export class Pinching implements State {
  readonly name = "Pinching";
  readonly cursor = null;
  private readonly camera;
  private readonly from: readonly Point[];

  /** fingers: where they are now, kept up to date by whoever counts them. */
  constructor(
    private readonly editor: Editor,
    private readonly fingers: ReadonlyMap<number, Point>,
  ) {
    this.camera = editor.camera;
    this.from = [...fingers.values()];
  }

  move(): void {
    const [a, b] = [...this.fingers.values()];
    const [a0, b0] = this.from;
    if (!a || !b || !a0 || !b0) return;
    const from = { x: (a0.x + b0.x) / 2, y: (a0.y + b0.y) / 2 };
    const to = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    const moved = panned(this.camera, to.x - from.x, to.y - from.y);
    this.editor.look(zoomedAt(moved, to, distance(a, b) / Math.max(1, distance(a0, b0))));
  }

  up(): void {}

  /** Where the fingers brought it is where one looks: there is nothing of the board to give back. */
  cancel(): void {}
}
