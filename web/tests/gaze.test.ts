import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isAwaited, type Picture } from "$lib/canvas/pictures";
import { Gaze } from "$lib/upload/gaze";

describe("a gaze", () => {
  const told: string[][] = [];
  let gaze: Gaze;

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    gaze = new Gaze((ids) => Promise.resolve(told.push(ids)));
  });
  afterEach(() => vi.useRealTimers());

  test("says what is seen when the view rests, not what was passed by", async () => {
    gaze.rest(new Set(["passed"]));
    gaze.rest(new Set(["a", "b"]));
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(told).toEqual([["a", "b"]]);
  });

  test("says each only once in a while", async () => {
    gaze.rest(new Set(["a"]));
    await vi.advanceTimersByTimeAsync(300);
    gaze.rest(new Set(["a", "b"]));
    await vi.advanceTimersByTimeAsync(300);
    expect(told).toEqual([["a"], ["b"]]);
    await vi.advanceTimersByTimeAsync(8_000);
    gaze.rest(new Set(["a"]));
    await vi.advanceTimersByTimeAsync(300);
    expect(told.at(-1)).toEqual(["a"]);
  });

  test("is silent when all is finished, and after it is closed", async () => {
    gaze.rest(new Set(["a"]));
    gaze.rest(new Set());
    await vi.advanceTimersByTimeAsync(10_000);
    gaze.rest(new Set(["a"]));
    gaze.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
  });

  test("tells many in portions", async () => {
    gaze.rest(new Set(Array.from({ length: 450 }, (_, n) => `p${n}`)));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(told.map((ids) => ids.length)).toEqual([200, 200, 50]);
    expect(new Set(told.flat()).size).toBe(450);
  });

  test("a request that fails costs nothing but the hurry", async () => {
    const failing = new Gaze(() => Promise.reject(new Error("down")));
    failing.rest(new Set(["a"]));
    await vi.advanceTimersByTimeAsync(300);
    failing.rest(new Set(["b"]));
    await vi.advanceTimersByTimeAsync(300);
  });
});

test("a picture is awaited only where its place asks for what is still to be made", () => {
  const picture = { state: "WORKING", renditions: [{ size: 320, url: "" }] } as unknown as Picture;
  expect(isAwaited(picture, 300)).toBe(false);
  expect(isAwaited(picture, 800)).toBe(true);
  expect(isAwaited({ ...picture, renditions: [] }, 10)).toBe(true);
  expect(isAwaited({ ...picture, state: "READY" }, 800)).toBe(false);
  expect(isAwaited({ ...picture, state: "FAILED" }, 800)).toBe(false);
});
