/**
 * Packing: units close together in a small, pleasing rectangle, with margins between, over nothing locked.
 *
 * Orders and widths of a skyline are tried, then bettered by small changes at random (always the same ones); the
 * packing with the smallest rectangle is kept, where one that is less or more wide than high than `SHAPES` counts
 * for larger by as much. Every unit goes by its bounds and keeps its rotation and size. The top left stays.
 */
import type { Bounds, Point } from "../shapes";
import { lay, type Laid } from "./skyline";
import { randomNumbers } from "./sorting";
import {
  extent,
  extentOfAll,
  isLocked,
  movable,
  onGrid,
  place,
  slot,
  slotOf,
  type Places,
  type Size,
  type Unit,
} from "./units";

const SHAPES: Shapes = [1.2, 1.8];
const MOST_LAID = 200_000;
const MOST_TRIES = 3_000;
const WIDTHS = 3;
const SEED = 7;

const WEIGHTS: readonly ((size: Size) => number)[] = [
  ({ width, height }) => width * height,
  ({ width, height }) => width + height,
  ({ width }) => width,
  ({ height }) => height,
  ({ width, height }) => width * 2 + height,
  ({ width, height }) => width + height * 2,
  ({ width, height }) => Math.max(width, height),
];

type Shapes = readonly [least: number, most: number];

/** One packing: in which order, how wide, what came of it; the smaller its cost the better. */
interface Attempt {
  readonly order: readonly number[];
  readonly room: number;
  readonly laid: Laid;
  readonly cost: number;
}

/**
 * margin: at least so many board units between neighbours; locked units are obstacles, too.
 * shape: the width to height to come near to, in place of `SHAPES`.
 */
export function pack(
  units: readonly Unit[],
  margin = 0,
  obstacles: readonly Bounds[] = [],
  shape: number | null = null,
): Places {
  const places: Places = new Map();
  const free = movable(units);
  const around = extentOfAll(free);
  if (!around) return places;
  const gap = slot(Math.max(margin, 0));
  const left = onGrid(around.left);
  const top = onGrid(around.top);
  const locked = units.filter((unit) => unit.boxes.length > 0 && isLocked(unit)).map(extent);
  const slots = free.map(slotOf);
  const sizes = slots.map(({ width, height }) => ({ width: width + gap, height: height + gap }));
  const keepOff = [...obstacles, ...locked]
    .map((box) => keptOff(box, left, top, gap))
    .filter((box) => box.right > 0 && box.bottom > 0);
  const spots = best(sizes, gap, keepOff, shape === null ? SHAPES : [shape, shape]);
  free.forEach((unit, n) => {
    const { width, height } = slots[n]!;
    place(places, unit, { x: left + spots[n]!.x + width / 2, y: top + spots[n]!.y + height / 2 });
  });
  return places;
}

/** An obstacle seen from the top left, with the margin behind it that every unit has, too. */
function keptOff(box: Bounds, left: number, top: number, gap: number): Bounds {
  return {
    left: -slot(-box.left) - left,
    top: -slot(-box.top) - top,
    right: slot(box.right) - left + gap,
    bottom: slot(box.bottom) - top + gap,
  };
}

function best(sizes: readonly Size[], gap: number, obstacles: readonly Bounds[], shapes: Shapes): Point[] {
  const tries = triesFor(sizes.length, obstacles.length > 0);
  const attempt = (order: readonly number[], room: number): Attempt => {
    const laid = lay(
      order.map((n) => sizes[n]!),
      room,
      obstacles,
    );
    return { order, room, laid, cost: costOf(laid.bounds, gap, shapes) };
  };
  const orders = WEIGHTS.map((weight) => {
    const weights = sizes.map(weight);
    return sizes.map((_, n) => n).sort((a, b) => weights[b]! - weights[a]!);
  });
  const count = Math.max(WIDTHS, Math.floor(Math.floor(tries / 5) / orders.length));
  const rooms = roomsFor(sizes, obstacles, shapes, count);
  const first = rooms.flatMap((room) => orders.map((order) => ({ order, room }))).slice(0, tries);
  let kept = attempt(first[0]!.order, first[0]!.room);
  for (const { order, room } of first.slice(1)) {
    const one = attempt(order, room);
    if (one.cost < kept.cost) kept = one;
  }
  const next = randomNumbers(SEED);
  const widest = sizes.reduce((most, size) => Math.max(most, size.width), 0);
  for (let n = first.length; n < tries; n++) {
    const [order, room] = varied(kept, widest, next);
    const one = attempt(order, room);
    if (one.cost <= kept.cost) kept = one;
  }
  const spots: Point[] = new Array<Point>(sizes.length);
  kept.order.forEach((n, at) => (spots[n] = kept.laid.spots[at]!));
  return spots;
}

function triesFor(count: number, obstacles: boolean): number {
  if (count === 1) return 1;
  if (obstacles) return Math.min(Math.max(Math.floor(MOST_LAID / 4 / count), WEIGHTS.length), MOST_TRIES);
  return Math.min(Math.max(Math.floor(MOST_LAID / count), WEIGHTS.length * WIDTHS), MOST_TRIES);
}

function costOf({ left, top, right, bottom }: Bounds, gap: number, [least, most]: Shapes): number {
  const width = right - left - gap;
  const height = bottom - top - gap;
  const ratio = width / height;
  return width * height * Math.max(1, least / ratio, ratio / most);
}

/** Widths of strips that come out in about the shapes wanted. */
function roomsFor(
  sizes: readonly Size[],
  obstacles: readonly Bounds[],
  [least, most]: Shapes,
  count: number,
): number[] {
  let area = 0;
  let widest = 0;
  let highest = 0;
  for (const { width, height } of sizes) {
    area += width * height;
    widest = Math.max(widest, width);
    highest = Math.max(highest, height);
  }
  area += taken(obstacles, area);
  const narrow = Math.min(Math.sqrt(area * least), area / highest);
  const wide = Math.sqrt((area * most) / 0.9);
  const rooms: number[] = [];
  for (let n = 0; n < count; n++)
    rooms.push(Math.max(widest, slot(narrow + ((wide - narrow) * (n + 0.5)) / count)));
  return rooms;
}

/** About how much of the room to come is taken. */
function taken(obstacles: readonly Bounds[], area: number): number {
  const width = Math.sqrt(area * 1.5);
  const height = area / width;
  let sum = 0;
  for (const box of obstacles) {
    const across = Math.min(box.right, width) - Math.max(box.left, 0);
    const down = Math.min(box.bottom, height) - Math.max(box.top, 0);
    sum += Math.max(across, 0) * Math.max(down, 0);
  }
  return Math.min(sum, area * 3);
}

/** Another order and width near the best: one changes its place, near or far, or two change places. */
function varied(kept: Attempt, widest: number, next: () => number): [number[], number] {
  const order = [...kept.order];
  const count = order.length;
  const one = Math.floor(next() * count);
  const far = next() < 0.5 ? count : Math.min(count, 8);
  const other = Math.min(count - 1, Math.max(0, one + Math.floor((next() * 2 - 1) * far)));
  if (next() < 0.5) [order[one], order[other]] = [order[other]!, order[one]!];
  else order.splice(other, 0, ...order.splice(one, 1));
  let room = kept.room;
  if (next() < 0.3) room = Math.max(widest, slot(room * (1 + (next() - 0.5) * 0.01)));
  return [order, room];
}
