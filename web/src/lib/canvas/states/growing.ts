/** The selection grows as the hand goes right or up, wherever it took hold: PureRef's way of scaling. */
import { counted } from "../../board/commands";
import { forMany, type Deed } from "../../board/deeds";
import type { Editor, Frame } from "../../board/editor";
import { scaledAbout, type Point } from "../../geometry/shapes";
import { boundedFactor } from "./resizing";
import type { Pointer, State } from "./state";

/** The way in screen pixels that doubles the size. */
const DOUBLING_PX = 180;

export class Growing implements State {
  readonly name = "Resizing";
  readonly cursor = "nesw-resize";
  private factor = 1;

  constructor(
    private readonly editor: Editor,
    private readonly frame: Frame,
    private readonly start: Point,
  ) {
    editor.begin();
  }

  move(pointer: Pointer): void {
    const way = pointer.x - this.start.x - (pointer.y - this.start.y);
    this.factor = boundedFactor(this.editor, 2 ** (way / DOUBLING_PX));
    this.editor.move((start) => scaledAbout(start, this.frame.pivot, this.factor));
  }

  up(): void {
    const { editor, factor } = this;
    const ids = editor.movable.map((item) => item.id);
    const deed: Deed = { kind: "scale", ids, factor, about: this.frame.pivot };
    editor.commit(`Resize ${counted(ids)}`, forMany(editor.lifted.size, deed));
  }

  cancel(): void {
    this.editor.cancel();
  }
}
