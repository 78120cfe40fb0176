/** A board that stays open learns of the atlas that the server has made anew, and asks little for it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Atlases } from "$lib/board/atlases";
import { Atlas } from "$lib/canvas/atlas";

function anAtlas(pages: Record<string, readonly string[]>): Atlas {
  const facts = { cellSize: 64, columns: 31, step: 66, margin: 1 };
  return new Atlas({ ...facts, pages: Object.entries(pages).map(([url, images]) => ({ url, images })) });
}

const many = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`);

let served: Atlas | null;
let asked: string[];
let shown: Set<string>;
let changed: number;
let atlases: Atlases;

beforeEach(() => {
  vi.useFakeTimers();
  [asked, changed] = [[], 0];
  shown = new Set(many(100));
  served = anAtlas({ "/a": many(100) });
  atlases = new Atlases(
    "board",
    () => shown,
    () => (changed += 1),
    {
      whole: async () => {
        asked.push("whole");
        return served;
      },
      addresses: async () => {
        asked.push("addresses");
        return served?.addresses ?? [];
      },
    },
  );
});
afterEach(() => {
  atlases.close();
  vi.useRealTimers();
});
const minutes = (n: number) => vi.advanceTimersByTimeAsync(n * 60_000);

test("an atlas that has everything is read once", async () => {
  await atlases.read();
  await minutes(120);
  expect([asked, changed]).toEqual([["whole"], 1]);
});

test("pictures that came are found on the new one some seconds later", async () => {
  await atlases.read();
  shown = new Set(many(130));
  atlases.grown();
  await minutes(0.5);
  expect(asked).toEqual(["whole", "addresses"]);
  served = anAtlas({ "/b": many(130) });
  await minutes(1);
  expect(asked.slice(2)).toEqual(["addresses", "whole"]);
  expect([atlases.now?.has("p129"), changed]).toEqual([true, 2]);
  await minutes(120);
  expect(asked).toHaveLength(4);
});

test("a picture that never comes onto it is asked about less and less", async () => {
  await atlases.read();
  shown = new Set([...many(100), "broken"]);
  atlases.grown();
  await minutes(60);
  expect(asked.length).toBeLessThan(12);
  expect(asked.filter((what) => what === "whole")).toHaveLength(1);
});

test("small boards have none and are not asked about", async () => {
  served = null;
  shown = new Set(many(63));
  await atlases.read();
  await minutes(60);
  expect(asked).toEqual(["whole"]);
  expect(atlases.now).toBeNull();
});

test("a page that is gone has it read anew, once for all pages that are", async () => {
  await atlases.read();
  served = anAtlas({ "/b": many(100) });
  for (let n = 0; n < 6; n += 1) atlases.missed();
  await minutes(0.1);
  expect(asked).toEqual(["whole", "addresses", "whole"]);
  expect(atlases.now?.addresses).toEqual(["/b"]);
});

test("what was kept is there before the server has answered, and its word counts", async () => {
  atlases.recall(anAtlas({ "/kept": many(100) }).facts);
  expect(atlases.now?.addresses).toEqual(["/kept"]);
  await atlases.read();
  expect(atlases.now?.addresses).toEqual(["/a"]);
});
