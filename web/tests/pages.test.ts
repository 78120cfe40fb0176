import { describe, expect, it } from "vitest";
import { pagesNamed } from "../src/lib/library/pages";

describe("pages as people name them", () => {
  it.each([
    ["1", [1]],
    ["1-3, 7", [1, 2, 3, 7]],
    ["7, 1 – 3", [1, 2, 3, 7]],
    ["2;2;1-2", [1, 2]],
    ["8-", [8, 9]],
  ])("%s", (text, pages) => expect(pagesNamed(text, 9)).toEqual(pages));

  it.each(["", "0", "3-1", "10", "1-10", "all", "-2"])("%s is explained", (text) => {
    expect(pagesNamed(text, 9)).toEqual(expect.stringMatching(/page/));
  });
});
