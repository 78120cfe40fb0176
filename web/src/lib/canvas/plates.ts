/**
 * Plates: what is seen of a board of many pictures, painted once beside the screen and then moved and stretched by the
 * browser as one sheet while a hand moves the view.
 *
 * A plate is larger than the screen by `OVERSIZE`. A new one is painted in slices, some milliseconds a frame, and is
 * shown when it is done; two are kept, one of them with the whole board if there is such a one, so that a hand that
 * comes back finds what it left. Once the view rests, the plate that is shown is that of exactly this view.
 */
import { zoomedAt, type Camera, type Viewport } from "../geometry/camera";
import { rotate, type Point } from "../geometry/shapes";
import type { Ground, Sheet } from "./ground";
import type { Context, Counts } from "./painter";

export const OVERSIZE = 1.3;
/** With more than so many drawn, plates are worth their while. */
export const MANY = 400;
/** So many are drawn in every frame even where a plate would do. */
const FEW = 100;
const SLICE_MS = 4;
export const REST_MS = 150;
/** Enlarged by more than this, a plate is replaced even while the view moves: twice as close it still does. */
const MOST_STRETCH = 2.1;
/** A plate that is painted while the view widens is for a view wider by this, or it would be too small when it is done. */
const AHEAD = 1.5;
/** A new plate is begun while there is still so much of the screen, on each side, that the one that is shown has beyond it. */
const ROOM = 0.07;

/** Paints a part at each step, and in the end says what it painted. */
export type Painting = Generator<void, Counts, void>;
/** isDraft: it is only seen while the view moves, and has to be there soon. */
export type Paint = (context: Context, camera: Camera, viewport: Viewport, isDraft: boolean) => Painting;

interface Plate {
  readonly sheet: Sheet;
  /** Of its own upper left corner. */
  readonly camera: Camera;
  readonly counts: Counts;
  readonly isDraft: boolean;
  /** Of the board that it shows. */
  readonly edition: number;
  /** Of the pictures that it was painted from. */
  readonly print: number;
}

/** What one looks with. */
interface Look {
  readonly camera: Camera;
  readonly viewport: Viewport;
  readonly ratio: number;
  /** What is seen is turned clockwise by so much, about the middle of the screen. */
  readonly degrees: number;
}

export class Plates {
  /** What tests assert instead of times. frames: that showed a plate; exact: of these, those at rest. */
  readonly counters = { made: 0, slices: 0, frames: 0, exact: 0 };

  /** The newest first. */
  private kept: Plate[] = [];
  private spare: Sheet[] = [];
  private shown: Plate | null = null;
  private work: { readonly plate: Omit<Plate, "counts">; readonly painting: Painting } | null = null;
  private edition = 0;
  private print = 0;
  private isUsed = false;
  private movedAt = -Infinity;
  private last: Camera | null = null;
  private size = { width: 0, height: 0 };

