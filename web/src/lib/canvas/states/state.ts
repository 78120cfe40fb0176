/** What a hand can be doing on the canvas: one thing at a time, each able to take itself back. */
import type { Point } from "../../geometry/shapes";

/** A place of the pen between two events, as hard as it was pressed there. */
export interface Sample extends Point {
  readonly pressure: number;
}

export interface Pointer extends Point {
  readonly id: number;
  readonly button: number;
  readonly shift: boolean;
  readonly control: boolean;
  readonly alt: boolean;
  readonly touch: boolean;
  /** 0 to 1 where the device tells, else null. */
  readonly pressure?: number | null;
  /** Where it has been since the last event, this place included; left out: only here. */
  readonly trail?: readonly Sample[];
}

export type StateName =
  | "Idle"
  | "Pressing"
  | "Panning"
  | "Pinching"
  | "MarqueeSelecting"
  | "Translating"
  | "Resizing"
  | "Stretching"
  | "EndMoving"
  | "Rotating"
  | "Twisting"
  | "Drawing"
  | "Framing"
  | "Cropping";

/** A gesture under way. It keeps to itself what it began with, and changes the board once, when the hand lifts. */
export interface State {
  readonly name: StateName;
  /** The cursor while it lasts; null: as over what lies there. */
  readonly cursor: string | null;
  move(pointer: Pointer): void;
  up(pointer: Pointer): void;
  /** Everything is as it was before. */
  cancel(): void;
}

/** What the hand takes up on the canvas: to select and move, or to make something. */
export type ToolName = "SELECT" | "PEN" | "LINE" | "ARROW" | "RECTANGLE" | "ELLIPSE" | "FRAME";

/** 45 degrees: what Shift keeps angles to. */
export const STEP_DEGREES = 45;
