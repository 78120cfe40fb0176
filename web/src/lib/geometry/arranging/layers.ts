/** One step forward or backward: past the next item that overlaps, so that every step shows. */
import { corners } from "../shapes";
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

/**
 * Moves each of `ids` past the next overlapping item that is not among them; they keep their own order, for
 * which one that overlaps nothing may be carried along. `order` holds the whole board, back to front. Locked
 * items stay. Every insertion leaves room for ranks (low < high).
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
  const result: { layer: Layer; moved: boolean }[] = [];
  let at = 0;
  for (let slot = 0; slot <= staying.length; slot++) {
    for (; at < going.length && after[at] === slot; at++)
      result.push({ layer: going[at]!, moved: after[at] !== before[at] });
    if (slot < staying.length) result.push({ layer: staying[slot]!, moved: false });
  }
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

/** For each moving item, how many staying ones will lie behind it. */
function slotsAfter(
  going: readonly Layer[],
  staying: readonly Layer[],
  before: readonly number[],
  direction: Step,
): number[] {
  const overlap = (layer: Layer, at: number): boolean => {
    const other = staying[at]!.box;
    return layer.box !== null && other !== null && overlapping(layer.box, other);
  };
  const wanted = going.map((layer, n) => {
    let at = before[n]!;
    if (direction === "FORWARD") {
      while (at < staying.length && !overlap(layer, at)) at++;
      return at < staying.length ? at + 1 : before[n]!;
    }
    for (at--; at >= 0 && !overlap(layer, at);) at--;
    return at >= 0 ? at : before[n]!;
  });
  if (direction === "FORWARD")
    for (let n = 1; n < wanted.length; n++) wanted[n] = Math.max(wanted[n]!, wanted[n - 1]!);
  else for (let n = wanted.length - 2; n >= 0; n--) wanted[n] = Math.min(wanted[n]!, wanted[n + 1]!);
  return wanted;
}

/** The runs of moved items, each between the ranks of what lies behind and in front of it. */
function insertions(order: readonly { layer: Layer; moved: boolean }[]): Insertion[] {
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
