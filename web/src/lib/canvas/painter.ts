/** Paints what a camera sees of a board: a pure function of scene and camera, on any 2D context. */
import type { Item } from "../board/operations";
import { seen, type Camera, type Viewport } from "../geometry/camera";
import { boundsOf, overlap, WHOLE, type Placed } from "../geometry/shapes";
import { failureInWords } from "../library/failures";
import type { Animations } from "./animations";
import { AFAR_PX, Atlas, type Cell } from "./atlas";
import type { Bitmaps } from "./bitmaps";
import { paintDrawing } from "./drawings";
import { paintFrame, paintTitle, type FrameColours } from "./frames";
import { TITLE } from "./hitting";
import { isPlain, toneKey, tonePixels, type Tone } from "./looks";
import { paintNote } from "./papers";
import {
  isAwaited,
  levelFor,
  levelsOf,
  originalOf,
  pixelsWanted,
  sourceOf,
  STRETCH,
  type Level,
  type Picture,
} from "./pictures";
import {
  cellsIn,
  common,
  drawPart,
  parentOf,
  partSeen,
  tileLevelFor,
  type Cell as TileCell,
  type Tiles,
} from "./tiles";
import { decodeThumbhash } from "./thumbhash";

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface Scene {
  readonly items: readonly Item[];
  /** The item as it is to look at this moment. */
  dressed(item: Item): Item;
  placed(item: Item): Placed;
  /** Hidden itself, or by what it is in. */
  isHidden(item: Item): boolean;
  picture(imageId: string): Picture | undefined;
  /** Small ones of many of its pictures, if the board has that; undefined: that is still being asked. */
  readonly atlas: Atlas | null | undefined;
  /** Local bytes of a picture that is still on its way up. */
  local(imageId: string): Blob | undefined;
  /** It is being edited in its place: its editor is shown instead. */
  isEditing(itemId: string): boolean;
}

export interface Counts {
  drawn: number;
  /** Pictures shown at less than what their place asks for. */
  coarse: number;
  /** Pictures of which only colours are shown. */
  bare: number;
  /** Items that lie outside of what is seen. */
  beyond: number;
  /** Pictures whose place asks for a rendition that is still to be made. */
  readonly unfinished: ReadonlySet<string>;
}

const RADIANS = Math.PI / 180;
/** Of the words on a picture that could not be made ready. */
const SMALLEST_WORDS_PX = 7;
const LOCAL_PIXELS = 800;
/** Items painted between two looks at the clock. */
const STEP = 50;
const UNKNOWN_COLOUR = "#3b3d45";

export class Painter {
  private readonly placeholders = new Map<string, OffscreenCanvas | null>();
  private readonly levels = new WeakMap<Picture, Level[]>();
  /** By item, the bitmap that it was last seen as: better than none while its tone is being changed. */
  private readonly last = new Map<string, string>();
  /** Of the painting that is under way. */
  private unfinished = new Set<string>();
  private counts: Counts = { drawn: 0, coarse: 0, bare: 0, beyond: 0, unfinished: this.unfinished };

  constructor(
    private readonly bitmaps: Bitmaps,
    private readonly animations: Animations,
    private readonly fontFamily: string,
    private readonly colours: () => FrameColours,
  ) {}

  /** Paints the items for which `shows` is true. The context's own scale is `ratio` device pixels per pixel. */
  paint(...all: Parameters<Painter["painting"]>): Counts {
    const painting = this.painting(...all);
    for (;;) {
      const step = painting.next();
      if (step.done) return step.value;
    }
  }

