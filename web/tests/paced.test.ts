import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "$lib/board/paced";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the first is told at once, many only now and then, the last always", () => {
  let now = 0;
  const told: number[] = [];
  const tell = paced(() => told.push(now), 80);
  tell();
  expect(told).toEqual([0]);
  for (now = 1; now <= 20; now++) {
    vi.advanceTimersByTime(16);
    tell();
  }
  now = 99;
  vi.advanceTimersByTime(1000);
  expect(told.length).toBeLessThanOrEqual(6);
  expect(told.at(-1)).toBe(99);
  vi.advanceTimersByTime(1000);
  const { length } = told;
  tell();
  expect(told.length).toBe(length + 1);
});
