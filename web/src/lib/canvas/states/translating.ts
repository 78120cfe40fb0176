/** What is selected goes with the hand, and into the frame it is let go in. */
import { counted } from "../../board/commands";
import { forMany, type Deed } from "../../board/deeds";
import type { Editor } from "../../board/editor";
import { toBoard } from "../../geometry/camera";
import { ontoGrid } from "../../geometry/grid";
import { snapped } from "../../geometry/snapping";
import { translated, type Bounds, type Point } from "../../geometry/shapes";
import { homesOf, landed } from "../../board/homing";
import { fieldFor, snapsFor } from "./snaps";
import type { Pointer, State } from "./state";

/** For so many it is not shown on the way which frame will take them: it would cost too much at every step. */
const MOST_WATCHED = 60;

export class Translating implements State {
  readonly name = "Translating";
  readonly cursor = "move";
  private dx = 0;
  private dy = 0;
  private readonly from: Point;
  private readonly box: Bounds | null;
  private readonly field;

  constructor(
    private readonly editor: Editor,
    start: Point,
  ) {
    this.from = toBoard(editor.camera, start);
    editor.begin();
    this.box = editor.boundsOfAll(new Set(editor.lifted.keys()));
    this.field = fieldFor(editor);
  }

  move(pointer: Pointer): void {
    const { editor, box } = this;
    const point = toBoard(editor.camera, pointer);
    let dx = point.x - this.from.x;
    let dy = point.y - this.from.y;
    const isAcross = Math.abs(dx) > Math.abs(dy);
    if (pointer.shift) isAcross ? (dy = 0) : (dx = 0);
    const reach = snapsFor(editor, pointer);
    editor.guides = [];
    if (reach && box) {
      const there = {
        left: box.left + dx,
        right: box.right + dx,
        top: box.top + dy,
        bottom: box.bottom + dy,
      };
      const caught = snapped(this.field, there, reach);
      const keeps = (axis: "x" | "y") => pointer.shift && (axis === "x") !== isAcross;
      if (!keeps("x")) dx += caught.dx;
      if (!keeps("y")) dy += caught.dy;
      editor.guides = caught.guides.filter(({ axis }) => !keeps(axis));
    }
    if (editor.gridStep && box && !pointer.control) {
      const put = { ...box, left: box.left + dx, top: box.top + dy };
      const on = ontoGrid(put, editor.gridStep);
      if (!pointer.shift || isAcross) dx += on.dx;
      if (!pointer.shift || !isAcross) dy += on.dy;
      editor.guides = [];
    }
    this.dx = dx;
    this.dy = dy;
    editor.move((start) => translated(start, dx, dy));
    editor.target = this.goal();
  }

  /** The frame that takes what is let go here, where it is not in it already. */
  private goal(): string | null {
    const { editor } = this;
    const wholes = editor.movable;
    if (wholes.length > MOST_WATCHED) return null;
    return homesOf(editor, wholes)[0]?.parentId ?? null;
  }

  up(): void {
    const { editor, dx, dy } = this;
    const ids = editor.movable.map((item) => item.id);
    const deed: Deed = { kind: "move", ids, dx, dy };
    editor.guides = [];
    editor.target = null;
    const asked = forMany(editor.lifted.size, deed);
    editor.commit(`Move ${counted(ids)}`, asked, (places) => landed(editor, places, asked));
  }

  /** Another gesture goes on with what is in hand. */
  handOver(): void {
    this.editor.target = null;
    this.editor.guides = [];
  }

  cancel(): void {
    this.handOver();
    this.editor.cancel();
  }
}
