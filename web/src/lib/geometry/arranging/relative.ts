/** Changes told relative to where boxes are: moved, scaled, rotated, flipped, reset. Locked boxes stay. */
import { IDENTITY, mirrored, rotatedAbout, translated, type Point, type Transform } from "../shapes";
import type { Axis } from "./aligning";
import { allowedFactor, change, placeAbout, type Box, type Places } from "./units";

export type Reset = "SCALE" | "ROTATION" | "FLIP" | "ALL";

export function moved(boxes: readonly Box[], dx: number, dy: number): Places {
  return changed(boxes, (transform) => translated(transform, dx, dy));
}

/** factor: > 0; cut short for all where a scale would leave its limits. */
export function scaled(boxes: readonly Box[], factor: number, about: Point): Places {
  const free = boxes.filter((box) => !box.locked);
  const places: Places = new Map();
  placeAbout(places, free, about, about, allowedFactor(free, factor));
  return places;
}

/** degrees: clockwise. */
export function rotated(boxes: readonly Box[], degrees: number, about: Point): Places {
  return changed(boxes, (transform) => rotatedAbout(transform, about, degrees));
}

/** Mirrored as the eye sees it: HORIZONTAL swaps left and right, VERTICAL top and bottom. */
export function flipped(boxes: readonly Box[], axis: Axis, about: Point): Places {
  return changed(boxes, (transform) => mirrored(transform, about, axis === "HORIZONTAL" ? "x" : "y"));
}

/** Each about its own centre, back to how it first came: scale 1, upright, not flipped. */
export function reset(boxes: readonly Box[], what: Reset): Places {
  return changed(boxes, (transform) => {
    if (what === "SCALE") return { ...transform, scale: 1 };
    if (what === "ROTATION") return { ...transform, rotation: 0 };
    if (what === "FLIP") return { ...transform, flipX: false, flipY: false };
    return { ...IDENTITY, x: transform.x, y: transform.y };
  });
}

function changed(boxes: readonly Box[], by: (transform: Transform) => Transform): Places {
  const places: Places = new Map();
  for (const box of boxes) if (!box.locked) change(places, box, by(box.transform));
  return places;
}
