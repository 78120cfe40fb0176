import { describe, expect, test } from "vitest";
import { Talk, threadsOf, type Comment, type Speaker } from "$lib/comments/comments";
import { crowdedBy, fractionsAt, pinOn, placeOf, pointOf } from "$lib/comments/pins";
import { excerptOf, paragraphsOf } from "$lib/comments/words";
import { IDENTITY } from "$lib/geometry/shapes";
import { aDesk, anItem } from "./board";

const ANA: Speaker = { id: "ana", name: "Ana", colour: "#cc3344" };
const BEN: Speaker = { id: "ben", name: "Ben", colour: "#3344cc" };

function aComment(id: string, changes: Partial<Comment> = {}): Comment {
  return {
    id,
    text: `words of ${id}`,
    at: "2026-11-01T10:00:00.000Z",
    editedAt: null,
    threadId: null,
    itemId: null,
    x: 0,
    y: 0,
    isResolved: false,
    author: ANA,
    resolvedBy: null,
    ...changes,
  };
}

function aTalk(comments: Comment[] = [], seq = 0): Talk {
  const talk = new Talk(() => undefined);
  talk.reset(comments, seq);
  return talk;
}

describe("talk", () => {
  test("threads stand with the newest first, their replies with the oldest first, orphans not at all", () => {
    const threads = threadsOf(
      new Map(
        [
          aComment("old"),
          aComment("late", { threadId: "old", at: "2026-11-03T10:00:00.000Z" }),
          aComment("soon", { threadId: "old", at: "2026-11-02T10:00:00.000Z" }),
          aComment("new", { at: "2026-11-02T11:00:00.000Z" }),
          aComment("orphan", { threadId: "gone" }),
        ].map((one) => [one.id, one]),
      ),
    );
    expect(threads.map(({ root }) => root.id)).toEqual(["new", "old"]);
    expect(threads[1]!.replies.map(({ id }) => id)).toEqual(["soon", "late"]);
    expect(threads[1]!.lastAt).toBe("2026-11-03T10:00:00.000Z");
  });

  test("what is said here is shown at once, once, and stays when the server says it", () => {
    const talk = aTalk();
    talk.propose("mine", { kind: "add", comments: [aComment("a")] });
    expect(talk.threads).toHaveLength(1);
    const confirmed = aComment("a", { at: "2026-11-01T10:00:01.000Z" });
    talk.receive(1, "mine", [{ kind: "add", comments: [confirmed] }]);
    expect(talk.threads.map(({ root }) => root)).toEqual([confirmed]);
    talk.withdraw("mine");
    expect(talk.threads).toHaveLength(1);
  });

  test("what was refused is gone, and shows what others wrote meanwhile", () => {
    const talk = aTalk([aComment("a")]);
    talk.propose("mine", { kind: "edit", comments: [{ id: "a", text: "mine", editedAt: "x" }] });
    talk.receive(1, null, [{ kind: "edit", comments: [{ id: "a", text: "theirs", editedAt: "y" }] }]);
    expect(talk.get("a")!.text).toBe("mine");
    talk.withdraw("mine");
    expect(talk.get("a")!.text).toBe("theirs");
  });

  test("changes are taken in the order of their seq, those of before the reading not again", () => {
    const talk = new Talk(() => undefined);
    talk.receive(2, null, [{ kind: "remove", ids: ["a"] }]);
    talk.receive(4, null, [{ kind: "resolve", comments: [{ id: "b", isResolved: true, resolvedBy: BEN }] }]);
    talk.reset([aComment("a"), aComment("b")], 2);
    expect(talk.threads).toHaveLength(2);
    expect(talk.get("b")!.isResolved).toBe(false);
    talk.receive(3, null, []);
    expect(talk.get("b")).toMatchObject({ isResolved: true, resolvedBy: BEN });
    talk.receive(1, null, [{ kind: "remove", ids: ["b"] }]);
    expect(talk.threads).toHaveLength(2);
  });
});

