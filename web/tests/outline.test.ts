/** The outline of a board: a tree that opens and closes, is searched, and is walked by keys. */
import { describe, expect, test } from "vitest";
import { linesOf, stepFor, type Line } from "$lib/board/outline";
import { aDesk, anItem } from "./board";

const desk = aDesk([
  anItem("a", { name: "Castle", z: "a1" }),
  anItem("g", { kind: "GROUP", name: "Faces", z: "a2" }),
  anItem("b", { parentId: "g", name: "Smile", tags: ["warm"], z: "a3" }),
  anItem("c", { parentId: "g", name: "Frown", z: "a4" }),
  anItem("d", { name: "Tower", z: "a5" }),
]);
const NONE = new Set<string>();
const lines = (closed: ReadonlySet<string> = NONE, typed = "") =>
  linesOf(desk.store.tree, closed, typed, (item) => item.name);
const names = (all: readonly Line[]) => all.map(({ item }) => item.name);
const at = (name: string) => names(lines()).indexOf(name);

describe("what is shown", () => {
  test("members below what they are in, each with its place among its own", () => {
    expect(lines().map(({ item, depth, place, count }) => [item.name, depth, place, count])).toEqual([
      ["Castle", 0, 1, 3],
      ["Faces", 0, 2, 3],
      ["Smile", 1, 1, 2],
      ["Frown", 1, 2, 2],
      ["Tower", 0, 3, 3],
    ]);
    expect(lines().map(({ isOpen }) => isOpen)).toEqual([null, true, null, null, null]);
  });

  test("what is closed hides its members; a question opens it again for what answers", () => {
    expect(names(lines(new Set(["g"])))).toEqual(["Castle", "Faces", "Tower"]);
    expect(names(lines(new Set(["g"]), "smi"))).toEqual(["Faces", "Smile"]);
    expect(names(lines(NONE, "warm"))).toEqual(["Faces", "Smile"]);
    expect(lines(NONE, "nothing")).toEqual([]);
  });

  test("ten thousand are listed in their order", () => {
    const many = aDesk(
      Array.from({ length: 10_000 }, (_, n) =>
        anItem(`i${n}`, { z: `a${n.toString(36).padStart(4, "0")}V` }),
      ),
    );
    const all = linesOf(many.store.tree, NONE, "", (item) => item.id);
    expect(all).toHaveLength(10_000);
    expect([all[0]?.item.id, all.at(-1)?.place]).toEqual(["i0", 10_000]);
  });
});

describe("keys", () => {
  const step = (key: string, from: string, shown = lines()) =>
    stepFor(key, shown, names(shown).indexOf(from), 10);

  test("up, down and to the ends, never beyond", () => {
    expect(step("ArrowDown", "Castle")).toEqual({ to: 1 });
    expect(step("ArrowUp", "Castle")).toEqual({ to: 0 });
    expect(step("End", "Castle")).toEqual({ to: 4 });
    expect(step("PageDown", "Faces")).toEqual({ to: 4 });
  });

  test("to the right it opens, then goes in; to the left it closes, or goes out to what holds it", () => {
    const shut = lines(new Set(["g"]));
    expect(step("ArrowRight", "Faces", shut)).toEqual({ toggle: "g" });
    expect(step("ArrowRight", "Faces")).toEqual({ to: at("Smile") });
    expect(step("ArrowLeft", "Frown")).toEqual({ to: at("Faces") });
    expect(step("ArrowLeft", "Faces")).toEqual({ toggle: "g" });
    expect(step("ArrowLeft", "Castle")).toEqual({ to: 0 });
    expect(step("x", "Castle")).toBeNull();
  });
});
