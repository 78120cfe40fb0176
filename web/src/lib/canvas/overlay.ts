/** What hands show above the board while they are at work: the lines that things catch on, and equal gaps. */
import type { Guide } from "../geometry/snapping";
import { toScreen, type Camera } from "../geometry/camera";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const END_PX = 5;
/** Guides end a little beyond what they are about. */
const BEYOND_PX = 6;

/** Onto a context in screen pixels. */
export function paintGuides(
  context: Context,
  guides: readonly Guide[],
  camera: Camera,
  colour: string,
): void {
  if (!guides.length) return;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const { kind, axis, at, from, to } of guides) {
    const isGap = kind === "gap";
    // A line on axis x stands upright; a gap along axis x lies flat.
    const isUpright = (axis === "x") !== isGap;
    const a = toScreen(camera, isUpright ? { x: at, y: from } : { x: from, y: at });
    const b = toScreen(camera, isUpright ? { x: at, y: to } : { x: to, y: at });
    const beyond = isGap ? 0 : BEYOND_PX;
    if (isUpright) {
      context.moveTo(crisp(a.x), a.y - beyond);
      context.lineTo(crisp(b.x), b.y + beyond);
    } else {
      context.moveTo(a.x - beyond, crisp(a.y));
      context.lineTo(b.x + beyond, crisp(b.y));
    }
    if (!isGap) continue;
    for (const end of [a, b]) {
      context.moveTo(isUpright ? end.x - END_PX : end.x, isUpright ? end.y : end.y - END_PX);
      context.lineTo(isUpright ? end.x + END_PX : end.x, isUpright ? end.y : end.y + END_PX);
    }
  }
  context.stroke();
}

function crisp(place: number): number {
  return Math.round(place) + 0.5;
}
