/** How high a note is to be, so that nothing of what is written in it is cut off. */
import { heightOf, layOut } from "../canvas/notes";
import { rotate, translated, type Transform } from "../geometry/shapes";
import type { Item, Note } from "./operations";

/** In units of the board, for a note so wide; 0 where nothing can be measured. */
export function heightFor({ text, fontSize }: Note, width: number): number {
  if (typeof OffscreenCanvas === "undefined") return 0;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return 0;
  const family = getComputedStyle(document.body).fontFamily || "sans-serif";
  return Math.ceil(heightOf(layOut(text, width / fontSize, context, family)) * fontSize);
}

/** Where a note of another height lies, so that its first line stays where it is read. */
export function heldAtTop({ height, transform }: Item, next: number): Transform {
  const by = rotate({ x: 0, y: ((next - height) / 2) * transform.scale }, transform.rotation);
  return translated(transform, by.x, by.y);
}
