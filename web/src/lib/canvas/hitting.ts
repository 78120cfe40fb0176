/** What a point touches: pictures and notes by their box, drawings by their line or fill, frames by edge and title. */
import type { Drawing, Item } from "../board/operations";
import { distance, overlap, rotate, type Bounds, type Placed, type Point } from "../geometry/shapes";

/** The name above a frame, in screen pixels at any zoom. */
export const TITLE = { height: 22, font: 13, gap: 2, narrowest: 28 };
const LETTER = 0.62;
const FRAME_EDGE_PX = 5;

/** reach: board units around what is painted that count as touched. pixel: board units of one screen pixel. */
export function isHit(item: Item, placed: Placed, point: Point, reach: number, pixel: number): boolean {
  switch (item.kind) {
    case "GROUP":
      return false;
    case "FRAME":
      return isOnFrame(item, placed, point, Math.max(reach, FRAME_EDGE_PX * pixel), pixel);
    case "DRAWING":
      return isOnDrawing(item.drawing!, placed, point, reach);
    default: {
      const { x, y } = local(placed, point);
      const { scale } = placed.transform;
      return (
        Math.abs(x) <= placed.width / 2 + reach / scale && Math.abs(y) <= placed.height / 2 + reach / scale
      );
    }
  }
}

/** The box of a frame's title in its own units: above its upper edge, as wide as the name wants and the frame lets. */
export function titleBox(name: string, { width, height, transform }: Placed, pixel: number): Bounds {
  const unit = pixel / transform.scale;
  const wanted = Math.max(TITLE.narrowest, (name || UNTITLED).length * TITLE.font * LETTER + 8);
  const bottom = -height / 2 - TITLE.gap * unit;
  const left = -width / 2;
  return {
    left,
    top: bottom - TITLE.height * unit,
    right: left + Math.min(width, wanted * unit),
    bottom,
  };
}

export const UNTITLED = "Frame";

/** The point in the item's own units, from its centre, as if it were neither turned, scaled nor flipped. */
export function local({ transform }: Placed, point: Point): Point {
  const { x, y, scale, rotation, flipX, flipY } = transform;
  const turned = rotate({ x: point.x - x, y: point.y - y }, -rotation);
  return { x: (turned.x / scale) * (flipX ? -1 : 1), y: (turned.y / scale) * (flipY ? -1 : 1) };
}

function isOnFrame(item: Item, placed: Placed, point: Point, edge: number, pixel: number): boolean {
  const plain = { ...placed, transform: { ...placed.transform, flipX: false, flipY: false } };
  const at = local(plain, point);
  const { width, height, transform } = placed;
  const title = titleBox(item.name, placed, pixel);
  if (overlap(title, { left: at.x, right: at.x, top: at.y, bottom: at.y })) return true;
  return isOnBoxEdge(at, width, height, edge / transform.scale);
}

function isOnBoxEdge({ x, y }: Point, width: number, height: number, reach: number): boolean {
  const across = Math.abs(x) - width / 2;
  const down = Math.abs(y) - height / 2;
  return Math.max(across, down) <= reach && Math.max(across, down) >= -reach;
}

function isOnDrawing(drawing: Drawing, placed: Placed, point: Point, slack: number): boolean {
  const at = local(placed, point);
  const { width, height, transform } = placed;
  const reach = drawing.strokeWidth / 2 + slack / transform.scale;
  switch (drawing.shape) {
    case "RECTANGLE":
      if (drawing.fill && Math.abs(at.x) <= width / 2 && Math.abs(at.y) <= height / 2) return true;
      return isOnBoxEdge(at, width, height, reach);
    case "ELLIPSE":
      return isOnEllipse(at, width / 2, height / 2, reach, drawing.fill !== null);
    default:
      if (drawing.fill && isInside(at, drawing.points)) return true;
      return isOnLine(at, drawing.points, reach);
  }
}

function isOnEllipse({ x, y }: Point, a: number, b: number, reach: number, isFilled: boolean): boolean {
  const within = (by: number) => a + by > 0 && b + by > 0 && (x / (a + by)) ** 2 + (y / (b + by)) ** 2 <= 1;
  return within(reach) && (isFilled || !within(-reach));
}

function isOnLine(at: Point, points: readonly Point[], reach: number): boolean {
  if (points.length === 1) return distance(at, points[0]!) <= reach;
  for (let i = 1; i < points.length; i++)
    if (fromSegment(at, points[i - 1]!, points[i]!) <= reach) return true;
  return false;
}

function fromSegment(at: Point, from: Point, to: Point): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = dx * dx + dy * dy;
  const share = length ? ((at.x - from.x) * dx + (at.y - from.y) * dy) / length : 0;
  const t = Math.min(1, Math.max(0, share));
  return distance(at, { x: from.x + dx * t, y: from.y + dy * t });
}

/** Even-odd. */
function isInside(at: Point, points: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const a = points[i]!;
    const b = points[j]!;
    if (a.y > at.y !== b.y > at.y && at.x < ((b.x - a.x) * (at.y - a.y)) / (b.y - a.y) + a.x)
      inside = !inside;
  }
  return inside;
}
