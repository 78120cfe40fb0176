import { describe, expect, it } from "vitest";
import type { ImageFilter, SavedLookFragment } from "$generated/graphql";
import { NOTHING, filterOf, sortOf, type Question } from "$lib/library/question";
import { isSame, questionOf } from "$lib/library/saved";

const ASKED: Question[] = [
  NOTHING,
  { ...NOTHING, text: "dune at dawn", tags: ["warm", "night"], sort: "RELEVANCE" },
  { ...NOTHING, colours: ["#aa3311"], formats: ["JPEG"], shapes: ["SQUARE", "PORTRAIT"], sort: "COLOUR" },
  { ...NOTHING, leastSide: 1200, leastMb: 2, mostMb: 10.5, moving: true, shared: true },
  { ...NOTHING, since: "2026-03-01", until: "2026-03-31", day: "taken", used: "no", sort: "NAME" },
  { ...NOTHING, since: "2026-11-28", board: "6f0d6f8e-5a5a-4c39-8d5d-1c2f1d0d7a11", used: "yes" },
  { ...NOTHING, until: "2026-01-01", person: "6f0d6f8e-5a5a-4c39-8d5d-1c2f1d0d7a11" },
];

/** As the server says it back: null where nothing was asked. */
function asSaved(filter: ImageFilter): SavedLookFragment["filter"] {
  const nothing = { text: null, tags: null, colours: null, formats: null, shapes: null, width: null };
  const nor = { height: null, sizeBytes: null, added: null, taken: null, boards: null, owners: null };
  const whole = { ...nothing, ...nor, placed: null, isAnimated: null, whose: null, ...filter };
  return JSON.parse(JSON.stringify(whole)) as SavedLookFragment["filter"];
}

describe("a saved search", () => {
  it("asks again what was asked when it was saved", () => {
    for (const asked of ASKED) {
      const back = questionOf(asSaved(filterOf(asked) ?? {}), sortOf(asked));
      expect(filterOf(back)).toEqual(filterOf(asked));
      expect(sortOf(back)).toBe(sortOf(asked));
      expect(isSame(back, asked)).toBe(true);
    }
  });

  it("is told apart from any other", () => {
    for (const [at, one] of ASKED.entries())
      for (const [other, question] of ASKED.entries()) expect(isSame(one, question)).toBe(at === other);
  });
});
