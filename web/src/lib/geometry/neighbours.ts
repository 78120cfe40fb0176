/** Which of many boxes comes next: beside one in a direction, or in the order in which one reads. */
import { centre, type Bounds, type Point } from "./shapes";

export type Direction = "left" | "right" | "up" | "down";

export interface Boxed {
  readonly id: string;
  readonly box: Bounds;
}

const WAYS: Record<Direction, Point> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
};

/** The nearest whose middle lies that way; what lies straight ahead before what lies askew. Null: none does. */
export function neighbourOf(all: readonly Boxed[], id: string, direction: Direction): string | null {
  const from = all.find((one) => one.id === id);
  if (!from) return null;
  const way = WAYS[direction];
  const start = centre(from.box);
  let best: { id: string; far: number } | null = null;
  for (const one of all) {
    if (one.id === id) continue;
    const there = centre(one.box);
    const ahead = (there.x - start.x) * way.x + (there.y - start.y) * way.y;
    const aside = Math.abs((there.x - start.x) * way.y) + Math.abs((there.y - start.y) * way.x);
    // Within a right angle to both sides of the way.
    if (ahead <= 0 || aside > ahead) continue;
    const far = ahead + 2 * aside;
    if (!best || far < best.far) best = { id: one.id, far };
  }
  return best?.id ?? null;
}

/** Row by row from the top, each from the left; what overlaps the middle of a row's first is in it. */
export function inReadingOrder(all: readonly Boxed[]): string[] {
  const waiting = [...all].sort((a, b) => a.box.top - b.box.top || a.box.left - b.box.left);
  const ids: string[] = [];
  while (waiting.length) {
    const middle = centre(waiting[0]!.box).y;
    let end = 0;
    while (end < waiting.length && waiting[end]!.box.top <= middle) end++;
    const row = waiting.splice(0, end).sort((a, b) => a.box.left - b.box.left);
    ids.push(...row.map(({ id }) => id));
  }
  return ids;
}
