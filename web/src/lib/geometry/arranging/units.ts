/**
 * What is arranged: boxes that move alone or as one, and what a new place for them comes to. The same as the
 * server's (domain/arranging/), whose documents hold here, too; names differ only in their case.
 *
 * A unit with a locked box never moves and leads the others. Scales stay within limits, a unit as a whole;
 * coordinates are the caller's. Whatever is compared, sorted or packed is first brought to a grid of 1/1024 board
 * unit, so that both languages decide alike although sines may differ in their last bit.
 */
import { boundsOf, centre, union, type Bounds, type Placed, type Point, type Transform } from "../shapes";

export interface Box extends Placed {
  readonly id: string;
  readonly locked: boolean;
}

/** What moves as one: a single box, or all boxes of a group. */
export interface Unit {
  readonly key: string;
  readonly boxes: readonly Box[];
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** New transforms by item, of those that change. */
export type Places = Map<string, Transform>;

export const GRID = 1024;
export const SMALLEST_SCALE = 1e-4;
export const LARGEST_SCALE = 1e4;

export const alone = (box: Box): Unit => ({ key: box.id, boxes: [box] });

export function isLocked(unit: Unit): boolean {
  return unit.boxes.some((box) => box.locked);
}

export function movable(units: readonly Unit[]): Unit[] {
  return units.filter((unit) => unit.boxes.length > 0 && !isLocked(unit));
}

/** The units that the others go by: those that cannot move, or else all. */
export function references(units: readonly Unit[]): Unit[] {
  const present = units.filter((unit) => unit.boxes.length > 0);
  const locked = present.filter(isLocked);
  return locked.length ? locked : present;
}

/** The visible bounds of a unit that has boxes. */
export function extent(unit: Unit): Bounds {
  return union(unit.boxes.map(boundsOf))!;
}

export function extentOfAll(units: readonly Unit[]): Bounds | null {
  return union(units.map(extent));
}

export function onGrid(value: number): number {
  return Math.floor(value * GRID + 0.5) / GRID;
}

/** The least length on the grid that holds `length`; a hair of 1/64 step over is forgiven. */
export function slot(length: number): number {
  return Math.ceil(length * GRID - 1 / 64) / GRID;
}

/** The room for a unit's bounds on the grid, never nothing. */
export function slotOf(unit: Unit): Size {
  const box = extent(unit);
  return {
    width: Math.max(slot(box.right - box.left), 1 / GRID),
    height: Math.max(slot(box.bottom - box.top), 1 / GRID),
  };
}

/** The factor nearest to `factor` that keeps the scale of every box within limits (1 if none does). */
export function allowedFactor(boxes: readonly Box[], factor: number): number {
  if (boxes.length === 0) return factor;
  let smallest = Infinity;
  let largest = 0;
  for (const { transform } of boxes) {
    smallest = Math.min(smallest, transform.scale);
    largest = Math.max(largest, transform.scale);
  }
  const least = SMALLEST_SCALE / smallest;
  const most = LARGEST_SCALE / largest;
  return least <= most ? Math.min(Math.max(factor, least), most) : 1;
}

/** Adds the unit scaled by `factor`, the centre of its bounds at `target`. */
export function place(places: Places, unit: Unit, target: Point, factor = 1): void {
  placeAbout(places, unit.boxes, centre(extent(unit)), target, allowedFactor(unit.boxes, factor));
}

/** Adds the boxes scaled by an allowed factor, the point `about` brought to `target`. */
export function placeAbout(
  places: Places,
  boxes: readonly Box[],
  about: Point,
  target: Point,
  factor: number,
): void {
  for (const box of boxes) {
    const { transform } = box;
    change(places, box, {
      ...transform,
      x: target.x + (transform.x - about.x) * factor,
      y: target.y + (transform.y - about.y) * factor,
      scale: Math.min(Math.max(transform.scale * factor, SMALLEST_SCALE), LARGEST_SCALE),
    });
  }
}

/** Adds what differs by more than rounding. */
export function change(places: Places, box: Box, after: Transform): void {
  const before = box.transform;
  const reach = Math.abs(before.x) + Math.abs(before.y) + (box.width + box.height) * before.scale;
  const near = 1e-6 + 1e-14 * reach;
  if (
    Math.abs(after.x - before.x) > near ||
    Math.abs(after.y - before.y) > near ||
    Math.abs(after.scale - before.scale) > 1e-9 * before.scale ||
    after.rotation !== before.rotation ||
    after.flipX !== before.flipX ||
    after.flipY !== before.flipY
  )
    places.set(box.id, after);
}

/** The unit as the places leave it. */
export function unitAt(unit: Unit, places: Places): Unit {
  return {
    key: unit.key,
    boxes: unit.boxes.map((box) => ({ ...box, transform: places.get(box.id) ?? box.transform })),
  };
}
