/** The view onto the endless board: pure functions between screen pixels and board units. */
import type { Bounds, Point } from "./shapes";

/** x, y: the board point at the viewport's top left corner; zoom: screen pixels per board unit. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export const LEAST_ZOOM = 0.005;
export const MOST_ZOOM = 64;

export function toBoard(camera: Camera, screen: Point): Point {
  return { x: camera.x + screen.x / camera.zoom, y: camera.y + screen.y / camera.zoom };
}

export function toScreen(camera: Camera, point: Point): Point {
  return { x: (point.x - camera.x) * camera.zoom, y: (point.y - camera.y) * camera.zoom };
}

export function seen(camera: Camera, { width, height }: Viewport, margin = 0): Bounds {
  const m = margin / camera.zoom;
  return {
    left: camera.x - m,
    top: camera.y - m,
    right: camera.x + width / camera.zoom + m,
    bottom: camera.y + height / camera.zoom + m,
  };
}

/** Moves what is seen by screen pixels: the board follows the hand. */
export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.zoom, y: camera.y - dy / camera.zoom };
}

/** Zooms so that the board point under `screen` stays there. */
export function zoomedAt(camera: Camera, screen: Point, factor: number): Camera {
  const zoom = clampZoom(camera.zoom * factor);
  const point = toBoard(camera, screen);
  return { zoom, x: point.x - screen.x / zoom, y: point.y - screen.y / zoom };
}

export function centredOn(point: Point, zoom: number, { width, height }: Viewport): Camera {
  const clamped = clampZoom(zoom);
  return { zoom: clamped, x: point.x - width / 2 / clamped, y: point.y - height / 2 / clamped };
}

/** Shows all of `bounds` with `padding` screen pixels around, never larger than `mostZoom`. */
export function fitting(bounds: Bounds, viewport: Viewport, padding = 64, mostZoom = MOST_ZOOM): Camera {
  const width = Math.max(1e-6, bounds.right - bounds.left);
  const height = Math.max(1e-6, bounds.bottom - bounds.top);
  const room = Math.min(padding, viewport.width / 12, viewport.height / 12) * 2;
  const zoom = Math.min((viewport.width - room) / width, (viewport.height - room) / height, mostZoom);
  const middle = { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
  return centredOn(middle, zoom, viewport);
}

export function blended(from: Camera, to: Camera, share: number, viewport: Viewport): Camera {
  const zoom = from.zoom * (to.zoom / from.zoom) ** share;
  const middle = (camera: Camera): Point =>
    toBoard(camera, { x: viewport.width / 2, y: viewport.height / 2 });
  const a = middle(from);
  const b = middle(to);
  return centredOn({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }, zoom, viewport);
}

function clampZoom(zoom: number): number {
  return Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));
}
