/** A rubber band takes what it touches. */
import type { Editor } from "../../board/editor";
import { toBoard } from "../../geometry/camera";
import { between, type Point } from "../../geometry/shapes";
import type { Pointer, State } from "./state";

export class MarqueeSelecting implements State {
  readonly name = "MarqueeSelecting";
  readonly cursor = null;
  private readonly from: Point;
  private readonly before: ReadonlySet<string>;
  /** What stays selected whatever the band takes. */
  private readonly kept: ReadonlySet<string>;

  constructor(
    private readonly editor: Editor,
    start: Pointer,
  ) {
    this.from = toBoard(editor.camera, start);
    this.before = editor.selection;
    this.kept = start.shift ? editor.selection : new Set();
  }

  move(pointer: Pointer): void {
    const { editor } = this;
    editor.marquee = between(this.from, toBoard(editor.camera, pointer));
    editor.select(new Set([...this.kept, ...editor.within(editor.marquee)]));
    editor.tell("overlay");
  }

  up(): void {
    this.editor.marquee = null;
    this.editor.tell("overlay");
  }

  cancel(): void {
    this.up();
    this.editor.select(this.before);
  }
}