  /** The same in steps, between which the context must not be used for anything else. */
  *painting(
    context: Context,
    scene: Scene,
    camera: Camera,
    viewport: Viewport,
    ratio: number,
    shows: (item: Item) => boolean,
    smoothing: ImageSmoothingQuality = "medium",
  ): Generator<void, Counts, void> {
    const area = seen(camera, viewport, TITLE.height + TITLE.gap);
    const unfinished = new Set<string>();
    const counts: Counts = { drawn: 0, coarse: 0, bare: 0, beyond: 0, unfinished };
    const frames: Item[] = [];
    context.imageSmoothingQuality = smoothing;
    for (const item of scene.items) {
      if (item.kind === "GROUP" || !shows(item) || scene.isHidden(item)) continue;
      const placed = scene.placed(item);
      if (!overlap(boundsOf(placed), area)) {
        counts.beyond += 1;
        continue;
      }
      counts.drawn += 1;
      if (item.kind === "FRAME") frames.push(item);
      this.counts = counts;
      this.unfinished = unfinished;
      if (!this.paintItem(context, scene, scene.dressed(item), placed, camera, ratio)) counts.coarse += 1;
      if (counts.drawn % STEP === 0) yield;
    }
    const colours = this.colours();
    for (const item of frames)
      paintTitle(context, item, scene.placed(item), camera, ratio, this.fontFamily, colours);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    return counts;
  }

  /** Returns whether it is as sharp as its place asks. */
  private paintItem(
    context: Context,
    scene: Scene,
    item: Item,
    { transform }: Placed,
    camera: Camera,
    ratio: number,
  ): boolean {
    const { x, y, scale, rotation, flipX, flipY } = transform;
    const k = camera.zoom * ratio;
    const cos = Math.cos(rotation * RADIANS) * scale * k;
    const sin = Math.sin(rotation * RADIANS) * scale * k;
    // Text stays readable: notes and frames are not mirrored.
    const mirrors = item.kind === "IMAGE" || item.kind === "DRAWING";
    const fx = flipX && mirrors ? -1 : 1;
    const fy = flipY && mirrors ? -1 : 1;
    context.setTransform(cos * fx, sin * fx, -sin * fy, cos * fy, (x - camera.x) * k, (y - camera.y) * k);
    context.globalAlpha = item.opacity;
    switch (item.kind) {
      case "IMAGE":
        return this.paintPicture(context, scene, item, scale * k);
      case "NOTE":
        if (!scene.isEditing(item.id)) paintNote(context, item, scale * camera.zoom, this.fontFamily);
        return true;
      case "DRAWING":
        paintDrawing(context, item);
        return true;
      case "FRAME":
        paintFrame(context, item, 1 / (scale * camera.zoom), this.colours());
        return true;
      case "GROUP":
        return true;
    }
  }

  private paintPicture(context: Context, scene: Scene, item: Item, pixelsPerUnit: number): boolean {
    const picture = scene.picture(item.imageId ?? "");
    const isSharp = this.paintPixels(context, scene, item, picture, pixelsPerUnit);
    if (picture?.state === "FAILED") this.paintFailure(context, item, picture.failure, pixelsPerUnit);
    return isSharp;
  }

  private paintPixels(
    context: Context,
    scene: Scene,
    item: Item,
    picture: Picture | undefined,
    pixelsPerUnit: number,
  ): boolean {
    const { width, height, crop } = item;
    const imageId = item.imageId ?? "";
    const wanted = pixelsWanted(item, pixelsPerUnit);
    if (picture && isAwaited(picture, wanted)) this.unfinished.add(imageId);
    // Only an enlarged picture has pixels to be seen: a reduced one is smoothed, or it would glitter.
    const isPixelated =
      item.sampling === "NEAREST" &&
      picture !== undefined &&
      wanted > Math.max(picture.width, picture.height);
    const frame = this.frameOf(item, picture, pixelsPerUnit);
    if (frame) {
      if (isPixelated) context.imageSmoothingEnabled = false;
      const [sx, sy, sw, sh] = sourceOf(crop, frame);
      context.drawImage(frame, sx, sy, sw, sh, -width / 2, -height / 2, width, height);
      context.imageSmoothingEnabled = true;
      return true;
    }
    const cell =
      picture && scene.atlas && !isPixelated ? this.cellOf(scene.atlas, item, picture, wanted) : null;
    if (cell?.isSharp && this.paintCell(context, item, cell.bitmap, cell.at)) return true;
    const waits = scene.atlas === undefined && wanted <= AFAR_PX * STRETCH;
    const [bitmap, isSharp] =
      cell?.isSharp || waits
        ? [this.lastOf(item), false]
        : this.bitmapFor(scene, item, picture, wanted, isPixelated);
    if (bitmap) {
      if (isPixelated) context.imageSmoothingEnabled = false;
      if (picture?.tiles && wanted > (this.levelsOf(picture).at(-1)?.size ?? 0) * STRETCH) {
        const isComplete = this.paintTiles(context, item, picture, picture.tiles, wanted, bitmap);
        context.imageSmoothingEnabled = true;
        return isComplete;
      }
      const [sx, sy, sw, sh] = sourceOf(crop, bitmap);
      context.drawImage(bitmap, sx, sy, sw, sh, -width / 2, -height / 2, width, height);
      context.imageSmoothingEnabled = true;
      return isSharp;
    }
    if (cell && this.paintCell(context, item, cell.bitmap, cell.at)) return false;
    this.counts.bare += 1;
    const blurred = picture?.placeholder ? this.placeholder(picture.placeholder, item) : null;
    if (blurred) {
      const [sx, sy, sw, sh] = sourceOf(crop, blurred);
      context.drawImage(blurred, sx, sy, sw, sh, -width / 2, -height / 2, width, height);
    } else {
      context.fillStyle = picture?.palette[0] ?? UNKNOWN_COLOUR;
      context.fillRect(-width / 2, -height / 2, width, height);
    }
    return false;
  }

