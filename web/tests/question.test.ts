import { describe, expect, it } from "vitest";
import {
  NOTHING,
  addressOf,
  datesInWords,
  filterOf,
  fromQuery,
  isAsking,
  sizeInWords,
  sortOf,
  sortsFor,
  toQuery,
  type Question,
} from "../src/lib/library/question";

const BOARD = "3f2b8c1e-0d4a-4f6b-9a57-1c2d3e4f5a6b";
const FULL: Question = {
  text: "old oak",
  tags: ["tree", "a & b"],
  colours: ["#d03020", "#101010"],
  formats: ["JPEG", "PNG"],
  shapes: ["LANDSCAPE"],
  leastSide: 1000,
  leastMb: 0.5,
  mostMb: 20,
  since: "2026-01-02",
  until: "2026-03-04",
  day: "taken",
  board: BOARD,
  person: BOARD,
  used: "no",
  moving: true,
  shared: true,
  sort: "COLOUR",
  like: "",
};

describe("a question", () => {
  it("comes back from its address", () => {
    expect(fromQuery(toQuery(FULL))).toEqual(FULL);
    expect(fromQuery(new URLSearchParams(addressOf(FULL).split("?")[1]))).toEqual(FULL);
    expect(fromQuery(toQuery({ ...NOTHING, like: BOARD }))).toEqual({ ...NOTHING, like: BOARD });
    expect(addressOf(NOTHING)).toBe("/library");
  });

  it("passes over what makes no sense in an address", () => {
    const query = new URLSearchParams(
      "colour=red&shape=round&since=soon&board=1&by=&used=maybe&sort=best&side=-4&from=x&like=..%2F..",
    );
    expect(fromQuery(query)).toEqual(NOTHING);
  });

  it("asks the server only for what narrows", () => {
    expect(filterOf(NOTHING)).toBeNull();
    expect(filterOf({ ...NOTHING, text: "  " })).toBeNull();
    expect(filterOf({ ...NOTHING, mostMb: 2, used: "yes", shared: true })).toEqual({
      sizeBytes: { least: null, most: 2_000_000 },
      placed: true,
      whose: "ALL",
    });
    // Who names a board or a person looks through all that may be seen there anyway.
    expect(filterOf({ ...NOTHING, board: BOARD, shared: true })).toEqual({ boards: [BOARD] });
  });

  it("means whole days where the person is", () => {
    const filter = filterOf({ ...NOTHING, since: "2026-02-28", until: "2026-02-28" });
    const { since, until } = filter?.added ?? {};
    expect(new Date(String(since)).getHours()).toBe(0);
    expect(Date.parse(String(until)) - Date.parse(String(since))).toBe(86_400_000);
  });

  it("is no question where only the order was chosen", () => {
    expect(isAsking({ ...NOTHING, sort: "NAME", shared: true })).toBe(false);
    expect(isAsking({ ...NOTHING, moving: true })).toBe(true);
  });

  it("has an order that fits it", () => {
    expect(sortOf(NOTHING)).toBe("NEWEST");
    expect(sortOf({ ...NOTHING, colours: ["#000000"] })).toBe("COLOUR");
    expect(sortOf({ ...NOTHING, colours: ["#000000"], sort: "NAME" })).toBe("NAME");
    expect(sortOf({ ...NOTHING, sort: "COLOUR" })).toBe("NEWEST");
    expect(sortOf({ ...NOTHING, sort: "RELEVANCE", text: "?!" })).toBe("NEWEST");
    expect(sortsFor(NOTHING).map(({ value }) => value)).not.toContain("COLOUR");
    expect(sortsFor(FULL).length).toBe(9);
  });

  it("says sizes and dates in words", () => {
    expect(sizeInWords(FULL)).toBe("from 1000 px, 0.5 to 20 MB");
    expect(sizeInWords({ ...NOTHING, mostMb: 3 })).toBe("up to 3 MB");
    expect(datesInWords(FULL)).toBe("taken 2026-01-02 to 2026-03-04");
    expect(datesInWords({ ...NOTHING, until: "2026-01-02" })).toBe("until 2026-01-02");
  });
});
