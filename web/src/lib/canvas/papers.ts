/** Notes on the canvas: their paper, and the text on it as long as it can be read. */
import type { Item } from "../board/operations";
import { toned } from "./looks";
import { LINE_HEIGHT, PADDING, fontOf, layOut, type Line } from "./notes";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export const LEGIBLE_PX = 2.5;

const wrapped = new WeakMap<object, { readonly width: number; readonly lines: Line[] }>();

/** Onto a context whose origin is the note's centre. */
export function paintNote(context: Context, item: Item, pixelsPerUnit: number, family: string): void {
  const { width, height, note } = item;
  if (!note) return;
  if (note.background) {
    context.fillStyle = toned(note.background, item);
    context.beginPath();
    context.roundRect(-width / 2, -height / 2, width, height, Math.min(10, width / 8, height / 8));
    context.fill();
  }
  const { fontSize } = note;
  if (fontSize * pixelsPerUnit < LEGIBLE_PX) return;
  context.save();
  context.beginPath();
  context.rect(-width / 2, -height / 2, width, height);
  context.clip();
  context.fillStyle = toned(note.colour, item);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  let y = -height / 2 + PADDING * fontSize;
  for (const line of linesOf(context, item, family)) {
    const size = fontSize * line.size;
    if (y > height / 2) break;
    const inset = width / 2 - (PADDING + line.indent) * fontSize;
    let x = line.fromRight ? inset - widthOf(context, line, size, family) : -inset;
    for (const run of line.runs) {
      context.font = fontOf(run, size, family);
      context.direction = run.fromRight ? "rtl" : "ltr";
      context.fillText(run.text, x, y + size);
      x += context.measureText(run.text).width;
    }
    y += size * LINE_HEIGHT;
  }
  context.restore();
}

function widthOf(context: Context, line: Line, size: number, family: string): number {
  return line.runs.reduce((sum, run) => {
    context.font = fontOf(run, size, family);
    return sum + context.measureText(run.text).width;
  }, 0);
}

function linesOf(context: Context, item: Item, family: string): Line[] {
  const note = item.note!;
  const known = wrapped.get(note);
  if (known && known.width === item.width) return known.lines;
  const lines = layOut(note.text, item.width / note.fontSize, context, family);
  wrapped.set(note, { width: item.width, lines });
  return lines;
}
