/** Lining units up by their visible bounds. Locked units stay and lead. */
import { centre, type Bounds, type Point } from "../shapes";
import {
  extent,
  extentOfAll,
  isLocked,
  movable,
  onGrid,
  place,
  references,
  type Places,
  type Unit,
} from "./units";

export type Edge = "LEFT" | "CENTRE" | "RIGHT" | "TOP" | "MIDDLE" | "BOTTOM";
export type Axis = "HORIZONTAL" | "VERTICAL";

/** Brings one edge (or middle line) of every unit to that of the bounds of the references. */
export function align(units: readonly Unit[], edge: Edge): Places {
  const places: Places = new Map();
  const lead = extentOfAll(references(units));
  if (lead) for (const unit of movable(units)) place(places, unit, aligned(extent(unit), lead, edge));
  return places;
}

/** The centre of every unit to the centre of the bounds of the references. */
export function stack(units: readonly Unit[]): Places {
  const places: Places = new Map();
  const lead = extentOfAll(references(units));
  if (lead) for (const unit of movable(units)) place(places, unit, centre(lead));
  return places;
}

/**
 * Equal gaps between the bounds of neighbours (by their centres along the axis), negative where there is no room.
 * The first, the last and every locked unit stay; gaps are equal from one of these to the next.
 */
export function distribute(units: readonly Unit[], axis: Axis): Places {
  const places: Places = new Map();
  const row = units
    .filter((unit) => unit.boxes.length > 0)
    .map((unit) => {
      const box = extent(unit);
      const at = centre(box);
      const [start, end] = axis === "HORIZONTAL" ? [box.left, box.right] : [box.top, box.bottom];
      return { unit, at, start, end, middle: onGrid(axis === "HORIZONTAL" ? at.x : at.y) };
    })
    .sort((a, b) => a.middle - b.middle || onGrid(a.start) - onGrid(b.start));
  let first = 0;
  for (let last = 1; last < row.length; last++) {
    if (last < row.length - 1 && !isLocked(row[last]!.unit)) continue;
    let between = 0;
    for (let n = first + 1; n < last; n++) between += row[n]!.end - row[n]!.start;
    const gap = (row[last]!.start - row[first]!.end - between) / (last - first);
    let edge = row[first]!.end + gap;
    for (let n = first + 1; n < last; n++) {
      const { unit, at, start, end } = row[n]!;
      const middle = edge + (end - start) / 2;
      place(places, unit, axis === "HORIZONTAL" ? { x: middle, y: at.y } : { x: at.x, y: middle });
      edge += end - start + gap;
    }
    first = last;
  }
  return places;
}

/** Where the centre of `box` goes. */
function aligned(box: Bounds, lead: Bounds, edge: Edge): Point {
  const { x, y } = centre(box);
  switch (edge) {
    case "LEFT":
      return { x: x + lead.left - box.left, y };
    case "CENTRE":
      return { x: centre(lead).x, y };
    case "RIGHT":
      return { x: x + lead.right - box.right, y };
    case "TOP":
      return { x, y: y + lead.top - box.top };
    case "MIDDLE":
      return { x, y: centre(lead).y };
    case "BOTTOM":
      return { x, y: y + lead.bottom - box.bottom };
  }
}
