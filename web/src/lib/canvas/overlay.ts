/** What hands show above the board while they are at work: the lines that things catch on, and equal gaps. */
import type { CropFrame } from "../board/editor";
import type { Point } from "../geometry/shapes";
import type { Guide } from "../geometry/snapping";
import { toScreen, type Camera } from "../geometry/camera";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const CROP_HANDLE_PX = 5;
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

/** The part of a picture that is to be seen: its edge, its thirds and its handles. */
export function paintCrop(
  context: Context,
  { corners, handles, thirds }: CropFrame,
  camera: Camera,
  colour: string,
  fill: string,
): void {
  const along = (points: readonly Point[]) => {
    context.beginPath();
    for (const point of points) {
      const { x, y } = toScreen(camera, point);
      context.lineTo(x, y);
    }
  };
  context.lineWidth = 1;
  context.strokeStyle = fill;
  context.globalAlpha = 0.5;
  for (const third of thirds) {
    along(third);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  along(corners);
  context.closePath();
  context.stroke();
  context.fillStyle = fill;
  context.lineWidth = 1.5;
  for (const handle of handles) {
    const { x, y } = toScreen(camera, handle);
    context.fillRect(x - CROP_HANDLE_PX, y - CROP_HANDLE_PX, 2 * CROP_HANDLE_PX, 2 * CROP_HANDLE_PX);
    context.strokeRect(x - CROP_HANDLE_PX, y - CROP_HANDLE_PX, 2 * CROP_HANDLE_PX, 2 * CROP_HANDLE_PX);
  }
}

function crisp(place: number): number {
  return Math.round(place) + 0.5;
}
