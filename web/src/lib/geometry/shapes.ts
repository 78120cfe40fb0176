/** Plane geometry of a board: y grows downwards, angles are degrees clockwise, an item's x and y are its centre. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Transform {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly rotation: number;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

/** Something placed: a box of width × height board units before scale, and where it is. */
export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly transform: Transform;
}

/** The part of a picture that is shown: fractions of its width and height, before any flip. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const WHOLE: Crop = { left: 0, top: 0, right: 1, bottom: 1 };

export const IDENTITY: Transform = { x: 0, y: 0, scale: 1, rotation: 0, flipX: false, flipY: false };

const RADIANS = Math.PI / 180;

export function normalDegrees(degrees: number): number {
  const turned = degrees % 360;
  const positive = turned < 0 ? turned + 360 : turned;
  // -1e-15 + 360 rounds to 360 itself, which is outside [0, 360).
  return positive >= 360 || Object.is(positive, -0) ? 0 : positive;
}

export function rotate(point: Point, degrees: number, about: Point = { x: 0, y: 0 }): Point {
  const cos = Math.cos(degrees * RADIANS);
  const sin = Math.sin(degrees * RADIANS);
  const dx = point.x - about.x;
  const dy = point.y - about.y;
  return { x: about.x + dx * cos - dy * sin, y: about.y + dx * sin + dy * cos };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Degrees clockwise from the positive x axis, of the ray from `from` to `to`. */
export function angle(from: Point, to: Point): number {
  return Math.atan2(to.y - from.y, to.x - from.x) / RADIANS;
}

/** Corners clockwise from the one that is top left before rotation. */
export function corners({ width, height, transform }: Placed): [Point, Point, Point, Point] {
  const { x, y, scale, rotation } = transform;
  const cos = Math.cos(rotation * RADIANS) * scale;
  const sin = Math.sin(rotation * RADIANS) * scale;
  const at = (dx: number, dy: number): Point => ({ x: x + dx * cos - dy * sin, y: y + dx * sin + dy * cos });
  const w = width / 2;
  const h = height / 2;
  return [at(-w, -h), at(w, -h), at(w, h), at(-w, h)];
}

/** Clockwise from the upper left one. */
export function cornersOf({ left, top, right, bottom }: Bounds): [Point, Point, Point, Point] {
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

export function boundsOf({ width, height, transform }: Placed): Bounds {
  const { x, y, scale, rotation } = transform;
  const cos = Math.abs(Math.cos(rotation * RADIANS)) * scale;
  const sin = Math.abs(Math.sin(rotation * RADIANS)) * scale;
  const w = (width * cos + height * sin) / 2;
  const h = (width * sin + height * cos) / 2;
  return { left: x - w, top: y - h, right: x + w, bottom: y + h };
}

export function union(all: Iterable<Bounds>): Bounds | null {
  let result: { left: number; top: number; right: number; bottom: number } | null = null;
  for (const one of all) {
    if (!result) result = { ...one };
    else {
      result.left = Math.min(result.left, one.left);
      result.top = Math.min(result.top, one.top);
      result.right = Math.max(result.right, one.right);
      result.bottom = Math.max(result.bottom, one.bottom);
    }
  }
  return result;
}

export function centre(bounds: Bounds): Point {
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
}

export function overlap(a: Bounds, b: Bounds): boolean {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}

export function between(a: Point, b: Point): Bounds {
  return {
    left: Math.min(a.x, b.x),
    top: Math.min(a.y, b.y),
    right: Math.max(a.x, b.x),
    bottom: Math.max(a.y, b.y),
  };
}

/** True when the point is inside the turned box, `slack` board units around it included. */
export function contains(placed: Placed, point: Point, slack = 0): boolean {
  const { transform } = placed;
  const local = rotate(point, -transform.rotation, transform);
  return (
    Math.abs(local.x - transform.x) <= (placed.width * transform.scale) / 2 + slack &&
    Math.abs(local.y - transform.y) <= (placed.height * transform.scale) / 2 + slack
  );
}

/** True when the turned box and the upright rectangle share a point (separating axis theorem). */
export function touches(placed: Placed, area: Bounds): boolean {
  if (!overlap(boundsOf(placed), area)) return false;
  const { transform } = placed;
  const turned = [
    { x: area.left, y: area.top },
    { x: area.right, y: area.top },
    { x: area.right, y: area.bottom },
    { x: area.left, y: area.bottom },
  ].map((corner) => rotate(corner, -transform.rotation, transform));
  const w = (placed.width * transform.scale) / 2;
  const h = (placed.height * transform.scale) / 2;
  return overlap(
    { left: transform.x - w, right: transform.x + w, top: transform.y - h, bottom: transform.y + h },
    {
      left: Math.min(...turned.map((p) => p.x)),
      right: Math.max(...turned.map((p) => p.x)),
      top: Math.min(...turned.map((p) => p.y)),
      bottom: Math.max(...turned.map((p) => p.y)),
    },
  );
}

export function translated(transform: Transform, dx: number, dy: number): Transform {
  return { ...transform, x: transform.x + dx, y: transform.y + dy };
}

export function scaledAbout(transform: Transform, anchor: Point, factor: number): Transform {
  return {
    ...transform,
    x: anchor.x + (transform.x - anchor.x) * factor,
    y: anchor.y + (transform.y - anchor.y) * factor,
    scale: transform.scale * factor,
  };
}

export function rotatedAbout(transform: Transform, pivot: Point, degrees: number): Transform {
  const { x, y } = rotate(transform, degrees, pivot);
  return { ...transform, x, y, rotation: normalDegrees(transform.rotation + degrees) };
}

/** Mirrored as the eye sees it, in a vertical ("x") or horizontal ("y") line through `about`. */
export function mirrored(transform: Transform, about: Point, axis: "x" | "y"): Transform {
  const rotation = normalDegrees(-transform.rotation);
  return axis === "x"
    ? { ...transform, x: 2 * about.x - transform.x, rotation, flipX: !transform.flipX }
    : { ...transform, y: 2 * about.y - transform.y, rotation, flipY: !transform.flipY };
}

/**
 * Place and visible box of a picture that showed `before` of itself and is to show `after` (null: all).
 * "PICTURE": what is seen stays where it is, the edges move. "BOX": centre and width stay, the height follows
 * the shape of what is shown. Neither distorts the picture.
 */
export function cropped(
  { width, height, transform }: Placed,
  before: Crop | null,
  after: Crop | null,
  keep: "PICTURE" | "BOX",
): Placed {
  const old = before ?? WHOLE;
  const shown = after ?? WHOLE;
  const whole = { width: width / (old.right - old.left), height: height / (old.bottom - old.top) };
  const box = {
    width: whole.width * (shown.right - shown.left),
    height: whole.height * (shown.bottom - shown.top),
  };
  if (keep === "BOX") return { width, height: (width * box.height) / box.width, transform };
  const { scale, flipX, flipY } = transform;
  const across = ((whole.width * (shown.left + shown.right - old.left - old.right)) / 2) * scale;
  const down = ((whole.height * (shown.top + shown.bottom - old.top - old.bottom)) / 2) * scale;
  const moved = translated(transform, flipX ? -across : across, flipY ? -down : down);
  return { ...box, transform: { ...transform, ...rotate(moved, transform.rotation, transform) } };
}
