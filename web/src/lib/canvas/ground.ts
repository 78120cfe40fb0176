/**
 * Where plates lie on the screen: pictures that the browser moves and stretches by itself, and that nobody repaints for
 * it. They are shown as bitmaps and not as the canvases on which they are painted: a canvas that is seen is copied in
 * every frame, changed or not, where there is no GPU.
 */
import { rotate } from "../geometry/shapes";

/** One plate's place: what it is painted on, and in the end shown as. */
export interface Sheet {
  readonly canvas: { readonly width: number; readonly height: number };
  readonly context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
}

export interface Ground {
  /** An empty sheet of so many device pixels, which is not seen yet. */
  make(width: number, height: number, ratio: number): Sheet;
  /** What is painted on it is all of it: from here on it may be laid. The next is painted on it when it is free again. */
  finish(sheet: Sheet): void;
  /** Shows this sheet and no other, its corner at that place in pixels of the screen, from where it is turned clockwise. */
  lay(sheet: Sheet, x: number, y: number, stretch: number, degrees: number): void;
  /** None is seen. */
  clear(): void;
  /** As it was finished. */
  pictureOf(sheet: Sheet): CanvasImageSource;
  /** It is not needed any more. */
  free(sheet: Sheet): void;
}

interface Shown {
  readonly canvas: HTMLCanvasElement;
  readonly context: ImageBitmapRenderingContext;
}

export class ScreenGround implements Ground {
  /** To be put where it is to be seen. */
  readonly element = document.createElement("div");
  private readonly all = new Map<Sheet, Shown>();
  private seen: Sheet | null = null;

  constructor() {
    this.element.style.cssText =
      "position:absolute;inset:0;overflow:hidden;pointer-events:none;visibility:hidden";
  }

  make(width: number, height: number, ratio: number): Sheet {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const { style } = canvas;
    style.cssText = "position:absolute;left:0;top:0;transform-origin:0 0;will-change:transform;display:none";
    style.width = `${width / ratio}px`;
    style.height = `${height / ratio}px`;
    this.element.append(canvas);
    const painted = new OffscreenCanvas(width, height);
    const sheet: Sheet = { canvas: painted, context: painted.getContext("2d")! };
    this.all.set(sheet, { canvas, context: canvas.getContext("bitmaprenderer")! });
    return sheet;
  }

  finish(sheet: Sheet): void {
    this.all
      .get(sheet)!
      .context.transferFromImageBitmap((sheet.canvas as OffscreenCanvas).transferToImageBitmap());
  }

  lay(sheet: Sheet, x: number, y: number, stretch: number, degrees: number): void {
    if (sheet !== this.seen) {
      this.clear();
      this.styleOf(sheet).display = "block";
      this.element.style.visibility = "visible";
      this.seen = sheet;
    }
    const { x: a, y: b } = rotate({ x: stretch, y: 0 }, degrees);
    this.styleOf(sheet).transform = `matrix(${a},${b},${-b},${a},${x},${y})`;
  }

  clear(): void {
    if (!this.seen) return;
    this.styleOf(this.seen).display = "none";
    this.element.style.visibility = "hidden";
    this.seen = null;
  }

  pictureOf(sheet: Sheet): CanvasImageSource {
    return this.all.get(sheet)!.canvas;
  }

  free(sheet: Sheet): void {
    if (this.seen === sheet) this.clear();
    const shown = this.all.get(sheet);
    shown?.context.transferFromImageBitmap(null);
    shown?.canvas.remove();
    this.all.delete(sheet);
  }

  private styleOf(sheet: Sheet): CSSStyleDeclaration {
    return this.all.get(sheet)!.canvas.style;
  }
}
