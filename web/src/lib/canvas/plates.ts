/**
 * Plates: what is seen of a board of many pictures, painted once beside the screen and then shown as one picture
 * while a hand moves the view.
 *
 * A plate is larger than the screen by `OVERSIZE`. A new one is painted in slices, some milliseconds a frame, and takes
 * the place of the former when it is done. Once the view rests, the plate that is shown is that of exactly this view.
 */
import { type Camera, type Viewport } from "../geometry/camera";
import type { Context, Counts } from "./painter";

export const OVERSIZE = 1.3;
/** With more than so many drawn, plates are worth their while. */
export const MANY = 400;
const SLICE_MS = 4;
export const REST_MS = 150;
/** Enlarged or reduced by more than this, a plate is replaced even while the view moves. */
const MOST_STRETCH = 1.6;

/** Paints a part at each step, and in the end says what it painted. */
export type Painting = Generator<void, Counts, void>;
export type Paint = (context: Context, camera: Camera, viewport: Viewport) => Painting;

interface Plate {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
  /** Of its own upper left corner. */
  camera: Camera;
  counts: Counts;
}

export class Plates {
  /** What tests assert instead of times. blits: frames that showed a plate; exact: of these, those at rest. */
  readonly counters = { made: 0, slices: 0, blits: 0, exact: 0 };

  private front: Plate | null = null;
  private back: Plate | null = null;
  private work: { readonly plate: Plate; readonly painting: Painting } | null = null;
  private isStale = true;
  private isUsed = false;
  private movedAt = -Infinity;
  private last: Camera | null = null;

  constructor(
    private readonly paint: Paint,
    private readonly clock: () => number = () => performance.now(),
    private readonly makeCanvas = (width: number, height: number) => new OffscreenCanvas(width, height),
  ) {}

  /** So many were drawn, or are to be seen: from here on plates are used or not. */
  count(drawn: number): void {
    if (drawn > MANY) this.isUsed = true;
    else if (this.isUsed) this.drop();
  }

  get areUsed(): boolean {
    return this.isUsed;
  }

  /** What is painted is no longer what is to be seen. */
  spoil(): void {
    this.isStale = true;
  }

  /**
   * Shows what there is of this view, at once and whole where `isUrgent`. Returns when to be asked again, in
   * milliseconds; null: this is how it is to be seen.
   */
  show(
    context: Context,
    camera: Camera,
    viewport: Viewport,
    ratio: number,
    isUrgent: boolean,
  ): number | null {
    const now = this.clock();
    if (this.last && !isSame(this.last, camera)) this.movedAt = now;
    this.last = camera;
    const rests = now - this.movedAt >= REST_MS;
    const size = sizeOf(viewport, ratio);
    if (this.front && (this.front.canvas.width !== size.width || this.front.canvas.height !== size.height))
      this.drop(true);
    if (isUrgent || !this.front) {
      this.begin(camera, viewport, ratio);
      this.go(Infinity);
    } else {
      const isExact = isSame(this.front.camera, originOf(camera, viewport, ratio));
      if (
        !this.work &&
        (this.isStale || (rests ? !isExact : !this.serves(this.front, camera, viewport, ratio)))
      )
        this.begin(camera, viewport, ratio);
      this.go(now + SLICE_MS);
    }
    const isExact = this.blit(context, camera, viewport, ratio);
    if (this.work || this.isStale) return 0;
    return isExact ? null : Math.max(0, this.movedAt + REST_MS - now);
  }

  /** What was painted on the plate that is shown. */
  get counts(): Counts | null {
    return this.front?.counts ?? null;
  }

  /** Lets go of all that is painted. staysUsed: another is wanted at once. */
  drop(staysUsed = false): void {
    this.front = this.back = this.work = null;
    this.isStale = true;
    this.isUsed = staysUsed;
  }