  /**
   * Its cell in the atlas, with the page's bitmap if that is here. Asks for the page: at once where that is all that is
   * wanted, else when there is time. isSharp: the cell shows all that its place asks for.
   */
  private cellOf(atlas: Atlas, item: Item, picture: Picture, wanted: number): Found | null {
    if (!Atlas.hasTone(item)) return null;
    const at = atlas.find(picture.id, picture);
    if (!at) return null;
    const key = Atlas.keyIn(at, item);
    const isSharp = wanted <= atlas.cellSize * STRETCH;
    const bitmap = this.bitmaps.find(key);
    const isComing = bitmap !== null || this.bitmaps.want(key, at.url, toneIn(item), 0, !isSharp);
    return isComing ? { at, bitmap, isSharp } : null;
  }

  /** Returns whether there was something to paint. */
  private paintCell(context: Context, item: Item, bitmap: ImageBitmap | null, at: Cell): boolean {
    if (!bitmap) return false;
    const { width, height, crop } = item;
    const [sx, sy, sw, sh] = sourceOf(crop, at);
    context.drawImage(bitmap, at.x + sx, at.y + sy, sw, sh, -width / 2, -height / 2, width, height);
    return true;
  }

  /** What it shows at this moment, if it moves. */
  private frameOf(item: Item, picture: Picture | undefined, pixelsPerUnit: number): ImageBitmap | null {
    if (!picture?.animation) return null;
    const pixels = Math.max(item.width, item.height) * pixelsPerUnit;
    return this.animations.find(picture.id, picture.animation, isPlain(item) ? null : toneOf(item), pixels);
  }

  /**
   * The tiles of what is seen, over the whole picture; where one is missing, what is at hand. Returns whether
   * none is missing.
   */
  private paintTiles(
    context: Context,
    item: Item,
    picture: Picture,
    tiles: Tiles,
    wanted: number,
    coarsest: ImageBitmap,
  ): boolean {
    const { width, height, crop } = item;
    const box = { width, height, crop };
    const seen = partSeen(context, box);
    if (!seen) return true;
    const tone = isPlain(item) ? null : toneOf(item);
    const keyOf = ({ level, column, row }: TileCell) =>
      `${picture.id}/tiles/${level}/${column}/${row}${toneKey(item)}`;
    // What shines through is laid down once: a cell is drawn from one bitmap alone.
    const isSolid = item.opacity === 1 && !picture.hasAlpha;
    if (isSolid) drawPart(context, coarsest, WHOLE, seen, box);
    let isComplete = true;
    for (const cell of cellsIn(tiles, tileLevelFor(tiles, wanted), seen)) {
      const part = common(cell.part, crop ?? WHOLE);
      if (!part) continue;
      let at: TileCell | null = cell;
      let bitmap = this.bitmaps.find(keyOf(cell));
      if (!bitmap) {
        isComplete = false;
        const { level, column, row } = cell;
        this.bitmaps.want(keyOf(cell), `${tiles.url}/${level}/${column}/${row}`, tone);
        while (!bitmap && (at = parentOf(tiles, at!))) bitmap = this.bitmaps.find(keyOf(at));
      }
      if (bitmap) drawPart(context, bitmap, at!.part, part, box);
      else if (!isSolid) drawPart(context, coarsest, WHOLE, part, box);
    }
    return isComplete;
  }

