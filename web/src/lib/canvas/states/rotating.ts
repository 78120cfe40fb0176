/** The selection turns about its middle. */
import { counted } from "../../board/commands";
import { forMany, type Deed } from "../../board/deeds";
import type { Editor, Frame } from "../../board/editor";
import { toBoard } from "../../geometry/camera";
import { angle, rotatedAbout, type Point } from "../../geometry/shapes";
import { STEP_DEGREES, type Pointer, type State } from "./state";

export class Rotating implements State {
  readonly name = "Rotating";
  readonly cursor = "grabbing";
  private degrees = 0;
  private readonly startAngle: number;

  constructor(
    private readonly editor: Editor,
    private readonly frame: Frame,
    start: Point,
  ) {
    this.startAngle = angle(frame.pivot, start);
    editor.begin();
  }

  move(pointer: Pointer): void {
    const { pivot, rotation } = this.frame;
    let degrees = angle(pivot, toBoard(this.editor.camera, pointer)) - this.startAngle;
    if (pointer.shift) degrees = Math.round((rotation + degrees) / STEP_DEGREES) * STEP_DEGREES - rotation;
    this.degrees = degrees;
    this.editor.move((start) => rotatedAbout(start, pivot, degrees));
  }

  up(): void {
    const { editor, degrees } = this;
    const ids = editor.movable.map((item) => item.id);
    const deed: Deed = { kind: "rotate", ids, degrees, about: this.frame.pivot };
    editor.commit(`Rotate ${counted(ids)}`, forMany(editor.lifted.size, deed));
  }

  cancel(): void {
    this.editor.cancel();
  }
}
