/** What drawings are drawn with: kept in this browser from one stroke to the next. */
import { recall, remember } from "./memory";
import type { Paper } from "./papers";

export interface Ink {
  readonly stroke: string;
  /** In screen pixels at the zoom at which it is drawn. */
  readonly width: number;
  /** Of boxes and ellipses; null: not filled. */
  readonly fill: string | null;
}

export const FIRST_INK: Ink = { stroke: "#f2453d", width: 4, fill: null };

/** Seen on dark and on light boards. */
export const INKS: readonly Paper[] = [
  { name: "Red", background: "#f2453d" },
  { name: "Orange", background: "#f59e1b" },
  { name: "Yellow", background: "#f6d743" },
  { name: "Green", background: "#3fb962" },
  { name: "Blue", background: "#4b8dff" },
  { name: "Purple", background: "#b06cf0" },
  { name: "White", background: "#f4f4f6" },
  { name: "Black", background: "#15161a" },
];

export const WIDTHS: readonly [number, string][] = [
  [2, "Fine"],
  [4, "Medium"],
  [8, "Bold"],
  [16, "Broad"],
];

const NAME = "ink";

export function recallInk(): Ink {
  return { ...FIRST_INK, ...recall<Partial<Ink>>(NAME) };
}

export function rememberInk(ink: Ink): void {
  remember(NAME, ink);
}
