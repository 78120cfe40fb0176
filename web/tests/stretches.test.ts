/** What the slider shows of the part of a board's life that was not read. */
import { expect, test } from "vitest";
import { stretchesOf } from "$lib/history/stretches";

const ana = { id: "1", name: "Ana", colour: "#f00" };
const ben = { id: "2", name: "Ben", colour: "#00f" };

test("each stretch ends at its moment, and nothing is said of what has been read", () => {
  const moments = [
    { seq: 10, actors: [ana] },
    { seq: 20, actors: [ben, ana] },
    { seq: 30, actors: [ben] },
  ];
  expect(stretchesOf(moments, 2, 31)).toEqual([
    { from: 2, to: 10, names: "Ana", colours: "#f00" },
    { from: 10, to: 20, names: "Ben, Ana", colours: "linear-gradient(#00f 0% 50%, #f00 50% 100%)" },
    { from: 20, to: 30, names: "Ben", colours: "#00f" },
  ]);
  expect(stretchesOf(moments, 2, 16).map(({ from, to }) => [from, to])).toEqual([
    [2, 10],
    [10, 15],
  ]);
  expect(stretchesOf(moments, 2, 2)).toEqual([]);
});

test("a stretch in which nobody acted is left empty, and so is a board without moments", () => {
  expect(stretchesOf([{ seq: 5, actors: [] }], 0, 9)).toEqual([]);
  expect(stretchesOf([], 0, 9)).toEqual([]);
});
