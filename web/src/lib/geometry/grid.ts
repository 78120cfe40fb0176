/** A grid over the board: which lines are drawn, and what snaps to them. */
import type { Bounds, Point } from "./shapes";

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

/** The crossing of its lines that is nearest. */
export function crossingNear({ x, y }: Point, step: number): Point {
  return { x: Math.round(x / step) * step, y: Math.round(y / step) * step };
}

/**
 * A grip that goes along a ray, anchor + share × grip: the share nearest to this one at which it lies on a line; null
 * where it would go through the anchor.
 */
export function shareOntoGrid(anchor: Point, grip: Point, share: number, step: number): number | null {
  const long = Math.hypot(grip.x, grip.y);
  const shares = (["x", "y"] as const)
    .filter((axis) => Math.abs(grip[axis]) >= 1e-6 * long)
    .map(
      (axis) => (Math.round((anchor[axis] + grip[axis] * share) / step) * step - anchor[axis]) / grip[axis],
    )
    .filter((one) => one > 1e-9);
  if (!shares.length) return null;
  return shares.reduce((a, b) => (Math.abs(b - share) < Math.abs(a - share) ? b : a));
}
