/** Where moving things catch on others: at their edges and middles, and where gaps come out equal. Pure, in board units. */
import type { Bounds, Point } from "./shapes";

export type Axis = "x" | "y";

/** What is shown where something was caught. On axis x, `at` is an x, and `from` to `to` are along y. */
export type Guide =
  | {
      readonly kind: "line";
      readonly axis: Axis;
      readonly at: number;
      readonly from: number;
      readonly to: number;
    }
  /** A gap along the axis, drawn at `at` across it. */
  | {
      readonly kind: "gap";
      readonly axis: Axis;
      readonly at: number;
      readonly from: number;
      readonly to: number;
    };

export interface Caught {
  readonly dx: number;
  readonly dy: number;
  readonly guides: readonly Guide[];
}

const SAME = 1e-6;

/** Along one axis: the near edge, the far one, and both edges across. */
interface Span {
  readonly low: number;
  readonly high: number;
  readonly crossLow: number;
  readonly crossHigh: number;
}

function spanOf({ left, top, right, bottom }: Bounds, axis: Axis): Span {
  return axis === "x"
    ? { low: left, high: right, crossLow: top, crossHigh: bottom }
    : { low: top, high: bottom, crossLow: left, crossHigh: right };
}

function middle({ low, high }: Span): number {
  return (low + high) / 2;
}

/** How far `moving` is to go so that it lies in line, or as far apart as others do; at most `reach` on each axis. */
export function snapped(others: readonly Bounds[], moving: Bounds, reach: number): Caught {
  const across = along(others, moving, "x", reach);
  const down = along(others, moving, "y", reach);
  const there: Bounds = {
    left: moving.left + across,
    right: moving.right + across,
    top: moving.top + down,
    bottom: moving.bottom + down,
  };
  return {
    dx: across,
    dy: down,
    guides: [...guidesOf(others, there, "x"), ...guidesOf(others, there, "y")],
  };
}

function along(others: readonly Bounds[], moving: Bounds, axis: Axis, reach: number): number {
  const me = spanOf(moving, axis);
  let best = 0;
  let least = reach + SAME;
  const offer = (by: number, cost = 0) => {
    if (Math.abs(by) + cost >= least) return;
    least = Math.abs(by) + cost;
    best = by;
  };
  for (const other of others) {
    const span = spanOf(other, axis);
    for (const line of [span.low, span.high]) {
      offer(line - me.low);
      offer(line - me.high);
    }
    offer(middle(span) - middle(me));
  }
  // Edges win over gaps that are as near.
  for (const low of evenPlaces(others, moving, axis)) offer(low - me.low, SAME);
  return least <= reach + SAME && Math.abs(best) <= reach ? best : 0;
}

/** Those beside it: they share some of its breadth, in order along the axis. */
function neighbours(others: readonly Bounds[], moving: Bounds, axis: Axis): Span[] {
  const me = spanOf(moving, axis);
  return others
    .map((other) => spanOf(other, axis))
    .filter((span) => span.crossLow < me.crossHigh && span.crossHigh > me.crossLow)
    .sort((a, b) => a.low - b.low);
}

/** Where its near edge would be for gaps to come out equal. */
function evenPlaces(others: readonly Bounds[], moving: Bounds, axis: Axis): number[] {
  const me = spanOf(moving, axis);
  const size = me.high - me.low;
  const near = neighbours(others, moving, axis);
  const before = near.filter((span) => middle(span) < middle(me)).sort((a, b) => b.high - a.high);
  const after = near.filter((span) => middle(span) >= middle(me));
  const places: number[] = [];
  const [last, beforeLast] = before;
  const [next, afterNext] = after;
  if (last && next && next.low - last.high > size) places.push((last.high + next.low - size) / 2);
  if (last && beforeLast && last.low > beforeLast.high) places.push(last.high + (last.low - beforeLast.high));
  if (next && afterNext && afterNext.low > next.high)
    places.push(next.low - (afterNext.low - next.high) - size);
  return places;
}

