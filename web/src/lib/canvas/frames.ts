/** Frames: their ground and edge, and the title above, as large on the screen at any zoom. */
import type { Item } from "../board/operations";
import type { Camera } from "../geometry/camera";
import type { Placed } from "../geometry/shapes";
import { TITLE, UNTITLED, titleBox } from "./hitting";
import { toned } from "./looks";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const RADIANS = Math.PI / 180;
const EDGE_PX = 1;

export interface FrameColours {
  readonly edge: string;
  readonly title: string;
}

/** Onto a context whose origin is the frame's centre; pixel: one pixel of the screen in its units. */
export function paintFrame(context: Context, item: Item, pixel: number, { edge }: FrameColours): void {
  const { width, height, frame } = item;
  if (frame?.background) {
    context.fillStyle = toned(frame.background, item);
    context.fillRect(-width / 2, -height / 2, width, height);
  }
  context.strokeStyle = edge;
  context.lineWidth = EDGE_PX * pixel;
  context.lineJoin = "miter";
  context.strokeRect(-width / 2, -height / 2, width, height);
}

export function paintTitle(
  context: Context,
  item: Item,
  placed: Placed,
  camera: Camera,
  ratio: number,
  family: string,
  colours: FrameColours,
): void {
  const box = titleBox(item.name, placed, 1 / camera.zoom);
  const { x, y, scale, rotation } = placed.transform;
  const unit = scale * camera.zoom;
  const room = (box.right - box.left) * unit;
  if (room < TITLE.narrowest) return;
  const cos = Math.cos(rotation * RADIANS) * ratio;
  const sin = Math.sin(rotation * RADIANS) * ratio;
  context.setTransform(
    cos,
    sin,
    -sin,
    cos,
    (x - camera.x) * camera.zoom * ratio,
    (y - camera.y) * camera.zoom * ratio,
  );
  context.globalAlpha = 1;
  context.font = `600 ${TITLE.font}px ${family}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = colours.title;
  const words = shortened(context, item.name || UNTITLED, room);
  context.fillText(words, box.left * unit, box.bottom * unit - TITLE.height / 2);
}

function shortened(context: Context, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let end = text.length - 1;
  while (end > 0 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}
