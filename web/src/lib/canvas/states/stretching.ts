/** A box changes its shape: a side or corner follows the hand, what lies opposite stays, with Alt the middle does. */
import type { Editor } from "../../board/editor";
import { heightFor } from "../../board/noteHeight";
import { editOf, together, type Item } from "../../board/operations";
import { toBoard } from "../../geometry/camera";
import { LEAST_PX, LEAST_SIDE } from "../../geometry/limits";
import { rotate, translated, type Bounds, type Point } from "../../geometry/shapes";
import { caughtPoint, fieldFor } from "./snaps";
import type { Pointer, State } from "./state";

export class Stretching implements State {
  readonly name = "Stretching";
  private shape: Item;
  private readonly field: Bounds[];
  /** From the handle to where the hand took hold of it, in board units. */
  private readonly off: Point;

  /** ways: which sides move, -1 or 1, across and down; 0: none of them. */
  constructor(
    private readonly editor: Editor,
    private readonly item: Item,
    private readonly ways: readonly [number, number],
    start: Point,
    readonly cursor: string,
  ) {
    this.shape = item;
    const own = editor.extentOf(item);
    this.field = fieldFor(editor).filter((box) => !own || !isSame(box, own));
    const { width, height, transform } = item;
    const { x, y, scale, rotation } = transform;
    const grip = rotate({ x: (ways[0] * width * scale) / 2, y: (ways[1] * height * scale) / 2 }, rotation);
    const held = toBoard(editor.camera, start);
    this.off = { x: held.x - x - grip.x, y: held.y - y - grip.y };
  }

  move(pointer: Pointer): void {
    const { editor, item } = this;
    const { transform } = item;
    const to = rotate(this.caught(pointer), -transform.rotation, transform);
    const local = { x: (to.x - transform.x) / transform.scale, y: (to.y - transform.y) / transform.scale };
    const least = Math.max(LEAST_SIDE, LEAST_PX / (transform.scale * editor.camera.zoom));
    const [across, down] = this.ways;
    let width = across ? sideFor(item.width, across * local.x, pointer.alt, least) : item.width;
    let height = down ? sideFor(item.height, down * local.y, pointer.alt, least) : item.height;
    if (pointer.shift && across && down) {
      const share = Math.max(width / item.width, height / item.height);
      width = item.width * share;
      height = item.height * share;
    }
    const moves = pointer.alt ? 0 : transform.scale / 2;
    const needed = item.note && !down ? heightFor(item.note, width) : 0;
    const grown = Math.max(0, needed - height);
    height += grown; // a narrower note goes on downwards: its words are not cut off
    const moved = rotate(
      {
        x: across * (width - item.width) * moves,
        y: down ? down * (height - item.height) * moves : (grown * transform.scale) / 2,
      },
      transform.rotation,
    );
    this.shape = { ...item, width, height, transform: translated(transform, moved.x, moved.y) };
    editor.reshape([this.shape]);
  }

  up(): void {
    const { editor, item, shape } = this;
    this.cancel();
    if (shape === item) return;
    const { id, transform } = shape;
    const isMoved = transform.x !== item.transform.x || transform.y !== item.transform.y;
    editor.perform(
      together([
        { kind: "edit", items: [{ ...editOf(item), width: shape.width, height: shape.height }] },
        ...(isMoved ? [{ kind: "transform", items: [{ id, transform }] } as const] : []),
      ]),
      "Resize 1 item",
    );
  }

  cancel(): void {
    this.editor.guides = [];
    this.editor.reshape([]);
  }

  /** Where the handle is to go: in line with what is near, as far as that side moves along an axis of the board. */
  private caught(pointer: Pointer): Point {
    const { editor, item, ways, off } = this;
    const held = toBoard(editor.camera, pointer);
    const point = { x: held.x - off.x, y: held.y - off.y };
    const { rotation } = item.transform;
    editor.guides = [];
    if (rotation % 90 !== 0 || (pointer.shift && ways[0] && ways[1])) return point;
    const caught = caughtPoint(editor, this.field, pointer, point);
    const isUpright = rotation % 180 === 0;
    const moves = { x: isUpright ? ways[0] : ways[1], y: isUpright ? ways[1] : ways[0] };
    editor.guides = caught.guides.filter(({ axis }) => moves[axis] !== 0);
    return { x: moves.x ? caught.point.x : point.x, y: moves.y ? caught.point.y : point.y };
  }
}

/** A side whose edge is `reach` from the middle, on the way that the hand goes. */
function sideFor(side: number, reach: number, isFromMiddle: boolean, least: number): number {
  return Math.max(least, isFromMiddle ? 2 * reach : side / 2 + reach);
}

function isSame(a: Bounds, b: Bounds): boolean {
  return a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;
}