  /** The best bitmap at hand, and whether it is what was wanted; asks for what is missing. */
  private bitmapFor(
    scene: Scene,
    item: Item,
    picture: Picture | undefined,
    wanted: number,
    isPixelated: boolean,
  ): [ImageBitmap | null, boolean] {
    const imageId = item.imageId ?? "";
    const tone = isPlain(item) ? null : toneOf(item);
    const keyAt = (size: number | string) => `${imageId}/${size}${toneKey(item)}`;
    const levels = picture ? this.levelsOf(picture) : [];
    // A rendition may be kept with loss: single pixels are shown from the file itself.
    const original = picture && isPixelated && levels.length ? originalOf(picture) : null;
    const best = original ?? levelFor(levels, wanted);
    const found = (key: string): ImageBitmap | null => {
      const bitmap = this.bitmaps.find(key);
      if (bitmap) this.last.set(item.id, key);
      return bitmap;
    };
    if (best) {
      const key = keyAt(original ? "original" : best.size);
      const bitmap = found(key);
      if (bitmap) return [bitmap, true];
      this.bitmaps.want(key, best.source, tone, best.isReduced ? best.size : 0);
      for (let i = levels.length - 1; i >= 0; i--) {
        const coarse = found(keyAt(levels[i]!.size));
        if (coarse) return [coarse, false];
      }
    }
    const local = scene.local(imageId);
    if (local) {
      const bitmap = found(keyAt(-1));
      if (bitmap) return [bitmap, false];
      this.bitmaps.want(keyAt(-1), local, tone, LOCAL_PIXELS);
    }
    return [this.lastOf(item), false];
  }

  private lastOf({ id, imageId }: Item): ImageBitmap | null {
    const last = this.last.get(id);
    return last?.startsWith(`${imageId}/`) ? this.bitmaps.find(last) : null;
  }

  private paintFailure(context: Context, item: Item, code: string | null, pixelsPerUnit: number): void {
    const size = Math.min(item.width / 12, item.height / 6, 15 / pixelsPerUnit);
    if (size * pixelsPerUnit < SMALLEST_WORDS_PX) return;
    const { flipX, flipY } = item.transform;
    context.save();
    context.scale(flipX ? -1 : 1, flipY ? -1 : 1); // words are not mirrored
    context.translate(0, item.height / 2 - size * 1.6);
    context.fillStyle = "rgb(20 20 22 / 0.72)";
    context.fillRect(-item.width / 2, -size * 1.6, item.width, size * 3.2);
    context.fillStyle = "#ffffff";
    context.font = `${size}px ${this.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("Could not be made ready", 0, -size * 0.7, item.width * 0.95);
    context.fillText(failureInWords(code), 0, size * 0.7, item.width * 0.95);
    context.restore();
  }

  private levelsOf(picture: Picture): Level[] {
    let levels = this.levels.get(picture);
    if (!levels) this.levels.set(picture, (levels = levelsOf(picture)));
    return levels;
  }

  private placeholder(hash: string, tone: Tone): OffscreenCanvas | null {
    const key = hash + toneKey(tone);
    const known = this.placeholders.get(key);
    if (known !== undefined) return known;
    let canvas: OffscreenCanvas | null = null;
    try {
      const { width, height, data } = decodeThumbhash(hash);
      if (!isPlain(tone)) tonePixels(data, tone);
      canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")!.putImageData(new ImageData(data, width, height), 0, 0);
    } catch {
      // Not base64: the palette's colour is shown instead.
    }
    this.placeholders.set(key, canvas);
    return canvas;
  }
}

interface Found {
  readonly at: Cell;
  readonly bitmap: ImageBitmap | null;
  readonly isSharp: boolean;
}

function toneIn(item: Item): Tone | null {
  return isPlain(item) ? null : toneOf(item);
}

function toneOf({ grayscale, brightness, contrast, saturation }: Tone): Tone {
  return { grayscale, brightness, contrast, saturation };
}
