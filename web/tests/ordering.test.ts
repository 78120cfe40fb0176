import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compareRanks, isRank, rankBetween, ranksBetween } from "$lib/board/ordering";

/** The same file that the server is checked by. */
const VECTORS = join(import.meta.dirname, "../../tests/vectors/ordering.json");

describe("ranks", () => {
  test("count up at the front and down at the back", () => {
    expect(rankBetween(null, null)).toBe("a0");
    expect(rankBetween("a0", null)).toBe("a1");
    expect(rankBetween("az", null)).toBe("b00");
    expect(rankBetween(null, "a0")).toBe("Zz");
    expect(rankBetween(null, "Z0")).toBe("Yzz");
  });

  test("always fit between two others, and stay in order", () => {
    const ranks = ranksBetween(null, null, 5);
    let seed = 7;
    for (let round = 0; round < 400; round++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const at = seed % (ranks.length + 1);
      const rank = rankBetween(ranks[at - 1] ?? null, ranks[at] ?? null);
      expect(isRank(rank)).toBe(true);
      ranks.splice(at, 0, rank);
    }
    expect([...ranks].sort(compareRanks)).toEqual(ranks);
    expect(new Set(ranks).size).toBe(ranks.length);
  });

  test("come in any number between two neighbours", () => {
    const ranks = ranksBetween("a0", "a1", 50);
    expect(ranks).toHaveLength(50);
    expect([...ranks].sort(compareRanks)).toEqual(ranks);
    expect(ranks[0]! > "a0" && ranks.at(-1)! < "a1").toBe(true);
  });

  test("refuse what is out of order or no rank", () => {
    expect(() => rankBetween("a1", "a1")).toThrow(RangeError);
    expect(() => rankBetween("a1", "a0")).toThrow(RangeError);
    expect(() => rankBetween("a00", null)).toThrow(RangeError);
    expect(isRank("")).toBe(false);
  });

  test("agree with the server's vectors", () => {
    const vectors = JSON.parse(readFileSync(VECTORS, "utf8")) as OrderingVectors;
    for (const { low, high, rank } of vectors.between) expect(rankBetween(low, high)).toBe(rank);
    for (const { low, high, count, ranks } of vectors.many)
      expect(ranksBetween(low, high, count)).toEqual(ranks);
    for (const text of vectors.invalid) expect(isRank(text), text).toBe(false);
    expect([...vectors.sorted].reverse().sort(compareRanks)).toEqual(vectors.sorted);
  });
});

interface OrderingVectors {
  between: { low: string | null; high: string | null; rank: string }[];
  many: { low: string | null; high: string | null; count: number; ranks: string[] }[];
  invalid: string[];
  sorted: string[];
}
