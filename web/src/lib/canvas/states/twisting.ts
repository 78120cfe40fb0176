/** Two fingers hold the selection: it moves, grows and turns with them, so that what is under them stays under them. */
import { counted } from "../../board/commands";
import { MOST_PER_MUTATION } from "../../board/deeds";
import type { Editor } from "../../board/editor";
import { toBoard, toScreen } from "../../geometry/camera";
import { angle, distance, rotatedAbout, scaledAbout, translated, type Point } from "../../geometry/shapes";
import { boundedFactor } from "./resizing";
import type { State } from "./state";

/** Fingers are not steady: less than this is no wish to turn, and is not made up for once there is one. */
const TURNING_DEGREES = 8;
/** Two fingers do not fit on what is small: they may be this far beside it. */
const BESIDE_PX = 40;

/** Whether these two fingers mean what is selected rather than the board. */
export function isHeldByBoth(editor: Editor, fingers: Iterable<Point>): boolean {
  const frame = editor.canEdit ? editor.frame() : null;
  if (!frame || editor.moving.length === 0 || editor.moving.length > MOST_PER_MUTATION) return false;
  const corners = frame.corners.map((corner) => toScreen(editor.camera, corner));
  const xs = corners.map(({ x }) => x);
  const ys = corners.map(({ y }) => y);
  return [...fingers].every(
    ({ x, y }) =>
      x >= Math.min(...xs) - BESIDE_PX &&
      x <= Math.max(...xs) + BESIDE_PX &&
      y >= Math.min(...ys) - BESIDE_PX &&
      y <= Math.max(...ys) + BESIDE_PX,
  );
}

export class Twisting implements State {
  readonly name = "Twisting";
  readonly cursor = null;
  private readonly from: readonly [Point, Point];
  /** Their direction at last, and how far they have turned since the beginning, more than once around too. */
  private direction: number;
  private turned = 0;
  /** By how much they had turned when turning began; null: not yet. */
  private slack: number | null = null;

  /** fingers: where they are now, kept up to date by whoever counts them. goesOn: with what is in hand already. */
  constructor(
    private readonly editor: Editor,
    private readonly fingers: ReadonlyMap<number, Point>,
    goesOn = false,
  ) {
    this.from = this.held()!;
    this.direction = angle(...this.from);
    if (goesOn) editor.goOn();
    else editor.begin();
  }

  move(): void {
    const now = this.held();
    if (!now) return;
    const [start, end] = [middle(this.from), middle(now)];
    const factor = boundedFactor(this.editor, distance(...now) / Math.max(1e-9, distance(...this.from)));
    const degrees = this.turn(angle(...now));
    this.editor.move((transform) =>
      translated(
        rotatedAbout(scaledAbout(transform, start, factor), start, degrees),
        end.x - start.x,
        end.y - start.y,
      ),
    );
  }

  /** The first finger that lifts ends it. */
  up(): void {
    this.editor.commit(`Move ${counted(this.editor.movable)}`);
  }

  cancel(): void {
    this.editor.cancel();
  }

  private held(): [Point, Point] | null {
    const [a, b] = [...this.fingers.values()].map((finger) => toBoard(this.editor.camera, finger));
    return a && b ? [a, b] : null;
  }

  private turn(direction: number): number {
    this.turned += ((direction - this.direction + 540) % 360) - 180;
    this.direction = direction;
    if (this.slack === null && Math.abs(this.turned) < TURNING_DEGREES) return 0;
    this.slack ??= Math.sign(this.turned) * TURNING_DEGREES;
    return this.turned - this.slack;
  }
}

function middle([a, b]: readonly [Point, Point]): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
