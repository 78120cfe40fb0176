/** Strokes of a hand: trembling taken out of them, and the points that their shape can do without. */
import { distance, type Point } from "./shapes";

export interface Ink extends Point {
  readonly pressure: number;
}

/** How much of the way to each new place the line goes: the rest is trembling. */
const FOLLOW = 0.55;

/** Draws each point towards the one before it; the last is where the hand ended. */
export function steadied(points: readonly Ink[]): Ink[] {
  const [first] = points;
  if (!first) return [];
  const steady: Ink[] = [first];
  for (const point of points.slice(1)) {
    const before = steady.at(-1)!;
    steady.push({
      x: before.x + (point.x - before.x) * FOLLOW,
      y: before.y + (point.y - before.y) * FOLLOW,
      pressure: before.pressure + (point.pressure - before.pressure) * FOLLOW,
    });
  }
  if (points.length > 1) steady.push(points.at(-1)!);
  return steady;
}

/** Douglas and Peucker's: without the points that lie nearer than `tolerance` to the line without them, in three dimensions: pressure counts as `weight` units. */
export function simplified(points: readonly Ink[], tolerance: number, weight: number): Ink[] {
  if (points.length < 3) return [...points];
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  const waiting: [number, number][] = [[0, points.length - 1]];
  for (let span = waiting.pop(); span; span = waiting.pop()) {
    const [from, to] = span;
    let farthest = -1;
    let most = tolerance;
    for (let i = from + 1; i < to; i++) {
      const far = offLine(points[i]!, points[from]!, points[to]!, weight);
      if (far > most) [most, farthest] = [far, i];
    }
    if (farthest < 0) continue;
    kept[farthest] = 1;
    waiting.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, i) => kept[i]);
}

function offLine(at: Ink, a: Ink, b: Ink, weight: number): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const dz = (b.pressure - a.pressure) * weight;
  const length = dx * dx + dy * dy + dz * dz;
  const [px, py, pz] = [at.x - a.x, at.y - a.y, (at.pressure - a.pressure) * weight];
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / length));
  return Math.hypot(px - dx * share, py - dy * share, pz - dz * share);
}

/** Turned about `from` to the nearest multiple of `step` degrees, as long as it is. */
export function straightened(from: Point, to: Point, step: number): Point {
  const turn =
    (Math.round((Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI / step) * step * Math.PI) / 180;
  const long = distance(from, to);
  return { x: from.x + Math.cos(turn) * long, y: from.y + Math.sin(turn) * long };
}
