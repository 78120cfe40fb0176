import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  after,
  Animations,
  chosen,
  dueAfter,
  MOST_PLAYING,
  type Animation,
  type Film,
} from "$lib/canvas/animations";

const animation: Animation = {
  url: "/files/p/animation",
  width: 80,
  height: 60,
  frames: 3,
  durationMs: 300,
  sizeBytes: 9,
};
const GRAY = { grayscale: true, brightness: 1, contrast: 1, saturation: 1 };

class Reel implements Film {
  readonly frames = 3;
  shown: number[] = [];
  open = 0;
  isClosed = false;
  constructor(readonly plays = Infinity) {}
  frame(index: number) {
    this.shown.push(index);
    this.open += 1;
    const bitmap = { index, close: () => (this.open -= 1) } as unknown as ImageBitmap;
    return Promise.resolve({ bitmap, ms: 100 });
  }
  close() {
    this.isClosed = true;
  }
}

const reels: Reel[] = [];
let painted = 0;
let animations: Animations;
let ids: string[] = [];

function started(plays = Infinity) {
  animations = new Animations(
    () => {
      painted += 1;
      paint();
    },
    () => {
      reels.push(new Reel(plays));
      return Promise.resolve(reels.at(-1)!);
    },
    () => Date.now(),
  );
}

function paint(pixels = 100, tone: typeof GRAY | null = null) {
  animations.begin();
  for (const id of ids) animations.find(id, animation, tone, pixels);
  animations.end();
}

beforeEach(() => {
  vi.useFakeTimers();
  reels.length = 0;
  painted = 0;
  ids = ["a"];
  started();
});
afterEach(() => {
  animations.close();
  vi.useRealTimers();
});

describe("who plays", () => {
  test("are the largest of those that are large enough", () => {
    const wishes = new Map([31, 32, 500, 40].map((pixels, n) => [`${n}`, { pixels }]));
    expect([...chosen(wishes).keys()]).toEqual(["2", "3", "1"]);
    expect([...chosen(wishes, 1).keys()]).toEqual(["2"]);
  });

  test("are never more than so many at once", async () => {
    ids = Array.from({ length: 100 }, (_, n) => `${n}`);
    paint();
    await vi.advanceTimersByTimeAsync(50);
    expect(reels).toHaveLength(MOST_PLAYING);
    paint(10);
    expect(reels.every(({ isClosed }) => isClosed)).toBe(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(reels.every(({ isClosed, open }) => isClosed && open === 0)).toBe(true);
  });

  test("is nobody where frames cannot be decoded, or there is one alone", async () => {
    const blind = new Animations(() => {}, null);
    expect(blind.canPlay).toBe(false);
    expect(blind.find("a", animation, null, 100)).toBeNull();
    animations.begin();
    animations.find("a", { ...animation, frames: 1 }, null, 100);
    animations.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(reels).toHaveLength(0);
  });

  test("is each tone by itself", async () => {
    paint();
    animations.find("a", animation, GRAY, 100);
    animations.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(reels).toHaveLength(2);
  });
});

describe("which frame is shown", () => {
  test("follows from the one before and the round", () => {
    const twice = { frames: 3, plays: 2 };
    expect(after(0, 0, twice)).toEqual({ index: 1, round: 0 });
    expect(after(2, 0, twice)).toEqual({ index: 0, round: 1 });
    expect(after(2, 1, twice)).toBeNull();
    expect(after(2, 99, { frames: 3, plays: Infinity })).toEqual({ index: 0, round: 100 });
    expect(after(0, 0, { frames: 1, plays: Infinity })).toBeNull();
  });

  test("is due when the one before is over, and never hurried after", () => {
    expect(dueAfter(1000, 100, 1004)).toBe(1100);
    expect(dueAfter(1000, 100, 5000)).toBe(5100);
  });

  test("changes when it is due, and only the one that is shown is kept", async () => {
    paint();
    await vi.advanceTimersByTimeAsync(10);
    expect([reels[0]!.shown, painted]).toEqual([[0], 1]);
    await vi.advanceTimersByTimeAsync(80);
    expect(painted).toBe(1);
    await vi.advanceTimersByTimeAsync(330);
    expect(reels[0]!.shown).toEqual([0, 1, 2, 0, 1]);
    expect(painted).toBe(5);
    expect(reels[0]!.open).toBe(1);
    expect(animations.find("a", animation, null, 100)).toMatchObject({ index: 1 });
  });

  test("is the last at the end of the last round", async () => {
    started(2);
    paint();
    await vi.advanceTimersByTimeAsync(5000);
    expect(reels[0]!.shown).toEqual([0, 1, 2, 0, 1, 2]);
    expect(painted).toBe(6);
    expect(animations.find("a", animation, null, 100)).toMatchObject({ index: 2 });
  });

  test("stays while paused or unseen, and goes on from there", async () => {
    paint();
    await vi.advanceTimersByTimeAsync(110);
    animations.isPlaying = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(painted).toBe(2);
    expect(animations.find("a", animation, null, 100)).toMatchObject({ index: 1 });
    animations.isPlaying = true;
    await vi.advanceTimersByTimeAsync(1);
    expect(reels[0]!.shown).toEqual([0, 1, 2]);
    animations.awake = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reels[0]!.shown).toEqual([0, 1, 2]);
    animations.awake = true;
    await vi.advanceTimersByTimeAsync(1);
    expect(reels[0]!.shown).toEqual([0, 1, 2, 0]);
  });

  test("is let go of when it was out of view for a while", async () => {
    paint();
    await vi.advanceTimersByTimeAsync(110);
    ids = [];
    paint();
    await vi.advanceTimersByTimeAsync(3000);
    expect(reels[0]).toMatchObject({ isClosed: false, shown: [0, 1] });
    await vi.advanceTimersByTimeAsync(3000);
    expect(reels[0]).toMatchObject({ isClosed: true, open: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is the still one when it cannot be read, which is not asked for again at once", async () => {
    let asked = 0;
    animations = new Animations(paint, () => {
      asked += 1;
      return Promise.reject(new Error("gone"));
    });
    paint();
    await vi.advanceTimersByTimeAsync(1000);
    paint();
    expect(animations.find("a", animation, null, 100)).toBeNull();
    expect([asked, animations.counters.failed]).toEqual([1, 1]);
  });
});
