import { describe, expect, it } from "vitest";
import { daysLeft } from "$lib/library/keeping";
import { MOST_SELECTED, Selection } from "$lib/library/selection.svelte";

const ORDER = ["a", "b", "c", "d", "e"];
const PLAIN = { shiftKey: false, ctrlKey: false, metaKey: false };

describe("a selection", () => {
  it("leaves a plain click to who opens pictures, until one is selected", () => {
    const selection = new Selection();
    expect(selection.click(ORDER, "b", PLAIN)).toBe(null);
    expect(selection.isEmpty).toBe(true);
    expect(selection.click(ORDER, "b", { ...PLAIN, ctrlKey: true })).toBe(true);
    expect(selection.click(ORDER, "d", PLAIN)).toBe(true);
    expect(selection.inOrder(ORDER)).toEqual(["b", "d"]);
    selection.click(ORDER, "b", { ...PLAIN, metaKey: true });
    expect(selection.inOrder(ORDER)).toEqual(["d"]);
  });

  it("extends from the one touched last, either way, and keeps what was there", () => {
    const selection = new Selection();
    selection.toggle("e");
    selection.toggle("b");
    selection.click(ORDER, "d", { ...PLAIN, shiftKey: true });
    expect(selection.inOrder(ORDER)).toEqual(["b", "c", "d", "e"]);
    selection.clear();
    selection.toggle("d");
    selection.extend(ORDER, "b");
    expect(selection.inOrder(ORDER)).toEqual(["b", "c", "d"]);
  });

  it("begins with the one clicked where there is nothing to extend from", () => {
    const selection = new Selection();
    selection.extend(ORDER, "c");
    expect(selection.inOrder(ORDER)).toEqual(["c"]);
  });

  it("is in the order shown and forgets what is not shown any more", () => {
    const selection = new Selection();
    for (const id of ["d", "a", "c"]) selection.toggle(id);
    expect(selection.inOrder(ORDER)).toEqual(["a", "c", "d"]);
    selection.keep(["a", "b"]);
    expect(selection.inOrder(ORDER)).toEqual(["a"]);
  });

  it("takes no more than the server does", () => {
    const many = Array.from({ length: MOST_SELECTED + 1 }, (_, at) => `id ${at}`);
    const selection = new Selection();
    expect(selection.all(many)).toBe(false);
    expect(selection.size).toBe(MOST_SELECTED);
    expect(selection.toggle(many[MOST_SELECTED]!)).toBe(false);
    expect(selection.toggle(many[0]!)).toBe(true);
    expect(selection.toggle(many[MOST_SELECTED]!)).toBe(true);
  });
});

describe("days left in the trash", () => {
  it("are counted up to whole days", () => {
    const now = Date.parse("2026-11-28T12:00:00Z");
    expect(daysLeft("2026-12-28T11:00:00Z", now)).toBe("30 days left");
    expect(daysLeft("2026-11-29T12:00:00Z", now)).toBe("1 day left");
    expect(daysLeft("2026-11-28T11:00:00Z", now)).toBe("Leaves today");
    expect(daysLeft(null, now)).toBe("Kept until deleted");
  });
});
