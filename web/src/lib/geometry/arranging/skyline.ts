/**
 * Filling a strip from above with upright rectangles: at the highest gap of the skyline, the first that fits.
 *
 * A gap is a level stretch of the skyline whose neighbours are filled further down; the rectangle goes to the side
 * of the neighbour that is filled furthest. The order of the rectangles decides all the rest. Nothing is laid over
 * obstacles. All lengths are on the grid, so sums are exact and both languages lay alike.
 */
import type { Bounds, Point } from "../shapes";
import type { Size } from "./units";

const MOST_TRIES = 48;

/** Where the top left of every rectangle came, and the bounds of all. */
export interface Laid {
  readonly spots: readonly Point[];
  readonly bounds: Bounds;
}

/** Those that are still to be laid, in order; finds the first narrow enough in logarithmic time. */
class Rectangles {
  readonly #size: number;
  readonly #least: Float64Array;

  constructor(sizes: readonly Size[]) {
    let size = 1;
    while (size < sizes.length) size *= 2;
    const least = new Float64Array(2 * size).fill(Infinity);
    sizes.forEach((one, n) => (least[size + n] = one.width));
    for (let node = size - 1; node > 0; node--)
      least[node] = Math.min(least[2 * node]!, least[2 * node + 1]!);
    this.#size = size;
    this.#least = least;
  }

  /** The first no wider than `widest`; -1 when there is none. */
  first(widest: number): number {
    const least = this.#least;
    if (least[1]! > widest) return -1;
    let node = 1;
    while (node < this.#size) {
      node *= 2;
      if (least[node]! > widest) node++;
    }
    return node - this.#size;
  }

  /** All no wider than `widest`, in order. */
  *all(widest: number): Generator<number> {
    const pending = [1];
    while (pending.length) {
      const node = pending.pop()!;
      if (this.#least[node]! > widest) continue;
      if (node >= this.#size) yield node - this.#size;
      else pending.push(2 * node + 1, 2 * node);
    }
  }

  take(index: number): void {
    const least = this.#least;
    let node = index + this.#size;
    least[node] = Infinity;
    for (node >>= 1; node; node >>= 1) {
      const now = Math.min(least[2 * node]!, least[2 * node + 1]!);
      if (least[node] === now) break;
      least[node] = now;
    }
  }
}

/** Level stretches from left to right: where each begins, how far down it is filled, how wide it is. */
class Skyline {
  readonly starts = [0];
  readonly levels = [0];
  readonly widths: number[];

  constructor(width: number) {
    this.widths = [width];
  }

  highest(): number {
    let at = 0;
    for (let n = 1; n < this.levels.length; n++) if (this.levels[n]! < this.levels[at]!) at = n;
    return at;
  }

  /** Part of a stretch is filled down to `level`. */
  fill(at: number, offset: number, width: number, level: number): void {
    const start = this.starts[at]!;
    const rest = this.widths[at]! - offset - width;
    if (rest > 0) this.#insert(at + 1, start + offset + width, this.levels[at]!, rest);
    if (offset > 0) {
      this.widths[at] = offset;
      at += 1;
      this.#insert(at, start + offset, level, width);
    } else {
      this.widths[at] = width;
      this.levels[at] = level;
    }
    this.#join(at + 1);
    this.#join(at);
  }

  #insert(at: number, start: number, level: number, width: number): void {
    this.starts.splice(at, 0, start);
    this.levels.splice(at, 0, level);
    this.widths.splice(at, 0, width);
  }

  /** Joins a stretch with the one before it where both are level. */
  #join(at: number): void {
    if (at <= 0 || at >= this.levels.length || this.levels[at - 1] !== this.levels[at]) return;
    this.widths[at - 1]! += this.widths[at]!;
    this.starts.splice(at, 1);
    this.levels.splice(at, 1);
    this.widths.splice(at, 1);
  }
}

/** What is not to be laid over, as far as it is in reach of the level that is being filled. */
class Obstacles {
  readonly #coming: Bounds[];
  readonly #tallest: number;
  #near: Bounds[] = [];

  constructor(all: readonly Bounds[], tallest: number) {
    this.#coming = [...all].sort((a, b) => b.top - a.top);
    this.#tallest = tallest;
  }

  /** One that stands in the gap at its level. Asked for levels that only grow. */
  standing(gap: Bounds): Bounds | undefined {
    while (this.#coming.length && this.#coming.at(-1)!.top < gap.top + this.#tallest)
      this.#near.push(this.#coming.pop()!);
    this.#near = this.#near.filter((box) => box.bottom > gap.top);
    return this.#near.find((box) => box.top <= gap.top && box.left < gap.right && box.right > gap.left);
  }

  /** The first rectangle that has room in the gap (-1: none), where, and how far down it is free. */
  fitting(
    waiting: Rectangles,
    sizes: readonly Size[],
    gap: Bounds,
    onLeft: boolean,
  ): [index: number, onLeft: boolean, floor: number] {
    const over = this.#near.filter((box) => box.left < gap.right && box.right > gap.left);
    let tries = 0;
    for (const index of waiting.all(gap.right - gap.left)) {
      if (tries++ === MOST_TRIES) break;
      const { width, height } = sizes[index]!;
      for (const left of [onLeft, !onLeft]) {
        const begin = left ? gap.left : gap.right - width;
        if (!over.some((box) => box.left < begin + width && box.right > begin && box.top < gap.top + height))
          return [index, left, Infinity];
      }
    }
    return [-1, onLeft, over.reduce((least, box) => Math.min(least, box.top), Infinity)];
  }
}

/** Lays them in a strip of width `room`, at least as wide as the widest, without end downwards. */
export function lay(sizes: readonly Size[], room: number, obstacles: readonly Bounds[] = []): Laid {
  const waiting = new Rectangles(sizes);
  const skyline = new Skyline(room);
  const tallest = sizes.reduce((most, size) => Math.max(most, size.height), 0);
  const around = obstacles.length ? new Obstacles(obstacles, tallest) : null;
  const spots: Point[] = new Array<Point>(sizes.length);
  const bounds = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  for (let remaining = sizes.length; remaining;) {
    const at = skyline.highest();
    const level = skyline.levels[at]!;
    const start = skyline.starts[at]!;
    const width = skyline.widths[at]!;
    const before = skyline.levels[at - 1] ?? Infinity;
    const after = skyline.levels[at + 1] ?? Infinity;
    let onLeft = before >= after || at === skyline.levels.length - 1;
    let floor = Infinity;
    let index: number;
    if (around) {
      const gap = { left: start, top: level, right: start + width, bottom: Infinity };
      const standing = around.standing(gap);
      if (standing) {
        const begin = Math.max(start, standing.left);
        const end = Math.min(gap.right, standing.right);
        skyline.fill(at, begin - start, end - begin, standing.bottom);
        continue;
      }
      [index, onLeft, floor] = around.fitting(waiting, sizes, gap, onLeft);
    } else index = waiting.first(width);
    if (index < 0) {
      skyline.fill(at, 0, width, Math.min(before, after, floor));
      continue;
    }
    const size = sizes[index]!;
    const offset = onLeft ? 0 : width - size.width;
    const x = start + offset;
    spots[index] = { x, y: level };
    skyline.fill(at, offset, size.width, level + size.height);
    waiting.take(index);
    remaining--;
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, level);
    bounds.right = Math.max(bounds.right, x + size.width);
    bounds.bottom = Math.max(bounds.bottom, level + size.height);
  }
  return { spots, bounds };
}
