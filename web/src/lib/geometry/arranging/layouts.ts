/** Tidy layouts in a chosen order, from the top left of all that moves. Locked units are left out and stay. */
import { ordered, type Order, type SortKey } from "./sorting";
import {
  extentOfAll,
  movable,
  onGrid,
  place,
  slot,
  slotOf,
  type Places,
  type Size,
  type Unit,
} from "./units";

/**
 * A row is centred on one line, a column too; in a grid every unit is centred in its cell, columns as wide and
 * rows as high as they need, the whole about square.
 */
export type Layout = "ROW" | "COLUMN" | "GRID";

/** margin: board units between neighbours; keys: by unit key; seed: for RANDOM. */
export function arrange(
  units: readonly Unit[],
  layout: Layout,
  order: Order,
  keys: ReadonlyMap<string, SortKey>,
  margin = 0,
  seed = 0,
): Places {
  const places: Places = new Map();
  const row = ordered(movable(units), order, keys, seed);
  const around = extentOfAll(row);
  if (!around) return places;
  const gap = slot(margin);
  const sizes = row.map(slotOf);
  const columns = columnsFor(sizes, layout, gap);
  const widths: number[] = new Array<number>(columns).fill(0);
  const heights: number[] = new Array<number>(Math.ceil(sizes.length / columns)).fill(0);
  sizes.forEach((size, n) => {
    const [column, line] = [n % columns, Math.floor(n / columns)];
    widths[column] = Math.max(widths[column]!, size.width);
    heights[line] = Math.max(heights[line]!, size.height);
  });
  const lefts = starts(widths, onGrid(around.left), gap);
  const tops = starts(heights, onGrid(around.top), gap);
  row.forEach((unit, n) => {
    const [column, line] = [n % columns, Math.floor(n / columns)];
    place(places, unit, {
      x: lefts[column]! + widths[column]! / 2,
      y: tops[line]! + heights[line]! / 2,
    });
  });
  return places;
}

function columnsFor(sizes: readonly Size[], layout: Layout, gap: number): number {
  if (layout === "ROW") return sizes.length;
  if (layout === "COLUMN") return 1;
  let width = 0;
  let height = 0;
  for (const size of sizes) {
    width += size.width + gap;
    height += size.height + gap;
  }
  return Math.min(sizes.length, Math.max(1, Math.ceil(Math.sqrt((sizes.length * height) / width))));
}

function starts(lengths: readonly number[], start: number, gap: number): number[] {
  return lengths.map((length) => {
    const here = start;
    start += length + gap;
    return here;
  });
}
