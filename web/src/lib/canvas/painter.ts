/** Paints what a camera sees of a board: a pure function of scene and camera, on any 2D context. */
import type { Item } from "../board/operations";
import { seen, type Camera, type Viewport } from "../geometry/camera";
import { boundsOf, overlap, type Placed } from "../geometry/shapes";
import type { Bitmaps } from "./bitmaps";
import { LINE_HEIGHT, PADDING, fontOf, layOut, type Line } from "./notes";
import { levelFor, levelsOf, type Level, type Picture } from "./pictures";
import { decodeThumbhash } from "./thumbhash";

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface Scene {
  readonly items: readonly Item[];
  placed(item: Item): Placed;
  picture(imageId: string): Picture | undefined;
  /** Local bytes of a picture that is still on its way up. */
  local(imageId: string): Blob | undefined;
  /** It is being edited in its place: its editor is shown instead. */
  isEditing(itemId: string): boolean;
}

export interface Counts {
  drawn: number;
  /** Pictures shown at less than what their place asks for. */
  coarse: number;
}

const RADIANS = Math.PI / 180;
const LOCAL_PIXELS = 800;
const UNKNOWN_COLOUR = "#3b3d45";
const LEGIBLE_PX = 2.5;

export class Painter {
  private readonly placeholders = new Map<string, OffscreenCanvas | null>();
  private readonly levels = new WeakMap<Picture, Level[]>();
  private readonly wrapped = new WeakMap<object, { readonly width: number; readonly lines: Line[] }>();

  constructor(
    private readonly bitmaps: Bitmaps,
    private readonly fontFamily: string,
  ) {}