/** What tells why it lies well where it is. */
function guidesOf(others: readonly Bounds[], moving: Bounds, axis: Axis): Guide[] {
  const me = spanOf(moving, axis);
  const reach = 1e-6 * Math.max(1, me.high - me.low);
  const lines = new Map<number, { from: number; to: number }>();
  for (const at of [me.low, middle(me), me.high]) {
    for (const other of others) {
      const span = spanOf(other, axis);
      const own = at === middle(me) ? [middle(span)] : [span.low, span.high];
      if (!own.some((line) => Math.abs(line - at) <= reach)) continue;
      const line = lines.get(at) ?? { from: me.crossLow, to: me.crossHigh };
      lines.set(at, {
        from: Math.min(line.from, span.crossLow),
        to: Math.max(line.to, span.crossHigh),
      });
    }
  }
  const found: Guide[] = [...lines].map(([at, { from, to }]) => ({ kind: "line", axis, at, from, to }));
  if (evenPlaces(others, moving, axis).some((low) => Math.abs(low - me.low) <= reach))
    found.push(...gapsOf(others, moving, axis, reach));
  return found;
}

function gapsOf(others: readonly Bounds[], moving: Bounds, axis: Axis, reach: number): Guide[] {
  const me = spanOf(moving, axis);
  const row = [...neighbours(others, moving, axis), me].sort((a, b) => a.low - b.low);
  const gaps = row.slice(1).map((span, i) => ({ from: row[i]!.high, to: span.low, a: row[i]!, b: span }));
  const mine = gaps.filter(({ a, b, from, to }) => (a === me || b === me) && to > from);
  return gaps
    .filter(({ from, to }) => mine.some((own) => Math.abs(own.to - own.from - (to - from)) <= 4 * reach))
    .map(({ from, to, a, b }) => ({
      kind: "gap",
      axis,
      at: (Math.max(a.crossLow, b.crossLow) + Math.min(a.crossHigh, b.crossHigh)) / 2,
      from,
      to,
    }));
}

/** A point caught on edges and middles: each axis by itself. */
export function snappedPoint(
  others: readonly Bounds[],
  point: Point,
  reach: number,
): { readonly point: Point; readonly guides: readonly Guide[] } {
  const at = { x: point.x, y: point.y };
  const guides: Guide[] = [];
  for (const axis of ["x", "y"] as const) {
    const line = nearestLine(others, axis, point[axis], reach);
    if (line !== null) at[axis] = line;
  }
  for (const axis of ["x", "y"] as const) guides.push(...throughPoint(others, axis, at));
  return { point: at, guides };
}

/**
 * A grip that goes along a ray, anchor + share × grip: the share at which it, or what lies opposite, is in line
 * with something, or null.
 */
export function snappedRay(
  others: readonly Bounds[],
  anchor: Point,
  grip: Point,
  share: number,
  reach: number,
): { readonly share: number; readonly guides: readonly Guide[] } | null {
  const long = Math.hypot(grip.x, grip.y);
  let best: number | null = null;
  let least = reach;
  for (const axis of ["x", "y"] as const) {
    if (Math.abs(grip[axis]) < 1e-6 * long) continue;
    const line = nearestLine(others, axis, anchor[axis] + grip[axis] * share, reach);
    if (line === null) continue;
    const wanted = (line - anchor[axis]) / grip[axis];
    const far = Math.abs(line - (anchor[axis] + grip[axis] * share));
    if (wanted <= 0 || far > least) continue;
    least = far;
    best = wanted;
  }
  if (best === null) return null;
  const at = { x: anchor.x + grip.x * best, y: anchor.y + grip.y * best };
  const guides = [...throughPoint(others, "x", at), ...throughPoint(others, "y", at)];
  return { share: best, guides };
}

function nearestLine(others: readonly Bounds[], axis: Axis, at: number, reach: number): number | null {
  let best: number | null = null;
  for (const other of others) {
    const span = spanOf(other, axis);
    for (const line of [span.low, middle(span), span.high]) {
      if (Math.abs(line - at) <= reach && (best === null || Math.abs(line - at) < Math.abs(best - at)))
        best = line;
    }
  }
  return best;
}

function throughPoint(others: readonly Bounds[], axis: Axis, point: Point): Guide[] {
  const at = point[axis];
  const cross = axis === "x" ? point.y : point.x;
  const reach = 1e-6 * Math.max(1, Math.abs(at));
  const spans = others
    .map((other) => spanOf(other, axis))
    .filter((span) => [span.low, middle(span), span.high].some((line) => Math.abs(line - at) <= reach));
  if (!spans.length) return [];
  const from = Math.min(cross, ...spans.map((span) => span.crossLow));
  const to = Math.max(cross, ...spans.map((span) => span.crossHigh));
  return [{ kind: "line", axis, at, from, to }];
}
