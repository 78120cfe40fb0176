import { describe, expect, test } from "vitest";
import { fold, type Item, type Items, type Operation } from "$lib/board/operations";
import { differenceOf, Timeline, type PastReader } from "$lib/history/timeline";
import { daysOf, entryInWords, type Entry } from "$lib/history/words";
import { anItem } from "./board";

/** A board's life of `length` changes: change n places item n, every third moves the one before. */
function aLife(length: number) {
  const log: Operation[] = [];
  for (let n = 1; n <= length; n++) {
    log.push(
      n % 3 === 0
        ? {
            kind: "transform",
            items: [{ id: `i${n - 1}`, transform: { ...anItem("x").transform, x: n } }],
          }
        : { kind: "add", items: [anItem(`i${n}`)] },
    );
  }
  const asked = { boards: 0, logs: 0 };
  const at = (seq: number): Map<string, Item> => {
    const items: Items = new Map();
    for (const operation of log.slice(0, seq)) fold(operation, items);
    return items;
  };
  const reader: PastReader = {
    boardAt: async (seq) => {
      asked.boards += 1;
      return [...at(seq).values()];
    },
    changesAfter: async (since) => {
      asked.logs += 1;
      return log.slice(since, since + 20).map((operation, i) => ({ seq: since + i + 1, operation }));
    },
  };
  return { at, reader, asked };
}

describe("a timeline", () => {
  test("shows every moment as it was, whichever way it is gone through", async () => {
    const { at, reader } = aLife(90);
    const timeline = new Timeline(reader);
    for (const seq of [90, 0, 1, 2, 3, 40, 41, 39, 60, 5, 90, 89, 17])
      expect(await timeline.at(seq)).toEqual(at(seq));
  });

  test("played from the beginning it reads the board once, then only the log", async () => {
    const { at, reader, asked } = aLife(100);
    const timeline = new Timeline(reader);
    for (let seq = 0; seq <= 100; seq += 2) expect((await timeline.at(seq)).size).toBe(at(seq).size);
    expect(asked).toEqual({ boards: 1, logs: 5 });
  });

  test("what was shown is not changed by what is shown next", async () => {
    const { reader } = aLife(30);
    const timeline = new Timeline(reader);
    const early = await timeline.at(4);
    const size = early.size;
    await timeline.at(20);
    expect(early.size).toBe(size);
  });
});

test("the difference between two moments names each item once", () => {
  const then = new Map([anItem("same"), anItem("gone"), anItem("moved")].map((one) => [one.id, one]));
  const now = new Map(
    [anItem("new"), { ...anItem("same") }, anItem("moved", { at: { x: 4 } })].map((one) => [one.id, one]),
  );
  expect(differenceOf(then, now)).toEqual({ added: ["new"], removed: ["gone"], changed: ["moved"] });
});

describe("entries", () => {
  const entry = (changes: Partial<Entry>): Entry =>
    ({ counts: [], changeCount: 1, endedAt: "2026-11-03T10:00:00.000Z", ...changes }) as Entry;

  test("say what was done, by number", () => {
    const counts = [
      { deed: "ADD_ITEMS", itemKind: "IMAGE", count: 3 },
      { deed: "TRANSFORM_ITEMS", itemKind: null, count: 1 },
    ] as Entry["counts"];
    expect(entryInWords(entry({ counts }))).toBe("placed 3 pictures and moved 1 item");
    expect(entryInWords(entry({ changeCount: 2 }))).toBe("undid or repeated 2 changes");
  });

  test("are listed by day", () => {
    const now = new Date("2026-11-03T12:00:00.000Z");
    const days = daysOf(
      [
        entry({}),
        entry({}),
        entry({ endedAt: "2026-11-02T10:00:00.000Z" }),
        entry({ endedAt: "2026-10-01T10:00:00.000Z" }),
      ],
      now,
    );
    expect(days.map(({ label, entries }) => [label, entries.length])).toEqual([
      ["Today", 2],
      ["Yesterday", 1],
      ["Thursday, October 1, 2026", 1],
    ]);
  });
});
