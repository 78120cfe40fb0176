/** How what others do is drawn in between what is heard of them: cursors glide, and so does a view that follows. */
import { blended, centredOn, type Camera, type Viewport } from "../geometry/camera";
import { distance, type Point } from "../geometry/shapes";

/** What arrives in a row is drawn at an even pace; after a pause nobody waits long. */
const LEAST_MS = 16;
const MOST_MS = 120;
const PAUSE_MS = 300;
const AFTER_PAUSE_MS = 50;
/** A view that follows has come a good half of the way in this time. */
const FOLLOW_MS = 80;
const NEAR_PX = 0.25;

/** A cursor between the last place that was heard and the one before. Places in board units. */
export class Glide {
  private from: Point;
  private to: Point;
  private start: number;
  private span = 0;
  private heardAt: number;

  constructor(place: Point, now: number) {
    this.from = place;
    this.to = place;
    this.start = now;
    this.heardAt = now;
  }

  heard(place: Point, now: number): void {
    const since = now - this.heardAt;
    this.from = this.at(now);
    this.to = place;
    this.start = now;
    this.heardAt = now;
    this.span = since > PAUSE_MS ? AFTER_PAUSE_MS : Math.min(MOST_MS, Math.max(LEAST_MS, since));
  }

  at(now: number): Point {
    const share = this.span === 0 ? 1 : Math.min(1, Math.max(0, (now - this.start) / this.span));
    return {
      x: this.from.x + (this.to.x - this.from.x) * share,
      y: this.from.y + (this.to.y - this.from.y) * share,
    };
  }

  isMoving(now: number): boolean {
    return now - this.start < this.span;
  }

  /** It is where it was heard at once: for those who asked for less motion. */
  settle(): void {
    this.span = 0;
  }
}

/** What somebody sees: the middle in board units, the size in screen pixels. */
export interface Sight extends Point, Viewport {
  readonly zoom: number;
}

/** The camera that shows all of what somebody else sees, on a screen of another shape. */
export function cameraOn(sight: Sight, viewport: Viewport): Camera {
  const share = Math.min(viewport.width / sight.width, viewport.height / sight.height);
  return centredOn(sight, sight.zoom * share, viewport);
}

export function sightOf(camera: Camera, { width, height }: Viewport): Sight {
  return {
    x: camera.x + width / 2 / camera.zoom,
    y: camera.y + height / 2 / camera.zoom,
    zoom: camera.zoom,
    width,
    height,
  };
}

/** The camera a moment later on its way; the goal itself once nobody could tell them apart. */
export function approached(from: Camera, goal: Camera, elapsedMs: number, viewport: Viewport): Camera {
  const next = blended(from, goal, 1 - Math.exp(-elapsedMs / FOLLOW_MS), viewport);
  const offset = distance(next, goal) * goal.zoom;
  const growth = Math.abs(next.zoom / goal.zoom - 1) * Math.max(viewport.width, viewport.height);
  return offset < NEAR_PX && growth < NEAR_PX ? goal : next;
}
