/** Tidy rows of equal height for pictures that arrive together. */
import type { Point } from "./shapes";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Spot extends Point {
  readonly scale: number;
}

export const ROW_HEIGHT = 320;
export const GAP = 16;

/** Extreme panoramas and columns are kept from dwarfing or vanishing beside the others. */
const WIDEST_ASPECT = 4;

/**
 * Where each picture's centre goes and how it is scaled, so that all share a row height and the whole is
 * about as wide as `aspect` asks, centred on `around`. Keeps the order given.
 */
export function packed(sizes: readonly Size[], around: Point, aspect = 1.6): Spot[] {
  const heights = sizes.map((size) => ROW_HEIGHT * Math.min(1, (WIDEST_ASPECT * size.height) / size.width));
  const widths = sizes.map((size, i) => (heights[i]! * size.width) / size.height);
  const total = widths.reduce((sum, width) => sum + width + GAP, 0);
  const widest = Math.max(...widths, Math.sqrt(total * (ROW_HEIGHT + GAP) * aspect));

  const rows: { members: number[]; width: number }[] = [];
  let row = { members: [] as number[], width: 0 };
  widths.forEach((width, i) => {
    const grown = row.width + (row.members.length ? GAP : 0) + width;
    if (row.members.length && grown > widest + 1e-6) {
      rows.push(row);
      row = { members: [i], width };
    } else {
      row.members.push(i);
      row.width = grown;
    }
  });
  if (row.members.length) rows.push(row);

  const block = Math.max(0, ...rows.map((one) => one.width));
  const height = rows.length * (ROW_HEIGHT + GAP) - GAP;
  const spots: Spot[] = new Array(sizes.length);
  rows.forEach((one, line) => {
    let left = around.x - block / 2;
    const y = around.y - height / 2 + line * (ROW_HEIGHT + GAP) + ROW_HEIGHT / 2;
    for (const i of one.members) {
      spots[i] = { x: left + widths[i]! / 2, y, scale: heights[i]! / sizes[i]!.height };
      left += widths[i]! + GAP;
    }
  });
  return spots;
}
