/** One step forward or backward: past the next item that overlaps, so that every step shows. */
import { boundsOf, corners, overlap, type Bounds } from "../shapes";
import { GRID, type Box } from "./units";

export type Step = "FORWARD" | "BACKWARD";

/** An item in the order from back to front. box null: overlaps nothing (hidden, a group itself). */
export interface Layer {
  readonly id: string;
  readonly z: string;
  readonly box: Box | null;
}

/** Items that come, in this order, between two ranks; null is the open end. */
export interface Insertion {
  readonly ids: readonly string[];
  readonly low: string | null;
  readonly high: string | null;
}

interface Entry {
  readonly layer: Layer;
  readonly moved: boolean;
}

/**
 * Moves each of `ids` past the next overlapping item that is not among them. Those of `ids` that overlap each other
 * keep their order: one that would be passed goes as far itself. `order` holds the whole board, back to front.
 * Locked items stay. Every insertion leaves room for ranks (low < high).
 */
export function steps(order: readonly Layer[], ids: ReadonlySet<string>, direction: Step): Insertion[] {
  const going: Layer[] = [];
  const staying: Layer[] = [];
  const before: number[] = [];
  for (const layer of order) {
    if (ids.has(layer.id) && layer.box && !layer.box.locked) {
      going.push(layer);
      before.push(staying.length);
    } else staying.push(layer);
  }
  const after = slotsAfter(going, staying, before, direction);
  const arriving: Entry[][] = Array.from({ length: staying.length + 1 }, () => []);
  going.forEach((layer, n) => arriving[after[n]!]!.push({ layer, moved: after[n] !== before[n] }));
  const result = arriving.flatMap((those, slot) => {
    const next = staying[slot];
    return next ? [...those, { layer: next, moved: false }] : those;
  });
  return insertions(result);
}

/** Whether two turned boxes share more than an edge (separating axis theorem, to 1/1024 unit). */
export function overlapping(one: Box, other: Box): boolean {
  return !apart(one, other) && !apart(other, one);
}

/** Whether an edge of the first separates them. */
function apart(one: Box, other: Box): boolean {
  const { x, y, scale, rotation } = one.transform;
  const cos = Math.cos((rotation * Math.PI) / 180);
  const sin = Math.sin((rotation * Math.PI) / 180);
  const points = corners(other);
  const separates = (alongX: number, alongY: number, length: number): boolean => {
    const reach = (length * scale) / 2;
    const spots = points.map((point) => (point.x - x) * alongX + (point.y - y) * alongY);
    const gap = Math.max(Math.min(...spots) - reach, -reach - Math.max(...spots));
    return Math.floor(gap * GRID + 0.5) >= 0;
  };
  return separates(cos, sin, one.width) || separates(-sin, cos, one.height);
}

/**
 * For each moving item, how many staying ones will lie behind it: past what overlaps, and past those of their own
 * that would otherwise pass them.
 */
function slotsAfter(
  going: readonly Layer[],
  staying: readonly Layer[],
  before: readonly number[],
  direction: Step,
): number[] {
  const shown = staying.map(shownOf);
  const ours = going.map(shownOf);
  const forward = direction === "FORWARD";
  const wanted = ours.map((one, n) => {
    let at = before[n]!;
    if (forward) {
      while (at < shown.length && !covers(one, shown[at]!)) at++;
      return at < shown.length ? at + 1 : before[n]!;
    }
    for (at--; at >= 0 && !covers(one, shown[at]!);) at--;
    return at >= 0 ? at : before[n]!;
  });
  const passing: number[] = [];
  for (let step = 0; step < ours.length; step++) {
    const n = forward ? step : ours.length - 1 - step;
    for (const other of passing) {
      const further = forward ? wanted[other]! > wanted[n]! : wanted[other]! < wanted[n]!;
      if (further && covers(ours[n]!, ours[other]!)) wanted[n] = wanted[other]!;
    }
    if (wanted[n] !== before[n]) passing.push(n);
  }
  return wanted;
}

/** A box and its bounds, which tell most pairs apart at once. */
interface Shown {
  readonly box: Box | null;
  readonly bounds: Bounds | null;
}

const shownOf = ({ box }: Layer): Shown => ({ box, bounds: box && boundsOf(box) });

function covers(one: Shown, other: Shown): boolean {
  if (!one.box || !other.box) return false;
  return overlap(one.bounds!, other.bounds!) && overlapping(one.box, other.box);
}

/** The runs of moved items, each between the ranks of what lies behind and in front of it. */
function insertions(order: readonly Entry[]): Insertion[] {
  const found: Insertion[] = [];
  let low: string | null = null;
  let run: string[] = [];
  for (const { layer, moved } of order) {
    if (moved || (run.length && low !== null && layer.z <= low)) {
      run.push(layer.id);
      continue;
    }
    if (run.length) found.push({ ids: run, low, high: layer.z });
    run = [];
    low = layer.z;
  }
  if (run.length) found.push({ ids: run, low, high: null });
  return found;
}