  /** Paints the items for which `shows` is true. The context's own scale is `ratio` device pixels per pixel. */
  paint(
    context: Context,
    scene: Scene,
    camera: Camera,
    viewport: Viewport,
    ratio: number,
    shows: (item: Item) => boolean,
  ): Counts {
    const area = seen(camera, viewport);
    const counts: Counts = { drawn: 0, coarse: 0 };
    context.imageSmoothingQuality = "medium";
    for (const item of scene.items) {
      if (item.hidden || !shows(item)) continue;
      const placed = scene.placed(item);
      if (!overlap(boundsOf(placed), area)) continue;
      counts.drawn += 1;
      const { x, y, scale, rotation, flipX, flipY } = placed.transform;
      const k = camera.zoom * ratio;
      const cos = Math.cos(rotation * RADIANS) * scale * k;
      const sin = Math.sin(rotation * RADIANS) * scale * k;
      const fx = flipX && item.kind === "IMAGE" ? -1 : 1;
      const fy = flipY && item.kind === "IMAGE" ? -1 : 1;
      context.setTransform(cos * fx, sin * fx, -sin * fy, cos * fy, (x - camera.x) * k, (y - camera.y) * k);
      context.globalAlpha = item.opacity;
      if (item.kind === "NOTE") {
        if (!scene.isEditing(item.id)) this.paintNote(context, item, scale * camera.zoom);
      } else if (!this.paintPicture(context, scene, item, scale * k)) counts.coarse += 1;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    return counts;
  }

  /** Returns whether it is as sharp as its place asks. */
  private paintPicture(context: Context, scene: Scene, item: Item, pixelsPerUnit: number): boolean {
    const { width, height, grayscale } = item;
    const imageId = item.imageId ?? "";
    const picture = scene.picture(imageId);
    const wanted = Math.max(width, height) * pixelsPerUnit;
    const levels = picture ? this.levelsOf(picture) : [];
    const best = levelFor(levels, wanted);
    let bitmap: ImageBitmap | null = null;
    let isSharp = false;
    if (best) {
      const key = keyOf(imageId, best.size, grayscale);
      bitmap = this.bitmaps.find(key);
      if (bitmap) isSharp = true;
      else {
        this.bitmaps.want(key, best.source, grayscale, best.isReduced ? best.size : 0);
        for (let i = levels.length - 1; i >= 0 && !bitmap; i--) {
          bitmap = this.bitmaps.find(keyOf(imageId, levels[i]!.size, grayscale));
        }
      }
    }
    if (!bitmap) {
      const local = scene.local(imageId);
      if (local) {
        const key = keyOf(imageId, -1, grayscale);
        bitmap = this.bitmaps.find(key);
        if (!bitmap) this.bitmaps.want(key, local, grayscale, LOCAL_PIXELS);
      }
    }
    if (bitmap) {
      context.drawImage(bitmap, -width / 2, -height / 2, width, height);
      return isSharp;
    }
    if (grayscale) context.filter = "grayscale(1)";
    const blurred = picture?.placeholder ? this.placeholder(picture.placeholder) : null;
    if (blurred) context.drawImage(blurred, -width / 2, -height / 2, width, height);
    else {
      context.fillStyle = picture?.palette[0] ?? UNKNOWN_COLOUR;
      context.fillRect(-width / 2, -height / 2, width, height);
    }
    if (grayscale) context.filter = "none";
    if (picture?.state === "FAILED") this.paintFailure(context, item, pixelsPerUnit);
    return false;
  }

  private paintFailure(context: Context, item: Item, pixelsPerUnit: number): void {
    const size = Math.min(item.width / 12, 15 / pixelsPerUnit);
    if (size * pixelsPerUnit < LEGIBLE_PX) return;
    context.fillStyle = "rgb(20 20 22 / 0.72)";
    context.fillRect(-item.width / 2, -size, item.width, size * 2);
    context.fillStyle = "#ffffff";
    context.font = `${size}px ${this.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("Could not be made ready", 0, 0, item.width * 0.95);
  }

  private paintNote(context: Context, item: Item, pixelsPerUnit: number): void {
    const { width, height, note } = item;
    if (!note) return;
    if (item.grayscale) context.filter = "grayscale(1)";
    if (note.background) {
      context.fillStyle = note.background;
      context.beginPath();
      context.roundRect(-width / 2, -height / 2, width, height, Math.min(10, width / 8, height / 8));
      context.fill();
    }
    const { fontSize } = note;
    if (fontSize * pixelsPerUnit >= LEGIBLE_PX) {
      context.save();
      context.beginPath();
      context.rect(-width / 2, -height / 2, width, height);
      context.clip();
      context.fillStyle = note.colour;
      context.textAlign = "left";
      context.textBaseline = "alphabetic";
      let y = -height / 2 + PADDING * fontSize;
      for (const line of this.linesOf(context, item)) {
        const size = fontSize * line.size;
        let x = -width / 2 + (PADDING + line.indent) * fontSize;
        if (y > height / 2) break;
        for (const run of line.runs) {
          context.font = fontOf(run, size, this.fontFamily);
          context.fillText(run.text, x, y + size);
          x += context.measureText(run.text).width;
        }
        y += size * LINE_HEIGHT;
      }
      context.restore();
    }
    if (item.grayscale) context.filter = "none";
  }

  private linesOf(context: Context, item: Item): Line[] {
    const note = item.note!;
    const known = this.wrapped.get(note);
    if (known && known.width === item.width) return known.lines;
    const lines = layOut(note.text, item.width / note.fontSize, context, this.fontFamily);
    this.wrapped.set(note, { width: item.width, lines });
    return lines;
  }

  private levelsOf(picture: Picture): Level[] {
    let levels = this.levels.get(picture);
    if (!levels) this.levels.set(picture, (levels = levelsOf(picture)));
    return levels;
  }

  private placeholder(hash: string): OffscreenCanvas | null {
    const known = this.placeholders.get(hash);
    if (known !== undefined) return known;
    let canvas: OffscreenCanvas | null = null;
    try {
      const { width, height, data } = decodeThumbhash(hash);
      canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")!.putImageData(new ImageData(data, width, height), 0, 0);
    } catch {
      // Not base64: the palette's colour is shown instead.
    }
    this.placeholders.set(hash, canvas);
    return canvas;
  }
}

function keyOf(imageId: string, size: number, grayscale: boolean): string {
  return `${imageId}/${size}${grayscale ? "/gray" : ""}`;
}
