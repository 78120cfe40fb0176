/** A grid over the board: which lines are drawn, and what snaps to them. */
import type { Bounds } from "./shapes";

const LEAST_PX = 12;
const COARSER = 5;

/** Screen pixels between the lines that are drawn: from afar only every fifth, or every fifth of those. */
export function drawnStep(step: number, zoom: number): number {
  let drawn = step * zoom;
  while (drawn < LEAST_PX) drawn *= COARSER;
  return drawn;
}

/** By how much a moved box must go on for its left upper corner to lie on the grid. */
export function ontoGrid({ left, top }: Bounds, step: number): { dx: number; dy: number } {
  return { dx: Math.round(left / step) * step - left, dy: Math.round(top / step) * step - top };
}
