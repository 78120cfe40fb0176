/** New items out of what a hand drew: strokes, lines, boxes and frames, as they will lie on the board. */
import type { Bounds, Point } from "../geometry/shapes";
import { IDENTITY, centre } from "../geometry/shapes";
import { LEAST_SIDE } from "../geometry/limits";
import type { Ink as Sample } from "../geometry/strokes";
import type { Ink } from "./ink";
import { BLANK, PLAIN, type Drawing, type Item } from "./operations";

const PEN_POINTS = 5_000;
/** Thousandths of a unit are finer than any screen shows. */
const FINE = 1_000;

/** Where it goes in the log of the board: its name and its rank. */
export interface Slot {
  readonly id: string;
  readonly z: string;
}

/** A stroke through board points. All equally pressed: it is drawn as a line of one width. */
export function strokeThrough(samples: readonly Sample[], ink: Ink, zoom: number, slot: Slot): Item {
  const some = thinned(samples);
  const isEven = some.every(({ pressure }) => pressure === some[0]!.pressure);
  const pressures = isEven ? [] : some.map(({ pressure }) => Math.round(pressure * FINE) / FINE);
  return drawn("PEN", some, pressures, { ...ink, fill: null }, zoom, slot);
}

/** A line, arrow, box or ellipse from one board point to another. */
export function shapeBetween(
  shape: Exclude<Drawing["shape"], "PEN">,
  from: Point,
  to: Point,
  ink: Ink,
  zoom: number,
  slot: Slot,
): Item {
  if (shape === "LINE" || shape === "ARROW")
    return drawn(shape, [from, to], [], { ...ink, fill: null }, zoom, slot);
  const item = drawn(shape, [from, to], [], ink, zoom, slot);
  const box = {
    width: Math.max(LEAST_SIDE, Math.abs(to.x - from.x) * zoom),
    height: Math.max(LEAST_SIDE, Math.abs(to.y - from.y) * zoom),
  };
  return { ...item, ...box, drawing: { ...item.drawing!, points: [] } };
}

export function frameAround(box: Bounds, slot: Slot): Item {
  return {
    ...PLAIN,
    ...BLANK,
    ...slot,
    kind: "FRAME",
    transform: { ...IDENTITY, ...centre(box) },
    width: Math.max(LEAST_SIDE, box.right - box.left),
    height: Math.max(LEAST_SIDE, box.bottom - box.top),
    parentId: null,
    frame: { background: null },
  };
}

/** Its scale makes it as thick on the screen as it was drawn, whatever the zoom. */
function drawn(
  shape: Drawing["shape"],
  points: readonly Point[],
  pressures: readonly number[],
  { stroke, width: strokeWidth, fill }: Ink,
  zoom: number,
  slot: Slot,
): Item {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right] = [least(xs), most(xs)];
  const [top, bottom] = [least(ys), most(ys)];
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const local = points.map(({ x, y }) => ({
    x: rounded((x - middle.x) * zoom),
    y: rounded((y - middle.y) * zoom),
  }));
  return {
    ...PLAIN,
    ...BLANK,
    ...slot,
    kind: "DRAWING",
    transform: { ...IDENTITY, ...middle, scale: 1 / zoom },
    width: (right - left) * zoom + strokeWidth,
    height: (bottom - top) * zoom + strokeWidth,
    parentId: null,
    drawing: { shape, points: local, pressures, stroke, strokeWidth, fill },
  };
}

function thinned(samples: readonly Sample[]): readonly Sample[] {
  if (samples.length <= PEN_POINTS) return samples;
  const step = (samples.length - 1) / (PEN_POINTS - 1);
  return Array.from({ length: PEN_POINTS }, (_, i) => samples[Math.round(i * step)]!);
}

function rounded(value: number): number {
  return Math.round(value * FINE) / FINE;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
