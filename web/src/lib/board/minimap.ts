/** Between the board and a small map of all of it. */
import type { Bounds, Point } from "../geometry/shapes";

export interface MapView {
  /** What the map shows, in board units. */
  readonly whole: Bounds;
  readonly width: number;
  readonly height: number;
}

const MARGIN = 6;

function scaleOf({ whole, width, height }: MapView): number {
  return Math.min(
    (width - 2 * MARGIN) / Math.max(1e-6, whole.right - whole.left),
    (height - 2 * MARGIN) / Math.max(1e-6, whole.bottom - whole.top),
  );
}

/** The whole stands in the middle of the map. */
function originOf(map: MapView): Point {
  const scale = scaleOf(map);
  const { whole, width, height } = map;
  return {
    x: (width - (whole.right - whole.left) * scale) / 2 - whole.left * scale,
    y: (height - (whole.bottom - whole.top) * scale) / 2 - whole.top * scale,
  };
}

export function onMap(map: MapView, { left, top, right, bottom }: Bounds) {
  const scale = scaleOf(map);
  const origin = originOf(map);
  return {
    left: origin.x + left * scale,
    top: origin.y + top * scale,
    width: (right - left) * scale,
    height: (bottom - top) * scale,
  };
}

export function toPlace(map: MapView, at: Point): Point {
  const scale = scaleOf(map);
  const origin = originOf(map);
  return { x: (at.x - origin.x) / scale, y: (at.y - origin.y) / scale };
}
