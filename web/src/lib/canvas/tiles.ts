/** A large picture seen closely: which of its tiles cover what is seen, and how they are laid over its box. */
import { WHOLE, type Crop } from "../geometry/shapes";
import type { Context } from "./painter";
import { STRETCH } from "./pictures";

export interface TileLevel {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Tiles {
  readonly tileSize: number;
  /** The coarsest first. */
  readonly levels: readonly TileLevel[];
  readonly url: string;
}

/** A part of the whole picture, as fractions of its sides. */
export type Part = Crop;

export interface Cell {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  readonly part: Part;
}

/** The box of a picture that is shown through a crop, centred on the origin of its own units. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly crop: Crop | null;
}

/** More would not be seen as more, and no screen asks for it. */
const MOST_CELLS = 400;

/** The coarsest level that is sharp at `pixels` on the longest side, or the finest. */
export function tileLevelFor({ levels }: Tiles, pixels: number): number {
  const level = levels.findIndex(({ width, height }) => Math.max(width, height) * STRETCH >= pixels);
  return level === -1 ? levels.length - 1 : level;
}

/** The tiles of a level that cover a part of the picture, those nearest to its middle first. */
export function cellsIn({ tileSize, levels }: Tiles, level: number, seen: Part): Cell[] {
  const { width, height, columns, rows } = levels[level]!;
  const [across, down] = [tileSize / width, tileSize / height];
  const first = (from: number, step: number) => Math.max(0, Math.floor(from / step));
  const last = (to: number, step: number, count: number) => Math.min(count, Math.ceil(to / step)) - 1;
  const cells: Cell[] = [];
  for (let row = first(seen.top, down); row <= last(seen.bottom, down, rows); row++)
    for (let column = first(seen.left, across); column <= last(seen.right, across, columns); column++)
      cells.push({
        level,
        column,
        row,
        part: {
          left: column * across,
          top: row * down,
          right: Math.min(1, (column + 1) * across),
          bottom: Math.min(1, (row + 1) * down),
        },
      });
  const middle = [(seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2] as const;
  const far = ({ part }: Cell) =>
    Math.hypot(
      ((part.left + part.right) / 2 - middle[0]) * width,
      ((part.top + part.bottom) / 2 - middle[1]) * height,
    );
  return cells.sort((a, b) => far(a) - far(b)).slice(0, MOST_CELLS);
}

/** The tile of the next coarser level that holds this one. */
export function parentOf({ tileSize, levels }: Tiles, { level, column, row }: Cell): Cell | null {
  if (level === 0) return null;
  const { width, height } = levels[level - 1]!;
  const [x, y] = [column >> 1, row >> 1];
  return {
    level: level - 1,
    column: x,
    row: y,
    part: {
      left: (x * tileSize) / width,
      top: (y * tileSize) / height,
      right: Math.min(1, ((x + 1) * tileSize) / width),
      bottom: Math.min(1, ((y + 1) * tileSize) / height),
    },
  };
}

export function common(a: Part, b: Part): Part | null {
  const part = {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
  return part.left < part.right && part.top < part.bottom ? part : null;
}

/** What of the picture lies on the canvas. The context's transform is that of the box. */
export function partSeen(context: Context, { width, height, crop }: Box): Part | null {
  const back = context.getTransform().invertSelf();
  const { width: right, height: bottom } = context.canvas;
  const corners = [
    [0, 0],
    [right, 0],
    [0, bottom],
    [right, bottom],
  ].map(([x, y]) => back.transformPoint(new DOMPoint(x, y)));
  const whole = crop ?? WHOLE;
  const toX = (x: number) => whole.left + (x / width + 0.5) * (whole.right - whole.left);
  const toY = (y: number) => whole.top + (y / height + 0.5) * (whole.bottom - whole.top);
  const [xs, ys] = [corners.map(({ x }) => toX(x)), corners.map(({ y }) => toY(y))];
  const seen = {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  };
  return common(seen, whole);
}

/** Draws a part of the picture from a bitmap that holds `holds` of it, in its place in the box. */
export function drawPart(context: Context, bitmap: ImageBitmap, holds: Part, part: Part, box: Box): void {
  const { left, top, right, bottom } = box.crop ?? WHOLE;
  const toX = (x: number) => ((x - left) / (right - left) - 0.5) * box.width;
  const toY = (y: number) => ((y - top) / (bottom - top) - 0.5) * box.height;
  const { a, b, c, d, e, f } = context.getTransform();
  // Upright neighbours meet at a pixel's edge: no seam shines through.
  const isUpright = b === 0 && c === 0;
  const snap = (value: number, scale: number, origin: number) =>
    isUpright ? (Math.round(value * scale + origin) - origin) / scale : value;
  const x0 = snap(toX(part.left), a, e);
  const x1 = snap(toX(part.right), a, e);
  const y0 = snap(toY(part.top), d, f);
  const y1 = snap(toY(part.bottom), d, f);
  if (x1 <= x0 || y1 <= y0) return;
  const sx = bitmap.width / (holds.right - holds.left);
  const sy = bitmap.height / (holds.bottom - holds.top);
  context.drawImage(
    bitmap,
    (part.left - holds.left) * sx,
    (part.top - holds.top) * sy,
    (part.right - part.left) * sx,
    (part.bottom - part.top) * sy,
    x0,
    y0,
    x1 - x0,
    y1 - y0,
  );
}