  private begin(camera: Camera, viewport: Viewport, ratio: number): void {
    const { width, height } = sizeOf(viewport, ratio);
    const canvas = this.back?.canvas ?? this.makeCanvas(width, height);
    const fresh = this.back ?? {
      canvas,
      context: canvas.getContext("2d")!,
      camera,
      counts: { drawn: 0, coarse: 0, bare: 0, beyond: 0, unfinished: new Set<string>() },
    };
    this.back = null;
    fresh.camera = originOf(camera, viewport, ratio);
    fresh.context.setTransform(1, 0, 0, 1, 0, 0);
    fresh.context.clearRect(0, 0, width, height);
    this.isStale = false;
    const painting = this.paint(fresh.context, fresh.camera, {
      width: width / ratio,
      height: height / ratio,
    });
    this.work = { plate: fresh, painting };
  }

  private go(until: number): void {
    const { work } = this;
    if (!work) return;
    this.counters.slices += 1;
    for (;;) {
      const step = work.painting.next();
      if (step.done) {
        work.plate.counts = step.value;
        this.back = this.front;
        this.front = work.plate;
        this.work = null;
        this.counters.made += 1;
        return;
      }
      if (this.clock() >= until) return;
    }
  }

  /** Whether it will do while the view moves: nothing that it lacks is seen, and it is not stretched too far. */
  private serves(
    { camera: plate, counts, canvas }: Plate,
    camera: Camera,
    viewport: Viewport,
    ratio: number,
  ) {
    const stretch = camera.zoom / plate.zoom;
    if (stretch > MOST_STRETCH || stretch < 1 / MOST_STRETCH) return false;
    if (counts.beyond === 0) return true;
    const right = plate.x + canvas.width / ratio / plate.zoom;
    const bottom = plate.y + canvas.height / ratio / plate.zoom;
    return (
      plate.x <= camera.x &&
      plate.y <= camera.y &&
      right >= camera.x + viewport.width / camera.zoom &&
      bottom >= camera.y + viewport.height / camera.zoom
    );
  }

  /** Returns whether it shows just what this camera sees. */
  private blit(context: Context, camera: Camera, viewport: Viewport, ratio: number): boolean {
    const { canvas, camera: plate } = this.front!;
    const isExact = isSame(plate, originOf(camera, viewport, ratio)) && !this.isStale;
    const stretch = camera.zoom / plate.zoom;
    let x = (plate.x - camera.x) * camera.zoom * ratio;
    let y = (plate.y - camera.y) * camera.zoom * ratio;
    if (stretch === 1) [x, y] = [Math.round(x), Math.round(y)];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.imageSmoothingEnabled = stretch !== 1;
    context.imageSmoothingQuality = "low";
    context.drawImage(canvas, x, y, canvas.width * stretch, canvas.height * stretch);
    context.imageSmoothingEnabled = true;
    this.counters.blits += 1;
    if (isExact) this.counters.exact += 1;
    return isExact;
  }
}

function marginOf({ width, height }: Viewport, ratio: number): { x: number; y: number } {
  const room = (length: number) => Math.round((length * ratio * (OVERSIZE - 1)) / 2);
  return { x: room(width), y: room(height) };
}

/** In device pixels. */
function sizeOf(viewport: Viewport, ratio: number): { width: number; height: number } {
  const margin = marginOf(viewport, ratio);
  return {
    width: Math.ceil(viewport.width * ratio) + 2 * margin.x,
    height: Math.ceil(viewport.height * ratio) + 2 * margin.y,
  };
}

/** Of the plate for this camera: whole device pixels away, so that it fits without being mixed. */
function originOf(camera: Camera, viewport: Viewport, ratio: number): Camera {
  const margin = marginOf(viewport, ratio);
  const k = camera.zoom * ratio;
  return { zoom: camera.zoom, x: camera.x - margin.x / k, y: camera.y - margin.y / k };
}

function isSame(a: Camera, b: Camera): boolean {
  return a.x === b.x && a.y === b.y && a.zoom === b.zoom;
}
