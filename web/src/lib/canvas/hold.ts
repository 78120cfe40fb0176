/** Many in one hand: where nothing changes but the place of all of them, they are moved as one picture. */
import type { Item } from "../board/operations";
import type { Camera, Viewport } from "../geometry/camera";
import { normalDegrees, rotate, type Transform } from "../geometry/shapes";

/** Of rounding, not of something else: shares of the scale, degrees, board units for each unit of distance. */
const ALIKE = 1e-6;

/** A camera, and by how many degrees what it sees is turned clockwise about the middle of the screen. */
export interface Sight {
  readonly camera: Camera;
  readonly degrees: number;
}

/**
 * How those that are in hand are to be seen, where they were taken, to look as they now look to `camera`. Null: they
 * were not all moved, turned and scaled in the same way.
 */
export function sightBefore(
  camera: Camera,
  viewport: Viewport,
  lifted: ReadonlyMap<string, Transform>,
  stored: (id: string) => Item | undefined,
): Sight | null {
  let factor = 0;
  let degrees = 0;
  let dx = 0;
  let dy = 0;
  for (const [id, now] of lifted) {
    const before = stored(id)?.transform;
    if (!before) continue;
    if (factor === 0) {
      factor = now.scale / before.scale;
      degrees = now.rotation - before.rotation;
      const from = rotate(before, degrees);
      dx = now.x - factor * from.x;
      dy = now.y - factor * from.y;
    }
    const from = degrees === 0 ? before : rotate(before, degrees);
    const slack = ALIKE * (1 + Math.abs(before.x) + Math.abs(before.y)) * Math.max(1, factor);
    const astray = normalDegrees(now.rotation - before.rotation - degrees);
    const isAlike =
      Math.abs(now.scale - factor * before.scale) <= ALIKE * now.scale &&
      Math.abs(now.x - factor * from.x - dx) <= slack &&
      Math.abs(now.y - factor * from.y - dy) <= slack &&
      Math.min(astray, 360 - astray) <= ALIKE &&
      now.flipX === before.flipX &&
      now.flipY === before.flipY;
    if (!isAlike) return null;
  }
  if (factor === 0) return { camera, degrees: 0 };
  const zoom = camera.zoom * factor;
  if (degrees === 0)
    return { camera: { x: (camera.x - dx) / factor, y: (camera.y - dy) / factor, zoom }, degrees };
  const middle = { x: viewport.width / 2, y: viewport.height / 2 };
  const from = rotate(
    { x: middle.x + camera.zoom * (camera.x - dx), y: middle.y + camera.zoom * (camera.y - dy) },
    -degrees,
  );
  return {
    camera: { x: (from.x - middle.x) / zoom, y: (from.y - middle.y) / zoom, zoom },
    degrees: normalDegrees(degrees),
  };
}
