/** What the canvas knows of each picture: its colours now, which sizes can be fetched, and what of it is shown. */
import { WHOLE, type Crop } from "../geometry/shapes";
import type { Size } from "../geometry/packing";
import type { Animation } from "./animations";
import type { Tiles } from "./tiles";

interface Shown extends Size {
  readonly crop: Crop | null;
}

export interface Rendition {
  readonly size: number;
  readonly url: string;
}

export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Thumbhash, base64; empty while only the palette or nothing is known. */
  readonly placeholder: string;
  readonly palette: readonly string[];
  readonly state: "WAITING" | "WORKING" | "READY" | "FAILED";
  readonly failure: string | null;
  /** 1, or those of a document, of which the first is shown. */
  readonly pages: number;
  readonly mime: string;
  readonly originalUrl: string;
  /** With all its pixels, as a browser shows it; null: too large for that. */
  readonly fullUrl: string | null;
  readonly hasAlpha: boolean;
  readonly frames: number;
  /** For looking closely at a large picture; null: it is none, or they are still being made. */
  readonly tiles: Tiles | null;
  /** How it moves; null: it does not, or that is still being made. */
  readonly animation: Animation | null;
  readonly renditions: readonly Rendition[];
}

/** A source of pixels: `size` is its longest side, at most. `isReduced`: the source is larger and made smaller here. */
export interface Level {
  readonly size: number;
  readonly source: string;
  readonly isReduced: boolean;
}

/** Formats every current browser decodes by itself; others are shown from renditions only. */
const DISPLAYED = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]);
const MOST_WHOLE_PIXELS = 30_000_000;
const LONGEST_WHOLE_PX = 16_383;
/** What has frames of these plays; those of others are pages. */
export const MOVING = new Set(["image/gif", "image/webp", "image/png", "image/avif"]);
/** A source may be stretched by this much before the next larger one is fetched. */
export const STRETCH = 1.15;
/** A board seen from afar shows hundreds at this size: a twelfth of the memory of the smallest rendition. */
const AFAR_PIXELS = 96;

/** Whether it is shown in tiles when one looks closely. */
export function isDeep({ width, height }: Size): boolean {
  return width * height > MOST_WHOLE_PIXELS || Math.max(width, height) > LONGEST_WHOLE_PX;
}

/** Every size that can be shown, smallest first. The full size comes in only where renditions cannot do. */
export function levelsOf(picture: Picture): Level[] {
  const levels: Level[] = picture.renditions
    .map(({ size, url }) => ({ size, source: url, isReduced: false }))
    .sort((a, b) => a.size - b.size);
  const [smallest] = levels;
  if (smallest && smallest.size > AFAR_PIXELS)
    levels.unshift({ ...smallest, size: AFAR_PIXELS, isReduced: true });
  const long = Math.max(picture.width, picture.height);
  const largest = levels.at(-1)?.size ?? 0;
  const isBearable = !picture.tiles && picture.width * picture.height <= MOST_WHOLE_PIXELS;
  if (picture.fullUrl && isBearable && largest > 0 && long > largest)
    levels.push({ size: long, source: picture.fullUrl, isReduced: false });
  return levels;
}

/** The picture's own pixels, where the browser can show the file. */
export function originalOf(picture: Picture): Level | null {
  const isShowable =
    DISPLAYED.has(picture.mime) &&
    picture.width * picture.height <= MOST_WHOLE_PIXELS &&
    picture.originalUrl !== "";
  if (!isShowable) return null;
  return { size: Math.max(picture.width, picture.height), source: picture.originalUrl, isReduced: false };
}

/** The smallest level that is sharp at `pixels` on the longest side, or the largest there is. */
export function levelFor(levels: readonly Level[], pixels: number): Level | null {
  return levels.find((level) => level.size * STRETCH >= pixels) ?? levels.at(-1) ?? null;
}

/** Whether a rendition that is large enough for `pixels` on the longest side is still to be made. */
export function isAwaited(picture: Picture, pixels: number): boolean {
  if (picture.state !== "WAITING" && picture.state !== "WORKING") return false;
  return picture.renditions.every(({ size }) => size * STRETCH < pixels);
}

/** Longest side, in pixels, that the whole picture must have for what is shown of it to be sharp. */
export function pixelsWanted({ width, height, crop }: Shown, pixelsPerUnit: number): number {
  const { left, top, right, bottom } = crop ?? WHOLE;
  return Math.max(width / (right - left), height / (bottom - top)) * pixelsPerUnit;
}

/** Where in a source of so many pixels the shown part lies: left, top, width, height. */
export function sourceOf(crop: Crop | null, source: Size): [number, number, number, number] {
  const { left, top, right, bottom } = crop ?? WHOLE;
  return [
    left * source.width,
    top * source.height,
    (right - left) * source.width,
    (bottom - top) * source.height,
  ];
}
