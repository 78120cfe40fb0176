/** Many in one hand: where nothing changes but the place of all of them, they are moved as one picture. */
import type { Item } from "../board/operations";
import type { Camera } from "../geometry/camera";
import type { Transform } from "../geometry/shapes";

/** Of rounding, not of something else: shares of the scale, degrees, board units for each unit of distance. */
const ALIKE = 1e-6;

/**
 * The camera to which those that are in hand look, where they were taken, as they now look to `camera`. Null: they were
 * not all moved and scaled in the same way.
 */
export function cameraBefore(
  camera: Camera,
  lifted: ReadonlyMap<string, Transform>,
  stored: (id: string) => Item | undefined,
): Camera | null {
  let factor = 0;
  let dx = 0;
  let dy = 0;
  for (const [id, now] of lifted) {
    const before = stored(id)?.transform;
    if (!before) continue;
    if (factor === 0) {
      factor = now.scale / before.scale;
      dx = now.x - factor * before.x;
      dy = now.y - factor * before.y;
    }
    const slack = ALIKE * (1 + Math.abs(before.x) + Math.abs(before.y)) * Math.max(1, factor);
    const isAlike =
      Math.abs(now.scale - factor * before.scale) <= ALIKE * now.scale &&
      Math.abs(now.x - factor * before.x - dx) <= slack &&
      Math.abs(now.y - factor * before.y - dy) <= slack &&
      Math.abs(now.rotation - before.rotation) <= ALIKE &&
      now.flipX === before.flipX &&
      now.flipY === before.flipY;
    if (!isAlike) return null;
  }
  if (factor === 0) return camera;
  return { x: (camera.x - dx) / factor, y: (camera.y - dy) / factor, zoom: camera.zoom * factor };
}
