/** A run through pictures: a slideshow that goes round, or a timed study that ends. Time is told to it. */
import { shuffled } from "../geometry/arranging/sorting";

export interface Plan {
  readonly seconds: number;
  readonly isRandom: boolean;
  /** A study ends, at the latest after so many; null: it goes round. */
  readonly most: number | null;
}

export interface Summary {
  /** Looked at for their whole time. */
  readonly finished: number;
  readonly skipped: number;
  readonly ms: number;
}

export class Slides {
  readonly ids: readonly string[];
  at = 0;
  isPaused = false;
  isOver = false;
  /** Of the present picture. */
  leftMs: number;

  private finished = 0;
  private skipped = 0;
  private ms = 0;

  constructor(
    ids: readonly string[],
    readonly plan: Plan,
    seed = Math.floor(Math.random() * 2 ** 31),
  ) {
    const order = plan.isRandom ? shuffled(ids, seed) : ids;
    this.ids = plan.most === null ? order : order.slice(0, plan.most);
    this.leftMs = plan.seconds * 1000;
    this.isOver = this.ids.length === 0;
  }

  get now(): string | undefined {
    return this.isOver ? undefined : this.ids[this.at];
  }

  /** The picture that comes then, to be fetched before. */
  get next(): string | undefined {
    return this.ids[(this.at + 1) % Math.max(1, this.ids.length)];
  }

  get summary(): Summary {
    return { finished: this.finished, skipped: this.skipped, ms: this.ms };
  }

  /** So much time has passed. A long sleep of the machine counts as no more than one picture. */
  pass(ms: number): void {
    if (this.isPaused || this.isOver) return;
    const spent = Math.min(ms, this.leftMs);
    this.ms += spent;
    this.leftMs -= spent;
    if (this.leftMs > 0) return;
    this.finished += 1;
    this.go(1);
  }

  /** To the next before its time, or back to the one before. */
  skip(by: 1 | -1): void {
    if (this.isOver) return;
    if (by === 1) this.skipped += 1;
    this.go(by);
  }

  end(): void {
    this.isOver = true;
  }

  private go(by: 1 | -1): void {
    const { length } = this.ids;
    const to = this.at + by;
    this.leftMs = this.plan.seconds * 1000;
    if (this.plan.most !== null && to >= length) {
      this.isOver = true;
      return;
    }
    this.at = this.plan.most === null ? (to + length) % length : Math.max(0, to);
  }
}

/** 90 s: "1:30". */
export function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