describe("pins", () => {
  test("are where the server computes them, on a mirrored and turned item", () => {
    const transform = { x: 10, y: 20, scale: 2, rotation: 90, flipX: true, flipY: false };
    const { x, y } = pointOf({ width: 100, height: 50, transform }, 0.75, 0.5);
    expect(x).toBeCloseTo(10);
    expect(y).toBeCloseTo(20 - 0.25 * 100 * 2);
  });

  test("a place on an item and its fractions are the same, whatever the item has been through", () => {
    for (const rotation of [0, 30, 200]) {
      for (const [flipX, flipY] of [
        [false, false],
        [true, false],
        [true, true],
      ] as const) {
        const placed = {
          width: 120,
          height: 80,
          transform: { x: 5, y: -7, scale: 1.5, rotation, flipX, flipY },
        };
        const { x, y } = fractionsAt(placed, pointOf(placed, 0.2, 0.9));
        expect(x).toBeCloseTo(0.2);
        expect(y).toBeCloseTo(0.9);
      }
    }
  });

  test("outside the item they are at its edge", () => {
    const placed = { width: 100, height: 100, transform: IDENTITY };
    expect(fractionsAt(placed, { x: 400, y: 0 })).toEqual({ x: 1, y: 0.5 });
  });

  test("go with a drag before it lands, and are not to be seen where the item is hidden or gone", () => {
    const { editor } = aDesk([anItem("a"), anItem("b", { hidden: true })]);
    const pin = { itemId: "a", x: 0.5, y: 0.5 };
    editor.select(["a"]);
    editor.begin();
    editor.move((start) => ({ ...start, x: start.x + 30 }));
    expect(placeOf(editor, pin)).toEqual({ x: 30, y: 0 });
    editor.cancel();
    expect(placeOf(editor, pin)).toEqual({ x: 0, y: 0 });
    expect(placeOf(editor, { ...pin, itemId: "b" })).toBeNull();
    expect(placeOf(editor, { ...pin, itemId: "c" })).toBeNull();
    expect(placeOf(editor, { itemId: null, x: 3, y: 4 })).toMatchObject({ x: 3, y: 4 });
  });

  test("a group has no place of its own: its frontmost member stands for it", () => {
    const { editor, store } = aDesk([
      anItem("g", { kind: "GROUP" }),
      anItem("a", { parentId: "g", z: "a1" }),
      anItem("b", { parentId: "g", z: "a2" }),
    ]);
    expect(pinOn(editor, store.get("g")!)?.itemId).toBe("b");
  });
});

describe("a comment's words", () => {
  test("addresses lead somewhere, the full stop after them does not", () => {
    const [paragraph] = paragraphsOf("See https://example.org/a?b=1.");
    expect(paragraph!.pieces.map(({ text, href }) => [text, href])).toEqual([
      ["See ", null],
      ["https://example.org/a?b=1", "https://example.org/a?b=1"],
      [".", null],
    ]);
  });

  test("nothing but http leads anywhere, and code is left alone", () => {
    const [paragraph] = paragraphsOf("javascript:alert(1) `https://example.org`");
    expect(paragraph!.pieces.every(({ href }) => href === null)).toBe(true);
  });

  test("an excerpt is one line without marks", () => {
    expect(excerptOf("# Title\n\n- **one** of them")).toBe("Title • one of them");
    expect(excerptOf("x".repeat(300))).toHaveLength(140);
  });
});

test("pins at one place make room for each other, however the board is moved, and part when it is seen from near", () => {
  const places = [{ x: 100, y: 50 }, { x: 400, y: 50 }, null, { x: 101, y: 50 }, { x: 100, y: 50 }];
  expect(crowdedBy(places, 1)).toEqual([0, 0, 0, 1, 2]);
  expect(crowdedBy(places, 0.01)).toEqual([0, 1, 0, 2, 3]);
  expect(crowdedBy(places, 64)).toEqual([0, 0, 0, 0, 1]);
});