  constructor(
    private readonly paint: Paint,
    private readonly ground: Ground,
    /** What has to be there at once is painted in haste, and well once it rests. */
    private readonly isHasty = false,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** So many were drawn, or are to be seen: from here on plates are used or not. */
  count(drawn: number): void {
    if (drawn > MANY) this.isUsed = true;
    else if (this.isUsed) this.rest();
  }

  get areUsed(): boolean {
    return this.isUsed;
  }

  /** What is painted is no longer what is to be seen. */
  spoil(): void {
    this.edition += 1;
    if (!this.isUsed) this.drop();
  }

  /** It still is, but could be sharper: that can wait until the view rests, unless something is not there at all. */
  sharpen(): void {
    this.print += 1;
  }

  /**
   * So many were drawn, and the view may have moved: from here on plates are used, although they are not many, if what
   * is kept will do for it while it moves.
   */
  lend(drawn: number, camera: Camera, viewport: Viewport, ratio: number): void {
    const before = this.last;
    if (this.isUsed) return;
    this.fit(sizeOf(viewport, ratio));
    if (drawn > FEW && this.kept.length && before && !isSame(before, camera))
      this.isUsed = this.nextFor({ camera, viewport, ratio, degrees: 0 }, before) === null;
    if (!this.isUsed) this.last = camera;
  }

  /**
   * Shows what there is of this view, at once and whole where `isUrgent`. Returns when to be asked again, in
   * milliseconds; null: this is how it is to be seen, or, while it is turned, as well as it is painted then.
   */
  show(camera: Camera, viewport: Viewport, ratio: number, isUrgent: boolean, degrees = 0): number | null {
    const look: Look = { camera, viewport, ratio, degrees };
    const now = this.clock();
    const before = this.last ?? camera;
    if (this.last && !isSame(this.last, camera)) this.movedAt = now;
    this.last = camera;
    const rests = now - this.movedAt >= REST_MS && degrees === 0;
    this.fit(sizeOf(viewport, ratio));
    if (isUrgent || !this.kept.length) {
      this.begin(degrees === 0 ? look : roomier(look), this.isHasty);
      this.go(Infinity);
    } else {
      if (!this.work) {
        const next = rests ? (this.exactOf(look) ? null : look) : this.nextFor(look, before);
        if (next) this.begin(next, !rests);
      }
      this.go(now + SLICE_MS);
    }
    const plate = this.exactOf(look) ?? this.bestFor(look)!;
    const isExact = this.lay(plate, look);
    if (this.work || !this.isTrue(plate)) return 0;
    return isExact || degrees !== 0 ? null : Math.max(0, this.movedAt + REST_MS - now);
  }

  /** What was painted on the plate that is shown. */
  get counts(): Counts | null {
    return this.shown?.counts ?? null;
  }

  /** Copies what is shown at rest, pixel by pixel, and takes the plate from the screen. */
  settle(context: Context, { viewport, ratio }: { viewport: Viewport; ratio: number }): void {
    if (!this.shown) return;
    const margin = marginOf(viewport, ratio);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.drawImage(this.ground.pictureOf(this.shown.sheet), -margin.x, -margin.y);
    this.hide();
  }

  /** Nothing of it is seen; what is painted is kept. */
  hide(): void {
    this.ground.clear();
  }

  /** Lets go of all that is painted. */
  drop(): void {
    this.hide();
    for (const sheet of [...this.kept.map((plate) => plate.sheet), ...this.spare]) this.ground.free(sheet);
    if (this.work) this.ground.free(this.work.plate.sheet);
    this.kept = [];
    this.spare = [];
    this.shown = this.work = null;
    this.isUsed = false;
  }

  /** Not needed for now: a plate of the whole board waits until there is much to be seen again. */
  private rest(): void {
    const [whole] = this.kept.filter((plate) => this.isFresh(plate) && plate.counts.beyond === 0);
    if (whole) this.kept = this.kept.filter((plate) => plate !== whole);
    this.drop();
    if (whole) this.kept = [whole];
  }

  /** Plates of another size than the screen asks for are of no use. */
  private fit(size: { width: number; height: number }): void {
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.size = size;
    const { isUsed } = this;
    this.drop();
    this.isUsed = isUsed;
  }

  private begin(look: Look, isDraft: boolean): void {
    const { width, height } = this.size;
    const { ratio } = look;
    const sheet = this.spare.pop() ?? this.ground.make(width, height, ratio);
    if (this.work) this.spare.push(this.work.plate.sheet);
    const camera = originOf(look);
    sheet.context.setTransform(1, 0, 0, 1, 0, 0);
    sheet.context.clearRect(0, 0, width, height);
    const size = { width: width / ratio, height: height / ratio };
    const painting = this.paint(sheet.context, camera, size, isDraft);
    this.work = { plate: { sheet, camera, isDraft, edition: this.edition, print: this.print }, painting };
  }

  private go(until: number): void {
    const { work } = this;
    if (!work) return;
    this.counters.slices += 1;
    for (;;) {
      const step = work.painting.next();
      if (step.done) {
        this.ground.finish(work.plate.sheet);
        this.keep({ ...work.plate, counts: step.value });
        this.work = null;
        this.counters.made += 1;
        return;
      }
      if (this.clock() >= until) return;
    }
  }

  /** Beside it the best other one of the same edition: with the whole board, else the newest. */
  private keep(plate: Plate): void {
    const others = this.kept.filter((one) => one.edition === plate.edition);
    const other = others.find((one) => one.counts.beyond === 0) ?? others[0];
    for (const one of this.kept) if (one !== other) this.spare.push(one.sheet);
    this.kept = other ? [plate, other] : [plate];
    // One to paint on is enough.
    for (const sheet of this.spare.splice(1)) this.ground.free(sheet);
  }

  private isFresh(plate: Plate): boolean {
    return plate.edition === this.edition;
  }

  /** Nothing else is to be seen, and nothing more: only less sharp it may be. */
  private isTrue(plate: Plate): boolean {
    return this.isFresh(plate) && (plate.print === this.print || plate.counts.bare === 0);
  }

  private exactOf(look: Look): Plate | null {
    return this.kept.find((plate) => this.isExact(plate, look)) ?? null;
  }

  private isExact(plate: Plate, look: Look): boolean {
    const isSharp = plate.print === this.print && !plate.isDraft;
    return look.degrees === 0 && this.isFresh(plate) && isSharp && isSame(plate.camera, originOf(look));
  }

  /** What to paint while the view moves: null where what there is will do for now. */
  private nextFor(look: Look, before: Camera): Look | null {
    const best = this.bestFor(look)!;
    const isWideEnough = this.covers(best, look, ROOM);
    const widens = look.camera.zoom < before.zoom;
    // While the view widens, what is stretched becomes sharper by itself.
    const wanted = look.degrees === 0 ? look : roomier(look);
    const most = widens ? MOST_STRETCH ** 2 : MOST_STRETCH;
    const isSharpEnough = wanted.camera.zoom / best.camera.zoom <= most;
    if (this.isTrue(best) && isWideEnough && isSharpEnough) return null;
    if (look.degrees !== 0) return wanted;
    if (isWideEnough || !widens) return look;
    return { ...look, camera: zoomedAt(look.camera, middleOf(look), 1 / AHEAD) };
  }

  /** The one that leaves nothing blank, if there is one, and of several the one that is stretched least. */
  private bestFor(look: Look): Plate | null {
    const stretchOf = (plate: Plate) => Math.abs(Math.log(look.camera.zoom / plate.camera.zoom));
    const worth = (plate: Plate) =>
      [ROOM, 0].filter((room) => this.covers(plate, look, room)).length * 100 - stretchOf(plate);
    return this.kept.reduce<Plate | null>(
      (best, plate) => (best && worth(best) >= worth(plate) ? best : plate),
      null,
    );
  }

  /** Whether nothing that it lacks is seen, also where the view is larger by this share of it on each side. */
  private covers({ camera: plate, counts }: Plate, look: Look, room: number): boolean {
    if (counts.beyond === 0) return true;
    const { camera, ratio } = look;
    const { width, height } = reachOf(look);
    const x = camera.x + (look.viewport.width - width) / 2 / camera.zoom;
    const y = camera.y + (look.viewport.height - height) / 2 / camera.zoom;
    const across = width / camera.zoom;
    const down = height / camera.zoom;
    const right = plate.x + this.size.width / ratio / plate.zoom;
    const bottom = plate.y + this.size.height / ratio / plate.zoom;
    return (
      plate.x <= x - room * across &&
      plate.y <= y - room * down &&
      right >= x + (1 + room) * across &&
      bottom >= y + (1 + room) * down
    );
  }

  /** Returns whether it shows just what this camera sees. */
  private lay(plate: Plate, look: Look): boolean {
    const { camera, ratio, degrees } = look;
    const isExact = this.isExact(plate, look);
    const stretch = camera.zoom / plate.camera.zoom;
    let x = (plate.camera.x - camera.x) * camera.zoom;
    let y = (plate.camera.y - camera.y) * camera.zoom;
    if (degrees !== 0) ({ x, y } = rotate({ x, y }, degrees, middleOf(look)));
    else if (stretch === 1) [x, y] = [Math.round(x * ratio) / ratio, Math.round(y * ratio) / ratio];
    this.ground.lay(plate.sheet, x, y, stretch, degrees);
    this.shown = plate;
    this.counters.frames += 1;
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

/** Of the plate for this look: whole device pixels away, so that it fits without being mixed. */
function originOf({ camera, viewport, ratio }: Look): Camera {
  const margin = marginOf(viewport, ratio);
  const k = camera.zoom * ratio;
  return { zoom: camera.zoom, x: camera.x - margin.x / k, y: camera.y - margin.y / k };
}

function middleOf({ viewport }: Look): Point {
  return { x: viewport.width / 2, y: viewport.height / 2 };
}

/** How much of what it looks at can be seen, about the middle: turned, the same for every angle. */
function reachOf({ viewport, degrees }: Look): Viewport {
  if (degrees === 0) return viewport;
  const across = Math.hypot(viewport.width, viewport.height);
  return { width: across, height: across };
}

/** From so far away that what is turned by any angle lies on the plate. */
function roomier(look: Look): Look {
  const { width, height } = look.viewport;
  const across = Math.hypot(width, height) * (1 + 3 * ROOM);
  return {
    ...look,
    camera: zoomedAt(look.camera, middleOf(look), (Math.min(width, height) * OVERSIZE) / across),
  };
}

function isSame(a: Camera, b: Camera): boolean {
  return a.x === b.x && a.y === b.y && a.zoom === b.zoom;
}
